//! The replicas of a workload that nothing else scales: its scale subresource.
//!
//! The baseline annotation stands on the workload, so this takes two writes: the annotation goes *before* a raise and
//! *after* the restoration, so that at no moment a changed value stands without it. A custom resource ignores the uid in
//! a patch of its scale; the resource version, which no other object of that name has, is the precondition that counts.

use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use crate::api::{BASELINE_ANNOTATION, FIELD_MANAGER};
use crate::decide::{BaselineChange, FloorChange, Step, Value};

use super::call::{Bound, Failure};
use super::outcome::WriteResult;
use super::{managed_fields, merge, target};

/// How often the removal of the annotation is tried: workload controllers write their status right after a change of
/// the replicas, and each time the resource version moves on.
const ATTEMPTS: usize = 4;

/// Writes the step.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    plural: &str,
    step: &Step,
    change: &FloorChange,
    bound: Bound,
) -> Result<String, Failure> {
    let api = target::api(client, namespace, &step.target, plural)?;
    let mut version = step.resource_version.clone();
    if let BaselineChange::Record(_) = change.baseline {
        version = merge::version(&annotate(&api, step, &version, &change.baseline, bound).await?);
    }
    match change.value {
        Value::Set(replicas) => {
            version = set(&api, step, &version, replicas, bound).await?;
        }
        Value::Absent => {
            return Err(Failure::new(WriteResult::Refused, "the replicas of a workload cannot be made absent"));
        }
        Value::Keep => {}
    }
    if change.baseline == BaselineChange::Remove {
        remove_annotation(&api, step, version, bound).await?;
    }
    let written = match bound.call(api.get(&step.target.name)).await {
        Ok(written) => managed_fields::give_up(&api, written, bound).await,
        Err(failure) => Err(failure),
    };
    Ok(managed_fields::note(written))
}

async fn annotate(
    api: &Api<DynamicObject>,
    step: &Step,
    version: &str,
    baseline: &BaselineChange,
    bound: Bound,
) -> Result<DynamicObject, Failure> {
    let patch = Patch::Merge(json!({"metadata": merge::metadata(step, version, baseline)}));
    bound.call(api.patch(&step.target.name, &PatchParams::apply(FIELD_MANAGER), &patch)).await
}

async fn set(
    api: &Api<DynamicObject>,
    step: &Step,
    version: &str,
    replicas: i32,
    bound: Bound,
) -> Result<String, Failure> {
    let metadata = merge::metadata(step, version, &BaselineChange::Keep);
    let patch = Patch::Merge(json!({"metadata": metadata, "spec": {"replicas": replicas}}));
    let params = PatchParams::apply(FIELD_MANAGER);
    let scale = bound.call(api.patch_scale(&step.target.name, &params, &patch)).await?;
    Ok(scale.metadata.resource_version.unwrap_or_default())
}

/// Unlike a value, the annotation is ours alone, so its removal may follow the object as it moves on; each attempt is
/// conditional on what was just read.
async fn remove_annotation(
    api: &Api<DynamicObject>,
    step: &Step,
    mut version: String,
    bound: Bound,
) -> Result<(), Failure> {
    let mut last = Failure::new(WriteResult::Conflict, "the annotation could not be removed");
    for _ in 0..ATTEMPTS {
        match annotate(api, step, &version, &BaselineChange::Remove, bound).await {
            Err(failure) if failure.result == WriteResult::Conflict => last = failure,
            other => return other.map(|_| ()),
        }
        let object = bound.call(api.get(&step.target.name)).await?;
        if object.uid().as_deref() != Some(&step.target.uid) || !object.annotations().contains_key(BASELINE_ANNOTATION)
        {
            return Ok(());
        }
        version = merge::version(&object);
    }
    Err(last)
}
