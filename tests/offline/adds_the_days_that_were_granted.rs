//! Days of service that have to be claimed are added to the term where the file tells that they were granted; and a newer
//! statement changes what was granted, as the operator has it.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

/// An outage of a day in September and of two in October: three days of service, and fifteen.
fn settlement(grant: &str, granted: &Value) -> Settlement {
    let outage = |from: &str, until: &str| json!({"from": from, "until": until});
    let mut measured = json!({"objectives": [{"name": "o", "outages": [
        outage("2026-09-10T00:00:00Z", "2026-09-11T00:00:00Z"), outage("2026-10-10T00:00:00Z", "2026-10-12T00:00:00Z"),
    ]}]});
    if granted.is_array() {
        measured["granted"] = granted.clone();
    }
    Settlement::of(&json!([objective("99.9", all_fail())]), measured)
        .with(
            "credits",
            json!({
                "fee": {"amount": "1000.00", "currency": "EUR"},
                "tiers": [
                    {"objective": "o", "below": "99.9", "serviceDays": 3}, {"objective": "o", "below": "95", "serviceDays": 15},
                ],
            }),
        )
        .with("settlement", json!({"grant": grant}))
}

fn october() -> Value {
    json!([{"at": "2026-10-15T00:00:00Z", "grantedAt": "2026-11-20T00:00:00Z"}])
}

#[test]
fn only_what_was_granted_puts_the_end_off() {
    for (grant, granted, days, open, last) in [
        ("Automatic", Value::Null, 18, Value::Null, "2027-01-18"),
        ("OnClaim", Value::Null, 0, json!(18), "2026-12-31"),
        ("OnClaim", october(), 15, json!(3), "2027-01-15"),
    ] {
        let settlement = settlement(grant, &granted);
        let term = settlement.answer()["term"].clone();
        assert_eq!((&term["serviceDays"], &term["notGrantedDays"]), (&json!(days), &open), "{grant} {granted}");
        assert_eq!(term["lastDay"], last);
        let table = settlement.printed("table").0;
        assert_eq!(
            table.contains("to be claimed, and nothing tells that they were granted"),
            !open.is_null(),
            "{table}"
        );
    }
}

#[test]
fn a_newer_statement_changes_what_was_granted_by_then() {
    let exclusion = json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelExclusion", "metadata": {"name": "m", "namespace": "n"},
        "spec": {
            "agreement": "a", "reason": "Maintenance", "declaredBy": "ann",
            "window": {"from": "2026-10-10T00:00:00Z", "until": "2026-10-11T12:00:00Z"},
            "approval": {"by": "bob", "at": "2026-12-01T00:00:00Z"},
        },
    });
    for (granted_at, change) in [("2026-11-20T00:00:00Z", -12), ("2026-12-02T00:00:00Z", 3)] {
        let granted = json!([{"at": "2026-10-15T00:00:00Z", "grantedAt": granted_at}]);
        let rules = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude"}]});
        let mut settlement = settlement("OnClaim", &granted).with("exclusions", rules);
        settlement.exclusions = vec![exclusion.clone()];
        let answer = settlement.answer();
        let periods = answer["periods"].as_array().unwrap();
        let october = &periods.last().unwrap()["statement"];
        assert_eq!((&october["revision"], &october["adjustment"]["serviceDays"]), (&json!(2), &json!(change)));
    }
}

#[test]
fn a_grant_that_nobody_needs_or_that_contradicts_another_is_refused() {
    let automatic =
        "granted: spec.settlement.grant is Automatic: credits are granted with their statements; leave it out";
    assert_eq!(settlement("Automatic", &october()).fault(), automatic);
    let mut twice = october();
    twice.as_array_mut().unwrap().extend(october().as_array().unwrap().clone());
    let fault = settlement("OnClaim", &twice).fault();
    assert!(fault.starts_with("granted[1]: is a second one for the period from 2026-10-01"), "{fault}");
    let early = json!([{"at": "2026-10-15T00:00:00Z", "grantedAt": "2026-10-20T00:00:00Z"}]);
    let fault = settlement("OnClaim", &early).fault();
    assert!(fault.starts_with("granted[0].grantedAt: is before the end of its period"), "{fault}");
}
