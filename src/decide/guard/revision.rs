//! The revision: whose hand is on the rollout, which revision is in force, and whether the one before is worth going back
//! to.

use k8s_openapi::jiff::Timestamp;

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{Mark, Revision, Rollout};

use super::{Hold, left_behind};

/// So many times brought back, and the operator stops.
const ENOUGH: i32 = 2;

/// The controller has seen the present spec: right after a change the revisions are those of before.
pub(super) fn observed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let workload = facts.workload;
    let seen = workload.generation.is_some() && workload.observed_generation >= workload.generation;
    (!seen).then(|| Hold::new("SpecNotObserved", "the Deployment's controller has not seen its present spec yet"))
}

/// Nobody else has a hand on the rollout, and the operator has none on another one.
pub(super) fn free(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    if let Some(hold) = left_behind::rollout(facts) {
        return Some(hold);
    }
    let deployment = facts.workload.deployment.as_ref()?;
    let (annotation, name) = (crate::api::ROLLOUT_ANNOTATION, &deployment.target.name);
    match &deployment.mark {
        Mark::Unreadable(text) => {
            let message =
                format!("the annotation {annotation} of Deployment {name} cannot be read: `{text}`; remove it");
            Some(Hold::new("UnknownMark", message))
        }
        Mark::Recorded(mark)
            if mark.paused && deployment.paused && mark.agreement != facts.situation.agreement.name =>
        {
            let message = format!("the rollout of Deployment {name} is held by the agreement {}", mark.agreement);
            Some(Hold::new("HeldByOtherAgreement", message))
        }
        _ => paused_by_others(facts),
    }
}

/// Somebody else paused the rollout.
pub(super) fn paused_by_others(facts: &Facts<'_>) -> Option<Hold> {
    let deployment = facts.workload.deployment.as_ref()?;
    (facts.workload.rollout == Rollout::Paused && facts.paused_at().is_none()).then(|| {
        let who = deployment.paused_by.as_deref().map(|who| format!(" by {who}")).unwrap_or_default();
        let message = format!("somebody else paused the rollout{who}, so it is theirs: undo or resume it");
        Hold::new("PausedByOthers", message)
    })
}

/// Nobody brings back what the operator undoes.
pub(super) fn respected(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    Some(Hold::new("ConflictingManager", standing_conflict(facts)?))
}

/// The undone revision was brought back too often: who decides about it, and how to tell them.
pub(super) fn standing_conflict(facts: &Facts<'_>) -> Option<String> {
    let hand = facts.hand.as_ref().filter(|hand| hand.resets >= ENOUGH)?;
    let undone = hand.undone.as_ref()?;
    Some(format!(
        "revision {} of Deployment {} was undone and brought back {} times, so the operator stopped undoing it. Whatever \
         applies it decides: revert the change where the manifest comes from (the commit, the chart's values), or suspend \
         its automation meanwhile (Argo CD: take `selfHeal` out of syncPolicy.automated; Flux: `flux suspend`)",
        undone.revision, hand.target.name, hand.resets
    ))
}

/// What is in force was not gone back to by anybody: two revisions that take turns are not mended by a third turn. What
/// the operator undid and somebody brought back is another matter: that is counted.
pub(super) fn not_gone_back_to(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let deployment = facts.workload.deployment.as_ref()?;
    let in_force = deployment.in_force()?;
    let undone = facts.hand.as_ref().and_then(|hand| hand.undone.as_ref());
    let ours = undone.is_some_and(|undone| undone.back_to == in_force.hash)
        || deployment.mark.record().is_some_and(|mark| mark.back_to.as_ref() == Some(&in_force.hash));
    let brought_back = undone.is_some_and(|undone| undone.revision == in_force.hash);
    (ours || in_force.again && !brought_back).then(|| {
        let message = format!(
            "revision {} was in force before and was gone back to; undoing that too would only make two revisions take turns",
            in_force.hash
        );
        Hold::new("AlreadyGoneBack", message)
    })
}

/// The revision before is another one, served long enough until it was replaced, and the danger is younger than what
/// replaced it.
pub(super) fn proven(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let deployment = facts.workload.deployment.as_ref()?;
    let number = step.rollout().and_then(|change| change.to);
    let good = deployment.known().iter().find(|revision| Some(revision.number) == number);
    let (Some(bad), Some(good)) = (deployment.in_force(), good) else {
        return Some(Hold::new("NothingToGoBackTo", "the revision to go back to is not there any more"));
    };
    if bad.template == good.template {
        return Some(Hold::new("SameRevision", format!("revision {} has the same template", good.number)));
    }
    let served = bad.created.zip(good.created).map(|(replaced, made)| replaced.duration_since(made));
    if served.is_none_or(|served| served < facts.timing.served_for) {
        let message = format!(
            "revision {}, which was in force before, had not served for {:#} when it was replaced; whether it is any \
             better is for a person to say",
            good.number, facts.timing.served_for
        );
        return Some(Hold::new("UnprovenRevision", message));
    }
    let began = began(facts, bad)?;
    let danger = facts.episode.as_ref()?.since.0;
    (danger < began).then(|| {
        let message = format!("the danger began at {danger}, before revision {} came at {began}", bad.number);
        Hold::new("DangerIsOlder", message)
    })
}

/// When a revision came: with its first present pod, or with its `ReplicaSet`, if that was made for it. `None`: it was
/// undone before and brought back, so the danger is that of then.
fn began(facts: &Facts<'_>, revision: &Revision) -> Option<Timestamp> {
    let undone = facts.hand.as_ref().and_then(|hand| hand.undone.as_ref());
    if undone.is_some_and(|undone| undone.revision == revision.hash) {
        return None;
    }
    let pods = facts.workload.pods.iter().filter(|pod| pod.revision.as_ref() == Some(&revision.hash));
    let first = pods.filter_map(|pod| pod.created).min();
    let made = revision.created.filter(|_| !revision.again);
    first.into_iter().chain(made).min()
}
