//! A ledger is one object of the API server: what a month takes of it, as it is stored.

#[path = "../bench/month.rs"]
mod month;

use std::fs;
use std::path::Path;

use guarantor::api::ServiceLevelAgreement;
use guarantor::api::enforcement_status::ActionRecord;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::ledger::Ledger;
use guarantor::evaluate::stored_ledger;
use guarantor::record::ledger;
use serde_json::json;

/// An act of this second of June 2026, as long in words as they come.
fn act(second: i64) -> ActionRecord {
    let at = jiff::Timestamp::from_second(1_780_272_000 + second).unwrap();
    serde_json::from_value(json!({
        "id": format!("raise-floor-{second}"), "verb": "RaiseFloor", "from": 3, "to": 6,
        "target": {
            "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "name": "checkout",
            "uid": "3f0c1b9e-5d2a-4c6e-9f1b-0a7d8e4c2b61",
        },
        "reason": "latency burns 14.4 times as fast as it may, and all pods are bad alike under more load than was ever safe",
        "hypothesis": "with 6 replicas latency burns less than half as fast", "phase": "Done",
        "intendedAt": at, "deadline": at, "verdict": "Effective", "evidence": "the burn rate fell from 14.4 to 0.3",
    }))
    .unwrap()
}

#[test]
fn a_month_with_thousands_of_acts_fits_and_says_how_many_it_left_out() {
    const ACTS: i64 = 4_000;
    let spec = month::spec("5m", &month::three());
    let busy = month::busy(&spec);
    let mut log = EnforcementLog::default();
    for second in 0..ACTS {
        log.remember(busy.bounds(), &[act(600 * second)], &[]);
    }
    let mut agreement = ServiceLevelAgreement::new("checkout", spec);
    agreement.metadata.uid = Some("3f0c1b9e-5d2a-4c6e-9f1b-0a7d8e4c2b61".to_owned());
    let object = ledger::object(&agreement, "checkout-20260601t000000z", &busy, &log, true, None);
    let bytes = serde_json::to_vec(&object).unwrap().len();
    assert!(bytes < month::MOST_BYTES, "{bytes} bytes are more than {}", month::MOST_BYTES);
    let kept = i64::try_from(object.spec.actions.len()).unwrap();
    assert!(kept >= 8, "{kept} acts are kept");
    assert_eq!(object.spec.actions.last(), Some(&act(600 * (ACTS - 1))), "the latest");
    assert_eq!(kept + object.spec.actions_omitted, ACTS);
    assert_eq!(stored_ledger::from_spec(&object.spec).unwrap(), busy, "no slot gave way to them");
    // Beside slots that leave room for them there are more.
    let quiet =
        stored_ledger::to_spec(&Ledger::new(busy.bounds(), 300, ["o"]).unwrap(), object.spec.agreement, &log, true);
    assert!(quiet.actions.len() > 50 && serde_json::to_vec(&quiet).unwrap().len() < month::MOST_BYTES);
}

#[test]
fn a_month_of_three_busy_objectives_fits_and_is_as_large_as_the_readme_says() {
    let spec = month::spec("5m", &month::three());
    let busy = month::busy(&spec);
    let mut agreement = ServiceLevelAgreement::new("checkout", spec);
    agreement.metadata.namespace = Some("shop".to_owned());
    agreement.metadata.uid = Some("3f0c1b9e-5d2a-4c6e-9f1b-0a7d8e4c2b61".to_owned());
    let object = ledger::object(
        &agreement,
        "checkout-20260601t000000z",
        &busy,
        &EnforcementLog::default(),
        false,
        Some("123456789".to_owned()),
    );
    assert_eq!(object.spec.objectives.len(), 3);
    assert_eq!(stored_ledger::from_spec(&object.spec).unwrap(), busy, "nothing of it is lost");
    let bytes = serde_json::to_vec(&object).unwrap().len();
    assert!(bytes < month::MOST_BYTES, "{bytes} bytes are more than {}", month::MOST_BYTES);
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let told = format!("{} kB", (bytes + 500) / 1000);
    assert!(readme.contains(&told), "the ledger has {told}, and README.md says otherwise");
}
