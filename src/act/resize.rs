//! The size of one container of one pod, through the pod's `resize` subresource: in place, without a restart.
//!
//! One JSON patch, which tests uid, resource version and the container's place, and writes its CPU alone: whatever else a
//! patch of this subresource changes, the API server drops without a word. It is written under a field manager of the
//! agreement's own, so that the pod tells whose its size is; the entry stays, as nobody applies the pods of a workload.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use k8s_openapi::api::core::v1::Pod;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::api::reschedule_status::Obstacle;
use crate::decide::{ResizeChange, Step};

use super::call::{self, Bound, Failure};
use super::outcome::WriteResult;

/// Writes the step's size.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &ResizeChange,
    bound: Bound,
) -> Result<String, Failure> {
    let operations = serde_json::from_value(operations(step, change))
        .map_err(|error| Failure::new(WriteResult::Refused, error.to_string()))?;
    let patch: Patch<()> = Patch::Json(operations);
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let params = PatchParams::apply(&change.manager);
    bound.call_for(pods.patch_subresource("resize", &step.target.name, &params, &patch), failure).await?;
    Ok(String::new())
}

fn operations(step: &Step, change: &ResizeChange) -> Value {
    let container = format!("/spec/containers/{}", change.index);
    let cpu = |of: &str, millicores: i64| {
        // Replaces what is there: a limit, and with it a request, is there, or nothing would be resized.
        json!({"op": "replace", "path": format!("{container}/resources/{of}/cpu"), "value": format!("{millicores}m")})
    };
    let mut operations = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": step.target.uid}),
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": step.resource_version}),
        json!({"op": "test", "path": format!("{container}/name"), "value": change.container}),
        cpu("limits", change.to.limit),
    ];
    if change.to.request != change.from.request {
        operations.push(cpu("requests", change.to.request));
    }
    Value::Array(operations)
}

/// What the API server refuses for the pod's or its own sake, it would refuse again.
fn failure(error: kube::Error) -> Failure {
    let not_granted =
        matches!(&error, kube::Error::Api(status) if status.code == 403 && status.message.contains("pods/resize"));
    let failure = call::failure(error);
    let result = match failure.result {
        WriteResult::Refused => WriteResult::Hindered { obstacle: Obstacle::Forbidden, retry_after: 0 },
        other => other,
    };
    let hint = if not_granted { "; the chart grants it with rbac.resize=true" } else { "" };
    Failure::new(result, format!("{}{hint}", failure.message))
}
