//! What was read of a node: whether it takes pods, and whether Guarantor keeps some away from it.
//!
//! Plain data. The taints are kept as the API server sent them, so that a write can make sure that they are still the same.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::ResourceExt;
use kube::api::DynamicObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::api::AVOID_KEY;

use super::ownership;
use super::toleration::{Tolerated, repels};

/// The soft effect: the scheduler takes another node where it can.
pub const SOFT: &str = "PreferNoSchedule";

/// The nodes as far as they were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nodes {
    /// Those that were read.
    pub known: Vec<NodeObservation>,
    /// How many there are, if all were read; otherwise why not, in words.
    pub all: Result<usize, String>,
}

impl Nodes {
    /// Nothing was asked.
    #[must_use]
    pub fn not_asked() -> Self {
        Self { known: Vec::new(), all: Err("they were not asked for".to_owned()) }
    }

    /// The node with that name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<&NodeObservation> {
        self.known.iter().find(|node| node.name == name)
    }

    /// The node with that uid.
    #[must_use]
    pub fn with_uid(&self, uid: &str) -> Option<&NodeObservation> {
        self.known.iter().find(|node| node.uid == uid)
    }
}

/// A node.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub struct NodeObservation {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its `Ready` condition holds. Where nobody tells any more, it does not.
    pub ready: bool,
    /// Somebody cordoned it.
    pub unschedulable: bool,
    /// `spec.taints`, as sent.
    pub taints: Vec<Value>,
    /// It has annotations.
    pub annotated: bool,
    /// The annotation of [`AVOID_KEY`], as sent.
    pub annotation: Option<String>,
    /// An entry of Guarantor is left in `managedFields`; until it is given up, server-side appliers are refused.
    pub entry_left: bool,
}

/// The content of the annotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AvoidanceRecord {
    /// The namespace of the agreement on whose behalf the node is avoided.
    pub namespace: String,
    /// That agreement's name.
    pub agreement: String,
    /// Its uid.
    pub uid: String,
    /// The id of the action, which is the taint's value too.
    pub action: String,
    /// When it was decided.
    pub at: Time,
    /// When the taint is taken away at the latest.
    pub until: Time,
}

impl AvoidanceRecord {
    /// The annotation's text.
    #[must_use]
    pub fn to_annotation(&self) -> String {
        let Self { namespace, agreement, uid, action, at, until } = self;
        let record = serde_json::json!({
            "namespace": namespace, "agreement": agreement, "uid": uid, "action": action, "at": at, "until": until,
        });
        record.to_string()
    }

    /// The taint that goes with it.
    #[must_use]
    pub fn to_taint(&self) -> Value {
        serde_json::json!({"key": AVOID_KEY, "value": self.action, "effect": SOFT})
    }
}

impl NodeObservation {
    /// Reads a node.
    #[must_use]
    pub fn of(node: &DynamicObject) -> Self {
        let at = |pointer: &str| node.data.pointer(pointer);
        let conditions = at("/status/conditions").and_then(Value::as_array).into_iter().flatten();
        Self {
            name: node.name_any(),
            uid: node.uid().unwrap_or_default(),
            ready: conditions.into_iter().any(|of| of["type"] == "Ready" && of["status"] == "True"),
            unschedulable: at("/spec/unschedulable") == Some(&Value::Bool(true)),
            taints: at("/spec/taints").and_then(Value::as_array).cloned().unwrap_or_default(),
            annotated: !node.annotations().is_empty(),
            annotation: node.annotations().get(AVOID_KEY).cloned(),
            entry_left: ownership::entry_left(node.metadata.managed_fields.as_ref()),
        }
    }

    /// Where among the taints one with Guarantor's key stands, by whose hand ever, and its value.
    #[must_use]
    pub fn avoided(&self) -> Option<(usize, &str)> {
        let (index, taint) = self.taints.iter().enumerate().find(|(_, taint)| taint["key"] == AVOID_KEY)?;
        Some((index, taint["value"].as_str().unwrap_or_default()))
    }

    /// What the annotation says of the taint that stands. `None`: there is no taint, or nobody can tell on whose behalf.
    #[must_use]
    pub fn record(&self) -> Option<AvoidanceRecord> {
        let (_, value) = self.avoided()?;
        let record: AvoidanceRecord = serde_json::from_str(self.annotation.as_deref()?).ok()?;
        Some(record).filter(|record| record.action == value)
    }

    /// The scheduler may put pods here that tolerate this, as far as the node says.
    #[must_use]
    pub fn is_open_to(&self, tolerated: &[Tolerated]) -> bool {
        let keeps_off = |taint: &Value| {
            let text = |field: &str| taint[field].as_str().unwrap_or_default();
            let (key, value, effect) = (text("key"), text("value"), text("effect"));
            repels(effect) && !tolerated.iter().any(|tolerated| tolerated.covers(key, value, effect))
        };
        self.ready && !self.unschedulable && self.avoided().is_none() && !self.taints.iter().any(keeps_off)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn node(spec: &Value, annotations: &Value, ready: &str) -> NodeObservation {
        let object = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "a", "uid": "u", "annotations": annotations},
            "spec": spec, "status": {"conditions": [{"type": "Ready", "status": ready}]},
        });
        NodeObservation::of(&serde_json::from_value(object).unwrap())
    }

    #[test]
    fn what_is_written_is_read_back_and_nothing_is_guessed() {
        let record = AvoidanceRecord {
            namespace: "shop".into(),
            agreement: "checkout".into(),
            uid: "u".into(),
            action: "0a".into(),
            at: Time(Timestamp::UNIX_EPOCH),
            until: Time(Timestamp::UNIX_EPOCH),
        };
        let other = json!({"key": "dedicated", "value": "web", "effect": "NoSchedule"});
        let text = record.to_annotation();
        let taints = json!({"taints": [other, record.to_taint()]});
        let read = node(&taints, &json!({AVOID_KEY: text}), "True");
        assert_eq!((read.avoided(), read.record()), (Some((1, "0a")), Some(record.clone())));
        // The annotation of an earlier time, none, and one that nobody can read.
        let earlier = AvoidanceRecord { action: "0b".into(), ..record }.to_annotation();
        for annotations in [json!({AVOID_KEY: earlier}), json!({}), json!({AVOID_KEY: "{}"})] {
            assert_eq!(node(&taints, &annotations, "True").record(), None, "{annotations}");
        }
        assert_eq!(node(&json!({}), &json!({AVOID_KEY: text}), "True").record(), None, "no taint");
    }

    #[test]
    fn a_node_is_open_that_the_scheduler_may_use() {
        let spot = json!({"key": "spot", "operator": "Exists"});
        let tolerates: Vec<Tolerated> = Tolerated::of(&serde_json::from_value(spot).unwrap()).into_iter().collect();
        let taint = |key: &str, effect: &str| json!({"taints": [{"key": key, "effect": effect}]});
        // To any pod, and to one that tolerates the taint.
        for (spec, ready, open) in [
            (json!({}), "True", [true, true]),
            (json!({}), "False", [false, false]),
            (json!({}), "Unknown", [false, false]),
            (json!({"unschedulable": true}), "True", [false, false]),
            (taint("spot", SOFT), "True", [true, true]),
            (taint("spot", "NoSchedule"), "True", [false, true]),
            (taint("spot", "NoExecute"), "True", [false, true]),
            (taint("gpu", "NoSchedule"), "True", [false, false]),
            (taint(AVOID_KEY, SOFT), "True", [false, false]),
        ] {
            let node = node(&spec, &json!({}), ready);
            assert_eq!([node.is_open_to(&[]), node.is_open_to(&tolerates)], open, "{spec} {ready}");
        }
    }
}
