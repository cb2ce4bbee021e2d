//! The room: no replica is asked for that would find no place, and where there is not enough for all, the agreement with
//! more at stake goes first.

use crate::decide::capacity::scarcity;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

/// Who else bids is known.
pub(super) fn announced(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    scarcity::announced(facts, step.verb)
}

/// What is left does for it, after those who go first.
pub(super) fn left(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let allotment = scarcity::allot(facts, step.verb)?;
    let to = step.floor()?.to;
    let wanted = facts.workload.spec_replicas;
    (to > allotment.most).then(|| {
        let hold = allotment.why;
        Hold {
            message: format!("{to} replicas would help where {wanted} are wanted now, but {}", hold.message),
            ..hold
        }
    })
}
