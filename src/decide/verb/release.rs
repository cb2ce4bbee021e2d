//! Coming back: the steps by which a raised floor comes down, and the restoration of what stood before.

use k8s_openapi::jiff::Timestamp;

use crate::api::avoidance_status::AvoidedNode;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionRecord, EnforcementStatus, FloorStatus, Verb};
use crate::decide::danger::evidence::Snapshot;
use crate::decide::guard::{self, Admitted, Hold};
use crate::decide::held::standing;
use crate::decide::intent;
use crate::decide::plan::{BaselineChange, Change, FloorChange, Plan, Proposed, Step, Value, step_id};
use crate::decide::situation::AgreementIdentity;
use crate::sense::workload::{Baseline, DeploymentState, Floor, NodeObservation};

use super::{steer, undo};

/// A step takes away at most this part of the floor, and at least one replica.
const PART: i32 = 10;

/// How far a floor may come down before it is given back.
#[must_use]
pub fn lowest(standing: &FloorStatus, bounds: &ScaleBounds) -> i32 {
    standing.baseline.max(bounds.min)
}

/// The next lower floor, no lower than `least`. `None`: what remains is to give it back, unless that much is needed.
#[must_use]
pub fn next(standing: &FloorStatus, bounds: &ScaleBounds, least: i32) -> Option<i32> {
    let step = (standing.value / PART).max(1);
    let to = standing.value.saturating_sub(step).max(lowest(standing, bounds)).max(least);
    (to < standing.value && to > standing.baseline).then_some(to)
}

/// The plan that puts the baseline back, or leaves the value if somebody else has set it since, and removes the
/// annotation.
pub(in crate::decide) fn restoring(
    agreement: &AgreementIdentity,
    floor: &Floor,
    standing: &FloorStatus,
    slot: Timestamp,
    deadline: Timestamp,
    reason: String,
    before: Snapshot,
) -> Plan<Proposed> {
    let was_absent = floor.baseline.held_by(&agreement.name).is_some_and(|record| record.replicas.is_none())
        && standing.baseline == floor.kind.default_floor();
    let value = match standing.baseline {
        baseline if baseline == floor.current && !was_absent => Value::Keep,
        _ if was_absent => Value::Absent,
        baseline => Value::Set(baseline),
    };
    let step = Step {
        id: step_id(agreement, Verb::Restore, &floor.target, slot),
        verb: Verb::Restore,
        target: floor.target.clone(),
        resource_version: floor.resource_version.clone(),
        change: Change::Floor(FloorChange {
            kind: floor.kind.clone(),
            from: floor.current,
            to: standing.baseline,
            value,
            baseline: BaselineChange::Remove,
            ahead: false,
        }),
        reason,
        hypothesis: "the floor is its owner's again".to_owned(),
        deadline,
        before,
    };
    Plan::propose(&agreement.namespace, step)
}

/// What remains to be done for an agreement that is being deleted.
#[derive(Debug, PartialEq)]
pub enum Restoration {
    /// Give it back; the finalizer stays until that is done.
    Act(Plan<Admitted>),
    /// Not now.
    Hold(Hold),
    /// Nothing is left of it; the finalizer may go.
    Nothing,
}

/// What remains to be done for an agreement that is being deleted. `floor` is the object named by `status`, read again
/// (or the workload's present holder where the status names none); `None` if it is gone. `actions`: those of the agreement, of which
/// some may have been done without an answer.
///
/// The modes do not hold this back: it takes the operator's hand away, which is what was asked for. A baseline that
/// nobody knows is left alone.
#[must_use]
pub fn restore(
    agreement: &AgreementIdentity,
    status: &EnforcementStatus,
    actions: &[ActionRecord],
    floor: Option<&Floor>,
    leader: bool,
    now: Timestamp,
) -> Restoration {
    let Some(floor) = floor else { return Restoration::Nothing };
    let known = intent::floor(status.floor.as_ref(), actions, floor, &agreement.name);
    let (standing, _) = standing::reconcile(known.as_ref(), floor, &agreement.name, now);
    let foreign = matches!(&floor.baseline, Baseline::Recorded(record) if record.agreement != agreement.name);
    let Some(standing) = standing.filter(|_| !foreign) else { return Restoration::Nothing };
    let reason = "the agreement is deleted, or cannot be worked with".to_owned();
    let plan = restoring(agreement, floor, &standing, standing.since.0, now, reason, Snapshot::default());
    match guard::admit_restoration(plan, leader) {
        Ok(plan) => Restoration::Act(plan),
        Err(hold) => Restoration::Hold(hold),
    }
}

/// The same for the rollout of a Deployment, read again; `None` if it is gone. A pause is taken away; of a rollback nothing
/// but the annotation.
#[must_use]
pub fn release_rollout(
    agreement: &AgreementIdentity,
    deployment: Option<&DeploymentState>,
    leader: bool,
    now: Timestamp,
) -> Restoration {
    let ours = deployment.and_then(|deployment| Some((deployment, deployment.mark.held_by(&agreement.name)?)));
    let Some((deployment, mark)) = ours else { return Restoration::Nothing };
    let reason = "the agreement does not hold it any more".to_owned();
    let plan = undo::releasing(agreement, deployment, mark.at.0, now, reason, Snapshot::default());
    match guard::admit_restoration(plan, leader) {
        Ok(plan) => Restoration::Act(plan),
        Err(hold) => Restoration::Hold(hold),
    }
}

/// The same for a node, read again; `None` if it is gone. `known`: what the status says of it, where that was not lost.
#[must_use]
pub fn release_node(
    agreement: &AgreementIdentity,
    node: Option<&NodeObservation>,
    known: Option<&AvoidedNode>,
    leader: bool,
    now: Timestamp,
) -> Restoration {
    let Some(node) = node else { return Restoration::Nothing };
    let told = || node.record().filter(|record| record.uid == agreement.uid).map(|record| (record.action, record.at));
    let known = known.filter(|known| known.uid == node.uid).map(|known| (known.action.clone(), known.at.clone()));
    let Some((action, at)) = known.or_else(told) else { return Restoration::Nothing };
    let reason = "the agreement has it avoided no more".to_owned();
    let plan = steer::releasing(agreement, node, &action, at.0, now, reason, Snapshot::default());
    let Some(plan) = plan else { return Restoration::Nothing };
    match guard::admit_restoration(plan, leader) {
        Ok(plan) => Restoration::Act(plan),
        Err(hold) => Restoration::Hold(hold),
    }
}
