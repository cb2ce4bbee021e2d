use std::borrow::Borrow;

use k8s_openapi::jiff::civil::date;
use serde_json::{Value, json};

use super::super::example::{agreement, at};
use super::*;
use crate::api::agreement::AgreementSpec;
use crate::api::settlement::BusinessCalendar;

fn schedule(zone: &str, period: Value) -> Schedule {
    let period = serde_json::from_value(period).unwrap();
    let spec = AgreementSpec { time_zone: zone.to_owned(), period, validity: None, ..agreement() };
    Schedule::new(&spec, at("2020-01-01T00:00:00Z")).unwrap()
}

fn months() -> Schedule {
    schedule("UTC", json!({"calendar": "Month"}))
}

fn rule(after: &str, form: impl Borrow<Value>) -> Deadline {
    let mut value = json!({"name": "claim", "after": after});
    value.as_object_mut().unwrap().extend(form.borrow().as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

fn incident(on: &str) -> Anchors {
    Anchors { incident: Some(at(&format!("{on}T12:00:00Z"))), ..Anchors::default() }
}

fn due(after: &str, form: impl Borrow<Value>, anchors: &Anchors, schedule: &Schedule) -> Due {
    deadline(&rule(after, form), anchors, schedule, &WorkingDays::default()).unwrap()
}

#[test]
fn published_claim_windows_end_on_their_day() {
    let quarters = schedule("UTC", json!({"calendar": "Quarter"}));
    let cases = [
        ("Amazon: the second billing cycle after", "Incident", json!({"periods": 2}), "2025-01-15", date(2025, 3, 31)),
        (
            "Azure: two months after the billing month",
            "PeriodEnd",
            json!({"months": 2}),
            "2025-01-15",
            date(2025, 3, 31),
        ),
        ("Azure, over February", "PeriodEnd", json!({"months": 2}), "2025-02-15", date(2025, 4, 30)),
        ("Azure, from June", "PeriodEnd", json!({"months": 2}), "2025-06-10", date(2025, 8, 31)),
        (
            "Microsoft: the end of the following month",
            "PeriodEnd",
            json!({"periods": 1}),
            "2025-02-15",
            date(2025, 3, 31),
        ),
        ("Atlassian: 15 days after the month", "PeriodEnd", json!({"days": 15}), "2025-06-10", date(2025, 7, 15)),
        ("Google: 30 days after the month", "PeriodEnd", json!({"days": 30}), "2025-06-10", date(2025, 7, 30)),
        ("Google Compute Engine: 60 days", "PeriodEnd", json!({"days": 60}), "2025-06-10", date(2025, 8, 29)),
        ("Snowflake: 21 days", "Incident", json!({"days": 21}), "2025-06-10", date(2025, 7, 1)),
        ("Alibaba: 60 days after the month", "PeriodEnd", json!({"days": 60}), "2025-01-31", date(2025, 4, 1)),
        ("Cloudflare: 5 business days", "Incident", json!({"workingDays": 5}), "2025-06-06", date(2025, 6, 13)),
        ("Cloudflare: the following billing month", "Incident", json!({"periods": 1}), "2025-06-06", date(2025, 7, 31)),
        ("its own month", "Incident", json!({"periods": 0}), "2025-06-06", date(2025, 6, 30)),
        ("a month after an event of the 31st", "Incident", json!({"months": 1}), "2025-01-31", date(2025, 2, 28)),
    ];
    for (case, after, form, on, day) in cases {
        assert_eq!(due(after, form, &incident(on), &months()).day, day, "{case}");
    }
    let github = due("PeriodEnd", json!({"days": 30}), &incident("2025-08-10"), &quarters);
    assert_eq!(github.day, date(2025, 10, 30), "GitHub: 30 days after the quarter");
}

#[test]
fn exactly_twenty_four_hours_are_within_twenty_four_hours() {
    let aware = Anchors { awareness: Some(at("2025-06-10T09:00:00Z")), ..Anchors::default() };
    let ticket = due("Awareness", json!({"within": "24h"}), &aware, &months());
    assert_eq!((ticket.at, ticket.day), (at("2025-06-11T09:00:00Z"), date(2025, 6, 11)));
    assert!(ticket.is_kept(ticket.at) && !ticket.is_kept(at("2025-06-11T09:00:00.000000001Z")));
    let claim = due("Awareness", json!({"periods": 1}), &aware, &months());
    assert_eq!(claim.day, date(2025, 7, 31));
}

#[test]
fn a_day_ends_with_its_last_instant_in_the_agreements_zone() {
    let shanghai = schedule("Asia/Shanghai", json!({"calendar": "Month"}));
    // 30 June 15:59 UTC is one minute before July in Shanghai.
    let anchors = Anchors { incident: Some(at("2025-06-30T15:59:00Z")), ..Anchors::default() };
    let june = due("PeriodEnd", json!({"days": 15}), &anchors, &shanghai);
    assert_eq!((june.day, june.at), (date(2025, 7, 15), at("2025-07-15T16:00:00Z")));
    assert!(june.is_kept(at("2025-07-15T15:59:59Z")) && !june.is_kept(june.at));
    let anchors = Anchors { incident: Some(at("2025-06-30T16:00:00Z")), ..Anchors::default() };
    assert_eq!(due("PeriodEnd", json!({"days": 15}), &anchors, &shanghai).day, date(2025, 8, 15));
}

#[test]
fn claims_open_with_the_beginning_of_their_day() {
    let sixth = rule("PeriodEnd", json!({"workingDays": 6}));
    let opens = opening(&sixth, &incident("2025-06-10"), &months(), &WorkingDays::default()).unwrap();
    assert_eq!(opens, Opening { day: date(2025, 7, 8), at: at("2025-07-08T00:00:00Z") });
    let holidays = BusinessCalendar { holidays: vec!["2025-07-04".to_owned()], ..BusinessCalendar::default() };
    let calendar = WorkingDays::new(&holidays).unwrap();
    assert_eq!(opening(&sixth, &incident("2025-06-10"), &months(), &calendar).unwrap().day, date(2025, 7, 9));
    let after = rule("Incident", json!({"within": "24h"}));
    let opens = opening(&after, &incident("2025-06-10"), &months(), &calendar).unwrap();
    assert_eq!(opens.at, at("2025-06-11T12:00:00Z"));
}

#[test]
fn a_settled_period_is_the_anchor_before_the_incident_is() {
    let billing = schedule("UTC", json!({"billing": {"anchorDay": 31}}));
    let period = billing.whole(at("2025-02-10T00:00:00Z"));
    let anchors = Anchors { period, ..Anchors::default() };
    // It ended at the beginning of the 28th of February: the anchor is the 27th.
    assert_eq!(due("PeriodEnd", json!({"days": 1}), &anchors, &billing).day, date(2025, 2, 28));
    assert_eq!(due("PeriodEnd", json!({"periods": 1}), &anchors, &billing).day, date(2025, 3, 30));
    let issued = Anchors { statement: Some(at("2025-03-01T08:00:00Z")), ..anchors };
    assert_eq!(due("Statement", json!({"days": 5}), &issued, &billing).day, date(2025, 3, 6));
}

#[test]
fn months_from_the_end_of_a_period_end_before_the_day_of_the_same_number() {
    // The last day of the period, the months, and the last day on which it is in time.
    let cases = [
        (date(2024, 1, 30), 1, date(2024, 2, 29)),
        (date(2023, 1, 30), 1, date(2023, 2, 28)),
        (date(2024, 1, 29), 1, date(2024, 2, 29)),
        (date(2023, 1, 29), 1, date(2023, 2, 28)),
        (date(2024, 1, 28), 1, date(2024, 2, 28)),
        (date(2024, 3, 30), 1, date(2024, 4, 30)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2024, 2, 29), 1, date(2024, 3, 31)),
        (date(2024, 6, 30), 2, date(2024, 8, 31)),
        (date(2024, 4, 14), 1, date(2024, 5, 14)),
        (date(2023, 12, 30), 14, date(2025, 2, 28)),
    ];
    let midnight = |day: Date| first_instant_of(day, months().zone()).unwrap();
    for (last, count, expected) in cases {
        let start = midnight(last.checked_sub(Span::new().days(9)).unwrap());
        let period = Some(Bounds { start, end: midnight(last.tomorrow().unwrap()) });
        let anchors = Anchors { period, ..Anchors::default() };
        assert_eq!(due("PeriodEnd", json!({"months": count}), &anchors, &months()).day, expected, "{last} and {count}");
    }
}

#[test]
fn a_claim_may_be_made_after_the_agreement_ended() {
    let ended = Schedule::new(&agreement(), at("2025-12-01T00:00:00Z")).unwrap();
    let anchors = incident("2026-12-20");
    assert_eq!(due("Incident", json!({"periods": 2}), &anchors, &ended).day, date(2027, 2, 28));
}

#[test]
fn what_can_not_be_reckoned_is_said_by_name() {
    let none = Anchors::default();
    let cases = [
        (rule("Awareness", json!({"days": 1})), none, "Awareness"),
        (rule("PeriodEnd", json!({"days": 1})), none, "PeriodEnd"),
        (rule("Incident", json!({})), incident("2025-06-10"), "exactly one"),
        (rule("Incident", json!({"days": 1, "months": 1})), incident("2025-06-10"), "exactly one"),
        (rule("Incident", json!({"within": "a day"})), incident("2025-06-10"), "within"),
        (rule("Incident", json!({"months": 120_000})), incident("2025-06-10"), "no day"),
    ];
    for (rule, anchors, expected) in cases {
        let error = deadline(&rule, &anchors, &months(), &WorkingDays::default()).unwrap_err().to_string();
        assert!(error.contains("\"claim\"") && error.contains(expected), "{error}");
    }
}
