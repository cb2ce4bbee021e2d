use k8s_openapi::jiff::SignedDuration;
use serde_json::json;

use super::super::assess::Circumstances;
use super::super::example::{SETTLE, agreement, at, measured, tally};
use super::super::exclusion::{Exclusions, Honoured};
use super::super::ledger::Ledger;
use super::super::period::Bounds;
use super::super::period::Schedule;
use super::super::slot::{Births, Slot, UnknownCause};
use super::super::statement::{Closing, digest, ledger_name, name, statement};
use super::*;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::ledger::AgreementIdentity;
use crate::api::metrics_source::IncreaseForm;

/// A statement with everything it is made from.
struct Case {
    name: String,
    content: Value,
    ledger_name: String,
    ledger: LedgerSpec,
    agreement: AgreementSpec,
    generation: Option<i64>,
}

impl Case {
    fn verify(&self) -> Verification {
        self.verify_with(Some(Terms { spec: &self.agreement, generation: self.generation }))
    }

    fn verify_with(&self, agreement: Option<Terms<'_>>) -> Verification {
        verify(&Presented {
            name: Some(&self.name),
            content: &self.content,
            ledger_name: Some(&self.ledger_name),
            ledger: &self.ledger,
            agreement,
        })
    }

    /// The forger's way: a changed content under a new digest.
    fn sign(&mut self) {
        self.content["digest"] = content_digest(&self.content).unwrap().into();
    }
}

fn two_objectives() -> AgreementSpec {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["parties"] = json!({"provider": {"name": "Acme"}, "customer": {"name": "Globex", "account": "C-1"}});
    let mut second = spec["objectives"][0].clone();
    second["name"] = "latency".into();
    second["target"] = "95".into();
    spec["objectives"].as_array_mut().unwrap().push(second);
    serde_json::from_value(spec).unwrap()
}

/// The first three hours, in each of which the service failed a little, left out.
fn maintenance() -> Exclusions {
    let start = at("2026-09-30T22:00:00Z");
    let end = start.checked_add(SignedDuration::from_hours(3)).unwrap();
    Exclusions {
        honoured: vec![Honoured {
            name: "window".to_owned(),
            reason: ExclusionReason::Maintenance,
            effect: ExclusionEffect::Exclude,
            objectives: vec!["latency".to_owned()],
            spans: vec![Bounds { start, end }],
            events: None,
        }],
        refused: Vec::new(),
    }
}

/// October 2026 in Berlin: one violation of availability, and perhaps some slots of latency that nobody knows.
fn case(unknown: usize, settle: SignedDuration) -> Case {
    case_with(Exclusions::default(), unknown, settle)
}

fn case_with(exclusions: Exclusions, unknown: usize, settle: SignedDuration) -> Case {
    let spec = two_objectives();
    let bounds = Schedule::new(&spec, at("2025-01-01T00:00:00Z")).unwrap().containing(at("2026-10-15T00:00:00Z"));
    let bounds = bounds.unwrap();
    let mut ledger = Ledger::new(bounds, 3_600, ["availability", "latency"]).unwrap();
    let mut availability = vec![measured(1_000, 0); 700];
    availability.push(Slot::known(tally(1_000, 400), Births { born: tally(10, 4), unattributed: tally(3, 1) }, 2));
    availability.extend(vec![measured(1_000, 60); 43]);
    availability.push(measured(0, 0));
    let mut latency = vec![measured(1_000, 1); 745 - unknown];
    latency.extend(vec![Slot::unknown(UnknownCause::NoSamples, 2); unknown]);
    ledger.set_slots("availability", availability).unwrap();
    ledger.set_slots("latency", latency).unwrap();
    let identity = AgreementIdentity { name: "checkout".to_owned(), uid: "u-1".to_owned() };
    let ledger = stored_ledger::to_spec(&ledger, identity, &[action()], true);
    let queries = [("availability".to_owned(), vec!["sum(a)".to_owned(), "sum(b)".to_owned()])].into();
    let ledger_name = ledger_name("checkout", bounds.start);
    let closing = Closing {
        spec: &spec,
        generation: 2,
        revision: 1,
        ledger_name: &ledger_name,
        ledger: &ledger,
        circumstances: &Circumstances { exclusions, ..Circumstances::default() },
        supersedes: None,
        queries: &queries,
        source_name: "main",
        source_url: "http://prometheus:9090",
        increase: IncreaseForm::Anchored,
    };
    let mut made = statement(&closing, at("2026-11-02T00:00:00Z"), settle).unwrap();
    // By an operator of another day.
    made.evidence.operator = "0.0.9".to_owned();
    made.digest = digest(&made).unwrap();
    let content = serde_json::to_value(&made).unwrap();
    let name = name("checkout", bounds.start, 1);
    Case { name, content, ledger_name, ledger, agreement: spec, generation: Some(2) }
}

fn action() -> crate::api::enforcement_status::ActionRecord {
    serde_json::from_value(json!({
        "id": "a-1", "verb": "RaiseFloor", "from": 3, "to": 5, "reason": "it burns", "hypothesis": "it helps",
        "target": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout", "uid": "w-1"},
        "phase": "Done", "intendedAt": "2026-10-31T20:00:00Z", "deadline": "2026-10-31T20:10:00Z",
        "outcome": "taken", "verdict": "Effective", "evidence": "5 of 5 ready",
    }))
    .unwrap()
}

/// The paths of all leaves, an empty list being one.
fn leaves(value: &Value, path: &FieldPath, found: &mut Vec<FieldPath>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, &path.field(name), found)),
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, &path.item(index), found));
        }
        _ => found.push(path.clone()),
    }
}

/// Changes one leaf.
fn alter(root: &mut Value, path: &FieldPath) {
    let pointer: String = path.to_string().replace("].", "/").replace(['.', '['], "/").replace(']', "");
    let leaf = root.pointer_mut(&format!("/{pointer}")).unwrap();
    *leaf = match &*leaf {
        Value::String(text) => format!("{text}0").into(),
        Value::Number(n) => (n.as_i64().unwrap() + 1).into(),
        Value::Bool(b) => (!b).into(),
        Value::Array(_) => json!([1]),
        other => panic!("{path} is no leaf: {other}"),
    };
}

fn all_leaves(case: &Case) -> Vec<FieldPath> {
    let mut found = Vec::new();
    leaves(&case.content, &FieldPath::default(), &mut found);
    assert!(found.len() > 80, "{}", found.len());
    found
}

/// Whether the field is named, and whether as a contradiction.
fn named(verification: &Verification, path: &FieldPath) -> (bool, bool) {
    let found = verification.comparison.as_ref().unwrap();
    let differs = found.differences.iter().any(|d| d.path.covers(path) || path.covers(&d.path));
    (differs || found.taken_as_stated.iter().any(|taken| taken.covers(path)), differs)
}

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
fn what_was_excluded_is_applied_as_it_is_stated() {
    let good = case_with(maintenance(), 0, SETTLE);
    let outcome = good.verify();
    assert_eq!(outcome.verdict(), Verdict::Verified, "{outcome:#?}");
    assert_eq!(named(&outcome, &FieldPath::of(&["exclusions"])), (true, false));
    let count = |case: &Case| case.content["objectives"][1]["badEvents"].clone();
    assert_ne!(count(&good), count(&case(0, SETTLE)), "it makes a difference");
    assert_eq!(good.verify_with(None).verdict(), Verdict::PartlyVerified);
    // A longer window under a new digest is another account.
    let mut forged = case_with(maintenance(), 0, SETTLE);
    forged.content["exclusions"][0]["until"] = "2026-10-01T04:00:00Z".into();
    forged.sign();
    assert_eq!(forged.verify().verdict(), Verdict::Contradicted);
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
fn without_the_agreement_the_ledger_still_speaks() {
    let good = case(0, SETTLE);
    let outcome = good.verify_with(None);
    assert_eq!((outcome.verdict(), outcome.basis), (Verdict::PartlyVerified, Basis::LedgerOnly));
    for (field, value) in [("badEvents", "1"), ("attainmentRatio", "1/1"), ("state", "Fulfilled"), ("coverage", "1")] {
        let mut forged = case(0, SETTLE);
        forged.content["objectives"][0][field] = value.into();
        forged.sign();
        assert_eq!(forged.verify_with(None).verdict(), Verdict::Contradicted, "{field}");
    }
    let mut forged = case(0, SETTLE);
    forged.content["violations"] = json!([]);
    forged.sign();
    assert_eq!(forged.verify_with(None).verdict(), Verdict::Contradicted);
    // The fee and the tiers are agreed, so the ledger knows nothing of credits.
    let mut forged = case(0, SETTLE);
    forged.content["credits"]["amount"] = "1.00".into();
    forged.sign();
    let outcome = forged.verify_with(None);
    assert_eq!(outcome.verdict(), Verdict::PartlyVerified);
    assert_eq!(named(&outcome, &FieldPath::of(&["credits"])), (true, false));
}

#[test]
fn without_the_agreement_nobody_knows_what_an_unknown_slot_counts_as() {
    let mut forged = case(5, SETTLE);
    let ratio = FieldPath::of(&["objectives"]).item(1).field("attainmentRatio");
    forged.content["objectives"][1]["attainmentRatio"] = "1/1".into();
    forged.sign();
    let outcome = forged.verify_with(None);
    assert_eq!(outcome.verdict(), Verdict::PartlyVerified);
    assert_eq!(named(&outcome, &ratio), (true, false));
    // The objective without unknown slots depends on nothing that is not known.
    forged.content["objectives"][0]["attainmentRatio"] = "1/1".into();
    forged.sign();
    assert_eq!(forged.verify_with(None).verdict(), Verdict::Contradicted);
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
    let outcome = case.verify();
    assert_eq!(outcome.verdict(), Verdict::PartlyVerified);
    let found = outcome.comparison.unwrap();
    assert!(found.differences.is_empty() && found.restores_the_digest);
    let told: Vec<String> = found.amended.iter().map(|d| d.path.to_string()).collect();
    assert_eq!(told, ["evidence.source", "parties.customer.name", "service"]);
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
