//! What `guarantor settle` makes of an agreement of the stage, to compare the status with.

use std::collections::BTreeMap;

use guarantor::api::ServiceLevelAgreement;
use guarantor::api::metrics_source::IncreaseForm;
use guarantor::evaluate::period::{Bounds, Schedule};
use guarantor::offline::settle::account::{Case, Ledgers, Origin, settle};
use guarantor::offline::settle::measurements::Measurements;
use guarantor::offline::settle::report::Report;
use serde_json::Value;

use crate::stage::NAMESPACE;

/// What it tells of facts beside the measurements.
pub fn settled(agreement: &ServiceLevelAgreement, schedule: &Schedule, facts: Value) -> Report {
    settled_from(agreement, schedule, facts, &[], Ledgers::new())
}

/// The same with the periods of these ledgers.
pub fn settled_from(
    agreement: &ServiceLevelAgreement,
    schedule: &Schedule,
    facts: Value,
    periods: &[Bounds],
    read: Ledgers,
) -> Report {
    let measurements: Measurements = serde_json::from_value(facts).unwrap();
    let origin =
        Origin { name: String::new(), url: String::new(), increase: IncreaseForm::Native, queries: BTreeMap::new() };
    let case = Case {
        name: "web",
        namespace: NAMESPACE,
        uid: "",
        generation: 1,
        spec: &agreement.spec,
        requests: &[],
        measurements: &measurements,
        origin,
    };
    settle(&case, schedule, periods, read).unwrap()
}
