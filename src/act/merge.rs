//! A floor held in a field of an autoscaler: value and baseline annotation in one conditional merge patch.
//!
//! Merge patch and not server-side apply: applied without force it is refused wherever the owner set the field, applied
//! with force the owner's next apply is refused, and an empty configuration applied to release the field leaves the API
//! server's default instead of the owner's value.
//!
//! `spec.minReplicas` of a `HorizontalPodAutoscaler` takes effect within the autoscaler's sync period (15 s by default),
//! with or without metrics, and outside its `behavior`; not while the metrics server hangs, and not at 0 replicas.
//! `spec.minReplicaCount` of a KEDA `ScaledObject` is carried over by KEDA to the HPA it makes.

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Client, ResourceExt};
use serde_json::{Map, json};

use crate::api::{BASELINE_ANNOTATION, FIELD_MANAGER};
use crate::decide::{BaselineChange, FloorChange, Step, Value};

use super::call::{Bound, Failure};
use super::{managed_fields, target};

/// Writes the step's value to the field of its floor, and gives up the ownership that comes with it. The note says what did not
/// work of the latter.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &FloorChange,
    bound: Bound,
) -> Result<String, Failure> {
    let api = target::api(client, namespace, &step.target, change.kind.plural())?;
    let field = change.kind.field();
    let mut spec = Map::new();
    match change.value {
        Value::Set(replicas) => _ = spec.insert(field.to_owned(), replicas.into()),
        Value::Absent => _ = spec.insert(field.to_owned(), serde_json::Value::Null),
        Value::Keep => {}
    }
    let metadata = metadata(step, &step.resource_version, &change.baseline);
    let patch = Patch::Merge(json!({"metadata": metadata, "spec": spec}));
    let params = PatchParams::apply(FIELD_MANAGER);
    let written = bound.call(api.patch(&step.target.name, &params, &patch)).await?;
    Ok(managed_fields::note(managed_fields::give_up(&api, written, bound).await))
}

/// The metadata of a conditional patch: identity, version, and what becomes of the baseline annotation.
pub(super) fn metadata(step: &Step, resource_version: &str, baseline: &BaselineChange) -> serde_json::Value {
    let mut metadata = json!({"uid": step.target.uid, "resourceVersion": resource_version});
    let annotation = match baseline {
        BaselineChange::Keep => None,
        BaselineChange::Record(record) => Some(json!(record.to_annotation())),
        BaselineChange::Remove => Some(serde_json::Value::Null),
    };
    if let (Some(value), Some(fields)) = (annotation, metadata.as_object_mut()) {
        fields.insert("annotations".to_owned(), json!({BASELINE_ANNOTATION: value}));
    }
    metadata
}

/// The resource version of an answer.
pub(super) fn version(object: &DynamicObject) -> String {
    object.resource_version().unwrap_or_default()
}
