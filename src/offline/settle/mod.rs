//! `guarantor settle`: an agreement and measurements in, the statements of its periods out, without a cluster.
//!
//! The same core as the operator's: [`measurements`] (the file) → [`fit`] (it belongs to the agreement) → [`effect`] (it
//! changes something) → [`periods`] (which ones; `past`: those before them that a store has) → [`series`] (their slots) →
//! [`account`] (each period's exclusions, assessment and statement, revision by revision) → [`consequences`] (what
//! follows: claims, payments, the term) → [`report`]. [`command`] is the whole way on one page.

pub mod account;
pub mod choice;
pub mod command;
pub mod consequences;
mod contradiction;
pub mod effect;
pub mod fault;
pub mod fit;
pub mod grants;
pub mod incidents;
pub mod measurements;
mod outside;
mod past;
pub mod payments;
pub mod periods;
mod reading;
mod remarks;
pub mod report;
pub mod revisions;
pub mod series;
mod store;
pub mod view;
