//! The floor of a KEDA `ScaledObject`: `spec.minReplicaCount`. KEDA carries it over to the HPA it makes.

use kube::Client;

use crate::decide::{FloorChange, Step};
use crate::sense::workload::scaled_object;

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
    merge::write(client, namespace, &scaled_object::resource(), "minReplicaCount", (step, change), bound).await
}
