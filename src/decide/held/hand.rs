//! The operator's hand in a rollout: what the status says, corrected by the annotation on the Deployment and by what is
//! in force there.
//!
//! A pause is the operator's only while the annotation says so, the Deployment is paused, and nobody else owns that field;
//! any other pause is a person's. An undone revision that is in force again was brought back by its owner, most often by a
//! tool that applies what stands in a repository; each time counts as a reset, as it does for a floor.
//!
//! A pause and a rollback are entered with their intent, so that a crash cannot make the day's budget larger, and taken out when
//! they are known not to have happened. An undone revision is remembered for a day.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::FIELD_MANAGER;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Verb};
use crate::api::rollout_status::{RolloutStatus, UndoneRevision};
use crate::decide::plan::Step;
use crate::decide::situation::timing::DAY;
use crate::sense::workload::{DeploymentState, MarkRecord};

/// The operator's hand in the rollout of `deployment`. `None`: it has none.
#[must_use]
pub fn reconcile(
    status: Option<&RolloutStatus>,
    deployment: &DeploymentState,
    actions: &[ActionRecord],
    agreement: &str,
    now: Timestamp,
) -> Option<RolloutStatus> {
    // What is held of another one is not forgotten before it is given back.
    let is_another = |status: &RolloutStatus| status.target.name != deployment.target.name;
    if status.is_some_and(|status| is_another(status) && status.paused_at.is_some()) {
        return aged(status, now);
    }
    let known = |status: &RolloutStatus| {
        let is_anew = status.target.uid != deployment.target.uid;
        if is_anew { counted(status, deployment.target.clone()) } else { status.clone() }
    };
    let mark = deployment.mark.held_by(agreement);
    let mut hand = match (status.map(known), mark) {
        (Some(known), _) => known,
        (None, Some(_)) => empty(deployment.target.clone()),
        (None, None) => return None,
    };
    let foreign = deployment.paused_by.as_deref().is_some_and(|manager| manager != FIELD_MANAGER);
    let paused = mark.filter(|mark| mark.paused && deployment.paused && !foreign);
    hand.paused_at = paused.map(|mark| mark.revision.clone());
    hand.rollbacks.retain(|at| !is_refused(actions, Verb::RollBack, at));
    hand.pauses.retain(|at| !is_refused(actions, Verb::PauseRollout, at));
    if let Some(mark) = mark {
        adopt(&mut hand, mark);
    }
    age(&mut hand, now);
    if let (Some(undone), Some(in_force)) = (&mut hand.undone, deployment.in_force()) {
        let brought_back = in_force.hash == undone.revision;
        if brought_back && !undone.brought_back {
            hand.resets = hand.resets.saturating_add(1);
        }
        undone.brought_back = brought_back;
    }
    something(hand)
}

/// The same where the workload is no Deployment: what is held stays as it was, and what is a day old counts no more.
#[must_use]
pub fn aged(status: Option<&RolloutStatus>, now: Timestamp) -> Option<RolloutStatus> {
    let mut hand = status?.clone();
    age(&mut hand, now);
    something(hand)
}

/// What counts of the hand in the rollout of one object when another one takes its place, or the same was made anew: that is no
/// new day. Nothing of the one before is held any more.
#[must_use]
pub fn counted(before: &RolloutStatus, target: ActionTarget) -> RolloutStatus {
    let RolloutStatus { rollbacks, pauses, .. } = before.clone();
    RolloutStatus { rollbacks, pauses, ..empty(target) }
}

fn age(hand: &mut RolloutStatus, now: Timestamp) {
    let is_young = |at: Timestamp| now.duration_since(at) < DAY;
    hand.rollbacks.retain(|at| is_young(at.0));
    hand.pauses.retain(|at| is_young(at.0));
    if hand.undone.as_ref().is_some_and(|undone| !is_young(undone.at.0)) {
        (hand.undone, hand.resets) = (None, 0);
    }
}

fn something(hand: RolloutStatus) -> Option<RolloutStatus> {
    let nothing =
        hand.paused_at.is_none() && hand.undone.is_none() && hand.rollbacks.is_empty() && hand.pauses.is_empty();
    (!nothing).then_some(hand)
}

/// Nothing came of what was intended then.
fn is_refused(actions: &[ActionRecord], verb: Verb, at: &Time) -> bool {
    actions
        .iter()
        .any(|record| record.verb == verb && record.phase == ActionPhase::Refused && record.intended_at == *at)
}

/// No hand in the rollout of a Deployment yet.
fn empty(target: ActionTarget) -> RolloutStatus {
    RolloutStatus { target, paused_at: None, undone: None, rollbacks: Vec::new(), pauses: Vec::new(), resets: 0 }
}

/// Enters the pause or the rollback that a step intends.
#[must_use]
pub fn intended(hand: Option<RolloutStatus>, step: &Step, now: Timestamp) -> Option<RolloutStatus> {
    if !step.verb.is_about_rollout() {
        return hand;
    }
    let mut hand = hand.unwrap_or_else(|| empty(step.target.clone()));
    match step.verb {
        Verb::PauseRollout => enter(&mut hand.pauses, &Time(now)),
        Verb::RollBack => enter(&mut hand.rollbacks, &Time(now)),
        _ => {}
    }
    Some(hand)
}

fn enter(times: &mut Vec<Time>, at: &Time) {
    if !times.contains(at) {
        times.push(at.clone());
    }
}

/// A pause or a rollback the annotation tells of.
fn adopt(hand: &mut RolloutStatus, mark: &MarkRecord) {
    let Some(back_to) = mark.back_to.clone() else {
        enter(&mut hand.pauses, &mark.at);
        return;
    };
    if hand.undone.as_ref().is_some_and(|undone| undone.action == mark.action) {
        return;
    }
    if hand.undone.as_ref().is_none_or(|undone| undone.revision != mark.revision) {
        hand.resets = 0;
    }
    hand.undone = Some(UndoneRevision {
        revision: mark.revision.clone(),
        back_to,
        at: mark.at.clone(),
        action: mark.action.clone(),
        brought_back: false,
    });
    enter(&mut hand.rollbacks, &mark.at);
}
