//! The effect: what did not help is not repeated within the same episode, and pods for which there was no place are not asked
//! for again for a while.

use k8s_openapi::jiff::SignedDuration;

use crate::api::enforcement_status::{Verb, Verdict};
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::verb::ahead;

use super::Hold;

/// Nothing is added ahead of the load for so long after what was added last did not get ready.
const AHEAD_AGAIN: SignedDuration = SignedDuration::from_mins(30);

pub(super) fn of_use(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let without_effect = facts.episode.as_ref().map_or(0, |episode| episode.without_effect(step.verb));
    if let Some((_, words)) = turned_off(step.verb).filter(|(times, _)| without_effect >= *times) {
        return Some(Hold::new("Ineffective", words));
    }
    let last = ahead::last_raise(facts).filter(|last| step.is_ahead() && last.ahead)?;
    let until = last.deadline.0.saturating_add(AHEAD_AGAIN).ok()?;
    let failed = matches!(last.verdict, Some(Verdict::Ineffective | Verdict::Harmful));
    (failed && facts.now() < until).then(|| {
        let message = format!(
            "the pods that were added last ahead of the load ({}) found no place or did not get ready, so that none is added \
             ahead of it before {until}; add nodes, raise the quota, or see why they do not start",
            last.change()
        );
        Hold::new("Ineffective", message).until(until)
    })
}

/// So many times without effect turn a verb off, and what is said then. What disrupts a whole service is not tried twice; nor is a
/// replica without a place, or a taint. `None`: what keeps, stops or gives back is no remedy, and never found without effect.
fn turned_off(verb: Verb) -> Option<(i32, &'static str)> {
    match verb {
        Verb::RaiseFloor => Some((
            2,
            "raising the floor did not help in this episode; more replicas are not the cure. The floor is held until all is \
             safe; somebody should look",
        )),
        Verb::Surge => Some((
            1,
            "the replica that was added in this episode found no place or did not become ready, so no pod is moved; add nodes \
             or raise the quota",
        )),
        Verb::Reschedule => Some((
            2,
            "moving a pod did not help twice in this episode, so the pods are not the cause, or not alone; somebody should \
             look",
        )),
        Verb::AvoidNode => Some((
            1,
            "a taint did not keep pods off a node in this episode; look at the workload's spread constraints and affinity, and \
             at the room elsewhere, or cordon the node",
        )),
        Verb::Shed => Some((
            1,
            "turning requests away did not help in this episode, or turned away what could have been served; somebody should \
             look, at the retries of the clients first",
        )),
        Verb::Resize => Some((
            2,
            "resizing pods did not help in this episode, or their nodes could not give it, so it is not tried again before all \
             is safe",
        )),
        Verb::RollBack => Some((
            1,
            "undoing a revision did not help in this episode, so the revision was not the cause, or not alone; somebody \
             should look",
        )),
        Verb::FreezeScaleDown
        | Verb::LowerFloor
        | Verb::Restore
        | Verb::ScaleDown
        | Verb::SetTarget
        | Verb::RestoreTarget
        | Verb::PauseRollout
        | Verb::ReleaseRollout
        | Verb::ReleaseNode
        | Verb::StopShedding
        | Verb::RestoreSize => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decide::verdict::REMEDIES;

    #[test]
    fn every_remedy_is_turned_off_when_it_does_not_help() {
        assert!(REMEDIES.into_iter().all(|verb| turned_off(verb).is_some()));
    }
}
