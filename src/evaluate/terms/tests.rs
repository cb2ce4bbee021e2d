use serde_json::json;

use super::super::amendment::terms_at;
use super::super::example::{agreement as example, at};
use super::*;

/// What of a statement its agreement is made of.
fn content(terms: &AgreedTerms) -> Value {
    json!({
        "terms": terms, "service": "checkout", "period": {"timeZone": "Europe/Berlin"}, "amendment": "2026-04-01",
        "evidence": {"source": "main http://prometheus:9090"}, "later": true,
    })
}

#[test]
fn the_terms_are_those_with_the_amendments_in_force() {
    let mut spec = serde_json::to_value(example()).unwrap();
    spec["amendmentRule"] = "NextPeriod".into();
    spec["amendments"] = json!([
        {"effective": "2026-04-01", "missingData": {"treatAs": "Bad", "minimumCoverage": "50"}},
        {"effective": "2026-09-01", "missingData": {"treatAs": "Good", "minimumCoverage": "60"}},
    ]);
    let spec: AgreementSpec = serde_json::from_value(spec).unwrap();
    let in_force = terms_at(&spec, at("2026-05-01T00:00:00Z")).unwrap();
    let terms = stated(&in_force, "2026-04-01");
    assert_eq!(terms.missing_data.minimum_coverage.as_str(), "50");
    assert!(terms.amendment_rule.is_some());

    let again = agreement(&content(&terms)).unwrap();
    assert_eq!(again.metrics.source_ref.name, "main");
    let in_force = terms_at(&again, at("2026-05-01T00:00:00Z")).unwrap();
    assert_eq!(stated(&in_force, "2026-04-01"), terms);
}

#[test]
fn a_rule_for_amendments_that_came_later_is_no_term_of_a_period_without_one() {
    let spec = AgreementSpec { amendment_rule: Some(crate::api::amendment::AmendmentRule::Split), ..example() };
    assert_eq!(stated(&spec, "").amendment_rule, None);
}

#[test]
fn what_is_missing_is_named() {
    let mut content = content(&stated(&example(), ""));
    content["terms"]["objectives"][0].as_object_mut().unwrap().remove("target");
    assert!(agreement(&content).unwrap_err().to_string().contains("target"));
}
