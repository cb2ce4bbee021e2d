//! The load rises slowly to twice what three replicas are used to. Whoever asks for it is told how many pods that needs
//! before a request is late, in every mode, and nothing is changed for it; a gap in the samples is told as such, and an
//! operator that begins in the middle of a rise has learned from what the store remembers.

use guarantor::api::capacity::CapacityStatus;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::rising_load::{self, latency, rise};
use crate::stage::{AUTOSCALERS, LEDGERS, NAMESPACE, Stage, agreement, autoscaler};

/// The agreement that 95 of 100 requests take no longer than 250 ms.
fn on_latency(mode: &str, capacity: bool) -> Value {
    let mut agreement = agreement("web", mode, "1d");
    let spec = &mut agreement["spec"];
    spec["objectives"] = json!([latency()]);
    spec["enforcement"]["scale"]["max"] = json!(9);
    if capacity {
        spec["enforcement"]["capacity"] = json!({"objective": "latency", "cpu": "container_cpu_usage_seconds_total"});
    }
    agreement
}

/// A shop that has agreed that, for a while.
async fn shop(mode: &str, capacity: bool) -> Stage {
    rising_load::shop(on_latency(mode, capacity)).await
}

fn told(stage: &Stage) -> Option<CapacityStatus> {
    stage.status("web").enforcement?.capacity
}

fn attainment(stage: &Stage) -> String {
    stage.status("web").summary.unwrap().attainment
}

#[tokio::test(start_paused = true)]
async fn a_rise_is_told_before_it_hurts_and_nothing_is_changed_for_it() {
    for mode in ["Observe", "Recommend", "Enforce"] {
        let mut stage = shop(mode, true).await;
        let flat = told(&stage).unwrap();
        assert!(flat.pods.is_some_and(|pods| pods <= 3), "{mode}: {flat:?}");
        let floor = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"].clone();
        // At 190 requests a second three pods are too busy.
        rise(&mut stage, 185).await;
        let rising = told(&stage).unwrap();
        assert!(rising.pods.is_some_and(|pods| pods > 3), "{mode}: {rising:?}");
        assert!(rising.message.contains("requests/s now"), "{mode}: {rising:?}");
        assert_eq!(attainment(&stage), "100.000/95", "{mode}");
        assert_eq!(stage.status("web").actions, [], "{mode}");
        assert_eq!(stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"], floor, "{mode}");
        let written = stage.link().requests().into_iter().filter(|request| {
            request.resource == AUTOSCALERS && !["get", "list", "watch"].contains(&request.verb.as_str())
        });
        assert_eq!(written.count(), 0, "{mode}: nothing is written to the autoscaler");
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_ask_for_it_is_told_nothing() {
    let mut stage = shop("Enforce", true).await;
    assert!(told(&stage).is_some());
    stage.api.apply(on_latency("Enforce", false)).unwrap();
    stage.seconds(70).await;
    assert_eq!(told(&stage), None);
    let asked = stage.traffic.asked_counters().len();
    stage.seconds(300).await;
    assert_eq!(stage.traffic.asked_counters().len(), asked);
}

#[tokio::test(start_paused = true)]
async fn a_gap_in_the_samples_is_told_as_such() {
    let mut stage = shop("Enforce", true).await;
    stage.traffic.unscraped(true);
    stage.seconds(300).await;
    let blind = told(&stage).unwrap();
    assert_eq!(blind.pods, None, "{blind:?}");
    assert!(blind.message.contains("no samples of indicator.latency.histogram"), "{blind:?}");
    stage.traffic.unscraped(false);
    stage.until("an advice", 900, |stage| told(stage).is_some_and(|told| told.pods.is_some())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_begins_in_a_rise_has_learned_from_history() {
    let mut stage = shop("Enforce", true).await;
    rise(&mut stage, 140).await;
    stage.kill();
    rise(&mut stage, 175).await;
    let before = stage.traffic.asked_counters().len();
    stage.start(FaultPlan::none());
    stage.seconds(130).await;
    let asked = stage.traffic.asked_counters().split_off(before);
    let hours: Vec<i64> = asked.iter().take(3).map(|(from, to)| to - from).collect();
    assert_eq!(hours, [3600; 3], "{asked:?}");
    let begun = told(&stage).unwrap();
    assert!(begun.pods.is_some_and(|pods| pods > 3), "{begun:?}");
    assert!(!begun.message.contains("assumed until"), "{begun:?}");
}

#[tokio::test(start_paused = true)]
async fn it_costs_the_store_and_the_api_server_next_to_nothing() {
    let mut stage = shop("Enforce", true).await;
    let (before, asked) = (stage.link().requests().len(), stage.traffic.asked_counters().len());
    stage.seconds(3600).await;
    let mut requests = stage.link().requests().split_off(before);
    requests.retain(|request| request.verb != "watch" && request.resource != LEDGERS);
    // The workload every ten minutes, each time with its pods and what scales it, and the status with it.
    assert!(requests.len() <= 7 * 8, "{} requests", requests.len());
    let asked = stage.traffic.asked_counters().len() - asked;
    assert!((50..=60).contains(&asked), "the samples were read {asked} times in an hour");
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_for_a_store_that_does_not_answer_about_the_load() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.traffic.mute();
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(on_latency("Enforce", true)).unwrap();
    stage.seconds(120).await;
    stage.spike = true;
    let raised = |stage: &Stage| stage.status("web").actions.iter().any(|action| action.verb == Verb::RaiseFloor);
    stage.until("a raise", 240, raised).await.unwrap();
    assert_eq!(told(&stage), None);
}
