//! What was done as text: each action with what was expected of it, by when, what became of it, and on what that rests.

use std::fmt::Write as _;

use k8s_openapi::jiff::Timestamp;

use super::age;
use crate::api::enforcement_status::{ActionPhase, ActionRecord};
use crate::record::form::legible::legible;

/// Writes all of it. `now` is the present time: from it the ages are counted.
pub(super) fn write(out: &mut String, actions: &[ActionRecord], now: Timestamp) -> std::fmt::Result {
    if actions.is_empty() {
        return writeln!(out, "\nNothing was done yet.");
    }
    writeln!(out, "\nDone so far, newest first:")?;
    actions.iter().try_for_each(|action| done(out, action, now))
}

fn done(out: &mut String, action: &ActionRecord, now: Timestamp) -> std::fmt::Result {
    let ActionRecord { verb, phase, target, reason, hypothesis, deadline, outcome, evidence, .. } = action;
    let verdict = action.verdict.map_or_else(|| "not judged yet".to_owned(), |verdict| format!("{verdict:?}"));
    let verdict = if *phase == ActionPhase::Refused { String::new() } else { format!(", {verdict}") };
    let (change, ago) = (action.change(), age(now, action.intended_at.0));
    let ahead = if action.ahead { " ahead of the load" } else { "" };
    let head = format!("{verb:?} {change}");
    writeln!(out, "  {ago} ago: {}{ahead}, {phase:?}{verdict}: {}", head.trim_end(), legible(reason))?;
    writeln!(out, "    on       {} {}", target.kind, legible(&target.name))?;
    if *phase != ActionPhase::Refused {
        let due = deadline.0;
        let when = match action.verdict {
            Some(_) => format!("by {due}"),
            None if due > now => format!("judged at {due}, in {}", age(due, now)),
            None => format!("judged from {due} on"),
        };
        writeln!(out, "    expected {}; {when}", legible(hypothesis))?;
    }
    for (name, text) in [("seen    ", evidence), ("answer  ", outcome)] {
        if !text.is_empty() {
            writeln!(out, "    {name} {}", legible(text))?;
        }
    }
    Ok(())
}
