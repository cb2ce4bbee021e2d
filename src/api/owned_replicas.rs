//! The replicas that the operator owns: what was declared, who else changed them, and how many it has let go.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is to be remembered of replicas that the operator owns (`spec.enforcement.capacity.mode: Own`).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnedReplicas {
    /// The replicas that are declared: what was there before the operator changed them, and what they go back to. Left out: the
    /// operator owns none just now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<i32>,
    /// When somebody else changed the replicas last, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<ChangedByOthers>,
    /// The steps by which replicas were let go within the last 24 hours, oldest first. Each is entered with its intent, and taken
    /// out again when it is known not to have happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 48))]
    pub steps: Vec<StepDown>,
    /// The last danger in which fewer replicas were left than were declared, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<DangerWithFewer>,
    /// Since when it is not known whether so few replicas are enough. Left out: it is known, or none is let go.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_since: Option<Time>,
}

/// A change of the replicas by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct ChangedByOthers {
    /// When it was seen.
    pub at: Time,
    /// What they were changed to.
    pub to: i32,
    /// The field manager that did it. Left out: the API server knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A danger that came while replicas were let go, whatever its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct DangerWithFewer {
    /// When an objective was seen in danger with so few replicas last.
    pub at: Time,
    /// The replicas that were left.
    pub left: i32,
    /// No fewer than so many are left again within a day.
    pub fewest: i32,
}

/// A step by which replicas were let go, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct StepDown {
    /// The action's id.
    pub action: String,
    /// When it was intended.
    pub at: Time,
    /// The replicas before.
    pub from: i32,
    /// The replicas afterwards.
    pub to: i32,
    /// An objective was in danger before it was known to do no harm.
    #[serde(default)]
    pub harmful: bool,
}
