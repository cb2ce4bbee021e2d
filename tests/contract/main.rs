//! What the repository promises about itself: one way through the code, and nothing written twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod crds_are_generated;
mod one_way_through_the_code;
