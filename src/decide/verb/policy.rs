//! The ladder: what to do about a danger, and how to come back from it.
//!
//! 1. In danger: hold the floor at the replicas wanted today. It makes no pod and takes away the classic disaster, an
//!    autoscaler that shrinks a service whose CPU is low because its threads wait.
//! 2. Still burning: raise the floor, by a step that `size` computes.
//! 3. Replicas that found no place by the deadline: take the floor down to those that did.
//! 4. A raise that did harm: back to the floor before it, once, and nothing above that is held again (see `take_back`).
//! 5. Safe for `releaseAfter`: come down in own small steps, because lowering a floor is not slowed by an autoscaler's
//!    `behavior` as one would expect.
//! 6. At the baseline: give the floor back and remove every trace.
//!
//! Where the agreement asks for that, the floor is raised before there is a danger too, and comes down no further than the
//! expected load allows: see `ahead`. Replicas that are owned go below what was declared: see `own`.
//!
//! Proposes only; whether it may be done is for the guards to say.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, FloorReason, FloorStatus, Verb, Verdict};
use crate::decide::capacity::ceiling::highest;
use crate::decide::capacity::{connections, scarcity, size};
use crate::decide::danger::episode;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::health::Danger;
use crate::decide::held::standing;
use crate::decide::plan::{BaselineChange, Change, FloorChange, Plan, Proposed, Step, Value, ahead_id, step_id};
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{BaselineRecord, Floor, FloorKind};

use super::release::{self, restoring};
use super::{ahead, own};

/// What the ladder says.
#[derive(Clone, Debug, PartialEq)]
pub enum Proposal {
    /// Do this.
    Plan(Plan<Proposed>),
    /// There is nothing to do.
    Idle {
        /// As one word.
        reason: &'static str,
        /// In words.
        message: String,
        /// When to look again.
        until: Option<Timestamp>,
    },
}

pub(in crate::decide) fn idle(reason: &'static str, message: impl Into<String>, until: Option<Timestamp>) -> Proposal {
    Proposal::Idle { reason, message: message.into(), until }
}

/// The rung the situation is on. `bounds`: `spec.enforcement.scale`.
#[must_use]
pub fn propose(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Proposal {
    if facts.health.danger == Danger::None {
        let raised_ahead = ahead::last_raise(facts).is_some_and(|last| last.ahead);
        let standing = facts.standing.as_ref().filter(|_| raised_ahead);
        if let Some(plan) = standing.and_then(|standing| without_place(facts, floor, bounds, standing)) {
            return Proposal::Plan(plan);
        }
        if let Some(proposal) = ahead::propose(facts, floor, bounds) {
            return proposal;
        }
        if let Some(proposal) = own::propose(facts, floor, bounds) {
            return proposal;
        }
    }
    match (facts.health.danger, facts.standing.as_ref()) {
        (Danger::None, None) if !facts.health.all_seen => {
            let unseen = facts.health.unseen.join("; ");
            idle("NotAllSeen", format!("nothing that is seen is in danger, but not all is seen: {unseen}"), None)
        }
        (Danger::None, None) => idle("Safe", "nothing is in danger", None),
        (Danger::None, Some(standing)) => come_down(facts, floor, bounds, standing),
        (danger, _) => in_danger(facts, floor, bounds, danger),
    }
}

/// What keeps the pods that serve, and adds none: the floor is held where it could be undercut, and taken down to what
/// has a place.
#[must_use]
pub fn keep(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Option<Plan<Proposed>> {
    let (danger, standing) = (facts.health.danger, facts.standing.as_ref());
    if let Some(plan) = standing.and_then(|standing| without_place(facts, floor, bounds, standing)) {
        return Some(plan);
    }
    let most = facts.episode.as_ref().and_then(|episode| episode.harmful_above).unwrap_or(i32::MAX);
    let there = facts.workload.spec_replicas.min(most);
    // A rollout may be of a revision that fails: nothing is added to it, up to the agreement's minimum neither.
    let hold_at =
        if facts.rolls_out() { there.min(highest(facts, floor, bounds)) } else { clamp(there, facts, floor, bounds) };
    // Nobody takes replicas away where nothing scales the workload.
    let shrinks = floor.kind.is_autoscaler() && floor.current < hold_at;
    // A floor that was raised ahead of the load stands below replicas that nobody has held yet.
    let held = standing.is_some_and(|standing| standing.reason == FloorReason::Danger);
    let held_in_rollout = standing.is_some_and(|standing| is_held_in_rollout(facts, standing));
    let endangered = danger == Danger::Burning && !held_in_rollout || danger == Danger::Threatened && !held;
    (shrinks && endangered).then(|| freeze(facts, floor, hold_at))
}

/// The floor was written as it stands since the rollout that goes on began. An autoscaler counts surge pods as wanted: what it adds
/// for them is not held too.
fn is_held_in_rollout(facts: &Facts<'_>, standing: &FloorStatus) -> bool {
    let Some(began) = facts.rollout_began() else { return false };
    let last = facts.actions_on_floor().find(|record| record.phase != ActionPhase::Refused);
    last.is_some_and(|record| {
        let holds = matches!(record.verb, Verb::FreezeScaleDown | Verb::RaiseFloor | Verb::Surge);
        holds && record.to == Some(standing.value) && record.intended_at.0 >= began
    })
}

fn in_danger(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds, danger: Danger) -> Proposal {
    if let Some(plan) = keep(facts, floor, bounds) {
        return Proposal::Plan(plan);
    }
    if danger == Danger::Burning {
        return Proposal::Plan(raise(facts, floor, bounds));
    }
    let endangered = facts.health.endangered.join(", ");
    idle("Watching", format!("{endangered} spends budget that it can not spare; the floor is held"), None)
}

fn freeze(facts: &Facts<'_>, floor: &Floor, to: i32) -> Plan<Proposed> {
    let reason = format!("{} in danger; nothing is taken away meanwhile", facts.health.endangered.join(", "));
    let hypothesis = format!("{to} or more replicas stay wanted");
    step(facts, floor, Verb::FreezeScaleDown, Write::of(to), reason, hypothesis, facts.judged_at(false))
}

fn raise(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Plan<Proposed> {
    let wanted = facts.workload.spec_replicas;
    let sought = sought(facts, floor, bounds);
    // As many as find a place. Where none does, a guard says so.
    let fit = scarcity::allot(facts, Verb::RaiseFloor).filter(|fit| fit.most < sought);
    let fit = fit.filter(|fit| fit.most > wanted.max(floor.current).max(bounds.min));
    let (to, rest) = match fit {
        Some(fit) => (fit.most, format!("; {sought} would be right, but {}", fit.why.message)),
        None if unbounded(facts, floor) > sought && connections::bind(bounds, floor, facts.workload) => {
            let (would, why) = (unbounded(facts, floor), connections::told(bounds, floor, facts.workload));
            (sought, format!("; {would} would be right, but {why}"))
        }
        None => (sought, String::new()),
    };
    let reason = format!("{} burns its error budget at {wanted} replicas{rest}", facts.health.endangered.join(", "));
    let hypothesis = format!("{to} pods are ready, and the error budget burns no more or clearly more slowly");
    step(facts, floor, Verb::RaiseFloor, Write::of(to), reason, hypothesis, facts.judged_at(true))
}

/// The raise ahead of the load, which rests on samples up to an instant.
pub(in crate::decide) fn raise_ahead(
    facts: &Facts<'_>,
    floor: &Floor,
    to: i32,
    through: Timestamp,
    reason: String,
    hypothesis: String,
) -> Plan<Proposed> {
    let write = Write { ahead: true, ..Write::of(to) };
    let mut plan = step(facts, floor, Verb::RaiseFloor, write, reason, hypothesis, facts.judged_at(true));
    for step in &mut plan.steps {
        // Samples come more often than slots, and a raise in danger shall be another one on the same slot.
        step.id = ahead_id(facts.situation.agreement, &step.target, through);
    }
    plan
}

/// The floor that today's load asks for, within the bounds.
#[must_use]
pub fn sought(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> i32 {
    clamp(unbounded(facts, floor), facts, floor, bounds)
}

fn unbounded(facts: &Facts<'_>, floor: &Floor) -> i32 {
    let now = Snapshot::of(&facts.health, facts.workload.ready_pods());
    let overload = size::overload(facts.health.bad_share, now, size::safe_rate_per_pod(&facts.actions));
    // That many too many for those that are there; of the replicas that are put back some carry it already.
    let footing = own::footing(facts);
    let overload = size::of_footing(overload, facts.workload.spec_replicas, footing);
    size::want(footing, overload).max(floor.current)
}

/// So many replicas more than the `wanted` ones, so that `pod` can be evicted, and others of its node with it.
#[must_use]
pub fn surge(facts: &Facts<'_>, floor: &Floor, wanted: i32, more: i32, pod: &str) -> Plan<Proposed> {
    let to = wanted.saturating_add(more);
    let then = match more {
        ..=1 => "a replica more is made ready, then it is evicted".to_owned(),
        _ => format!("{more} replicas more are made ready, then so many pods of its node are evicted together"),
    };
    let reason = format!("{} in danger through {pod}; {then}", facts.health.endangered.join(", "));
    let hypothesis = format!("{to} pods are ready");
    step(facts, floor, Verb::Surge, Write::of(to), reason, hypothesis, facts.judged_at(true))
}

/// Replicas without a place after a raise was judged: they serve nobody, and keep others from being placed.
fn without_place(
    facts: &Facts<'_>,
    floor: &Floor,
    bounds: &ScaleBounds,
    standing: &FloorStatus,
) -> Option<Plan<Proposed>> {
    let raises = |record: &&ActionRecord| matches!(record.verb, Verb::RaiseFloor | Verb::Surge);
    let last = facts.actions_on_floor().find(raises)?;
    let unplaced = facts.workload.unplaced_pods();
    let judged = last.verdict == Some(Verdict::Ineffective) && last.to == Some(standing.value);
    let to = release::lowest(standing, bounds).max(standing.value.saturating_sub(unplaced));
    if !judged || unplaced == 0 || to >= standing.value {
        return None;
    }
    let reason = format!("{unplaced} of {} replicas found no place", facts.workload.spec_replicas);
    Some(lower(facts, floor, to, reason, "the replicas that serve stay"))
}

/// Fewer replicas than are declared.
pub(in crate::decide) fn scale_down(
    facts: &Facts<'_>,
    floor: &Floor,
    to: i32,
    reason: String,
    hypothesis: String,
) -> Plan<Proposed> {
    step(facts, floor, Verb::ScaleDown, Write::of(to), reason, hypothesis, facts.let_go_by())
}

/// A lower floor.
pub(in crate::decide) fn lower(
    facts: &Facts<'_>,
    floor: &Floor,
    to: i32,
    reason: String,
    hypothesis: &str,
) -> Plan<Proposed> {
    step(facts, floor, Verb::LowerFloor, Write::of(to), reason, hypothesis.to_owned(), facts.judged_at(false))
}

fn come_down(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds, standing: &FloorStatus) -> Proposal {
    if !facts.health.all_seen {
        let unseen = facts.health.unseen.join("; ");
        return idle("NotAllSeen", format!("the floor stays at {} until all is seen: {unseen}", standing.value), None);
    }
    let (safe, until) = safe_with_floor(facts);
    if safe < facts.timing.release_after {
        return idle("WaitingToRelease", format!("safe; the floor stays at {} for a while", standing.value), until);
    }
    let least = match ahead::least(facts, standing) {
        Ok(least) => least,
        Err(why) => {
            let message = format!("safe; the floor stays at {} until the load is known again: {why}", standing.value);
            return idle("LoadUnknown", message, None);
        }
    };
    match release::next(standing, bounds, least) {
        Some(to) => {
            let reason = format!("safe for {:#}; coming down to {}", facts.timing.release_after, standing.baseline);
            Proposal::Plan(lower(facts, floor, to, reason, "the objectives stay safe"))
        }
        None if is_held_by_load(standing, least) => {
            let message =
                format!("safe; the load that is expected needs {least} pods of the floor of {}", standing.value);
            idle("LoadNeedsIt", message, None)
        }
        None => Proposal::Plan(give_back(facts, floor, standing, "safe again".to_owned())),
    }
}

/// How long all has been safe with the floor that stands, and when that is long enough.
fn safe_with_floor(facts: &Facts<'_>) -> (SignedDuration, Option<Timestamp>) {
    let safe_since =
        facts.episode.as_ref().and_then(|episode| episode.safe_since.as_ref()).map_or(facts.now(), |t| t.0);
    let safe = facts.episode.as_ref().and_then(|episode| episode::safe_for(episode, facts.now()));
    // Where it was raised while all was safe, that is not how long it has stood.
    let since = ahead::last_raise(facts).map_or(safe_since, |last| safe_since.max(last.intended_at.0));
    let safe = safe.unwrap_or(SignedDuration::ZERO).min(facts.now().duration_since(since));
    (safe, since.saturating_add(facts.timing.release_after).ok())
}

fn is_held_by_load(standing: &FloorStatus, least: i32) -> bool {
    least > standing.baseline
}

/// Whether a floor that was raised for a danger stands for the load alone: it would be lowered or given back, if that were
/// not expected to need it.
pub(in crate::decide) fn stands_for_load(facts: &Facts<'_>, standing: &FloorStatus, bounds: &ScaleBounds) -> bool {
    let over = facts.health.is_safe() && safe_with_floor(facts).0 >= facts.timing.release_after;
    let least = ahead::least(facts, standing).unwrap_or(0);
    over && is_held_by_load(standing, least) && release::next(standing, bounds, least).is_none()
}

/// Gives the floor back at once.
#[must_use]
pub fn give_back(facts: &Facts<'_>, floor: &Floor, standing: &FloorStatus, reason: String) -> Plan<Proposed> {
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    let situation = facts.situation;
    let slot = situation.assessment.measured_through;
    let deadline = facts.judged_at(standing.value < standing.baseline);
    restoring(situation.agreement, floor, standing, slot, deadline, reason, before)
}

#[derive(Clone, Copy)]
struct Write {
    to: i32,
    value: Value,
    /// Ahead of the load.
    ahead: bool,
}

impl Write {
    fn of(to: i32) -> Self {
        Self { to, value: Value::Set(to), ahead: false }
    }
}

fn step(
    facts: &Facts<'_>,
    floor: &Floor,
    verb: Verb,
    write: Write,
    reason: String,
    hypothesis: String,
    deadline: Timestamp,
) -> Plan<Proposed> {
    let agreement = facts.situation.agreement;
    let baseline = match standing::recorded(facts.standing.as_ref(), floor, &agreement.name) {
        None => BaselineChange::Keep,
        Some(replicas) => BaselineChange::Record(BaselineRecord { agreement: agreement.name.clone(), replicas }),
    };
    let step = Step {
        id: step_id(agreement, verb, &floor.target, facts.situation.assessment.measured_through),
        verb,
        target: floor.target.clone(),
        resource_version: floor.resource_version.clone(),
        change: Change::Floor(FloorChange {
            kind: floor.kind.clone(),
            from: floor.current,
            to: write.to,
            value: write.value,
            baseline,
            ahead: write.ahead,
        }),
        reason,
        hypothesis,
        deadline,
        before: Snapshot::of(&facts.health, facts.workload.ready_pods()),
    };
    Plan::propose(&agreement.namespace, step)
}

fn clamp(replicas: i32, facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> i32 {
    replicas.max(bounds.min).min(highest(facts, floor, bounds))
}

impl FloorKind {
    /// Something else scales the workload between this floor and its own ceiling.
    #[must_use]
    pub fn is_autoscaler(&self) -> bool {
        !matches!(self, Self::Scale { .. })
    }
}
