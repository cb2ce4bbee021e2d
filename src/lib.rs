//! Guarantor keeps service level agreements.

pub mod act;
pub mod api;
pub mod controller;
pub mod decide;
pub mod evaluate;
pub mod record;
pub mod runtime;
pub mod sense;
