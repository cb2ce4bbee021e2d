//! What comes out of deciding: the decision, and the state that goes with it.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionRecord, EnforcementStatus};

use super::guard::{Admitted, Hold};
use super::held::standing::Reset;
use super::plan::Plan;

/// What was decided.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// Do this.
    Act(Plan<Admitted>),
    /// This would be done if the mode allowed it, in words.
    Recommend(String),
    /// Something would be done, but not now.
    Hold(Hold),
    /// There is nothing to do.
    Nothing {
        /// As one word.
        reason: &'static str,
        /// In words.
        message: String,
        /// When to look again. `None`: with the next slot.
        until: Option<Timestamp>,
    },
}

/// What should stand in conditions. `None`: the condition does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hints {
    /// `ConflictingManager`, in words.
    pub conflicting_manager: Option<String>,
    /// `CapacityInsufficient`, in words.
    pub capacity_insufficient: Option<String>,
    /// Its reason, as one word.
    pub short_of: &'static str,
    /// `ActionHarmful`: the verb as its reason, and words.
    pub did_harm: Option<(&'static str, String)>,
    /// Somebody has just changed the floor: for an Event.
    pub reset: Option<Reset>,
}

/// A decision and the state that goes with it.
#[derive(Debug, PartialEq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The next `status.enforcement`.
    pub enforcement: EnforcementStatus,
    /// The next `status.actions`, newest first, the intents of the decision among them.
    pub actions: Vec<ActionRecord>,
    /// For the conditions.
    pub hints: Hints,
    /// More replicas are to be asked for, so that it is worth reading what is left for them.
    pub seeks_replicas: bool,
}
