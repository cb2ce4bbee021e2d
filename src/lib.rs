//! Guarantor keeps service level agreements.

pub mod api;
