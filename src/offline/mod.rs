//! What people do with Guarantor's records without the operator: read, print and verify them.
//!
//! Takes files, or names of a cluster that is only read; gives text and an exit code. Must never write to a cluster. May
//! use all stages, as the controller does.

pub mod statement;
