//! Nodes of their own for some pods, and nodes that get ill one by one.

use anyhow::Result;

use super::nodes::Place;
use super::{ControlPlane, NOT_READY, POOL_LABEL, nodes};

impl ControlPlane {
    /// Makes `count` nodes more, called `pool-1` and so on, for pods that select the label [`POOL_LABEL`] with this value: what
    /// ails them then ails no other test.
    ///
    /// # Errors
    /// When there are nodes of these names, or they do not get ready.
    pub async fn add_pool(&self, pool: &str, count: u16) -> Result<Vec<String>> {
        let place = if self.is_own() { Place::Alone } else { Place::BesideOthers };
        nodes::add_pool(&self.client()?, place, &self.zones, pool, count).await
    }

    /// Adds nodes that nobody plays: they count as the cluster's, take no pods, and cost nothing. What is allowed on one node in
    /// so many can be done on several at once in a small cluster then.
    ///
    /// # Errors
    /// When there are nodes of this pool already, or the API server does not answer.
    pub async fn add_idle_nodes(&self, pool: &str, count: u16) -> Result<()> {
        let place = if self.is_own() { Place::Alone } else { Place::BesideOthers };
        nodes::add_idle(&self.client()?, place, pool, count).await
    }

    /// Removes the nodes of a pool.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn remove_pool(&self, pool: &str) -> Result<()> {
        let selector = format!("{POOL_LABEL}={pool}");
        self.kubectl(&["delete", "nodes", "-l", &selector, "--wait=false"]).await?.ok().map(drop)
    }

    /// Lets one node report that it is not ready, or that it is again. Kubernetes marks its pods unready at once and
    /// replaces them a few seconds later.
    ///
    /// # Errors
    /// When there is no such node.
    pub async fn set_node_ready(&self, node: &str, ready: bool) -> Result<()> {
        let label = if ready { format!("{NOT_READY}-") } else { format!("{NOT_READY}=true") };
        self.kubectl(&["label", "node", node, &label]).await?.ok().map(drop)
    }
}
