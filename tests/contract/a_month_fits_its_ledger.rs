//! A ledger is one object of the API server: what a month takes of it, as it is stored.

#[path = "../bench/month.rs"]
mod month;

use std::fs;
use std::path::Path;

use guarantor::api::ServiceLevelAgreement;
use guarantor::evaluate::enforcement_log::EnforcementLog;
use guarantor::evaluate::stored_ledger;
use guarantor::record::ledger;

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
