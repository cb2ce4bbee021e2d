mod beside;
mod case;
mod terms;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;
use serde_json::json;

use super::super::assess::Circumstances;
use super::super::example::{SETTLE, at, measured, ratio};
use super::super::exclusion::{Exclusions, Honoured};
use super::super::period::Bounds;
use super::*;
use crate::api::statement::{FinalReason, FinalStatement};

use case::*;

#[test]
fn what_follows_from_ledger_and_agreement_is_verified() {
    for unknown in [0, 5] {
        let outcome = case(unknown, SETTLE).verify();
        assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
        let found = outcome.comparison.unwrap();
        assert!(found.restores_the_digest && outcome.basis == Basis::Agreement);
        let taken: Vec<String> = found.taken_as_stated.iter().map(ToString::to_string).collect();
        assert_eq!(
            taken,
            [
                "evidence.increase",
                "evidence.operator",
                "evidence.source",
                "evidence.timeZoneDatabase",
                "objectives[0].queries",
                "objectives[1].queries"
            ]
        );
    }
}

#[test]
fn that_the_operator_saw_it_itself_follows_from_the_ledger() {
    let mut case = case(0, SETTLE);
    assert_eq!(case.content["violations"][0]["detectedBy"], "Provider");
    case.content["violations"][0].as_object_mut().unwrap().remove("detectedBy");
    case.sign();
    let differs = case.verify().comparison.unwrap().differences;
    let differs: Vec<String> = differs.iter().map(|d| d.path.to_string()).collect();
    assert!(differs.contains(&"violations[0].detectedBy".to_owned()), "{differs:?}");
}

#[test]
fn what_people_reported_is_taken_as_stated_and_credits_are_reckoned_with_it() {
    let mut case = case(0, SETTLE);
    let mut spec = serde_json::to_value(&case.agreement).unwrap();
    spec["credits"]["capPerYear"] = json!({"amount": "450.00"});
    case.agreement = serde_json::from_value(spec).unwrap();
    let granted = json!({"amounts": [{"currency": "EUR", "amount": "100"}], "serviceDays": 0});
    case.content["credits"]["facts"] = json!({"grantedThisYear": granted});
    case.content["violations"][0]["detectedBy"] = "Customer".into();
    case.content["supersedes"] = "checkout-r0".into();
    case.content["adjustment"] = json!({"amounts": [{"currency": "EUR", "amount": "-50.00"}]});
    case.sign();
    let found = case.verify().comparison.unwrap();
    for path in ["credits.facts", "violations[0].detectedBy", "supersedes", "adjustment"] {
        assert!(found.taken_as_stated.iter().any(|taken| taken.to_string() == path), "{path}: {found:#?}");
    }
    let differs: Vec<String> = found.differences.iter().map(|d| d.path.to_string()).collect();
    assert!(differs.contains(&"credits.amount".to_owned()), "the cap of the year leaves 350.00: {differs:?}");
    assert!(!differs.iter().any(|path| path.starts_with("adjustment") || path.starts_with("credits.facts")));
    case.content["credits"]["facts"]["grantedThisYear"]["amounts"][0]["amount"] = "a hundred".into();
    assert!(case.verify().comparison.is_err(), "facts that can not be read");
}

#[test]
fn that_the_agreement_was_deleted_is_taken_as_stated() {
    let case = case(0, SETTLE);
    let ledger = stored_ledger::from_spec(&case.ledger).unwrap().until(at("2026-10-31T22:00:00Z")).unwrap();
    let last = FinalStatement { reason: FinalReason::AgreementDeleted, at: Time(at("2026-10-31T22:03:00Z")) };
    let deleted = Circumstances { last: Some(last), ..Circumstances::default() };
    let mut case = made_of(case.agreement, &ledger, &deleted, SETTLE);
    let outcome = case.verify();
    assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
    let taken = outcome.comparison.unwrap().taken_as_stated;
    assert!(taken.iter().any(|path| path.to_string() == "final"), "{taken:#?}");
    case.content["final"]["at"] = "2026-10-30T22:00:00Z".into();
    assert_eq!(case.verify().verdict(), Verdict::Contradicted, "the digest covers it");
}

#[test]
fn a_cause_that_the_ledger_does_not_tell_is_named() {
    let mut case = case(0, SETTLE);
    assert_eq!(case.content["violations"][0]["causes"][0]["cause"], "OutlierPod");
    case.content["violations"][0]["causes"][0]["suspects"][0]["name"] = "web-2".into();
    case.sign();
    let found = case.verify().comparison.unwrap();
    let differs: Vec<String> = found.differences.iter().map(|d| d.path.to_string()).collect();
    assert!(differs.contains(&"violations[0].causes[0].suspects[0].name".to_owned()), "{differs:?}");
}

#[test]
fn what_was_excluded_is_applied_as_it_is_stated() {
    let good = case_with(maintenance(), 0, SETTLE);
    let outcome = good.verify();
    assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
    assert_eq!(named(&outcome, &FieldPath::of(&["exclusions"])), (true, false));
    let count = |case: &Case| case.content["objectives"][1]["badEvents"].clone();
    assert_ne!(count(&good), count(&case(0, SETTLE)), "it makes a difference");
    assert_eq!(good.verify_with(None).verdict(), Verdict::Verified);
    // A longer window under a new digest is another account.
    let mut forged = case_with(maintenance(), 0, SETTLE);
    forged.content["exclusions"][0]["until"] = "2026-10-01T04:00:00Z".into();
    forged.sign();
    assert_eq!(forged.verify().verdict(), Verdict::Contradicted);
}

/// Every other hour from the first on is left out, so many of them.
fn every_other_hour(count: i64) -> Vec<Bounds> {
    let hour = |n: i64| at("2026-09-30T22:00:00Z").checked_add(SignedDuration::from_hours(n)).unwrap();
    (0..count).map(|n| Bounds { start: hour(2 * n), end: hour(2 * n + 1) }).collect()
}

#[test]
fn an_exclusion_that_recurs_more_often_than_there_are_lines_is_verified() {
    let mut daily = maintenance();
    daily.honoured[0].spans = every_other_hour(365);
    let outcome = case_with(daily, 0, SETTLE).verify();
    assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
}

#[test]
fn what_counted_and_is_not_listed_contradicts_nothing_and_confirms_nothing() {
    let one = maintenance().honoured.remove(0);
    let honoured = every_other_hour(250).into_iter().enumerate();
    let honoured = honoured.map(|(n, span)| Honoured { name: format!("w{n}"), spans: vec![span], ..one.clone() });
    let many = Exclusions { honoured: honoured.collect(), refused: Vec::new() };
    let mut case = case_with(many, 0, SETTLE);
    assert_eq!(case.verify().verdict(), Verdict::NotComputed);
    // A statement that hides that something is left out is another matter.
    case.content.as_object_mut().unwrap().remove("exclusionsOmitted");
    case.sign();
    assert_eq!(case.verify().verdict(), Verdict::Contradicted);
}

#[test]
fn how_long_the_slots_took_to_settle_does_not_matter() {
    for settle in [0, 1, 30, 3_600] {
        assert_eq!(case(5, SignedDuration::from_secs(settle)).verify().verdict(), Verdict::Verified, "{settle} s");
    }
}

#[test]
fn every_altered_field_is_found_and_named() {
    for unknown in [0, 5] {
        let good = case(unknown, SETTLE);
        for path in all_leaves(&good) {
            let mut bad = case(unknown, SETTLE);
            alter(&mut bad.content, &path);
            let outcome = bad.verify();
            assert_eq!(outcome.verdict(), Verdict::Contradicted, "{path}");
            assert!(!outcome.content.matches(), "{path}");
            assert!(named(&outcome, &path).0, "{path}: {outcome:#?}");
            // Without the agreement the digest still tells, and the field is named as one of those it may be.
            let outcome = bad.verify_with(None);
            assert_eq!(outcome.verdict(), Verdict::Contradicted, "{path}");
        }
    }
}

#[test]
fn an_altered_field_under_a_new_digest_is_found_wherever_it_can_be_computed() {
    let good = case(5, SETTLE);
    let taken = good.verify().comparison.unwrap().taken_as_stated;
    for path in all_leaves(&good) {
        let mut forged = case(5, SETTLE);
        alter(&mut forged.content, &path);
        forged.sign();
        let outcome = forged.verify();
        if taken.iter().any(|t| t.covers(&path)) {
            assert_eq!(outcome.verdict(), Verdict::Verified, "{path}: only the statement tells it");
        } else if path == FieldPath::of(&["digest"]) || path == FieldPath::of(&["generation"]) {
            // The digest was made good again; the generation is no longer that of the agreement, which is said.
            assert_eq!(outcome.verdict(), Verdict::Verified, "{path}");
        } else {
            assert_eq!(outcome.verdict(), Verdict::Contradicted, "{path}");
            assert!(named(&outcome, &path).1, "{path}: {outcome:#?}");
        }
    }
}

#[test]
fn what_was_changed_after_signing_is_told_exactly() {
    let mut bad = case(0, SETTLE);
    bad.content["objectives"][0]["badEvents"] = "1".into();
    bad.content["credits"]["amount"] = "0.00".into();
    let found = bad.verify().comparison.unwrap();
    assert!(found.restores_the_digest);
    let told: Vec<String> = found.differences.iter().map(|d| d.path.to_string()).collect();
    assert_eq!(told, ["credits.amount", "objectives[0].badEvents"]);
    assert_eq!(found.differences[0].stated, Some("0.00".into()));
    assert_eq!(found.differences[0].computed, Some("400.00".into()));

    let mut bad = case(0, SETTLE);
    bad.content["digest"] = "0".repeat(64).into();
    let found = bad.verify().comparison.unwrap();
    assert!(!found.restores_the_digest);
    assert_eq!(found.differences.iter().map(|d| d.path.to_string()).collect::<Vec<_>>(), ["digest"]);
}

#[test]
fn a_field_that_was_added_or_taken_away_is_found() {
    let mut more = case(0, SETTLE);
    more.content["waiver"] = "all of it".into();
    more.sign();
    let outcome = more.verify();
    assert_eq!(outcome.verdict(), Verdict::Contradicted);
    assert!(named(&outcome, &FieldPath::of(&["waiver"])).1);

    for field in ["credits", "violations", "parties", "state", "digest"] {
        let mut less = case(0, SETTLE);
        less.content.as_object_mut().unwrap().remove(field);
        if field != "digest" {
            less.sign();
        }
        let outcome = less.verify();
        assert_eq!(outcome.verdict(), Verdict::Contradicted, "{field}");
        assert!(named(&outcome, &FieldPath::of(&[field])).1, "{field}");
    }
}

#[test]
fn nothing_that_is_presented_as_a_statement_makes_it_panic() {
    let shapes =
        [Value::Null, json!([]), json!({}), json!("text"), json!({"objectives": 1.5, "evidence": [], "period": null})];
    for content in shapes {
        let bad = Case { content, ..case(0, SETTLE) };
        assert_eq!(bad.verify().verdict(), Verdict::Contradicted);
        assert_ne!(bad.verify_with(None).verdict(), Verdict::Verified);
    }
}

#[test]
fn an_altered_or_another_ledger_is_found() {
    let mut bad = case(0, SETTLE);
    bad.ledger = case(1, SETTLE).ledger;
    let outcome = bad.verify();
    assert!(outcome.content.matches() && !outcome.ledger.matches());
    assert_eq!(outcome.verdict(), Verdict::Contradicted);
    assert!(named(&outcome, &FieldPath::of(&["evidence", "ledgerDigest"])).1);

    let mut bad = case(0, SETTLE);
    bad.ledger_name = "another".to_owned();
    assert!(named(&bad.verify(), &FieldPath::of(&["evidence", "ledger"])).1);
}

#[test]
fn a_ledger_that_cannot_be_read_contradicts_nothing_and_confirms_nothing() {
    let mut case = case(0, SETTLE);
    case.ledger.objectives[0].slots.0.truncate(10);
    assert_eq!(case.verify().verdict(), Verdict::Contradicted, "it is not the ledger that was signed");
    case.content["evidence"]["ledgerDigest"] = stored_ledger::digest(&case.ledger.objectives).into();
    case.sign();
    assert_eq!(case.verify().verdict(), Verdict::NotComputed);
}

#[test]
fn the_revision_is_the_one_in_the_name() {
    let mut renamed = case(0, SETTLE);
    renamed.name = renamed.name.replace("-r1", "-r2");
    assert!(named(&renamed.verify(), &FieldPath::of(&["revision"])).1);
    // A name that is not derived tells nothing.
    renamed.name = "copy-r2".to_owned();
    let outcome = renamed.verify();
    assert_eq!(outcome.verdict(), Verdict::Verified);
    assert_eq!(named(&outcome, &FieldPath::of(&["revision"])), (true, false));
}

#[test]
fn an_agreement_edited_since_confirms_the_figures_and_not_what_may_be_edited() {
    let mut case = case(0, SETTLE);
    case.generation = Some(3);
    let outcome = case.verify();
    assert_eq!((outcome.verdict(), outcome.basis), (Verdict::Verified, Basis::Edited { presented: 3 }));
    case.agreement.service.name = "till".to_owned();
    case.agreement.parties.as_mut().unwrap().customer.name = "Initech".to_owned();
    case.agreement.metrics.source_ref.name = "spare".to_owned();
    case.agreement.validity.as_mut().unwrap().until = Some("2028-01-01".to_owned());
    let outcome = case.verify();
    assert_eq!(outcome.verdict(), Verdict::PartlyVerified);
    let found = outcome.comparison.unwrap();
    assert!(found.differences.is_empty() && found.restores_the_digest);
    let told: Vec<String> = found.amended.iter().map(|d| d.path.to_string()).collect();
    assert_eq!(told, ["evidence.source", "parties.customer.name", "service", "terms.validity.until"]);
    // The same edits under the same generation are a contradiction.
    case.generation = Some(2);
    assert_eq!(case.verify().verdict(), Verdict::Contradicted);
    // And a figure is one under any.
    case.generation = Some(3);
    case.content["objectives"][0]["target"] = "99.8".into();
    case.sign();
    assert_eq!(case.verify().verdict(), Verdict::Contradicted);
}

#[test]
fn parties_that_left_the_agreement_are_no_contradiction_after_an_edit() {
    let mut case = case(0, SETTLE);
    (case.generation, case.agreement.parties) = (Some(3), None);
    assert_eq!(case.verify().verdict(), Verdict::PartlyVerified);
}

#[test]
fn a_manifest_without_a_generation_is_taken_as_the_one_in_force() {
    let mut case = case(0, SETTLE);
    case.generation = None;
    let outcome = case.verify();
    assert_eq!((outcome.verdict(), outcome.basis), (Verdict::Verified, Basis::Undated));
    assert_eq!(named(&outcome, &FieldPath::of(&["generation"])), (true, false));
    case.agreement.service.name = "till".to_owned();
    assert_eq!(case.verify().verdict(), Verdict::Contradicted);
}

#[test]
fn a_number_where_a_text_belongs_has_no_digest() {
    let mut bad = case(0, SETTLE);
    bad.content["objectives"][0]["target"] = json!(99.9);
    let outcome = bad.verify();
    assert!(outcome.content.computed.is_err());
    assert_eq!(outcome.verdict(), Verdict::Contradicted);
}
