//! The way to a decision: settle the history, judge what is due, read the danger, ask for the cause, choose.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use crate::api::cpu_target::CpuTargetStatus;
use crate::api::enforcement_status::{ActionPhase, EnforcementStatus, FloorReason, FloorStatus, Verb, Verdict};
use crate::api::owned_replicas::OwnedReplicas;
use crate::sense::signals;
use crate::sense::workload::{Floor, WorkloadObservation};

use super::capacity::bid;
use super::cause::{self, Remedy};
use super::danger::episode;
use super::danger::health::{Danger, Health};
use super::decision::{Decided, Decision, Hints};
use super::guard::{self, Hold};
use super::held::standing::{self, Reset};
use super::held::{avoidance, cpu_target_state, hand, moved, owned, refusal, resized, shed_state};
use super::intent::{self, Seen};
use super::plan::Step;
use super::situation::Situation;
use super::situation::facts::Facts;
use super::situation::timing::Timing;
use super::verb::{cpu_target, own, policy};
use super::verdict::{self, Sight, harm};
use super::{choice, diagnosis};

/// Decides.
#[must_use]
pub fn decide(situation: &Situation<'_>) -> Decided {
    let held = |reason: &'static str, message: String| {
        let mut enforcement =
            EnforcementStatus { reason: reason.into(), message: message.clone(), ..situation.status.clone() };
        let hold = Hold::new(reason, message).unless("what the message names is mended");
        diagnosis::hold(&mut enforcement, &hold);
        let decision = Decision::Hold(hold);
        Decided {
            decision,
            enforcement,
            actions: situation.actions.to_vec(),
            hints: Hints::default(),
            seeks_replicas: false,
        }
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
    let choice = choice::choose(&facts, &found);
    let decision = &choice.decision;
    let hints = hints(&facts, decision, reset);
    let seeks_replicas = seeks_replicas(&found.cause.remedy, decision);
    let bid = bid::after(&facts, &found.cause.remedy, decision);
    let (reason, message) = words(decision);
    let diagnosis = diagnosis::told(&facts, &found, &choice, &message);
    let review = if diagnosis.is_none() { diagnosis::review(&facts, &choice) } else { None };
    let decision = choice.decision;
    let mut actions = facts.actions;
    // A floor that was left behind on another object stays in the status until it is given back.
    let mut hand = facts.hand;
    let mut moved = facts.moved;
    let mut avoided = facts.avoidance;
    let mut shed = facts.shed;
    let mut resized = facts.resized;
    let mut owned = facts.owned;
    let mut cpu_target = facts.cpu_target;
    let mut floor = choice::left_behind(situation).map(|(_, standing)| standing).or(facts.standing);
    if let Decision::Act(plan) = &decision {
        let intents = plan.intents(situation.now);
        actions.retain(|record| intents.iter().all(|intent| intent.id != record.id));
        floor = intents.iter().fold(floor, intent::expected);
        hand = plan.steps.iter().fold(hand, |hand, step| hand::intended(hand, step, situation.now));
        owned = plan.steps.iter().fold(owned, |owned, step| owned::intended(owned, step, situation.now));
        let set = |target, step| cpu_target_state::intended(target, step, situation.now);
        cpu_target = plan.steps.iter().fold(cpu_target, set);
        shed = plan.steps.iter().fold(shed, |shed, step| shed_state::intended(shed, step, situation.now));
        moved = plan.steps.iter().fold(moved, |moved, step| moved::intended(moved, step, workload, situation.now));
        avoided = plan.steps.iter().fold(avoided, avoidance::intended);
        resized =
            plan.steps.iter().fold(resized, |resized, step| resized::intended(resized, step, workload, situation.now));
        actions.splice(0..0, intents);
    }
    intent::keep(&mut actions);
    let enforcement = EnforcementStatus {
        message,
        reason,
        floor,
        rollout: hand,
        reschedule: moved,
        avoidance: avoided,
        shed,
        resize: resized,
        episode: facts.episode,
        diagnosis,
        review,
        refusals: facts.refusals,
        capacity: situation.status.capacity.clone(),
        owned,
        cpu_target,
        bid,
    };
    Decided { decision, enforcement, actions, hints, seeks_replicas }
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
    let seen = Seen {
        floors: &floors,
        cpu_target: workload.cpu_target.as_ref(),
        deployment,
        pods: &workload.pods,
        nodes: situation.nodes,
        switch: situation.switch,
        at: workload.read_at,
        agreement,
        agreement_uid: uid,
    };
    let (mut actions, done) = intent::settle(situation.actions, seen);
    let written = done.iter().filter_map(|index| actions.get(*index));
    let status: Option<FloorStatus> = written.fold(situation.status.floor.clone(), intent::effect);
    let (standing, reset) = match floor {
        Some(floor) => standing::reconcile(status.as_ref(), floor, agreement, situation.now),
        // Nobody knows what holds it just now; what stood is not forgotten.
        None => (status, None),
    };
    let hand = match deployment {
        Some(deployment) => {
            hand::reconcile(situation.status.rollout.as_ref(), deployment, &actions, agreement, situation.now)
        }
        None => hand::aged(situation.status.rollout.as_ref(), situation.now),
    };
    let moved = moved::reconcile(situation.status.reschedule.as_ref(), &actions, workload, situation.now);
    let before = situation.status.avoidance.as_ref();
    let avoided = avoidance::reconcile(before, &actions, situation.nodes, uid, situation.now);
    let shed =
        shed_state::reconcile(situation.status.shed.as_ref(), situation.switch, &actions, agreement, situation.now);
    let resized = resized::reconcile(situation.status.resize.as_ref(), &actions, workload, uid, situation.now);
    let health = Health::of(situation.assessment).with_pulse(situation.pulse);
    let fresh = situation.now.duration_since(situation.assessment.measured_through) <= situation.staleness.assessment;
    let sight = Sight {
        workload,
        hand: hand.as_ref(),
        moved: moved.as_ref(),
        avoidance: avoided.as_ref(),
        shed: shed.as_ref(),
        assessment: situation.assessment,
        load: situation.load,
        pulse: situation.pulse,
        signals: situation.signals,
        window: signals::window(situation.slot),
        throttling: situation.throttling,
        health: &health,
        danger: situation.status.episode.as_ref().map(|episode| episode.since.0),
        slot: SignedDuration::from_secs(situation.slot.seconds()),
        fresh,
        measured_through: situation.assessment.measured_through,
        now: situation.now,
    };
    let without_effect = verdict::judge(&mut actions, sight);
    let sheds = shed.as_ref().is_some_and(|shed| shed.standing.is_some());
    // What is left behind on another workload is no part of what this one goes through.
    let stands = sheds
        || hand.as_ref().is_some_and(|hand| hand.target.uid == workload.uid && hand.paused_at.is_some())
        || avoidance::standing(avoided.as_ref()).is_some()
        || resized.as_ref().is_some_and(|resized| resized.workload.uid == workload.uid && resized.pods > 0);
    // Whatever else stands was done in a danger.
    let floor = standing.as_ref().map(|standing| standing.reason);
    let stands = if stands { Some(FloorReason::Danger) } else { floor };
    let previous = situation.status.episode.as_ref();
    let mut episode = episode::advance(previous, &health, fresh, stands, timing.release_after, situation.now);
    if let Some(episode) = &mut episode {
        episode::count(episode, without_effect);
        let declared = standing.as_ref().map(|standing| standing.baseline);
        let declared = declared.or_else(|| situation.status.owned.as_ref().and_then(|owned| owned.declared));
        episode.harmful_above = harm::bound(episode, &actions, declared);
    }
    let moved = moved::within(moved, episode.as_ref());
    let resized = resized::within(resized, episode.as_ref());
    let refusals = refusal::reconcile(&situation.status.refusals, &actions, situation.now);
    let mut facts = Facts {
        situation,
        workload,
        timing,
        health,
        standing,
        hand,
        moved,
        avoidance: avoided,
        shed,
        resized,
        owned: None,
        cpu_target: None,
        refusals,
        actions,
        episode,
    };
    facts.owned = remembered(&facts, reset.as_ref(), fresh);
    facts.cpu_target = remembered_target(&facts);
    note_blindness(&mut facts, fresh);
    leave_to_load(&mut facts);
    (facts, reset)
}

/// What is to be remembered of replicas that the operator owns.
fn remembered(facts: &Facts<'_>, reset: Option<&Reset>, fresh: bool) -> Option<OwnedReplicas> {
    let (status, standing) = (facts.situation.status.owned.as_ref(), facts.standing.as_ref());
    // Nobody knows what holds it just now; what was remembered is not forgotten.
    let Some(floor) = facts.floor() else { return status.cloned() };
    let let_go = own::let_go(facts);
    if !own::is_owner(facts) && let_go.is_none() {
        return owned::aged(status, &facts.actions, facts.now());
    }
    let mut owned = owned::reconcile(status, floor, (standing, reset), &facts.actions, facts.now());
    if let Some(standing) = let_go.filter(|_| facts.health.danger > Danger::None) {
        owned::endanger(&mut owned, standing.value, facts.now());
    }
    owned.blind_since = owned.blind_since.or_else(|| Some(Time(facts.now()))).filter(|_| own::is_blind(facts, fresh));
    Some(owned)
}

/// What is to be remembered of a CPU target that the operator sets.
fn remembered_target(facts: &Facts<'_>) -> Option<CpuTargetStatus> {
    let (status, seen) = (facts.situation.status.cpu_target.as_ref(), facts.workload.cpu_target.as_ref());
    let (asked, agreement) = (cpu_target::is_asked_for(facts), facts.situation.agreement.name.as_str());
    let mut next = cpu_target_state::reconcile(status, seen, asked, &facts.actions, agreement, facts.now());
    if facts.health.danger > Danger::None {
        cpu_target_state::endangered(&mut next, &facts.actions, facts.now());
    }
    cpu_target_state::something(next)
}

/// Notes since when nobody knows whether a CPU target above what was declared is safe.
fn note_blindness(facts: &mut Facts<'_>, fresh: bool) {
    let (blind, now) = (cpu_target::is_blind(facts, fresh), facts.now());
    if let Some(target) = &mut facts.cpu_target {
        target.blind_since = target.blind_since.take().or(Some(Time(now))).filter(|_| blind);
    }
}

/// Has a floor stand for the load, where only that needs it any more. So the episode of the danger ends: the load may need it
/// all day, and what did not help is not to be left out in the next danger.
fn leave_to_load(facts: &mut Facts<'_>) {
    let Some(bounds) = &facts.situation.enforcement.scale else { return };
    let standing = facts.standing.as_ref().filter(|standing| standing.reason == FloorReason::Danger);
    let Some(mut standing) = standing.filter(|standing| policy::stands_for_load(facts, standing, bounds)).cloned()
    else {
        return;
    };
    standing.reason = FloorReason::Load;
    facts.standing = Some(standing);
}

/// Whether the decision rests on there being room for more replicas.
fn seeks_replicas(remedy: &Remedy, decision: &Decision) -> bool {
    match decision {
        Decision::Act(plan) => plan.steps.iter().any(|step| matches!(step.verb, Verb::RaiseFloor | Verb::Surge)),
        Decision::Recommend(_) => matches!(remedy, Remedy::Scale | Remedy::Move(_)),
        Decision::Hold(_) | Decision::Nothing { .. } => false,
    }
}

fn words(decision: &Decision) -> (String, String) {
    match decision {
        Decision::Act(plan) => {
            let told = |step: &Step| format!("{:?}{}", step.verb, if step.is_ahead() { "Ahead" } else { "" });
            (plan.steps.first().map(told).unwrap_or_default(), plan.describe())
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
    let refused = match decision {
        Decision::Hold(hold) if matches!(hold.reason, "CapacityInsufficient" | "QuotaExceeded" | "Yielding") => {
            Some((hold.reason, hold.message.clone()))
        }
        _ => None,
    };
    let (short_of, capacity) = refused
        .or_else(|| Some(("ReplicasWithoutPlace", capacity?)))
        .map_or(("", None), |(reason, words)| (reason, Some(words)));
    Hints {
        conflicting_manager: conflict.or(unclear),
        capacity_insufficient: capacity,
        short_of,
        did_harm: harm::told(facts),
        reset,
    }
}
