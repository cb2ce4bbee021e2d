//! Why an objective is in danger, as far as the operator can tell, and on what that rests.
//!
//! Every figure is of the instant at which it was entered; `observed` tells how old it was then. Bounded lists only.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Pieces of evidence kept at most.
pub const MOST_EVIDENCE: usize = 8;

/// A cause, in the order in which they are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub enum CauseKind {
    /// Nothing can be seen.
    Blind,
    /// Many services went bad together: the cause lies outside of each.
    CommonCause,
    /// The new revision fails where the old one did not.
    BadRevision,
    /// A rollout is going on.
    RolloutInProgress,
    /// A rollout does not get on.
    RolloutStuck,
    /// Somebody paused the rollout.
    RolloutPaused,
    /// The pods of one zone fail.
    OutlierZone,
    /// The pods of one node fail.
    OutlierNode,
    /// One pod fails, or a few.
    OutlierPod,
    /// More load than the pods can take, or fewer pods than are wanted.
    Saturation,
    /// What the service depends on burns, or its pods wait for something outside of them.
    Dependency,
    /// Far more attempts than before, fewer of them good than before, and replicas do not help.
    RetryStorm,
    /// None of the others can be shown.
    Unknown,
}

/// What the operator makes of a danger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Diagnosis {
    /// The cause: the first in the order that holds.
    pub cause: CauseKind,
    /// Since when it is this one.
    pub since: Time,
    /// The objectives that are in danger. Empty: none is, and the cause only holds something back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub objectives: Vec<String>,
    /// The cause in words, with its figures.
    pub message: String,
    /// What it rests on: the suspect first, then what it is compared with.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The causes asked before it, with what speaks against them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ruled_out: Vec<RuledOut>,
    /// The guards that let the plan pass, in the order asked; where one held, those before it. Empty: there is no plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards_passed: Vec<String>,
    /// The guard that held. Left out: none did, or there is no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<HeldBy>,
    /// What is done, or why it is held.
    pub answer: String,
    /// What would change that: where something holds, what ends that first, and then what would end the cause.
    pub would_change: String,
    /// How old what was seen was.
    pub observed: Observed,
}

/// How a decision was come to while nothing is in danger, and so has no cause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// The guards that let the plan pass, in the order asked; where one held, those before it. Empty: there is no plan.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub guards_passed: Vec<String>,
    /// The guard that held. Left out: none did, or there is no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held_by: Option<HeldBy>,
    /// What would change the decision.
    pub would_change: String,
    /// How old what was seen was.
    pub observed: Observed,
}

/// A guard that did not let a plan pass.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct HeldBy {
    /// Its name.
    pub guard: String,
    /// Why, in its words.
    pub message: String,
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    /// What kind of thing it is.
    pub subject: Subject,
    /// Its name; of several, joined by commas.
    pub name: String,
    /// Bad events. Left out: events say nothing here.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub bad: String,
    /// All events.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub total: String,
    /// The share of the bad ones in percent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub share: String,
    /// By how many standard deviations it is worse than what it is compared with.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub z: String,
}

/// What a piece of evidence is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Subject {
    /// A pod.
    Pod,
    /// The pods of a node.
    Node,
    /// The pods of a zone.
    Zone,
    /// The pods of a revision of the workload.
    Revision,
    /// The service before its last rollout.
    Before,
    /// All other pods.
    Rest,
    /// The services the operator looks after.
    Services,
    /// An agreement that this one depends on.
    Upstream,
    /// The whole service just now.
    Now,
    /// The CPU limit of the pods: periods in which they had something to do, and those in which it held them back.
    CpuLimit,
}

impl Subject {
    /// Whether it can be blamed (a part of the service, or what it depends on), and is not what a part is compared with.
    #[must_use]
    pub fn is_part(self) -> bool {
        match self {
            Self::Pod | Self::Node | Self::Zone | Self::Revision | Self::Upstream => true,
            Self::Before | Self::Rest | Self::Services | Self::Now | Self::CpuLimit => false,
        }
    }
}

/// A cause that was asked before and does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct RuledOut {
    /// The cause.
    pub cause: CauseKind,
    /// What speaks against it, or why it cannot be told.
    pub why: String,
}

/// The instants at which was seen what a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// When it was decided.
    pub decided_at: Time,
    /// Slots before this instant were in the account.
    pub account_through: Time,
    /// What the last minute proved beside the account. Left out: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pulse: Option<Box<ObservedPulse>>,
    /// When the workload was read.
    pub workload_read_at: Time,
    /// The newest sample of what was asked by pod. Left out: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pods_through: Option<Time>,
    /// Why nothing is known by pod; empty when it is.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pods_problem: String,
    /// The newest sample of how far their CPU limit throttles the pods. Left out: it was not asked, or not answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_through: Option<Time>,
    /// What could not be looked up of the room for more pods, and so bounds nothing. Empty: all was, or nothing hangs on it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub room_problem: String,
}

/// An outage that the last minute proves before any slot has closed. It is no part of the account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ObservedPulse {
    /// The objective; of several, the one that burns fastest.
    pub objective: String,
    /// When it was proven first.
    pub since: Time,
    /// The end of the minute that was seen last.
    pub at: Time,
    /// Bad events in that minute.
    pub bad: String,
    /// All events in it.
    pub total: String,
    /// The share of the bad ones in percent.
    pub share: String,
    /// The share in percent from which it is an outage.
    pub outage: String,
}
