//! The rollout of a Deployment: pause, an earlier template, or the owner's rollout again, in one conditional JSON patch.
//!
//! JSON patch, since a merge would leave in the template what only the later revision has. It tests uid and resource
//! version, works on a paused Deployment and after its progress deadline, and makes the controller use the earlier
//! `ReplicaSet` again.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::api::{FIELD_MANAGER, ROLLOUT_ANNOTATION};
use crate::decide::{MarkChange, RolloutChange, RolloutWrite, Step};
use crate::sense::workload::deployment::PLURAL;

use super::call::{Bound, Failure};
use super::outcome::WriteResult;
use super::{managed_fields, target};

/// Writes the step, and gives up the ownership that comes with it.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &RolloutChange,
    bound: Bound,
) -> Result<String, Failure> {
    let api = target::api(client, namespace, &step.target, PLURAL)?;
    let operations = serde_json::from_value(Value::Array(operations(step, change)))
        .map_err(|error| Failure::new(WriteResult::Refused, error.to_string()))?;
    let patch: Patch<()> = Patch::Json(operations);
    let written = bound.call(api.patch(&step.target.name, &PatchParams::apply(FIELD_MANAGER), &patch)).await?;
    Ok(managed_fields::note(managed_fields::give_up(&api, written, bound).await))
}

fn operations(step: &Step, change: &RolloutChange) -> Vec<Value> {
    let mut operations = vec![
        json!({"op": "test", "path": "/metadata/uid", "value": step.target.uid}),
        json!({"op": "test", "path": "/metadata/resourceVersion", "value": step.resource_version}),
    ];
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    match &change.write {
        RolloutWrite::Pause => operations.push(add("/spec/paused", json!(true))),
        RolloutWrite::Resume => operations.push(add("/spec/paused", json!(false))),
        RolloutWrite::Template(template) => {
            operations.push(json!({"op": "replace", "path": "/spec/template", "value": template}));
            operations.push(add("/spec/paused", json!(false)));
        }
        RolloutWrite::Keep => {}
    }
    let annotation = format!("/metadata/annotations/{}", ROLLOUT_ANNOTATION.replace('/', "~1"));
    operations.push(match &change.mark {
        MarkChange::Record(record) if change.annotated => add(&annotation, json!(record.to_annotation())),
        MarkChange::Record(record) => add("/metadata/annotations", json!({ROLLOUT_ANNOTATION: record.to_annotation()})),
        MarkChange::Remove => json!({"op": "remove", "path": annotation}),
    });
    operations
}
