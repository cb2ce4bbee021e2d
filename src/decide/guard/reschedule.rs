//! Moving a pod disrupts what it serves just now: only where the agreement allows it, seldom, one at a time or together from a node
//! that is avoided, and not against what the API server refuses.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::api::reschedule_status::{Hindrance, Obstacle};
use crate::decide::held::moved::{self, GIVEN_UP_AFTER};
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;

use super::{Hold, drain};

pub(super) fn allowed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    facts
        .situation
        .enforcement
        .reschedule
        .is_none()
        .then(|| Hold::new("RescheduleNotAllowed", "enforcement.reschedule is left out, so the operator moves no pod"))
}

/// Counted by the status, so that a restart does not begin a new day.
pub(super) fn within_budget(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let allowed = facts.situation.enforcement.reschedule.as_ref().map_or(0, |reschedule| reschedule.per_day);
    let others = facts.moved.iter().flat_map(|moved| &moved.evictions).filter(|one| one.action != step.id);
    let mut done: Vec<Timestamp> = others.map(|eviction| eviction.at.0).collect();
    done.sort_unstable();
    let count = i32::try_from(done.len()).unwrap_or(i32::MAX);
    let oldest = done.first()?.saturating_add(DAY).ok()?;
    (count >= allowed).then(|| {
        let message = format!("{count} evictions within 24 hours are all that enforcement.reschedule.perDay allows");
        Hold::new("RescheduleBudget", message).until(oldest)
    })
}

/// So many replicas are added for each eviction that is allowed: a pod that gets well while one starts is not moved, and one
/// that fails again and again would have one added each time.
pub const SURGES_A_MOVE: i32 = 2;

/// The same for the replicas that are added before an eviction, whether or not it came to that.
pub(super) fn within_surges(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (count, left) = surges(facts);
    let oldest = facts.moved.iter().flat_map(|moved| &moved.surges).map(|at| at.0).min()?;
    let oldest = oldest.saturating_add(DAY).ok()?;
    (moved::added(step, facts.workload)? > left).then(|| {
        let message = format!(
            "{count} replicas added before an eviction within 24 hours are all that enforcement.reschedule.perDay \
             allows"
        );
        Hold::new("SurgeBudget", message).until(oldest)
    })
}

/// So many more replicas may be added today before evictions.
#[must_use]
pub fn surges_left(facts: &Facts<'_>) -> i32 {
    surges(facts).1
}

/// How many were added, and how many may be.
fn surges(facts: &Facts<'_>) -> (i32, i32) {
    let per_day = facts.situation.enforcement.reschedule.as_ref().map_or(0, |reschedule| reschedule.per_day);
    let count = facts.moved.as_ref().map_or(0, |moved| moved.surges.len());
    let count = i32::try_from(count).unwrap_or(i32::MAX);
    (count, per_day.saturating_mul(SURGES_A_MOVE).saturating_sub(count))
}

/// The last eviction is judged before the next one, and before anything is added or taken away: what the pod spoiled is in the
/// account for a while, and its successor may not be better.
pub(super) fn judged(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let open = open(&facts.actions)?;
    let (name, deadline) = (&open.target.name, open.deadline.0);
    let message = match open.phase {
        ActionPhase::Done => format!("the eviction of {name} is judged from {deadline} on"),
        _ => format!("whether {name} was evicted is not known yet; it is looked at again"),
    };
    Some(Hold::new("AwaitingVerdict", message))
}

/// The same before the next eviction; but the pods of a node that is avoided follow one another, once moving one was seen to help
/// and as long as that goes well.
pub(super) fn in_turn(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let hold = judged(step, facts)?;
    let node = facts.workload.pod(&step.target.uid).and_then(|pod| pod.node.as_deref());
    let goes_on = node.is_some_and(|node| drain::goes_on(facts, node));
    (!goes_on).then_some(hold)
}

fn open(actions: &[ActionRecord]) -> Option<&ActionRecord> {
    let mut evictions = actions.iter().filter(|record| record.verb == Verb::Reschedule);
    evictions.find(|record| record.verdict.is_none() && record.phase != ActionPhase::Refused)
}

/// No other pod of the workload is on its way out, by whose hand ever.
pub(super) fn alone(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let leaving = facts.workload.pods.iter().find(|pod| pod.terminating)?;
    let message = format!("{} is on its way out; one pod at a time", leaving.name);
    Some(Hold::new("PodLeaving", message))
}

/// The API server does not refuse it just now. It is never deleted instead: that would go past every disruption budget.
pub(super) fn unhindered(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let hindered = facts.moved.as_ref()?.hindered.as_ref()?;
    let Hindrance { obstacle, message, pod, since, until, .. } = hindered;
    let (since, until) = (since.0, until.0);
    let said = format!("the API server refuses to evict {pod} since {since}: {message}");
    let reason = match obstacle {
        Obstacle::DisruptionBudget => "BlockedByPDB",
        Obstacle::SeveralBudgets => {
            let message = format!("{said}; leave one PodDisruptionBudget that selects it (`kubectl get pdb`)");
            return Some(Hold::new("SeveralBudgets", message));
        }
        Obstacle::Busy => "ApiServerBusy",
        Obstacle::Changed => "PodChanged",
        Obstacle::Forbidden => "EvictionRefused",
    };
    if facts.now().duration_since(since) >= GIVEN_UP_AFTER {
        return Some(Hold::new(reason, format!("{said}; given up for this episode")));
    }
    (facts.now() < until).then(|| Hold::new(reason, format!("{said}; tried again from {until} on")).until(until))
}
