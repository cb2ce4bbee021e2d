//! The zones of nodes, by the label the cloud or the cluster's owner puts on them.
//!
//! A zone is asked for once and remembered for a while. A node that cannot be read, or has no such label, has no known
//! zone; that is no reason to hold anything up.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::api::core::v1::Node;
use kube::{Api, Client};
use tokio::time::Instant;

use super::call::bounded;
use super::observation::PodObservation;

const ZONE: &str = "topology.kubernetes.io/zone";
/// A node of the same name can come back elsewhere.
const REMEMBERED: Duration = Duration::from_secs(600);
/// Nodes read in one look at most; the others follow in the next.
const AT_ONCE: usize = 64;
/// Nodes read at the same time.
const TOGETHER: usize = 8;

/// The zone of a node, if it has one, and when it was found.
type Found = (Option<String>, Instant);

/// The zones found so far. Cloning is cheap; all clones share what was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Zones {
    found: Arc<Mutex<HashMap<String, Found>>>,
}

impl Zones {
    /// Enters the zone of every pod's node, as far as it is known.
    pub(super) async fn enter(&self, client: &Client, limit: Duration, pods: &mut [PodObservation]) {
        let nodes: BTreeSet<String> = pods.iter().filter_map(|pod| pod.node.clone()).collect();
        let now = Instant::now();
        self.look_up(client, limit, &nodes, now).await;
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for pod in pods {
            pod.zone = pod.node.as_ref().and_then(|node| found.get(node)?.0.clone());
        }
    }

    async fn look_up(&self, client: &Client, limit: Duration, nodes: &BTreeSet<String>, now: Instant) {
        let missing: Vec<String> = {
            let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
            found.retain(|_, (_, since)| now.duration_since(*since) < REMEMBERED);
            nodes.iter().filter(|node| !found.contains_key(*node)).take(AT_ONCE).cloned().collect()
        };
        let api: Api<Node> = Api::all(client.clone());
        let reads = futures::stream::iter(missing).map(|node| {
            let api = api.clone();
            async move {
                let read = bounded(limit, &format!("node {node}"), api.get_metadata(&node)).await;
                (node, read)
            }
        });
        let read: Vec<_> = reads.buffer_unordered(TOGETHER).collect().await;
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        for (node, read) in read {
            match read {
                Ok(object) => {
                    let zone = object.metadata.labels.and_then(|mut labels| labels.remove(ZONE));
                    found.insert(node, (zone, now));
                }
                Err(problem) => tracing::debug!(%node, %problem, "the node's zone is not known"),
            }
        }
    }
}
