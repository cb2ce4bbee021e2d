//! The floor of a `HorizontalPodAutoscaler`: `spec.minReplicas`.
//!
//! It takes effect within the autoscaler's sync period (15 s by default), with or without metrics, and outside its
//! `behavior`; not while the metrics server hangs, and not at 0 replicas.

use kube::Client;
use kube::api::ApiResource;
use kube::core::GroupVersionKind;

use crate::decide::{FloorChange, Step};
use crate::sense::workload::{FloorKind, hpa};

use super::call::{Bound, Failure};
use super::merge;

/// Writes the step.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &FloorChange,
    bound: Bound,
) -> Result<String, Failure> {
    merge::write(client, namespace, &resource(), "minReplicas", (step, change), bound).await
}

pub(super) fn resource() -> ApiResource {
    let kind = GroupVersionKind::gvk("autoscaling", "v2", hpa::KIND);
    ApiResource::from_gvk_with_plural(&kind, FloorKind::Hpa.plural())
}
