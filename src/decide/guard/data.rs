//! The data: recent enough, and of enough of the time.
//!
//! In both directions something must be seen, but not the same: one endangered objective that is seen suffices to add,
//! while every objective must be seen before anything is taken away.

use k8s_openapi::jiff::SignedDuration;

use crate::decide::facts::Facts;
use crate::decide::plan::Step;

use super::{Hold, adds};

pub(super) fn fresh(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let bounds = facts.situation.staleness;
    let age = facts.assessment_age();
    if age > bounds.assessment {
        let message =
            format!("the account ends {age:#} ago, more than {:#}; see the condition Measured", bounds.assessment);
        return Some(Hold::new("StaleMeasurement", message));
    }
    let age = facts.now().duration_since(facts.workload.read_at);
    // A reading from the future is as little worth as an old one.
    (age > bounds.workload || age < SignedDuration::ZERO).then(|| {
        Hold::new("StaleWorkload", format!("the workload was read {age:#} ago, more than {:#}", bounds.workload))
    })
}

pub(super) fn covered(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let health = &facts.health;
    let seen = if adds(step) { health.danger_seen } else { health.all_seen };
    (!seen).then(|| {
        let message = format!("too little is known to act upon: {}", health.unseen.join("; "));
        Hold::new("MissingData", message)
    })
}
