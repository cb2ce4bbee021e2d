//! Telling: status, Events, statements and their forms for people, ledgers and the operator's own metrics.
//!
//! Skips what equals what was told before. A failed Event or metric never fails a reconcile.

pub mod event;
pub mod explanation;
pub mod form;
pub mod ledger;
pub mod material;
pub mod metrics;
pub mod status;
pub mod writer;
