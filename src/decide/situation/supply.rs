//! What a decision about more replicas rests on beside the workload: what is left for them, and what is at stake.

use crate::evaluate::stake::Stake;
use crate::sense::headroom::Headroom;

/// What is left, and what is at stake.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supply {
    /// What is left for more pods of the workload.
    pub headroom: Headroom,
    /// What the agreement loses next.
    pub stake: Stake,
}
