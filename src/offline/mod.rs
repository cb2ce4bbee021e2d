//! What people do with Guarantor without the operator.
//!
//! Sits beside [`crate::controller`] and, like it, may use all stages; the stages know nothing of it.

pub mod check;
