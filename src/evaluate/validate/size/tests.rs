use serde_json::{Value, json};

use super::super::super::example::{agreement, at};
use super::super::validate;
use super::*;

fn changed(changes: &[(&str, Value)]) -> AgreementSpec {
    let mut value = serde_json::to_value(agreement()).unwrap();
    for (path, change) in changes {
        let (parent, key) = path.rsplit_once('/').unwrap();
        value.pointer_mut(parent).unwrap()[key] = change.clone();
    }
    serde_json::from_value(value).unwrap()
}

/// The field of what is too large for these limits.
fn field(changes: &[(&str, Value)], limits: &Limits) -> Option<String> {
    beyond(&changed(changes), at("2026-11-22T00:00:00Z"), limits).map(|fault| fault.field)
}

fn objectives(count: usize) -> (&'static str, Value) {
    let first = serde_json::to_value(&agreement().objectives[0]).unwrap();
    let named = |n: usize| {
        let mut one = first.clone();
        if n > 0 {
            one["name"] = json!(format!("o{n}"));
        }
        one
    };
    ("/objectives", json!((0..count).map(named).collect::<Vec<_>>()))
}

fn pool(members: usize) -> (&'static str, Value) {
    let ratio = json!({"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"});
    let members: Vec<Value> = (0..members).map(|i| json!({"name": format!("m{i}"), "ratio": ratio})).collect();
    ("/objectives/0/indicator", json!({"members": members}))
}

#[test]
fn an_operator_holds_a_quarter_of_minutes_and_a_command_a_year() {
    let slot = |s: &str| ("/metrics/slot", json!(s));
    let calendar = |unit: &str| ("/period", json!({"calendar": unit}));
    let trailing = |days: i32| ("/period", json!({"trailing": {"days": days, "every": "Month"}}));
    let until = |day: &str| ("/validity/until", json!(day));
    let (by_slot, by_days) = (Some("spec.metrics.slot"), Some("spec.period.trailing.days"));
    let cases = [
        (vec![slot("1m"), objectives(10)], None, None),
        (vec![slot("30s")], None, None),
        (vec![slot("10s")], by_slot, None),
        (vec![slot("5s")], by_slot, None),
        (vec![slot("5m"), calendar("Year"), objectives(10)], None, None),
        (vec![slot("1m"), calendar("Quarter"), objectives(10)], None, None),
        (vec![slot("1m"), calendar("Quarter"), pool(12)], by_slot, None),
        (vec![slot("1m"), calendar("Year")], by_slot, None),
        (vec![slot("1m"), calendar("Year"), pool(32)], by_slot, None),
        (vec![slot("1m"), calendar("Year"), pool(33)], by_slot, by_slot),
        (vec![slot("30s"), calendar("Year"), until("2028-01-01")], by_slot, by_slot),
        (vec![slot("5s"), ("/period", json!({"rolling": "6d"}))], None, None),
        (vec![slot("5s"), ("/period", json!({"rolling": "8d"}))], by_slot, None),
        // In force for two days only.
        (vec![slot("5s"), until("2026-01-03")], None, None),
        (vec![slot("1m"), trailing(366), until("2028-01-01")], None, None),
        (vec![slot("1m"), trailing(366), until("2028-01-01"), objectives(2)], by_days, None),
        (vec![slot("5m"), trailing(366), until("2028-01-01"), objectives(6)], by_days, None),
        (vec![slot("1m"), trailing(366), until("2028-01-01"), pool(32)], by_days, None),
        (vec![slot("30s"), trailing(366), until("2028-01-01")], by_days, by_days),
        (vec![slot("1m"), pool(32)], None, None),
        (vec![slot("1m"), pool(34)], by_slot, None),
    ];
    for (changes, operator, offline) in cases {
        assert_eq!(field(&changes, &BY_AN_OPERATOR).as_deref(), operator, "{changes:?}");
        assert_eq!(field(&changes, &OFFLINE).as_deref(), offline, "{changes:?}");
        let sizes = ["spec.metrics.slot", "spec.period.trailing.days"];
        let faults = validate(&changed(&changes), "shop", at("2026-11-22T00:00:00Z"));
        assert!(faults.iter().all(|fault| !sizes.contains(&fault.field.as_str())), "{faults:?}");
    }
}

#[test]
fn what_is_too_large_says_how_much_is_not() {
    let told = |changes: &[(&str, Value)], limits: &Limits| {
        beyond(&changed(changes), at("2026-11-22T00:00:00Z"), limits).unwrap().message
    };
    let (slot, year) = (("/metrics/slot", json!("5s")), ("/period", json!({"calendar": "Year"})));
    let message = told(std::slice::from_ref(&slot), &BY_AN_OPERATOR);
    assert!(message.contains("535680 slots") && message.contains("an operator holds 135000"), "{message}");
    let message = told(&[slot, year.clone()], &OFFLINE);
    assert!(message.contains("6307200 slots") && message.contains("there can be 540000"), "{message}");
    let message = told(&[("/metrics/slot", json!("1m")), year, pool(33)], &OFFLINE);
    assert!(message.contains("17344800 slots") && message.contains("there can be 17000000"), "{message}");
}

#[test]
fn an_amendment_that_makes_more_slots_than_fit_is_named() {
    let first = json!({"effective": "2026-03-01", "missingData": {"treatAs": "Bad"}});
    let second = json!({"effective": "2026-05-01", "objectives": [changed(&[pool(34)]).objectives[0]]});
    let changes = [
        ("/metrics/slot", json!("1m")),
        ("/amendments", json!([first, second])),
        ("/amendmentRule", json!("NextPeriod")),
    ];
    assert_eq!(field(&changes, &BY_AN_OPERATOR).as_deref(), Some("spec.amendments[1].objectives"));
    assert_eq!(field(&changes, &OFFLINE), None);
}

#[test]
fn the_readme_has_the_same_figures() {
    let readme = include_str!("../../../../README.md");
    let shown = |count: usize| {
        let digits = count.to_string();
        let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|g| std::str::from_utf8(g).unwrap()).collect();
        groups.join(",")
    };
    let (operator, offline) = (BY_AN_OPERATOR, OFFLINE);
    for (of, by_operator, offline) in
        [("the longest period", operator.all, offline.all), ("trailing days", operator.judged, offline.judged)]
    {
        let row = format!("| of all of them, in {of} | {} | {} |", shown(by_operator), shown(offline));
        assert!(readme.contains(&row), "{row}");
    }
    let each = format!("| {}: a quarter in minutes | {}: a leap", shown(BY_AN_OPERATOR.each), shown(OFFLINE.each));
    assert!(readme.contains(&each), "{each}");
}
