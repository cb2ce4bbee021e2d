//! The latest decision about an agreement as text for a terminal: cause, evidence, what was ruled out, what is done.

mod hand;

use std::fmt::Write as _;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::ServiceLevelAgreement;
use crate::api::capacity::CapacityMode;
use crate::api::diagnosis::{Diagnosis, Evidence, ObservedPulse};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::ActionRecord;

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
    writeln!(out, "\nDecision: {}\n  {}", enforcement.reason, legible(&enforcement.message))?;
    if let Some(diagnosis) = &enforcement.diagnosis {
        if !diagnosis.guards_passed.is_empty() {
            writeln!(out, "  guards that let it pass: {}", diagnosis.guards_passed.join(", "))?;
        }
        writeln!(out, "  what would change it: {}", legible(&diagnosis.would_change))?;
    }
    if let Some(capacity) = &enforcement.capacity {
        let (message, ago) = (legible(&capacity.message), age(now, capacity.as_of.0));
        writeln!(out, "  what the expected load needs, reckoned {ago} ago: {message}")?;
        let mode = agreement.spec.enforcement.capacity.as_ref().map(|capacity| capacity.mode).unwrap_or_default();
        let done = match (mode, agreement.spec.enforcement.mode) {
            (CapacityMode::Advise, _) => "it is told only: capacity.mode is Advise",
            (CapacityMode::Floor, Mode::Enforce) => "the floor follows it while no objective is in danger",
            (CapacityMode::Floor, _) => "the floor would follow it: enforcement.mode is not Enforce",
        };
        writeln!(out, "    {done}")?;
    }
    hand::write(out, enforcement, now)?;
    actions(out, &status.actions, now)
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
    let observed = &diagnosis.observed;
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

fn actions(out: &mut String, actions: &[ActionRecord], now: Timestamp) -> std::fmt::Result {
    if actions.is_empty() {
        return writeln!(out, "\nNothing was done yet.");
    }
    writeln!(out, "\nDone so far, newest first:")?;
    for action in actions {
        let verdict = action.verdict.map_or_else(|| "not judged yet".to_owned(), |verdict| format!("{verdict:?}"));
        let (ActionRecord { verb, phase, .. }, change) = (action, action.change());
        let (ago, ahead) = (age(now, action.intended_at.0), if action.ahead { " ahead of the load" } else { "" });
        writeln!(out, "  {ago} ago: {verb:?} {change}{ahead}, {phase:?}, {verdict}: {}", legible(&action.reason))?;
    }
    Ok(())
}

fn figures(evidence: &Evidence) -> String {
    let Evidence { subject, name, bad, total, share, z } = evidence;
    let mut text = format!("{subject:?} {}: {bad} of {total}", legible(name));
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_the_last_minute_proves_is_told_with_its_figures() {
        let time = "2026-05-01T10:00:30Z";
        let agreement: ServiceLevelAgreement = serde_json::from_value(serde_json::json!({
            "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
            "metadata": {"name": "checkout", "namespace": "shop"},
            "spec": {
                "service": {"name": "checkout"}, "metrics": {"sourceRef": {"name": "main"}},
                "period": {"rolling": "30d"}, "objectives": [],
            },
            "status": {"enforcement": {"diagnosis": {
                "cause": "Unknown", "since": time, "message": "m", "answer": "a", "wouldChange": "w",
                "observed": {
                    "decidedAt": time, "accountThrough": time, "workloadReadAt": time,
                    "pulse": {
                        "objective": "availability", "since": "2026-05-01T10:00:13Z", "at": "2026-05-01T10:00:28Z",
                        "bad": "132", "total": "600", "share": "22.00", "outage": "1.44",
                    },
                },
            }}},
        }))
        .unwrap();
        let text = text(&agreement, "2026-05-01T10:01:00Z".parse().unwrap());
        let line = text.lines().find(|line| line.contains("pulse")).unwrap();
        let expected = "  pulse      availability: 132 of 600 events bad (22.00 %) in the minute to 2026-05-01T10:00:28Z, \
                        an outage from 1.44 % on; seen since 2026-05-01T10:00:13Z";
        assert_eq!(line, expected);
    }
}
