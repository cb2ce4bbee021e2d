//! Whether a pause or a rollback did what was expected of it.
//!
//! A rollback is judged when its own rollout is through, even where that takes longer than the deadline, which counts one
//! start of a pod only; but not for ever.

use k8s_openapi::jiff::SignedDuration;

use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::sense::workload::Rollout;

use super::{Sight, compare};

/// Longer than this after its intent no rollout back is waited for.
const LONGEST: SignedDuration = SignedDuration::from_hours(1);

/// No further pod gets the revision until it is decided.
pub(super) fn pause(record: &ActionRecord, sight: Sight<'_>) -> (Verdict, String) {
    let held = sight.hand.is_some_and(|hand| hand.paused_at.is_some());
    let undone =
        sight.hand.and_then(|hand| hand.undone.as_ref()).is_some_and(|undone| undone.at.0 > record.intended_at.0);
    if held || undone {
        (Verdict::Effective, "the rollout stood still until it was decided".to_owned())
    } else {
        (Verdict::Inconclusive, "the rollout was resumed meanwhile".to_owned())
    }
}

/// The revision's pods are gone, and the objective recovers.
pub(super) fn back(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let undone = sight.hand.and_then(|hand| hand.undone.as_ref()).filter(|undone| undone.action == record.id);
    let Some(undone) = undone else {
        let words = "the rollout is another one by now".to_owned();
        return due.then_some((Verdict::Inconclusive, words));
    };
    let of_it = |pod: &&crate::sense::workload::PodObservation| {
        !pod.terminating && pod.revision.as_ref() == Some(&undone.revision)
    };
    let left = sight.workload.pods.iter().filter(of_it).count();
    let through = left == 0 && sight.workload.rollout == Rollout::Complete;
    if through && sight.recovered(record) {
        return Some((Verdict::Effective, "its pods are gone, and no objective burns any more".to_owned()));
    }
    if through && sight.is_well_since(record) {
        let words = "its pods are gone, and what is bad since then is within what is allowed".to_owned();
        return Some((Verdict::Effective, words));
    }
    let waits =
        sight.workload.rollout == Rollout::InProgress && sight.now.duration_since(record.intended_at.0) < LONGEST;
    if !due || waits {
        return None;
    }
    if undone.brought_back {
        return Some((Verdict::Inconclusive, "somebody brought the revision back".to_owned()));
    }
    if left > 0 {
        return Some((Verdict::Ineffective, format!("{left} pods of the undone revision are still there")));
    }
    Some(match compare(record, sight) {
        (Verdict::Harmful, why) => {
            (Verdict::Harmful, format!("{why}; what was undone had been shown to be bad too, so a person decides"))
        }
        judged => judged,
    })
}

/// The rollout is its owner's again.
pub(super) fn release(sight: Sight<'_>) -> (Verdict, String) {
    let held = sight.hand.is_some_and(|hand| hand.paused_at.is_some());
    if held {
        (Verdict::Inconclusive, "it was paused again".to_owned())
    } else {
        (Verdict::Effective, "the rollout is its owner's".to_owned())
    }
}
