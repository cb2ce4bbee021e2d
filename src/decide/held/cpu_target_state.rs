//! What is remembered of the CPU target of an HPA that the operator sets: what the status says, corrected by the annotation on the
//! HPA and by what stands there.
//!
//! A step is entered with its intent, so that a crash cannot make the day's budget larger, and taken out when it is known not to
//! have happened. A target with another value than was written is somebody else's: it is not fought. A day's counts go on where
//! the operator sets none for a while.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::cpu_target::{CpuTargetChanged, CpuTargetDanger, CpuTargetStatus, CpuTargetStep, StandingCpuTarget};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::decide::plan::{Change, Step};
use crate::decide::situation::timing::DAY;
use crate::decide::verb::cpu_target::LEAST;
use crate::sense::workload::{CpuTarget, CpuTargetMark};

/// What is remembered, as of now. `seen`: `None` while no HPA scales the workload, or nobody knows which; then what stood is not
/// forgotten. `asked`: the agreement has the operator set it.
#[must_use]
pub fn reconcile(
    status: Option<&CpuTargetStatus>,
    seen: Option<&CpuTarget>,
    asked: bool,
    actions: &[ActionRecord],
    agreement: &str,
    now: Timestamp,
) -> CpuTargetStatus {
    let mut next = young(status, actions, now);
    let Some(seen) = seen else { return next };
    // What stands on another HPA is not forgotten before it is given back.
    if next.standing.as_ref().is_some_and(|known| known.target.uid != seen.target.uid) {
        return next;
    }
    let known = next.standing.take();
    let standing = standing(known.as_ref(), seen, agreement);
    if let (None, Some(mark)) = (status, seen.mark.held_by(agreement)) {
        let (action, at) = (mark.action.clone(), mark.at.clone());
        next.steps.push(CpuTargetStep { action, at, from: mark.before, to: mark.value });
    }
    let overwritten = standing.as_ref().is_some_and(|standing| standing.theirs);
    // Without its annotation a value of ours that is gone was changed too, unless it was just put back.
    let replaced = standing.is_none() && known.is_some_and(|known| is_replaced(&known, seen, actions));
    let declared = standing.as_ref().filter(|standing| !standing.theirs).map(|standing| standing.baseline);
    let declared = declared.or(match &seen.mark {
        // What another agreement has set is not what is declared.
        CpuTargetMark::Recorded(record) if record.agreement != agreement => Some(record.before),
        _ => seen.percent(),
    });
    // What is put back is what was declared, so that nothing of ours changes that.
    let redeclared = next.declared.is_some() && next.declared != declared;
    if overwritten || replaced || redeclared {
        next.changed = Some(CpuTargetChanged { at: Time(now), to: seen.percent(), by: seen.set_by.clone() });
    }
    next.declared = declared.filter(|_| asked || standing.is_some());
    next.standing = standing;
    next
}

/// What counts on where nothing of it stands any more. `None`: nothing was done within a day.
#[must_use]
pub fn aged(status: Option<&CpuTargetStatus>, actions: &[ActionRecord], now: Timestamp) -> Option<CpuTargetStatus> {
    something(CpuTargetStatus { standing: None, declared: None, blind_since: None, ..young(status, actions, now) })
}

/// The same, if it is anything.
#[must_use]
pub fn something(status: CpuTargetStatus) -> Option<CpuTargetStatus> {
    (status != CpuTargetStatus::default()).then_some(status)
}

/// Without what is older than a day, and what did not happen.
fn young(status: Option<&CpuTargetStatus>, actions: &[ActionRecord], now: Timestamp) -> CpuTargetStatus {
    let mut next = status.cloned().unwrap_or_default();
    let is_young = |at: &Time| now.duration_since(at.0) < DAY;
    let refused = |id: &str| actions.iter().any(|record| record.id == id && record.phase == ActionPhase::Refused);
    next.steps.retain(|step| is_young(&step.at) && !refused(&step.action));
    next.changed = next.changed.filter(|changed| is_young(&changed.at));
    next.danger = next.danger.filter(|danger| is_young(&danger.at));
    next
}

fn standing(known: Option<&StandingCpuTarget>, seen: &CpuTarget, agreement: &str) -> Option<StandingCpuTarget> {
    // Whoever writes the list with our number in it has not chosen that: an edit of another metric leaves it as it is, and tools
    // that are told to ignore the number apply what they find. Who does mean it applies it again when it was put back.
    let theirs = |value: i32| seen.percent() != Some(value);
    match seen.mark.held_by(agreement) {
        Some(mark) => Some(StandingCpuTarget {
            target: seen.target.clone(),
            baseline: mark.before,
            value: mark.value,
            since: mark.at.clone(),
            theirs: theirs(mark.value),
        }),
        // Another agreement's.
        None if matches!(seen.mark, CpuTargetMark::Recorded(_)) => None,
        // Somebody has taken the annotation away alone, or spoilt it; where the value was never another one, nothing was
        // carried out.
        None => known.filter(|known| known.value != known.baseline && !theirs(known.value)).cloned(),
    }
}

/// What stands in place of a value of ours is not what the last step wrote, or may have written.
fn is_replaced(known: &StandingCpuTarget, seen: &CpuTarget, actions: &[ActionRecord]) -> bool {
    let mut done = actions.iter().filter(|record| record.phase != ActionPhase::Refused);
    let last = done.find(|record| record.verb.is_about_cpu_target()).and_then(|last| last.to);
    let is_ours = last.is_some() && last == seen.percent() && last != Some(known.value);
    // What was put back where nothing could be decided has no record if that was lost.
    let is_back = seen.mark == CpuTargetMark::None && seen.percent() == Some(known.baseline) && seen.set_by.is_none();
    known.value != known.baseline && !is_ours && !is_back
}

/// Notes that an objective is in danger after the target was raised, be it above what was declared or by a step that is not
/// judged yet.
pub fn endangered(status: &mut CpuTargetStatus, actions: &[ActionRecord], now: Timestamp) {
    let Some(standing) = status.standing.as_ref() else {
        // A step up that came to what was declared leaves nothing that stands.
        let last = status.steps.last().filter(|step| step.to > step.from && Some(step.to) == status.declared);
        if let Some(step) = last.filter(|step| is_harmful(step, actions)) {
            status.danger = Some(CpuTargetDanger { at: Time(now), with: step.to, most: step.from });
        }
        return;
    };
    if standing.theirs {
        return;
    }
    let last = last_rise(status);
    let did_harm = last.is_some_and(|step| is_harmful(step, actions));
    if standing.value <= standing.baseline && !did_harm {
        return;
    }
    let most = last.map_or(standing.value.saturating_sub(LEAST), |step| step.from);
    status.danger = Some(CpuTargetDanger { at: Time(now), with: standing.value, most });
}

/// The step that raised the target to where it stands.
#[must_use]
pub fn last_rise(status: &CpuTargetStatus) -> Option<&CpuTargetStep> {
    let value = status.standing.as_ref()?.value;
    status.steps.last().filter(|step| step.to == value && step.to > step.from)
}

/// An objective was in danger before it was known to do no harm.
#[must_use]
pub fn is_harmful(step: &CpuTargetStep, actions: &[ActionRecord]) -> bool {
    actions.iter().any(|record| record.id == step.action && record.verdict == Some(Verdict::Harmful))
}

/// Enters the step that a step intends, and the HPA as it is before. So it is found again after a crash.
#[must_use]
pub fn intended(status: Option<CpuTargetStatus>, step: &Step, now: Timestamp) -> Option<CpuTargetStatus> {
    let Change::CpuTarget(change) = &step.change else { return status };
    let Some((from, to)) = change.numbers().filter(|_| step.verb == Verb::SetTarget) else { return status };
    let mut next = status.unwrap_or_default();
    next.steps.retain(|known| known.action != step.id);
    next.steps.push(CpuTargetStep { action: step.id.clone(), at: Time(now), from, to });
    let (target, since) = (step.target.clone(), Time(now));
    let before = || StandingCpuTarget { target, baseline: from, value: from, since, theirs: false };
    next.standing = next.standing.or_else(|| Some(before()));
    Some(next)
}

/// The API server took it: what stands until the HPA itself tells, at the next look.
#[must_use]
pub fn done(status: Option<CpuTargetStatus>, record: &ActionRecord) -> Option<CpuTargetStatus> {
    let mut next = status?;
    let stood = next.standing.take().filter(|_| record.to.is_some());
    let since = Time(record.intended_at.0);
    next.standing = stood.and_then(|stood| {
        let value = record.to.filter(|to| *to != stood.baseline)?;
        Some(StandingCpuTarget { value, since, ..stood })
    });
    something(next)
}
