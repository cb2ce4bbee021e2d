//! KEDA's `ScaledObject`s of a namespace and the floors they hold.
//!
//! Read without KEDA's types, as they are not on crates.io for the present Kubernetes. The defaults are those of KEDA's
//! reference: a target without kind is a `Deployment` of `apps/v1`, `minReplicaCount` is 0, `maxReplicaCount` 100.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client};
use serde_json::Value;

use crate::api::agreement::WorkloadRef;
use crate::api::enforcement_status::ActionTarget;

use super::baseline::Baseline;
use super::call::bounded;
use super::observation::{Floor, FloorKind};
use super::ownership::{entry_left, owner};
use super::problem::WorkloadProblem;
use super::target;

/// The API version written to.
pub const API_VERSION: &str = "keda.sh/v1alpha1";
/// The kind.
pub const KIND: &str = "ScaledObject";

const DEFAULT_MAX: i32 = 100;
/// Annotations by which a user stops KEDA; while one stands, KEDA does not look at the floor.
const PAUSED: [&str; 2] = ["autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas"];

/// The resource under which `ScaledObject`s are served.
#[must_use]
pub fn resource() -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk("keda.sh", "v1alpha1", KIND), "scaledobjects")
}

/// A `ScaledObject` that scales the workload.
pub(super) struct Found {
    /// Its floor.
    pub(super) floor: Floor,
    /// It compares the CPU that pods use with what they request.
    pub(super) on_cpu: bool,
}

/// The `ScaledObject`s whose `scaleTargetRef` names `workload`; none where KEDA is not installed.
pub(super) async fn targeting(
    client: &Client,
    limit: Duration,
    namespace: &str,
    workload: &WorkloadRef,
) -> Result<Vec<Found>, WorkloadProblem> {
    let what = format!("the ScaledObjects in {namespace}");
    match bounded(limit, &what, api(client, namespace).list(&ListParams::default())).await {
        Ok(all) => {
            let found = |object: DynamicObject| Found { on_cpu: on_cpu(&object.data), floor: observe(object) };
            Ok(all.items.into_iter().filter(|object| targets(&object.data, workload)).map(found).collect())
        }
        Err(WorkloadProblem::NotFound { .. }) => Ok(Vec::new()),
        Err(other) => Err(other),
    }
}

/// One `ScaledObject`'s floor.
pub(super) async fn read(
    client: &Client,
    limit: Duration,
    namespace: &str,
    name: &str,
) -> Result<Floor, WorkloadProblem> {
    bounded(limit, &format!("{KIND} {namespace}/{name}"), api(client, namespace).get(name)).await.map(observe)
}

fn api(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &resource())
}

fn targets(object: &Value, workload: &WorkloadRef) -> bool {
    let named = |field: &str| object.pointer(&format!("/spec/scaleTargetRef/{field}")).and_then(Value::as_str);
    let api_version = named("apiVersion").filter(|text| !text.is_empty()).unwrap_or("apps/v1");
    let kind = named("kind").filter(|text| !text.is_empty()).unwrap_or("Deployment");
    target::same(api_version, kind, named("name").unwrap_or_default(), workload)
}

/// The scaler `cpu` measures utilization unless it is told otherwise.
fn on_cpu(object: &Value) -> bool {
    let relative = |trigger: &&Value| {
        let text = |pointer: &str| trigger.pointer(pointer).and_then(Value::as_str).filter(|text| !text.is_empty());
        let metric = text("/metricType").or_else(|| text("/metadata/type"));
        text("/type") == Some("cpu") && metric.is_none_or(|metric| metric == "Utilization")
    };
    object.pointer("/spec/triggers").and_then(Value::as_array).into_iter().flatten().any(|trigger| relative(&trigger))
}

fn observe(object: DynamicObject) -> Floor {
    let number = |pointer: &str| {
        object.data.pointer(pointer).and_then(Value::as_i64).and_then(|number| i32::try_from(number).ok())
    };
    let written = number(FloorKind::ScaledObject.pointer());
    let max = number("/spec/maxReplicaCount").unwrap_or(DEFAULT_MAX);
    let metadata = object.metadata;
    let paused = PAUSED.iter().find(|name| {
        let value = metadata.annotations.as_ref().and_then(|all| all.get(**name));
        value.is_some_and(|value| value != "false")
    });
    Floor {
        kind: FloorKind::ScaledObject,
        resource_version: metadata.resource_version.unwrap_or_default(),
        generation: metadata.generation,
        current: written.unwrap_or(FloorKind::ScaledObject.default_floor()),
        written,
        max: Some(max),
        baseline: Baseline::of(metadata.annotations.as_ref()),
        set_by: owner(metadata.managed_fields.as_ref(), FloorKind::ScaledObject.pointer()),
        entry_left: entry_left(metadata.managed_fields.as_ref()),
        inert: paused.map(|name| format!("it is paused by its annotation {name}")),
        target: ActionTarget {
            api_version: API_VERSION.to_owned(),
            kind: KIND.to_owned(),
            name: metadata.name.unwrap_or_default(),
            uid: metadata.uid.unwrap_or_default(),
        },
    }
}
