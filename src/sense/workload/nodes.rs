//! Reading nodes: all of them, where one may be avoided, or those that something hangs on.
//!
//! A node that cannot be read is left out: nothing is decided about what is not known.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::StreamExt;
use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};

use super::call::bounded;
use super::node::{NodeObservation, Nodes};
use super::problem::WorkloadProblem;

/// The name of the resource.
pub const PLURAL: &str = "nodes";
/// The kind.
pub const KIND: &str = "Node";
/// Its version.
pub const API_VERSION: &str = "v1";

/// Nodes asked for at once.
const PAGE: u32 = 500;
/// Pages read at most; beyond it the answer would be partial, which is a failure.
const MOST_PAGES: usize = 40;
/// Nodes read one by one in one look at most.
const AT_ONCE: usize = 64;
/// Nodes read at the same time.
const TOGETHER: usize = 8;

fn api(client: &Client) -> Api<DynamicObject> {
    let kind = GroupVersionKind::gvk("", API_VERSION, KIND);
    Api::all_with(client.clone(), &ApiResource::from_gvk_with_plural(&kind, PLURAL))
}

/// All nodes; where they cannot be listed, those with these names.
pub(super) async fn all(client: &Client, limit: Duration, names: &BTreeSet<String>) -> Nodes {
    match listed(client, limit).await {
        Ok(known) => Nodes { all: Ok(known.len()), known },
        Err(problem) => Nodes { all: Err(problem.to_string()), ..named(client, limit, names).await },
    }
}

/// All nodes.
pub(super) async fn listed(client: &Client, limit: Duration) -> Result<Vec<NodeObservation>, WorkloadProblem> {
    let what = "the nodes".to_owned();
    let api = api(client);
    let mut params = ListParams::default().limit(PAGE);
    let mut nodes = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = bounded(limit, &what, api.list(&params)).await?;
        nodes.extend(page.items.iter().map(NodeObservation::of));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(nodes),
        }
    }
    let message = format!("there are more than {} of them", MOST_PAGES.saturating_mul(PAGE as usize));
    Err(WorkloadProblem::Failed { what, message })
}

/// The nodes with these names, as far as they can be read.
pub(super) async fn named(client: &Client, limit: Duration, names: &BTreeSet<String>) -> Nodes {
    let names: Vec<String> = names.iter().take(AT_ONCE).cloned().collect();
    let reads = futures::stream::iter(names).map(|name| {
        let client = client.clone();
        async move { one(&client, limit, &name).await }
    });
    let read: Vec<_> = reads.buffer_unordered(TOGETHER).collect().await;
    let mut known: Vec<NodeObservation> = read.into_iter().filter_map(|read| read.ok().flatten()).collect();
    known.sort_by(|a, b| a.name.cmp(&b.name));
    Nodes { known, ..Nodes::not_asked() }
}

/// The node with that name. `None`: it is gone.
pub(super) async fn one(
    client: &Client,
    limit: Duration,
    name: &str,
) -> Result<Option<NodeObservation>, WorkloadProblem> {
    match bounded(limit, &format!("node {name}"), api(client).get(name)).await {
        Ok(node) => Ok(Some(NodeObservation::of(&node))),
        Err(WorkloadProblem::NotFound { .. }) => Ok(None),
        Err(problem) => Err(problem),
    }
}
