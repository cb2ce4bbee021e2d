//! Tables and properties of the whole way from text to figure.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod by_label;
mod confinement;
mod expressions;
mod forms;
mod hostile;
mod joining;
mod latency;
mod printing;
mod quantities;
mod raw;
mod refusals;
mod scraped;
mod store;
