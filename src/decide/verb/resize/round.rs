//! A round: whether the nodes have given what was asked for, and how many more resizes a day has room for.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, ActionRecord};
use crate::decide::guard::Hold;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;

/// Every pod that was resized in this round has its new size in force, as far as nodes tell.
pub(super) fn taken(facts: &Facts<'_>, open: &[&ActionRecord]) -> Result<(), Hold> {
    let waits = |record: &&&ActionRecord| {
        let Some(pod) = facts.workload.pod(&record.target.uid) else { return false };
        let limits =
            pod.size.containers.iter().filter(|one| one.size.map(|size| size.limit) == record.to.map(i64::from));
        let behind = limits.into_iter().any(|one| one.in_force.is_some() && one.in_force != record.to.map(i64::from));
        record.phase != ActionPhase::Done || pod.size.under_way || pod.size.pending.is_some() || behind
    };
    match open.iter().find(waits) {
        Some(record) => {
            let message = format!("the node of {} has not given it its new size yet", record.target.name);
            Err(Hold::new("AwaitingResize", message).until(record.deadline.0))
        }
        None => Ok(()),
    }
}

/// How many more pods may be resized within 24 hours.
#[must_use]
pub fn left_today(facts: &Facts<'_>) -> usize {
    let allowed = facts.situation.enforcement.resize.as_ref().map_or(0, |resize| resize.per_day);
    let raised = facts.resized.as_ref().map_or(0, |resized| resized.raised.len());
    usize::try_from(allowed).unwrap_or(0).saturating_sub(raised)
}

/// When the oldest resize that counts does no more.
#[must_use]
pub fn more_from(facts: &Facts<'_>) -> Option<Timestamp> {
    facts.resized.as_ref()?.raised.iter().map(|raised| raised.at.0).min()?.saturating_add(DAY).ok()
}
