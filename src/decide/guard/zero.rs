//! No replicas: an autoscaler is switched off by zero, and a floor under nothing raises nothing.

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::Hold;

pub(super) fn running(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    (facts.workload.spec_replicas < 1).then(|| {
        let message =
            "the workload is scaled to 0, which is somebody's decision; scale it to 1 or more to have it kept";
        Hold::new("ScaledToZero", message)
    })
}
