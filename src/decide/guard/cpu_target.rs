//! Another CPU target for an HPA: only where the agreement asks for it, one small judged step after the other, on what is known of
//! the load, and a higher one only under the guards of replicas that are let go.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::ActionPhase;
use crate::decide::danger::health::Danger;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;
use crate::decide::verb::cpu_target::{self, LEAST, MOST};
use crate::decide::verb::own::shared;
use crate::sense::workload::CpuTargetMark;

use super::{Hold, own};

/// So many steps within 24 hours: enough to come from the lowest target to the highest, and some of the way back.
pub const STEPS: usize = 12;

/// The agreement asks for it, and the HPA has such a target.
pub(super) fn allowed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    cpu_target::refused(facts).or_else(|| {
        let message = "spec.enforcement.capacity.mode is not Target, so no CPU target is set";
        (!cpu_target::is_asked_for(facts)).then(|| Hold::new("TargetNotAllowed", message))
    })
}

/// No other agreement has a hand on it.
pub(super) fn free(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let seen = facts.workload.cpu_target.as_ref()?;
    let name = &seen.target.name;
    let left = facts.cpu_target.as_ref().and_then(|target| target.standing.as_ref());
    if let Some(left) = left.filter(|left| left.target.uid != seen.target.uid) {
        let message = format!(
            "HorizontalPodAutoscaler {}, which scaled the workload before, is to get its CPU target back first",
            left.target.name
        );
        return Some(Hold::new("LeftBehind", message));
    }
    match &seen.mark {
        CpuTargetMark::Unreadable(text) => {
            let annotation = crate::api::CPU_TARGET_ANNOTATION;
            let message = format!(
                "the annotation {annotation} of HorizontalPodAutoscaler {name} cannot be read: `{text}`; remove it"
            );
            Some(Hold::new("UnknownBaseline", message))
        }
        CpuTargetMark::Recorded(record) if record.agreement != facts.situation.agreement.name => {
            let message = format!(
                "the CPU target of HorizontalPodAutoscaler {name} is held by the agreement {}",
                record.agreement
            );
            Some(Hold::new("HeldByOtherAgreement", message))
        }
        CpuTargetMark::Recorded(_) | CpuTargetMark::None => None,
    }
}

/// Nobody else has changed it lately: whoever did wins.
pub(super) fn respected(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let changed = facts.cpu_target.as_ref()?.changed.as_ref()?;
    let until = changed.at.0.saturating_add(DAY).ok()?;
    let who = changed.by.as_deref().unwrap_or("somebody the API server has no name for");
    let to = changed.to.map_or_else(|| "removed".to_owned(), |to| format!("set to {to} %"));
    let message = format!(
        "the CPU target was {to} by {who} at {}, so it is left alone before {until}. Where a tool does that again and again, have \
         it leave the target alone (with Argo CD: ignoreDifferences, jqPathExpressions: ['.spec.metrics[] | \
         select(.resource.name == \"cpu\") | .resource.target.averageUtilization'], and RespectIgnoreDifferences=true under \
         syncOptions), or set spec.enforcement.capacity.mode to Floor",
        changed.at.0
    );
    (facts.now() < until).then(|| Hold::new("TargetSetByOthers", message).until(until))
}

/// No other agreement is about the workload.
pub(super) fn alone(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let why = shared(facts)?;
    Some(Hold::new("WorkloadShared", format!("no CPU target is set, as {why}")))
}

/// Nothing is in danger; where pods are let go, nothing was lately either.
pub(super) fn in_calm(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    if is_leaner(step) {
        return own::in_calm(step, facts);
    }
    let message =
        "an objective is in danger, and no CPU target is set before all is safe: the floor does what is urgent";
    (facts.health.danger > Danger::None).then(|| Hold::new("InDanger", message))
}

/// What the load bears is known, and the step goes no further.
pub(super) fn load_allows(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (from, to) = step.cpu_target()?.numbers()?;
    match cpu_target::known(facts) {
        Some(Ok(aim)) if to > from && to > aim.most || to < from && to < aim.least => {
            let message =
                format!("an autoscaler may aim at {} to {} %, and {to} % is beyond that", aim.most, aim.least);
            Some(Hold::new("LoadNeedsIt", message))
        }
        Some(Ok(_)) => None,
        Some(Err(why)) => Some(Hold::new("LoadUnknown", format!("no CPU target is set, as {why}"))),
        None => Some(Hold::new("LoadUnknown", "no CPU target is set, as nothing is known of the load")),
    }
}

/// Where pods are let go, all that are wanted are ready.
pub(super) fn all_ready(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    if is_leaner(step) { own::all_ready(step, facts) } else { None }
}

/// Few steps within a day.
pub(super) fn within_budget(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let steps = &facts.cpu_target.as_ref()?.steps;
    let oldest = steps.len().checked_sub(STEPS)?;
    let until = steps.get(oldest)?.at.0.saturating_add(DAY).ok()?;
    let message =
        format!("the CPU target was set in {} steps within 24 hours, and no more are made before {until}", steps.len());
    Some(Hold::new("TargetBudget", message).until(until))
}

/// What was followed by a danger is not done again for a day.
pub(super) fn did_no_harm(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (from, to) = step.cpu_target()?.numbers()?;
    let danger = facts.cpu_target.as_ref()?.danger.as_ref()?;
    let until = danger.at.0.saturating_add(DAY).ok()?;
    let message = format!(
        "an objective was in danger with a CPU target of {} % at {}, so it is set no higher than {} % before {until}",
        danger.with, danger.at.0, danger.most
    );
    (to > from && to > danger.most && facts.now() < until).then(|| Hold::new("TargetDidHarm", message).until(until))
}

/// A step is neither too large nor too small.
pub(super) fn small(step: &Step, _: &Facts<'_>) -> Option<Hold> {
    let (from, to) = step.cpu_target()?.numbers()?;
    let message = format!("from {from} to {to} % is no step of {LEAST} to {MOST} percent points");
    (!(LEAST..=MOST).contains(&to.abs_diff(from).try_into().unwrap_or(i32::MAX)))
        .then(|| Hold::new("StepTooLarge", message))
}

/// The last step is judged before the next one, and all was safe with it for a while.
pub(super) fn in_turn(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let last = facts.actions.iter().find(|record| {
        let of_now = facts.workload.cpu_target.as_ref().is_some_and(|seen| seen.target.uid == record.target.uid);
        of_now && record.verb.is_about_cpu_target() && record.phase != ActionPhase::Refused
    })?;
    if last.verdict.is_none() && facts.now() < last.deadline.0 {
        let until = last.deadline.0;
        let message = format!("the last step ({}) has until {until} to show whether it does harm", last.change());
        return Some(Hold::new("AwaitingVerdict", message).until(until));
    }
    let wait = facts.timing.release_after;
    let until = last.intended_at.0.saturating_add(wait).unwrap_or(Timestamp::MAX);
    let message = format!("one step of the CPU target is made in {wait:#}");
    (facts.now() < until).then(|| Hold::new("SteppingDown", message).until(until))
}

/// The HPA wants fewer pods afterwards.
fn is_leaner(step: &Step) -> bool {
    step.cpu_target().is_some_and(crate::decide::CpuTargetChange::is_leaner)
}
