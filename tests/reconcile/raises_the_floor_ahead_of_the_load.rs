//! The load rises slowly to twice what three replicas are used to. Whoever lets the floor follow it has the pods before a
//! request is late, and gives them back slowly afterwards; whoever only wants advice has nothing written.

use guarantor::api::enforcement_status::{ActionRecord, EnforcementStatus, FloorReason, Verb};
use guarantor::record::explanation;
use guarantor_testbed::model::FaultPlan;
use serde_json::Value;

use crate::rising_load::{self, rise};
use crate::stage::{AUTOSCALERS, NAMESPACE, Stage};

/// The agreement that 95 of 100 requests take no longer than 250 ms, and nine of ten succeed.
fn following(mode: &str, capacity: &str) -> Value {
    rising_load::following(mode, capacity, 9, "2m")
}

/// A shop that has agreed that, for a while.
async fn shop(mode: &str, capacity: &str) -> Stage {
    rising_load::shop(following(mode, capacity)).await
}

fn enforcement(stage: &Stage) -> EnforcementStatus {
    stage.status("web").enforcement.unwrap_or_default()
}

/// What was done, oldest first.
fn done(stage: &Stage) -> Vec<ActionRecord> {
    stage.status("web").actions.into_iter().rev().collect()
}

fn floor(stage: &Stage) -> i64 {
    stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"].as_i64().unwrap()
}

fn attainment(stage: &Stage) -> String {
    stage.status("web").summary.unwrap().attainment
}

fn is_given_back(stage: &Stage) -> bool {
    enforcement(stage).floor.is_none()
}

#[tokio::test(start_paused = true)]
async fn a_rise_is_met_before_it_hurts_and_the_floor_falls_back_slowly() {
    let mut stage = shop("Enforce", "Floor").await;
    assert_eq!((floor(&stage), done(&stage).len()), (2, 0));
    rise(&mut stage, 220).await;
    stage.seconds(60).await;
    let up = done(&stage);
    assert!(!up.is_empty() && up.iter().all(|action| action.verb == Verb::RaiseFloor && action.ahead), "{up:#?}");
    assert!(up.windows(2).all(|pair| pair[1].intended_at.0.duration_since(pair[0].intended_at.0).as_secs() >= 60));
    assert!(up[0].reason.starts_with("ahead of the load: what is expected needs "), "{}", up[0].reason);
    assert!(stage.replicas >= 4 && floor(&stage) == stage.replicas, "{} replicas", stage.replicas);
    assert_eq!(attainment(&stage), "100.000/95 100.000/90", "no request was ever late");
    let standing = enforcement(&stage).floor.unwrap();
    assert_eq!((standing.baseline, standing.reason), (2, FloorReason::Load));
    let told = explanation::text(&stage.agreement("web").unwrap(), stage.now());
    for line in
        ["for the load that is expected, with no objective in danger", "the floor follows it while no", "RaiseFloor "]
    {
        assert!(told.contains(line), "{line}\n{told}");
    }
    let events = stage.api.list("events.events.k8s.io");
    assert!(events.iter().any(|event| event["reason"] == "FloorRaisedAhead"), "{events:#?}");
    let (peak, before) = (floor(&stage), up.len());
    stage.rate = 100;
    stage.seconds(240).await;
    // What was asked for just now is held for five minutes, and the floor with it.
    assert!(floor(&stage) >= peak - 1, "{} after {peak}: {:#?}", floor(&stage), enforcement(&stage));
    stage.until("the owner's floor", 1800, is_given_back).await.unwrap();
    let down = done(&stage).split_off(before);
    let (last, steps) = down.split_last().unwrap();
    assert!(
        steps.iter().all(|step| step.verb == Verb::LowerFloor && step.from == step.to.map(|to| to + 1)),
        "{down:#?}"
    );
    assert!(steps.windows(2).all(|pair| pair[1].intended_at.0.duration_since(pair[0].intended_at.0).as_secs() >= 60));
    assert_eq!((last.verb, floor(&stage)), (Verb::Restore, 2));
    assert_eq!(attainment(&stage), "100.000/95 100.000/90");
}

#[tokio::test(start_paused = true)]
async fn with_advice_alone_and_below_enforce_nothing_is_written() {
    for (mode, capacity, reason) in
        [("Enforce", "Advise", "NothingToDo"), ("Recommend", "Floor", "Recommends"), ("Observe", "Floor", "Observing")]
    {
        let mut stage = shop(mode, capacity).await;
        let before = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"].clone();
        rise(&mut stage, 170).await;
        let told = enforcement(&stage);
        assert!(told.capacity.unwrap().pods.is_some_and(|pods| pods > 3), "{mode} {capacity}");
        assert_eq!(told.reason, reason, "{mode} {capacity}: {}", told.message);
        assert_eq!((done(&stage).len(), told.floor), (0, None), "{mode} {capacity}");
        assert_eq!(stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"], before, "{mode} {capacity}");
        let written = stage.link().requests().into_iter().filter(|request| {
            request.resource == AUTOSCALERS && !["get", "list", "watch"].contains(&request.verb.as_str())
        });
        assert_eq!(written.count(), 0, "{mode} {capacity}: nothing is written to the autoscaler");
        assert_eq!(attainment(&stage), "100.000/95 100.000/90", "{mode} {capacity}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_samples_takes_nothing_away_and_raises_nothing() {
    let mut stage = shop("Enforce", "Floor").await;
    rise(&mut stage, 200).await;
    let (before, raised) = (done(&stage).len(), floor(&stage));
    assert!(raised > 3, "{:#?}", enforcement(&stage));
    stage.traffic.unscraped(true);
    stage.rate = 100;
    stage.seconds(600).await;
    assert_eq!((done(&stage).len(), floor(&stage)), (before, raised));
    let told = enforcement(&stage);
    assert_eq!((told.reason.as_str(), told.capacity.unwrap().pods), ("LoadUnknown", None), "{}", told.message);
    stage.traffic.unscraped(false);
    stage.until("the owner's floor", 1800, is_given_back).await.unwrap();
    assert_eq!(floor(&stage), 2);
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_begins_in_a_rise_goes_on_with_it_and_knows_why_the_floor_stands() {
    let mut stage = shop("Enforce", "Floor").await;
    rise(&mut stage, 170).await;
    let before = done(&stage).len();
    assert!(before > 0, "{:#?}", enforcement(&stage));
    stage.kill();
    rise(&mut stage, 180).await;
    stage.start(FaultPlan::none());
    rise(&mut stage, 260).await;
    let up = done(&stage);
    assert!(up.len() > before && up.iter().all(|action| action.ahead), "{up:#?}");
    assert_eq!(enforcement(&stage).floor.unwrap().reason, FloorReason::Load);
    assert_eq!(attainment(&stage), "100.000/95 100.000/90");
    // Who wants only advice from now on has the floor given back as any other.
    stage.rate = 100;
    stage.api.apply(following("Enforce", "Advise")).unwrap();
    stage.seconds(10).await;
    stage.until("the owner's floor", 1200, is_given_back).await.unwrap();
    assert_eq!(floor(&stage), 2);
}

#[tokio::test(start_paused = true)]
async fn a_jump_that_comes_too_fast_is_the_ladders() {
    let mut stage = shop("Enforce", "Floor").await;
    stage.rate = 260;
    stage.seconds(240).await;
    let raises: Vec<ActionRecord> = done(&stage).into_iter().filter(|action| action.verb == Verb::RaiseFloor).collect();
    assert!(raises.iter().any(|action| !action.ahead), "{raises:#?}");
    assert!(stage.replicas >= 5, "{} replicas", stage.replicas);
    assert_eq!(enforcement(&stage).floor.unwrap().reason, FloorReason::Danger);
}
