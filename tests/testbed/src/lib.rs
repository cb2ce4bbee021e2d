//! Support for tests and demo.
