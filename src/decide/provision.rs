//! Raising the floor before an objective is in danger, to what the expected load needs.
//!
//! The scaling law says how many pods that are; see [`crate::decide::law`]. While it cannot say, nothing changes.

use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::Verb;
use crate::sense::workload::Floor;

use super::capacity::Need;
use super::facts::Facts;
use super::plan::{Plan, Proposed, step_id};
use super::policy;
use super::size;

/// The raise to what the expected load needs. `None`: that many run, or nothing is known.
pub(super) fn propose(facts: &Facts<'_>, floor: &Floor, bounds: &ScaleBounds) -> Option<Plan<Proposed>> {
    let Some(Need::Pods { pods, why, through }) = facts.situation.need else { return None };
    let wanted = facts.workload.spec_replicas;
    if *pods <= wanted.max(floor.current) {
        return None;
    }
    let to = policy::clamp((*pods).min(size::most(wanted)), bounds, floor);
    // Without the figures, which are others at every look: a recommendation is told anew when its words change.
    let reason = format!("the load that is expected needs {pods} pods, and {wanted} are wanted");
    let hypothesis = format!("{to} pods are ready before it comes; {why}");
    let mut plan = policy::step(facts, floor, Verb::Provision, to, reason, hypothesis, facts.judged_at(true));
    for step in &mut plan.steps {
        // It rests on samples that come more often than slots do.
        step.id = step_id(facts.situation.agreement, step.verb, &step.target, *through);
    }
    Some(plan)
}

/// How far a floor may come down as far as the load is concerned; in words why not, while nothing is known.
pub(super) fn least<'a>(facts: &Facts<'a>) -> Result<i32, &'a str> {
    match facts.situation.need {
        None => Ok(0),
        Some(Need::Pods { pods, .. }) => Ok(*pods),
        Some(Need::Unknown(why)) => Err(why),
    }
}
