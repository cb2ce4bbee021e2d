//! The nodes that were avoided: what the status says, corrected by the records and by the nodes as they are now.
//!
//! A node is entered with its intent, so that a crash cannot make the day's budget larger, and taken out when it is known
//! not to have happened. A taint that is gone and was not taken away by the operator was taken away by somebody else; it is
//! not put back. What cannot be read stays as it was.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::avoidance_status::{AvoidanceEnd, AvoidanceStatus, AvoidedNode};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::decide::plan::{Change, NodeWrite, Step};
use crate::decide::situation::timing::DAY;
use crate::sense::workload::{NodeObservation, Nodes};

/// What is remembered, as of now. `agreement`: its uid. `None`: nothing.
#[must_use]
pub fn reconcile(
    status: Option<&AvoidanceStatus>,
    actions: &[ActionRecord],
    nodes: &Nodes,
    agreement: &str,
    now: Timestamp,
) -> Option<AvoidanceStatus> {
    let mut known = status.cloned().unwrap_or_default();
    let refused = |id: &str| actions.iter().any(|record| record.id == id && record.phase == ActionPhase::Refused);
    known.nodes.retain(|avoided| {
        let young = now.duration_since(avoided.at.0) < DAY;
        (young || avoided.ended.is_none()) && !refused(&avoided.action)
    });
    for avoided in known.nodes.iter_mut().filter(|avoided| avoided.ended.is_none()) {
        avoided.ended = end(avoided, actions, nodes);
    }
    // The status was lost, and the node still says it.
    for node in &nodes.known {
        if let Some(found) = told_by(node, agreement).filter(|found| !is_known(&known, found)) {
            known.nodes.push(found);
        }
    }
    (!known.nodes.is_empty()).then_some(known)
}

/// How the avoiding of a node ended, by what was read. `None`: it goes on, or nobody can tell.
fn end(avoided: &AvoidedNode, actions: &[ActionRecord], nodes: &Nodes) -> Option<AvoidanceEnd> {
    let Some(node) = nodes.with_uid(&avoided.uid) else {
        let gone = nodes.all.is_ok() || nodes.named(&avoided.node).is_some();
        return gone.then_some(AvoidanceEnd::NodeGone);
    };
    let of_it = |verb: Verb| actions.iter().find(move |record| record.verb == verb && record.target.uid == avoided.uid);
    let open = |record: &ActionRecord| matches!(record.phase, ActionPhase::Intended | ActionPhase::Unknown);
    // Whether it was done at all is not known yet.
    if of_it(Verb::AvoidNode).is_some_and(|record| record.id == avoided.action && open(record)) {
        return None;
    }
    if node.avoided().is_some_and(|(_, value)| value == avoided.action) {
        return None;
    }
    let released = of_it(Verb::ReleaseNode).filter(|record| record.intended_at.0 >= avoided.at.0);
    match released.map(|record| record.phase) {
        Some(ActionPhase::Done) => Some(AvoidanceEnd::Released),
        Some(ActionPhase::Intended | ActionPhase::Unknown) => None,
        Some(ActionPhase::Refused) | None => Some(AvoidanceEnd::RemovedByOthers),
    }
}

/// What a node says of itself, if it is avoided for this agreement.
fn told_by(node: &NodeObservation, agreement: &str) -> Option<AvoidedNode> {
    let record = node.record().filter(|record| record.uid == agreement)?;
    Some(AvoidedNode {
        action: record.action,
        node: node.name.clone(),
        uid: node.uid.clone(),
        at: record.at,
        until: record.until,
        ended: None,
    })
}

fn is_known(known: &AvoidanceStatus, found: &AvoidedNode) -> bool {
    known.nodes.iter().any(|avoided| avoided.action == found.action && avoided.uid == found.uid)
}

/// Enters the node that a step intends to have avoided.
#[must_use]
pub fn intended(known: Option<AvoidanceStatus>, step: &Step) -> Option<AvoidanceStatus> {
    let Change::Node(change) = &step.change else { return known };
    let NodeWrite::Avoid(record) = &change.write else { return known };
    let mut known = known.unwrap_or_default();
    known.nodes.retain(|avoided| avoided.action != step.id);
    known.nodes.push(AvoidedNode {
        action: step.id.clone(),
        node: step.target.name.clone(),
        uid: step.target.uid.clone(),
        at: Time(record.at.0),
        until: Time(record.until.0),
        ended: None,
    });
    Some(known)
}

/// The node that is avoided still.
#[must_use]
pub fn standing(known: Option<&AvoidanceStatus>) -> Option<&AvoidedNode> {
    known.and_then(AvoidanceStatus::standing)
}
