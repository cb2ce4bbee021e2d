//! A write that the API server refuses, for a right that is missing or a policy that says no: it is told with the server's own
//! words, not repeated with every slot, and done once it may be.

use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::condition::ENFORCING;
use guarantor::api::enforcement_status::{ActionPhase, Verb};
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::rollouts::{Rollouts, apply, declared, running, running_as};
use crate::stage::{AGREEMENTS, AUTOSCALERS, DEPLOYMENTS, NAMESPACE, Stage, agreement, autoscaler};

/// The condition `Enforcing`: its status, reason and message.
fn enforcing(status: &AgreementStatus) -> (String, String, String) {
    let found = status.conditions.iter().find(|condition| condition.type_ == ENFORCING).unwrap();
    (found.status.clone(), found.reason.clone(), found.message.clone())
}

fn events(stage: &Stage, reason: &str) -> Vec<Value> {
    let all = stage.api.list("events.events.k8s.io");
    all.into_iter().filter(|event| event["reason"] == reason).collect()
}

/// The writes of the autoscaler that were sent.
fn tries(stage: &Stage) -> usize {
    stage.link().writes().iter().filter(|write| write.resource == AUTOSCALERS).count()
}

fn floor(stage: &Stage) -> Value {
    stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"].clone()
}

#[tokio::test(start_paused = true)]
async fn a_forbidden_write_is_told_and_tried_again_more_and_more_seldom() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.link().deny(Some(AUTOSCALERS));
    stage.spike = true;
    let refused = |stage: &Stage| enforcing(&stage.status("web")).1 == "ActionRefused";
    stage.until("a refusal", 60, refused).await.unwrap();
    let status = stage.status("web");
    let words = "the API server refused to hold the floor of HorizontalPodAutoscaler web: \
                 horizontalpodautoscalers.autoscaling \"web\" is forbidden: User \"operator-1\" cannot write";
    let (held, _, message) = enforcing(&status);
    assert!(held == "False" && message.starts_with(words), "nothing is enforced: {held}, {message}");
    let enforcement = status.enforcement.unwrap();
    assert!(enforcement.message.starts_with(words), "{}", enforcement.message);
    let told = enforcement.diagnosis.unwrap().would_change;
    assert!(told.contains("the operator gets the right that is missing"), "{told}");
    assert_eq!((status.actions[0].verb, status.actions[0].phase), (Verb::FreezeScaleDown, ActionPhase::Refused));
    assert!(status.actions[0].outcome.contains("(403)"), "{}", status.actions[0].outcome);
    let event = &events(&stage, "ActionRefused")[0];
    assert_eq!(event["type"], "Warning");
    let note = event["note"].as_str().unwrap();
    assert!(
        note.contains("hold the floor of HorizontalPodAutoscaler web (2 -> 3): horizontal") && note.contains("403")
    );

    stage.seconds(420).await;
    let refusal = &stage.status("web").enforcement.unwrap().refusals[0];
    assert_eq!((refusal.tries, tries(&stage)), (5, 5), "after one minute, then every other, of {} slots", 420 / 5);
    assert_eq!(refusal.until.0.duration_since(refusal.tried.0), SignedDuration::from_mins(2));
    assert_eq!((floor(&stage), refused(&stage)), (2.into(), true));

    stage.link().deny(None);
    stage.until("the freeze", 130, |stage| floor(stage) != 2).await.unwrap();
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    let status = stage.status("web");
    assert_eq!(enforcing(&status).0, "True");
    assert_eq!(status.enforcement.unwrap().refusals, []);
}

/// A raised floor, and an API server that lets nobody write it any more; how often it was written before that.
async fn with_a_floor_that_cannot_be_written() -> (Stage, usize) {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    stage.link().deny(Some(AUTOSCALERS));
    let before = tries(&stage);
    (stage, before)
}

#[tokio::test(start_paused = true)]
async fn a_deletion_that_waits_for_a_forbidden_give_back_says_so_and_is_not_forgotten() {
    let (mut stage, before) = with_a_floor_that_cannot_be_written().await;
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    let told = |stage: &Stage| -> Vec<String> {
        events(stage, "ActionRefused").iter().map(|event| event["note"].as_str().unwrap().to_owned()).collect()
    };
    stage.until("a refusal", 60, |stage| !told(stage).is_empty()).await.unwrap();
    let note = told(&stage).remove(0);
    let words = "the API server refused to give the floor back of HorizontalPodAutoscaler web: \
                 horizontalpodautoscalers.autoscaling \"web\" is forbidden";
    assert!(note.starts_with(words) && note.contains("tried again"), "{note}");

    stage.seconds(600).await;
    assert!(stage.api.get(AGREEMENTS, NAMESPACE, "web").is_some(), "it waits for what it holds");
    let tried = tries(&stage) - before;
    assert!((10..=30).contains(&tried), "at least every minute, and not every second: {tried}");

    stage.link().deny(None);
    stage.until("the end", 90, |stage| stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none()).await.unwrap();
    assert_eq!(floor(&stage), 2);
}

/// Nothing of it is in the status, which the agreement without a workload has no decision for.
#[tokio::test(start_paused = true)]
async fn a_floor_that_cannot_be_given_back_where_no_workload_is_named_is_not_tried_with_every_slot() {
    let (mut stage, before) = with_a_floor_that_cannot_be_written().await;
    let none = |agreement: &mut Value| {
        agreement["spec"]["service"]["workloads"] = json!([]);
        agreement["spec"]["enforcement"]["mode"] = "Recommend".into();
    };
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", none).unwrap();
    stage.seconds(600).await;
    let tried = tries(&stage) - before;
    assert!((10..=30).contains(&tried), "at least every minute, and not with every slot: {tried}");
    let told = |event: &Value| event["note"].as_str().unwrap().contains("give the floor back");
    assert!(events(&stage, "ActionRefused").iter().any(told));

    stage.link().deny(None);
    stage.until("the floor", 90, |stage| floor(stage) == 2).await.unwrap();
    stage.seconds(10).await;
    assert!(stage.status("web").enforcement.unwrap().floor.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_rollout_of_another_workload_that_cannot_be_given_back_holds_up_no_help_for_the_present_one() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(running("good")).unwrap();
    stage.api.apply(running_as("other", "good")).unwrap();
    (stage.rollouts, stage.services) = (Some(Rollouts::default()), vec![Rollouts::of("other")]);
    let mut scaler = autoscaler();
    scaler["metadata"]["name"] = "other".into();
    scaler["spec"]["scaleTargetRef"]["name"] = "other".into();
    stage.api.apply(scaler).unwrap();
    stage.seconds(4).await;
    let mut pausing = agreement("web", "Enforce", "30m");
    pausing["spec"]["enforcement"]["rollback"] = json!({"pauseOnly": true});
    stage.api.apply(pausing).unwrap();
    stage.seconds(70).await;
    apply(&stage.api, "bad");
    stage.until("a pause", 300, |stage| declared(&stage.api).1).await.unwrap();

    stage.link().deny(Some(DEPLOYMENTS));
    let other = |agreement: &mut Value| agreement["spec"]["service"]["workloads"][0]["name"] = "other".into();
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", other).unwrap();
    stage.outage = true;
    let held = |stage: &Stage| {
        stage.api.get(AUTOSCALERS, NAMESPACE, "other").unwrap()["spec"]["minReplicas"].as_i64() > Some(2)
    };
    stage.until("a floor under the present workload", 120, held).await.unwrap();
    stage.seconds(600).await;
    let enforcement = stage.status("web").enforcement.unwrap();
    let refused = |verb: Verb| enforcement.refusals.iter().find(|refused| refused.verb == verb);
    let release = refused(Verb::ReleaseRollout).unwrap();
    assert!(release.target.name == "web" && release.message.contains("cannot write"), "{release:?}");
    assert!((3..=6).contains(&release.tries), "more and more seldom: {} tries", release.tries);
    assert_eq!(enforcement.rollout.unwrap().target.name, "web", "not forgotten");
    let notes = events(&stage, "ActionRefused");
    assert!(notes.iter().any(|event| event["note"].as_str().unwrap().contains("Deployment web")), "{notes:#?}");

    stage.link().deny(None);
    stage.until("the rollout", 900, |stage| !declared(&stage.api).1).await.unwrap();
    stage.seconds(10).await;
    assert_eq!(stage.status("web").enforcement.unwrap().refusals, []);
}
