//! Guarantor keeps service level agreements.

pub mod api;
pub mod evaluate;
pub mod sense;
