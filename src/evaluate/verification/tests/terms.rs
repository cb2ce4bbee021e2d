//! A statement tells the terms it was made by: it can be computed again from them and its ledger, by every method.

use super::super::super::assess::Circumstances;
use super::super::super::ledger::Ledger;
use super::super::super::period::{Bounds, Schedule};
use super::*;
use crate::evaluate::example::{agreement, measured};
use crate::evaluate::series;

/// The methods, each with what it needs.
fn methods() -> Vec<(&'static str, Value, Value)> {
    let ratio = || json!({"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"});
    let plain = json!({"ratio": ratio()});
    let pool = json!({"members": [{"name": "a", "ratio": ratio()}, {"name": "b", "ratio": ratio()}]});
    let minutes = |method: &str, more: Value| {
        let mut rules = json!({"method": method, "badWhen": {"errorRateAbove": "5"}});
        rules.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rules
    };
    vec![
        ("Events", json!({"method": "Events"}), plain.clone()),
        ("MeanOfSlots", json!({"method": "MeanOfSlots", "rateOver": "1h", "emptySlot": "Skip"}), plain.clone()),
        ("BadMinutes", minutes("BadMinutes", json!({"minimumConsecutive": "10m", "minimumEvents": 100})), plain),
        ("Pooled", minutes("Pooled", json!({"pool": "Sum"})), pool.clone()),
        ("AllDown", minutes("Pooled", json!({"pool": "AllDown", "partialMinutes": "Count"})), pool),
        (
            "Value",
            json!({"method": "Value"}),
            json!({"value": {"expression": "max(max_over_time(v[$slot]))", "limit": "30m"}}),
        ),
    ]
}

/// One objective of this method, with two tiers, claims and what else decides.
fn agreed(measurement: &Value, indicator: &Value) -> Value {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["objectives"][0]["measurement"] = measurement.clone();
    spec["objectives"][0]["indicator"] = indicator.clone();
    spec["parameters"] = json!([{"name": "zones", "value": "2"}]);
    spec["coveredWhen"] = json!([{"rule": "zones >= 2", "message": "two zones are needed"}]);
    spec["calendar"] = json!({"daysOff": ["Sunday"], "holidays": ["2026-11-02"]});
    spec["settlement"] = json!({"grant": "OnClaim",
        "deadlines": [{"name": "claim", "after": "PeriodEnd", "workingDays": 10}]});
    spec["exclusions"] = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": "5d"}]});
    spec
}

/// October 2026 of that: an outage of a hundred minutes on its third day, five bad minutes on the tenth.
fn october(spec: Value) -> Case {
    let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
    let bounds = Schedule::new(&spec, at("2026-01-01T00:00:00Z")).unwrap().containing(at("2026-10-15T00:00:00Z"));
    closed(spec, bounds.unwrap())
}

fn closed(spec: AgreementSpec, bounds: Bounds) -> Case {
    let names: Vec<String> = series::names(&spec.objectives[0]);
    let mut ledger = Ledger::new(bounds, 300, names.iter().map(String::as_str)).unwrap();
    let bad = |slot: usize| (600..620).contains(&slot) || slot == 2_700;
    let slots = (0..ledger.slot_count()).map(|slot| measured(1_000, if bad(slot) { 900 } else { 0 }));
    let slots: Vec<_> = slots.collect();
    for name in &names {
        ledger.set_slots(name, slots.clone()).unwrap();
    }
    made_of(spec, &ledger, &Circumstances::default(), SETTLE)
}

#[test]
fn every_method_is_verified_by_the_terms_of_the_statement() {
    for (name, measurement, indicator) in methods() {
        let case = october(agreed(&measurement, &indicator));
        let outcome = case.verify_with(None);
        assert_eq!((outcome.verdict(), outcome.basis), (Verdict::Verified, Basis::Statement), "{name}: {outcome:#?}");
        assert!(outcome.comparison.unwrap().restores_the_digest, "{name}");
        assert_eq!(case.verify().verdict(), Verdict::Verified, "{name}");
        // Not because nothing could be wrong: a figure that does not follow is found.
        for (field, value) in [("attainmentRatio", json!("1/2")), ("badEvents", json!("1"))] {
            let mut forged = october(agreed(&measurement, &indicator));
            forged.content["objectives"][0][field] = value;
            forged.sign();
            let outcome = forged.verify_with(None);
            assert_eq!(outcome.verdict(), Verdict::Contradicted, "{name} {field}");
            assert!(named(&outcome, &FieldPath::of(&["objectives"]).item(0).field(field)).1, "{name} {field}");
        }
    }
}

#[test]
fn an_altered_term_contradicts_the_figures_under_a_new_digest_too() {
    let altered = [
        ("Events", "/objectives/0/target", json!("99.8"), "objectives[0].target"),
        ("MeanOfSlots", "/objectives/0/measurement/rateOver", json!("5m"), "objectives[0].counted.total"),
        (
            "BadMinutes",
            "/objectives/0/measurement/badWhen/errorRateAbove",
            json!("95"),
            "objectives[0].attainmentRatio",
        ),
        ("BadMinutes", "/objectives/0/measurement/minimumConsecutive", json!("1m"), "objectives[0].attainmentRatio"),
        ("BadMinutes", "/objectives/0/measurement/minimumEvents", json!(100_000), "objectives[0].attainmentRatio"),
        ("Pooled", "/objectives/0/measurement/badWhen/errorRateAbove", json!("95"), "objectives[0].attainmentRatio"),
        ("Pooled", "/objectives/0/indicator/members/1/covered", json!(false), "objectives[0].members[1].covered"),
        ("AllDown", "/objectives/0/measurement/pool", json!("Sum"), "objectives[0].counting"),
        ("Value", "/objectives/0/measurement/method", json!("Events"), "objectives[0].method"),
        ("Events", "/credits/fee/amount", json!("3000.00"), "credits.amount"),
        ("Events", "/credits/tiers/0/percentOfFee", json!("11"), "credits.amount"),
        ("Events", "/calendar/holidays/0", json!("2026-12-02"), "credits.deadlines[0].lastDay"),
        ("Events", "/settlement/deadlines/0/workingDays", json!(9), "credits.deadlines[0].lastDay"),
        ("Events", "/parameters/0/value", json!("1"), "objectives[0].covered"),
        ("Events", "/coveredWhen/0/rule", json!("zones > 2"), "objectives[0].covered"),
    ];
    for (method, term, value, figure) in altered {
        let (_, measurement, indicator) = methods().into_iter().find(|(name, ..)| *name == method).unwrap();
        let mut case = october(agreed(&measurement, &indicator));
        *case.content["terms"].pointer_mut(term).unwrap() = value;
        assert_eq!(case.verify_with(None).verdict(), Verdict::Contradicted, "{term}: the digest tells");
        case.sign();
        let outcome = case.verify_with(None);
        assert_eq!(outcome.verdict(), Verdict::Contradicted, "{method} {term}: {outcome:#?}");
        let told: Vec<String> = outcome.comparison.unwrap().differences.iter().map(|d| d.path.to_string()).collect();
        assert!(told.iter().any(|path| path == figure), "{method} {term}: {told:?}");
        // Beside the agreement the term itself is named.
        let told: Vec<String> =
            case.verify().comparison.unwrap().differences.iter().map(|d| format!("/{}", d.path)).collect();
        let path = format!("/terms{}", term.replace("/0", "[0]").replace("/1", "[1]").replace('/', "."));
        assert!(told.contains(&path), "{path}: {told:?}");
    }
}

#[test]
fn terms_that_make_no_difference_make_another_digest() {
    let (_, measurement, indicator) = methods().remove(0);
    let spec = agreed(&measurement, &indicator);
    let digest = |spec: &Value| october(spec.clone()).content["digest"].as_str().unwrap().to_owned();
    let mut seen = vec![digest(&spec)];
    for (term, value) in [
        ("/credits/tiers/2/percentOfFee", json!("90")),
        ("/missingData/minimumCoverage", json!("80")),
        ("/validity/until", json!("2028-01-01")),
        ("/coveredWhen/0/rule", json!("zones > 1")),
        ("/exclusions/rules/0/minimumNotice", json!("6d")),
        ("/objectives/0/description", json!("the shop answers")),
    ] {
        let mut other = spec.clone();
        if term.ends_with("description") {
            other["objectives"][0]["description"] = value;
        } else {
            *other.pointer_mut(term).unwrap() = value;
        }
        let digest = digest(&other);
        assert!(!seen.contains(&digest), "{term}");
        seen.push(digest);
    }
}

#[test]
fn a_part_that_an_amendment_splits_off_is_verified_by_its_own_terms() {
    let (_, measurement, indicator) = methods().remove(2);
    for validity in [json!({"from": "2026-01-01"}), Value::Null] {
        let mut spec = agreed(&measurement, &indicator);
        spec["validity"] = validity.clone();
        spec["credits"]["fee"]["prorated"] = true.into();
        let fee = json!({"amount": "5000.00", "currency": "EUR"});
        spec["amendments"] = json!([{"effective": "2026-10-02", "fee": fee}, {"effective": "2026-12-01", "fee": fee}]);
        spec["amendmentRule"] = "Split".into();
        let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
        let schedule = Schedule::new(&spec, at("2026-01-01T00:00:00Z")).unwrap();
        let bounds = schedule.containing(at("2026-10-15T00:00:00Z")).unwrap();
        let case = closed(spec, bounds);
        assert_eq!(case.content["amendment"], "2026-10-02");
        assert_eq!(case.content["terms"]["credits"]["fee"]["amount"], "5000.00");
        for outcome in [case.verify(), case.verify_with(None)] {
            assert_eq!(outcome.verdict(), Verdict::Verified, "{validity}: {outcome:#?}");
        }
    }
}

#[test]
fn without_terms_nothing_can_be_computed() {
    let mut case = case(0, SETTLE);
    case.content.as_object_mut().unwrap().remove("terms");
    case.sign();
    let outcome = case.verify_with(None);
    assert_eq!(outcome.verdict(), Verdict::NotComputed);
    let told = outcome.comparison.unwrap_err().to_string();
    assert!(told.contains("terms"), "{told}");
    // The agreement tells what should stand there.
    assert!(named(&case.verify(), &FieldPath::of(&["terms"])).1);
}

#[test]
fn a_term_that_this_version_does_not_know_is_not_overlooked() {
    let mut case = case(0, SETTLE);
    case.content["terms"]["waiver"] = "all of it".into();
    case.sign();
    let outcome = case.verify_with(None);
    assert_eq!(outcome.verdict(), Verdict::Contradicted);
    assert!(named(&outcome, &FieldPath::of(&["terms", "waiver"])).1);
}
