//! Calculating: agreement and observations in, ledger slots, assessment and credits out.
//!
//! Pure: time is an argument. Must never do I/O, read a clock, or use floats.

pub mod assessment;
