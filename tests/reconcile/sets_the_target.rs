//! An HPA that aims at 60 % of the CPU that its pods request, and whoever agreed has the operator set that: the load is even, and
//! pods may be 80 % busy. The target is raised step by step, is what was declared again as soon as that is missed, and when the
//! operator lets go of it.

use guarantor::api::CPU_TARGET_ANNOTATION;
use guarantor::api::enforcement_status::{ActionRecord, EnforcementStatus, Verb, Verdict};
use guarantor::record::explanation;
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::rising_load::{self, rise};
use crate::stage::{AGREEMENTS, AUTOSCALERS, NAMESPACE, SOURCES, Stage, autoscaler, source};

/// What is declared, and what the pods bear.
const DECLARED: i64 = 60;
const BORNE: i64 = 80;
/// What the law reads whole of the past is there by then.
const SEEN: u64 = 9600;

/// The agreement that 95 of 100 requests take no longer than 250 ms, and nine of ten succeed.
fn aiming(mode: &str, capacity: &str) -> Value {
    rising_load::following(mode, capacity, 9, "1m")
}

/// An autoscaler that aims at so much CPU, beside memory.
fn on_cpu(percent: i64) -> Value {
    let metric = |name: &str, percent: i64| {
        let target = json!({"type": "Utilization", "averageUtilization": percent});
        json!({"type": "Resource", "resource": {"name": name, "target": target}})
    };
    let mut declared = autoscaler();
    declared["spec"]["metrics"] = json!([metric("memory", 90), metric("cpu", percent)]);
    declared
}

/// A shop that has been served for days under it, just after that was agreed.
async fn shop(declared: Value) -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(declared).unwrap();
    stage.traffic.came_before(100);
    stage.seconds(SEEN).await;
    stage.api.apply(aiming("Enforce", "Target")).unwrap();
    stage
}

/// The same, with the target set to what the pods bear.
async fn set() -> Stage {
    let mut stage = shop(on_cpu(DECLARED)).await;
    stage.until("another target", 1800, |stage| target(stage) == BORNE).await.unwrap();
    stage
}

fn target(stage: &Stage) -> i64 {
    let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
    let metrics = web["spec"]["metrics"].as_array().cloned().unwrap();
    let cpu = metrics.iter().find(|metric| metric["resource"]["name"] == "cpu").unwrap();
    cpu["resource"]["target"]["averageUtilization"].as_i64().unwrap()
}

fn is_marked(stage: &Stage) -> bool {
    let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
    web["metadata"]["annotations"][CPU_TARGET_ANNOTATION].is_string()
}

/// Nothing of the operator's is left on the target, which is so high.
fn is_given_back(stage: &Stage, percent: i64) -> bool {
    target(stage) == percent && !is_marked(stage)
}

fn enforcement(stage: &Stage) -> EnforcementStatus {
    stage.status("web").enforcement.unwrap_or_default()
}

/// What was done to the target, oldest first.
fn done(stage: &Stage) -> Vec<ActionRecord> {
    let all = stage.status("web").actions.into_iter().rev();
    all.filter(|action| matches!(action.verb, Verb::SetTarget | Verb::RestoreTarget)).collect()
}

#[tokio::test(start_paused = true)]
async fn it_is_raised_step_by_step_to_what_the_pods_bear() {
    let mut stage = set().await;
    stage.seconds(600).await;
    assert_eq!(target(&stage), BORNE, "and no further");
    let up = done(&stage);
    let steps: Vec<_> = up.iter().map(|step| (step.verb, step.from, step.to, step.verdict)).collect();
    let step = |from| (Verb::SetTarget, Some(from), Some(from + 10), Some(Verdict::Effective));
    assert_eq!(steps, [step(60), step(70)]);
    // The five minutes that an autoscaler waits, a minute in which all is safe, two slots, and a look.
    assert!(up[1].intended_at.0.duration_since(up[0].intended_at.0).as_secs() >= 385, "{up:#?}");
    let told = enforcement(&stage);
    assert_eq!(told.reason, "TargetStands", "{}", told.message);
    let standing = told.cpu_target.unwrap().standing.unwrap();
    assert_eq!((standing.baseline, standing.value), (60, 80));
    let text = explanation::text(&stage.agreement("web").unwrap(), stage.now());
    for line in [
        "HorizontalPodAutoscaler web aims at 80 % CPU in place of 60 %, set in 2 of 12 steps within 24 hours",
        "and so does the CPU target of the autoscaler",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let events = stage.api.list("events.events.k8s.io");
    assert!(events.iter().any(|event| event["reason"] == "CpuTargetSet"), "{events:#?}");
    let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
    assert_eq!(web["spec"]["metrics"][0], on_cpu(DECLARED)["spec"]["metrics"][0], "memory is nobody's concern");
}

#[tokio::test(start_paused = true)]
async fn a_target_set_too_lean_is_lowered() {
    let mut stage = shop(on_cpu(95)).await;
    stage.until("another target", 1800, |stage| target(stage) == BORNE).await.unwrap();
    let steps: Vec<_> = done(&stage).iter().map(|step| (step.from, step.to)).collect();
    assert_eq!(steps, [(Some(95), Some(85)), (Some(85), Some(80))]);
    // In a danger it stays, as it asks for more pods than what was declared.
    stage.outage = true;
    stage.until("a danger", 60, |stage| enforcement(stage).floor.is_some()).await.unwrap();
    stage.seconds(300).await;
    assert_eq!(target(&stage), BORNE);
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_it_is_back_at_once_and_the_ladder_follows() {
    let mut stage = set().await;
    let before = stage.status("web").actions.len();
    stage.outage = true;
    stage.until("what was declared", 25, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    let begun = stage.now();
    stage.until("the ladder", 10, |stage| enforcement(stage).floor.is_some()).await.unwrap();
    let mut acts = stage.status("web").actions;
    acts.truncate(acts.len() - before);
    let verbs: Vec<Verb> = acts.iter().rev().map(|act| act.verb).take(2).collect();
    assert_eq!(verbs, [Verb::RestoreTarget, Verb::FreezeScaleDown], "{acts:#?}");
    assert!(stage.now().duration_since(begun).as_secs() <= 3, "it does not wait for a slot");
    stage.outage = false;
    stage.seconds(1800).await;
    let danger = enforcement(&stage).cpu_target.unwrap().danger.unwrap();
    assert_eq!((danger.with, danger.most, target(&stage)), (80, 70, 70), "{:#?}", enforcement(&stage));
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_it_no_more_has_what_was_declared() {
    for (mode, capacity) in
        [("Enforce", "Floor"), ("Enforce", "Advise"), ("Recommend", "Target"), ("Observe", "Target")]
    {
        let mut stage = shop(on_cpu(DECLARED)).await;
        stage.until("another target", 300, |stage| target(stage) > DECLARED).await.unwrap();
        stage.api.apply(aiming(mode, capacity)).unwrap();
        let back = |stage: &Stage| is_given_back(stage, DECLARED);
        stage.until("what was declared", 30, back).await.unwrap_or_else(|why| panic!("{mode} {capacity}: {why}"));
        stage.seconds(300).await;
        assert!(is_given_back(&stage, DECLARED), "{mode} {capacity}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_agreement_goes_when_what_was_declared_is_there_again() {
    let mut stage = shop(on_cpu(DECLARED)).await;
    stage.until("another target", 300, |stage| target(stage) > DECLARED).await.unwrap();
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    let gone = |stage: &Stage| {
        let gone = stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
        assert!(!gone || is_given_back(stage, DECLARED), "the agreement went before the target was given back");
        gone
    };
    stage.until("the end of the agreement", 400, gone).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_person_who_sets_it_meanwhile_is_left_alone() {
    let mut stage = set().await;
    let edit = |web: &mut Value| web["spec"]["metrics"][1]["resource"]["target"]["averageUtilization"] = json!(65);
    stage.api.edit("kubectl", AUTOSCALERS, NAMESPACE, "web", edit).unwrap();
    stage.until("no trace of the operator", 60, |stage| is_given_back(stage, 65)).await.unwrap();
    stage.seconds(900).await;
    assert!(is_given_back(&stage, 65), "{:#?}", enforcement(&stage));
    let told = enforcement(&stage);
    assert_eq!(told.reason, "TargetSetByOthers");
    assert!(told.message.contains("set to 65 % by kubectl"), "{}", told.message);
}

#[tokio::test(start_paused = true)]
async fn without_such_a_metric_it_is_refused_and_the_floor_follows_the_load_all_the_same() {
    let mut declared = on_cpu(DECLARED);
    declared["spec"]["metrics"].as_array_mut().unwrap().truncate(1);
    let mut stage = shop(declared.clone()).await;
    stage.seconds(300).await;
    let told = enforcement(&stage);
    assert_eq!((told.reason.as_str(), done(&stage).len()), ("NoCpuTarget", 0), "{}", told.message);
    let enforcing =
        stage.status("web").conditions.into_iter().find(|condition| condition.type_ == "Enforcing").unwrap();
    assert_eq!((enforcing.status.as_str(), enforcing.reason.as_str()), ("False", "NoCpuTarget"));
    for words in ["spec.enforcement.capacity.mode is Target", "HorizontalPodAutoscaler web", "set the mode to Floor"] {
        assert!(enforcing.message.contains(words), "{words}: {}", enforcing.message);
    }
    rise(&mut stage, 180).await;
    let ahead = stage.status("web").actions.into_iter().any(|action| action.verb == Verb::RaiseFloor && action.ahead);
    assert!(ahead, "{:#?}", stage.status("web").actions);
    let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
    assert_eq!(web["spec"]["metrics"], declared["spec"]["metrics"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_raises_nothing_and_after_a_while_all_is_given_back() {
    let mut stage = shop(on_cpu(DECLARED)).await;
    stage.until("another target", 300, |stage| target(stage) > DECLARED).await.unwrap();
    stage.traffic.unscraped(true);
    let before = done(&stage).len();
    stage.seconds(840).await;
    assert_eq!((target(&stage), done(&stage).len()), (70, before), "{:#?}", enforcement(&stage));
    stage.until("what was declared", 420, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    stage.traffic.unscraped(false);
    stage.until("another target", 1200, |stage| target(stage) > DECLARED).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_begins_meanwhile_goes_on_where_the_last_one_was() {
    let mut stage = shop(on_cpu(DECLARED)).await;
    stage.until("another target", 300, |stage| target(stage) > DECLARED).await.unwrap();
    stage.kill();
    stage.seconds(60).await;
    stage.start(FaultPlan::none());
    stage.until("what the pods bear", 1200, |stage| target(stage) == BORNE).await.unwrap();
    let told = enforcement(&stage).cpu_target.unwrap();
    assert_eq!((told.declared, told.steps.len(), told.changed), (Some(60), 2, None));
    // Though nobody remembers, the autoscaler says what was declared.
    stage.kill();
    let lose = |object: &mut Value| _ = object.as_object_mut().unwrap().remove("status");
    stage.api.edit("restore", AGREEMENTS, NAMESPACE, "web", lose).unwrap();
    stage.start(FaultPlan::none());
    stage.seconds(300).await;
    assert_eq!(target(&stage), BORNE);
    stage.api.apply(aiming("Enforce", "Floor")).unwrap();
    stage.until("what was declared", 60, |stage| is_given_back(stage, DECLARED)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_measure_any_more_what_was_declared_is_put_back() {
    let mut stage = shop(on_cpu(DECLARED)).await;
    stage.until("another target", 300, |stage| target(stage) > DECLARED).await.unwrap();
    stage.api.delete(SOURCES, None, "main").unwrap();
    // It is looked at once a minute.
    stage.until("what was declared", 90, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    let told = enforcement(&stage);
    assert_eq!(told.reason, "SourceNotFound", "{}", told.message);
    assert!(told.message.ends_with("the CPU target that was declared is put back meanwhile"), "{}", told.message);
    stage.seconds(600).await;
    assert!(is_given_back(&stage, DECLARED));
    let steps: Vec<_> = done(&stage).iter().map(|step| (step.verb, step.from, step.to)).collect();
    assert_eq!(steps, [(Verb::SetTarget, Some(60), Some(70)), (Verb::RestoreTarget, Some(70), Some(60))]);
    stage.api.apply(source("http://store.example")).unwrap();
    stage.until("another target again", 1800, |stage| target(stage) > DECLARED).await.unwrap();
    assert_eq!(enforcement(&stage).cpu_target.unwrap().changed, None, "nobody else has changed it");
}

#[tokio::test(start_paused = true)]
async fn who_edits_another_metric_leaves_the_target_ours() {
    let mut stage = set().await;
    let edit = |web: &mut Value| web["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"] = json!(85);
    stage.api.edit("kubectl", AUTOSCALERS, NAMESPACE, "web", edit).unwrap();
    stage.seconds(600).await;
    assert!(target(&stage) == BORNE && is_marked(&stage), "{:#?}", enforcement(&stage));
    stage.api.apply(aiming("Enforce", "Floor")).unwrap();
    stage.until("what was declared", 60, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
    assert_eq!(web["spec"]["metrics"][0]["resource"]["target"]["averageUtilization"], 85);
}

#[tokio::test(start_paused = true)]
async fn a_few_quiet_hours_are_not_enough() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(on_cpu(DECLARED)).unwrap();
    stage.seconds(SEEN).await;
    stage.api.apply(aiming("Enforce", "Target")).unwrap();
    stage.seconds(1800).await;
    assert!(is_given_back(&stage, DECLARED));
    let told = enforcement(&stage);
    assert_eq!(told.reason, "TargetStands");
    assert!(told.message.ends_with("as most of a day of the load has to be seen first"), "{}", told.message);
}

#[tokio::test(start_paused = true)]
async fn while_the_workload_cannot_be_read_it_is_put_back_in_a_danger_and_after_a_while() {
    for (outage, within) in [(true, 180), (false, 1080)] {
        let mut stage = shop(on_cpu(DECLARED)).await;
        stage.until("another target", 300, |stage| target(stage) > DECLARED).await.unwrap();
        let absent = |agreement: &mut Value| agreement["spec"]["service"]["workloads"][0]["name"] = "absent".into();
        stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", absent).unwrap();
        stage.outage = outage;
        stage.until("what was declared", within, |stage| is_given_back(stage, DECLARED)).await.unwrap();
        let steps: Vec<_> = done(&stage).iter().map(|step| (step.verb, step.from, step.to)).collect();
        assert_eq!(steps, [(Verb::SetTarget, Some(60), Some(70)), (Verb::RestoreTarget, Some(70), Some(60))]);
    }
}
