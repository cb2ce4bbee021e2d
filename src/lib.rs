//! Guarantor keeps service level agreements.

pub mod act;
pub mod api;
pub mod decide;
pub mod evaluate;
pub mod sense;
