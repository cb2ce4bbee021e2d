//! What to do about one pod that fails where the others do not: add a replica, then evict the pod.
//!
//! 1. Whether the pod may be evicted at all is asked first: no replica is added for what would not be done.
//! 2. A floor one higher than the replicas wanted, as a step of its own; higher by more where several pods of a node go together
//!    ([`evacuation`]). It also lets a `PodDisruptionBudget` that counts pods allow what it could not otherwise.
//! 3. When as many others as were wanted are ready, none of what was added is to blame, and a slot since then or the pulse says
//!    the same: evict the pod by its uid. Its `ReplicaSet` makes another one; where it lands is looked at, and judged.
//! 4. The floor comes down like any other, when all has been safe.
//!
//! Proposes only; whether it may be done is for the guards to say.

use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Verb, Verdict};
use crate::decide::capacity::{ceiling, connections, scarcity};
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::pulse;
use crate::decide::guard::{self, Hold};
use crate::decide::held::moved;
use crate::decide::plan::{Change, EvictionChange, Plan, Proposed, Step, step_id};
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{Floor, PodObservation};

use super::{evacuation, policy};

/// The next step on the way to another pod. `suspects`: the names of the pods to blame, the worst first.
///
/// # Errors
/// Why there is none, in words.
pub fn propose(facts: &Facts<'_>, suspects: &[String]) -> Result<Plan<Proposed>, Hold> {
    let pod = worst(facts, suspects)?;
    guard::review_to_come(&evict(facts, pod), facts)?;
    let (bounds, floor) = scaled(facts, pod)?;
    match raised(facts, floor) {
        Some(surge) => Ok(evacuation::together(facts, &ready(facts, pod, suspects, surge)?)),
        None => add(facts, pod, suspects, (floor, bounds)).map_err(|why| no_surge(pod, &why)),
    }
}

/// The worst of the pods that still serves.
///
/// # Errors
/// None does, in words.
pub(in crate::decide) fn worst<'a>(facts: &'a Facts<'_>, suspects: &[String]) -> Result<&'a PodObservation, Hold> {
    let found = suspects.iter().find_map(|name| serving(facts, name));
    found.ok_or_else(|| Hold::new("PodGone", format!("{} is on its way out or gone already", suspects.join(", "))))
}

/// A replica can be added before the pod goes, or was.
///
/// # Errors
/// Why not, in words.
pub(in crate::decide) fn can_add(facts: &Facts<'_>, pod: &PodObservation) -> Result<(), Hold> {
    let (bounds, floor) = scaled(facts, pod)?;
    match raised(facts, floor) {
        Some(_) => Ok(()),
        None => guard::review(&add(facts, pod, &[], (floor, bounds)).map_err(|why| no_surge(pod, &why))?, facts),
    }
}

pub(in crate::decide) fn serving<'a>(facts: &'a Facts<'_>, name: &str) -> Option<&'a PodObservation> {
    facts.workload.pods.iter().find(|pod| pod.name == name && !pod.terminating)
}

pub(in crate::decide) fn evict(facts: &Facts<'_>, pod: &PodObservation) -> Plan<Proposed> {
    let situation = facts.situation;
    let target =
        ActionTarget { api_version: "v1".into(), kind: "Pod".into(), name: pod.name.clone(), uid: pod.uid.clone() };
    // One eviction of a pod in an episode, however often it is tried.
    let episode = facts.episode.as_ref().map_or(situation.assessment.measured_through, |episode| episode.since.0);
    let node = pod.node.clone().unwrap_or_default();
    let owner = pod.owner_uid.clone().unwrap_or_default();
    let step = Step {
        id: step_id(situation.agreement, Verb::Reschedule, &target, episode),
        verb: Verb::Reschedule,
        target,
        // The uid alone is the precondition: a stale version is refused too, but charges a PodDisruptionBudget.
        resource_version: String::new(),
        change: Change::Eviction(EvictionChange { node, owner }),
        reason: format!(
            "{} in danger through this pod, and a replica more is ready",
            facts.health.endangered.join(", ")
        ),
        hypothesis:
            "another pod is ready in its place and no worse than the others, and the error budget burns no more \
                     or clearly more slowly"
                .to_owned(),
        deadline: facts.moved_by(),
        before: Snapshot::of(&facts.health, facts.workload.ready_pods()),
    };
    Plan::propose(&situation.agreement.namespace, step)
}

fn no_surge(pod: &PodObservation, why: &str) -> Hold {
    Hold::new("NoSurge", format!("no replica can be added before {} is evicted: {why}", pod.name))
}

/// The bounds of the replicas, and the floor under them.
fn scaled<'a>(facts: &'a Facts<'_>, pod: &PodObservation) -> Result<(&'a ScaleBounds, &'a Floor), Hold> {
    if let Some(hold) = guard::unclear(facts) {
        return Err(hold);
    }
    let scaled = facts.situation.enforcement.scale.as_ref().zip(facts.floor());
    scaled.ok_or_else(|| no_surge(pod, "enforcement.scale is left out"))
}

/// The surge that stands: the last change of the floor, and nobody has asked for more since.
fn raised<'a>(facts: &'a Facts<'_>, floor: &Floor) -> Option<&'a ActionRecord> {
    let last = facts.actions_on_floor().find(|record| record.phase != ActionPhase::Refused)?;
    let stands = facts.standing.as_ref().is_some_and(|standing| last.to == Some(standing.value));
    let enough = last.to == Some(floor.current) && facts.workload.spec_replicas <= floor.current;
    (last.verb == Verb::Surge && last.phase == ActionPhase::Done && stands && enough).then_some(last)
}

/// The replicas that are added, one for each pod that goes, as far as there is room for them.
fn add(
    facts: &Facts<'_>,
    pod: &PodObservation,
    suspects: &[String],
    (floor, bounds): (&Floor, &ScaleBounds),
) -> Result<Plan<Proposed>, String> {
    let wanted = facts.workload.spec_replicas.max(floor.current);
    let sought = i32::try_from(evacuation::number(facts, pod, suspects)).unwrap_or(1);
    // Whether there is one left at all is for the guards to say.
    let sought = sought.min(guard::surges_left(facts)).min(scarcity::spare(facts, wanted)).max(1);
    let fits = |more: &i32| wanted.saturating_add(*more) <= ceiling::highest_in_a_move(facts, floor, bounds, *more);
    if let Some(more) = (1..=sought).rev().find(fits) {
        return Ok(policy::surge(facts, floor, wanted, more, &pod.name));
    }
    if wanted < bounds.max.min(floor.max.unwrap_or(i32::MAX)) {
        return Err(format!(
            "{wanted} are wanted already, and one more would have another one beside it on its way out; {}",
            connections::told(bounds, floor, facts.workload)
        ));
    }
    let highest = ceiling::highest_in_a_move(facts, floor, bounds, 1);
    Err(format!(
        "{wanted} of at most {highest} are wanted already; raise enforcement.scale.max or the autoscaler's maximum"
    ))
}

/// The pods that may go, as far as others were made ready for them: at least one.
fn ready<'a>(
    facts: &'a Facts<'_>,
    pod: &'a PodObservation,
    suspects: &[String],
    surge: &ActionRecord,
) -> Result<Vec<&'a PodObservation>, Hold> {
    let (to, since) = (surge.to.unwrap_or_default(), surge.intended_at.0);
    // What is not there by then is looked at as often as anything else.
    let until = facts.soon().min(surge.deadline.0);
    let waits = |reason, message: String| Err(Hold::new(reason, message).until(until));
    // What came in place of an evicted pod is younger too, and was asked about by its verdict.
    let landed = facts.moved.iter().flat_map(|moved| &moved.evictions).filter_map(|eviction| eviction.landed.as_ref());
    let landed: Vec<&str> = landed.map(|landed| landed.uid.as_str()).collect();
    let added = |pod: &&PodObservation| {
        pod.created.is_none_or(|created| created >= since) && !landed.contains(&pod.uid.as_str())
    };
    let elsewhere = |pod: &&PodObservation| pod.node.as_deref().is_none_or(|on| guard::steered(facts, on).is_none());
    let serving_pods = || facts.workload.pods.iter().filter(|pod| !pod.terminating);
    let sought = moved::surges_of(facts.moved.as_ref(), surge);
    // Where not all can go, what does not serve goes first: so none goes that serves while one stays that does not.
    let mut going = evacuation::sick(facts, pod, suspects);
    going.sort_by_key(|goes| goes.ready);
    let may_go = usize::try_from(sought).unwrap_or(1).min(evacuation::at_once(facts));
    let stay = going.split_off(going.len().min(may_go));
    let beside = || serving_pods().filter(|other| going.iter().all(|goes| goes.uid != other.uid));
    let is_available = |pod: &&PodObservation| facts.workload.is_available(pod, facts.now());
    let count = |pods: usize| i32::try_from(pods).unwrap_or(i32::MAX);
    let in_vain = evacuation::in_vain(facts, beside().filter(added));
    let others = count(beside().filter(is_available).count()).saturating_sub(in_vain);
    // Nobody needs another one for a pod that goes, be it ready or not, or that is to go and does not serve. So as many serve as were
    // wanted before, or none goes that serves.
    let needless = going.len() + stay.iter().filter(|stays| !stays.ready).count();
    let missing = to.saturating_sub(count(needless)).saturating_sub(others).max(0);
    let in_part = surge.verdict == Some(Verdict::Inconclusive) && missing < sought;
    if facts.workload.spec_replicas < to || missing > 0 && !in_part {
        let goes = match sought {
            ..=1 => format!("{} is evicted", pod.name),
            _ => format!("{} and up to {} more of its node are evicted together", pod.name, sought.saturating_sub(1)),
        };
        let available = others.saturating_add(count(going.iter().copied().filter(is_available).count()));
        let message = format!("{available} of {to} pods are ready; {goes} when the others suffice");
        let failed = surge.verdict.is_some_and(|verdict| verdict != Verdict::Effective);
        return if failed { Err(Hold::new("NoSurge", message)) } else { waits("AwaitingSurge", message) };
    }
    // What landed on a node before that was avoided says nothing against the others.
    let new = || serving_pods().filter(added).filter(elsewhere);
    let blamed = new().find(|pod| suspects.contains(&pod.name));
    if let Some(added) = blamed.or_else(|| evacuation::as_sick(facts, pod, new())) {
        let message = format!("{}, which was added, is as sick; so it is not one pod alone", added.name);
        return Err(Hold::new("SurgePodSick", message));
    }
    if facts.situation.assessment.measured_through > since || pulse::is_felt_since(facts.situation.pulse, since) {
        going.truncate(usize::try_from(sought.saturating_sub(missing)).unwrap_or(1));
        return Ok(going);
    }
    waits("Confirming", format!("{} is evicted when the next slot says the same, or the pulse", pod.name))
}
