//! The data: recent enough, and of enough of the time.
//!
//! In both directions something must be seen, but not the same: one endangered objective that is seen suffices to act
//! against the danger, while every objective must be seen before anything is taken away, or added ahead of a danger.

use k8s_openapi::jiff::SignedDuration;

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::{Hold, takes_away};

pub(super) fn fresh(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let bounds = facts.situation.staleness;
    if facts.assessment_age() > bounds.assessment {
        let through = facts.situation.assessment.measured_through;
        let message = format!("the account ends at {through}, which is too long ago; see the condition Measured");
        return Some(Hold::new("StaleMeasurement", message));
    }
    let read_at = facts.workload.read_at;
    let age = facts.now().duration_since(read_at);
    // A reading from the future is as little worth as an old one.
    (age > bounds.workload || age < SignedDuration::ZERO)
        .then(|| Hold::new("StaleWorkload", format!("the workload was read at {read_at}, not just now")))
}

pub(super) fn covered(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let health = &facts.health;
    let seen = if takes_away(step) || step.is_ahead() { health.all_seen } else { health.danger_seen };
    (!seen).then(|| {
        let message = format!("too little is known to act upon: {}", health.unseen.join("; "));
        Hold::new("MissingData", message)
    })
}
