//! The soft taint of a node and the annotation beside it, put there or taken away in one conditional JSON patch.
//!
//! Never by server-side apply: all taints are one list, and applying one forces those of the node controller away
//! (`not-ready:NoExecute` among them). A test of the list as it was read, or of the one taint that goes, stands before the
//! change; a test for null holds where there is no list. No resource version: a kubelet writes its node all the time.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::api::{AVOID_KEY, FIELD_MANAGER};
use crate::decide::{NodeChange, NodeWrite, Step};
use crate::sense::workload::nodes::PLURAL;

use super::call::{self, Bound, Failure};
use super::outcome::WriteResult;
use super::{managed_fields, target};

/// Writes the step, and gives up the ownership that comes with it.
pub(super) async fn write(client: &Client, step: &Step, change: &NodeChange, bound: Bound) -> Result<String, Failure> {
    let api = target::api(client, "", &step.target, PLURAL)?;
    let operations = serde_json::from_value(Value::Array(operations(step, change)))
        .map_err(|error| Failure::new(WriteResult::Refused, error.to_string()))?;
    let patch: Patch<()> = Patch::Json(operations);
    let params = PatchParams::apply(FIELD_MANAGER);
    let written = bound.call_for(api.patch(&step.target.name, &params, &patch), failure).await?;
    Ok(managed_fields::note(managed_fields::give_up(&api, written, bound).await))
}

fn failure(error: kube::Error) -> Failure {
    let forbidden = matches!(&error, kube::Error::Api(status) if status.code == 403);
    let failure = call::failure(error);
    if forbidden {
        let message = format!("{}; the chart grants it with rbac.avoidNode=true", failure.message);
        return Failure::new(failure.result, message);
    }
    failure
}

fn operations(step: &Step, change: &NodeChange) -> Vec<Value> {
    let test = |path: &str, value: Value| json!({"op": "test", "path": path, "value": value});
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    let remove = |path: &str| json!({"op": "remove", "path": path});
    let annotation = format!("/metadata/annotations/{}", AVOID_KEY.replace('/', "~1"));
    let mut operations = vec![test("/metadata/uid", json!(step.target.uid))];
    match &change.write {
        NodeWrite::Avoid(record) => {
            let taint = record.to_taint();
            if change.taints.is_empty() {
                operations.push(test("/spec/taints", Value::Null));
                operations.push(add("/spec/taints", json!([taint])));
            } else {
                operations.push(test("/spec/taints", json!(change.taints)));
                operations.push(add("/spec/taints/-", taint));
            }
            let noted = json!(record.to_annotation());
            operations.push(if change.annotated {
                add(&annotation, noted)
            } else {
                add("/metadata/annotations", json!({AVOID_KEY: noted}))
            });
        }
        NodeWrite::Release { index, action, annotation: beside } => {
            let taint = format!("/spec/taints/{index}");
            operations.push(test(&format!("{taint}/key"), json!(AVOID_KEY)));
            operations.push(test(&format!("{taint}/value"), json!(action)));
            operations.push(remove(&taint));
            if let Some(text) = beside {
                operations.push(test(&annotation, json!(text)));
                operations.push(remove(&annotation));
            }
        }
    }
    operations
}
