//! Support for tests and demo.

pub mod model;
