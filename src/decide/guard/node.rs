//! The node: a pod that comes back to the same node and falls ill again is not the one that is ill; and the pods of a node
//! that is not ready are seen to by the node's controller.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::Verdict;
use crate::api::reschedule_status::Eviction;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::sense::workload::PodObservation;

use super::Hold;
use super::avoidance::{Steered, steered};

/// So many returns, and the node is suspected.
const ENOUGH: usize = 2;
/// How long it is remembered who came back where; within an episode as long as that lasts.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// The node is ready, as far as is known; of a pod that is not ready itself it must be known.
pub(super) fn ready(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let pod = facts.workload.pod(&step.target.uid)?;
    let node = pod.node.as_ref()?;
    if facts.is_dead(Some(node)) {
        let message = format!("node {node} is not ready; its pods are evicted by the node controller, in its own time");
        return Some(Hold::new("NodeNotReady", message));
    }
    (!pod.ready && facts.situation.nodes.named(node).is_none()).then(|| {
        let message = format!("{} is not ready, and whether node {node} is could not be read", pod.name);
        Hold::new("NodeUnknown", message)
    })
}

/// Fewer than two pods of the same `ReplicaSet` that were evicted from this node came back to it; since something keeps new
/// pods off it, none.
pub(super) fn not_suspected(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let pod = facts.workload.pod(&step.target.uid)?;
    let node = pod.node.as_deref()?;
    match steered(facts, node) {
        Some(Steered::Cordoned) => None,
        Some(Steered::Tainted(Some(since))) => {
            let came_back = returns(facts, pod, &step.id, since) > 0 || is_known_to_fail(facts, node);
            came_back.then(|| {
                let message = format!(
                    "pods land on node {node} in spite of its taint, so none is moved from it any more; look at the workload's \
                     spread constraints and affinity, and at the room elsewhere, or cordon the node"
                );
                Hold::new("SteeringFailed", message)
            })
        }
        Some(Steered::Tainted(None)) | None => {
            let returns = returns(facts, pod, &step.id, Timestamp::MIN);
            (returns >= ENOUGH).then(|| {
                let message = format!(
                    "{returns} pods that were evicted from node {node} came back to it, and one is ill there again, so node \
                     {node} is suspected; look at it, cordon it, then evict {}",
                    pod.name
                );
                Hold::new("NodeSuspected", message)
            })
        }
    }
}

/// Whether enough pods came back to the node of this one.
pub(super) fn is_suspected(facts: &Facts<'_>, pod: &PodObservation) -> bool {
    returns(facts, pod, "", Timestamp::MIN) >= ENOUGH
}

/// Pods evicted from the node of this one since then, by another action, that came back to it.
fn returns(facts: &Facts<'_>, pod: &PodObservation, action: &str, since: Timestamp) -> usize {
    let (node, owner) = (pod.node.as_deref().unwrap_or_default(), pod.owner_uid.as_deref().unwrap_or_default());
    let began = facts.episode.as_ref().map(|episode| episode.since.0);
    let remembered = |eviction: &&Eviction| {
        facts.now().duration_since(eviction.at.0) < MEMORY || began.is_some_and(|began| eviction.at.0 >= began)
    };
    let came_back = |eviction: &&Eviction| {
        let landed = eviction.landed.as_ref().and_then(|landed| landed.node.as_deref());
        eviction.owner == owner && eviction.node == node && landed == Some(node)
    };
    let evictions = facts.moved.iter().flat_map(|moved| &moved.evictions).filter(|one| one.action != action);
    evictions.filter(remembered).filter(came_back).filter(|one| one.at.0 >= since).count()
}

/// The taint of this agreement on the node was judged, and did not help.
fn is_known_to_fail(facts: &Facts<'_>, node: &str) -> bool {
    let avoided = facts.avoided().filter(|avoided| avoided.node == node);
    let record = avoided.and_then(|avoided| facts.actions.iter().find(|record| record.id == avoided.action));
    record.is_some_and(|record| matches!(record.verdict, Some(Verdict::Ineffective | Verdict::Harmful)))
}
