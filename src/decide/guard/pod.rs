//! The pod: made anew by a `ReplicaSet`, serving, keeping nothing that would be lost, and not so young that its start may be
//! what is seen.

use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{KeptVolume, PodObservation, PodPhase, VolumeKind};

use super::Hold;

fn of<'a>(step: &Step, facts: &'a Facts<'_>) -> Option<&'a PodObservation> {
    facts.workload.pod(&step.target.uid)
}

/// Pods of a `StatefulSet` come back under their name and their claims, those of a `DaemonSet` on their node, those of a
/// `Job` from the beginning, and a bare one not at all.
pub(super) fn replaceable(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let pod = of(step, facts)?;
    let by = pod.owner_kind.as_deref().unwrap_or("nobody");
    (by != "ReplicaSet").then(|| {
        let message = format!("{} is kept by {by}; only pods of a ReplicaSet are moved", pod.name);
        Hold::new("NotReplaceable", message)
    })
}

/// It runs on a node, and nobody has it on its way out.
pub(super) fn serving(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let serves = |pod: &PodObservation| pod.phase == PodPhase::Running && !pod.terminating && pod.node.is_some();
    (!of(step, facts).is_some_and(serves))
        .then(|| Hold::new("PodNotRunning", format!("{} is not running any more, or not yet", step.target.name)))
}

pub(super) fn not_critical(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    of(step, facts)?.critical.then(|| {
        let message =
            format!("{} has the priority of what the cluster cannot do without; that is not moved", step.target.name);
        Hold::new("SystemCritical", message)
    })
}

/// Nothing it wrote is lost, or holds the new pod back.
pub(super) fn keeps_nothing(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let may_lose = facts.situation.enforcement.reschedule.as_ref().is_some_and(|allowed| allowed.delete_empty_dir_data);
    let held = |volume: &&KeptVolume| volume.kind != VolumeKind::EmptyDir || !may_lose;
    let KeptVolume { name, kind } = of(step, facts)?.kept_volumes.iter().find(held)?;
    let pod = &step.target.name;
    let message = match kind {
        VolumeKind::EmptyDir => format!(
            "the content of volume {name} (emptyDir) would go with {pod}; set \
             enforcement.reschedule.deleteEmptyDirData if it may"
        ),
        VolumeKind::HostPath => format!("volume {name} of {pod} (hostPath) lies on its node"),
        VolumeKind::Claim => format!("volume {name} of {pod} is claimed, and could hold the new pod back"),
    };
    Some(Hold::new("LocalStorage", message))
}

pub(super) fn old_enough(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (created, youngest) = (of(step, facts)?.created, facts.timing.min_age);
    let until = created.and_then(|created| created.saturating_add(youngest).ok());
    until.is_none_or(|until| facts.now() < until).then(|| {
        let message = format!("{} is younger than {youngest:#}; what is seen may be its start", step.target.name);
        Hold { until, ..Hold::new("PodTooYoung", message) }
    })
}
