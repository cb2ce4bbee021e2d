//! Tests of deciding: the ladder, the accidents of others, the history, and properties over random situations.

mod accidents;
mod capacity;
pub(crate) mod fixture;
mod guards;
mod history;
mod ladder;
pub(crate) mod moves;
mod properties;
pub(crate) mod pulse;
mod pulse_danger;
mod reschedule;
mod reschedule_accidents;
mod rescheduling_guards;
mod rollback;
mod rollback_accidents;
pub(crate) mod rollouts;
mod undoing_guards;
