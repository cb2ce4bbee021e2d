//! The way to a decision: settle the history, judge what is due, read the danger, ask for the cause, choose.

use k8s_openapi::jiff::Timestamp;

use crate::api::agreement_status::KEPT;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, EnforcementStatus, FloorStatus, Verb, Verdict};
use crate::sense::signals;
use crate::sense::workload::{Floor, WorkloadObservation};

use super::cause;
use super::diagnosis;
use super::facts::Facts;
use super::guard::{self, Admitted, Hold};
use super::health::Health;
use super::intent::Seen;
use super::plan::Plan;
use super::situation::Situation;
use super::standing::{self, Reset};
use super::timing::Timing;
use super::verdict::{self, Sight};
use super::{choice, episode, hand, intent, moved, resized};

/// What was decided.
#[derive(Debug, PartialEq)]
pub enum Decision {
    /// Do this.
    Act(Plan<Admitted>),
    /// This would be done if the mode allowed it, in words.
    Recommend(String),
    /// Something would be done, but not now.
    Hold(Hold),
    /// There is nothing to do.
    Nothing {
        /// As one word.
        reason: &'static str,
        /// In words.
        message: String,
        /// When to look again. `None`: with the next slot.
        until: Option<Timestamp>,
    },
}

/// What should stand in conditions. `None`: the condition does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Hints {
    /// `ConflictingManager`, in words.
    pub conflicting_manager: Option<String>,
    /// `CapacityInsufficient`, in words.
    pub capacity_insufficient: Option<String>,
    /// Somebody has just changed the floor: for an Event.
    pub reset: Option<Reset>,
}

/// A decision and the state that goes with it.
#[derive(Debug, PartialEq)]
pub struct Decided {
    /// The decision.
    pub decision: Decision,
    /// The next `status.enforcement`.
    pub enforcement: EnforcementStatus,
    /// The next `status.actions`, newest first, the intents of the decision among them.
    pub actions: Vec<ActionRecord>,
    /// For the conditions.
    pub hints: Hints,
}

/// Decides.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decided {
    let held = |reason: &'static str, message: String| {
        let enforcement =
            EnforcementStatus { reason: reason.into(), message: message.clone(), ..situation.status.clone() };
        let decision = Decision::Hold(Hold { reason, message, until: None });
        Decided { decision, enforcement, actions: situation.actions.to_vec(), hints: Hints::default() }
    };
    let timing = match Timing::of(situation.enforcement) {
        Ok(timing) => timing,
        Err(error) => return held("InvalidSpec", error.to_string()),
    };
    match situation.workload {
        Ok(workload) => with_workload(situation, timing, workload),
        Err(problem) => held(problem.reason(), problem.to_string()),
    }
}

fn with_workload(situation: &Situation<'_>, timing: Timing, workload: &WorkloadObservation) -> Decided {
    let (facts, reset) = work_out(situation, timing, workload);
    let found = cause::find(&facts);
    let (decision, passed) = choice::choose(&facts, &found);
    let hints = hints(&facts, &decision, reset);
    let (reason, message) = words(&decision);
    let diagnosis = diagnosis::told(&facts, &found, &passed, &message);
    let mut actions = facts.actions;
    // A floor that was left behind on another object stays in the status until it is given back.
    let mut hand = facts.hand;
    let mut moved = facts.moved;
    let mut resized = facts.resized;
    let mut floor = choice::left_behind(situation).map(|(_, standing)| standing).or(facts.standing);
    if let Decision::Act(plan) = &decision {
        let intents = plan.intents(situation.now);
        actions.retain(|record| intents.iter().all(|intent| intent.id != record.id));
        floor = intents.iter().fold(floor, intent::expected);
        let touched = intents.iter().find(|intent| intent.verb.is_about_rollout());
        hand = hand.or_else(|| touched.map(|intent| hand::empty(intent.target.clone())));
        moved = plan.steps.iter().fold(moved, |moved, step| moved::intended(moved, step, situation.now));
        resized =
            plan.steps.iter().fold(resized, |resized, step| resized::intended(resized, step, workload, situation.now));
        actions.splice(0..0, intents);
    }
    actions.truncate(KEPT);
    let (rollout, reschedule, resize, episode) = (hand, moved, resized, facts.episode);
    let capacity = situation.status.capacity.clone();
    let enforcement =
        EnforcementStatus { message, reason, floor, rollout, reschedule, resize, episode, diagnosis, capacity };
    Decided { decision, enforcement, actions, hints }
}

/// Settles the history, reads the danger, and judges what is due.
pub(super) fn work_out<'a>(
    situation: &'a Situation<'a>,
    timing: Timing,
    workload: &'a WorkloadObservation,
) -> (Facts<'a>, Option<Reset>) {
    let agreement = situation.agreement.name.as_str();
    let floor = workload.floor.floor();
    let floors: Vec<&Floor> = floor.into_iter().chain(situation.left_behind).collect();
    let deployment = workload.deployment.as_ref();
    let uid = situation.agreement.uid.as_str();
    let (pods, at) = (&workload.pods, workload.read_at);
    let seen = Seen { floors: &floors, deployment, pods, at, agreement, agreement_uid: uid };
    let (mut actions, done) = intent::settle(situation.actions, seen);
    let written = done.iter().filter_map(|index| actions.get(*index));
    let status: Option<FloorStatus> = written.fold(situation.status.floor.clone(), intent::effect);
    let (standing, reset) = match floor {
        Some(floor) => standing::reconcile(status.as_ref(), floor, agreement, situation.now),
        // Nobody knows what holds it just now; what stood is not forgotten.
        None => (status, None),
    };
    let hand = match deployment {
        Some(deployment) => hand::reconcile(situation.status.rollout.as_ref(), deployment, agreement, situation.now),
        None => situation.status.rollout.clone(),
    };
    let moved = moved::reconcile(situation.status.reschedule.as_ref(), &actions, workload, situation.now);
    let resized = resized::reconcile(situation.status.resize.as_ref(), &actions, workload, uid, situation.now);
    let health = Health::of(situation.assessment);
    let fresh = situation.now.duration_since(situation.assessment.measured_through) <= situation.staleness.assessment;
    let sight = Sight {
        workload,
        hand: hand.as_ref(),
        moved: moved.as_ref(),
        signals: situation.signals,
        window: signals::window(situation.slot),
        throttling: situation.throttling,
        health: &health,
        fresh,
        measured_through: situation.assessment.measured_through,
        now: situation.now,
    };
    let without_effect = verdict::judge(&mut actions, sight);
    let stands = standing.is_some()
        || hand.as_ref().is_some_and(|hand| hand.paused_at.is_some())
        || resized.as_ref().is_some_and(|resized| resized.pods > 0);
    let previous = situation.status.episode.as_ref();
    let mut episode = episode::advance(previous, &health, fresh, stands, timing.release_after, situation.now);
    if let Some(episode) = &mut episode {
        episode::count(episode, without_effect);
    }
    let moved = moved::within(moved, episode.as_ref());
    let resized = resized::within(resized, episode.as_ref());
    (Facts { situation, workload, timing, health, standing, hand, moved, resized, actions, episode }, reset)
}

fn words(decision: &Decision) -> (String, String) {
    match decision {
        Decision::Act(plan) => {
            let verb = plan.steps.first().map(|step| format!("{:?}", step.verb)).unwrap_or_default();
            (verb, plan.describe())
        }
        Decision::Recommend(message) => ("Recommended".to_owned(), format!("would {message}")),
        Decision::Hold(hold) => (hold.reason.to_owned(), hold.message.clone()),
        Decision::Nothing { reason, message, .. } => ((*reason).to_owned(), message.clone()),
    }
}

fn hints(facts: &Facts<'_>, decision: &Decision, reset: Option<Reset>) -> Hints {
    let conflict = guard::conflict(facts);
    let unclear = match decision {
        Decision::Hold(hold) if hold.reason == "ConflictingManager" => Some(hold.message.clone()),
        _ => None,
    };
    let unplaced = facts.workload.unplaced_pods();
    let mut last = facts.actions_on_floor().filter(|record| matches!(record.verb, Verb::RaiseFloor | Verb::Surge));
    let short = last.next().is_some_and(|record| {
        record.phase == ActionPhase::Done && record.verdict.is_some_and(|verdict| verdict != Verdict::Effective)
    });
    let capacity = (short && unplaced > 0).then(|| {
        format!(
            "{unplaced} of {} replicas found no place; add nodes, raise the quota, or lower enforcement.scale.max",
            facts.workload.spec_replicas
        )
    });
    Hints { conflicting_manager: conflict.or(unclear), capacity_insufficient: capacity, reset }
}
