//! Calculating: agreement and observations in, ledger slots, assessment and credits out.
//!
//! Pure: time is an argument. Must never do I/O, read a clock, or use floats.
//!
//! The way through: a reading becomes a [`slot`] ([`indicator`]), slots make the [`ledger`] of a [`period`], a
//! counting method ([`methods`]) makes one figure of them, [`assess`] judges it against the target, [`statement`] writes
//! it down for good, [`verification`] does all of it again.

pub mod amendment;
pub mod assess;
pub mod assessment;
pub mod attribution;
pub mod budget;
pub mod burn_rate;
pub mod calendar;
pub mod canonical_json;
pub mod choice;
pub mod claim;
pub mod codec;
pub mod contract_dates;
pub mod count;
pub mod coverage;
pub mod credit;
pub mod credit_balance;
pub mod credit_course;
pub mod credit_life;
pub mod cure;
pub mod deadline;
pub mod detection;
pub mod due_slots;
pub mod enforcement_log;
pub mod exact;
pub mod exclusion;
pub mod exemption;
pub mod history;
pub mod indicator;
pub mod invalid;
pub mod ledger;
pub mod lint;
pub mod load_course;
pub mod methods;
pub mod owed;
pub mod parameter_rule;
pub mod payment;
pub mod period;
pub mod rate_sum;
pub mod restatement;
pub mod run;
pub mod series;
pub mod settlement;
pub mod slot;
pub mod span;
pub mod stake;
pub mod statement;
pub mod stored_ledger;
pub mod stretch;
pub mod term;
pub mod terms;
pub mod timeline;
pub mod validate;
pub mod verification;
pub mod violation;
pub mod window;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(crate) mod example;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
pub(crate) mod oracle;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod pitfalls;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod published;
