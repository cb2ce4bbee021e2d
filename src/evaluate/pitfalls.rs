//! Where the numbers of other systems go wrong: one test for each way, named after it.
//!
//! What goes wrong between the store and a slot is in [`reading`]. Elsewhere, as it needs more than arithmetic: figures of
//! two requests at two instants (`sense/reader/tests/joining.rs`, every request of a slot names its end), agreements of one
//! name in two namespaces (`record/metrics/tests.rs`), and a broken object that stops all others
//! (`tests/reconcile/an_object_that_cannot_be_read_disturbs_no_other.rs`, and of one objective
//! `a_refused_objective_holds_up_no_other.rs`). One way is not open: no rules are generated that somebody could edit or
//! delete in the store; what is asked is printed anew from the agreement each time.

mod reading;

use k8s_openapi::jiff::SignedDuration;

use super::amendment::{terms_at, terms_through};
use super::assess::{Circumstances, assess};
use super::burn_rate;
use super::coverage::{MissingDataRule, judge};
use super::due_slots::DueSlots;
use super::exact::{percent_text, share};
use super::example::{SETTLE, agreement, at, ledger, measured, ratio, second};
use super::exclusion::{Exclusions, Honoured, Provenance};
use super::exemption::{Exemptions, Record};
use super::indicator::slot;
use super::ledger::Ledger;
use super::methods::bad_minutes::BadMinutes;
use super::methods::events::Events;
use super::methods::minute_rule::MinuteRule;
use super::methods::{Account, CountingMethod};
use super::period::{Bounds, Schedule};
use super::slot::{Slot, UnknownCause};
use crate::api::agreement::{AgreementSpec, TreatAs};
use crate::api::agreement_status::State;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::sense::observation::{Reading, ReadingPair, SlotReading};

fn events(slots: &[Slot]) -> Events<'_> {
    Events::of(Record::AsRead(DueSlots::new(slots, slots.len(), 0, 300)))
}

fn account(slots: &[Slot]) -> Account {
    events(slots).account()
}

fn verdict(slots: &[Slot], target: &str) -> State {
    let rule = MissingDataRule { treat_as: TreatAs::Exclude, minimum: ratio(9, 10) };
    judge(&account(slots), &share(&target.into()).unwrap(), &rule).state
}

/// Eight busy hours of 100 events a slot, sixteen quiet ones of one event; an hour of outage at noon or at night.
fn day(busy_bad: usize, quiet_bad: usize) -> Vec<Slot> {
    [
        vec![measured(100, 100); busy_bad],
        vec![measured(100, 0); 8 * 12 - busy_bad],
        vec![measured(1, 1); quiet_bad],
        vec![measured(1, 0); 16 * 12 - quiet_bad],
    ]
    .concat()
}

#[test]
fn average_of_averages_is_not_the_attainment() {
    let mean_of_slots = ratio(23, 24);
    assert_eq!(account(&day(12, 0)).attainment, Some(ratio(8_592, 9_792)));
    assert_eq!(account(&day(0, 12)).attainment, Some(ratio(9_780, 9_792)));
    assert!(account(&day(12, 0)).attainment < Some(mean_of_slots.clone()));
    assert!(account(&day(0, 12)).attainment > Some(mean_of_slots));
}

#[test]
fn one_slot_of_zero_by_zero_does_not_poison_the_month() {
    let slots =
        [vec![measured(100, 0); 50], vec![measured(0, 0)], vec![Slot::unknown(UnknownCause::NonFinite, 1)]].concat();
    assert_eq!(account(&slots).attainment, Some(ratio(1, 1)));
    assert_eq!((account(&slots).census.no_traffic, account(&slots).census.unknown), (1, 1));
}

#[test]
fn no_data_is_not_one_hundred_percent() {
    let slots = vec![Slot::unknown(UnknownCause::NoSamples, 1); 10];
    assert_eq!(account(&slots).attainment, None);
    assert_eq!(verdict(&slots, "99.9"), State::NotDetermined);
}

#[test]
fn slots_without_errors_count_as_much_as_slots_with_errors() {
    // Where a missing error series drops the slot, only the slot with the error is left: 90 %.
    let slots = [vec![measured(10, 0); 99], vec![measured(10, 1)]].concat();
    assert_eq!(account(&slots).attainment, Some(ratio(999, 1000)));
}

#[test]
fn what_shows_as_the_target_may_be_a_breach() {
    let attained = ratio(1_295_347, 1_296_000);
    assert_eq!(percent_text(&attained), "99.949614");
    assert_eq!(verdict(&[measured(1_296_000, 653)], "99.95"), State::Violated);
    assert_eq!(verdict(&[measured(1_296_000, 648)], "99.95"), State::Fulfilled);
    // Shown alike to six places, and still on both sides of the target.
    assert_eq!(verdict(&[measured(2_000_000_000, 1_000_000)], "99.95"), State::Fulfilled);
    assert_eq!(verdict(&[measured(2_000_000_000, 1_000_001)], "99.95"), State::Violated);
}

#[test]
fn exactly_the_target_is_kept_for_every_decimal_target() {
    for tenths in 1..=1000u32 {
        let target = format!("{}.{}", tenths / 10, tenths % 10);
        assert_eq!(verdict(&[measured(1000, 1000 - tenths)], &target), State::Fulfilled, "{target}");
        if tenths > 1 {
            assert_eq!(verdict(&[measured(1000, 1001 - tenths)], &target), State::Violated, "{target}");
        }
    }
}

#[test]
fn a_hundred_percent_target_divides_by_nothing() {
    let spec = AgreementSpec { objectives: vec![], credits: None, ..agreement() };
    let mut objective = agreement().objectives.remove(0);
    objective.target = "100".into();
    let spec = AgreementSpec { objectives: vec![objective], ..spec };
    let bounds = Bounds { start: second(0), end: second(86_400) };
    for (bad, state) in [(0, State::Fulfilled), (1, State::Violated)] {
        let slots = vec![measured(1_000_000, bad); 3];
        let assessment =
            assess(&spec, &ledger(bounds, 300, &slots), &Circumstances::default(), second(930), SETTLE).unwrap();
        let objective = &assessment.objectives[0];
        assert_eq!((objective.state, objective.budget_remaining.clone()), (state, None));
        assert!(objective.burn_rates.iter().all(|w| w.rate.is_none()));
        assert_eq!(objective.bad_events, ratio(3 * i64::from(bad), 1));
    }
}

#[test]
fn a_burn_threshold_that_no_error_rate_can_reach_is_lowered_until_one_can() {
    // At a target of 90 % the highest burn rate is 10, and the workbook's 14.4 would never fire.
    let slots = vec![measured(10, 10); 8_640];
    let burn = burn_rate::burn(&events(&slots), &ratio(9, 10), 30 * 86_400);
    assert!(burn.burning);
    assert!(burn.rates.iter().all(|w| w.rate == Some(ratio(10, 1))));
}

#[test]
fn short_windows_never_become_zero() {
    for period in [10, 60, 120, 3_600, 86_400] {
        assert!(burn_rate::pairs(period, 5).iter().all(|p| p.short >= 2 && p.long >= 4));
    }
}

#[test]
fn a_month_is_not_thirty_days() {
    // March 2025 in Berlin has 743 hours: 2,676 bad seconds of events are a breach of 99.9, with 744 they were not.
    let spec = agreement();
    let spec = AgreementSpec { validity: None, ..spec };
    let schedule = Schedule::new(&spec, at("2024-01-01T00:00:00Z")).unwrap();
    let seconds = schedule.containing(at("2025-03-10T00:00:00Z")).unwrap().seconds();
    assert_eq!(seconds, 743 * 3600);
    let march = [measured(u32::try_from(seconds).unwrap(), 2_676)];
    assert_eq!(percent_text(&account(&march).attainment.unwrap()), "99.899955");
    assert_eq!(verdict(&march, "99.9"), State::Violated);
    assert_eq!(verdict(&[measured(744 * 3600, 2_676)], "99.9"), State::Fulfilled);
}

#[test]
fn a_budget_begins_anew_with_each_period_and_not_thirty_days_after_a_breach() {
    // A night that spent the whole budget of June, seen on the last day of June and on the first of July.
    let spec = AgreementSpec { validity: None, ..agreement() };
    let schedule = Schedule::new(&spec, at("2024-01-01T00:00:00Z")).unwrap();
    let slots = |day: &str| {
        let period = schedule.containing(at(day)).unwrap();
        let mut book = Ledger::new(period, 300, ["availability"]).unwrap();
        let (night, over) = (at("2025-06-29T22:00:00Z"), at("2025-06-30T06:00:00Z"));
        let mut start = period.start;
        while start < at(day) {
            let bad = u32::from(night <= start && start < over);
            book.insert("availability", start, measured(1, bad)).unwrap();
            start = second(start.as_second() + 300);
        }
        let due = book.due_slots("availability", at(day), k8s_openapi::jiff::SignedDuration::ZERO);
        Events::of(Record::AsRead(due)).account().attainment.unwrap()
    };
    assert!(slots("2025-06-30T12:00:00Z") < ratio(99, 100));
    assert_eq!(slots("2025-07-01T12:00:00Z"), ratio(1, 1));
}

#[test]
fn an_outage_over_the_turn_of_the_month_is_split_where_the_zone_says() {
    // 15:30 to 17:30 UTC on 2025-06-30 is 23:30 to 01:30 in Shanghai: half an hour is June's.
    let spec = AgreementSpec { time_zone: "Asia/Shanghai".to_owned(), validity: None, ..agreement() };
    let june =
        Schedule::new(&spec, at("2024-01-01T00:00:00Z")).unwrap().containing(at("2025-06-15T00:00:00Z")).unwrap();
    let mut book = Ledger::new(june, 300, ["availability"]).unwrap();
    let (outage, over) = (at("2025-06-30T15:30:00Z"), at("2025-06-30T17:30:00Z"));
    let mut start = june.start;
    let mut refused = 0;
    while start < at("2025-07-01T00:00:00Z") {
        let bad = u32::from(outage <= start && start < over);
        refused += i32::from(book.insert("availability", start, measured(1, bad)).is_err());
        start = second(start.as_second() + 300);
    }
    assert_eq!(refused, 8 * 12, "eight hours belong to July");
    let account =
        Events::of(Record::AsRead(book.due_slots("availability", june.end, k8s_openapi::jiff::SignedDuration::ZERO)))
            .account();
    assert_eq!(percent_text(&account.attainment.unwrap()), "99.930555");
}

#[test]
fn an_operator_that_was_down_does_not_shorten_the_period() {
    let bounds = Bounds { start: second(0), end: second(86_400) };
    let slots = vec![measured(100, 0); 100];
    let assessment =
        assess(&agreement(), &ledger(bounds, 300, &slots), &Circumstances::default(), second(86_430), SETTLE).unwrap();
    assert_eq!(assessment.objectives[0].coverage, Some(ratio(100, 288)));
    assert_eq!(assessment.state, State::NotDetermined);
}

#[test]
fn more_good_traffic_refills_the_budget_of_a_running_period() {
    let left = |slots: &[Slot]| {
        let bounds = Bounds { start: second(0), end: second(86_400) };
        let now = second(i64::try_from(slots.len()).unwrap() * 300 + 30);
        assess(&agreement(), &ledger(bounds, 300, slots), &Circumstances::default(), now, SETTLE).unwrap().objectives[0]
            .budget_remaining
            .clone()
    };
    assert_eq!(left(&[measured(1_000, 1)]), Some(ratio(0, 1)));
    assert_eq!(left(&[measured(1_000, 1), measured(3_000, 0)]), Some(ratio(3, 4)));
}

/// A month of minutes of which these are bad from its beginning on, and then these unknown.
fn minutes(bad: usize, unknown: usize) -> Vec<Slot> {
    let unknown = vec![Slot::unknown(UnknownCause::Unreachable, 1); unknown];
    let slots = [vec![measured(60, 60); bad], unknown].concat();
    let rest = 43_200 - slots.len();
    [slots, vec![measured(60, 0); rest]].concat()
}

fn time(slots: &[Slot], exclusions: &Exclusions) -> Account {
    let measurement = serde_json::json!({"method": "BadMinutes", "badWhen": {"allFail": true}});
    let rule = MinuteRule::of(0, &serde_json::from_value(measurement).unwrap()).unwrap();
    let due = DueSlots::new(slots, slots.len(), 0, 60);
    BadMinutes::new(&rule, due, &Exemptions::of(exclusions, "availability")).account()
}

#[test]
fn a_correction_drops_time_or_counts_it_as_uptime_as_the_agreement_says() {
    // 259 bad minutes of 43,200 are 0.6 %. A sixth of the month is taken out: of the rest they are 0.72 %; counted as
    // uptime they stay what they were.
    let corrected = |effect| {
        let bounds = Bounds { start: second(7_200 * 60), end: second(14_400 * 60) };
        let honoured = Honoured {
            provenance: Provenance::default(),
            name: "works".to_owned(),
            reason: ExclusionReason::Maintenance,
            effect,
            objectives: Vec::new(),
            spans: vec![bounds],
            events: None,
        };
        let exclusions = Exclusions { honoured: vec![honoured], refused: Vec::new() };
        percent_text(&time(&minutes(259, 0), &exclusions).attainment.unwrap())
    };
    assert_eq!(corrected(ExclusionEffect::CountAsGood), "99.400462");
    assert_eq!(corrected(ExclusionEffect::Exclude), "99.280555");
}

#[test]
fn a_monitoring_outage_is_neither_downtime_nor_uptime() {
    let account = time(&minutes(20, 100), &Exclusions::default());
    assert_eq!((account.good, account.total), (ratio(43_080 * 60, 1), ratio(43_100 * 60, 1)));
    assert_eq!(account.coverage, Some(ratio(431, 432)));
    let (worst, best) = account.bounds.unwrap();
    assert_eq!((percent_text(&worst), percent_text(&best)), ("99.722222".to_owned(), "99.953703".to_owned()));
}

#[test]
fn a_budget_of_minutes_is_not_refilled_by_traffic() {
    let busy: Vec<Slot> = minutes(20, 0).iter().map(|slot| slot.recounted(slot.counted().times(1_000))).collect();
    let quiet = time(&minutes(20, 0), &Exclusions::default());
    assert_eq!(time(&busy, &Exclusions::default()).attainment, quiet.attainment);
}

#[test]
fn what_the_store_forgot_is_unknown_and_not_cut_off() {
    let forgotten = vec![Slot::unknown(UnknownCause::BeyondRetention, 1); 20_000];
    let slots = [forgotten, vec![measured(60, 0); 23_200]].concat();
    let account = time(&slots, &Exclusions::default());
    assert_eq!(account.attainment, Some(ratio(1, 1)));
    assert_eq!(account.coverage, Some(ratio(232, 432)));
    assert_eq!(account.bounds, Some((ratio(232, 432), ratio(1, 1))));
}

#[test]
fn a_mean_of_slots_is_taken_only_when_it_is_asked_for_by_name() {
    // The same day as above: one hour of outage at noon, by events and by slots.
    let of = |method: &str| {
        let mut spec = serde_json::to_value(agreement()).unwrap();
        spec["objectives"][0]["measurement"] = serde_json::json!({"method": method});
        let bounds = Bounds { start: second(0), end: second(86_400) };
        let spec = serde_json::from_value(spec).unwrap();
        let assessment =
            assess(&spec, &ledger(bounds, 300, &day(12, 0)), &Circumstances::default(), second(90_000), SETTLE);
        assessment.unwrap().objectives[0].attainment.clone()
    };
    assert_eq!((of("Events"), of("MeanOfSlots")), (Some(ratio(8_592, 9_792)), Some(ratio(23, 24))));
}

#[test]
fn a_part_above_its_total_is_not_clamped_and_several_series_are_not_the_first_of_them() {
    let indicator = agreement().objectives.remove(0).indicator;
    let of = |total: Reading, part: Reading| {
        let counted = ReadingPair { total, part };
        let samples = Reading::Value(ratio(20, 1));
        let reading = SlotReading { start: second(0), counted, born: None, all_births: None, samples, deployed: None };
        slot(&indicator, &reading, 1).unknown_cause()
    };
    let events = |n: i64| Reading::Value(ratio(n, 1));
    assert_eq!(of(events(100), events(101)), Some(UnknownCause::PartAboveTotal));
    assert_eq!(of(Reading::TooManySeries(2), events(1)), Some(UnknownCause::TooManySeries));
}

#[test]
fn an_edited_promise_does_not_mix_the_old_and_the_new_one_in_one_window() {
    let edited = |rule: &str| -> AgreementSpec {
        let mut objectives = serde_json::to_value(&agreement().objectives).unwrap();
        objectives[0]["target"] = "98".into();
        let mut value = serde_json::to_value(agreement()).unwrap();
        value["amendmentRule"] = rule.into();
        value["amendments"] = serde_json::json!([{"effective": "2026-10-16", "objectives": objectives}]);
        serde_json::from_value(value).unwrap()
    };
    // One request in a hundred fails, all through October and November.
    let judged = |spec: &AgreementSpec, instant: &str| {
        let period = Schedule::new(spec, at("2026-01-01T00:00:00Z")).unwrap().containing(at(instant)).unwrap();
        let slots = vec![measured(100, 1); usize::try_from(period.seconds() / 300).unwrap()];
        let terms = terms_at(spec, period.start).unwrap();
        let ledger = ledger(period, 300, &slots);
        let found = assess(&terms, &ledger, &Circumstances::default(), period.end, SignedDuration::ZERO).unwrap();
        (period, found.state)
    };
    let split = edited("Split");
    let (before, after) = (judged(&split, "2026-10-10T00:00:00Z"), judged(&split, "2026-10-20T00:00:00Z"));
    assert_eq!(before.0.end, after.0.start, "no slot is in both");
    assert_eq!((before.1, after.1), (State::Violated, State::Fulfilled), "each by its own promise");
    let next = edited("NextPeriod");
    assert_eq!(judged(&next, "2026-10-20T00:00:00Z").1, State::Violated, "the running month ends by the old one");
    assert_eq!(judged(&next, "2026-11-20T00:00:00Z").1, State::Fulfilled);
    // A month that was closed before keeps its promise, whatever was agreed since; and a slot knows by which it was read.
    assert_eq!(terms_through(&split, "").unwrap().objectives, agreement().objectives);
    assert_eq!(measured(1, 0).generation(), 1);
}
