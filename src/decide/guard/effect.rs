//! The effect: raises that did not help are not repeated within the same episode.

use crate::api::enforcement_status::Verb;
use crate::decide::facts::Facts;
use crate::decide::plan::Step;

use super::Hold;

/// So many raises without effect turn the verb off.
const ENOUGH: i32 = 2;

pub(super) fn of_use(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let ineffective = facts.episode.as_ref().map_or(0, |episode| episode.ineffective);
    (step.verb == Verb::RaiseFloor && ineffective >= ENOUGH).then(|| {
        let message = "raising the floor did not help in this episode; more replicas are not the cure. The floor is held \
             until all is safe; somebody should look";
        Hold::new("Ineffective", message)
    })
}
