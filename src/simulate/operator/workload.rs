//! The workload and the nodes as the API server tells them.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::clock;
use super::history::name;
use super::objects::Objects;
use crate::api::agreement::WorkloadRef;
use crate::api::enforcement_status::ActionTarget;
use crate::sense::workload::{
    AvoidanceRecord, ContainerCpu, CpuMetric, CpuSize, CpuTarget, DeploymentState, Floor, FloorHolder, FloorKind,
    NodeObservation, Nodes, PodObservation, PodPhase, PodSize, Revision, Revisions, Rollout, Surge, Switch,
    SwitchState, WorkloadObservation,
};
use crate::simulate::deployment;
use crate::simulate::fleet::PODS_PER_NODE;
use crate::simulate::view::{PodView, View};

/// Nodes that the cluster has at least.
const NODES: u32 = 12;
/// Zones over which they are spread.
const ZONES: u32 = 3;
/// The uid of the workload.
const UID: &str = "deployment-of-web";

impl Objects {
    /// The workload.
    #[must_use]
    pub fn workload(&self, view: &View<'_>, read_at: Timestamp) -> WorkloadObservation {
        let deployment = view.deployment;
        let rollout = match (deployment.paused, deployment.through) {
            (true, _) => Rollout::Paused,
            (false, None) => Rollout::InProgress,
            (false, Some(_)) => Rollout::Complete,
        };
        let generation = i64::try_from(deployment.revisions().len()).ok();
        WorkloadObservation {
            read_at,
            workload: WorkloadRef {
                api_version: "apps/v1".into(),
                kind: "Deployment".into(),
                name: self.name.clone(),
                namespace: None,
            },
            uid: UID.into(),
            resource_version: self.version.to_string(),
            spec_replicas: count(view.replicas),
            status_replicas: i32::try_from(view.pods.len()).unwrap_or(i32::MAX),
            generation,
            observed_generation: generation,
            rolled_out_at: deployment.through.filter(|_| rollout == Rollout::Complete).map(clock::at),
            rollout,
            deployment: Some(self.deployment(view)),
            min_ready: SignedDuration::ZERO,
            selector: "app=web".into(),
            pods: view.pods.iter().map(|pod| self.pod(pod)).collect(),
            floor: self.floor_object(),
            cpu_target: self.cpu_target(),
            scaled_on_cpu: self.cpu_target.map(|_| "HorizontalPodAutoscaler web".to_owned()),
            template: vec![self.container()],
            rooms: self.rooms(view),
        }
    }

    fn pod(&self, pod: &PodView) -> PodObservation {
        PodObservation {
            name: name(pod.id),
            uid: format!("pod-{}", pod.id),
            ready: pod.ready,
            ready_since: pod.ready.then(|| clock::at(pod.turned)),
            created: Some(clock::at(if pod.created > 0.0 { pod.created } else { -self.place.start })),
            node: Some(node_name(pod.node)),
            zone: Some(format!("zone-{}", pod.node % ZONES)),
            owner_uid: Some(format!("set-{}", pod.template)),
            owner_kind: Some("ReplicaSet".into()),
            phase: PodPhase::Running,
            cpu_request: Some(self.place.millicores),
            critical: false,
            tolerated: Vec::new(),
            kept_volumes: Vec::new(),
            revision: Some(hash(pod.template)),
            size: PodSize {
                containers: vec![self.container()],
                quality: Some("Guaranteed".into()),
                resource_version: "1".into(),
                ..PodSize::default()
            },
            terminating: false,
        }
    }

    /// What the nodes of the pods have left: as much again as their pods request.
    fn rooms(&self, view: &View<'_>) -> BTreeMap<String, i64> {
        let left = self.place.millicores.saturating_mul(i64::try_from(PODS_PER_NODE).unwrap_or(i64::MAX));
        view.pods.iter().map(|pod| (node_name(pod.node), left)).collect()
    }

    /// An object of the workload. All go by its name.
    fn target(&self, api_version: &str, kind: &str, uid: &str) -> ActionTarget {
        ActionTarget { api_version: api_version.into(), kind: kind.into(), name: self.name.clone(), uid: uid.into() }
    }

    fn container(&self) -> ContainerCpu {
        let cores = self.place.millicores;
        ContainerCpu {
            name: "web".into(),
            size: Some(CpuSize { request: cores, limit: cores }),
            in_force: Some(cores),
            restarts: false,
            set_by: Some("kube-controller-manager".into()),
        }
    }

    fn floor_object(&self) -> FloorHolder {
        let (kind, target) = match self.place.most {
            Some(_) => (FloorKind::Hpa, self.target("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaler-of-web")),
            None => (FloorKind::Scale { plural: "deployments".into() }, self.target("apps/v1", "Deployment", UID)),
        };
        let floor = Floor {
            kind,
            target,
            resource_version: self.version.to_string(),
            generation: None,
            current: self.floor,
            written: Some(self.floor),
            max: self.place.most,
            baseline: self.baseline.clone(),
            set_by: (!self.floor_is_ours).then(|| "helm".to_owned()),
            entry_left: false,
            inert: None,
        };
        if self.place.most.is_some() { FloorHolder::Hpa(floor) } else { FloorHolder::Scale(floor) }
    }

    fn cpu_target(&self) -> Option<CpuTarget> {
        let percent = self.cpu_target?;
        Some(CpuTarget {
            target: self.target("autoscaling/v2", "HorizontalPodAutoscaler", "autoscaler-of-web"),
            resource_version: self.version.to_string(),
            metric: Ok(CpuMetric { index: 0, container: None, percent }),
            ours: Some(CpuMetric { index: 0, container: None, percent }),
            set_by: None,
            mark: self.cpu_target_mark.clone(),
            annotated: false,
            entry_left: false,
        })
    }

    fn deployment(&self, view: &View<'_>) -> DeploymentState {
        let seen = view.deployment;
        let revision = |revision: &deployment::Revision| {
            let of = |pod: &&PodView| pod.template == revision.template;
            let pods = || view.pods.iter().filter(of);
            Revision {
                number: count(revision.number),
                hash: hash(revision.template),
                created: Some(clock::at(revision.created)),
                again: revision.again,
                replicas: i64::try_from(pods().count()).unwrap_or(i64::MAX),
                ready: i64::try_from(pods().filter(|pod| pod.ready).count()).unwrap_or(i64::MAX),
                template: template(revision.template),
            }
        };
        DeploymentState {
            target: self.target("apps/v1", "Deployment", UID),
            resource_version: self.version.to_string(),
            paused: seen.paused,
            paused_by: None,
            mark: self.mark.clone(),
            annotated: true,
            entry_left: false,
            history_limit: 10,
            surge: Surge::Percent(25),
            template: template(seen.template()),
            revisions: Revisions::Read(seen.revisions().iter().map(revision).collect()),
        }
    }

    /// The nodes, all of them.
    #[must_use]
    pub fn nodes(&self, view: &View<'_>) -> Nodes {
        let used = view.pods.iter().map(|pod| pod.node).chain(self.avoided.keys().copied());
        let number = used.max().map_or(NODES, |last| last.saturating_add(2).max(NODES));
        let node = |node: u32| {
            let record = self.avoided.get(&node);
            NodeObservation {
                name: node_name(node),
                uid: format!("uid-of-node-{node}"),
                ready: !view.nodes_lost.contains(&node),
                unschedulable: false,
                taints: record.map(AvoidanceRecord::to_taint).into_iter().collect(),
                annotated: true,
                annotation: record.map(AvoidanceRecord::to_annotation),
                entry_left: false,
            }
        };
        let known: Vec<NodeObservation> = (0..number).map(node).collect();
        Nodes { all: Ok(known.len()), known }
    }

    /// The switch through which load would be shed.
    #[must_use]
    pub fn switch(&self, key: Option<&str>) -> Switch {
        let Some(key) = key else { return Switch::NotAsked };
        Switch::Read(Box::new(SwitchState {
            target: self.target("v1", "ConfigMap", "switch-of-web"),
            resource_version: self.version.to_string(),
            key: key.to_owned(),
            value: self.switched.clone(),
            set_by: None,
            immutable: false,
            mark: self.shed.clone(),
            entry_left: false,
        }))
    }
}

fn node_name(node: u32) -> String {
    format!("node-{node}")
}

fn hash(template: u32) -> String {
    format!("hash-{template}")
}

fn template(template: u32) -> Value {
    json!({"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": hash(template)}]}})
}

fn count(number: u32) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
