//! What was decided, in short.

use crate::api::enforcement_status::Verb;
use crate::decide::{Decided, Decision, FloorChange, Step};

/// The step that is to be done.
pub(crate) fn step(decided: &Decided) -> &Step {
    match &decided.decision {
        Decision::Act(plan) => &plan.steps[0],
        other => panic!("nothing is to be done: {other:?}"),
    }
}

/// The change of a floor that is to be done.
pub(crate) fn floor_change(decided: &Decided) -> &FloorChange {
    step(decided).floor().unwrap()
}

/// Verb and values of what is to be done; `None`: nothing.
pub(crate) fn act(decided: &Decided) -> Option<(Verb, i32, i32)> {
    match &decided.decision {
        Decision::Act(plan) => plan.steps[0].floor().map(|change| (plan.steps[0].verb, change.from, change.to)),
        _ => None,
    }
}

/// The reason as one word.
pub(crate) fn reason(decided: &Decided) -> &str {
    &decided.enforcement.reason
}
