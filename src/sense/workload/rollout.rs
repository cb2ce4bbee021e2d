//! How far a rollout has come, from what the workload's controller reports.
//!
//! A Deployment that is merely scaled is *not* rolling out: then all its pods are of the newest revision and its
//! `Progressing` condition keeps the reason `NewReplicaSetAvailable`. `kubectl rollout status` does not make that
//! distinction, and a guard that followed it would hold after every raise.

use k8s_openapi::jiff::Timestamp;
use serde_json::Value;

use super::observation::Rollout;

/// The rollout of a workload, given as the API server returned it.
pub(super) fn of(api_version: &str, kind: &str, object: &Value) -> Rollout {
    match (api_version, kind) {
        ("apps/v1", "Deployment") => deployment(object),
        ("apps/v1", "StatefulSet") => stateful_set(object),
        _ => Rollout::NotApplicable,
    }
}

fn deployment(object: &Value) -> Rollout {
    if object.pointer("/spec/paused").and_then(Value::as_bool) == Some(true) {
        return Rollout::Paused;
    }
    let progressing = progressing(object);
    let text = |name: &str| progressing.and_then(|found| found.get(name)).and_then(Value::as_str);
    if !observed(object) {
        return Rollout::InProgress;
    }
    if text("reason") == Some("ProgressDeadlineExceeded") {
        return Rollout::Stuck(text("message").unwrap_or("the progress deadline was exceeded").to_owned());
    }
    let older = number(object, "/status/replicas") != number(object, "/status/updatedReplicas");
    // Without a progress deadline there is no condition, and the counts alone must do.
    let available = text("reason").is_none_or(|reason| reason == "NewReplicaSetAvailable");
    if older || !available { Rollout::InProgress } else { Rollout::Complete }
}

/// The annotation of a Deployment with the number of its revision.
const NUMBER: &str = "/metadata/annotations/deployment.kubernetes.io~1revision";

/// When the last rollout was through. Scaling does not move that time; a Deployment without a progress deadline has none, and one
/// that has its first revision still was not rolled out: there is nothing that it could be worse than.
pub(super) fn completed_at(api_version: &str, kind: &str, object: &Value) -> Option<Timestamp> {
    if of(api_version, kind, object) != Rollout::Complete {
        return None;
    }
    let progressing = progressing(object)?;
    let text = |name: &str| progressing.get(name).and_then(Value::as_str);
    let through = text("reason") == Some("NewReplicaSetAvailable");
    let first = object.pointer(NUMBER).and_then(Value::as_str) == Some("1");
    text("lastUpdateTime").filter(|_| through && !first)?.parse().ok()
}

fn progressing(object: &Value) -> Option<&Value> {
    let conditions = object.pointer("/status/conditions").and_then(Value::as_array);
    conditions
        .into_iter()
        .flatten()
        .find(|condition| condition.get("type").and_then(Value::as_str) == Some("Progressing"))
}

fn stateful_set(object: &Value) -> Rollout {
    let revision = |name: &str| object.pointer(name).and_then(Value::as_str);
    let same = revision("/status/currentRevision") == revision("/status/updateRevision");
    if same && observed(object) { Rollout::Complete } else { Rollout::InProgress }
}

fn observed(object: &Value) -> bool {
    object.pointer("/status/observedGeneration").and_then(Value::as_i64)
        >= object.pointer("/metadata/generation").and_then(Value::as_i64)
}

fn number(object: &Value, pointer: &str) -> i64 {
    // The API server leaves out counts that are zero.
    object.pointer(pointer).and_then(Value::as_i64).unwrap_or(0)
}

#[cfg(test)]
#[allow(clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::*;

    fn deployment(generation: i64, replicas: i64, updated: i64, reason: &str) -> Value {
        json!({
            "metadata": {"generation": generation},
            "spec": {"replicas": 9},
            "status": {
                "observedGeneration": 4, "replicas": replicas, "updatedReplicas": updated,
                "conditions": [{"type": "Progressing", "reason": reason, "message": "words"}],
            },
        })
    }

    #[test]
    fn a_deployment_that_is_only_scaled_is_not_rolling_out() {
        for (object, want) in [
            (deployment(4, 9, 9, "NewReplicaSetAvailable"), Rollout::Complete),
            (deployment(4, 6, 6, "NewReplicaSetAvailable"), Rollout::Complete),
            (deployment(4, 6, 3, "NewReplicaSetAvailable"), Rollout::InProgress),
            (deployment(4, 6, 6, "ReplicaSetUpdated"), Rollout::InProgress),
            (deployment(5, 9, 9, "NewReplicaSetAvailable"), Rollout::InProgress),
            (deployment(4, 9, 3, "ProgressDeadlineExceeded"), Rollout::Stuck("words".into())),
        ] {
            assert_eq!(of("apps/v1", "Deployment", &object), want, "{object}");
        }
        let paused = json!({"spec": {"paused": true}});
        assert_eq!(of("apps/v1", "Deployment", &paused), Rollout::Paused);
    }

    #[test]
    fn a_rollout_was_through_when_its_controller_says_so() {
        let mut object = deployment(4, 6, 6, "NewReplicaSetAvailable");
        assert_eq!(completed_at("apps/v1", "Deployment", &object), None);
        object["status"]["conditions"][0]["lastUpdateTime"] = json!("2026-01-01T00:00:20Z");
        let through = "2026-01-01T00:00:20Z".parse().ok();
        assert!(through.is_some() && completed_at("apps/v1", "Deployment", &object) == through);
        object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
        assert_eq!(completed_at("apps/v1", "Deployment", &object), through);
        object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "1"});
        assert_eq!(completed_at("apps/v1", "Deployment", &object), None, "it is new, and was changed by nobody");
        object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": "2"});
        object["status"]["updatedReplicas"] = json!(3);
        assert_eq!(completed_at("apps/v1", "Deployment", &object), None, "it goes on");
    }

    #[test]
    fn what_has_no_status_yet_is_in_progress() {
        let fresh = json!({"metadata": {"generation": 1}});
        assert_eq!(of("apps/v1", "Deployment", &fresh), Rollout::InProgress);
        assert_eq!(of("apps/v1", "StatefulSet", &fresh), Rollout::InProgress);
        assert_eq!(of("example.com/v1", "Farm", &fresh), Rollout::NotApplicable);
    }

    #[test]
    fn a_stateful_set_rolls_while_its_revisions_differ() {
        let set = |current: &str| {
            json!({"metadata": {"generation": 1},
                "status": {"observedGeneration": 1, "currentRevision": current, "updateRevision": "b"}})
        };
        assert_eq!(of("apps/v1", "StatefulSet", &set("a")), Rollout::InProgress);
        assert_eq!(of("apps/v1", "StatefulSet", &set("b")), Rollout::Complete);
    }
}
