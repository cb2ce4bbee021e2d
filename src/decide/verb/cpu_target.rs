//! Setting the CPU utilisation at which the HPA of the workload aims, where the agreement asks for that: besides what `ahead`
//! raises, the target follows what the law found ([`steady`](crate::decide::law::steady)), so that an HPA set too lean loses no
//! objective and one set too rich wastes no pods.
//!
//! - *By steps* of at most [`MOST`] points, and only where it differs by [`LEAST`] at least. Each is judged before the next one.
//! - *Up*, which lets pods go, only as replicas are let go: while all is calm, seen and at rest.
//! - *Down*, which asks for more pods, while nothing is in danger. In a danger, and ahead of a load that is seen to rise, the floor
//!   does what is urgent.
//! - *Put back* by one write in a danger, whatever its cause is, where it is above what was declared, and to what it was before
//!   where the last step up did harm.
//! - *Given back* in the same way when the mode is taken back and when the agreement goes; above what was declared also when
//!   another agreement is about the workload too, and when nobody knows for [`BLIND`] whether that is safe. What is below that
//!   stays until then: not to know takes no pods away.
//!
//! What is put back is the owner's own number, so nothing but the leadership holds it.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::capacity::CapacityMode;
use crate::api::cpu_target::{CpuTargetStatus, StandingCpuTarget};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::Verb;
use crate::decide::capacity::Aim;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::health::Danger;
use crate::decide::guard::{self, Hold};
use crate::decide::held::cpu_target_state;
use crate::decide::plan::{Change, CpuTargetChange, CpuTargetWrite, Plan, Proposed, Step, step_id};
use crate::decide::situation::AgreementIdentity;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{CpuMetric, CpuTarget, CpuTargetRecord, FloorHolder};

use super::release::Restoration;
use super::{ahead, own};

/// A step changes the target by at most so many percent points.
pub const MOST: i32 = 10;
/// A smaller difference is none.
pub const LEAST: i32 = 5;
/// What is not known for so long may have changed: longer than two looks at the load lie apart at the most.
pub const BLIND: SignedDuration = SignedDuration::from_mins(15);
/// An HPA lets no pod go before so long after fewer are wanted: its default stabilisation window.
const STABILISATION: SignedDuration = SignedDuration::from_mins(5);

/// The agreement asks for it.
pub(in crate::decide) fn is_asked_for(facts: &Facts<'_>) -> bool {
    facts.situation.enforcement.capacity.as_ref().is_some_and(|capacity| capacity.mode == CapacityMode::Target)
}

/// Why no target is set although the agreement asks for that. `None`: one is, or nobody asks, or it is not clear what scales.
pub(in crate::decide) fn refused(facts: &Facts<'_>) -> Option<Hold> {
    if !is_asked_for(facts) {
        return None;
    }
    let because = |reason, why: String| {
        let message = format!("spec.enforcement.capacity.mode is Target, {why}; only the floor follows the load");
        Some(Hold::new(reason, message))
    };
    match &facts.workload.floor {
        FloorHolder::Ambiguous(_) => None,
        FloorHolder::Scale(_) => because(
            "NoAutoscaler",
            "and nothing scales the workload, so that there is no CPU target to set: create a HorizontalPodAutoscaler on CPU, \
             or set the mode to Floor or Own"
                .to_owned(),
        ),
        FloorHolder::ScaledObject(floor) => because(
            "ScaledByKeda",
            format!(
                "and ScaledObject {} scales the workload, whose HorizontalPodAutoscaler is KEDA's: set the threshold of its \
                 triggers there, and the mode to Floor",
                floor.target.name
            ),
        ),
        FloorHolder::Hpa(floor) => {
            let why = unfit(facts)?;
            because(
                "NoCpuTarget",
                format!(
                    "and the CPU target of HorizontalPodAutoscaler {} cannot be set, as {why}: give it one metric of type Resource \
                     on cpu with a target of type Utilization, or set the mode to Floor",
                    floor.target.name
                ),
            )
        }
    }
}

/// Why the HPA has no target that can be set, in words.
fn unfit(facts: &Facts<'_>) -> Option<String> {
    let metric = match &facts.workload.cpu_target.as_ref()?.metric {
        Ok(metric) => metric,
        Err(why) => return Some(why.clone()),
    };
    // What pods request as a whole is what the law knows.
    let others = facts.workload.template.iter().find(|container| Some(&container.name) != metric.container.as_ref())?;
    let container = metric.container.as_ref()?;
    Some(format!("it is about container {container} alone, and the pods have container {} too", others.name))
}

/// The target as it is set. `None`: it is its owner's, or it is not clear what scales the workload.
fn standing<'a>(facts: &'a Facts<'_>) -> Option<(&'a CpuTarget, &'a StandingCpuTarget)> {
    let (seen, standing) = (facts.workload.cpu_target.as_ref()?, facts.cpu_target.as_ref()?.standing.as_ref()?);
    (seen.target.uid == standing.target.uid).then_some((seen, standing))
}

/// The target lets the HPA have fewer pods than the one that was declared.
fn is_leaner(standing: &StandingCpuTarget) -> bool {
    !standing.theirs && standing.value > standing.baseline
}

/// What an HPA may aim at, as far as something may rest on it; in words why nothing may. `None`: nothing follows the load.
pub(in crate::decide) fn known<'a>(facts: &Facts<'a>) -> Option<Result<&'a Aim, String>> {
    Some(ahead::known(facts)?.and_then(|known| known.aim.as_ref().map_err(Clone::clone)))
}

/// The next step. `None`: none is to be made, or nobody knows.
pub(in crate::decide) fn propose(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    if !is_asked_for(facts) || refused(facts).is_some() || !facts.health.is_safe() {
        return None;
    }
    let seen = facts.workload.cpu_target.as_ref()?;
    let (metric, aim) = (seen.metric.as_ref().ok()?, known(facts)?.ok()?);
    let to = next(facts, metric.percent, aim)?;
    let words = if to > metric.percent {
        "the pods may be busier than the autoscaler lets them be"
    } else {
        "the autoscaler lets the pods become busier than is safe before more of them serve"
    };
    // Without the figures, which are others at every look: a recommendation is told anew when its words change.
    let reason = format!("all is safe, and {words}");
    let hypothesis = format!("the objectives stay safe; {}", aim.why);
    let deadline = if to > metric.percent {
        facts.let_go_by().saturating_add(STABILISATION).unwrap_or(Timestamp::MAX)
    } else {
        facts.judged_at(true)
    };
    let of = standing(facts).map(|(_, standing)| standing).filter(|standing| !standing.theirs);
    let declared = of.map_or(metric.percent, |standing| standing.baseline);
    let agreement = facts.situation.agreement;
    let id = step_id(agreement, Verb::SetTarget, &seen.target, facts.situation.assessment.measured_through);
    let write = write(facts, &id, declared, to);
    Some(plan(agreement, seen, (Verb::SetTarget, id), write, (reason, hypothesis), deadline, before(facts)))
}

/// The target after the next step.
fn next(facts: &Facts<'_>, now: i32, aim: &Aim) -> Option<i32> {
    if aim.most.saturating_sub(now) >= LEAST {
        let to = aim.most.min(now.saturating_add(MOST));
        // As far as it did no harm lately; beyond that a guard says so.
        let bound = facts.cpu_target.as_ref().and_then(|target| Some(target.danger.as_ref()?.most));
        return Some(bound.filter(|bound| *bound < to && bound.saturating_sub(now) >= LEAST).unwrap_or(to));
    }
    (now.saturating_sub(aim.least) >= LEAST).then(|| aim.least.max(now.saturating_sub(MOST)))
}

/// What of the target stays as it is, in words, while all is safe. `None`: nobody asks.
pub(in crate::decide) fn told(facts: &Facts<'_>) -> Option<String> {
    if !is_asked_for(facts) || refused(facts).is_some() {
        return None;
    }
    let seen = facts.workload.cpu_target.as_ref()?;
    let (name, percent) = (&seen.target.name, seen.percent()?);
    let why = match known(facts)? {
        Ok(_) => "which is what the pods bear".to_owned(),
        Err(why) => format!("as {why}"),
    };
    Some(format!("the CPU target of HorizontalPodAutoscaler {name} stays at {percent} %, {why}"))
}

/// Puts back in a danger what lets the HPA have fewer pods than it would have without the operator, or did harm.
pub(in crate::decide) fn put_back(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    if facts.health.danger == Danger::None {
        return None;
    }
    let (seen, standing) = standing(facts)?;
    let endangered = facts.health.endangered.join(", ");
    if is_leaner(standing) {
        let reason = format!("{endangered} in danger; the target that was declared is put back");
        return Some(restoring(facts, seen, standing.baseline, standing.baseline, reason));
    }
    let last = cpu_target_state::last_rise(facts.cpu_target.as_ref()?)?;
    let did_harm = cpu_target_state::is_harmful(last, &facts.actions) && !standing.theirs;
    let reason = format!("{endangered} in danger since the last step; it is taken back");
    did_harm.then(|| restoring(facts, seen, standing.baseline, last.from, reason))
}

/// Gives back what has no reason to be any more.
pub(in crate::decide) fn give_back(facts: &Facts<'_>) -> Option<Plan<Proposed>> {
    let (seen, standing) = standing(facts)?;
    let reason = without_reason(facts, standing)?;
    Some(giving_back(facts.situation.agreement, seen, standing, facts.judged_at(false), reason, before(facts)))
}

fn without_reason(facts: &Facts<'_>, standing: &StandingCpuTarget) -> Option<String> {
    let enforcement = facts.situation.enforcement;
    if standing.theirs {
        return Some("somebody else has changed it; it stays as they set it".to_owned());
    }
    if enforcement.mode < Mode::Enforce || enforcement.scale.is_none() {
        return Some("the agreement allows no scaling any more".to_owned());
    }
    if !is_asked_for(facts) {
        return Some("spec.enforcement.capacity.mode is not Target any more".to_owned());
    }
    if let Some(hold) = refused(facts) {
        return Some(hold.message);
    }
    if !is_leaner(standing) {
        return None;
    }
    if let Some(why) = own::shared(facts) {
        return Some(why);
    }
    let since = facts.cpu_target.as_ref()?.blind_since.as_ref()?.0;
    (facts.now().duration_since(since) >= BLIND)
        .then(|| format!("nobody knows since {since} whether a target above what was declared is safe"))
}

/// Whether it is not known if a target above what was declared is safe.
pub(in crate::decide) fn is_blind(facts: &Facts<'_>, fresh: bool) -> bool {
    let known = matches!(known(facts), Some(Ok(_)));
    standing(facts).is_some_and(|(_, standing)| is_leaner(standing)) && !(fresh && facts.health.all_seen && known)
}

/// What remains to be done about a target, read again, for an agreement that holds it no more. `None`: the HPA is gone. `known`:
/// what the status says of it, should somebody have taken the annotation away.
#[must_use]
pub fn release(
    agreement: &AgreementIdentity,
    known: Option<&StandingCpuTarget>,
    seen: Option<&CpuTarget>,
    leader: bool,
    now: Timestamp,
) -> Restoration {
    let Some(seen) = seen else { return Restoration::Nothing };
    let known = known.filter(|known| known.target.uid == seen.target.uid).cloned();
    let status = known.map(|known| CpuTargetStatus { standing: Some(known), ..CpuTargetStatus::default() });
    let state = cpu_target_state::reconcile(status.as_ref(), Some(seen), false, &[], &agreement.name, now);
    let Some(standing) = state.standing else { return Restoration::Nothing };
    let reason = "the agreement does not hold it any more".to_owned();
    match guard::admit_restoration(giving_back(agreement, seen, &standing, now, reason, Snapshot::default()), leader) {
        Ok(plan) => Restoration::Act(plan),
        Err(hold) => Restoration::Hold(hold),
    }
}

/// The plan that gives the target back to its owner, or leaves it if somebody else has changed it since, and removes the
/// annotation.
fn giving_back(
    agreement: &AgreementIdentity,
    seen: &CpuTarget,
    standing: &StandingCpuTarget,
    deadline: Timestamp,
    reason: String,
    before: Snapshot,
) -> Plan<Proposed> {
    let write = if standing.theirs { CpuTargetWrite::Leave } else { CpuTargetWrite::Back(standing.baseline) };
    let id = step_id(agreement, Verb::RestoreTarget, &seen.target, standing.since.0);
    let words = (reason, "the target is its owner's again".to_owned());
    plan(agreement, seen, (Verb::RestoreTarget, id), write, words, deadline, before)
}

/// The plan that puts the target back to what it was, which need not be what was declared.
fn restoring(facts: &Facts<'_>, seen: &CpuTarget, declared: i32, to: i32, reason: String) -> Plan<Proposed> {
    let agreement = facts.situation.agreement;
    let id = step_id(agreement, Verb::RestoreTarget, &seen.target, facts.situation.assessment.measured_through);
    let write = write(facts, &id, declared, to);
    let words = (reason, "the autoscaler wants more pods".to_owned());
    plan(agreement, seen, (Verb::RestoreTarget, id), write, words, facts.judged_at(true), before(facts))
}

/// What comes to what was declared takes the annotation away.
fn write(facts: &Facts<'_>, action: &str, declared: i32, to: i32) -> CpuTargetWrite {
    if to == declared {
        return CpuTargetWrite::Back(declared);
    }
    CpuTargetWrite::Set(CpuTargetRecord {
        agreement: facts.situation.agreement.name.clone(),
        action: action.to_owned(),
        at: k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(facts.now()),
        before: declared,
        value: to,
    })
}

fn before(facts: &Facts<'_>) -> Snapshot {
    Snapshot::of(&facts.health, facts.workload.ready_pods())
}

fn plan(
    agreement: &AgreementIdentity,
    seen: &CpuTarget,
    (verb, id): (Verb, String),
    write: CpuTargetWrite,
    (reason, hypothesis): (String, String),
    deadline: Timestamp,
    before: Snapshot,
) -> Plan<Proposed> {
    let metric: Option<CpuMetric> = seen.ours.clone();
    let marked = seen.mark.held_by(&agreement.name).is_some();
    let step = Step {
        id,
        verb,
        target: seen.target.clone(),
        resource_version: seen.resource_version.clone(),
        change: Change::CpuTarget(CpuTargetChange { metric, write, annotated: seen.annotated, marked }),
        reason,
        hypothesis,
        deadline,
        before,
    };
    Plan::propose(&agreement.namespace, step)
}
