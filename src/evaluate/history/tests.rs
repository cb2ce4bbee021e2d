use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;
use serde_json::{Value, json};

use super::super::example::{agreement, at};
use super::super::terms::stated;
use super::*;

/// A month's statement: what it grants in euros, the days of service, and how the objectives came out.
fn legacy(euros: i64, service_days: i64, states: &[(&str, State)]) -> Legacy {
    let money = [("EUR".to_owned(), BigRational::from_integer(euros.into()))].into();
    let outcomes = states.iter().map(|(name, state)| ((*name).to_owned(), *state)).collect();
    Legacy { granted: Granted { money, service_days }, added_days: service_days, outcomes, ..Legacy::default() }
}

fn credits(more: &Value) -> Credits {
    let mut credits = serde_json::to_value(agreement().credits.unwrap()).unwrap();
    for (field, value) in more.as_object().unwrap() {
        credits[field] = value.clone();
    }
    serde_json::from_value(credits).unwrap()
}

fn after(statements: &[(i64, Legacy)]) -> History {
    let mut history = History::default();
    (0..).zip(statements).for_each(|(month, (year, legacy))| history.enter(*year, whole(month), legacy));
    history
}

/// Beginnings of whole periods.
fn whole(month: i64) -> Timestamp {
    Timestamp::from_second(month).unwrap()
}

/// The period after all others.
fn next() -> Timestamp {
    whole(1_000)
}

#[test]
fn a_year_and_the_contract_are_summed_apart() {
    let kept = [("availability", State::Fulfilled)];
    let history = after(&[(0, legacy(100, 2, &kept)), (0, legacy(50, 0, &kept)), (1, legacy(7, 1, &kept))]);
    let table = credits(&json!({"capPerYear": {"amount": "200.00"}, "capPerContract": {"amount": "900.00"}}));
    let sums = |year| {
        let facts = history.facts(Some(&table), year, next());
        [facts.granted_this_year, facts.granted_before].map(|granted| {
            let money = granted.money.get("EUR").map(ToString::to_string).unwrap_or_default();
            (money, granted.service_days)
        })
    };
    assert_eq!(sums(0), [("150".to_owned(), 2), ("157".to_owned(), 3)]);
    assert_eq!(sums(1), [("7".to_owned(), 1), ("157".to_owned(), 3)]);
    assert_eq!(sums(2), [(String::new(), 0), ("157".to_owned(), 3)]);
}

#[test]
fn a_row_of_misses_ends_with_a_period_that_was_kept_and_with_no_other() {
    let table = credits(&json!({"remedies": [
        {"name": "end", "objective": "availability", "terminationRight": {"missedPeriods": 3}},
    ]}));
    let row = |states: &[State]| {
        let entered: Vec<_> =
            states.iter().map(|s| (0, legacy(0, 0, &[("availability", *s), ("other", *s)]))).collect();
        after(&entered).facts(Some(&table), 0, next()).missed_in_a_row
    };
    let missed = |periods| BTreeMap::from([("availability".to_owned(), periods)]);
    assert_eq!(row(&[State::Violated, State::Violated]), missed(2), "only what a right rests on");
    assert_eq!(row(&[State::Violated, State::NotDetermined, State::Violated]), missed(2));
    assert_eq!(row(&[State::Violated, State::NotCovered]), missed(1));
    assert_eq!(row(&[State::Violated, State::Fulfilled]), BTreeMap::new());
    assert_eq!(row(&[State::Violated, State::Fulfilled, State::Violated]), missed(1));
}

#[test]
fn where_nothing_reaches_beyond_a_period_every_period_stands_for_itself() {
    let history = after(&[(0, legacy(100, 2, &[("availability", State::Violated)]))]);
    let plain = credits(&json!({}));
    assert!(!History::matters(Some(&plain)) && !History::matters(None));
    assert_eq!(history.facts(Some(&plain), 0, next()), Facts::default());
    for more in [
        json!({"capPerYear": {"amount": "1.00"}}),
        json!({"capPerContract": {"amount": "1.00"}}),
        json!({"remedies": [{"name": "end", "objective": "availability", "terminationRight": {"missedPeriods": 1}}]}),
    ] {
        assert!(History::matters(Some(&credits(&more))), "{more}");
        assert_ne!(history.facts(Some(&credits(&more)), 0, next()), Facts::default(), "{more}");
    }
}

#[test]
fn a_statement_leaves_behind_what_it_issued() {
    let amount = |currency: &str, amount: &str, issued: bool| {
        json!({"currency": currency, "fee": "", "beforeCap": "", "exact": "", "unrounded": "", "amount": amount,
            "issued": issued})
    };
    let statement = |amounts: Value| -> StatementSpec {
        serde_json::from_value(json!({
            "agreement": {"name": "a", "uid": "u"}, "generation": 1, "revision": 1, "service": "s", "digest": "",
            "terms": stated(&agreement(), ""),
            "period": {"start": "2026-01-01T00:00:00Z", "end": "2026-02-01T00:00:00Z", "timeZone": "UTC"},
            "state": "Violated", "objectives": [], "actions": [], "violations": [], "violationsOmitted": 0,
            "credits": {"amounts": amounts, "serviceDays": 3},
            "evidence": {"source": "", "increase": "Raw", "ledger": "", "ledgerDigest": "", "operator": "",
                "timeZoneDatabase": ""},
        }))
        .unwrap()
    };
    let found = Legacy::of(&statement(json!([amount("EUR", "40.50", true), amount("USD", "0.90", false)]))).unwrap();
    let money = [("EUR".to_owned(), BigRational::new(81.into(), 2.into()))].into();
    assert_eq!(found.granted, Granted { money, service_days: 3 });
    assert!(Legacy::of(&statement(json!([amount("EUR", "forty", true)]))).is_err(), "it is not taken for nothing");
}

#[test]
fn a_contract_year_begins_on_the_anniversary_in_the_agreements_zone() {
    let mut spec = agreement();
    spec.validity = serde_json::from_value(json!({"from": "2026-03-15"})).unwrap();
    let schedule = Schedule::new(&spec, Timestamp::UNIX_EPOCH).unwrap();
    let table = [
        ("2026-03-14T23:00:00Z", 0),
        ("2027-03-14T22:59:59Z", 0),
        ("2027-03-14T23:00:00Z", 1),
        ("2028-03-14T22:59:59Z", 1),
    ];
    for (instant, year) in table {
        assert_eq!(contract_year(&schedule, at(instant)), year, "{instant}");
    }
}

#[test]
fn the_parts_of_a_period_are_missed_as_one() {
    use State::{Fulfilled, NotCovered, NotDetermined, Violated};
    let cases = [
        (&[(1, Violated)][..], 1),
        (&[(1, Violated), (1, Violated)], 1),
        (&[(1, Fulfilled), (1, Violated)], 1),
        (&[(1, Violated), (1, Fulfilled)], 1),
        (&[(1, Violated), (1, Violated), (2, Violated)], 2),
        (&[(1, Violated), (2, Fulfilled), (2, NotDetermined)], 0),
        (&[(1, Violated), (2, NotDetermined), (2, NotCovered)], 1),
        (&[(1, Violated), (2, NotDetermined), (2, Violated)], 2),
    ];
    for (parts, missed) in cases {
        let mut history = History::default();
        for (start, state) in parts {
            history.enter(0, whole(*start), &legacy(0, 0, &[("o", *state)]));
        }
        assert_eq!(history.missed_in_a_row(next()).get("o").copied().unwrap_or_default(), missed, "{parts:?}");
    }
}

#[test]
fn a_part_rests_on_what_earlier_parts_of_the_same_period_granted() {
    let plain = credits(&json!({}));
    let mut history = History::default();
    history.enter(0, whole(1), &legacy(100, 2, &[]));
    history.enter(0, whole(2), &legacy(30, 0, &[]));
    history.enter(0, whole(2), &legacy(5, 1, &[]));
    let granted = history.facts(Some(&plain), 0, whole(2)).granted_this_period;
    assert_eq!((granted.money["EUR"].to_string().as_str(), granted.service_days), ("35", 1));
    assert_eq!(history.facts(Some(&plain), 0, whole(3)), Facts::default());
}
