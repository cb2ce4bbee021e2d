//! The agreement and the slots that the tests of this stage start from.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use serde_json::json;

use crate::api::agreement::AgreementSpec;
use crate::api::diagnosis_record::DiagnosisRecord;
use crate::api::enforcement_status::ActionRecord;

use super::count::Count;
use super::ledger::Ledger;
use super::period::Bounds;
use super::slot::{Births, Slot, Tally};

/// A month in Berlin, 99.9 % of requests good, three tiers.
pub fn agreement() -> AgreementSpec {
    serde_json::from_value(json!({
        "timeZone": "Europe/Berlin",
        "validity": {"from": "2026-01-01", "until": "2027-01-01"},
        "service": {"name": "checkout"},
        "metrics": {"sourceRef": {"name": "main"}, "slot": "5m"},
        "period": {"calendar": "Month"},
        "objectives": [{
            "name": "availability",
            "indicator": {"ratio": {"bad": "sum(increase(b[$slot]))", "total": "sum(increase(a[$slot]))"}},
            "target": "99.9"
        }],
        "credits": {
            "fee": {"amount": "4000.00", "currency": "EUR"},
            "tiers": [
                {"objective": "availability", "below": "99.9", "percentOfFee": "10"},
                {"objective": "availability", "below": "99.0", "percentOfFee": "25"},
                {"objective": "availability", "below": "95.0", "percentOfFee": "100"}
            ]
        }
    }))
    .unwrap()
}

/// An instant in RFC 3339.
pub fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// An instant in seconds of the epoch.
pub fn second(n: i64) -> Timestamp {
    Timestamp::from_second(n).unwrap()
}

pub fn ratio(n: i64, d: i64) -> BigRational {
    BigRational::new(n.into(), d.into())
}

pub fn tally(total: u32, bad: u32) -> Tally {
    Tally { total: Count::events(total), bad: Count::events(bad) }
}

/// A slot with so many events, and so many bad ones.
pub fn measured(total: u32, bad: u32) -> Slot {
    Slot::known(tally(total, bad), Births::default(), 1)
}

/// A ledger of one objective with these slots from its beginning on.
pub fn ledger(bounds: Bounds, slot_seconds: i64, slots: &[Slot]) -> Ledger {
    let mut ledger = Ledger::new(bounds, slot_seconds, ["availability"]).unwrap();
    ledger.set_slots("availability", slots.to_vec()).unwrap();
    ledger
}

/// A cause that was found of a danger of the objective `a`, by an account through `from`, and given up by one through
/// `until`; of pods, of `web-1`.
pub fn diagnosis(cause: &str, from: i64, until: Option<i64>) -> DiagnosisRecord {
    let suspects = if cause == "OutlierPod" { json!([{"subject": "Pod", "name": "web-1"}]) } else { json!([]) };
    let (from, until) = (second(from), until.map(second));
    serde_json::from_value(json!({
        "named": {"cause": cause, "suspects": suspects, "since": from, "until": until, "message": "it is the worst"},
        "objectives": ["a"], "episode": from, "accountFrom": from, "accountUntil": until,
    }))
    .unwrap()
}

/// An action of this second.
pub fn action(intended: i64) -> ActionRecord {
    serde_json::from_value(json!({
        "id": format!("raise-{intended}"), "verb": "RaiseFloor", "from": 3, "to": 6,
        "target": {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "checkout",
            "uid": "3f0c1b9e-5d2a-4c6e-9f1b-0a7d8e4c2b61",
        },
        "reason": "latency burns 14.4 times as fast as it may, and all pods are bad alike",
        "hypothesis": "with 6 replicas latency burns less than half as fast", "phase": "Done",
        "intendedAt": second(intended), "deadline": second(intended + 300), "verdict": "Effective",
        "evidence": "the burn rate fell from 14.4 to 0.3",
    }))
    .unwrap()
}

/// The settle delay of the tests.
pub const SETTLE: SignedDuration = SignedDuration::from_secs(30);
