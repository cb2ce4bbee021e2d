//! The controller against a modelled API server, under every fault of the sweep: whatever is cut off, refused or left
//! unanswered, the workload is treated the same and the account ends the same.
//!
//! Everything runs in this process and on paused time.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod a_breach_is_to_be_cured;
mod a_credit_lives_by_its_claims;
mod a_full_ledger_takes_no_more_counts;
mod a_granted_credit_is_to_be_paid;
mod a_lagging_watch_makes_nothing_happen_twice;
mod a_missed_event_is_made_up_for;
mod a_refused_objective_holds_up_no_other;
mod a_restated_credit_owes_the_difference;
mod amends_an_agreement_in_force;
mod an_idle_agreement_costs_next_to_nothing;
mod an_object_that_cannot_be_read_disturbs_no_other;
mod caps_credits_over_periods;
mod closes_no_period_blind;
mod closes_the_account_before_the_agreement_goes;
mod conditions;
mod credits;
mod episodes;
mod finds_its_floor_when_the_status_was_lost;
mod gives_the_floor_back_before_the_agreement_goes;
mod holds_with_its_reason;
mod intents;
mod issues_one_statement_a_period;
mod looks_back_on_trailing_days;
mod moves_a_sick_pod;
mod moves_the_pods_of_a_sick_node;
mod offline;
mod owns_the_replicas;
mod raises_and_gives_back_the_floor_of_an_autoscaler;
mod raises_the_floor_ahead_of_the_load;
mod reads_a_source_made_anew_at_its_new_address;
mod recomputes_the_running_period_for_an_exclusion;
mod replica_set;
mod resizes_throttled_pods;
mod restates_a_period_for_a_late_exclusion;
mod rising_load;
mod rollouts;
mod says_what_is_hardly_meant;
mod says_what_is_wrong_and_recovers;
mod scales_a_workload_without_an_autoscaler;
mod sees_across_the_end_of_a_period;
mod sees_an_outage_before_its_slots_do;
mod services;
mod sets_the_target;
mod sheds_load_in_a_storm;
mod slots_older_than_the_store_keeps_stay_unknown;
mod stage;
mod storms;
mod sweep;
mod takes_back_a_raise_that_did_harm;
mod takes_late_samples_into_account;
mod tells_apart_what_was_not_deployed;
mod tells_how_many_pods_the_load_needs;
mod tells_the_cause_of_a_danger;
mod tells_the_cause_of_a_violation;
mod tells_what_is_upstreams;
mod tells_what_the_api_server_refuses;
mod the_customer_chooses_a_credit;
mod the_term_is_told;
mod traffic;
mod two_agreements_do_not_share_a_workload;
mod undoes_a_bad_revision;
mod undoes_few_revisions_at_once;
