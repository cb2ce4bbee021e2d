//! What is remembered of replicas that the operator owns: what the status says, corrected by the records and by what is seen.
//!
//! A step down is entered with its intent, so that a crash cannot make the day's budget larger, and taken out when it is known
//! not to have happened. Whatever changes what is declared is somebody else's doing: the operator's own writes leave it as it
//! was. A day's counts go on where the operator owns none for a while.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorStatus, Verb, Verdict};
use crate::api::owned_replicas::{ChangedByOthers, DangerWithFewer, OwnedReplicas, StepDown};
use crate::decide::plan::Step;
use crate::decide::situation::timing::DAY;
use crate::sense::workload::Floor;

use super::standing::Reset;

/// What is remembered of the replicas that `floor` is, as of now. `standing`: what stands of the operator's there; `reset`:
/// somebody else has just changed that.
#[must_use]
pub fn reconcile(
    status: Option<&OwnedReplicas>,
    floor: &Floor,
    (standing, reset): (Option<&FloorStatus>, Option<&Reset>),
    actions: &[ActionRecord],
    now: Timestamp,
) -> OwnedReplicas {
    let declared = standing.map_or(floor.current, |standing| standing.baseline);
    let mut owned = status.map_or_else(OwnedReplicas::default, |status| counted(status, actions, now));
    if reset.is_some() || owned.declared.is_some_and(|before| before != declared) {
        owned.changed = Some(ChangedByOthers { at: Time(now), to: floor.current, by: floor.set_by.clone() });
    }
    owned.declared = Some(declared);
    owned
}

/// What counts on of it while the operator owns no replicas. What is declared may change as it likes meanwhile: when they are owned
/// again, that is to be no change of theirs at that instant. `None`: nothing was done or seen within a day.
#[must_use]
pub fn aged(status: Option<&OwnedReplicas>, actions: &[ActionRecord], now: Timestamp) -> Option<OwnedReplicas> {
    let owned = OwnedReplicas { declared: None, blind_since: None, ..counted(status?, actions, now) };
    let nothing = owned.changed.is_none() && owned.steps.is_empty() && owned.danger.is_none();
    (!nothing).then_some(owned)
}

/// What of it was within a day, with what is known of its steps by now.
fn counted(status: &OwnedReplicas, actions: &[ActionRecord], now: Timestamp) -> OwnedReplicas {
    let mut owned = status.clone();
    let is_young = |at: &Time| now.duration_since(at.0) < DAY;
    let of = |step: &StepDown| actions.iter().find(|record| record.id == step.action);
    owned.steps.retain(|step| is_young(&step.at) && of(step).is_none_or(|record| record.phase != ActionPhase::Refused));
    for step in &mut owned.steps {
        step.harmful |= of(step).is_some_and(|record| record.verdict == Some(Verdict::Harmful));
    }
    owned.changed = owned.changed.filter(|changed| is_young(&changed.at));
    owned.danger = owned.danger.filter(|danger| is_young(&danger.at));
    owned
}

/// An objective is in danger while only so many are left: whatever was said of the steps before, so few were not enough. What
/// comes back at once would be let go again as soon as all is safe.
pub fn endanger(owned: &mut OwnedReplicas, left: i32, now: Timestamp) {
    let step = owned.steps.iter().rev().find(|step| step.to == left);
    let more = left.saturating_add(1);
    let fewest = step.map_or(more, |step| step.from.max(more));
    let known = owned.danger.as_ref().map_or(fewest, |danger| danger.fewest);
    owned.danger = Some(DangerWithFewer { at: Time(now), left, fewest: fewest.max(known) });
}

/// Enters the step down that a step intends.
#[must_use]
pub fn intended(owned: Option<OwnedReplicas>, step: &Step, now: Timestamp) -> Option<OwnedReplicas> {
    let Some(change) = step.floor().filter(|_| step.verb == Verb::ScaleDown) else { return owned };
    let mut owned = owned?;
    owned.steps.retain(|known| known.action != step.id);
    let (action, at) = (step.id.clone(), Time(now));
    owned.steps.push(StepDown { action, at, from: change.from, to: change.to, harmful: false });
    Some(owned)
}
