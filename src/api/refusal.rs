//! Writes that the API server refused, and when they are tried again.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::enforcement_status::{ActionTarget, Verb};

/// Refused writes kept at most.
pub const MOST_REFUSALS: usize = 10;
/// The characters kept of what the API server said.
pub const MOST_SAID: usize = 1000;

/// A write that the API server refused, one time after the other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Refusal {
    /// What was to be done.
    pub verb: Verb,
    /// To what.
    pub target: ActionTarget,
    /// What the API server said last.
    #[schemars(length(max = 1000))]
    pub message: String,
    /// Since when it is refused.
    pub since: Time,
    /// When it was tried last.
    pub tried: Time,
    /// How often it was tried.
    pub tries: i32,
    /// When it may be tried again.
    pub until: Time,
}
