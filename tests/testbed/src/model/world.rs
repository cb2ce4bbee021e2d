//! The controllers an operator lives with, one step at a time: autoscalers enforcing their bounds, workloads following their replicas.
//!
//! Only what Guarantor's acts depend on: an autoscaler never reads metrics here, a workload has no pods.
//! Steps happen when a test calls them and at no other time.

use serde_json::{Value, json};

use super::object;
use super::server::{self, ApiServer};
use super::state::State;
use super::store::Key;

const CONTROLLER: &str = "kube-controller-manager";
const AUTOSCALERS: &str = "horizontalpodautoscalers.autoscaling";
const WORKLOADS: [&str; 3] = ["deployments.apps", "statefulsets.apps", "replicasets.apps"];

impl ApiServer {
    /// Every HPA once, in the order of their names: brings its target's replicas between minReplicas and maxReplicas.
    ///
    /// At 0 replicas it does nothing, as on a real server; a missing target is left alone.
    /// Two HPAs on one target both act, each in turn.
    pub fn hpa_step(&self) {
        self.shared.change(|state| {
            for key in keys_of(state, &[AUTOSCALERS]) {
                scale_target(state, &key);
            }
        });
    }

    /// Every Deployment, `StatefulSet` and `ReplicaSet` once: status follows spec.replicas, with as many ready as `capacity` allows this object.
    pub fn workload_step(&self, capacity: impl Fn(&Value) -> i64) {
        self.shared.change(|state| {
            for key in keys_of(state, &WORKLOADS) {
                let Some(object) = state.store.get(&key) else {
                    continue;
                };
                let wanted = object::number(&object, "/spec/replicas").unwrap_or(1);
                let ready = wanted.min(capacity(&object)).max(0);
                let status = workload_status(&object, wanted, ready);
                // A status is never invalid here, and the object was there a line ago.
                let _ = server::edit(state, CONTROLLER, &key, |object| {
                    object::set(object, "/status", status);
                });
            }
        });
    }
}

fn keys_of(state: &State, resources: &[&str]) -> Vec<Key> {
    let keys = state.store.objects().keys();
    keys.filter(|key| resources.contains(&key.resource.as_str())).cloned().collect()
}

fn scale_target(state: &mut State, key: &Key) {
    let Some(autoscaler) = state.store.get(key) else {
        return;
    };
    let Some((target, path)) = target_of(state, &autoscaler, key) else {
        return;
    };
    let Some(workload) = state.store.get(&target) else {
        return;
    };
    let min = object::number(&autoscaler, "/spec/minReplicas").unwrap_or(1);
    let max = object::number(&autoscaler, "/spec/maxReplicas").unwrap_or(min);
    let current = object::number(&workload, &path).unwrap_or(1);
    let disabled = current == 0;
    let desired = if disabled { 0 } else { current.max(min).min(max) };
    if desired != current {
        // The target was there a line ago and replicas within an HPA's bounds are never negative.
        let _ = server::edit(state, CONTROLLER, &target, |workload| {
            object::set(workload, &path, json!(desired));
        });
    }
    let limited = !disabled && desired == min;
    let conditions = json!([
        condition("AbleToScale", true, "SucceededGetScale"),
        condition("ScalingActive", !disabled, if disabled { "ScalingDisabled" } else { "ValidMetricFound" }),
        condition("ScalingLimited", limited, if limited { "TooFewReplicas" } else { "DesiredWithinRange" }),
    ]);
    let _ = server::edit(state, CONTROLLER, key, |autoscaler| {
        object::set(autoscaler, "/status/currentReplicas", json!(current));
        object::set(autoscaler, "/status/desiredReplicas", json!(desired));
        object::set(autoscaler, "/status/conditions", conditions);
    });
}

fn target_of(state: &State, autoscaler: &Value, key: &Key) -> Option<(Key, String)> {
    let version = object::text(autoscaler, "/spec/scaleTargetRef/apiVersion");
    let of = object::text(autoscaler, "/spec/scaleTargetRef/kind");
    let kind = state.registry.by_object(version, of)?;
    let path = kind.scale.as_ref()?.replicas.clone();
    let target = Key {
        resource: kind.resource(),
        namespace: key.namespace.clone(),
        name: object::text(autoscaler, "/spec/scaleTargetRef/name").to_owned(),
    };
    Some((target, path))
}

fn workload_status(object: &Value, wanted: i64, ready: i64) -> Value {
    let mut status = json!({
        "observedGeneration": object.pointer("/metadata/generation"),
        "replicas": wanted,
        "readyReplicas": ready,
        "availableReplicas": ready,
    });
    match object::text(object, "/kind") {
        "Deployment" => {
            object::set(&mut status, "/updatedReplicas", json!(wanted));
            object::set(&mut status, "/unavailableReplicas", json!(wanted - ready));
            let complete = ready == wanted;
            let progress = if complete { "NewReplicaSetAvailable" } else { "ReplicaSetUpdated" };
            let available = if complete { "MinimumReplicasAvailable" } else { "MinimumReplicasUnavailable" };
            let conditions =
                json!([condition("Available", complete, available), condition("Progressing", true, progress),]);
            object::set(&mut status, "/conditions", conditions);
        }
        "StatefulSet" => {
            object::set(&mut status, "/currentReplicas", json!(wanted));
            object::set(&mut status, "/updatedReplicas", json!(wanted));
        }
        _ => object::set(&mut status, "/fullyLabeledReplicas", json!(wanted)),
    }
    status
}

// Without transition times: a step that changes nothing must not write anything.
fn condition(of: &str, holds: bool, reason: &str) -> Value {
    json!({"type": of, "status": if holds { "True" } else { "False" }, "reason": reason, "message": ""})
}
