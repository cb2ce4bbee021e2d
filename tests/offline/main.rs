//! The commands that people run without the operator, run as users run them: the binary, files, and an exit code.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod accepts_every_example;
mod adds_the_days_that_were_granted;
mod command;
mod explains_a_decision;
mod explains_its_file;
mod finds_every_mistake;
mod keeps_every_digit;
mod marks_what_is_not_exact;
#[path = "../mistakes/mod.rs"]
mod mistakes;
mod names_its_sources_by_their_content;
mod names_the_field_that_is_wrong;
mod reads_what_kubectl_reads;
mod reckons_by_hand;
mod refuses_what_would_be_ignored;
mod remarks_on_tier_tables;
mod remarks_on_what_has_no_effect;
mod says_it_with_an_exit_code;
mod says_what_a_page_leaves_out;
mod sees_what_a_schema_cannot;
mod settlement;
mod settles_amended_terms;
mod settles_every_period_that_is_meant;
mod settles_exclusions_by_their_rules;
mod settles_long_periods;
mod settles_overlapping_outages;
mod settles_the_example;
mod settles_to_the_letter;
mod settles_what_is_unknown;
mod settles_what_was_notified;
mod simulates_a_trace;
mod simulates_the_example;
mod simulates_the_operator;
mod statement;
mod takes_the_agreements_slot;
mod takes_the_customers_choice;
mod verifies_what_was_settled;
