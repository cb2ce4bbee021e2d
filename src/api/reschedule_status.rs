//! Which pods the operator moved, where they landed, and what keeps it from moving one.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is remembered of the pods that were moved.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct RescheduleStatus {
    /// The evictions of the last 24 hours, oldest first. Each is entered with its intent, and taken out again when it is
    /// known not to have happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evictions: Vec<Eviction>,
    /// When replicas were added before pods were to be evicted within the last 24 hours, once for each replica, oldest first, whether
    /// or not it came to an eviction. Each is entered with its intent, and taken out again when it is known not to have happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub surges: Vec<Time>,
    /// What the API server refused last. Left out: nothing since the last eviction, or in this episode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hindered: Option<Hindrance>,
}

/// A pod that was evicted, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Eviction {
    /// The action's id.
    pub action: String,
    /// When it was intended.
    pub at: Time,
    /// The pod's name.
    pub pod: String,
    /// The node it was on.
    pub node: String,
    /// The uid of its `ReplicaSet`.
    pub owner: String,
    /// The pod that came in its place. Left out: none was seen yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landed: Option<Landing>,
}

/// The pod that came in place of an evicted one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Landing {
    /// Its name.
    pub pod: String,
    /// Its uid.
    pub uid: String,
    /// The node that took it. Left out: none has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
}

/// Evictions that the API server refused, one after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Hindrance {
    /// Why.
    pub obstacle: Obstacle,
    /// What the API server said.
    pub message: String,
    /// The pod that was to be evicted.
    pub pod: String,
    /// Since when it is refused.
    pub since: Time,
    /// How often it was tried.
    pub tries: i32,
    /// When it may be tried again.
    pub until: Time,
}

/// Why an eviction was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Obstacle {
    /// A `PodDisruptionBudget` allows no disruption just now.
    DisruptionBudget,
    /// More than one `PodDisruptionBudget` selects the pod, which the API server does not support.
    SeveralBudgets,
    /// The API server had no time for it.
    Busy,
    /// The pod was not as it had been read.
    Changed,
    /// It is not allowed, or not valid.
    Forbidden,
}
