//! Whether more replicas would find a place: what quotas and nodes leave, looked up before anything is asked for.
//!
//! What is unknown bounds nothing. What is known is an upper bound: see [`crate::sense::headroom`].

use k8s_openapi::api::core::v1::Taint;

use crate::api::AVOID_KEY;
use crate::sense::headroom::{Amounts, Headroom, NANO, NodeRoom, PodNeeds, QuotaResource, QuotaRoom};
use crate::sense::workload::{WorkloadObservation, repels};

/// More room than this is as good as any.
const PLENTY: i32 = 100_000;

/// What bounds the replicas of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// What is drawn on, the same for all who draw on it.
    pub pool: String,
    /// The reason of a hold because of it, as one word.
    pub reason: &'static str,
    /// The pods of the workload that it has counted already.
    pub there: i32,
    /// How many more it leaves room for.
    pub room: i32,
    /// What it leaves, in words, without the number of pods.
    pub words: String,
    /// What to do to have more.
    pub remedy: String,
}

/// Every limit that is known.
#[must_use]
pub fn limits(headroom: &Headroom, workload: &WorkloadObservation, namespace: &str) -> Vec<Limit> {
    let Headroom::Read { needs, quotas, nodes } = headroom else { return Vec::new() };
    let quotas = quotas.iter().flat_map(|quotas| quotas.iter());
    let mut limits: Vec<Limit> = quotas.filter_map(|quota| of_quota(quota, needs, workload, namespace)).collect();
    limits.extend(nodes.iter().map(|nodes| of_nodes(nodes, needs, workload)));
    limits
}

/// How many such pods find a place on nodes of which this is not said, and which nobody avoids. `None`: nobody knows.
#[must_use]
pub fn room_off(headroom: &Headroom, is_left: impl Fn(&str) -> bool) -> Option<i32> {
    let Headroom::Read { needs, nodes: Ok(nodes), .. } = headroom else { return None };
    let is_avoided = |node: &NodeRoom| node.taints.iter().any(|taint| taint.key == AVOID_KEY) || is_left(&node.name);
    let open = nodes.iter().filter(|node| !is_avoided(node) && takes(node, needs));
    Some(open.map(|node| on_node(&node.left, needs)).fold(0_i32, i32::saturating_add).min(PLENTY))
}

/// What the scarcest resource of a quota leaves. `None`: it limits nothing of what a pod is known to need.
fn of_quota(quota: &QuotaRoom, needs: &PodNeeds, workload: &WorkloadObservation, namespace: &str) -> Option<Limit> {
    let room = |resource: &QuotaResource| {
        let need = need_of(&resource.name, needs).filter(|need| *need > 0)?;
        Some(pods(resource.left / need))
    };
    let rooms = quota.resources.iter().filter_map(|resource| Some((room(resource)?, resource)));
    let (room, scarcest) = rooms.min_by_key(|(room, _)| *room)?;
    let QuotaResource { name, hard, used, .. } = scarcest;
    let there = workload.pods.len();
    Some(Limit {
        pool: format!("ResourceQuota {namespace}/{}", quota.name),
        reason: "QuotaExceeded",
        there: i32::try_from(there).unwrap_or(i32::MAX),
        room,
        words: format!("ResourceQuota {} ({name}: {used} of {hard} used)", quota.name),
        remedy: "raise the quota, free some of it, or lower what a pod requests".to_owned(),
    })
}

/// What one pod takes of a resource, as a quota names it.
fn need_of(resource: &str, needs: &PodNeeds) -> Option<i128> {
    match resource {
        "pods" | "count/pods" => Some(NANO),
        "cpu" | "memory" | "ephemeral-storage" => needs.requests.get(resource).copied(),
        _ => match resource.split_once('.')? {
            ("requests", name) => needs.requests.get(name).copied(),
            ("limits", name) => needs.limits.get(name).copied(),
            _ => None,
        },
    }
}

/// What the nodes leave that may take such a pod.
fn of_nodes(nodes: &[NodeRoom], needs: &PodNeeds, workload: &WorkloadObservation) -> Limit {
    let open: Vec<&NodeRoom> = nodes.iter().filter(|node| takes(node, needs)).collect();
    let room = open.iter().map(|node| on_node(&node.left, needs)).fold(0_i32, i32::saturating_add).min(PLENTY);
    let there = workload.pods.iter().filter(|pod| pod.node.is_some()).count();
    Limit {
        pool: "nodes".to_owned(),
        reason: "CapacityInsufficient",
        there: i32::try_from(there).unwrap_or(i32::MAX),
        room,
        words: format!("what the {} of {} nodes that may take such a pod have left", open.len(), nodes.len()),
        remedy: "add nodes, uncordon one, or lower what a pod requests".to_owned(),
    }
}

fn takes(node: &NodeRoom, needs: &PodNeeds) -> bool {
    let selected = needs.node_selector.iter().all(|(name, value)| node.labels.get(name) == Some(value));
    let tolerated = |taint: &Taint| {
        let value = taint.value.as_deref().unwrap_or_default();
        needs.tolerated.iter().any(|tolerated| tolerated.covers(&taint.key, value, &taint.effect))
    };
    !node.unschedulable && selected && node.taints.iter().filter(|taint| repels(&taint.effect)).all(tolerated)
}

/// How many such pods a node takes. What it does not tell of bounds nothing but what it has not: another resource.
fn on_node(left: &Amounts, needs: &PodNeeds) -> i32 {
    let of = |name: &str, need: i128| if need > 0 { pods(left.get(name).copied().unwrap_or(0) / need) } else { PLENTY };
    let by_need = needs.requests.iter().map(|(name, need)| of(name, *need));
    let slots = left.get("pods").map(|left| pods(*left / NANO));
    by_need.chain(slots).min().unwrap_or(PLENTY)
}

fn pods(number: i128) -> i32 {
    i32::try_from(number).unwrap_or(PLENTY).clamp(0, PLENTY)
}
