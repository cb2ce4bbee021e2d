//! What people do with Guarantor without the operator: check manifests, try an agreement in a simulation, settle
//! measurements, print and verify statements, and have a decision explained.
//!
//! Sits beside [`crate::controller`] and, like it, may use all stages; the stages know nothing of it. Takes files, or
//! names of a cluster that is only read; gives text and an exit code. Must never write to a cluster.

pub mod check;
pub mod explain;
mod manifests;
mod prometheus;
pub mod settle;
#[allow(clippy::float_arithmetic, reason = "plays the law against a plant")]
pub mod simulate;
pub mod statement;
mod trouble;
