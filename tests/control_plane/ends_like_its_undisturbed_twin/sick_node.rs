//! One node of four is slow: it is avoided by a soft taint, its two pods are moved, and it is given back.
//!
//! Nodes belong to the whole cluster, in which one in twenty may be avoided at once: each twin has four of its own, and others
//! stand by, so that no twin waits for another.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use futures::future::FutureExt;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use k8s_openapi::api::core::v1::Pod;
use tokio::sync::OnceCell;

use super::story::{Story, pods, reworded, until_done, until_judged, until_over};
use crate::stage::{Stage, latency_agreement};

/// Twenty for each of the four twins.
const STANDING_BY: u16 = 80;

pub(super) static STORY: Story = Story {
    name: "steer",
    verbs: &[Verb::AvoidNode, Verb::ReleaseNode],
    shop: |namespace| ShopOptions {
        replicas: 8,
        rate: 60.0,
        pool: Some(namespace.to_owned()),
        ..ShopOptions::new(namespace)
    },
    agree: |stage| agree(stage).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// There is one replica to add, to move pods by.
async fn agree(stage: &Stage) -> Result<String> {
    stand_by(stage).await?;
    let steered = "max: 9}, reschedule: {minAge: 10s, perDay: 6, avoidNode: {ttl: 30m}}";
    let words = [(r#"target: "90""#, r#"target: "95""#), ("max: 10}", steered)];
    reworded(&latency_agreement(&stage.namespace, "Enforce").to_string(), &words)
}

/// The node runs at a seventh of its pace from now on.
async fn play(stage: &Stage) -> Result<()> {
    let mut on: BTreeMap<String, usize> = BTreeMap::new();
    for node in pods(stage).await?.iter().filter_map(node_of) {
        *on.entry(node.to_owned()).or_default() += 1;
    }
    let (sick, _) = on.iter().find(|(_, pods)| **pods == 2).with_context(|| format!("no node has two pods: {on:?}"))?;
    stage.shop.storefront.set_node_speed(sick, 0.15)?;
    until_done(stage, Verb::AvoidNode).await?;
    until_judged(stage, Verb::Reschedule, 1).await?;
    until_judged(stage, Verb::Reschedule, 2).await?;
    until_done(stage, Verb::ReleaseNode).await?;
    until_over(stage).await
}

fn node_of(pod: &Pod) -> Option<&str> {
    pod.spec.as_ref()?.node_name.as_deref()
}

async fn stand_by(stage: &Stage) -> Result<()> {
    static ADDED: OnceCell<()> = OnceCell::const_new();
    ADDED.get_or_try_init(|| stage.cluster.add_idle_nodes("stands-by", STANDING_BY)).await.map(drop)
}
