//! How much CPU nodes have left: what they give to pods, less what the pods on them request.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::{Container, Node, Pod, PodSpec, ResourceRequirements};
use kube::api::ListParams;
use kube::{Api, Client};

use super::call::bounded;
use super::cpu::millicores;
use super::problem::WorkloadProblem;

/// Nodes read in one look at most.
const AT_ONCE: usize = 16;
/// Nodes read at the same time.
const TOGETHER: usize = 4;
/// More pods no node has; an answer that goes on would be partial.
const PODS: u32 = 1000;

/// The CPU that is left on these nodes, in thousandths of a core. A node that cannot be read is left out.
pub(super) async fn of(client: &Client, limit: Duration, nodes: &BTreeSet<String>) -> BTreeMap<String, i64> {
    let reads = futures::stream::iter(nodes.iter().take(AT_ONCE).cloned()).map(|node| async move {
        let left = left(client, limit, &node).await;
        (node, left)
    });
    let read: Vec<_> = reads.buffer_unordered(TOGETHER).collect().await;
    let known = read.into_iter().filter_map(|(node, left)| match left {
        Ok(left) => Some((node, left?)),
        Err(problem) => {
            tracing::debug!(%node, %problem, "what is left on the node is not known");
            None
        }
    });
    known.collect()
}

async fn left(client: &Client, limit: Duration, name: &str) -> Result<Option<i64>, WorkloadProblem> {
    let nodes: Api<Node> = Api::all(client.clone());
    let node = bounded(limit, &format!("node {name}"), nodes.get(name)).await?;
    let gives = node.status.and_then(|status| millicores(&status.allocatable?.get("cpu")?.0));
    let pods: Api<Pod> = Api::all(client.clone());
    let on_it = ListParams::default().fields(&format!("spec.nodeName={name}")).limit(PODS);
    let pods = bounded(limit, &format!("the pods on node {name}"), pods.list(&on_it)).await?;
    if pods.metadata.continue_.is_some_and(|token| !token.is_empty()) {
        return Ok(None);
    }
    let runs = |pod: &&Pod| {
        let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
        !matches!(phase, Some("Succeeded" | "Failed"))
    };
    let specs = pods.items.iter().filter(runs).filter_map(|pod| pod.spec.as_ref());
    let taken: Option<i64> = specs.map(requested).sum();
    Ok(gives.zip(taken).map(|(gives, taken)| gives.saturating_sub(taken)))
}

/// What the scheduler counts for a pod. `None`: it cannot be read.
fn requested(spec: &PodSpec) -> Option<i64> {
    let overhead = match spec.overhead.as_ref().and_then(|overhead| overhead.get("cpu")) {
        Some(overhead) => millicores(&overhead.0)?,
        None => 0,
    };
    let whole = spec.resources.as_ref().filter(|whole| asks(whole));
    let pod = match whole {
        Some(whole) => request(Some(whole))?,
        None => of_containers(spec)?,
    };
    Some(pod.saturating_add(overhead))
}

fn of_containers(spec: &PodSpec) -> Option<i64> {
    let sum = |containers: &[&Container]| -> Option<i64> {
        containers.iter().map(|container| request(container.resources.as_ref())).sum()
    };
    let (sidecars, first): (Vec<&Container>, Vec<&Container>) = spec
        .init_containers
        .iter()
        .flatten()
        .partition(|container| container.restart_policy.as_deref() == Some("Always"));
    let sidecars = sum(&sidecars)?;
    let run = sum(&spec.containers.iter().collect::<Vec<_>>())?.saturating_add(sidecars);
    let start = first.iter().map(|container| request(container.resources.as_ref()));
    let start = start.collect::<Option<Vec<i64>>>()?.into_iter().max().unwrap_or(0).saturating_add(sidecars);
    Some(run.max(start))
}

fn asks(resources: &ResourceRequirements) -> bool {
    resources.requests.as_ref().is_some_and(|requests| requests.contains_key("cpu"))
}

/// What is left out requests nothing.
fn request(resources: Option<&ResourceRequirements>) -> Option<i64> {
    let cpu = resources.and_then(|resources| resources.requests.as_ref()?.get("cpu"));
    cpu.map_or(Some(0), |cpu| millicores(&cpu.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_scheduler_counts_is_what_runs_at_once() {
        let cpu = |cpu: &str| json!({"requests": {"cpu": cpu}});
        let app = json!({"name": "app", "resources": cpu("500m")});
        let bare = json!({"name": "bare"});
        let proxy = json!({"name": "proxy", "restartPolicy": "Always", "resources": cpu("100m")});
        let once = json!({"name": "migrate", "resources": cpu("2")});
        for (spec, expected) in [
            (json!({"containers": [app, bare]}), Some(500)),
            (json!({"containers": [app], "initContainers": [proxy]}), Some(600)),
            (json!({"containers": [app], "initContainers": [proxy, once]}), Some(2100)),
            (json!({"containers": [app], "resources": cpu("3")}), Some(3000)),
            (json!({"containers": [app], "overhead": {"cpu": "250m"}}), Some(750)),
            (json!({"containers": [{"name": "odd", "resources": cpu("1Gi")}]}), None),
        ] {
            assert_eq!(requested(&serde_json::from_value(spec.clone()).unwrap()), expected, "{spec}");
        }
    }
}
