//! A plan: what would be written, on which condition, with which expectation.
//!
//! The type parameter says whether the guards have let it pass. A `Plan<Admitted>` is made by the guard chain alone,
//! since nobody else can make an [`Admitted`](super::guard::Admitted), and nothing but a `Plan<Admitted>` is executed.

mod cpu_target_change;
mod eviction_change;
mod floor_change;
mod node_change;
mod resize_change;
mod rollout_change;
mod shed_change;

use std::fmt::Write as _;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Verb};

use super::danger::evidence::Snapshot;
use super::situation::{AgreementIdentity, facts};

pub use cpu_target_change::{CpuTargetChange, CpuTargetWrite};
pub use eviction_change::EvictionChange;
pub use floor_change::{BaselineChange, FloorChange, Value};
pub use node_change::{NodeChange, NodeWrite};
pub use resize_change::ResizeChange;
pub use rollout_change::{MarkChange, RolloutChange, RolloutWrite};
pub use shed_change::{ShedChange, ShedWrite};

/// The state of a plan that no guard has seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proposed;

/// What shall be done, in the order of the steps.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan<S> {
    /// The agreement's namespace, and so the namespace of every target.
    pub namespace: String,
    /// The steps. Several, where each resizes or evicts another pod.
    pub steps: Vec<Step>,
    state: S,
}

/// One conditional write.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The same decision makes the same id.
    pub id: String,
    /// What it does.
    pub verb: Verb,
    /// The object written. Its uid is a precondition.
    pub target: ActionTarget,
    /// The precondition: nobody has written the object since it was read. Empty: the uid alone is one.
    pub resource_version: String,
    /// What is written.
    pub change: Change,
    /// Why, in words.
    pub reason: String,
    /// What is expected by the deadline.
    pub hypothesis: String,
    /// When the expectation is judged.
    pub deadline: Timestamp,
    /// What was seen when it was decided.
    pub before: Snapshot,
}

/// What a step writes, by what kind of thing it changes. `act` has a file for each.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// The floor under the replicas of a workload.
    Floor(FloorChange),
    /// The CPU target of an HPA.
    CpuTarget(CpuTargetChange),
    /// The rollout of a Deployment.
    Rollout(RolloutChange),
    /// A pod, through its `Eviction` subresource.
    Eviction(EvictionChange),
    /// The taint of a node.
    Node(NodeChange),
    /// The switch through which load is shed.
    Shed(ShedChange),
    /// A pod, through its `resize` subresource.
    Resize(ResizeChange),
}

impl Plan<Proposed> {
    /// A plan of one step.
    #[must_use]
    pub fn propose(namespace: &str, step: Step) -> Self {
        Self::of_steps(namespace, vec![step])
    }

    /// A plan of several steps, none of which needs another.
    #[must_use]
    pub fn of_steps(namespace: &str, steps: Vec<Step>) -> Self {
        Self { namespace: namespace.to_owned(), steps, state: Proposed }
    }

    /// The same plan with something more to tell as its reason.
    pub(super) fn adding(mut self, words: &str) -> Self {
        for step in &mut self.steps {
            step.reason = format!("{}; {words}", step.reason);
        }
        self
    }

    /// The same plan in another state; whoever calls this must be able to make one.
    pub(super) fn pass<S>(self, state: S) -> Plan<S> {
        Plan { namespace: self.namespace, steps: self.steps, state }
    }
}

impl<S> Plan<S> {
    /// The intents, to be written down before the first step is done.
    #[must_use]
    pub fn intents(&self, now: Timestamp) -> Vec<ActionRecord> {
        self.steps.iter().map(|step| step.intent(now)).collect()
    }

    /// When to look at what comes of it, before a slot tells: it is a step on the way off a node or to another pod, or others may have
    /// to follow at once. `None`: with the next slot.
    #[must_use]
    pub fn followed_up(&self, now: Timestamp) -> Option<Timestamp> {
        let steps = self.steps.iter().filter_map(|step| match step.verb {
            // The next step waits for nothing.
            Verb::AvoidNode | Verb::RestoreTarget => Some(now),
            Verb::Surge | Verb::Reschedule => Some(facts::soon(now)),
            _ => None,
        });
        steps.min()
    }

    /// The plan in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut words = String::new();
        for step in &self.steps {
            let separator = if words.is_empty() { "" } else { "; then " };
            // Writing to a String cannot fail.
            let _ = write!(words, "{separator}{}", step.describe());
        }
        words
    }
}

impl Step {
    /// The step in words.
    #[must_use]
    pub fn describe(&self) -> String {
        let Step { target, reason, .. } = self;
        let what = words(self.verb);
        format!("{what} {} {} ({}): {reason}", target.kind, target.name, self.change.describe())
    }

    /// The change of a floor; `None`: it changes something else.
    #[must_use]
    pub fn floor(&self) -> Option<&FloorChange> {
        match &self.change {
            Change::Floor(change) => Some(change),
            _ => None,
        }
    }

    /// The change of a CPU target; `None`: it changes something else.
    #[must_use]
    pub fn cpu_target(&self) -> Option<&CpuTargetChange> {
        match &self.change {
            Change::CpuTarget(change) => Some(change),
            _ => None,
        }
    }

    /// It is done ahead of the load, while no objective is in danger.
    #[must_use]
    pub fn is_ahead(&self) -> bool {
        self.floor().is_some_and(|change| change.ahead)
    }

    /// The change of a rollout; `None`: it changes something else.
    #[must_use]
    pub fn rollout(&self) -> Option<&RolloutChange> {
        match &self.change {
            Change::Rollout(change) => Some(change),
            _ => None,
        }
    }

    /// The change of a pod's size; `None`: it changes something else.
    #[must_use]
    pub fn resize(&self) -> Option<&ResizeChange> {
        match &self.change {
            Change::Resize(change) => Some(change),
            _ => None,
        }
    }

    fn intent(&self, now: Timestamp) -> ActionRecord {
        let (from, to) = self.change.numbers();
        ActionRecord {
            id: self.id.clone(),
            verb: self.verb,
            target: self.target.clone(),
            from,
            to,
            reason: self.reason.clone(),
            hypothesis: self.hypothesis.clone(),
            ahead: self.is_ahead(),
            phase: ActionPhase::Intended,
            intended_at: Time(now),
            deadline: Time(self.deadline),
            outcome: String::new(),
            verdict: None,
            evidence: self.before.to_string(),
        }
    }
}

impl Change {
    /// The change in words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            Self::Floor(change) => format!("{} -> {}", change.from, change.to),
            Self::CpuTarget(change) => change.describe(),
            Self::Rollout(change) => change.describe(),
            Self::Eviction(change) => format!("on node {}", change.node),
            Self::Node(change) => change.describe(),
            Self::Shed(change) => change.describe(),
            Self::Resize(change) => change.describe(),
        }
    }

    /// The numbers before and after, as far as it changes one.
    fn numbers(&self) -> (Option<i32>, Option<i32>) {
        match self {
            Self::Floor(change) => (Some(change.from), Some(change.to)),
            Self::CpuTarget(change) => change.numbers().unzip(),
            Self::Rollout(change) => (change.from, change.to),
            Self::Eviction(_) | Self::Node(_) | Self::Shed(_) => (None, None),
            Self::Resize(change) => (i32::try_from(change.from.limit).ok(), i32::try_from(change.to.limit).ok()),
        }
    }
}

/// A verb in words, before what it is done to.
#[must_use]
pub fn words(verb: Verb) -> &'static str {
    match verb {
        Verb::FreezeScaleDown => "hold the floor of",
        Verb::RaiseFloor | Verb::Surge => "raise the floor of",
        Verb::LowerFloor => "lower the floor of",
        Verb::Restore => "give the floor back of",
        Verb::ScaleDown => "let replicas go of",
        Verb::SetTarget => "set the CPU target of",
        Verb::RestoreTarget => "put back the CPU target of",
        Verb::PauseRollout => "pause the rollout of",
        Verb::RollBack => "undo the revision of",
        Verb::ReleaseRollout => "give the rollout back of",
        Verb::Reschedule => "evict",
        Verb::AvoidNode => "keep new pods off",
        Verb::ReleaseNode => "let new pods onto",
        Verb::Shed => "shed load through",
        Verb::StopShedding => "shed no more load through",
        Verb::Resize => "resize",
        Verb::RestoreSize => "give its template's size to",
    }
}

/// The id of a step: agreement, verb, target and the slot the decision rests on. Sixteen hex digits of SHA-256.
#[must_use]
pub fn step_id(agreement: &AgreementIdentity, verb: Verb, target: &ActionTarget, slot: Timestamp) -> String {
    digest(&format!("{}|{verb:?}|{}|{}", agreement.uid, target.uid, slot.as_second()))
}

/// The id of a raise ahead of the load: that of no other step, by the newest sample the decision rests on.
#[must_use]
pub fn ahead_id(agreement: &AgreementIdentity, target: &ActionTarget, through: Timestamp) -> String {
    digest(&format!("{}|ahead|{}|{}", agreement.uid, target.uid, through.as_second()))
}

fn digest(content: &str) -> String {
    let mut id = String::new();
    for byte in Sha256::digest(content.as_bytes()).iter().take(8) {
        // Writing to a String cannot fail.
        let _ = write!(id, "{byte:02x}");
    }
    id
}
