use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::example::{agreement, at, second};
use super::super::period::Schedule;
use super::super::validate::validate;
use super::*;

fn amended_by(rule: &str, amendments: &Value) -> AgreementSpec {
    let mut value = serde_json::to_value(agreement()).unwrap();
    value["amendmentRule"] = json!(rule);
    value["amendments"] = amendments.clone();
    serde_json::from_value(value).unwrap()
}

fn two(rule: &str) -> AgreementSpec {
    let mut objectives = serde_json::to_value(agreement().objectives).unwrap();
    objectives[0]["target"] = json!("99.5");
    let fee = json!({"amount": "5000.00", "currency": "EUR"});
    amended_by(
        rule,
        &json!([{"effective": "2026-02-11", "fee": fee}, {"effective": "2026-04-01", "objectives": objectives}]),
    )
}

/// Periods from the beginning on: first day, and target and fee by which they are settled.
fn settled(spec: &AgreementSpec, count: usize) -> Vec<(String, String, String)> {
    let schedule = Schedule::new(spec, at("2026-01-01T00:00:00Z")).unwrap();
    let mut period = schedule.containing(schedule.from());
    let mut found = Vec::new();
    while let Some(bounds) = period.filter(|_| found.len() < count) {
        let terms = terms_at(spec, bounds.start).unwrap();
        let day = bounds.start.to_zoned(schedule.zone().clone()).date().to_string();
        let fee = terms.credits.as_ref().unwrap().fee.amount.to_string();
        found.push((day, terms.objectives[0].target.to_string(), fee));
        period = schedule.next(&bounds);
    }
    found
}

fn rows(rows: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    rows.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

#[test]
fn split_closes_the_running_period_at_the_change() {
    let expected = [
        ("2026-01-01", "99.9", "4000.00"),
        ("2026-02-01", "99.9", "4000.00"),
        ("2026-02-11", "99.9", "5000.00"),
        ("2026-03-01", "99.9", "5000.00"),
        ("2026-04-01", "99.5", "5000.00"),
        ("2026-05-01", "99.5", "5000.00"),
    ];
    assert_eq!(settled(&two("Split"), 6), rows(&expected));
}

#[test]
fn next_period_lets_the_running_one_end_by_the_terms_it_began_with() {
    let expected = [
        ("2026-01-01", "99.9", "4000.00"),
        ("2026-02-01", "99.9", "4000.00"),
        ("2026-03-01", "99.9", "5000.00"),
        ("2026-04-01", "99.5", "5000.00"),
    ];
    assert_eq!(settled(&two("NextPeriod"), 4), rows(&expected));
}

#[test]
fn a_part_of_a_split_period_belongs_to_the_whole_one() {
    let spec = two("Split");
    let schedule = Schedule::new(&spec, at("2026-01-01T00:00:00Z")).unwrap();
    let february = schedule.whole(at("2026-02-15T00:00:00Z")).unwrap();
    assert_eq!(february, Bounds { start: at("2026-01-31T23:00:00Z"), end: at("2026-02-28T23:00:00Z") });
    let first = schedule.containing(at("2026-02-10T22:59:59Z")).unwrap();
    let second = schedule.containing(at("2026-02-10T23:00:00Z")).unwrap();
    assert_eq!((first.start, first.end, second.end), (february.start, second.start, february.end));
}

#[test]
fn a_closed_period_is_known_by_the_last_amendment_that_was_in_force() {
    let spec = two("Split");
    for (start, day, target) in [
        ("2026-01-31T23:00:00Z", "", "99.9"),
        ("2026-02-10T23:00:00Z", "2026-02-11", "99.9"),
        ("2026-06-30T22:00:00Z", "2026-04-01", "99.5"),
    ] {
        assert_eq!(last_in_force(&spec, at(start)).unwrap(), day, "{start}");
        let (by_day, by_start) = (terms_through(&spec, day).unwrap(), terms_at(&spec, at(start)).unwrap());
        assert_eq!(by_day, by_start, "{start}");
        assert_eq!(by_day.objectives[0].target.to_string(), target);
    }
}

#[test]
fn an_amendment_that_cannot_be_worked_with_is_named_by_its_place() {
    let day = |day: &str| json!([{"effective": day, "missingData": {"treatAs": "Bad"}}]);
    let credits = json!({
        "fee": {"amount": "1", "currency": "EUR"},
        "tiers": [{"objective": "speed", "below": "9", "percentOfFee": "1"}],
    });
    let rules = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": "soon"}]});
    let sound = json!({"effective": "2026-02-01", "missingData": {"treatAs": "Exclude", "minimumCoverage": "50"}});
    let unordered = json!([sound, {"effective": "2026-02-01", "missingData": {"treatAs": "Good"}}]);
    let cases = [
        (day("2026-02-30"), "spec.amendments[0].effective"),
        (unordered, "spec.amendments[1].effective"),
        (
            json!([sound, {"effective": "2026-03-01", "credits": credits}]),
            "spec.amendments[1].credits.tiers[0].objective",
        ),
        (
            json!([sound, {"effective": "2026-03-01", "exclusions": rules}]),
            "spec.amendments[1].exclusions.rules[0].minimumNotice",
        ),
        (
            json!([{"effective": "2026-03-01", "missingData": {"treatAs": "Exclude", "minimumCoverage": "x"}}]),
            "spec.amendments[0].missingData.minimumCoverage",
        ),
    ];
    for (amendments, field) in cases {
        let faults = validate(&amended_by("Split", &amendments), "shop", at("2026-01-01T00:00:00Z"));
        assert_eq!(faults.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), [field]);
    }
    let mut free =
        amended_by("Split", &json!([{"effective": "2026-03-01", "fee": {"amount": "1", "currency": "EUR"}}]));
    free.credits = None;
    let faults = validate(&free, "shop", at("2026-01-01T00:00:00Z"));
    assert_eq!(faults[0].field, "spec.amendments[0].fee");
    let undecided = AgreementSpec { amendment_rule: None, ..two("Split") };
    assert_eq!(validate(&undecided, "shop", at("2026-01-01T00:00:00Z"))[0].field, "spec.amendmentRule");
}

proptest! {
    #[test]
    fn every_instant_lies_in_one_period_and_no_period_contains_a_change(
        days in prop::collection::btree_set(0i32..700, 0..6),
        offset in 0i64..60_000_000,
    ) {
        let first = k8s_openapi::jiff::civil::date(2026, 1, 1);
        let days: Vec<_> = days.into_iter().map(|d| first.checked_add(k8s_openapi::jiff::Span::new().days(d)).unwrap()).collect();
        let amendments: Vec<_> = days.iter().map(|day| json!({"effective": day.to_string(), "missingData": {"treatAs": "Good"}})).collect();
        let mut spec = amended_by("Split", &json!(amendments));
        spec.validity = None;
        let schedule = Schedule::new(&spec, at("2025-12-01T00:00:00Z")).unwrap();
        let instant = second(at("2026-01-01T12:00:00Z").as_second() + offset);
        let period = schedule.containing(instant).unwrap();
        prop_assert!(period.contains(instant));
        prop_assert_eq!(schedule.next(&period).unwrap().start, period.end);
        for change in instants(&spec).unwrap() {
            prop_assert!(change <= period.start || change >= period.end);
        }
    }
}
