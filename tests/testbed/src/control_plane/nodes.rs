//! The nodes, played by KWOK: one process for each zone, so that a whole zone can be frozen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Node;
use kube::api::{Api, ListParams, PostParams};
use kube::{Client, ResourceExt as _};
use serde_json::{Value, json};

use super::attachment::{LABEL, OWN, PART};
use super::layout::Layout;
use super::{Options, PATIENCE};
use crate::process::{Process, command};
use crate::tools::{Tool, Toolbox};
use crate::wait::{Progress, wait_until};

/// What a pod can select simulated nodes by, wherever they are; see [`super::NODE_SELECTOR`].
const SIMULATED_LABEL: &str = "guarantor.dev/simulated";

const ZONE_LABEL: &str = "topology.kubernetes.io/zone";

/// The label and the taint of nodes that belong to one test; see [`super::ControlPlane::add_pool`].
pub(super) const POOL: &str = "guarantor.dev/pool";

/// How pods live on these nodes.
const POD_STAGES: &str = include_str!("../../kwok/pod-stages.yaml");

/// A zone and the process that plays its nodes.
#[derive(Debug)]
pub(super) struct Zone {
    pub(super) name: String,
    pub(super) kwok: Process,
}

/// Where the nodes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In a cluster without others.
    Alone,
    /// In a cluster with others: nothing of it may get onto them, and their names must be nobody's.
    BesideOthers,
}

impl Place {
    /// The value of [`LABEL`] here.
    pub(super) fn label(self) -> &'static str {
        match self {
            Self::Alone => OWN,
            Self::BesideOthers => PART,
        }
    }

    fn node(self, number: u16) -> String {
        match self {
            Self::Alone => format!("node-{number}"),
            Self::BesideOthers => format!("guarantor-testbed-node-{number}"),
        }
    }
}

/// Starts the nodes and waits until they take pods.
pub(super) async fn start(
    client: &Client,
    toolbox: &Toolbox,
    layout: &Layout,
    options: &Options,
    place: Place,
) -> Result<Vec<Zone>> {
    let mut zones = spawn_zones(toolbox, layout, options, place)?;
    create(client, options, place).await?;
    wait_ready(client, options, place, &mut zones).await?;
    Ok(zones)
}

fn zone_name(index: u8) -> String {
    format!("zone-{}", u16::from(index) + 1)
}

/// Starts the processes of all zones.
fn spawn_zones(toolbox: &Toolbox, layout: &Layout, options: &Options, place: Place) -> Result<Vec<Zone>> {
    let stages = write_stages(toolbox, layout)?;
    (0..options.zones.max(1))
        .map(|index| {
            let name = zone_name(index);
            let arguments = [
                format!("--kubeconfig={}", layout.kubeconfig("admin").display()),
                format!("--config={}", stages.display()),
                "--manage-all-nodes=false".to_owned(),
                format!("--manage-nodes-with-label-selector={LABEL}={},{ZONE_LABEL}={name}", place.label()),
                "--node-ip=127.0.0.1".to_owned(),
                // Of the range for measurements (RFC 2544), which no cluster uses, 4094 addresses for each of 32 zones:
                // pods of different zones must not share one.
                format!("--cidr=198.{}.{}.0/20", 18 + (index / 16) % 2, (index % 16) * 16),
                "--node-lease-duration-seconds=4".to_owned(),
            ];
            let part = format!("kwok-{name}");
            let kwok = Process::spawn(&part, &mut command(toolbox.path(Tool::Kwok)?, arguments), &layout.log(&part))?;
            Ok(Zone { name, kwok })
        })
        .collect()
}

/// Writes KWOK's own stages and ours into one file.
fn write_stages(toolbox: &Toolbox, layout: &Layout) -> Result<PathBuf> {
    let folder = toolbox.kwok_stages()?;
    let mut all = POD_STAGES.to_owned();
    let entries =
        std::fs::read_dir(&folder).with_context(|| format!("cannot read the stages in {}", folder.display()))?;
    for entry in entries {
        all.push_str("\n---\n");
        all.push_str(&std::fs::read_to_string(entry?.path())?);
    }
    let path = layout.root().join("kwok.yaml");
    std::fs::write(&path, all)?;
    Ok(path)
}

/// Creates the Node objects.
async fn create(client: &Client, options: &Options, place: Place) -> Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    for (number, zone) in (1..=options.nodes).zip((0..options.zones.max(1)).cycle()) {
        let resources = json!({ "cpu": options.node_cpu, "memory": options.node_memory, "pods": "110" });
        make(&nodes, &node(place, &place.node(number), &zone_name(zone), &resources, None)?).await?;
    }
    Ok(())
}

/// Creates `count` nodes more, dealt out to `zones`, that take only pods which ask for this pool, and waits until they do.
pub(super) async fn add_pool(
    client: &Client,
    place: Place,
    zones: &[Zone],
    pool: &str,
    count: u16,
) -> Result<Vec<String>> {
    let nodes: Api<Node> = Api::all(client.clone());
    let options = Options::default();
    let resources = json!({ "cpu": options.node_cpu, "memory": options.node_memory, "pods": "110" });
    let mut names = Vec::new();
    for (number, zone) in (1..=count).zip(zones.iter().cycle()) {
        let name = format!("{pool}-{number}");
        make(&nodes, &node(place, &name, &zone.name, &resources, Some(pool))?).await?;
        names.push(name);
    }
    wait_until("the nodes of a pool", PATIENCE, async || {
        let all = nodes.list(&ListParams::default().labels(&format!("{POOL}={pool}"))).await?;
        let unready: BTreeMap<String, String> =
            all.iter().filter_map(|node| Some((node.name_any(), obstacle(node)?))).collect();
        Ok(if unready.is_empty() { Progress::Done(()) } else { Progress::Pending(format!("{unready:?}")) })
    })
    .await?;
    Ok(names)
}

/// Creates `count` nodes that no process plays.
pub(super) async fn add_idle(client: &Client, place: Place, pool: &str, count: u16) -> Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    for number in 1..=count {
        let node = serde_json::from_value(json!({
            "metadata": { "name": format!("{pool}-{number}"), "labels": { LABEL: place.label(), POOL: pool } },
            "spec": { "unschedulable": true },
        }))?;
        make(&nodes, &node).await?;
    }
    Ok(())
}

async fn make(nodes: &Api<Node>, node: &Node) -> Result<()> {
    let made = nodes.create(&PostParams::default(), node).await;
    made.map(drop).with_context(|| format!("cannot create the node {}", node.name_any()))
}

fn node(place: Place, name: &str, zone: &str, resources: &Value, pool: Option<&str>) -> Result<Node> {
    let beside_others =
        (place == Place::BesideOthers).then(|| json!({ "key": LABEL, "value": PART, "effect": "NoSchedule" }));
    let of_a_pool = pool.map(|pool| json!({ "key": POOL, "value": pool, "effect": "NoSchedule" }));
    let taints: Vec<Value> = [beside_others, of_a_pool].into_iter().flatten().collect();
    let mut node: Node = serde_json::from_value(json!({
        "metadata": {
            "name": name,
            "annotations": { "kwok.x-k8s.io/node": "fake" },
            "labels": {
                "kubernetes.io/hostname": name,
                "kubernetes.io/os": "linux",
                LABEL: place.label(),
                SIMULATED_LABEL: "true",
                ZONE_LABEL: zone,
            },
        },
        "spec": { "providerID": format!("kwok://{name}"), "taints": taints },
        "status": { "allocatable": resources, "capacity": resources },
    }))?;
    if let Some(pool) = pool {
        node.labels_mut().insert(POOL.to_owned(), pool.to_owned());
    }
    Ok(node)
}

/// Waits until every node takes pods: with only some, the scheduler would put the first pods all on those.
async fn wait_ready(client: &Client, options: &Options, place: Place, zones: &mut [Zone]) -> Result<()> {
    let nodes: Api<Node> = Api::all(client.clone());
    let ours = format!("{LABEL}={}", place.label());
    wait_until("the nodes", PATIENCE, async || {
        for zone in zones.iter_mut() {
            zone.kwok.check()?;
        }
        let unready: BTreeMap<String, String> = nodes
            .list(&ListParams::default().labels(&ours))
            .await?
            .iter()
            .filter_map(|node| Some((node.name_any(), obstacle(node)?)))
            .collect();
        Ok(if unready.is_empty() {
            Progress::Done(())
        } else {
            Progress::Pending(format!("of {} nodes: {unready:?}", options.nodes))
        })
    })
    .await
}

/// Why the node takes no pods, if it takes none.
fn obstacle(node: &Node) -> Option<String> {
    let ready = node
        .status
        .iter()
        .flat_map(|status| status.conditions.iter().flatten())
        .any(|condition| condition.type_ == "Ready" && condition.status == "True");
    let taints = node.spec.iter().flat_map(|spec| spec.taints.iter().flatten()).map(|taint| taint.key.as_str());
    let taints: Vec<&str> = taints.filter(|key| ![LABEL, POOL].contains(key)).collect();
    match (ready, taints.as_slice()) {
        (false, _) => Some("not ready".to_owned()),
        (true, []) => None,
        (true, taints) => Some(format!("tainted {}", taints.join(", "))),
    }
}
