//! The pace: never twice on the same data, never before the last raise was judged, never faster than the cooldown up or
//! in larger or more frequent steps than one a minute down.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

/// The shortest time between two steps down.
pub const LOWER_INTERVAL: SignedDuration = SignedDuration::from_mins(1);

/// A decision is carried out once, however often it is made: by a stale cache, a repeated reconcile, or another replica.
pub(super) fn once_a_slot(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let done = facts.actions.iter().any(|record| record.id == step.id && record.phase != ActionPhase::Refused);
    done.then(|| Hold::new("AlreadyDone", "this was done on the same measurements; the next slot may say otherwise"))
}

/// The last raise is judged before the next one. One in danger does not wait for one that was made ahead of the load.
pub(super) fn judged(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    unjudged(facts, |record| step.is_ahead() || !record.ahead)
}

/// What was raised is judged before it is taken away.
pub(super) fn raise_judged(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    unjudged(facts, |_| true)
}

fn unjudged(facts: &Facts<'_>, counts: impl Fn(&ActionRecord) -> bool) -> Option<Hold> {
    let open = facts.actions_on_floor().find(|record| {
        let raised = record.verb == Verb::RaiseFloor && record.phase != ActionPhase::Refused;
        raised && record.verdict.is_none() && counts(record)
    })?;
    let message = format!("the raise ({}) has until {} to show whether it helps", open.change(), open.deadline.0);
    Some(Hold::new("AwaitingVerdict", message).until(open.deadline.0))
}

/// A raise in danger waits for one that was made ahead of the load only until its pods are ready.
pub(super) fn cooled_down(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let counts = |record: &&ActionRecord| step.is_ahead() || !record.ahead || record.verdict.is_none();
    let end = after(facts.actions_on_floor().filter(counts), Verb::RaiseFloor, facts.timing.cooldown)?;
    let message = format!("the last raise is less than {:#} ago", facts.timing.cooldown);
    (facts.now() < end).then(|| Hold::new("Cooldown", message).until(end))
}

/// Pods get the size of their template a few at a time, so that what comes of it is seen.
pub(super) fn few_at_a_time(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let end = after(facts.actions.iter(), Verb::RestoreSize, LOWER_INTERVAL)?;
    let message = format!("pods get the size of their template a few at a time, in steps of {LOWER_INTERVAL:#}");
    (facts.now() < end).then(|| Hold::new("SteppingDown", message).until(end))
}

/// The floor goes to where it was before by a step like the others.
pub(super) fn small_steps(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let end = after(facts.actions_on_floor(), Verb::LowerFloor, LOWER_INTERVAL)?;
    let message = format!("the floor comes down in steps of {LOWER_INTERVAL:#}");
    (facts.now() < end).then(|| Hold::new("SteppingDown", message).until(end))
}

// Only what was refused is known not to have happened.
fn after<'a>(
    mut actions: impl Iterator<Item = &'a ActionRecord>,
    verb: Verb,
    wait: SignedDuration,
) -> Option<Timestamp> {
    let last = actions.find(|record| record.verb == verb && record.phase != ActionPhase::Refused)?;
    last.intended_at.0.saturating_add(wait).ok()
}
