//! What a process that has just begun knows of the agreements it has not looked at yet: what their stored status tells.
//!
//! Its figures are written seldom, but the beginning and the end of a danger or a violation at once. So a danger that the status
//! leaves open went on until the process before ended, however old the figures beside it are.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::{AgreementStatus, State, Violation};
use crate::api::condition;
use crate::api::enforcement::Mode;

/// What was refused within this time was so by this process, which has just begun: until then it was measured.
const JUST_NOW: SignedDuration = SignedDuration::from_secs(30);

/// Since when an agreement burns by its stored status, if it does: since its danger was seen; where nobody looks for dangers (mode
/// `Observe`) since the violation began that goes on, of an objective that is not fulfilled.
pub(super) fn burning_since(agreement: &ServiceLevelAgreement, now: Timestamp) -> Option<Timestamp> {
    // One that is being deleted has its last account closed, and is measured no more.
    let status = agreement.status.as_ref().filter(|_| agreement.metadata.deletion_timestamp.is_none())?;
    if !was_measured(status, now) {
        return None;
    }
    let episode = status.enforcement.as_ref().and_then(|enforcement| enforcement.episode.as_ref());
    // One that is left from another mode was followed no more.
    let episode = episode.filter(|_| agreement.spec.enforcement.mode > Mode::Observe);
    let danger = episode.filter(|episode| !episode.ahead && episode.safe_since.is_none());
    let danger = danger.map(|episode| episode.since.0);
    let violated = status.violations.iter().filter(|violation| goes_on(violation, status)).map(|v| v.start.0).min();
    danger.or(violated)
}

/// The process before measured it: what is refused, or not in force, keeps in its status what was known when that began.
fn was_measured(status: &AgreementStatus, now: Timestamp) -> bool {
    let mut conditions = status.conditions.iter();
    !conditions.any(|found| match found.type_.as_str() {
        condition::READY => found.status == "False" && now.duration_since(found.last_transition_time.0) > JUST_NOW,
        condition::MEASURED => found.reason == "NotInForce",
        _ => false,
    })
}

fn goes_on(violation: &Violation, status: &AgreementStatus) -> bool {
    let objective = status.objectives.iter().find(|objective| objective.name == violation.objective);
    let fulfilled = |state: State| matches!(state, State::Fulfilled | State::NotCovered);
    violation.end.is_none() && objective.is_some_and(|objective| !fulfilled(objective.state))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn since(status: &Value, mode: &str, deleted: bool) -> Option<i64> {
        let deletion = deleted.then_some("1970-01-01T00:10:00Z");
        let agreement: ServiceLevelAgreement = serde_json::from_value(json!({
            "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
            "metadata": {"name": "pay", "namespace": "shop", "uid": "pay", "deletionTimestamp": deletion},
            "spec": {
                "service": {"name": "pay"}, "metrics": {"sourceRef": {"name": "main"}}, "period": {"rolling": "30d"},
                "objectives": [], "enforcement": {"mode": mode},
            },
            "status": status,
        }))
        .unwrap();
        burning_since(&agreement, Timestamp::from_second(600).unwrap()).map(Timestamp::as_second)
    }

    #[test]
    fn what_was_left_open_goes_on() {
        let episode = |more: Value| {
            let mut episode = json!({"since": "1970-01-01T00:01:00Z"});
            episode.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"enforcement": {"episode": episode}})
        };
        let violation = |end: Option<&str>, state: &str| {
            json!({
                "objectives": [{"name": "a", "state": state}],
                "violations": [{
                    "objective": "a", "start": "1970-01-01T00:02:00Z", "end": end, "depth": "", "badEvents": "",
                    "totalEvents": "",
                }],
            })
        };
        for (case, status, expected) in [
            ("a danger", episode(json!({})), Some(60)),
            ("all is safe", episode(json!({"safeSince": "1970-01-01T00:03:00Z"})), None),
            ("a floor ahead of the load", episode(json!({"ahead": true})), None),
            ("a violation", violation(None, "AtRisk"), Some(120)),
            ("too little is known for a verdict", violation(None, "NotDetermined"), Some(120)),
            ("it is kept all the same", violation(None, "Fulfilled"), None),
            ("it is over", violation(Some("1970-01-01T00:03:00Z"), "Violated"), None),
            ("nothing was written", json!({}), None),
        ] {
            assert_eq!(since(&status, "Recommend", false), expected, "{case}");
            assert_eq!(since(&status, "Recommend", true), None, "{case}, and it is deleted");
        }
    }

    #[test]
    fn what_was_measured_no_more_does_not_go_on() {
        let with = |kind: &str, state: &str, reason: &str, minute: u8| {
            let at = format!("1970-01-01T00:0{minute}:40Z");
            json!({
                "enforcement": {"episode": {"since": "1970-01-01T00:01:00Z"}},
                "conditions": [{
                    "type": kind, "status": state, "reason": reason, "message": "", "lastTransitionTime": at,
                }],
            })
        };
        for (case, status, expected) in [
            ("all is well", with("Ready", "True", "Accepted", 1), Some(60)),
            ("refused", with("Ready", "False", "InvalidSpec", 1), None),
            ("refused by this process, which has just begun", with("Ready", "False", "SourceNotFound", 9), Some(60)),
            ("the store does not answer", with("Measured", "False", "SourceUnreachable", 1), Some(60)),
            ("not in force", with("Measured", "Unknown", "NotInForce", 9), None),
        ] {
            assert_eq!(since(&status, "Recommend", false), expected, "{case}");
            assert_eq!(since(&status, "Enforce", false), expected, "{case}");
            assert_eq!(since(&status, "Observe", false), None, "{case}: an episode of another mode");
        }
    }
}
