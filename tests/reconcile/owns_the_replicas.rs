//! Nothing scales the workload, and whoever agreed has the operator own its replicas: eight are declared, three carry the
//! load, and five are kept for a load that doubles at once. They are let go one by one, are there again as soon as they are
//! missed, and go back to what was declared when the operator lets go of them.

use guarantor::api::BASELINE_ANNOTATION;
use guarantor::api::enforcement_status::{ActionRecord, EnforcementStatus, Verb, Verdict};
use guarantor::record::explanation;
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::rising_load;
use crate::stage::{
    AGREEMENTS, AUTOSCALERS, DEPLOYMENTS, LEDGERS, NAMESPACE, SOURCES, Stage, autoscaler, deployment, source,
};
use crate::traffic::Second;

/// The replicas that are declared.
const DECLARED: i64 = 8;
/// Those that are left when all is safe.
const KEPT: i64 = 5;

/// The agreement that 95 of 100 requests take no longer than 250 ms, and nine of ten succeed.
fn owning(mode: &str, capacity: &str) -> Value {
    rising_load::following(mode, capacity, 12, "1m")
}

/// A shop of eight, just after that was agreed, of which the store knows the last three hours.
async fn shop() -> Stage {
    let stage = Stage::open(FaultPlan::none());
    for second in 1..=10_800 {
        let pods = DECLARED.unsigned_abs();
        stage
            .traffic
            .enter(stage.now() - SignedDuration::from_secs(second), Second { total: stage.rate, bad: 0, pods });
    }
    agreed(stage).await
}

/// A shop of eight that has been served for ten minutes, just after that was agreed.
async fn agreed(mut stage: Stage) -> Stage {
    let mut declared = deployment("web");
    declared["spec"]["replicas"] = DECLARED.into();
    stage.api.apply(declared).unwrap();
    stage.seconds(600).await;
    stage.api.apply(owning("Enforce", "Own")).unwrap();
    stage
}

/// The same, of which all are let go that are not kept.
async fn let_go() -> Stage {
    let mut stage = shop().await;
    stage.until("fewer replicas", 1200, |stage| stage.replicas == KEPT).await.unwrap();
    stage
}

fn enforcement(stage: &Stage) -> EnforcementStatus {
    stage.status("web").enforcement.unwrap_or_default()
}

/// What was done, oldest first.
fn done(stage: &Stage) -> Vec<ActionRecord> {
    stage.status("web").actions.into_iter().rev().collect()
}

fn attainment(stage: &Stage) -> String {
    stage.status("web").summary.unwrap().attainment
}

fn is_marked(stage: &Stage) -> bool {
    let web = stage.api.get(DEPLOYMENTS, NAMESPACE, "web").unwrap();
    web["metadata"]["annotations"][BASELINE_ANNOTATION].is_string()
}

/// Nothing of the operator's is left on the workload, which has so many replicas.
fn is_given_back(stage: &Stage, replicas: i64) -> bool {
    stage.replicas == replicas && !is_marked(stage)
}

#[tokio::test(start_paused = true)]
async fn replicas_are_let_go_one_by_one_and_a_load_that_doubles_at_once_finds_enough() {
    let mut stage = let_go().await;
    stage.seconds(600).await;
    assert_eq!(stage.replicas, KEPT, "and no further: {:#?}", enforcement(&stage));
    let down = done(&stage);
    let steps: Vec<_> = down.iter().map(|step| (step.verb, step.from, step.to, step.verdict)).collect();
    let step = |from| (Verb::ScaleDown, Some(from), Some(from - 1), Some(Verdict::Effective));
    assert_eq!(steps, [step(8), step(7), step(6)]);
    // A minute in which all is safe, two slots, and the account's age.
    assert!(down.windows(2).all(|pair| pair[1].intended_at.0.duration_since(pair[0].intended_at.0).as_secs() >= 75));
    let told = enforcement(&stage);
    let standing = told.floor.clone().unwrap();
    assert_eq!((standing.baseline, standing.value, told.reason.as_str()), (8, 5, "LoadNeedsIt"), "{}", told.message);
    assert_eq!(told.owned.map(|owned| (owned.declared, owned.steps.len())), Some((Some(8), 3)));
    let text = explanation::text(&stage.agreement("web").unwrap(), stage.now());
    for line in [
        "fewer replicas are wanted of Deployment web: 5 in place of 8, let go, as the load needs no more",
        "the replicas are owned: 8 are declared, let go in 3 of 24 steps within 24 hours",
        "the replicas follow it, up and down",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let events = stage.api.list("events.events.k8s.io");
    assert!(events.iter().any(|event| event["reason"] == "ReplicasLetGo"), "{events:#?}");
    stage.rate = 200;
    stage.until("all of them again", 240, |stage| stage.replicas >= DECLARED).await.unwrap();
    assert_eq!(attainment(&stage), "100.000/95 100.000/90", "no request was ever late");
    let up = done(&stage).split_off(down.len());
    assert!(up.iter().all(|raise| raise.verb == Verb::RaiseFloor && raise.ahead), "{up:#?}");
}

#[tokio::test(start_paused = true)]
async fn of_a_service_that_is_new_none_is_let_go_before_its_load_was_seen_for_hours() {
    let mut stage = agreed(Stage::open(FaultPlan::none())).await;
    stage.seconds(1800).await;
    assert_eq!((stage.replicas, done(&stage).len()), (DECLARED, 0), "{:#?}", enforcement(&stage));
}

#[tokio::test(start_paused = true)]
async fn in_an_outage_they_are_back_at_once_and_the_ladder_waits_for_nothing() {
    let mut stage = let_go().await;
    let before = done(&stage).len();
    stage.outage = true;
    stage.until("what was declared", 25, |stage| stage.replicas >= DECLARED).await.unwrap();
    let begun = stage.now();
    let back = done(&stage).split_off(before);
    assert_eq!((back.len(), back[0].from), (1, Some(5)), "by one write: {back:#?}");
    stage.until("the ladder", 90, |stage| stage.replicas > DECLARED).await.unwrap();
    let raised = done(&stage).into_iter().find(|action| action.verb == Verb::RaiseFloor).unwrap();
    let twin = waits_in_a_twin().await;
    let waited = raised.intended_at.0.duration_since(begun).as_secs();
    // A slot may be read a little later.
    assert!(waited <= twin + 5, "{waited} s after it was put back, and {twin} s where nothing was let go");
    stage.outage = false;
    stage.until("what was declared", 1800, |stage| stage.replicas == DECLARED).await.unwrap();
    // With five it was in danger, whatever the cause was: six are left for a day.
    stage.until("fewer replicas", 1800, |stage| stage.replicas == KEPT + 1).await.unwrap();
    stage.seconds(900).await;
    let told = enforcement(&stage);
    assert_eq!((stage.replicas, told.reason.as_str()), (KEPT + 1, "LettingGoDidHarm"), "{}", told.message);
    let text = explanation::text(&stage.agreement("web").unwrap(), stage.now());
    assert!(text.contains("an objective was in danger with 5 left"), "{text}");
}

/// How long after the danger is seen the ladder raises where nothing is let go.
async fn waits_in_a_twin() -> i64 {
    let mut stage = shop().await;
    stage.api.apply(owning("Enforce", "Floor")).unwrap();
    stage.seconds(300).await;
    stage.outage = true;
    stage.until("a danger", 25, |stage| enforcement(stage).episode.is_some()).await.unwrap();
    let begun = stage.now();
    stage.until("the ladder", 90, |stage| stage.replicas > DECLARED).await.unwrap();
    stage.now().duration_since(begun).as_secs()
}

#[tokio::test(start_paused = true)]
async fn whoever_wants_it_no_more_has_what_was_declared() {
    for (mode, capacity) in [("Enforce", "Floor"), ("Enforce", "Advise"), ("Recommend", "Own"), ("Observe", "Own")] {
        let mut stage = shop().await;
        stage.until("fewer replicas", 600, |stage| stage.replicas < DECLARED).await.unwrap();
        stage.api.apply(owning(mode, capacity)).unwrap();
        let back = |stage: &Stage| is_given_back(stage, DECLARED);
        stage.until("what was declared", 30, back).await.unwrap_or_else(|why| panic!("{mode} {capacity}: {why}"));
        stage.seconds(300).await;
        assert!(is_given_back(&stage, DECLARED), "{mode} {capacity}");
        let steps = enforcement(&stage).owned.map_or(0, |owned| owned.steps.len());
        assert!(steps > 0, "{mode} {capacity}: the day's steps are forgotten");
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_agreement_goes_when_what_was_declared_is_there_again() {
    let mut stage = let_go().await;
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    let gone = |stage: &Stage| {
        let gone = stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
        assert!(!gone || is_given_back(stage, DECLARED), "the agreement went before the replicas were given back");
        gone
    };
    stage.until("the end of the agreement", 400, gone).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn so_it_does_where_nobody_has_seen_the_end_of_the_first_step() {
    let mut stage = shop().await;
    stage.until("fewer replicas", 600, |stage| stage.replicas < DECLARED).await.unwrap();
    stage.kill();
    // As the status was when the step was intended.
    let unseen = |web: &mut Value| {
        let status = &mut web["status"];
        assert_eq!(status["actions"][0]["verb"], "ScaleDown");
        status["actions"][0]["phase"] = "Intended".into();
        status["enforcement"]["floor"]["value"] = DECLARED.into();
    };
    stage.api.edit("guarantor", AGREEMENTS, NAMESPACE, "web", unseen).unwrap();
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    stage.start(FaultPlan::none());
    let gone = |stage: &Stage| stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
    stage.until("the end of the agreement", 400, gone).await.unwrap();
    assert!(is_given_back(&stage, DECLARED), "{} replicas", stage.replicas);
}

#[tokio::test(start_paused = true)]
async fn a_person_who_scales_it_meanwhile_is_left_alone() {
    for theirs in [6, 3] {
        let mut stage = let_go().await;
        let edit = |web: &mut Value| web["spec"]["replicas"] = theirs.into();
        stage.api.edit("kubectl", DEPLOYMENTS, NAMESPACE, "web", edit).unwrap();
        stage.until("no trace of the operator", 300, |stage| is_given_back(stage, theirs)).await.unwrap();
        stage.seconds(900).await;
        assert!(is_given_back(&stage, theirs), "{:#?}", enforcement(&stage));
        let changed = enforcement(&stage).owned.unwrap().changed.unwrap();
        assert_eq!((i64::from(changed.to), changed.by.as_deref()), (theirs, Some("kubectl")));
        if theirs > KEPT {
            let told = enforcement(&stage);
            assert_eq!(told.reason, "ScaledByOthers");
            assert!(told.message.contains("kubectl set spec.replicas to 6"), "{}", told.message);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn under_an_autoscaler_it_is_refused_with_the_field_and_nothing_is_written() {
    let mut stage = shop().await;
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(600).await;
    let told = enforcement(&stage);
    assert_eq!((told.reason.as_str(), done(&stage).len()), ("AutoscalerPresent", 0), "{}", told.message);
    let enforcing =
        stage.status("web").conditions.into_iter().find(|condition| condition.type_ == "Enforcing").unwrap();
    assert_eq!((enforcing.status.as_str(), enforcing.reason.as_str()), ("False", "AutoscalerPresent"));
    for words in ["spec.enforcement.capacity.mode is Own", "HorizontalPodAutoscaler web", "set the mode to Floor"] {
        assert!(enforcing.message.contains(words), "{words}: {}", enforcing.message);
    }
    let written = stage.link().requests().into_iter().filter(|request| {
        let writes = !["get", "list", "watch"].contains(&request.verb.as_str());
        writes && [DEPLOYMENTS, AUTOSCALERS].contains(&request.resource.as_str())
    });
    assert_eq!(written.count(), 0);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_seen_lets_nothing_go_and_after_a_while_all_is_given_back() {
    let mut stage = shop().await;
    stage.until("fewer replicas", 600, |stage| stage.replicas < DECLARED).await.unwrap();
    stage.traffic.unscraped(true);
    // What was looked at just before holds for a while.
    stage.seconds(120).await;
    let (left, before) = (stage.replicas, done(&stage).len());
    stage.seconds(720).await;
    assert_eq!((stage.replicas, done(&stage).len()), (left, before), "{:#?}", enforcement(&stage));
    stage.until("what was declared", 420, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    stage.traffic.unscraped(false);
    stage.until("fewer replicas again", 1200, |stage| stage.replicas < DECLARED).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_begins_meanwhile_goes_on_where_the_last_one_was() {
    let mut stage = shop().await;
    stage.until("fewer replicas", 600, |stage| stage.replicas < DECLARED).await.unwrap();
    stage.kill();
    stage.seconds(60).await;
    stage.start(FaultPlan::none());
    stage.until("fewer replicas", 1200, |stage| stage.replicas == KEPT).await.unwrap();
    let owned = enforcement(&stage).owned.unwrap();
    assert_eq!((owned.declared, owned.steps.len(), owned.changed), (Some(8), 3, None));
    // Though nobody remembers, the workload says what was declared.
    stage.kill();
    let lose = |object: &mut Value| _ = object.as_object_mut().unwrap().remove("status");
    stage.api.edit("restore", AGREEMENTS, NAMESPACE, "web", lose).unwrap();
    stage.start(FaultPlan::none());
    stage.seconds(300).await;
    stage.api.apply(owning("Enforce", "Floor")).unwrap();
    stage.until("what was declared", 60, |stage| is_given_back(stage, DECLARED)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_nobody_can_measure_any_more_what_was_declared_is_put_back() {
    let mut stage = let_go().await;
    stage.api.delete(SOURCES, None, "main").unwrap();
    // It is looked at once a minute.
    stage.until("what was declared", 90, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    let told = enforcement(&stage);
    assert_eq!((told.reason.as_str(), &told.floor), ("SourceNotFound", &None), "{}", told.message);
    assert!(told.message.ends_with("the replicas that were let go are put back meanwhile"), "{}", told.message);
    stage.seconds(600).await;
    assert!(is_given_back(&stage, DECLARED));
    stage.api.apply(source("http://store.example")).unwrap();
    stage.until("fewer replicas again", 1800, |stage| stage.replicas < DECLARED).await.unwrap();
    assert_eq!(enforcement(&stage).owned.unwrap().changed, None, "nobody else has changed them");
}

#[tokio::test(start_paused = true)]
async fn an_account_that_cannot_be_made_does_not_keep_what_was_let_go() {
    let mut stage = let_go().await;
    stage.kill();
    let ledger = stage.api.list(LEDGERS).remove(0)["metadata"]["name"].as_str().unwrap().to_owned();
    let spoil = |ledger: &mut Value| ledger["spec"]["objectives"][0]["slots"] = "/////w==".into();
    stage.api.edit("restore", LEDGERS, NAMESPACE, &ledger, spoil).unwrap();
    stage.start(FaultPlan::none());
    stage.until("what was declared", 120, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    assert_eq!(enforcement(&stage).reason, "BrokenLedger");
}

#[tokio::test(start_paused = true)]
async fn another_agreement_on_the_workload_has_all_replicas() {
    let mut stage = let_go().await;
    let mut second = owning("Observe", "Advise");
    second["metadata"]["name"] = json!("second");
    stage.api.apply(second).unwrap();
    stage.until("what was declared", 60, |stage| is_given_back(stage, DECLARED)).await.unwrap();
    stage.seconds(300).await;
    assert!(is_given_back(&stage, DECLARED));
    let told = enforcement(&stage);
    assert_eq!(told.reason, "WorkloadShared", "{}", told.message);
    stage.api.delete(AGREEMENTS, NAMESPACE, "second").unwrap();
    stage.until("fewer replicas again", 1200, |stage| stage.replicas < DECLARED).await.unwrap();
}
