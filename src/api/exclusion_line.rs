//! What a statement says of an exclusion: whether it counted, over which time, and how much of it was applied.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use serde::{Deserialize, Serialize};

use super::exclusion_rules::{ExclusionEffect, ExclusionReason};
use super::statement::EventPair;

/// What became of an exclusion in the period.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExclusionLine {
    /// The name of the `ServiceLevelExclusion`.
    #[schemars(length(max = 253))]
    pub name: String,
    /// Why it was asked for.
    pub reason: ExclusionReason,
    /// By which rule for the reason, where it names one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 40))]
    pub rule_name: String,
    /// The objectives it is about. Empty: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10), inner(length(max = 40)))]
    pub objectives: Vec<String>,
    /// The beginning of its time in the period.
    pub from: Time,
    /// The end of that time, which does not count.
    pub until: Time,
    /// How many seconds of it are meant: windows that recur leave some out.
    pub seconds: i64,
    /// The windows that counted, where those of one exclusion are told in one line because there are so many. Left out: the
    /// time from `from` to `until`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 1000))]
    pub windows: Vec<ExcludedWindow>,
    /// Only so many events of that time, the earliest. Left out: the whole time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventPair>,
    /// What of it was applied, for each objective to which less was than it asks for. Left out: all of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub applied: Vec<AppliedExclusion>,
    /// Whether it counted.
    pub honoured: bool,
    /// What it did to the account. Left out: it did not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<ExclusionEffect>,
    /// One word for the reason it did not count. Empty: it did.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 32))]
    pub code: String,
    /// The reason it did not count, with the figures.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 512))]
    pub why: String,
    /// The user who declared it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(length(max = 253))]
    pub declared_by: String,
    /// The user who approved it. Left out: nobody had.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 253))]
    pub approved_by: Option<String>,
    /// When the other party was told. Left out: nobody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub announced_at: Option<Time>,
}

/// What of an exclusion was applied to one objective: of time that is counted in slots only those that lie wholly inside,
/// and no more events than there were.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct AppliedExclusion {
    /// The objective.
    #[schemars(length(max = 40))]
    pub objective: String,
    /// The seconds of its slots that lie wholly inside. 0: it has no effect. Left out: it is about events.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// The events that were taken. Left out: it is about time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<EventPair>,
}

/// One window of an exclusion that recurs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct ExcludedWindow {
    /// Counts.
    pub from: Time,
    /// Does not count.
    pub until: Time,
}
