//! What can be wrong with what an agreement depends on, and with the switch through which load is shed.

use serde_json::{Value, json};

use super::Mistake;

/// A switch with something else in it.
fn shed(change: &Value) -> Value {
    let mut shed = json!({"configMap": "limits", "key": "shed", "value": "on"});
    shed.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    shed
}

/// What can be wrong with it.
pub fn of_upstream_and_shedding() -> Vec<Mistake> {
    let switch = "/spec/enforcement/shed";
    let ttl: &[&str] = &["spec.enforcement.shed.ttl must be from 1m to 1h"];
    vec![
        (
            "/spec/service/dependsOn",
            json!(["cart", "checkout"]),
            "spec.service.dependsOn",
            &["spec.service.dependsOn must not name the agreement itself"],
        ),
        ("/spec/service/dependsOn", json!(["Cart"]), "spec.service.dependsOn[0]", &[]),
        (
            "/spec/service/dependsOn",
            json!(["a", "b", "c", "d", "e", "f", "g", "h", "i"]),
            "spec.service.dependsOn",
            &[],
        ),
        ("/spec/service/dependsOn", json!(["cart", "cart"]), "spec.service.dependsOn[1]", &["Duplicate value"]),
        (
            "/spec/enforcement",
            json!({"mode": "Enforce", "rollback": {}, "shed": shed(&json!({}))}),
            "spec.enforcement.shed",
            &["spec.enforcement.shed needs spec.enforcement.scale"],
        ),
        (switch, json!({"configMap": "limits", "value": "on"}), "spec.enforcement.shed.key", &[]),
        (switch, shed(&json!({"configMap": "Limits"})), "spec.enforcement.shed.configMap", &[]),
        (switch, shed(&json!({"key": "a/b"})), "spec.enforcement.shed.key", &[]),
        (switch, shed(&json!({"perDay": 11})), "spec.enforcement.shed.perDay", &[]),
        (switch, shed(&json!({"ttl": "61m"})), "spec.enforcement.shed.ttl", ttl),
        (switch, shed(&json!({"ttl": "30s"})), "spec.enforcement.shed.ttl", ttl),
        (switch, shed(&json!({"ttl": "1d"})), "spec.enforcement.shed.ttl", ttl),
        (switch, shed(&json!({"automatic": "yes"})), "spec.enforcement.shed.automatic", &[]),
    ]
}
