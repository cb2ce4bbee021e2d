//! Reading a workload: its scale, its rollout, its pods, and the one object that holds the floor under it.
//!
//! Takes a reference of any kind with a scale subresource, gives a [`WorkloadObservation`] or the [`WorkloadProblem`] in
//! the user's words. Every read is a quorum read (never a watch cache, which can be older than our own last write), and
//! each call is bounded in time; a call that was given up leaves the state *unknown*. Must never write.

mod baseline;
mod call;
mod cpu;
pub mod cpu_target;
pub mod deployment;
mod holder;
pub mod hpa;
mod kin;
mod kinds;
mod mark;
mod node;
pub mod nodes;
mod observation;
mod ownership;
mod pods;
mod problem;
mod revisions;
mod rollout;
mod rooms;
pub mod scaled_object;
pub mod size;
pub mod switch;
mod target;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
pub(crate) mod tests;
mod toleration;
mod zones;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use k8s_openapi::api::autoscaling::v1::Scale;
use k8s_openapi::api::core::v1::PodTemplateSpec;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::{ApiResource, DynamicObject, ObjectMeta};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

use crate::api::agreement::WorkloadRef;
use crate::api::enforcement_status::ActionTarget;
use crate::sense::headroom::PodNeeds;

pub use baseline::{Baseline, BaselineRecord};
pub use cpu_target::{CpuMetric, CpuTarget, CpuTargetMark, CpuTargetRecord};
pub use deployment::{DeploymentState, Revision, Revisions, Surge};
pub use kin::Kin;
pub use kinds::Kinds;
pub use mark::{Mark, MarkRecord};
pub use node::{AvoidanceRecord, NodeObservation, Nodes};
pub use observation::{
    Floor, FloorHolder, FloorKind, KeptVolume, PodObservation, PodPhase, Rollout, VolumeKind, WorkloadObservation,
};
pub use problem::WorkloadProblem;
pub use size::{ContainerCpu, CpuSize, PodSize};
pub use switch::{ShedMark, ShedRecord, Switch, SwitchState};
pub use toleration::{Tolerated, repels};

/// What this module needs of the operator's role: API group, resource, verbs. Another kind with a scale subresource
/// needs `get` on itself and on its scale, which the chart's `rbac.workloads` grants.
pub const RBAC: &[(&str, &str, &[&str])] = &[
    ("", "nodes", &["get"]),
    ("", "pods", &["list"]),
    ("apps", "deployments", &["get"]),
    ("apps", "deployments/scale", &["get"]),
    ("apps", "statefulsets", &["get"]),
    ("apps", "statefulsets/scale", &["get"]),
    ("autoscaling", "horizontalpodautoscalers", &["get", "list"]),
    ("keda.sh", "scaledobjects", &["get", "list"]),
];

/// What it needs beside, where agreements may undo revisions. The chart grants it with `rbac.rollback`.
pub const ROLLBACK_RBAC: &[(&str, &str, &[&str])] = &[("apps", "replicasets", &["list"])];

/// What it needs beside, where agreements may have a node avoided. The chart grants it with `rbac.avoidNode`.
pub const AVOID_NODE_RBAC: &[(&str, &str, &[&str])] = &[("", "nodes", &["list"])];
/// What it needs beside, where agreements may shed load. The chart grants it with `rbac.shed`.
pub const SHED_RBAC: &[(&str, &str, &[&str])] = &[("", "configmaps", &["get"])];

/// Reads workloads.
#[derive(Clone)]
pub struct WorkloadReader {
    client: Client,
    kinds: Kinds,
    zones: zones::Zones,
    limit: Duration,
}

impl WorkloadReader {
    /// A reader that gives up each call after `limit`.
    #[must_use]
    pub fn new(client: Client, kinds: Kinds, limit: Duration) -> Self {
        Self { client, kinds, zones: zones::Zones::default(), limit }
    }

    /// Reads a workload of `namespace`. `read_at` is the present time.
    ///
    /// # Errors
    /// [`WorkloadProblem`]: there is nothing to act on, it cannot be told, or it may not be read.
    pub async fn read(
        &self,
        namespace: &str,
        workload: &WorkloadRef,
        read_at: Timestamp,
    ) -> Result<WorkloadObservation, WorkloadProblem> {
        if let Some(other) = workload.namespace.as_deref().filter(|other| *other != namespace) {
            let (name, namespace) = (workload.name.clone(), other.to_owned());
            return Err(WorkloadProblem::OtherNamespace { name, namespace });
        }
        let what = format!("{} {namespace}/{}", workload.kind, workload.name);
        let resource = self.kinds.resolve(&self.client, self.limit, workload).await?;
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        let object = call::bounded(self.limit, &what, api.get(&workload.name)).await.inspect_err(|problem| {
            if matches!(problem, WorkloadProblem::NotFound { .. }) {
                self.kinds.forget(workload);
            }
        })?;
        let scale_what = format!("the scale of {what}");
        let scale = call::bounded(self.limit, &scale_what, api.get_scale(&workload.name)).await?;
        let status = scale.status.clone().unwrap_or_default();
        let Some(selector) = status.selector.filter(|selector| !selector.is_empty()) else {
            return Err(WorkloadProblem::NoSelector { what });
        };
        let floor = own_floor(&resource, &object, &scale);
        let (hpas, scaled_objects, pods) = futures::try_join!(
            hpa::targeting(&self.client, self.limit, namespace, workload),
            scaled_object::targeting(&self.client, self.limit, namespace, workload),
            pods::matching(&self.client, self.limit, namespace, &selector),
        )?;
        let data = whole(&object);
        let scaled_on_cpu = on_cpu(&hpas, &scaled_objects);
        let scaled_objects = scaled_objects.into_iter().map(|found| found.floor).collect();
        let cpu_targets = hpas.iter().map(|found| found.cpu_target.clone()).collect();
        let floor_holder = holder::of(hpas, scaled_objects, floor.clone());
        Ok(WorkloadObservation {
            read_at,
            workload: workload.clone(),
            uid: floor.target.uid.clone(),
            resource_version: floor.resource_version.clone(),
            spec_replicas: floor.current,
            status_replicas: status.replicas,
            generation: floor.generation,
            observed_generation: data.pointer("/status/observedGeneration").and_then(Value::as_i64),
            rollout: rollout::of(&workload.api_version, &workload.kind, &data),
            rolled_out_at: rollout::completed_at(&workload.api_version, &workload.kind, &data),
            min_ready: SignedDuration::from_secs(
                data.pointer("/spec/minReadySeconds").and_then(Value::as_i64).unwrap_or_default(),
            ),
            deployment: is_deployment(&resource).then(|| DeploymentState::of(&object)),
            selector,
            pods,
            cpu_target: cpu_target::of_holder(cpu_targets, &floor_holder),
            floor: floor_holder,
            scaled_on_cpu,
            template: size::of_template(&data),
            rooms: BTreeMap::new(),
        })
    }

    /// Enters the zones of the nodes on which the pods are. Those that cannot be read stay unknown.
    pub async fn read_zones(&self, observed: &mut WorkloadObservation) {
        self.zones.enter(&self.client, self.limit, &mut observed.pods).await;
    }

    /// Reads all nodes, and those with these names where all cannot be listed.
    pub async fn read_nodes(&self, names: &BTreeSet<String>) -> Nodes {
        nodes::all(&self.client, self.limit, names).await
    }

    /// Lists all nodes.
    ///
    /// # Errors
    /// [`WorkloadProblem`]: it cannot be told, or may not be read.
    pub async fn list_nodes(&self) -> Result<Vec<NodeObservation>, WorkloadProblem> {
        nodes::listed(&self.client, self.limit).await
    }

    /// Reads the nodes with these names, as far as they can be read.
    pub async fn read_named_nodes(&self, names: &BTreeSet<String>) -> Nodes {
        nodes::named(&self.client, self.limit, names).await
    }

    /// Reads one node. `None`: it is gone.
    ///
    /// # Errors
    /// [`WorkloadProblem`]: it cannot be told, or may not be read.
    pub async fn read_node(&self, name: &str) -> Result<Option<NodeObservation>, WorkloadProblem> {
        nodes::one(&self.client, self.limit, name).await
    }

    /// Enters what is left on these nodes. Those that cannot be read stay unknown.
    pub async fn read_rooms(&self, observed: &mut WorkloadObservation, nodes: &BTreeSet<String>) {
        observed.rooms = rooms::of(&self.client, self.limit, nodes).await;
    }

    /// Enters the revisions of a Deployment; of another kind there is nothing to enter.
    pub async fn read_revisions(&self, namespace: &str, observed: &mut WorkloadObservation) {
        let Some(deployment) = &mut observed.deployment else { return };
        let (selector, uid) = (observed.selector.as_str(), deployment.target.uid.as_str());
        deployment.revisions = match revisions::of(&self.client, self.limit, namespace, selector, uid).await {
            Ok(found) => Revisions::Read(found),
            Err(problem) => Revisions::Unreadable(problem.to_string()),
        };
    }

    /// What one more pod of the workload needs, by its template. `None`: it has none, or it cannot be read just now.
    pub async fn read_needs(&self, namespace: &str, observed: &WorkloadObservation) -> Option<PodNeeds> {
        let template = if let Some(deployment) = &observed.deployment {
            deployment.template.clone()
        } else {
            let resource = self.kinds.resolve(&self.client, self.limit, &observed.workload).await.ok()?;
            let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
            let name = &observed.workload.name;
            let object = call::bounded(self.limit, "the template", api.get(name)).await.ok()?;
            object.data.pointer("/spec/template")?.clone()
        };
        let template: PodTemplateSpec = serde_json::from_value(template).ok()?;
        template.spec.as_ref().map(PodNeeds::of)
    }

    /// Reads a Deployment by itself, without its revisions. `None`: it is gone.
    ///
    /// # Errors
    /// [`WorkloadProblem`]: it cannot be told, or may not be read.
    pub async fn read_deployment(
        &self,
        namespace: &str,
        name: &str,
    ) -> Result<Option<DeploymentState>, WorkloadProblem> {
        let kind = GroupVersionKind::gvk("apps", "v1", deployment::KIND);
        let resource = ApiResource::from_gvk_with_plural(&kind, deployment::PLURAL);
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        match call::bounded(self.limit, &format!("Deployment {namespace}/{name}"), api.get(name)).await {
            Ok(object) => Ok(Some(DeploymentState::of(&object))),
            Err(WorkloadProblem::NotFound { .. }) => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    /// Reads the floor on `target`, an object the operator has written before, whether or not it still scales the
    /// workload. `None`: it is gone, or another object bears its name.
    ///
    /// # Errors
    /// [`WorkloadProblem`]: it cannot be told, or may not be read.
    pub async fn read_floor(&self, namespace: &str, target: &ActionTarget) -> Result<Option<Floor>, WorkloadProblem> {
        let found = match (target.api_version.as_str(), target.kind.as_str()) {
            (hpa::API_VERSION, hpa::KIND) => hpa::read(&self.client, self.limit, namespace, &target.name).await,
            (scaled_object::API_VERSION, scaled_object::KIND) => {
                scaled_object::read(&self.client, self.limit, namespace, &target.name).await
            }
            _ => self.read_own_floor(namespace, target).await,
        };
        match found {
            Ok(floor) => Ok(Some(floor).filter(|floor| floor.target.uid == target.uid)),
            Err(WorkloadProblem::NotFound { .. } | WorkloadProblem::UnknownKind { .. }) => Ok(None),
            Err(other) => Err(other),
        }
    }

    async fn read_own_floor(&self, namespace: &str, target: &ActionTarget) -> Result<Floor, WorkloadProblem> {
        let workload = WorkloadRef {
            api_version: target.api_version.clone(),
            kind: target.kind.clone(),
            name: target.name.clone(),
            namespace: None,
        };
        let what = format!("{} {namespace}/{}", target.kind, target.name);
        let resource = self.kinds.resolve(&self.client, self.limit, &workload).await?;
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), namespace, &resource);
        let object = call::bounded(self.limit, &what, api.get(&target.name)).await?;
        let scale = call::bounded(self.limit, &format!("the scale of {what}"), api.get_scale(&target.name)).await?;
        Ok(own_floor(&resource, &object, &scale))
    }
}

/// The autoscaler that compares the CPU pods use with what they request, in words.
fn on_cpu(hpas: &[hpa::Found], scaled_objects: &[scaled_object::Found]) -> Option<String> {
    let objects = scaled_objects.iter().filter(|found| found.on_cpu).map(|found| &found.floor);
    let mut all = objects.chain(hpas.iter().filter(|found| found.on_cpu).map(|found| &found.floor));
    all.next().map(|floor| format!("{} {}", floor.target.kind, floor.target.name))
}

fn is_deployment(resource: &ApiResource) -> bool {
    resource.api_version == deployment::API_VERSION && resource.kind == deployment::KIND
}

fn own_floor(resource: &ApiResource, object: &DynamicObject, scale: &Scale) -> Floor {
    let kind = FloorKind::Scale { plural: resource.plural.clone() };
    let metadata = &object.metadata;
    // The API server leaves out a count of zero.
    let replicas = scale.spec.as_ref().and_then(|spec| spec.replicas).unwrap_or(0);
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    Floor {
        // The older of the two reads: a write between them then fails its precondition.
        resource_version: text(&metadata.resource_version),
        generation: metadata.generation,
        current: replicas,
        written: Some(replicas),
        max: None,
        baseline: Baseline::of(metadata.annotations.as_ref()),
        set_by: ownership::owner(metadata.managed_fields.as_ref(), kind.pointer()),
        entry_left: ownership::entry_left(metadata.managed_fields.as_ref()),
        inert: None,
        target: ActionTarget {
            api_version: resource.api_version.clone(),
            kind: resource.kind.clone(),
            name: text(&metadata.name),
            uid: text(&metadata.uid),
        },
        kind,
    }
}

// What is read of the metadata, and the rest, in one document as the API server sent it.
fn whole(object: &DynamicObject) -> Value {
    let mut data = object.data.clone();
    if let Some(fields) = data.as_object_mut() {
        let ObjectMeta { generation, annotations, .. } = &object.metadata;
        fields.insert("metadata".to_owned(), serde_json::json!({"generation": generation, "annotations": annotations}));
    }
    data
}
