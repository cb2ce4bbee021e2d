//! Tests of the model: that it conforms to its own claims, and that its faults are what they say.

mod eviction;
mod faults;
mod ownership;
mod resize;
mod setup;
mod watches;
mod world;

use super::conformance::checks;
use super::fields;
use super::{ApiServer, FaultPlan};
use serde_json::{Value, json};

#[tokio::test(start_paused = true)]
async fn the_model_conforms() {
    let mut failures = Vec::new();
    for check in checks() {
        let api = ApiServer::new();
        if let Err(error) = check.run(api.client(), "default").await {
            failures.push(format!("{error:#}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[tokio::test(start_paused = true)]
async fn the_checks_can_share_a_server_and_a_namespace() {
    let api = ApiServer::new();
    for check in checks() {
        check.run(api.client(), "default").await.unwrap();
    }
}

/// Every check must be able to fail: with every request refused, each has to report it.
#[tokio::test(start_paused = true)]
async fn every_check_fails_on_a_server_that_refuses() {
    for check in checks() {
        let api = ApiServer::new();
        let refuse = super::Fault::Status(500);
        let plan = (0..50)
            .fold(FaultPlan::none(), |plan, index| plan.on_write(index, refuse.clone()).on_read(index, refuse.clone()));
        api.faults(plan);
        assert!(check.run(api.client(), "default").await.is_err(), "{}", check.name);
    }
}

#[test]
fn fields_survive_their_encoding() {
    let schema = json!({"properties": {"spec": {"properties": {
        "list": {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["b", "a"]},
        "set": {"x-kubernetes-list-type": "set"},
        "whole": {"x-kubernetes-map-type": "atomic"},
    }}}});
    let object = json!({
        "apiVersion": "v1",
        "metadata": {"name": "x", "labels": {"a/b": "c"}, "finalizers": ["f"]},
        "spec": {
            "list": [{"a": 1, "b": "x", "c": {"d": []}}],
            "set": ["s", "t"],
            "whole": {"k": "v"},
            "atomic": [{"a": 1}],
            "empty": {},
        },
        "status": {"conditions": [{"type": "Ready", "status": "True"}]},
    });
    let set: fields::FieldSet = fields::leaves(&object, &schema).into_keys().collect();
    let shown: Vec<String> = set.iter().map(fields::display).collect();
    assert_eq!(
        shown,
        [
            ".metadata.finalizers[=\"f\"]",
            ".metadata.labels.a/b",
            ".spec.atomic",
            ".spec.empty",
            ".spec.list[a=1,b=\"x\"]",
            ".spec.list[a=1,b=\"x\"].a",
            ".spec.list[a=1,b=\"x\"].b",
            ".spec.list[a=1,b=\"x\"].c.d",
            ".spec.set[=\"s\"]",
            ".spec.set[=\"t\"]",
            ".spec.whole",
            ".status.conditions[type=\"Ready\"]",
            ".status.conditions[type=\"Ready\"].status",
            ".status.conditions[type=\"Ready\"].type",
        ]
    );
    let encoded = fields::encode(&set);
    let item = "/f:status/f:conditions/k:{\"type\":\"Ready\"}/.";
    assert_eq!(encoded.pointer(item), Some(&Value::Object(serde_json::Map::new())));
    assert_eq!(fields::decode(&encoded), Some(set));
}
