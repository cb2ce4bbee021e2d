//! What the repository promises about itself: one way through the code, and nothing written twice.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod a_month_fits_its_ledger;
mod crds_are_generated;
mod helm;
mod keeps_floats_out_of_the_account;
mod one_way_through_the_code;
mod the_chart_grants_what_the_code_needs;
mod the_chart_renders;
mod the_readme_lists_every_bound;
mod the_readme_lists_every_code;
mod the_readme_lists_every_constant;
mod the_readme_lists_every_fault;
mod the_readme_lists_every_metric;
mod the_readme_lists_what_can_be_agreed;
