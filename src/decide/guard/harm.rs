//! The harm: what made it worse in the episode is not done again in it, and a person is told.

use crate::api::enforcement_status::Verb;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::verdict::harm;

use super::Hold;

pub(super) fn not_done(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let words = if step.verb == Verb::RaiseFloor { harm::of_raise(facts) } else { harm::of_rollback(facts) };
    words.map(|words| Hold::new("DidHarm", words))
}
