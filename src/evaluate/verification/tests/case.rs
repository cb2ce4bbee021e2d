//! The statement that the tests present for verification, whole or altered.

use k8s_openapi::jiff::SignedDuration;
use serde_json::json;

use super::super::super::assess::Circumstances;
use super::super::super::enforcement_log::EnforcementLog;
use super::super::super::example::{SETTLE, agreement, at, measured, tally};
use super::super::super::exclusion::{Exclusions, Honoured, Provenance};
use super::super::super::ledger::Ledger;
use super::super::super::period::Bounds;
use super::super::super::period::Schedule;
use super::super::super::restatement::Superseded;
use super::super::super::slot::{Births, Slot, UnknownCause};
use super::super::super::statement::{Closing, digest, ledger_name, name, statement};
use super::super::*;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};
use crate::api::ledger::AgreementIdentity;
use crate::api::metrics_source::IncreaseForm;

/// A statement with everything it is made from.
pub struct Case {
    pub name: String,
    pub content: Value,
    pub ledger_name: String,
    pub ledger: LedgerSpec,
    pub agreement: AgreementSpec,
    pub generation: Option<i64>,
}

impl Case {
    pub fn verify(&self) -> Verification {
        self.verify_with(Some(Terms { spec: &self.agreement, generation: self.generation, created: None }))
    }

    pub fn verify_with(&self, agreement: Option<Terms<'_>>) -> Verification {
        verify(&Presented {
            name: Some(&self.name),
            content: &self.content,
            ledger_name: Some(&self.ledger_name),
            ledger: &self.ledger,
            earlier: &[],
            agreement,
            beside: Beside::default(),
        })
    }

    /// Makes it the second statement of its period.
    pub fn takes_the_place_of(&mut self, superseded: Superseded<'_>, circumstances: &Circumstances) {
        let stated: crate::api::statement::StatementSpec = serde_json::from_value(self.content.clone()).unwrap();
        let queries = stated.objectives.iter().map(|o| (o.name.clone(), o.queries.clone())).collect();
        let closing = Closing {
            spec: &self.agreement,
            generation: 2,
            revision: 2,
            ledger_name: &self.ledger_name,
            ledger: &self.ledger,
            window: None,
            circumstances,
            supersedes: Some(superseded),
            queries: &queries,
            source_name: "main",
            source_url: "http://prometheus:9090",
            increase: IncreaseForm::Anchored,
        };
        let made = statement(&closing, at("2026-11-12T00:00:00Z"), SETTLE).unwrap();
        self.content = serde_json::to_value(&made).unwrap();
        self.name = name("checkout", self.ledger.period_start.0, 2);
    }

    /// The forger's way: a changed content under a new digest.
    pub fn sign(&mut self) {
        self.content["digest"] = content_digest(&self.content).unwrap().into();
    }
}

pub fn two_objectives() -> AgreementSpec {
    let mut spec = serde_json::to_value(agreement()).unwrap();
    spec["parties"] = json!({"provider": {"name": "Acme"}, "customer": {"name": "Globex", "account": "C-1"}});
    let mut second = spec["objectives"][0].clone();
    second["name"] = "latency".into();
    second["target"] = "95".into();
    spec["objectives"].as_array_mut().unwrap().push(second);
    serde_json::from_value(spec).unwrap()
}

/// The first three hours, in each of which the service failed a little, left out.
pub fn maintenance() -> Exclusions {
    let start = at("2026-09-30T22:00:00Z");
    let end = start.checked_add(SignedDuration::from_hours(3)).unwrap();
    Exclusions {
        honoured: vec![Honoured {
            provenance: Provenance::default(),
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
pub fn case(unknown: usize, settle: SignedDuration) -> Case {
    case_with(Exclusions::default(), unknown, settle)
}

pub fn case_with(exclusions: Exclusions, unknown: usize, settle: SignedDuration) -> Case {
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
    made_of(spec, &ledger, &Circumstances { exclusions, ..Circumstances::default() }, settle)
}

/// The statement of this ledger.
pub fn made_of(spec: AgreementSpec, ledger: &Ledger, circumstances: &Circumstances, settle: SignedDuration) -> Case {
    let start = ledger.bounds().start;
    let identity = AgreementIdentity { name: "checkout".to_owned(), uid: "u-1".to_owned() };
    let log = EnforcementLog { actions: vec![action()], diagnoses: vec![cause()], ..EnforcementLog::default() };
    let ledger = stored_ledger::to_spec(ledger, identity, &log, true);
    let queries = [("availability".to_owned(), vec!["sum(a)".to_owned(), "sum(b)".to_owned()])].into();
    let ledger_name = ledger_name("checkout", start);
    let closing = Closing {
        spec: &spec,
        generation: 2,
        revision: 1,
        ledger_name: &ledger_name,
        ledger: &ledger,
        window: None,
        circumstances,
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
    let name = name("checkout", start, 1);
    Case { name, content, ledger_name, ledger, agreement: spec, generation: Some(2) }
}

pub fn action() -> crate::api::enforcement_status::ActionRecord {
    serde_json::from_value(json!({
        "id": "a-1", "verb": "RaiseFloor", "from": 3, "to": 5, "reason": "it burns", "hypothesis": "it helps",
        "target": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "checkout", "uid": "w-1"},
        "phase": "Done", "intendedAt": "2026-10-31T20:00:00Z", "deadline": "2026-10-31T20:10:00Z",
        "outcome": "taken", "verdict": "Effective", "evidence": "5 of 5 ready",
    }))
    .unwrap()
}

/// Of the last hours of the violation of availability.
pub fn cause() -> crate::api::diagnosis_record::DiagnosisRecord {
    serde_json::from_value(json!({
        "named": {
            "cause": "OutlierPod", "suspects": [{"subject": "Pod", "name": "web-1"}], "since": "2026-10-31T20:05:00Z",
            "until": "2026-10-31T21:05:00Z", "gaveWayTo": "Saturation", "message": "web-1 is worse than the others",
        },
        "objectives": ["availability"], "episode": "2026-10-31T19:00:00Z", "accountFrom": "2026-10-31T20:00:00Z",
        "accountUntil": "2026-10-31T21:00:00Z", "actions": ["a-1"],
    }))
    .unwrap()
}

/// The paths of all leaves, an empty list being one.
pub fn leaves(value: &Value, path: &FieldPath, found: &mut Vec<FieldPath>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, &path.field(name), found)),
        Value::Array(items) if !items.is_empty() => {
            items.iter().enumerate().for_each(|(index, value)| leaves(value, &path.item(index), found));
        }
        _ => found.push(path.clone()),
    }
}

/// Changes one leaf.
pub fn alter(root: &mut Value, path: &FieldPath) {
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

pub fn all_leaves(case: &Case) -> Vec<FieldPath> {
    let mut found = Vec::new();
    leaves(&case.content, &FieldPath::default(), &mut found);
    assert!(found.len() > 80, "{}", found.len());
    found
}

/// Whether the field is named, and whether as a contradiction.
pub fn named(verification: &Verification, path: &FieldPath) -> (bool, bool) {
    let found = verification.comparison.as_ref().unwrap();
    let differs = found.differences.iter().any(|d| d.path.covers(path) || path.covers(&d.path));
    (differs || found.taken_as_stated.iter().any(|taken| taken.covers(path)), differs)
}
