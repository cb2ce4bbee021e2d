//! The latest decision about an agreement as text for a terminal: cause, evidence, what was ruled out, what is done.

mod actions;
mod budgets;
mod hand;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

use std::fmt::Write as _;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::ServiceLevelAgreement;
use crate::api::capacity::CapacityMode;
use crate::api::diagnosis::{Diagnosis, Evidence, HeldBy, Observed, ObservedPulse};
use crate::api::enforcement::Mode;

use super::form::legible::legible;

/// The text. `now` is the present time: from it the ages are counted.
#[must_use]
pub fn text(agreement: &ServiceLevelAgreement, now: Timestamp) -> String {
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write(&mut text, agreement, now);
    text
}

fn write(out: &mut String, agreement: &ServiceLevelAgreement, now: Timestamp) -> std::fmt::Result {
    let name = agreement.metadata.name.as_deref().unwrap_or_default();
    let namespace = agreement.metadata.namespace.as_deref().unwrap_or_default();
    let status = agreement.status.clone().unwrap_or_default();
    let state = status.summary.as_ref().map(|summary| summary.state).unwrap_or_default();
    writeln!(out, "{namespace}/{name}: {state:?}, mode {:?}", agreement.spec.enforcement.mode)?;
    for objective in &status.objectives {
        let figure = |text: &str| if text.is_empty() { "?".to_owned() } else { format!("{text} %") };
        let (attained, left) = (figure(&objective.attainment), figure(&objective.budget_remaining));
        let (name, target) = (legible(&objective.name), &objective.target);
        writeln!(out, "  {name}: {:?}, attained {attained} of {target} %, {left} of the budget left", objective.state)?;
    }
    let Some(enforcement) = &status.enforcement else {
        return writeln!(out, "\nNothing was decided yet.");
    };
    match &enforcement.diagnosis {
        Some(diagnosis) => diagnosed(out, diagnosis, now)?,
        None => writeln!(out, "\nNothing is in danger, as far as it is seen.")?,
    }
    let (diagnosis, review) = (enforcement.diagnosis.as_ref(), enforcement.review.as_ref());
    if let Some(at) = diagnosis.map(|told| &told.observed).or_else(|| Some(&review?.observed)) {
        observed(out, at, now)?;
    }
    writeln!(out, "\nDecision: {}", enforcement.reason)?;
    for line in enforcement.message.lines() {
        writeln!(out, "  {}", legible(line))?;
    }
    match (diagnosis, review) {
        (Some(told), _) => {
            guarded(out, &told.guards_passed, (told.held_by.as_ref(), &enforcement.message), &told.would_change)?;
        }
        (None, Some(told)) => {
            guarded(out, &told.guards_passed, (told.held_by.as_ref(), &enforcement.message), &told.would_change)?;
        }
        (None, None) => {}
    }
    if let Some(capacity) = &enforcement.capacity {
        let (message, ago) = (legible(&capacity.message), age(now, capacity.as_of.0));
        writeln!(out, "  what the expected load needs, reckoned {ago} ago: {message}")?;
        let mode = agreement.spec.enforcement.capacity.as_ref().map(|capacity| capacity.mode).unwrap_or_default();
        let done = match (mode, agreement.spec.enforcement.mode) {
            (CapacityMode::Advise, _) => "it is told only: capacity.mode is Advise",
            (CapacityMode::Floor, Mode::Enforce) => "the floor follows it while no objective is in danger",
            (CapacityMode::Floor, _) => "the floor would follow it: enforcement.mode is not Enforce",
            (CapacityMode::Own, Mode::Enforce) => {
                "the replicas follow it, up and down, while no objective is in danger and nothing else scales the workload"
            }
            (CapacityMode::Own, _) => "the replicas would follow it: enforcement.mode is not Enforce",
            (CapacityMode::Target, Mode::Enforce) => {
                "the floor follows it while no objective is in danger, and so does the CPU target of the autoscaler"
            }
            (CapacityMode::Target, _) => {
                "the floor and the CPU target of the autoscaler would follow it: enforcement.mode is not Enforce"
            }
        };
        writeln!(out, "    {done}")?;
    }
    let capacity = agreement.spec.enforcement.capacity.as_ref();
    let owns = capacity.is_some_and(|capacity| capacity.mode == CapacityMode::Own);
    hand::write(out, enforcement, owns, now)?;
    budgets::write(out, &agreement.spec.enforcement, enforcement, now)?;
    actions::write(out, &status.actions, now)
}

fn diagnosed(out: &mut String, diagnosis: &Diagnosis, now: Timestamp) -> std::fmt::Result {
    writeln!(out, "\nCause: {:?}, for {}", diagnosis.cause, age(now, diagnosis.since.0))?;
    writeln!(out, "  {}", legible(&diagnosis.message))?;
    for evidence in &diagnosis.evidence {
        writeln!(out, "  - {}", figures(evidence))?;
    }
    if !diagnosis.ruled_out.is_empty() {
        writeln!(out, "\nAsked before it, and ruled out:")?;
    }
    for ruled_out in &diagnosis.ruled_out {
        let cause = format!("{:?}", ruled_out.cause);
        writeln!(out, "  {cause:<18} {}", legible(&ruled_out.why))?;
    }
    Ok(())
}

/// What the guards said of what is proposed, and what would change the decision.
fn guarded(
    out: &mut String,
    passed: &[String],
    (held_by, answer): (Option<&HeldBy>, &str),
    would_change: &str,
) -> std::fmt::Result {
    if !passed.is_empty() {
        writeln!(out, "  guards that let it pass: {}", passed.join(", "))?;
    }
    if let Some(HeldBy { guard, message }) = held_by {
        // Its words are the decision's, or are told here.
        let words = if answer.contains(message) { String::new() } else { format!(": {}", legible(message)) };
        writeln!(out, "  the guard that held: {guard}{words}")?;
    }
    writeln!(out, "  what would change it: {}", legible(would_change))
}

/// How old what was seen was.
fn observed(out: &mut String, observed: &Observed, now: Timestamp) -> std::fmt::Result {
    let decided = observed.decided_at.0;
    let before = |at: Timestamp| format!("{at}, {} before", age(decided, at));
    writeln!(out, "\nSeen when this was written:")?;
    writeln!(out, "  decided    {decided}, {} ago", age(now, decided))?;
    writeln!(out, "  account    through {}", before(observed.account_through.0))?;
    if let Some(pulse) = &observed.pulse {
        writeln!(out, "  pulse      {}", pulsed(pulse))?;
    }
    writeln!(out, "  workload   {}", before(observed.workload_read_at.0))?;
    if let Some(through) = &observed.throttling_through {
        writeln!(out, "  throttling newest sample {}", before(through.0))?;
    }
    if !observed.room_problem.is_empty() {
        writeln!(out, "  room       not all was looked up: {}", legible(&observed.room_problem))?;
    }
    match &observed.pods_through {
        Some(through) => writeln!(out, "  by pod     newest sample {}", before(through.0)),
        None => writeln!(out, "  by pod     nothing: {}", legible(&observed.pods_problem)),
    }
}

pub(super) fn figures(evidence: &Evidence) -> String {
    let Evidence { subject, name, bad, total, share, z } = evidence;
    let mut text = format!("{subject:?} {}", legible(name));
    if !total.is_empty() {
        let _ = write!(text, ": {bad} of {total}");
    }
    if !share.is_empty() {
        let _ = write!(text, " bad ({share} %)");
    }
    if !z.is_empty() {
        let _ = write!(text, ", {z} standard deviations worse than the rest");
    }
    text
}

fn pulsed(pulse: &ObservedPulse) -> String {
    let ObservedPulse { objective, since, at, bad, total, share, outage } = pulse;
    let (objective, at, since) = (legible(objective), at.0, since.0);
    format!(
        "{objective}: {bad} of {total} events bad ({share} %) in the minute to {at}, an outage from {outage} % on; seen \
         since {since}"
    )
}

/// How long ago an instant was; none if it lies ahead.
fn age(now: Timestamp, at: Timestamp) -> String {
    let seconds = now.duration_since(at).as_secs().max(0);
    format!("{:#}", SignedDuration::from_secs(seconds))
}
