//! The operator as users meet it: a real control plane, a real Prometheus, the chart's own rights, and `kubectl`.
//!
//! One control plane serves all tests of this binary; every test has a namespace, a Prometheus and an operator of its
//! own, so that it may break them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod fleet;
mod raises_the_floor_of_an_autoscaler;
mod stage;
mod two_hundred_idle_agreements_cost_little;
