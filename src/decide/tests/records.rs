//! Records of what was done before.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{at, hpa};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};

/// A floor that was taken down while everything was safe.
pub(crate) fn lowered(evidence: &str) -> ActionRecord {
    ActionRecord {
        id: "lowered".into(),
        verb: Verb::LowerFloor,
        target: hpa().target,
        from: Some(9),
        to: Some(6),
        reason: String::new(),
        hypothesis: String::new(),
        ahead: false,
        phase: ActionPhase::Done,
        intended_at: Time(at(-9000)),
        deadline: Time(at(-8900)),
        outcome: String::new(),
        verdict: Some(Verdict::Effective),
        evidence: evidence.to_owned(),
    }
}
