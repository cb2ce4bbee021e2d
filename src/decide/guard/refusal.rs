//! What the API server refuses is not tried again at once: see [`refusal`](crate::decide::held::refusal).

use crate::decide::held::refusal;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

/// The same write was not refused, or long enough ago.
pub(super) fn over(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let refused = facts.refusals.iter().find(|refused| refusal::is_of(refused, step.verb, &step.target))?;
    (facts.now() < refused.until.0).then(|| refusal::hold(refused))
}
