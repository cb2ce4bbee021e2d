//! What the operator did to keep an agreement: one record per action, and what it still holds.
//!
//! The record is written *before* the act (phase `Intended`), so that after a crash the act is found, judged and not
//! done twice.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::avoidance_status::AvoidanceStatus;
use super::bid::Bid;
use super::capacity::CapacityStatus;
use super::cpu_target::CpuTargetStatus;
use super::diagnosis::{Diagnosis, Review};
use super::owned_replicas::OwnedReplicas;
use super::refusal::Refusal;
use super::reschedule_status::RescheduleStatus;
use super::resize_status::ResizeStatus;
use super::rollout_status::RolloutStatus;
use super::shed::ShedStatus;

/// What the operator holds.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct EnforcementStatus {
    /// What was decided last, or why it holds, in words.
    pub message: String,
    /// The reason as one word: the verb, or the guard that held.
    pub reason: String,
    /// The floor that stands because of this agreement.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor: Option<FloorStatus>,
    /// The operator's hand in the rollout of the workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rollout: Option<RolloutStatus>,
    /// The pods it moved within the last 24 hours, and what keeps it from moving one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reschedule: Option<RescheduleStatus>,
    /// The nodes it avoided within the last 24 hours, and the one it avoids now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub avoidance: Option<AvoidanceStatus>,
    /// What it sheds, and what it shed within the last 24 hours.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shed: Option<ShedStatus>,
    /// The pods it resized in place, and what keeps it from resizing one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resize: Option<ResizeStatus>,
    /// The danger now being met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub episode: Option<Episode>,
    /// Why an objective is in danger, as far as it can be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub diagnosis: Option<Diagnosis>,
    /// How the decision was come to while nothing is in danger, where something is to be done or waited for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub review: Option<Review>,
    /// What the API server refused, the last one first, and when it is tried again.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 10))]
    pub refusals: Vec<Refusal>,
    /// How many pods the expected load needs, where `spec.enforcement.capacity` asks for that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<CapacityStatus>,
    /// The replicas that the operator owns, where `spec.enforcement.capacity.mode` is `Own`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owned: Option<OwnedReplicas>,
    /// The CPU utilisation at which the operator has the HPA aim, where `spec.enforcement.capacity.mode` is `Target`.
    #[serde(rename = "target", skip_serializing_if = "Option::is_none")]
    pub cpu_target: Option<CpuTargetStatus>,
    /// More replicas are wanted than there may be room for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bid: Option<Bid>,
}

/// A floor under the replicas of a workload; below what stood there before where the operator owns the replicas and the load
/// needs no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct FloorStatus {
    /// The object that carries it.
    pub target: ActionTarget,
    /// What stood there before.
    pub baseline: i32,
    /// What the operator wrote last.
    pub value: i32,
    /// When it was written.
    pub since: Time,
    /// How often somebody else changed it back.
    #[serde(default)]
    pub resets: i32,
    /// Why it was raised to where it stands, or to where it comes down from.
    #[serde(default)]
    pub reason: FloorReason,
}

/// Why a floor was raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
pub enum FloorReason {
    /// An objective was in danger.
    #[default]
    Danger,
    /// The load that is expected needs it, or needs no more, and no objective is in danger for which it was raised.
    Load,
}

/// The time from the first sign of danger until all is safe again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Episode {
    /// When the danger was seen first.
    pub since: Time,
    /// No objective was in danger in it yet: a floor stands that was raised ahead of the load, or replicas are let go.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ahead: bool,
    /// Since when all objectives are safe again. Left out: they are not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_since: Option<Time>,
    /// What was tried in this episode and did not help. A verb that fails too often is off until the episode ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without_effect: Vec<WithoutEffect>,
    /// A raise from so many replicas did harm: the floor is neither raised nor held above this until the episode ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub harmful_above: Option<i32>,
}

/// How often a verb did not help.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
pub struct WithoutEffect {
    /// The verb.
    pub verb: Verb,
    /// How often; what did harm counts twice.
    pub times: i32,
}

impl Episode {
    /// How often a verb did not help in this episode.
    #[must_use]
    pub fn without_effect(&self, verb: Verb) -> i32 {
        self.without_effect.iter().find(|tried| tried.verb == verb).map_or(0, |tried| tried.times)
    }
}

/// The object an action writes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionTarget {
    /// For example `autoscaling/v2`.
    pub api_version: String,
    /// For example `HorizontalPodAutoscaler`.
    pub kind: String,
    /// The name, in the agreement's namespace; a node is in none.
    pub name: String,
    /// The uid: another object under the same name is left alone.
    pub uid: String,
}

/// One action, from intent to verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActionRecord {
    /// Derived from agreement, verb, target and slot: the same decision makes the same id.
    pub id: String,
    /// What is done.
    pub verb: Verb,
    /// To what.
    pub target: ActionTarget,
    /// What was there before: of a floor its replicas, of a rollout the number of its revision, of a pod its CPU limit in
    /// thousandths of a core, of an HPA its CPU target in percent. Left out: the verb changes no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<i32>,
    /// What is there afterwards. Left out: the verb changes no number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<i32>,
    /// Why, in words.
    pub reason: String,
    /// The predicted effect: what is expected to happen by the deadline, in words.
    pub hypothesis: String,
    /// It was done ahead of the load that was expected, while no objective was in danger.
    #[serde(default, skip_serializing_if = "is_false")]
    pub ahead: bool,
    /// How far it came.
    pub phase: ActionPhase,
    /// When the intent was written.
    pub intended_at: Time,
    /// By when the hypothesis is judged.
    pub deadline: Time,
    /// What the API server answered, when it did not simply succeed: of a refused write why.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// Whether it helped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// The inputs: what was seen when it was decided (`before: …`), and once it is judged what was seen then (`after: …`) and what
    /// the verdict makes of both.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub evidence: String,
}

impl ActionRecord {
    /// What it changes, in words: `3 -> 6`. Empty: no number.
    #[must_use]
    pub fn change(&self) -> String {
        match (self.verb, self.from, self.to) {
            (Verb::Resize | Verb::RestoreSize, Some(from), Some(to)) => format!("{from}m -> {to}m"),
            (Verb::SetTarget | Verb::RestoreTarget, Some(from), Some(to)) => format!("{from} % -> {to} %"),
            (_, Some(from), Some(to)) => format!("{from} -> {to}"),
            (Verb::PauseRollout | Verb::ReleaseRollout, Some(at), None) => format!("at revision {at}"),
            (_, Some(only), None) | (_, None, Some(only)) => only.to_string(),
            (_, None, None) => String::new(),
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(b: &bool) -> bool {
    !*b
}

/// What an action does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub enum Verb {
    /// Puts the floor at today's replicas, so that nothing is taken away while the objective burns.
    FreezeScaleDown,
    /// Raises the floor above today's replicas.
    RaiseFloor,
    /// Takes a raised floor down by a step.
    LowerFloor,
    /// Puts the baseline back.
    Restore,
    /// Takes replicas away that the load does not need, below what was declared, where the operator owns them.
    ScaleDown,
    /// Sets the CPU utilisation at which the HPA of the workload aims to what the load bears.
    SetTarget,
    /// Puts that back to what was declared, or to what it was before a step that did harm.
    RestoreTarget,
    /// Pauses the rollout of a bad revision, so that no further pod gets it.
    PauseRollout,
    /// Goes back to the revision before a bad one.
    RollBack,
    /// Gives a rollout back to its owner: resumes it, where the operator paused it.
    ReleaseRollout,
    /// Raises the floor, so that a replica more is ready before each pod that is to be evicted.
    Surge,
    /// Evicts a pod that fails where the others do not, so that another one is made in its place.
    Reschedule,
    /// Puts a soft taint on a node whose pods fail, so that what is moved from it does not come back.
    AvoidNode,
    /// Takes the operator's taint from a node.
    ReleaseNode,
    /// Turns the switch through which the service turns requests away.
    Shed,
    /// Turns that switch back.
    StopShedding,
    /// Raises the CPU limit of a pod that it throttles, in place.
    Resize,
    /// Gives a pod the size of its template again.
    RestoreSize,
}

impl Verb {
    /// It is about the rollout of a workload.
    #[must_use]
    pub fn is_about_rollout(self) -> bool {
        match self {
            Self::PauseRollout | Self::RollBack | Self::ReleaseRollout => true,
            Self::FreezeScaleDown
            | Self::RaiseFloor
            | Self::LowerFloor
            | Self::Restore
            | Self::ScaleDown
            | Self::SetTarget
            | Self::RestoreTarget
            | Self::Surge
            | Self::Reschedule
            | Self::AvoidNode
            | Self::ReleaseNode
            | Self::Shed
            | Self::StopShedding
            | Self::Resize
            | Self::RestoreSize => false,
        }
    }

    /// It is about a node.
    #[must_use]
    pub fn is_about_node(self) -> bool {
        matches!(self, Self::AvoidNode | Self::ReleaseNode)
    }

    /// It is about the switch through which load is shed.
    #[must_use]
    pub fn is_about_shedding(self) -> bool {
        matches!(self, Self::Shed | Self::StopShedding)
    }

    /// It is about the floor under the replicas of a workload.
    #[must_use]
    pub fn is_about_floor(self) -> bool {
        let elsewhere = self.is_about_rollout() || self.is_about_node() || self.is_about_shedding();
        !elsewhere && !self.is_about_size() && !self.is_about_cpu_target() && self != Self::Reschedule
    }

    /// It is about the CPU target of an HPA.
    #[must_use]
    pub fn is_about_cpu_target(self) -> bool {
        matches!(self, Self::SetTarget | Self::RestoreTarget)
    }

    /// It is about the size of a pod.
    #[must_use]
    pub fn is_about_size(self) -> bool {
        matches!(self, Self::Resize | Self::RestoreSize)
    }
}

/// How far an action came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum ActionPhase {
    /// Written down, not yet done.
    Intended,
    /// The API server took the write.
    Done,
    /// The API server refused it, or a precondition no longer held. Nothing changed.
    Refused,
    /// No answer came in time: it may have happened. The next look at the object decides.
    Unknown,
}

/// Whether an action helped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Verdict {
    /// What was expected happened.
    Effective,
    /// It did not.
    Ineffective,
    /// It became worse.
    Harmful,
    /// Too little is known to say.
    Inconclusive,
}
