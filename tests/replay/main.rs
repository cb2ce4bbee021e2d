//! The whole operator in a closed loop with the plant of the simulator, in virtual time: recorded loads, and faults.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::print_stdout)]

mod every_trace_is_left_alone;
mod faults;
mod stage;
mod traces;
