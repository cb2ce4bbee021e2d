//! What to do about a node whose pods fail: keep new pods off it by a soft taint, then move its pods.
//!
//! 1. Whether a pod of it may be evicted at all, and a replica added before, is asked first: no node is touched for what would
//!    not be done.
//! 2. The taint, before the replica that is added: that one should not land there either. Where the node is cordoned, or
//!    another agreement has it avoided, that serves as well, and is its owner's to take away.
//! 3. Its pods are moved like any sick pod, but together. Where they landed is looked at: the taint is soft, and one that came back in
//!    spite of it ends the moving.
//! 4. The taint is taken away when its time is over, when all has been safe for a while, when the node is not to blame any
//!    more, and when the agreement allows it no more.
//!
//! Proposes only; whether it may be done is for the guards to say.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, ActionTarget, Verb};
use crate::decide::cause::{self, Cause};
use crate::decide::danger::episode;
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::health::Danger;
use crate::decide::guard::{self, Hold};
use crate::decide::plan::{Change, NodeChange, NodeWrite, Plan, Proposed, Step, step_id};
use crate::decide::situation::AgreementIdentity;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::nodes::{API_VERSION, KIND};
use crate::sense::workload::{AvoidanceRecord, NodeObservation};

use super::reschedule;

/// The next step on the way off a node. `suspects`: the names of its pods to blame, the worst first.
///
/// # Errors
/// Why there is none, in words.
pub fn propose(facts: &Facts<'_>, node: &str, suspects: &[String]) -> Result<Plan<Proposed>, Hold> {
    if guard::steered(facts, node).is_some() {
        return reschedule::propose(facts, suspects);
    }
    let pod = reschedule::worst(facts, suspects)?;
    guard::review_unsteered(&reschedule::evict(facts, pod), facts)?;
    reschedule::can_add(facts, pod)?;
    avoid(facts, node)
}

/// The node on which the worst of the pods came back once too often, if it may be avoided: then that is to be done, before
/// another one is evicted there.
#[must_use]
pub fn suspected<'a>(facts: &'a Facts<'_>, suspects: &[String]) -> Option<&'a str> {
    facts.situation.enforcement.reschedule.as_ref()?.avoid_node.as_ref()?;
    let pod = reschedule::worst(facts, suspects).ok()?;
    let node = pod.node.as_deref()?;
    (guard::steered(facts, node).is_none() && guard::is_suspected(facts, pod)).then_some(node)
}

fn avoid(facts: &Facts<'_>, name: &str) -> Result<Plan<Proposed>, Hold> {
    let situation = facts.situation;
    let Some(node) = situation.nodes.named(name) else {
        let why =
            situation.nodes.all.as_ref().err().cloned().unwrap_or_else(|| "there is none of that name".to_owned());
        let message = format!(
            "node {name} could not be read ({why}), so it cannot be avoided; the chart grants it with rbac.avoidNode=true"
        );
        return Err(Hold::new("NodesUnreadable", message));
    };
    let target = target(node);
    let id = step_id(situation.agreement, Verb::AvoidNode, &target, situation.assessment.measured_through);
    let until = facts.now().saturating_add(facts.timing.ttl).unwrap_or(Timestamp::MAX);
    let record = AvoidanceRecord {
        namespace: situation.agreement.namespace.clone(),
        agreement: situation.agreement.name.clone(),
        uid: situation.agreement.uid.clone(),
        action: id.clone(),
        at: Time(facts.now()),
        until: Time(until),
    };
    let change = NodeChange { taints: node.taints.clone(), annotated: node.annotated, write: NodeWrite::Avoid(record) };
    let step = Step {
        id,
        verb: Verb::AvoidNode,
        target,
        // A node's version changes with every word of its kubelet; uid and taints are tested instead.
        resource_version: String::new(),
        change: Change::Node(change),
        reason: format!(
            "{} in danger through this node; its pods are moved, and are not to come back",
            facts.health.endangered.join(", ")
        ),
        hypothesis: "the pods that are made while the taint stands land on other nodes".to_owned(),
        deadline: facts.moved_by(),
        before: Snapshot::of(&facts.health, facts.workload.ready_pods()),
    };
    Ok(Plan::propose(&situation.agreement.namespace, step))
}

/// The release of a node that has no reason to be avoided any more. `None`: it has, or none is.
#[must_use]
pub fn release(facts: &Facts<'_>, cause: &Cause) -> Option<Plan<Proposed>> {
    let avoided = facts.avoided()?;
    let node = facts.situation.nodes.with_uid(&avoided.uid)?;
    let is_release = |record: &&ActionRecord| record.verb == Verb::ReleaseNode && record.target.uid == avoided.uid;
    let waits = facts.actions.iter().find(is_release).is_some_and(|record| match record.phase {
        // What became of the last request is not known yet.
        ActionPhase::Intended | ActionPhase::Unknown => true,
        // What is refused again and again keeps nothing else from being done.
        ActionPhase::Refused => facts.now().duration_since(record.intended_at.0) < guard::AFTER_REFUSAL,
        ActionPhase::Done => false,
    });
    if waits {
        return None;
    }
    let enforcement = facts.situation.enforcement;
    let allowed = enforcement.reschedule.as_ref().is_some_and(|reschedule| reschedule.avoid_node.is_some());
    let reason = if enforcement.mode < Mode::Enforce || !allowed {
        "the agreement has no node avoided any more".to_owned()
    } else if facts.now() >= avoided.until.0 {
        format!("it was to be avoided until {}", avoided.until.0)
    } else if is_being_left(facts, &node.name) {
        return None;
    } else if has_been_safe(facts) {
        format!("all has been safe for {:#}", facts.timing.release_after)
    } else if is_well(facts, cause, &avoided.action, &node.name) {
        "its pods are no worse than the others any more".to_owned()
    } else {
        return None;
    };
    let before = Snapshot::of(&facts.health, facts.workload.ready_pods());
    let (agreement, at) = (facts.situation.agreement, avoided.at.0);
    releasing(agreement, node, &avoided.action, at, facts.judged_at(false), reason, before)
}

/// The plan that takes the taint of an action from a node, since when it stands. `None`: it is not there.
pub(in crate::decide) fn releasing(
    agreement: &AgreementIdentity,
    node: &NodeObservation,
    action: &str,
    at: Timestamp,
    deadline: Timestamp,
    reason: String,
    before: Snapshot,
) -> Option<Plan<Proposed>> {
    let (index, _) = node.avoided().filter(|(_, value)| *value == action)?;
    // What is written there of another action is left alone.
    let annotation = node.record().and(node.annotation.clone());
    let change = NodeChange {
        taints: node.taints.clone(),
        annotated: node.annotated,
        write: NodeWrite::Release { index, action: action.to_owned(), annotation },
    };
    let target = target(node);
    let step = Step {
        id: step_id(agreement, Verb::ReleaseNode, &target, at),
        verb: Verb::ReleaseNode,
        target,
        resource_version: String::new(),
        change: Change::Node(change),
        reason,
        hypothesis: "the node takes pods as before".to_owned(),
        deadline,
        before,
    };
    Some(Plan::propose(&agreement.namespace, step))
}

fn target(node: &NodeObservation) -> ActionTarget {
    ActionTarget { api_version: API_VERSION.into(), kind: KIND.into(), name: node.name.clone(), uid: node.uid.clone() }
}

fn has_been_safe(facts: &Facts<'_>) -> bool {
    let safe = facts.episode.as_ref().and_then(|episode| episode::safe_for(episode, facts.now()));
    facts.health.danger == Danger::None && safe.unwrap_or(SignedDuration::ZERO) >= facts.timing.release_after
}

/// An eviction from the node is not judged yet: what comes in the pod's place is not to come back to it meanwhile.
fn is_being_left(facts: &Facts<'_>, node: &str) -> bool {
    let open = |action: &str| {
        let mut records = facts.actions.iter().filter(|record| record.id == action);
        records.any(|record| record.verdict.is_none() && record.phase != ActionPhase::Refused)
    };
    let mut evictions = facts.moved.iter().flat_map(|moved| &moved.evictions);
    evictions.any(|eviction| eviction.node == node && open(&eviction.action))
}

/// The danger goes on, it is another cause's, and the pods that are still on the node are seen to be as good as the others.
/// Asked when the taint has been judged: at first the window still holds what was before.
fn is_well(facts: &Facts<'_>, cause: &Cause, action: &str, node: &str) -> bool {
    let judged = facts.actions.iter().any(|record| record.id == action && record.verdict.is_some());
    let parts = [CauseKind::OutlierNode, CauseKind::OutlierPod, CauseKind::Blind, CauseKind::CommonCause];
    judged && facts.health.danger > Danger::None && !parts.contains(&cause.kind) && cause::is_well(facts, node)
}
