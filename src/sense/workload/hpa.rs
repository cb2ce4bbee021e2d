//! The `HorizontalPodAutoscaler`s of a namespace and the floors they hold.

use std::time::Duration;

use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::ListParams;
use kube::{Api, Client};

use crate::api::agreement::WorkloadRef;
use crate::api::enforcement_status::ActionTarget;

use super::baseline::Baseline;
use super::call::bounded;
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
    Ok(all.items.into_iter().filter(|hpa| targets(hpa, workload)).map(observe).collect())
}

/// One HPA's floor.
pub(super) async fn read(
    client: &Client,
    limit: Duration,
    namespace: &str,
    name: &str,
) -> Result<Floor, WorkloadProblem> {
    let api: Api<HorizontalPodAutoscaler> = Api::namespaced(client.clone(), namespace);
    bounded(limit, &format!("{KIND} {namespace}/{name}"), api.get(name)).await.map(|hpa| observe(hpa).floor)
}

fn targets(hpa: &HorizontalPodAutoscaler, workload: &WorkloadRef) -> bool {
    let named = &hpa.spec.scale_target_ref;
    target::same(named.api_version.as_deref().unwrap_or_default(), &named.kind, &named.name, workload)
}

fn observe(hpa: HorizontalPodAutoscaler) -> Found {
    let metadata = hpa.metadata;
    let written = hpa.spec.min_replicas;
    let scaled_object =
        metadata.owner_references.iter().flatten().find(|owner| owner.kind == super::scaled_object::KIND);
    Found {
        scaled_object: scaled_object.map(|owner| owner.uid.clone()),
        floor: Floor {
            kind: FloorKind::Hpa,
            resource_version: metadata.resource_version.unwrap_or_default(),
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
                name: metadata.name.unwrap_or_default(),
                uid: metadata.uid.unwrap_or_default(),
            },
        },
    }
}
