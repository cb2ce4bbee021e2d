//! Warming up: an operator that has just begun, or taken over, waits with what disrupts, as what it sees at first may be its
//! own start.

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

pub(super) fn over(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let until = facts.situation.warm_until;
    (facts.now() < until).then(|| {
        let message = format!("the operator has just begun to work; it disrupts nothing before {until}");
        Hold::new("WarmingUp", message).until(until)
    })
}
