//! The load rises slowly to twice what three replicas are used to. Under an agreement that asks for it the floor is raised
//! before a request is late; a flat load moves nothing, a gap in the samples takes nothing away, and an operator that begins
//! in the middle of a rise goes on where the one before ended.

use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::stage::{Stage, agreement, autoscaler};

/// The agreement that 95 of 100 requests take no longer than 250 ms.
fn on_latency(capacity: bool) -> Value {
    let mut agreement = agreement("web", "Enforce", "1d");
    let spec = &mut agreement["spec"];
    spec["objectives"] = json!([{
        "name": "latency", "target": "95",
        "indicator": {"latency": {"histogram": "http_request_duration_seconds", "threshold": "250ms"}},
    }]);
    spec["enforcement"]["scale"]["max"] = json!(9);
    if capacity {
        spec["enforcement"]["capacity"] = json!({"objective": "latency", "cpu": "container_cpu_usage_seconds_total"});
    }
    agreement
}

/// A shop that has been served for ten minutes, with an autoscaler that does nothing by itself.
async fn shop(capacity: bool) -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(600).await;
    stage.api.apply(on_latency(capacity)).unwrap();
    stage.seconds(120).await;
    stage
}

/// The load rises to `rate`, by one request a second every three seconds.
async fn rise(stage: &mut Stage, rate: u64) {
    while stage.rate < rate {
        stage.rate += 1;
        stage.seconds(3).await;
    }
}

/// What was done, oldest first.
fn done(stage: &Stage) -> Vec<(Verb, Option<i32>)> {
    stage.status("web").actions.iter().rev().map(|action| (action.verb, action.to)).collect()
}

fn attainment(stage: &Stage) -> String {
    stage.status("web").summary.unwrap().attainment
}

#[tokio::test(start_paused = true)]
async fn a_rise_is_met_before_it_hurts_and_given_back_after_it() {
    let mut stage = shop(true).await;
    rise(&mut stage, 220).await;
    stage.seconds(60).await;
    let up = done(&stage);
    assert!(!up.is_empty() && up.iter().all(|(verb, _)| *verb == Verb::Provision), "{up:?}");
    assert!(stage.replicas >= 5, "{} replicas", stage.replicas);
    assert_eq!(attainment(&stage), "100.000/95");
    let status = stage.status("web").enforcement.unwrap();
    let told = status.capacity.unwrap();
    assert!(told.pods.is_some() && told.message.contains("requests/s now"), "{told:?}");
    stage.rate = 100;
    stage
        .until("the owner's floor", 1800, |stage| stage.status("web").enforcement.is_some_and(|e| e.floor.is_none()))
        .await
        .unwrap();
    assert_eq!(done(&stage).last().map(|(verb, _)| *verb), Some(Verb::Restore));
    assert_eq!(attainment(&stage), "100.000/95");
}

#[tokio::test(start_paused = true)]
async fn without_it_the_same_rise_hurts() {
    let mut stage = shop(false).await;
    rise(&mut stage, 220).await;
    stage.seconds(60).await;
    assert!(done(&stage).iter().all(|(verb, _)| *verb != Verb::Provision), "{:?}", done(&stage));
    assert_ne!(attainment(&stage), "100.000/95");
    assert!(stage.traffic.asked_counters().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_flat_load_moves_nothing_and_costs_the_api_server_next_to_nothing() {
    let mut stage = shop(true).await;
    let (before, asked) = (stage.link().requests().len(), stage.traffic.asked_counters().len());
    stage.seconds(3600).await;
    assert_eq!(done(&stage), []);
    let mut requests = stage.link().requests().split_off(before);
    requests.retain(|request| request.verb != "watch" && request.resource != crate::stage::LEDGERS);
    // The workload every ten minutes, each time with its pods and what scales it, and the status with it.
    assert!(requests.len() <= 7 * 8, "{} requests", requests.len());
    let asked = stage.traffic.asked_counters().len() - asked;
    assert!((230..=241).contains(&asked), "the samples were read {asked} times in an hour");
}

#[tokio::test(start_paused = true)]
async fn slots_are_not_waited_for_and_between_them_only_the_store_is_read() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(600).await;
    let mut agreement = on_latency(true);
    agreement["spec"]["metrics"]["slot"] = json!("1m");
    stage.api.apply(agreement).unwrap();
    stage.seconds(120).await;
    rise(&mut stage, 220).await;
    let begun = stage.status("web").actions.last().unwrap().intended_at.0.as_second();
    assert!(begun % 60 > 5, "it began with a slot, at {begun}, and not between two");
    assert_eq!(attainment(&stage), "100.000/95");
    stage.seconds(120).await;
    let (before, asked) = (stage.link().requests().len(), stage.traffic.asked_counters().len());
    stage.seconds(600).await;
    let asked = stage.traffic.asked_counters().len() - asked;
    assert!((38..=41).contains(&asked), "the samples were read {asked} times in ten minutes");
    let mut requests = stage.link().requests().split_off(before);
    requests.retain(|request| request.verb != "watch" && request.resource == crate::stage::DEPLOYMENTS);
    // A floor stands, so that the workload is read with every slot, as ever: it and its scale.
    assert!((10..=24).contains(&requests.len()), "{} requests", requests.len());
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_samples_takes_nothing_away() {
    let mut stage = shop(true).await;
    rise(&mut stage, 220).await;
    stage.seconds(120).await;
    let (before, replicas) = (done(&stage), stage.replicas);
    stage.traffic.unscraped(true);
    stage.rate = 100;
    stage.seconds(400).await;
    assert_eq!((done(&stage), stage.replicas), (before, replicas));
    let status = stage.status("web").enforcement.unwrap();
    assert_eq!((status.reason.as_str(), status.capacity.unwrap().pods), ("LoadUnknown", None));
    stage.traffic.unscraped(false);
    stage
        .until("the owner's floor", 1800, |stage| stage.status("web").enforcement.is_some_and(|e| e.floor.is_none()))
        .await
        .unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_begins_in_a_rise_goes_on_with_it() {
    let mut stage = shop(true).await;
    rise(&mut stage, 140).await;
    stage.kill();
    rise(&mut stage, 165).await;
    let before = (done(&stage).len(), stage.traffic.asked_counters().len());
    stage.start(FaultPlan::none());
    stage.seconds(20).await;
    let asked = stage.traffic.asked_counters().split_off(before.1);
    let hours: Vec<i64> = asked.iter().take(3).map(|(from, to)| to - from).collect();
    assert_eq!(hours, [3600; 3], "{asked:?}");
    assert!(done(&stage).len() > before.0, "{:?}", stage.status("web").enforcement);
    rise(&mut stage, 220).await;
    assert_eq!(attainment(&stage), "100.000/95");
}
