use serde_json::{Value, json};

use super::super::example::{agreement, at};
use super::super::terms::stated;
use super::*;

fn october() -> Bounds {
    Bounds { start: at("2026-09-30T22:00:00Z"), end: at("2026-10-31T23:00:00Z") }
}

fn credit(amount: &str) -> CreditStatus {
    let issued = amount != "0.00";
    serde_json::from_value(json!({
        "amount": amount, "currency": "EUR", "amounts": [{"currency": "EUR", "amount": amount, "issued": issued}],
    }))
    .unwrap()
}

fn violation(start: &str, noticed: Option<&str>) -> Violation {
    let by = noticed.map(|_| "Customer");
    serde_json::from_value(json!({
        "objective": "availability", "start": start, "depth": "", "badEvents": "1", "totalEvents": "1",
        "detectedBy": by, "detectedAt": noticed,
    }))
    .unwrap()
}

/// A credit of October with its life begun, by these rules.
fn begun(amount: &str, settlement: &Value, violations: &[Violation]) -> CreditStatus {
    let mut spec = agreement();
    spec.settlement = serde_json::from_value(settlement.clone()).unwrap();
    let mut credits = credit(amount);
    let determined = at("2026-10-31T23:00:00Z");
    let whole = october();
    enter(&mut credits, &Beginning { spec: &spec, period: october(), whole, violations, determined }).unwrap();
    credits
}

fn deadlines(credits: &CreditStatus) -> Vec<(String, String, Timestamp)> {
    credits.deadlines.iter().map(|d| (d.name.clone(), d.last_day.clone(), d.by.0)).collect()
}

#[test]
fn a_credit_begins_as_it_was_agreed() {
    let on_claim = json!({"grant": "OnClaim"});
    let table = [
        ("400.00", json!({}), CreditState::Granted, "granted with the statement"),
        ("400.00", on_claim.clone(), CreditState::Determined, "waits for a claim"),
        ("0.00", json!({}), CreditState::Determined, "nothing is granted"),
        ("0.00", on_claim, CreditState::Determined, "nothing is granted"),
    ];
    for (amount, settlement, state, reason) in table {
        let credits = begun(amount, &settlement, &[]);
        assert_eq!((credits.state, credits.reason.as_str()), (state, reason), "{amount} {settlement}");
        assert_eq!(credits.since.as_ref().map(|since| since.0), Some(at("2026-10-31T23:00:00Z")));
        assert_eq!(credits.deadlines, [], "nothing was agreed to be done in time");
    }
}

#[test]
fn the_latest_violation_decides_when_it_is_too_late() {
    let settlement = json!({"grant": "OnClaim", "deadlines": [
        {"name": "claim", "after": "PeriodEnd", "days": 30},
        {"name": "ticket", "after": "Incident", "within": "24h"},
        {"name": "notice", "after": "Awareness", "days": 2},
        {"name": "dispute", "after": "Statement", "days": 1},
    ]});
    let both =
        [violation("2026-10-05T10:00:00Z", Some("2026-10-29T12:00:00Z")), violation("2026-10-20T10:00:00Z", None)];
    let expected = [
        ("claim", "2026-11-30", "2026-11-30T23:00:00Z"),
        ("ticket", "2026-10-21", "2026-10-21T10:00:00Z"),
        ("notice", "2026-10-31", "2026-10-31T23:00:00Z"),
        ("dispute", "2026-11-02", "2026-11-02T23:00:00Z"),
    ];
    let expected = expected.map(|(name, day, by)| (name.to_owned(), day.to_owned(), at(by)));
    assert_eq!(deadlines(&begun("400.00", &settlement, &both)), expected);
    // Without a violation that is listed, from the last second of the period.
    let none = deadlines(&begun("400.00", &settlement, &[]));
    assert_eq!(none[1].2, at("2026-11-01T22:59:59Z"));
    // What is granted anyhow need not be claimed.
    let automatic = json!({"deadlines": settlement["deadlines"]});
    assert_eq!(begun("400.00", &automatic, &both).deadlines, []);
}

#[test]
fn a_course_is_read_back_from_its_statement() {
    let settlement = json!({
        "grant": "OnClaim",
        "deadlines": [{"name": "claim", "after": "PeriodEnd", "days": 30}, {"name": "ticket", "after": "Incident", "within": "24h"}],
        "claimsOpen": {"name": "open", "after": "PeriodEnd", "days": 2},
    });
    // Elapsed time that ends with a day in the agreement's zone is still in time.
    let violations = [violation("2026-10-19T22:00:00Z", None)];
    let credits = begun("400.00", &settlement, &violations);
    let statement: StatementSpec = serde_json::from_value(json!({
        "agreement": {"name": "a", "uid": "u"}, "generation": 1, "revision": 1, "service": "s", "digest": "",
        "terms": stated(&agreement(), ""),
        "period": {"start": october().start, "end": october().end, "timeZone": "Europe/Berlin"},
        "state": "Violated", "objectives": [], "actions": [], "violations": violations, "violationsOmitted": 0,
        "credits": credits,
        "evidence": {"source": "", "increase": "Raw", "ledger": "", "ledgerDigest": "", "operator": "",
            "timeZoneDatabase": ""},
    }))
    .unwrap();
    let course = of_statement(&statement, GrantMode::Automatic).unwrap().unwrap();
    assert_eq!((course.mode, course.grants), (GrantMode::OnClaim, true));
    assert_eq!(course.determined_at, Some(at("2026-10-31T23:00:00Z")));
    assert_eq!(course.claims_open, Some(at("2026-11-01T23:00:00Z")));
    let dues: Vec<_> = course.deadlines.iter().map(|d| (d.name.as_str(), d.due.at, d.due.inclusive)).collect();
    assert_eq!(dues, [("claim", at("2026-11-30T23:00:00Z"), false), ("ticket", at("2026-10-20T22:00:00Z"), true)]);
}

#[test]
fn a_deadline_that_leads_nowhere_is_named() {
    let mut spec = agreement();
    spec.settlement = serde_json::from_value(
        json!({"grant": "OnClaim", "deadlines": [{"name": "claim", "after": "PeriodEnd", "within": "soon"}]}),
    )
    .unwrap();
    let beginning = Beginning {
        spec: &spec,
        period: october(),
        whole: october(),
        violations: &[],
        determined: at("2026-10-31T23:00:00Z"),
    };
    let error = enter(&mut credit("1.00"), &beginning).unwrap_err();
    assert_eq!(error.field, "spec.settlement.deadlines[0]");
}

#[test]
fn a_deadline_from_an_awareness_that_nobody_told_says_so() {
    let agreed = json!({"grant": "OnClaim", "deadlines": [
        {"name": "ticket", "after": "Awareness", "within": "24h"}, {"name": "claim", "after": "Incident", "within": "48h"}]});
    let assumed = |violations: &[Violation]| -> Vec<bool> {
        begun("400.00", &agreed, violations).deadlines.iter().map(|due| due.if_noticed_at_once).collect()
    };
    let early = violation("2026-10-10T00:00:00Z", None);
    let told = violation("2026-10-09T00:00:00Z", Some("2026-10-12T00:00:00Z"));
    assert_eq!(assumed(std::slice::from_ref(&early)), [true, false]);
    assert_eq!(assumed(std::slice::from_ref(&told)), [false, false]);
    assert_eq!(assumed(&[early, told]), [false, false], "the later one decides, and of that it was told");
    assert_eq!(assumed(&[]), [true, false]);
}
