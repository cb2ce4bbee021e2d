//! A load that rises slowly, and who meets it.

use guarantor_testbed::model::FaultPlan;
use serde_json::{Value, json};

use crate::stage::{Stage, agreement, autoscaler};

/// A shop that has been served for ten minutes, with an autoscaler that does nothing by itself, two minutes after this was
/// agreed.
pub async fn shop(agreement: Value) -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.seconds(600).await;
    stage.api.apply(agreement).unwrap();
    stage.seconds(120).await;
    stage
}

/// The objective that 95 of 100 requests take no longer than 250 ms.
pub fn latency() -> Value {
    json!({
        "name": "latency", "target": "95",
        "indicator": {"latency": {"histogram": "http_request_duration_seconds", "threshold": "250ms"}},
    })
}

/// The agreement that as many take no longer, and nine of ten succeed, by so many replicas at most; what is raised is held for so
/// long.
pub fn following(mode: &str, capacity: &str, most: i64, held: &str) -> Value {
    let mut agreement = agreement("web", mode, "1d");
    let spec = &mut agreement["spec"];
    let availability = spec["objectives"][0].clone();
    spec["objectives"] = json!([latency(), availability]);
    let enforcement = &mut spec["enforcement"];
    enforcement["scale"]["max"] = json!(most);
    (enforcement["cooldown"], enforcement["releaseAfter"]) = (json!("1m"), json!(held));
    enforcement["capacity"] = json!({
        "mode": capacity, "objective": "latency", "availability": "availability",
        "cpu": "container_cpu_usage_seconds_total",
    });
    agreement
}

/// The load rises to `rate`, by one request a second every three seconds. At 190 requests a second three pods are too busy.
pub async fn rise(stage: &mut Stage, rate: u64) {
    while stage.rate < rate {
        stage.rate += 1;
        stage.seconds(3).await;
    }
}
