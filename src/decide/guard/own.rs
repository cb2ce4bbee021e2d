//! Replicas that are let go: only those that the operator owns, one judged step after the other, while all is safe, seen and at
//! rest, and no further than the load allows.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::danger::episode;
use crate::decide::danger::health::Danger;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;
use crate::decide::verb::own;
use crate::sense::workload::{PodObservation, VolumeKind};

use super::Hold;

/// So many steps down within 24 hours: enough to come from any number to a tenth of it by steps of a tenth.
pub const STEPS: usize = 24;

/// The operator owns the replicas.
pub(super) fn owned(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    own::refused(facts).or_else(|| {
        let message = "spec.enforcement.capacity.mode is not Own, so no replica is let go";
        (!own::is_owner(facts)).then(|| Hold::new("ReplicasNotOwned", message))
    })
}

/// Nobody else has changed the replicas lately: whoever did wins.
pub(super) fn respected(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let changed = facts.owned.as_ref()?.changed.as_ref()?;
    let until = changed.at.0.saturating_add(DAY).ok()?;
    let who = changed.by.as_deref().unwrap_or("somebody the API server has no name for");
    let message = format!(
        "{who} set spec.replicas to {} at {}, so none of them is let go before {until}. Where a tool does that again and again, \
         have it leave spec.replicas alone (with Argo CD: ignoreDifferences, jsonPointers: [/spec/replicas], and \
         RespectIgnoreDifferences=true under syncOptions). Do not only take the field out of the manifest: the tool then \
         removes it, and the API server puts 1 in its place (see the README, Owning the replicas)",
        changed.to, changed.at.0
    );
    (facts.now() < until).then(|| Hold::new("ScaledByOthers", message).until(until))
}

/// No other agreement is about the workload: what it promises is not looked at here.
pub(super) fn alone(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    own::shared(facts).map(|why| Hold::new("WorkloadShared", format!("no replica is let go, as {why}")))
}

/// Nothing is in danger or was lately, and nothing of a danger goes on.
pub(super) fn in_calm(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    if facts.health.danger > Danger::None || facts.episode.as_ref().is_some_and(|episode| !episode.ahead) {
        return Some(Hold::new("EpisodeOpen", "a danger is not over yet, and no replica is let go before it is"));
    }
    let wait = facts.timing.release_after;
    // Without an episode there was no danger for as long, and nothing stands; what was put back lately may have ended it.
    let safe_since = facts.episode.as_ref().map(|episode| episode.safe_since.as_ref().map_or(facts.now(), |at| at.0));
    let raised = facts.actions_on_floor().find(|record| {
        matches!(record.verb, Verb::RaiseFloor | Verb::Surge | Verb::Restore) && record.phase != ActionPhase::Refused
    });
    let since = safe_since.into_iter().chain(raised.map(|record| record.intended_at.0)).max()?;
    let until = since.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let safe = facts.episode.as_ref().is_none_or(|episode| episode::safe_for(episode, facts.now()) >= Some(wait));
    let message = format!("all is to be safe for {wait:#} before replicas are let go");
    (!safe || facts.now() < until).then(|| Hold::new("WaitingToRelease", message).until(until))
}

/// All pods that are wanted are ready, and none is on its way out.
pub(super) fn all_ready(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (ready, wanted) = (facts.workload.ready_pods(), facts.workload.spec_replicas);
    let leaving = facts.workload.pods.iter().any(|pod| pod.terminating);
    let message =
        format!("{ready} of {wanted} pods are ready, and none is let go before all are and none is on its way out");
    (ready < wanted || leaving).then(|| Hold::new("PodsNotReady", message))
}

/// No pod has a volume of its own: it would be left behind, or deleted with the pod (`persistentVolumeClaimRetentionPolicy`).
pub(super) fn keeps_nothing(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let claim = |pod: &PodObservation| pod.kept_volumes.iter().any(|volume| volume.kind == VolumeKind::Claim);
    let pod = facts.workload.pods.iter().find(|pod| claim(pod))?;
    let message = format!(
        "pod {} has a persistent volume claim, and what it keeps is not for the operator to leave behind; set \
         spec.enforcement.capacity.mode to Floor",
        pod.name
    );
    Some(Hold::new("KeepsVolumes", message))
}

/// The load needs no more than is left.
pub(super) fn load_allows(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (to, bounds) = (step.floor()?.to, facts.situation.enforcement.scale.as_ref()?);
    match own::lowest(facts, bounds) {
        Some(Ok(lowest)) if to >= lowest => None,
        Some(Ok(lowest)) => Some(Hold::new("LoadNeedsIt", format!("{lowest} pods are kept for the load, and no {to}"))),
        Some(Err(why)) => Some(Hold::new("LoadUnknown", format!("no replica is let go, as {why}"))),
        None => Some(Hold::new("LoadUnknown", "no replica is let go, as nothing is known of the load")),
    }
}

/// What did harm is not done again for a day, and neither is what was followed by a danger later.
pub(super) fn did_no_harm(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (to, owned) = (step.floor()?.to, facts.owned.as_ref()?);
    let harmful = owned.steps.iter().filter(|down| down.harmful).map(|down| (down.at.0, down.to, down.from));
    let endangered = owned.danger.iter().map(|danger| (danger.at.0, danger.left, danger.fewest));
    let holding = harmful.chain(endangered).filter(|(.., fewest)| to < *fewest);
    let (at, left, fewest) = holding.max_by_key(|(at, ..)| *at)?;
    let until = at.saturating_add(DAY).ok()?;
    let message = format!(
        "an objective was in danger with the {left} replicas that were left at {at}, so fewer than {fewest} are not left \
         before {until}"
    );
    Some(Hold::new("LettingGoDidHarm", message).until(until))
}

/// Few steps within a day.
pub(super) fn within_budget(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let steps = &facts.owned.as_ref()?.steps;
    let oldest = steps.len().checked_sub(STEPS)?;
    let until = steps.get(oldest)?.at.0.saturating_add(DAY).ok()?;
    let message =
        format!("replicas were let go in {} steps within 24 hours, and no more are made before {until}", steps.len());
    Some(Hold::new("ScaleDownBudget", message).until(until))
}

/// The last step is judged before the next one.
pub(super) fn in_turn(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let open = facts.actions_on_floor().find(|record| {
        record.verb == Verb::ScaleDown && record.phase != ActionPhase::Refused && record.verdict.is_none()
    })?;
    let until = open.deadline.0;
    let message = format!("the last step ({}) has until {until} to show whether it does harm", open.change());
    Some(Hold::new("AwaitingVerdict", message).until(until))
}
