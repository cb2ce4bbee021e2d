//! The faults: how each of them strikes, and how it ends where nobody mends it.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::ValueEnum;
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use rand::{Rng, RngExt};

use super::lane::{Lane, RATE};
use crate::plant::load::Load;
use crate::plant::pods::ERROR_SHARE_ANNOTATION;
use crate::shop::STOREFRONT;

/// Work of the average request.
const WORK: Duration = Duration::from_millis(50);
/// How long a slow dependency takes.
const SLOW: Duration = Duration::from_millis(800);
/// How long Kubernetes takes a dead node for ready: `--node-monitor-grace-period` of its controller manager.
const GRACE: Duration = Duration::from_secs(40);

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Fault {
    /// One pod runs at a seventh of its pace.
    SlowPod,
    /// All pods of one node do.
    SlowNode,
    /// A node answers nobody any more. Until Kubernetes notices that its lease is not renewed, its pods get requests and answer
    /// none; then it is not ready.
    DeadNode,
    /// A new revision fails half of its requests.
    BadRevision,
    /// Another service, which every request waits for, takes its time. It has an agreement, which the service's own one names.
    DependencySlow,
    /// The same where no agreement names it.
    DependencyUndeclared,
    /// After a hiccup the clients' own tries keep the service overloaded.
    RetryStorm,
    /// The metrics store is gone while the load falls to a third and a pod is slow; both are over when it comes back.
    PrometheusGone,
    /// The load rises to almost three times what it was.
    TrafficStep,
    /// The load rises beyond what the pods may serve under their CPU limit.
    TightLimit,
}

/// What was struck.
#[derive(Debug, Clone, Default)]
pub(super) struct Victim {
    /// The pods: one, or those of the node.
    pub(super) pods: Vec<String>,
    /// The node, if it is one.
    pub(super) node: Option<String>,
}

impl Victim {
    /// What came to its node meanwhile is struck as well.
    pub(super) async fn look(&mut self, lane: &Lane<'_>) -> Result<()> {
        if let Some(node) = &self.node {
            let pods = lane.pods_on(node).await?;
            self.enter(pods);
        }
        Ok(())
    }

    /// Enters pods that are on its node. Those that are there no longer were struck too.
    fn enter(&mut self, pods: Vec<String>) {
        for pod in pods {
            if !self.pods.contains(&pod) {
                self.pods.push(pod);
            }
        }
    }
}

impl Fault {
    /// Its name on the command line and in the table.
    #[must_use]
    pub fn word(self) -> String {
        self.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Lets it strike.
    pub(super) async fn begin(self, lane: &mut Lane<'_>, chance: &mut impl Rng) -> Result<Victim> {
        let service = lane.shop.storefront.clone();
        let mut victim = Victim::default();
        match self {
            Self::SlowPod => {
                let pod = any_pod(lane, chance).await?;
                service.set_pod_speed(&pod, 0.15)?;
                victim.pods.push(pod);
            }
            Self::SlowNode | Self::DeadNode => {
                let node = any_node(lane, chance).await?;
                service.set_node_speed(&node, if self == Self::SlowNode { 0.15 } else { 0.0 })?;
                victim.pods = lane.pods_on(&node).await?;
                victim.node = Some(node);
            }
            Self::BadRevision => {
                let patch = format!(
                    r#"{{"spec": {{"minReadySeconds": 120, "template": {{"metadata": {{"annotations": {{"{ERROR_SHARE_ANNOTATION}": "0.5"}}}}}}}}}}"#
                );
                let arguments = ["patch", "deployment", STOREFRONT, "-n", &lane.namespace, "-p", &patch];
                lane.cluster.kubectl(&arguments).await?.ok()?;
            }
            Self::DependencySlow | Self::DependencyUndeclared => {
                // What makes it slow is beyond what is watched.
                for waits in lane.upstream.iter().chain([&service]) {
                    waits.set_dependency(SLOW);
                }
            }
            Self::RetryStorm => {
                service.set_retries(10, Duration::from_millis(200));
                service.set_service_time(WORK * 5)?;
                tokio::time::sleep(Duration::from_secs(10)).await;
                service.set_service_time(WORK)?;
            }
            Self::PrometheusGone => {
                let pod = any_pod(lane, chance).await?;
                lane.shop.prometheus.leave().await?;
                service.set_load(Load::Constant(RATE / 3.0))?;
                service.set_pod_speed(&pod, 0.15)?;
                victim.pods.push(pod);
            }
            Self::TightLimit => service.set_load(Load::Constant(RATE * 1.2))?,
            Self::TrafficStep => service.set_load(Load::Constant(RATE * 2.8))?,
        }
        Ok(victim)
    }

    /// How long after it struck Kubernetes notices it; at once, where there is nothing to be noticed.
    pub(super) fn unnoticed_for(self) -> Duration {
        if self == Self::DeadNode { GRACE } else { Duration::ZERO }
    }

    /// Has Kubernetes notice it: a dead node is not ready any more.
    pub(super) async fn is_noticed(self, lane: &Lane<'_>, victim: &Victim) -> Result<()> {
        if self == Self::DeadNode {
            let node = victim.node.as_deref().context("a dead node has a name")?;
            lane.cluster.set_node_ready(node, false).await?;
        }
        Ok(())
    }

    /// Ends it, where it has not been mended.
    pub(super) async fn end(self, lane: &mut Lane<'_>, victim: &Victim) -> Result<()> {
        let service = lane.shop.storefront.clone();
        for pod in &victim.pods {
            service.set_pod_speed(pod, 1.0)?;
        }
        if let Some(node) = &victim.node {
            service.set_node_speed(node, 1.0)?;
        }
        match self {
            Self::DeadNode => {
                let node = victim.node.as_deref().context("a dead node has a name")?;
                lane.cluster.set_node_ready(node, true).await?;
            }
            Self::DependencySlow | Self::DependencyUndeclared => {
                for waits in lane.upstream.iter().chain([&service]) {
                    waits.set_dependency(Duration::ZERO);
                }
            }
            Self::RetryStorm => service.set_retries(0, Duration::ZERO),
            Self::PrometheusGone => {
                service.set_load(Load::Constant(RATE))?;
                lane.shop.prometheus.come_back().await?;
            }
            Self::SlowPod | Self::SlowNode | Self::BadRevision | Self::TrafficStep | Self::TightLimit => {}
        }
        Ok(())
    }
}

async fn any_pod(lane: &Lane<'_>, chance: &mut impl Rng) -> Result<String> {
    let pods = lane.pods().await?;
    ensure!(!pods.is_empty(), "there is no pod to strike");
    Ok(pods.get(chance.random_range(0..pods.len())).map(Pod::name_any).unwrap_or_default())
}

/// A node with two pods or more, and not with the most of them.
async fn any_node(lane: &Lane<'_>, chance: &mut impl Rng) -> Result<String> {
    let pods = lane.pods().await?;
    let mut on: BTreeMap<String, usize> = BTreeMap::new();
    for node in pods.iter().filter_map(|pod| pod.spec.as_ref()?.node_name.clone()) {
        let count = on.entry(node).or_default();
        *count = count.saturating_add(1);
    }
    let fit: Vec<&String> = on
        .iter()
        .filter(|(_, count)| **count >= 2 && count.saturating_mul(2) < pods.len())
        .map(|(node, _)| node)
        .collect();
    ensure!(!fit.is_empty(), "no node has two pods and less than half of all: {on:?}");
    Ok(fit.get(chance.random_range(0..fit.len())).map(ToString::to_string).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pod_that_came_to_a_dead_node_and_went_before_anybody_noticed_was_struck() {
        let named = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let mut victim = Victim { pods: named(&["first", "second"]), node: Some("dead".into()) };
        victim.enter(named(&["first", "late"]));
        victim.enter(named(&["first"]));
        assert_eq!(victim.pods, ["first", "second", "late"]);
    }
}
