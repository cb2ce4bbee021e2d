//! Deciding: assessment, workload, history and the present time in; one decision with its reason out.
//!
//! Pure: the same situation gives the same decision, to the id of the plan. Must never act, read a clock, or call random;
//! knows neither kube clients nor tokio. Missing data never reduces anything here.
//!
//! The caller writes the returned status and actions *before* it executes an admitted plan, so that the intent outlives a
//! crash, and enters the outcomes afterwards.

mod ahead;
pub mod avoidance;
mod bid;
pub mod budgets;
pub mod capacity;
pub mod cause;
mod choice;
mod connections;
pub mod cpu_target;
pub mod cpu_target_state;
pub mod diagnosis;
pub mod episode;
mod evacuation;
pub mod evidence;
pub mod facts;
pub mod feasibility;
pub mod fleet;
pub mod guard;
pub mod hand;
mod harm;
pub mod health;
mod intent;
mod lasting;
pub mod law;
pub mod load;
pub mod moved;
mod own;
pub mod owned;
pub mod plan;
pub mod policy;
pub mod pulse;
pub mod record;
pub mod refusal;
pub mod release;
pub mod reschedule;
pub mod resize;
pub mod resized;
mod scarcity;
pub mod shed_state;
pub mod shedding;
pub mod situation;
pub mod size;
pub mod standing;
pub mod steer;
pub mod supply;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
pub(crate) mod tests;
pub mod throttling;
pub mod timing;
pub mod undo;
pub mod upstream;
pub mod usage;
pub mod verdict;
mod workflow;

pub use cpu_target::release as release_cpu_target;
pub use fleet::{FleetAct, FleetAvoidance, FleetEviction, FleetView};
pub use guard::{Admitted, Hold};
pub use intent::{effect, keep};
pub use plan::{
    BaselineChange, Change, CpuTargetChange, CpuTargetWrite, EvictionChange, FloorChange, MarkChange, NodeChange,
    NodeWrite, Plan, Proposed, ResizeChange, RolloutChange, RolloutWrite, ShedChange, ShedWrite, Step, Value,
};
pub use release::{Restoration, release_node, release_rollout, restore};
pub use resize::release_sizes;
pub use scarcity::FleetBid;
pub use shedding::release as release_shed;
pub use situation::{AgreementIdentity, Situation, Staleness};
pub use supply::Supply;
pub use workflow::{Decided, Decision, Hints, decide};
