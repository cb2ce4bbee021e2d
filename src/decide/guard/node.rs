//! The node: a pod that comes back to the same node and falls ill again is not the one that is ill.

use k8s_openapi::jiff::SignedDuration;

use crate::api::reschedule_status::Eviction;
use crate::decide::facts::Facts;
use crate::decide::plan::Step;

use super::Hold;

/// So many returns, and the node is suspected.
const ENOUGH: usize = 2;
/// How long it is remembered who came back where; within an episode as long as that lasts.
const MEMORY: SignedDuration = SignedDuration::from_hours(1);

/// Fewer than two pods of the same `ReplicaSet` that were evicted from this node came back to it.
pub(super) fn not_suspected(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let pod = facts.workload.pod(&step.target.uid)?;
    let (node, owner) = (pod.node.as_deref()?, pod.owner_uid.as_deref()?);
    let began = facts.episode.as_ref().map(|episode| episode.since.0);
    let remembered = |eviction: &&Eviction| {
        facts.now().duration_since(eviction.at.0) < MEMORY || began.is_some_and(|began| eviction.at.0 >= began)
    };
    let came_back = |eviction: &&Eviction| {
        let landed = eviction.landed.as_ref().and_then(|landed| landed.node.as_deref());
        eviction.owner == owner && eviction.node == node && landed == Some(node)
    };
    let evictions = facts.moved.iter().flat_map(|moved| &moved.evictions).filter(|one| one.action != step.id);
    let returns = evictions.filter(remembered).filter(came_back).count();
    (returns >= ENOUGH).then(|| {
        let message = format!(
            "{returns} pods that were evicted from node {node} came back to it, and one is ill there again, so node {node} \
             is suspected; look at it, cordon it, then evict {}",
            step.target.name
        );
        Hold::new("NodeSuspected", message)
    })
}
