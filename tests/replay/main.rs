//! The whole operator in a closed loop with the plant of the simulator, in virtual time: recorded loads, and faults.

#![allow(clippy::expect_used, clippy::unwrap_used, clippy::print_stdout)]
// Seconds, pods and seeds are small whole numbers.
#![allow(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss
)]

mod every_trace_is_left_alone;
mod faults;
mod stage;
mod traces;
mod who_follows;
