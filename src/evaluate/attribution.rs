//! Attribution: which of the causes that were found a violation is told to have come from, and what was done against it.
//!
//! Observations, and no part of any figure. A cause is told of a violation when it was found of a danger of the same
//! objective, by an account that had a bad slot of the violation, and not given up before that. What was named and then
//! disproved is told too, with when and for what: somebody acted on it. That nothing could be seen, or no cause be shown,
//! is no cause; what was done meanwhile is told all the same.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement_status::Violation;
use crate::api::diagnosis::CauseKind;
use crate::api::diagnosis_record::{DiagnosisRecord, MOST_ACTIONS, NamedCause};

/// Causes told of one violation; of more, the latest.
const MOST_CAUSES: usize = 3;

/// Enters the causes of these records, oldest first, into the violations that begin at `from` or later. Of the others it
/// was told before.
pub fn enter(violations: &mut [Violation], records: &[DiagnosisRecord], from: Timestamp, slot_seconds: i64) {
    for violation in violations.iter_mut().filter(|violation| from <= violation.start.0) {
        let mine: Vec<_> = records.iter().filter(|record| concerns(record, violation, slot_seconds)).collect();
        (violation.episode, violation.causes, violation.actions) = (None, Vec::new(), Vec::new());
        for record in mine {
            violation.episode = violation.episode.take().or_else(|| record.episode.clone());
            name(&mut violation.causes, &record.named);
            let new: Vec<_> = record.actions.iter().filter(|id| !violation.actions.contains(id)).cloned().collect();
            violation.actions.extend(new);
        }
        violation.causes.drain(..violation.causes.len().saturating_sub(MOST_CAUSES));
        violation.actions.truncate(MOST_ACTIONS);
    }
}

fn concerns(record: &DiagnosisRecord, violation: &Violation, slot_seconds: i64) -> bool {
    let end = violation.end.as_ref().map_or(Timestamp::MAX, |end| end.0);
    // The account that has the first bad slot reaches this far.
    let seen = violation.start.0.saturating_add(SignedDuration::from_secs(slot_seconds)).unwrap_or(Timestamp::MAX);
    record.objectives.contains(&violation.objective)
        && record.account_from.0 <= end
        && record.account_until.as_ref().is_none_or(|until| seen < until.0)
}

/// Adds a cause. One that was given up and found again is told once.
fn name(causes: &mut Vec<NamedCause>, named: &NamedCause) {
    if matches!(named.cause, CauseKind::Unknown | CauseKind::Blind) {
        return;
    }
    let same = |known: &NamedCause| known.cause == named.cause && known.suspects == named.suspects;
    let again = causes.iter().position(same).map(|index| causes.remove(index));
    let since = again.map_or_else(|| named.since.clone(), |known| known.since);
    causes.push(NamedCause { since, ..named.clone() });
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::super::example::diagnosis;
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// Of `a`, in slots of ten seconds.
    fn violation(start: i64, end: Option<i64>) -> Violation {
        let violation = serde_json::json!({
            "objective": "a", "start": Time(at(start)), "end": end.map(|end| Time(at(end))), "depth": "", "badEvents": "",
            "totalEvents": "",
        });
        serde_json::from_value(violation).unwrap()
    }

    fn entered(mut violation: Violation, records: &[DiagnosisRecord]) -> Violation {
        enter(std::slice::from_mut(&mut violation), records, at(0), 10);
        violation
    }

    fn causes(violation: &Violation) -> Vec<CauseKind> {
        violation.causes.iter().map(|named| named.cause).collect()
    }

    #[test]
    fn a_cause_is_told_of_what_its_account_had_a_bad_slot_of() {
        // Found by an account through 130, given up by one through 160.
        let record = [diagnosis("OutlierPod", 130, Some(160))];
        for (case, start, end, told) in [
            ("over before it was found", 100, Some(129), false),
            ("its last slot is the newest of the account", 120, Some(130), true),
            ("longer than the cause was told", 100, Some(300), true),
            ("goes on", 100, None, true),
            ("its first slot was in the last account but one", 140, Some(150), true),
            ("its first slot came with the account that gave the cause up", 150, Some(170), false),
        ] {
            assert_eq!(!causes(&entered(violation(start, end), &record)).is_empty(), told, "{case}");
        }
        let standing = [diagnosis("OutlierPod", 130, None)];
        assert_eq!(causes(&entered(violation(900, None), &standing)), [CauseKind::OutlierPod], "it still holds");
        let mut other = violation(100, None);
        other.objective = "b".to_owned();
        assert!(entered(other, &standing).causes.is_empty(), "another objective was in danger");
    }

    #[test]
    fn what_cannot_be_told_is_no_cause_and_what_was_done_is_told() {
        let mut unknown = diagnosis("Unknown", 110, Some(130));
        unknown.actions = vec!["freeze".to_owned()];
        let mut pod = diagnosis("OutlierPod", 130, None);
        pod.actions = vec!["freeze".to_owned(), "raise".to_owned()];
        let told = entered(violation(100, None), &[unknown.clone(), diagnosis("Blind", 115, Some(120)), pod]);
        assert_eq!(causes(&told), [CauseKind::OutlierPod]);
        assert_eq!(told.actions, ["freeze", "raise"]);
        assert_eq!(told.episode, unknown.episode);
        assert_eq!(causes(&entered(violation(100, None), &[unknown])), []);
        let untold = violation(100, None);
        assert_eq!(entered(untold.clone(), &[]), untold, "where nothing was found, nothing is said");
    }

    #[test]
    fn the_same_cause_is_told_once_and_of_many_the_latest() {
        let (first, again) = (diagnosis("OutlierPod", 110, Some(120)), diagnosis("OutlierPod", 130, None));
        let between = diagnosis("Saturation", 120, Some(130));
        let told = entered(violation(100, None), &[first.clone(), between, again]);
        assert_eq!(causes(&told), [CauseKind::Saturation, CauseKind::OutlierPod]);
        assert_eq!((&told.causes[1].since, &told.causes[1].until), (&first.named.since, &None));
        let kinds = ["CommonCause", "OutlierZone", "OutlierNode", "Saturation"];
        let many: Vec<_> = kinds.iter().map(|kind| diagnosis(kind, 110, None)).collect();
        let told = entered(violation(100, None), &many);
        assert_eq!(causes(&told), [CauseKind::OutlierZone, CauseKind::OutlierNode, CauseKind::Saturation]);
    }

    #[test]
    fn of_earlier_violations_it_was_told_before() {
        let mut violations = [entered(violation(100, Some(200)), &[diagnosis("OutlierPod", 110, None)])];
        let before = violations.clone();
        enter(&mut violations, &[], at(150), 10);
        assert_eq!(violations, before);
    }
}
