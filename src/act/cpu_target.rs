//! The CPU target of an HPA and the annotation beside it, in one conditional JSON patch.
//!
//! `spec.metrics` is one atomic list: a merge patch would replace it, and an applied configuration would have to own it. The JSON
//! patch writes one number in it, and tests besides uid and resource version that the metric at that place is still the one that
//! was read, with the target that was read. The API server enters the whole list as ours all the same, which is given up like any
//! field, so that its owner's next server-side apply is not refused.

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
mod tests;

use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Value, json};

use crate::api::{CPU_TARGET_ANNOTATION, FIELD_MANAGER};
use crate::decide::{CpuTargetChange, CpuTargetWrite, Step};
use crate::sense::workload::CpuMetric;
use crate::sense::workload::cpu_target::PLURAL;

use super::call::{Bound, Failure};
use super::outcome::WriteResult;
use super::{managed_fields, target};

/// Writes the step, and gives up the ownership that comes with it.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &CpuTargetChange,
    bound: Bound,
) -> Result<String, Failure> {
    let api = target::api(client, namespace, &step.target, PLURAL)?;
    let operations = serde_json::from_value(Value::Array(operations(step, change)))
        .map_err(|error| Failure::new(WriteResult::Refused, error.to_string()))?;
    let patch: Patch<()> = Patch::Json(operations);
    let written = bound.call(api.patch(&step.target.name, &PatchParams::apply(FIELD_MANAGER), &patch)).await?;
    Ok(managed_fields::note(managed_fields::give_up(&api, written, bound).await))
}

fn operations(step: &Step, change: &CpuTargetChange) -> Vec<Value> {
    let test = |path: String, value: Value| json!({"op": "test", "path": path, "value": value});
    let mut operations = vec![
        test("/metadata/uid".to_owned(), json!(step.target.uid)),
        test("/metadata/resourceVersion".to_owned(), json!(step.resource_version)),
    ];
    if let (Some(metric), Some(to)) = (&change.metric, change.to()) {
        let (kind, source) = source(metric);
        let metrics = format!("/spec/metrics/{}", metric.index);
        operations.push(test(format!("{metrics}/type"), json!(kind)));
        operations.push(test(format!("{metrics}/{source}/name"), json!("cpu")));
        if let Some(container) = &metric.container {
            operations.push(test(format!("{metrics}/{source}/container"), json!(container)));
        }
        let path = format!("{metrics}/{source}/target/averageUtilization");
        operations.push(test(path.clone(), json!(metric.percent)));
        operations.push(json!({"op": "replace", "path": path, "value": to}));
    }
    let annotation = format!("/metadata/annotations/{}", CPU_TARGET_ANNOTATION.replace('/', "~1"));
    let add = |path: &str, value: Value| json!({"op": "add", "path": path, "value": value});
    match &change.write {
        CpuTargetWrite::Set(record) if change.annotated => {
            operations.push(add(&annotation, json!(record.to_annotation())));
        }
        CpuTargetWrite::Set(record) => {
            operations.push(add("/metadata/annotations", json!({CPU_TARGET_ANNOTATION: record.to_annotation()})));
        }
        CpuTargetWrite::Back(_) | CpuTargetWrite::Leave if change.marked => {
            operations.push(json!({"op": "remove", "path": annotation}));
        }
        // Somebody has taken it away.
        CpuTargetWrite::Back(_) | CpuTargetWrite::Leave => {}
    }
    operations
}

/// The type of a metric, and the field that it is in.
fn source(metric: &CpuMetric) -> (&'static str, &'static str) {
    if metric.container.is_some() { ("ContainerResource", "containerResource") } else { ("Resource", "resource") }
}
