//! The controller of `PodDisruptionBudget`s, one step at a time: how many pods of each are healthy, how many must be, and how
//! many may go.
//!
//! A pod that was charged and is still there counts as gone, for two minutes. As many pods as there are count as wanted.

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::{Selector, SelectorExt};
use serde_json::{Value, json};

use super::object;
use super::server::{self, ApiServer};
use super::state::State;
use super::store::Key;

const CONTROLLER: &str = "kube-controller-manager";
const BUDGETS: &str = "poddisruptionbudgets.policy";
/// How long a pod that was charged is waited for to go.
const CHARGED: SignedDuration = SignedDuration::from_mins(2);

impl ApiServer {
    /// Every `PodDisruptionBudget` once.
    pub fn disruption_step(&self) {
        self.shared.change(|state| {
            let keys: Vec<Key> = state.store.objects().keys().filter(|key| key.resource == BUDGETS).cloned().collect();
            for key in keys {
                let Some(budget) = state.store.get(&key) else { continue };
                let status = status(state, &key, &budget);
                // A status is never invalid here, and the object was there a line ago.
                let _ = server::edit(state, CONTROLLER, &key, |budget| object::set(budget, "/status", status));
            }
        });
    }
}

/// The budgets that select a pod.
pub(super) fn budgets_of(state: &State, pod_key: &Key, pod: &Value) -> Vec<(Key, Value)> {
    let all = state.store.objects().iter();
    all.filter(|(key, budget)| key.resource == BUDGETS && key.namespace == pod_key.namespace && selects(budget, pod))
        .map(|(key, budget)| (key.clone(), budget.as_ref().clone()))
        .collect()
}

/// Whether a pod is ready.
pub(super) fn is_ready(pod: &Value) -> bool {
    let conditions = pod.pointer("/status/conditions").and_then(Value::as_array);
    conditions.into_iter().flatten().any(|one| one["type"] == "Ready" && one["status"] == "True")
}

fn selects(budget: &Value, pod: &Value) -> bool {
    let selector = budget.pointer("/spec/selector").cloned().unwrap_or_default();
    let selector = serde_json::from_value::<LabelSelector>(selector).ok().and_then(|one| Selector::try_from(one).ok());
    let labels = pod.pointer("/metadata/labels").cloned().unwrap_or_default();
    let labels = serde_json::from_value(labels).unwrap_or_default();
    selector.is_some_and(|selector| selector.matches(&labels))
}

fn status(state: &State, key: &Key, budget: &Value) -> Value {
    let now: Timestamp = state.store.now().parse().unwrap_or_default();
    let pods = state
        .store
        .objects()
        .iter()
        .filter(|(of, pod)| of.resource == "pods" && of.namespace == key.namespace && selects(budget, pod));
    let pods: Vec<(&Key, &Value)> = pods.map(|(key, pod)| (key, pod.as_ref())).collect();
    let charged = budget.pointer("/status/disruptedPods").and_then(Value::as_object).cloned().unwrap_or_default();
    let waited_for = |(name, at): &(String, Value)| {
        let at: Option<Timestamp> = at.as_str().and_then(|at| at.parse().ok());
        pods.iter().any(|(key, _)| key.name == *name) && at.is_some_and(|at| now.duration_since(at) < CHARGED)
    };
    let charged: serde_json::Map<String, Value> = charged.into_iter().filter(waited_for).collect();
    let healthy = |(key, pod): &&(&Key, &Value)| {
        is_ready(pod) && object::text(pod, "/metadata/deletionTimestamp").is_empty() && !charged.contains_key(&key.name)
    };
    let expected = i64::try_from(pods.len()).unwrap_or(i64::MAX);
    let current = i64::try_from(pods.iter().filter(healthy).count()).unwrap_or(i64::MAX);
    let desired = match (budget.pointer("/spec/minAvailable"), budget.pointer("/spec/maxUnavailable")) {
        (Some(least), _) => part(least, expected),
        (None, Some(most)) => (expected - part(most, expected)).max(0),
        (None, None) => 0,
    };
    json!({
        "observedGeneration": budget.pointer("/metadata/generation"), "expectedPods": expected, "currentHealthy": current,
        "desiredHealthy": desired, "disruptionsAllowed": (current - desired).max(0), "disruptedPods": charged,
    })
}

/// A number, or a percentage rounded up.
fn part(of: &Value, expected: i64) -> i64 {
    let percent = of.as_str().and_then(|text| text.strip_suffix('%')).and_then(|text| text.parse::<i64>().ok());
    percent.map_or_else(|| of.as_i64().unwrap_or(0), |percent| (expected * percent + 99) / 100)
}
