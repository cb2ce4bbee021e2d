//! Tests of deciding: the ladder, the accidents of others, the history, and properties over random situations.

mod accidents;
mod capacity;
mod feasibility;
pub(crate) mod fixture;
mod guards;
mod history;
mod ladder;
pub(crate) mod moves;
pub(crate) mod nodes;
mod properties;
pub(crate) mod pulse;
mod pulse_danger;
mod reschedule;
mod reschedule_accidents;
mod rescheduling_guards;
mod rollback;
mod rollback_accidents;
pub(crate) mod rollouts;
mod scarcity;
mod shedding;
pub(crate) mod sheds;
mod steering;
mod steering_accidents;
mod steering_guards;
mod storm_accidents;
mod undoing_guards;
