//! The way to a decision: settle the history, read the danger, ask for the cause, climb the ladder, pass the guards.

use k8s_openapi::jiff::Timestamp;

use crate::api::agreement_status::KEPT;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, EnforcementStatus, FloorStatus, Verb, Verdict};
use crate::sense::signals;
use crate::sense::workload::{Floor, WorkloadObservation};

use super::cause::{self, Cause, Found, Remedy};
use super::diagnosis;
use super::evidence::Snapshot;
use super::facts::Facts;
use super::guard::{self, Admitted, Hold};
use super::health::Health;
use super::intent::Seen;
use super::plan::{Plan, Proposed};
use super::policy::{self, Proposal};
use super::situation::Situation;
use super::standing::{self, Reset};
use super::timing::Timing;
use super::verdict::{self, Sight};
use super::{episode, hand, intent, moved, release, reschedule, undo};

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
    let (decision, passed) = choose(&facts, &found);
    let hints = hints(&facts, &decision, reset);
    let (reason, message) = words(&decision);
    let diagnosis = diagnosis::told(&facts, &found, &passed, &message);
    let mut actions = facts.actions;
    // A floor that was left behind on another object stays in the status until it is given back.
    let mut hand = facts.hand;
    let mut moved = facts.moved;
    let mut floor = left_behind(situation).map(|(_, standing)| standing).or(facts.standing);
    if let Decision::Act(plan) = &decision {
        let intents = plan.intents(situation.now);
        actions.retain(|record| intents.iter().all(|intent| intent.id != record.id));
        floor = intents.iter().fold(floor, intent::expected);
        let touched = intents.iter().find(|intent| intent.verb.is_about_rollout());
        hand = hand.or_else(|| touched.map(|intent| hand::empty(intent.target.clone())));
        moved = plan.steps.iter().fold(moved, |moved, step| moved::intended(moved, step, situation.now));
        actions.splice(0..0, intents);
    }
    actions.truncate(KEPT);
    let (rollout, reschedule, episode) = (hand, moved, facts.episode);
    let enforcement = EnforcementStatus { message, reason, floor, rollout, reschedule, episode, diagnosis };
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
    let seen = Seen { floors: &floors, deployment, pods: &workload.pods, at: workload.read_at, agreement };
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
    let health = Health::of(situation.assessment);
    let fresh = situation.now.duration_since(situation.assessment.measured_through) <= situation.staleness.assessment;
    let sight = Sight {
        workload,
        hand: hand.as_ref(),
        moved: moved.as_ref(),
        signals: situation.signals,
        window: signals::window(situation.slot),
        health: &health,
        fresh,
        measured_through: situation.assessment.measured_through,
        now: situation.now,
    };
    let without_effect = verdict::judge(&mut actions, sight);
    let stands = standing.is_some() || hand.as_ref().is_some_and(|hand| hand.paused_at.is_some());
    let previous = situation.status.episode.as_ref();
    let mut episode = episode::advance(previous, &health, fresh, stands, timing.release_after, situation.now);
    if let Some(episode) = &mut episode {
        episode::count(episode, without_effect);
    }
    let moved = moved::within(moved, episode.as_ref());
    (Facts { situation, workload, timing, health, standing, hand, moved, actions, episode }, reset)
}

/// The decision, and the guards that let its plan pass.
type Chosen = (Decision, Vec<&'static str>);

fn choose(facts: &Facts<'_>, found: &Found) -> Chosen {
    let situation = facts.situation;
    let cause = &found.cause;
    if let Some(decision) = give_back(facts).or_else(|| give_rollout_back(facts, cause)) {
        return (decision, Vec::new());
    }
    if situation.mode() == Mode::Observe {
        return (nothing("Observing", "the mode is Observe: nothing is decided", None), Vec::new());
    }
    let enforcement = situation.enforcement;
    if enforcement.scale.is_none() && enforcement.rollback.is_none() && enforcement.reschedule.is_none() {
        return (nothing("NoVerbAllowed", "enforcement.scale is left out, so nothing is scaled", None), Vec::new());
    }
    let told = || Hold { reason: cause.reason(), message: cause.message.clone(), until: None };
    match &cause.remedy {
        Remedy::Hold => (Decision::Hold(unclear(facts).unwrap_or_else(told)), Vec::new()),
        Remedy::KeepFloor => keep(facts, told()),
        Remedy::Undo(revision) => undo(facts, cause, revision),
        Remedy::Move(suspects) => move_pod(facts, cause, suspects),
        Remedy::Scale => scale(facts),
    }
}

/// Undoes a revision, or says why not, and keeps the floor meanwhile.
fn undo(facts: &Facts<'_>, cause: &Cause, revision: &str) -> Chosen {
    let Some(allowed) = &facts.situation.enforcement.rollback else {
        let why = "enforcement.rollback is left out, so undoing it is left to a person (`kubectl rollout undo`)";
        return keep(facts, told(cause, &Hold::new(cause.reason(), why)));
    };
    or_keep(facts, cause, undo::propose(facts, allowed, revision))
}

/// Moves one of the pods, or says why not, and keeps the floor meanwhile.
fn move_pod(facts: &Facts<'_>, cause: &Cause, suspects: &[String]) -> Chosen {
    if facts.situation.enforcement.reschedule.is_none() {
        let why = "enforcement.reschedule is left out, so moving it is left to a person";
        return keep(facts, told(cause, &Hold::new(cause.reason(), why)));
    }
    or_keep(facts, cause, reschedule::propose(facts, suspects))
}

/// What is proposed, if the guards let it pass; otherwise what keeps the floor.
fn or_keep(facts: &Facts<'_>, cause: &Cause, proposed: Result<Plan<Proposed>, Hold>) -> Chosen {
    match proposed.map(|plan| pass(plan, facts)) {
        Ok((Decision::Hold(hold), passed)) => {
            let (decision, more) = keep(facts, told(cause, &hold));
            (decision, if more.is_empty() { passed } else { more })
        }
        Ok(chosen) => chosen,
        Err(hold) => keep(facts, told(cause, &hold)),
    }
}

/// A hold with the cause before it.
fn told(cause: &Cause, hold: &Hold) -> Hold {
    let message = format!("{}; {}", cause.message, hold.message);
    Hold { reason: hold.reason, message, until: hold.until }
}

/// Keeps the floor where it could be undercut; where a guard holds back even that, or nothing is to be kept, the cause is
/// what a person has to know.
fn keep(facts: &Facts<'_>, told: Hold) -> Chosen {
    let scaled = facts.situation.enforcement.scale.as_ref().zip(facts.floor());
    match scaled.and_then(|(bounds, floor)| policy::keep(facts, floor, bounds)).map(|plan| pass(plan, facts)) {
        None | Some((Decision::Hold(_), _)) => (Decision::Hold(unclear(facts).unwrap_or(told)), Vec::new()),
        Some(chosen) => chosen,
    }
}

/// What is scaled needs one object to write.
fn unclear(facts: &Facts<'_>) -> Option<Hold> {
    facts.situation.enforcement.scale.as_ref().and_then(|_| guard::unclear(facts))
}

fn scale(facts: &Facts<'_>) -> Chosen {
    let Some(bounds) = &facts.situation.enforcement.scale else {
        return (nothing("NoVerbAllowed", "enforcement.scale is left out, so nothing is scaled", None), Vec::new());
    };
    if let Some(hold) = unclear(facts) {
        return (Decision::Hold(hold), Vec::new());
    }
    let Some(floor) = facts.floor() else { return (nothing("NoFloor", "nothing holds a floor", None), Vec::new()) };
    match policy::propose(facts, floor, bounds) {
        Proposal::Idle { reason, message, until } => (nothing(reason, message, until), Vec::new()),
        Proposal::Plan(plan) => pass(plan, facts),
    }
}

fn pass(plan: Plan<Proposed>, facts: &Facts<'_>) -> Chosen {
    let recommends = facts.situation.mode() == Mode::Recommend;
    let passed = guard::passed(&plan, facts, !recommends);
    if recommends {
        let decision = match guard::review(&plan, facts) {
            Ok(()) => Decision::Recommend(plan.describe()),
            Err(hold) => Decision::Hold(hold),
        };
        return (decision, passed);
    }
    let decision = match guard::admit(plan, facts) {
        Ok(plan) => Decision::Act(plan),
        Err(hold) => Decision::Hold(hold),
    };
    (decision, passed)
}

/// A floor that has no reason to stand any more, whatever is measured: it was left behind on another object, or the
/// agreement allows no scaling now. A lowered ceiling of the cluster is another matter: then nothing at all is written.
fn give_back(facts: &Facts<'_>) -> Option<Decision> {
    let situation = facts.situation;
    let revoked = situation.enforcement.mode < Mode::Enforce || situation.enforcement.scale.is_none();
    let (floor, standing, reason) = match (left_behind(situation), facts.floor(), &facts.standing) {
        (Some((left, standing)), _, _) => (left, standing, "the workload is scaled by another object now"),
        (None, Some(floor), Some(standing)) if revoked => {
            (floor, standing.clone(), "the agreement allows no scaling any more")
        }
        _ => return None,
    };
    if situation.ceiling < Mode::Enforce {
        let message = "a floor is to be given back, but the operator's flag --enforcement forbids every change";
        return Some(Decision::Hold(Hold { reason: "ModeCeiling", message: message.into(), until: None }));
    }
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    let (slot, deadline) = (standing.since.0, facts.judged_at(false));
    let plan = release::restoring(situation.agreement, floor, &standing, slot, deadline, reason.into(), before);
    Some(match guard::admit_restoration(plan, situation.leader) {
        Ok(plan) => Decision::Act(plan),
        Err(hold) => Decision::Hold(hold),
    })
}

/// A pause of the rollout that has no reason to stand any more.
fn give_rollout_back(facts: &Facts<'_>, cause: &Cause) -> Option<Decision> {
    let plan = undo::release(facts, cause.kind)?;
    if facts.situation.ceiling < Mode::Enforce {
        let message = "a rollout is to be given back, but the operator's flag --enforcement forbids every change";
        return Some(Decision::Hold(Hold { reason: "ModeCeiling", message: message.into(), until: None }));
    }
    Some(match guard::admit_restoration(plan, facts.situation.leader) {
        Ok(plan) => Decision::Act(plan),
        Err(hold) => Decision::Hold(hold),
    })
}

/// The floor left behind on an object that scales the workload no more. While it is not clear what does, nothing is left
/// behind yet.
fn left_behind<'a>(situation: &Situation<'a>) -> Option<(&'a Floor, FloorStatus)> {
    let present = situation.workload.ok()?.floor.floor()?;
    let left = situation.left_behind.filter(|left| left.target.uid != present.target.uid)?;
    let status = situation.status.floor.as_ref();
    let (standing, _) = standing::reconcile(status, left, &situation.agreement.name, situation.now);
    Some((left, standing?))
}

fn nothing(reason: &'static str, message: impl Into<String>, until: Option<Timestamp>) -> Decision {
    Decision::Nothing { reason, message: message.into(), until }
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
