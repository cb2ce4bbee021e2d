//! Whether another CPU target did what was expected of it.
//!
//! One that lets pods go is judged as replicas that are let go: whatever danger follows speaks against it. One that asks for more
//! pods explains no danger that follows.

use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::decide::danger::health::Danger;

use super::{Sight, floor};

/// The objectives stay safe.
pub(super) fn set(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    if record.to > record.from { floor::let_go(sight, due) } else { due.then(|| richer(sight)) }
}

/// What was declared is there again, or what was there before a step that did harm.
pub(super) fn back(record: &ActionRecord, sight: Sight<'_>) -> (Verdict, String) {
    if record.to > record.from { floor::reduction(sight) } else { richer(sight) }
}

fn richer(sight: Sight<'_>) -> (Verdict, String) {
    if sight.health.danger > Danger::None {
        (Verdict::Inconclusive, "an objective is in danger since, which more pods do not explain".into())
    } else if sight.sees_all() {
        (Verdict::Effective, "the objectives stayed safe".into())
    } else {
        (Verdict::Inconclusive, "not all objectives are seen".into())
    }
}
