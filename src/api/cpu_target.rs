//! The CPU utilisation that an HPA aims at, where the operator sets it: what was declared, who else changed it, and by which
//! steps it was set.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::enforcement_status::ActionTarget;

/// What is to be remembered of a CPU target that the operator sets (`spec.enforcement.capacity.mode: Target`).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct CpuTargetStatus {
    /// The target that is declared: what was there before the operator changed it. Left out: there is none, or nobody asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub declared: Option<i32>,
    /// The target as it is set now. Left out: it is its owner's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub standing: Option<StandingCpuTarget>,
    /// When somebody else changed it last, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<CpuTargetChanged>,
    /// The steps by which it was set within the last 24 hours, oldest first. Each is entered with its intent, and taken out again
    /// when it is known not to have happened.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 24))]
    pub steps: Vec<CpuTargetStep>,
    /// The last danger that came after the target had been raised, for a day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub danger: Option<CpuTargetDanger>,
    /// Since when it is not known whether a target above what was declared is safe. Left out: it is known, or it is no higher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blind_since: Option<Time>,
}

/// A CPU target that the operator has set. All targets are in percent of what a pod requests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct StandingCpuTarget {
    /// The HPA.
    pub target: ActionTarget,
    /// What was declared, and what it goes back to.
    pub baseline: i32,
    /// What the operator wrote last.
    pub value: i32,
    /// When it was written.
    pub since: Time,
    /// Somebody else has changed it since; so it is left as they set it.
    #[serde(default)]
    pub theirs: bool,
}

/// A change of the target by somebody else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct CpuTargetChanged {
    /// When it was seen.
    pub at: Time,
    /// What it was changed to. Left out: the HPA has no such target any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i32>,
    /// The field manager that did it. Left out: the API server knows none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// A step by which the target was set, or may have been.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct CpuTargetStep {
    /// The action's id.
    pub action: String,
    /// When it was intended.
    pub at: Time,
    /// The target before.
    pub from: i32,
    /// The target afterwards.
    pub to: i32,
}

/// A danger that came after the target had been raised, whatever its cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct CpuTargetDanger {
    /// When an objective was seen in danger with that target last.
    pub at: Time,
    /// The target then.
    pub with: i32,
    /// It is set no higher than this again within a day.
    pub most: i32,
}
