//! The floor of a KEDA `ScaledObject`: `spec.minReplicaCount`. KEDA carries it over to the HPA it makes.

use kube::Client;

use crate::decide::Step;
use crate::sense::workload::scaled_object;

use super::call::{Bound, Failure};
use super::merge;

/// Writes the step.
pub(super) async fn write(client: &Client, namespace: &str, step: &Step, bound: Bound) -> Result<String, Failure> {
    merge::write(client, namespace, &scaled_object::resource(), "minReplicaCount", step, bound).await
}
