//! What the operator holds of a rollout, and what it undid.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::enforcement_status::ActionTarget;

/// The operator's hand in the rollout of a Deployment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolloutStatus {
    /// The Deployment.
    pub target: ActionTarget,
    /// The revision at which the operator paused the rollout, by its `pod-template-hash`. Left out: it holds no pause.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub paused_at: Option<String>,
    /// The revision it undid last, for a day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone: Option<UndoneRevision>,
    /// When it undid one within the last 24 hours, oldest first. Each is entered with its intent, and taken out again when it
    /// is known not to have happened.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rollbacks: Vec<Time>,
    /// The same of the times at which it paused a rollout.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Time>,
    /// How often somebody else brought the undone revision back.
    #[serde(default)]
    pub resets: i32,
}

/// A revision that was undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct UndoneRevision {
    /// Its `pod-template-hash`.
    pub revision: String,
    /// That of the revision that was gone back to.
    pub back_to: String,
    /// When.
    pub at: Time,
    /// The action's id.
    pub action: String,
    /// Somebody else brought it back since.
    #[serde(default)]
    pub brought_back: bool,
}
