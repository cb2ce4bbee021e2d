use proptest::prelude::*;

use super::*;

fn remedy(rule: &str, body: Value) -> Value {
    json!({
        "fee": fee("20000.00", "CNY"),
        "remedies": [{"name": "relief", "objective": "a", rule: body}]
    })
}

fn delivered(due: &str, done: &str) -> Facts {
    let delivery = Delivery { objective: "a".to_owned(), due: day(due), done: day(done) };
    Facts { deliveries: vec![delivery], ..Facts::default() }
}

#[test]
fn time_that_was_lost_is_paid_back_in_multiples_where_the_objective_was_missed() {
    let credit = |attainment: BigRational, multiple: &str| {
        let table = json!({
            "fee": fee("432.00", "USD"),
            "remedies": [{"name": "tenfold", "objective": "a", "proportional": {"multiple": multiple}}]
        });
        status(table, &[attained("a", attainment, ratio(9999, 10_000))])
    };
    let ten_minutes = credit(ratio(4319, 4320), "100");
    assert_eq!((ten_minutes.amount.as_str(), ten_minutes.fraction_of_fee.as_str()), ("10.00", "5/216"));
    assert_eq!(ten_minutes.lines[0].reckoning, "100 times the fee for 1/4320 of the period");
    assert_eq!(credit(ratio(9999, 10_000), "100").amount, "0.00", "kept");
    assert_eq!(credit(ratio(1, 2), "100").amount, "21600.00", "no cap was agreed");
    assert_eq!(credit(ratio(1, 2), "0.5").amount, "108.00");
}

#[test]
fn each_violation_costs_a_fixed_amount_or_a_multiple_of_the_fee() {
    let outcome = |violations| Outcome { violations, ..missed("a") };
    let fixed = |n| status(remedy("perIncident", json!({"amount": "1000.00"})), &[outcome(n)]);
    assert_eq!(fixed(3).amount, "3000.00");
    assert_eq!(fixed(3).lines[0].reckoning, "3 violations at 1000.00 CNY");
    assert_eq!(fixed(0).lines, []);
    let tenfold = |n| status(remedy("multipleOfFee", json!({"multiple": "10"})), &[outcome(n)]).amount;
    assert_eq!((tenfold(1).as_str(), tenfold(2).as_str(), tenfold(0).as_str()), ("200000.00", "400000.00", "0.00"));
    let kept = Outcome { violations: 1, ..attained("a", ratio(1, 1), ratio(9, 10)) };
    assert_eq!(status(remedy("perIncident", json!({"amount": "7.00"})), &[kept]).amount, "7.00");
    let open = Outcome { violations: 1, ..not_determined("a") };
    let open = status(remedy("perIncident", json!({"amount": "7.00"})), &[open]);
    assert_eq!((open.amount.as_str(), open.lines.len()), ("0.00", 1));
}

#[test]
fn every_day_late_costs_until_the_delay_is_a_long_one() {
    // Half a percent for each working day; after five of them five percent and the right to cancel.
    let rule = json!({
        "percentOfFee": "0.5", "days": "Working",
        "escalation": {"afterDays": 5, "percentOfFee": "5", "terminates": true}
    });
    let credit = |due: &str, done: &str| {
        let credits = granted_with(remedy("perDayLate", rule.clone()), &[missed("a")], &delivered(due, done));
        (credits.amount.issued_text(), credits.terminates)
    };
    let money = |amount: &str, terminates| (amount.to_owned(), terminates);
    assert_eq!(credit("2025-06-06", "2025-06-06"), money("0.00", false));
    assert_eq!(credit("2025-06-06", "2025-06-01"), money("0.00", false), "early");
    assert_eq!(credit("2025-06-06", "2025-06-08"), money("0.00", false), "a Sunday after the Friday");
    assert_eq!(credit("2025-06-06", "2025-06-09"), money("100.00", false));
    assert_eq!(credit("2025-06-06", "2025-06-13"), money("500.00", false), "five working days");
    assert_eq!(credit("2025-06-06", "2025-06-16"), money("1000.00", true), "the sixth");
}

#[test]
fn a_delay_is_counted_by_the_agreements_calendar() {
    let table = remedy("perDayLate", json!({"amount": "10.00", "days": "Working"}));
    let mut spec = spec(table);
    spec.calendar = serde_json::from_value(json!({
        "daysOff": ["Saturday", "Sunday"], "holidays": ["2025-06-09"], "workingDays": ["2025-06-14"]
    }))
    .unwrap();
    let credit = |done: &str| {
        let facts = delivered("2025-06-06", done);
        owed(&spec, june(), june(), &[missed("a")], &facts).unwrap().unwrap().amount.issued_text()
    };
    assert_eq!(credit("2025-06-09"), "0.00", "a holiday");
    assert_eq!(credit("2025-06-10"), "10.00");
    assert_eq!(credit("2025-06-15"), "50.00", "a Saturday that is worked, a Sunday that is not");
}

#[test]
fn a_delivery_costs_no_more_than_its_cap_and_every_one_by_itself() {
    let rule = json!({"percentOfFee": "1", "capPercentOfFee": "4"});
    let mut facts = delivered("2025-06-01", "2025-06-04");
    facts.deliveries.extend(delivered("2025-06-01", "2025-06-11").deliveries);
    facts.deliveries.push(Delivery { objective: "b".to_owned(), ..facts.deliveries[0].clone() });
    let credits = granted_with(remedy("perDayLate", rule), &[missed("a"), missed("b")], &facts);
    assert_eq!(credits.fraction_of_fee, ratio(7, 100));
    assert_eq!(credits.lines[0].reckoning, "2 late delivery(s), by 3, 10 day(s)");
    let rule = json!({"amount": "500.00", "capPercentOfFee": "4"});
    let facts = delivered("2025-06-01", "2025-06-11");
    assert_eq!(granted_with(remedy("perDayLate", rule), &[missed("a")], &facts).amount.issued_text(), "800.00");
}

#[test]
fn a_late_delivery_costs_even_where_the_objective_is_not_determined() {
    let facts = delivered("2025-06-01", "2025-06-03");
    let table = remedy("perDayLate", json!({"percentOfFee": "1"}));
    assert_eq!(granted_with(table, &[not_determined("a")], &facts).amount.issued_text(), "400.00");
}

fn down(spans: &[(&str, &str)]) -> Vec<Bounds> {
    spans.iter().map(|(start, end)| Bounds { start: at(start), end: at(end) }).collect()
}

fn free_hours(downtime: &[Bounds]) -> Vec<String> {
    let outcome = Outcome { downtime, ..missed("a") };
    let credits = granted(remedy("freeHours", json!({"unavailableFor": "6m"})), &[outcome]);
    credits.free_hours.iter().map(ToString::to_string).collect()
}

#[test]
fn an_hour_by_the_clock_is_free_when_more_of_it_was_lost_than_agreed() {
    let spans = down(&[
        ("2025-06-10T10:57:00Z", "2025-06-10T11:04:00Z"),
        ("2025-06-10T12:00:00Z", "2025-06-10T12:07:00Z"),
        ("2025-06-10T14:00:00Z", "2025-06-10T14:06:00Z"),
    ]);
    assert_eq!(free_hours(&spans), ["2025-06-10T12:00:00Z"]);
    let outcome = Outcome { downtime: &spans, ..missed("a") };
    let status = status(remedy("freeHours", json!({"unavailableFor": "6m"})), &[outcome]);
    assert_eq!((status.amount.as_str(), status.free_hours_total, status.lines[0].granted), ("0.00", 1, true));
    assert_eq!(in_words(&status), "1 free hour(s)");
}

#[test]
fn hours_are_those_of_the_agreements_clock() {
    let hours = |zone: &str, spans: &[(&str, &str)], from: &str, until: &str| {
        let mut spec = spec(remedy("freeHours", json!({"unavailableFor": "6m"})));
        spec.time_zone = zone.to_owned();
        let period = Bounds { start: at(from), end: at(until) };
        let downtime = down(spans);
        let outcome = Outcome { downtime: &downtime, ..missed("a") };
        let credits = owed(&spec, period, period, &[outcome], &Facts::default()).unwrap().unwrap();
        credits.free_hours.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // 9 o'clock in Kolkata is 03:30 UTC. Six minutes of each of two hours, seven of each, and four and three of one.
    let spans = [
        ("2026-02-03T04:24:00Z", "2026-02-03T04:36:00Z"),
        ("2026-02-04T04:23:00Z", "2026-02-04T04:37:00Z"),
        ("2026-02-05T03:56:00Z", "2026-02-05T04:00:00Z"),
        ("2026-02-05T04:00:00Z", "2026-02-05T04:03:00Z"),
    ];
    let february = ("2026-01-31T18:30:00Z", "2026-02-28T18:30:00Z");
    let kolkata = ["2026-02-04T03:30:00Z", "2026-02-04T04:30:00Z", "2026-02-05T03:30:00Z"];
    assert_eq!(hours("Asia/Kolkata", &spans, february.0, february.1), kolkata);
    // From two to three the clock of Berlin shows twice: two hours.
    let autumn = [("2026-10-25T00:53:00Z", "2026-10-25T01:07:00Z")];
    let october = ("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z");
    let twice = ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"];
    assert_eq!(hours("Europe/Berlin", &autumn, october.0, october.1), twice);
    // On Lord Howe the clock is set by half an hour, at two: there an hour ends, and one of half the length begins.
    let spring = [("2026-10-03T15:23:00Z", "2026-10-03T15:37:00Z"), ("2026-10-03T15:57:00Z", "2026-10-03T16:04:00Z")];
    let half = ["2026-10-03T14:30:00Z", "2026-10-03T15:30:00Z"];
    assert_eq!(hours("Australia/Lord_Howe", &spring, october.0, october.1), half);
}

#[test]
fn downtime_that_is_reported_twice_counts_once_and_none_outside_the_period() {
    let twice = down(&[
        ("2025-06-10T12:00:00Z", "2025-06-10T12:05:00Z"),
        ("2025-06-10T12:02:00Z", "2025-06-10T12:06:00Z"),
        ("2025-06-10T12:00:00Z", "2025-06-10T12:04:00Z"),
    ]);
    assert_eq!(free_hours(&twice), Vec::<String>::new());
    let around =
        down(&[("2025-05-31T22:00:00Z", "2025-06-01T02:06:01Z"), ("2025-06-30T23:53:59Z", "2025-07-01T09:00:00Z")]);
    let hours = ["2025-06-01T00:00:00Z", "2025-06-01T01:00:00Z", "2025-06-01T02:00:00Z", "2025-06-30T23:00:00Z"];
    assert_eq!(free_hours(&around), hours);
}

#[test]
fn many_free_hours_are_counted_and_the_first_are_listed() {
    let outcome = Outcome { downtime: &[june()], ..missed("a") };
    let status = status(remedy("freeHours", json!({"unavailableFor": "6m"})), &[outcome]);
    assert_eq!((status.free_hours.len(), status.free_hours_total), (200, 720));
}

#[test]
fn free_hours_and_a_right_stand_beside_the_combination() {
    let spans = down(&[("2025-06-10T12:00:00Z", "2025-06-10T13:00:00Z")]);
    let table = json!({
        "fee": fee("100.00", "EUR"), "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}],
        "remedies": [
            {"name": "hours", "objective": "a", "freeHours": {"unavailableFor": "6m"}},
            {"name": "hours-again", "objective": "a", "freeHours": {"unavailableFor": "10m"}},
            {"name": "leave", "objective": "a", "terminationRight": {"missedPeriods": 1}}
        ]
    });
    let credits = granted(table, &[Outcome { downtime: &spans, ..missed("a") }]);
    assert_eq!(
        (credits.amount.issued_text().as_str(), credits.free_hours.len(), credits.terminates),
        ("10.00", 1, true)
    );
    assert!(credits.lines.iter().all(|line| line.granted));
}

#[test]
fn the_right_to_leave_comes_with_the_agreed_number_of_misses_in_a_row() {
    let table = || remedy("terminationRight", json!({"missedPeriods": 2}));
    let right = |before: u32, outcome: Outcome<'_>| {
        let facts = Facts { missed_in_a_row: [("a".to_owned(), before)].into(), ..Facts::default() };
        granted_with(table(), &[outcome], &facts).terminates
    };
    assert!(!right(0, missed("a")));
    assert!(right(1, missed("a")) && right(5, missed("a")));
    assert!(!right(5, attained("a", ratio(1, 1), ratio(9, 10))), "this period is kept");
    assert!(!right(5, not_determined("a")));
}

#[test]
fn a_remedy_that_can_not_be_worked_with_is_named() {
    let field = |rest: &str| format!("spec.credits.remedies[0].{rest}");
    let cases = [
        ("proportional", json!({"multiple": "x"}), "proportional.multiple"),
        ("perIncident", json!({"amount": "x"}), "perIncident.amount"),
        ("multipleOfFee", json!({"multiple": "x"}), "multipleOfFee.multiple"),
        ("freeHours", json!({"unavailableFor": "x"}), "freeHours.unavailableFor"),
        ("perDayLate", json!({}), "perDayLate"),
        ("perDayLate", json!({"percentOfFee": "x"}), "perDayLate.percentOfFee"),
        ("perDayLate", json!({"amount": "x"}), "perDayLate.amount"),
        ("perDayLate", json!({"amount": "1", "capPercentOfFee": "x"}), "perDayLate.capPercentOfFee"),
        (
            "perDayLate",
            json!({"amount": "1", "escalation": {"afterDays": 1, "percentOfFee": "x"}}),
            "perDayLate.escalation.percentOfFee",
        ),
    ];
    for (rule, body, rest) in cases {
        let facts = delivered("2025-06-01", "2025-06-09");
        let error = owed(&spec(remedy(rule, body)), june(), june(), &[missed("a")], &facts).unwrap_err();
        assert_eq!(error.field, field(rest));
    }
    let bare = json!({"fee": fee("1", "EUR"), "remedies": [{"name": "r", "objective": "a"}]});
    let error = owed(&spec(bare), june(), june(), &[missed("a")], &Facts::default()).unwrap_err();
    assert_eq!(error.field, "spec.credits.remedies[0]");
}

proptest! {
    /// Second by second.
    #[test]
    fn free_hours_agree_with_counting_seconds(spans in prop::collection::vec((0i64..14_400, 0i64..2_000), 0..8)) {
        let start = june().start;
        let second = |n: i64| k8s_openapi::jiff::Timestamp::from_second(start.as_second() + n).unwrap();
        let bounds: Vec<_> = spans.iter().map(|(from, long)| Bounds { start: second(*from), end: second(from + long) }).collect();
        let down = |n: i64| spans.iter().any(|(from, long)| *from <= n && n < from + long);
        let expected: Vec<_> = (0..5)
            .filter(|hour| (hour * 3600..(hour + 1) * 3600).filter(|n| down(*n)).count() > 360)
            .map(|hour| second(hour * 3600).to_string())
            .collect();
        prop_assert_eq!(free_hours(&bounds), expected);
    }
}
