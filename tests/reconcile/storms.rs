//! A storm of attempts: clients repeat what fails, so that the service has far more to do than users ask for, until it turns
//! some of them away.

use std::time::Duration;

use guarantor_testbed::model::ApiServer;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::stage::{CONFIG_MAPS, NAMESPACE, Stage, agreement};
use crate::traffic::Second;

/// The `ConfigMap` that the service reads, beside something else that stands in it.
pub fn limits() -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "limits", "namespace": NAMESPACE},
        "data": {"shed": "off", "other": "7"},
    })
}

/// What stands in the key, and the annotation beside it.
pub fn shed(api: &ApiServer) -> (Option<String>, bool) {
    let Some(limits) = api.get(CONFIG_MAPS, NAMESPACE, "limits") else { return (None, false) };
    let marked = limits["metadata"]["annotations"][guarantor::api::SHED_ANNOTATION].is_string();
    (limits["data"]["shed"].as_str().map(str::to_owned), marked)
}

/// The requests of a second in a storm, and the bad ones: with the switch turned most attempts are turned away at no cost, and
/// the others served.
pub fn second(api: &ApiServer) -> (u64, u64) {
    if shed(api).0.as_deref() == Some("on") { (120, 4) } else { (250, 210) }
}

/// An agreement in force since midnight that allows this of a switch.
pub fn shedding(shed: &Value) -> Value {
    let mut agreement = agreement("web", "Enforce", "2h");
    agreement["spec"]["validity"] = json!({"from": "2026-01-01"});
    agreement["spec"]["enforcement"]["shed"] = json!({"configMap": "limits", "key": "shed", "value": "on"});
    let allowed = agreement["spec"]["enforcement"]["shed"].as_object_mut().unwrap();
    allowed.extend(shed.as_object().unwrap().clone());
    agreement
}

/// Twenty minutes since midnight in which all went well, of which the store can tell.
pub async fn morning(stage: &mut Stage) {
    for _ in 0..1200 {
        stage.traffic.enter(stage.now(), Second { total: stage.rate, bad: 0, pods: 3 });
        sleep(Duration::from_secs(1)).await;
    }
}
