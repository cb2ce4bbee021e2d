//! Undoing a revision disrupts a service that somebody else rolls out: only where the agreement allows it, seldom, one at a
//! time, and not by an operator that has only just begun to look.

use k8s_openapi::jiff::Timestamp;

use crate::api::diagnosis::{CauseKind, Evidence, Subject};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;
use crate::sense::workload::Rollout;

use super::Hold;

pub(super) fn allowed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    facts.situation.enforcement.rollback.is_none().then(|| {
        let message = "enforcement.rollback is left out, so the operator neither pauses nor undoes a rollout";
        Hold::new("RollbackNotAllowed", message)
    })
}

/// So many pauses for each rollback that is allowed: a second bad revision of a day is still stopped where it is, for a person to
/// undo, when the first one took the only rollback.
pub const PAUSES_A_ROLLBACK: i32 = 2;

/// Counted by the status and the records, so that a restart does not begin a new day.
pub(super) fn within_budget(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    rollbacks_used_up(facts)
}

/// The same for pauses: one that is given back and made again and again keeps its owner from rolling out.
pub(super) fn within_pauses(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    pauses_used_up(facts)
}

/// The day has no pause left, and a rollback.
#[must_use]
pub fn leaves_only_a_rollback(facts: &Facts<'_>) -> bool {
    pauses_used_up(facts).is_some() && rollbacks_used_up(facts).is_none()
}

fn rollbacks_used_up(facts: &Facts<'_>) -> Option<Hold> {
    let counted = facts.hand.iter().flat_map(|hand| &hand.rollbacks).map(|at| at.0);
    held(facts, Verb::RollBack, counted.collect(), 1, "rollbacks")
}

fn pauses_used_up(facts: &Facts<'_>) -> Option<Hold> {
    let counted = facts.hand.iter().flat_map(|hand| &hand.pauses).map(|at| at.0);
    held(facts, Verb::PauseRollout, counted.collect(), PAUSES_A_ROLLBACK, "pauses")
}

/// The hold when as many were done as the day allows, `times` the rollbacks of a day.
fn held(facts: &Facts<'_>, verb: Verb, counted: Vec<Timestamp>, times: i32, what: &str) -> Option<Hold> {
    let per_day = facts.situation.enforcement.rollback.as_ref().map_or(0, |rollback| rollback.per_day);
    let mut done = counted;
    done.extend(happened(facts, verb).map(|record| record.intended_at.0));
    done.retain(|at| facts.now().duration_since(*at) < DAY);
    done.sort_unstable();
    done.dedup();
    let count = i32::try_from(done.len()).unwrap_or(i32::MAX);
    let oldest = done.first()?.saturating_add(DAY).ok()?;
    (count >= per_day.saturating_mul(times)).then(|| {
        let message = format!("{count} {what} within 24 hours are all that enforcement.rollback.perDay allows");
        Hold::new("RollbackBudget", message).until(oldest)
    })
}

/// What was paused is undone only when a slot after the pause was seen too: one more look costs nothing then. What goes on and
/// may not be paused any more, when a slot was seen since it was blamed: one alone undoes nothing that is not through.
pub(super) fn confirmed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let paused = facts.paused_at().and_then(|_| facts.workload.deployment.as_ref()?.mark.record());
    let (since, message) = match (paused, &facts.workload.rollout) {
        (Some(mark), _) => (Some(mark.at.0), "the rollout is paused; it is undone when the next slot says the same"),
        (None, Rollout::InProgress | Rollout::Stuck(_)) => {
            let message = "the day has no pause left; the revision is undone when the next slot says the same";
            (blamed_since(facts), message)
        }
        (None, _) => return None,
    };
    let is_seen = since.is_some_and(|since| since < facts.situation.assessment.measured_through);
    (!is_seen).then(|| Hold::new("Confirming", message))
}

/// Since when the revision in force is blamed, as it was told before. Where another one was blamed first, the danger is older than
/// this one, which holds by itself. `None`: it was not.
fn blamed_since(facts: &Facts<'_>) -> Option<Timestamp> {
    let bad = &facts.workload.deployment.as_ref()?.in_force()?.hash;
    let told = facts.situation.status.diagnosis.as_ref().filter(|told| told.cause == CauseKind::BadRevision)?;
    let names_it = |named: &Evidence| named.subject == Subject::Revision && named.name == *bad;
    told.evidence.iter().any(names_it).then_some(told.since.0)
}

/// The last rollback of the workload is judged before anything else is undone there, or added: the budget burns on for a
/// while by what the undone revision did.
pub(super) fn alone(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let open = happened(facts, Verb::RollBack).find(|record| record.verdict.is_none())?;
    let message =
        format!("the rollback of revision {} has until {} to show whether it helps", open.change(), open.deadline.0);
    Some(Hold::new("AwaitingVerdict", message).until(open.deadline.0))
}

/// What was done so to the workload, or may have been.
fn happened<'a>(facts: &'a Facts<'_>, verb: Verb) -> impl Iterator<Item = &'a ActionRecord> {
    let happened = move |record: &&ActionRecord| record.verb == verb && record.phase != ActionPhase::Refused;
    facts.actions.iter().filter(happened).filter(|record| record.target.uid == facts.workload.uid)
}
