//! The operator as users meet it: a real control plane, a real Prometheus, the chart's own rights, and `kubectl`.
//!
//! One control plane serves all tests of this binary; every test has a namespace, a Prometheus and an operator of its
//! own, so that it may break them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod a_frozen_leader_writes_nothing_when_it_wakes;
mod accepts_every_example;
mod accounts;
mod agrees_with_the_offline_check;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/amounts.rs"]
mod amounts;
mod answers_the_faults_of_the_drill;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/arithmetic.rs"]
mod arithmetic;
mod backfill;
mod catches_up_what_it_missed;
mod claims_a_credit_as_two_people;
mod closes_a_period_once;
mod closes_the_account_of_a_deleted_agreement;
#[path = "../cases/credits.rs"]
mod credits;
mod ends_like_its_undisturbed_twin;
#[path = "../cases/exempt.rs"]
mod exempt;
mod explains_its_fields;
mod fills_in_what_is_left_out;
mod fleet;
mod freezes_scale_down_before_it_raises;
mod holds_where_a_quota_is_full;
mod holds_while_prometheus_is_silent;
mod is_upgraded_and_rolled_back;
mod keeps_a_tenant_at_home;
mod keeps_agreements_when_it_is_removed;
mod keeps_declaring_and_approving_apart;
mod keeps_what_was_agreed;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/known.rs"]
mod known;
mod lets_an_agreement_be_amended;
mod lets_the_owner_apply_while_a_floor_stands;
mod lives_on_the_rights_of_its_chart;
#[path = "../cases/measures.rs"]
mod measures;
#[path = "../mistakes/mod.rs"]
mod mistakes;
mod moves_a_sick_pod;
mod names_a_bad_revision_and_undoes_it;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/numerals.rs"]
mod numerals;
mod past;
#[path = "../cases/periods.rs"]
mod periods;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/phrases.rs"]
mod phrases;
mod raises_the_floor_of_a_scaled_object;
mod raises_the_floor_of_an_autoscaler;
mod raises_the_scale_where_nothing_else_does;
mod recommends_without_changing_anything;
#[path = "../cases/recovery.rs"]
mod recovery;
mod refusal;
mod refuses_broken_manifests;
mod resizes_throttled_pods;
mod restates_a_period_for_a_late_exclusion;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/scenario.rs"]
mod scenario;
mod settles_a_past_month_as_published;
mod settles_after_a_lost_answer;
mod settles_an_outage_with_a_credit;
mod settles_trailing_days;
mod sheds_load_in_a_storm;
mod stage;
mod steers_clear_of_a_sick_node;
mod two_hundred_idle_agreements_cost_little;
#[expect(dead_code, reason = "the published cases use the rest of it")]
#[path = "../cases/uptime.rs"]
mod uptime;
