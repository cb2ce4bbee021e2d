//! Which pods the operator resized in place, and what keeps it from resizing one.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::FIELD_MANAGER;
use super::enforcement_status::ActionTarget;

/// What is remembered of the pods that were resized.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResizeStatus {
    /// The workload whose pods they are.
    pub workload: ActionTarget,
    /// Its pods that have another size than its template because of this agreement, as they were seen last.
    #[serde(default)]
    pub pods: i32,
    /// The pods whose limit was raised within the last 24 hours, oldest first. Each is entered with its intent, and taken
    /// out again when it is known not to have happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub raised: Vec<Raised>,
    /// What the API server refused in this episode. Left out: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<Refused>,
}

/// A pod whose CPU limit was raised, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Raised {
    /// The action's id.
    pub action: String,
    /// When it was intended.
    pub at: Time,
    /// The pod's name.
    pub pod: String,
    /// The node it is on. Left out: it was not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// By how much more its limit rose than what it requests, in thousandths of a core: what it may take from the node and
    /// nobody can read there.
    #[serde(default)]
    pub unrequested: i32,
}

/// A resize that the API server refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refused {
    /// When it was intended.
    pub at: Time,
    /// The pod's name.
    pub pod: String,
    /// What the API server said.
    pub message: String,
}

/// The field manager under which pods are resized for the agreement with `uid`: by it a pod itself tells who made it larger.
#[must_use]
pub fn manager(uid: &str) -> String {
    format!("{FIELD_MANAGER}/{uid}")
}
