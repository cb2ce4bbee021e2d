//! Reading from real stores: what one agreement counts must not depend on the store that holds its metrics.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod counters;
mod exactness;
mod histograms;
mod history;
mod joining;
mod refusals;
mod retention;
mod settling;
mod simulating;
mod stores;
mod the_last_minute;
