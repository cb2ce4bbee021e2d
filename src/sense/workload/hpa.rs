//! The `HorizontalPodAutoscaler`s of a namespace and the floors they hold.

use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::{HorizontalPodAutoscaler, MetricSpec, MetricTarget};
use kube::api::ListParams;
use kube::{Api, Client};

use crate::api::agreement::WorkloadRef;
use crate::api::enforcement_status::ActionTarget;

use super::baseline::Baseline;
use super::call::bounded;
use super::cpu_target::CpuTarget;
use super::observation::{Floor, FloorKind};
use super::ownership::{entry_left, owner};
use super::problem::WorkloadProblem;
use super::target;

/// The API version written to.
pub const API_VERSION: &str = "autoscaling/v2";
/// The kind.
pub const KIND: &str = "HorizontalPodAutoscaler";

/// An HPA that scales the workload.
pub(super) struct Found {
    /// Its floor.
    pub(super) floor: Floor,
    /// The uid of the `ScaledObject` that made it, if one did.
    pub(super) scaled_object: Option<String>,
    /// It compares the CPU that pods use with what they request.
    pub(super) on_cpu: bool,
    /// The CPU utilisation at which it aims.
    pub(super) cpu_target: CpuTarget,
}

/// The HPAs whose `scaleTargetRef` names `workload`.
pub(super) async fn targeting(
    client: &Client,
    limit: Duration,
    namespace: &str,
    workload: &WorkloadRef,
) -> Result<Vec<Found>, WorkloadProblem> {
    let what = format!("the HorizontalPodAutoscalers in {namespace}");
    let api: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
    let all = bounded(limit, &what, api.list(&ListParams::default())).await?;
    Ok(all.items.iter().filter(|hpa| targets(hpa, workload)).map(observe).collect())
}

/// One HPA's floor.
pub(super) async fn read(
    client: &Client,
    limit: Duration,
    namespace: &str,
    name: &str,
) -> Result<Floor, WorkloadProblem> {
    let api: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
    bounded(limit, &format!("{KIND} {namespace}/{name}"), api.get(name)).await.map(|hpa| floor(&hpa))
}

/// The CPU utilisation at which one HPA aims.
pub(super) async fn read_cpu_target(
    client: &Client,
    limit: Duration,
    namespace: &str,
    name: &str,
) -> Result<CpuTarget, WorkloadProblem> {
    let api: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
    bounded(limit, &format!("{KIND} {namespace}/{name}"), api.get(name))
        .await
        .map(|hpa| CpuTarget::of(&hpa, &floor(&hpa)))
}

fn targets(hpa: &HorizontalPodAutoscaler, workload: &WorkloadRef) -> bool {
    let named = &hpa.spec.scale_target_ref;
    target::same(named.api_version.as_deref().unwrap_or_default(), &named.kind, &named.name, workload)
}

fn observe(hpa: &HorizontalPodAutoscaler) -> Found {
    let metadata = &hpa.metadata;
    let scaled_object =
        metadata.owner_references.iter().flatten().find(|owner| owner.kind == super::scaled_object::KIND);
    let floor = floor(hpa);
    Found {
        scaled_object: scaled_object.map(|owner| owner.uid.clone()),
        on_cpu: on_cpu(hpa),
        cpu_target: CpuTarget::of(hpa, &floor),
        floor,
    }
}

fn floor(hpa: &HorizontalPodAutoscaler) -> Floor {
    let metadata = &hpa.metadata;
    let written = hpa.spec.min_replicas;
    Floor {
        kind: FloorKind::Hpa,
        resource_version: metadata.resource_version.clone().unwrap_or_default(),
        generation: metadata.generation,
        current: written.unwrap_or(FloorKind::Hpa.default_floor()),
        written,
        max: Some(hpa.spec.max_replicas),
        baseline: Baseline::of(metadata.annotations.as_ref()),
        set_by: owner(metadata.managed_fields.as_ref(), FloorKind::Hpa.pointer()),
        entry_left: entry_left(metadata.managed_fields.as_ref()),
        inert: None,
        target: ActionTarget {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            name: metadata.name.clone().unwrap_or_default(),
            uid: metadata.uid.clone().unwrap_or_default(),
        },
    }
}

/// An autoscaler without metrics is one on the utilization of CPU.
fn on_cpu(hpa: &HorizontalPodAutoscaler) -> bool {
    let relative = |name: &str, target: &MetricTarget| name == "cpu" && target.type_ == "Utilization";
    let is_on_cpu = |metric: &MetricSpec| {
        metric.resource.as_ref().is_some_and(|of| relative(&of.name, &of.target))
            || metric.container_resource.as_ref().is_some_and(|of| relative(&of.name, &of.target))
    };
    let metrics = hpa.spec.metrics.as_deref().unwrap_or_default();
    metrics.is_empty() || metrics.iter().any(is_on_cpu)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn utilization_is_of_what_is_requested() {
        let target = |kind: &str| json!({"type": kind, "averageUtilization": 60});
        let metric =
            |name: &str, kind: &str| json!({"type": "Resource", "resource": {"name": name, "target": target(kind)}});
        let of_container = json!({
            "type": "ContainerResource",
            "containerResource": {"name": "cpu", "container": "web", "target": target("Utilization")},
        });
        for (metrics, expected) in [
            (json!([]), true),
            (json!([metric("cpu", "Utilization")]), true),
            (json!([metric("memory", "Utilization"), of_container]), true),
            (json!([metric("cpu", "AverageValue")]), false),
            (json!([metric("memory", "Utilization")]), false),
        ] {
            let target = json!({"kind": "Deployment", "name": "web"});
            let hpa = json!({"metadata": {}, "spec": {"scaleTargetRef": target, "maxReplicas": 3, "metrics": metrics}});
            assert_eq!(on_cpu(&serde_json::from_value(hpa).unwrap()), expected, "{metrics}");
        }
    }
}
