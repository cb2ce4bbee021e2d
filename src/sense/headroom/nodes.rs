//! What the nodes have left: what each can allocate, less what the pods on it request.
//!
//! Pods that no node has taken yet are not counted, nor is affinity: what is told to fit is an upper bound.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use k8s_openapi::api::core::v1::{Node, Pod, Taint};
use kube::api::ListParams;
use kube::{Api, Client, ResourceExt};

use super::call::{Unread, bounded};
use super::needs::{Amounts, PodNeeds, read};
use super::quantity::NANO;

/// Objects asked for at once.
const PAGE: u32 = 500;
/// Pages read at most; beyond it what is left is not known.
const MOST_PAGES: usize = 40;
/// How the room for pods is named among what a node can allocate.
const PODS: &str = "pods";

/// A node, and what it has left.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeRoom {
    /// Its name.
    pub name: String,
    /// It is cordoned.
    pub unschedulable: bool,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Its taints.
    pub taints: Vec<Taint>,
    /// What is left of each resource, in thousand-millionths of its unit.
    pub left: Amounts,
}

/// Every node, with what it has left.
pub(super) async fn all(client: &Client, limit: Duration) -> Result<Vec<NodeRoom>, Unread> {
    let mut nodes: Vec<NodeRoom> = Vec::new();
    let api: Api<Node> = Api::all(client.clone());
    let mut params = ListParams::default().limit(PAGE);
    for page in 0.. {
        let list = bounded(limit, "the nodes", api.list(&params)).await?;
        nodes.extend(list.items.into_iter().map(observe));
        match next(&params, list.metadata.continue_, page, "nodes")? {
            Some(more) => params = more,
            None => break,
        }
    }
    if nodes.is_empty() {
        return Err(Unread { why: "no nodes are listed".to_owned(), forbidden: false });
    }
    let api: Api<Pod> = Api::all(client.clone());
    let mut taken: HashMap<String, Amounts> = HashMap::new();
    let mut params = ListParams::default().limit(PAGE).fields("status.phase!=Succeeded,status.phase!=Failed");
    for page in 0.. {
        let list = bounded(limit, "the pods", api.list(&params)).await?;
        list.items.iter().for_each(|pod| take(&mut taken, pod));
        match next(&params, list.metadata.continue_, page, "pods")? {
            Some(more) => params = more,
            None => break,
        }
    }
    for node in &mut nodes {
        for (name, amount) in taken.remove(&node.name).into_iter().flatten() {
            if let Some(left) = node.left.get_mut(&name) {
                *left = left.saturating_sub(amount).max(0);
            }
        }
    }
    Ok(nodes)
}

fn next(params: &ListParams, token: Option<String>, page: usize, what: &str) -> Result<Option<ListParams>, Unread> {
    let Some(token) = token.filter(|token| !token.is_empty()) else { return Ok(None) };
    if page + 1 >= MOST_PAGES {
        return Err(Unread { why: format!("there are too many {what} to count"), forbidden: false });
    }
    Ok(Some(params.clone().continue_token(&token)))
}

fn observe(node: Node) -> NodeRoom {
    let spec = node.spec.clone().unwrap_or_default();
    let allocatable = node.status.as_ref().and_then(|status| status.allocatable.as_ref());
    NodeRoom {
        name: node.name_any(),
        unschedulable: spec.unschedulable == Some(true),
        labels: node.metadata.labels.unwrap_or_default(),
        taints: spec.taints.unwrap_or_default(),
        left: read(allocatable),
    }
}

fn take(taken: &mut HashMap<String, Amounts>, pod: &Pod) {
    let Some(spec) = &pod.spec else { return };
    let ended = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    let Some(node) = spec.node_name.as_ref().filter(|_| !matches!(ended, Some("Succeeded" | "Failed"))) else { return };
    let on_node = taken.entry(node.clone()).or_default();
    let one = (PODS.to_owned(), NANO);
    for (name, amount) in PodNeeds::of(spec).requests.into_iter().chain([one]) {
        let sum = on_node.entry(name).or_default();
        *sum = sum.saturating_add(amount);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_pods_request_is_taken_of_their_node() {
        let pod = |node: serde_json::Value, phase: &str| -> Pod {
            serde_json::from_value(json!({
                "spec": {"nodeName": node, "containers": [{"name": "a", "resources": {"requests": {"cpu": "500m"}}}]},
                "status": {"phase": phase},
            }))
            .unwrap()
        };
        let mut taken = HashMap::new();
        for pod in [
            pod(json!("a"), "Running"),
            pod(json!("a"), "Pending"),
            pod(json!("a"), "Succeeded"),
            pod(json!("b"), "Failed"),
            pod(json!(null), "Pending"),
        ] {
            take(&mut taken, &pod);
        }
        let of_a = Amounts::from([("cpu".to_owned(), NANO), (PODS.to_owned(), 2 * NANO)]);
        assert_eq!(taken, HashMap::from([("a".to_owned(), of_a)]));
    }
}
