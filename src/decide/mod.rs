//! Deciding: assessment, workload, history and the present time in; one decision with its reason out.
//!
//! Pure: the same situation gives the same decision, to the id of the plan. Must never act, read a clock, or call random;
//! knows neither kube clients nor tokio. Missing data never reduces anything here.
//!
//! A decision goes through the folders in this order. [`situation`] is what it rests on. [`danger`] says whether an
//! objective is in danger, and since when; [`cause`] says why, and so which kind of action may help at all. [`capacity`],
//! on the scaling [`law`], says how many pods are needed and whether there is room for them. Then [`verb`] proposes what to
//! do, [`guard`] says whether that may be done, and what may is a [`plan`]. By its deadline a [`verdict`] says whether it
//! helped. What is remembered from one decision to the next, of what stands because of the operator, is in [`held`]; what
//! is told to people is the [`diagnosis`]. `workflow` leads through all this, `choice` picks the verb of the cause, and
//! `intent` finds out what became of an action whose end nobody has seen.
//!
//! What comes out is a `decision`. The caller writes the returned status and actions *before* it executes an admitted plan, so
//! that the intent outlives a crash, and enters the outcomes afterwards.

pub mod capacity;
pub mod cause;
mod choice;
pub mod danger;
mod decision;
pub mod diagnosis;
pub mod guard;
pub mod held;
mod intent;
pub mod law;
pub mod plan;
pub mod situation;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
pub(crate) mod tests;
pub mod verb;
pub mod verdict;
mod workflow;

pub use capacity::scarcity::FleetBid;
pub use decision::{Decided, Decision, Hints};
pub use guard::{Admitted, Hold};
pub use intent::{effect, keep};
pub use plan::{
    BaselineChange, Change, CpuTargetChange, CpuTargetWrite, EvictionChange, FloorChange, MarkChange, NodeChange,
    NodeWrite, Plan, Proposed, ResizeChange, RolloutChange, RolloutWrite, ShedChange, ShedWrite, Step, Value,
};
pub use situation::fleet::{FleetAct, FleetAvoidance, FleetEviction, FleetView};
pub use situation::supply::Supply;
pub use situation::{AgreementIdentity, Situation, Staleness};
pub use verb::cpu_target::release as release_cpu_target;
pub use verb::release::{Restoration, release_node, release_rollout, restore};
pub use verb::resize::release_sizes;
pub use verb::shedding::release as release_shed;
pub use workflow::decide;
