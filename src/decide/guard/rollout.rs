//! The rollout: while revisions change, replicas are neither added nor taken away.
//!
//! More replicas of a failing revision make it worse, surge pods are not demand, and new replicas of a paused Deployment
//! are spread over both revisions.

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::Rollout;

use super::Hold;

pub(super) fn at_rest(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    match &facts.workload.rollout {
        Rollout::Complete | Rollout::NotApplicable => None,
        Rollout::InProgress => {
            Some(Hold::new("RolloutInProgress", "a rollout is in progress; replicas stay as they are"))
        }
        Rollout::Stuck(why) => Some(Hold::new("RolloutStuck", format!("the rollout does not get on: {why}"))),
        Rollout::Paused => {
            Some(Hold::new("RolloutPaused", "the rollout is paused; resume it to have replicas changed"))
        }
    }
}
