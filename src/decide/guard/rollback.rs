//! Undoing a revision disrupts a service that somebody else rolls out: only where the agreement allows it, seldom, one at a
//! time, and not by an operator that has only just begun to look.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::decide::facts::Facts;
use crate::decide::hand::DAY;
use crate::decide::plan::Step;

use super::Hold;

pub(super) fn allowed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    facts.situation.enforcement.rollback.is_none().then(|| {
        let message = "enforcement.rollback is left out, so the operator neither pauses nor undoes a rollout";
        Hold::new("RollbackNotAllowed", message)
    })
}

/// Counted by the status and the records, so that a restart does not begin a new day.
pub(super) fn within_budget(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let allowed = facts.situation.enforcement.rollback.as_ref().map_or(0, |rollback| rollback.per_day);
    let mut done: Vec<Timestamp> = rollbacks(facts).map(|record| record.intended_at.0).collect();
    done.extend(facts.hand.iter().flat_map(|hand| &hand.rollbacks).map(|at| at.0));
    done.retain(|at| facts.now().duration_since(*at) < DAY);
    done.sort_unstable();
    done.dedup();
    let count = i32::try_from(done.len()).unwrap_or(i32::MAX);
    let oldest = done.first()?.saturating_add(DAY).ok()?;
    (count >= allowed).then(|| {
        let message = format!("{count} rollbacks within 24 hours are all that enforcement.rollback.perDay allows");
        Hold::new("RollbackBudget", message).until(oldest)
    })
}

/// What was paused is undone only when a slot after the pause was seen too: one more look costs nothing then.
pub(super) fn confirmed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    facts.paused_at()?;
    let paused = facts.workload.deployment.as_ref()?.mark.record()?.at.0;
    (facts.situation.assessment.measured_through <= paused).then(|| {
        let message = "the rollout is paused; it is undone when the next slot says the same";
        Hold::new("Confirming", message)
    })
}

/// The last rollback of the workload is judged before anything else is undone there, or added: the budget burns on for a
/// while by what the undone revision did.
pub(super) fn alone(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let open = rollbacks(facts).find(|record| record.verdict.is_none())?;
    let message =
        format!("the rollback of revision {} has until {} to show whether it helps", open.change(), open.deadline.0);
    Some(Hold::new("AwaitingVerdict", message).until(open.deadline.0))
}

/// The rollbacks of the workload that happened, or may have.
fn rollbacks<'a>(facts: &'a Facts<'_>) -> impl Iterator<Item = &'a ActionRecord> {
    let happened = |record: &&ActionRecord| record.verb == Verb::RollBack && record.phase != ActionPhase::Refused;
    facts.actions.iter().filter(happened).filter(|record| record.target.uid == facts.workload.uid)
}
