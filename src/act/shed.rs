//! The switch through which load is shed: one key of a `ConfigMap` and the annotation beside it, in one conditional merge
//! patch. No other key is touched.

use kube::Client;
use kube::api::{Patch, PatchParams};
use serde_json::{Map, Value, json};

use crate::api::{FIELD_MANAGER, SHED_ANNOTATION};
use crate::decide::{ShedChange, ShedWrite, Step};
use crate::sense::workload::switch::PLURAL;

use super::call::{Bound, Failure};
use super::{managed_fields, target};

/// Writes the step, and gives up the ownership that comes with it.
pub(super) async fn write(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &ShedChange,
    bound: Bound,
) -> Result<String, Failure> {
    let api = target::api(client, namespace, &step.target, PLURAL)?;
    let patch = Patch::Merge(patch(step, change));
    let written = bound.call(api.patch(&step.target.name, &PatchParams::apply(FIELD_MANAGER), &patch)).await?;
    Ok(managed_fields::note(managed_fields::give_up(&api, written, bound).await))
}

fn patch(step: &Step, change: &ShedChange) -> Value {
    let (value, annotation) = match &change.write {
        ShedWrite::Turn(record) => (Some(json!(record.value)), json!(record.to_annotation())),
        ShedWrite::Back(before) => (Some(json!(before)), Value::Null),
        ShedWrite::Leave => (None, Value::Null),
    };
    let metadata = json!({
        "uid": step.target.uid,
        "resourceVersion": step.resource_version,
        "annotations": {SHED_ANNOTATION: annotation},
    });
    let data: Map<String, Value> = value.map(|value| (change.key.clone(), value)).into_iter().collect();
    if data.is_empty() { json!({"metadata": metadata}) } else { json!({"metadata": metadata, "data": data}) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
    use k8s_openapi::jiff::Timestamp;

    use super::*;
    use crate::api::enforcement_status::{ActionTarget, Verb};
    use crate::decide::Change;
    use crate::decide::danger::evidence::Snapshot;
    use crate::sense::workload::ShedRecord;

    fn patched(write: ShedWrite) -> Value {
        let change = ShedChange { key: "shed".into(), from: Some("off".into()), write };
        let target =
            ActionTarget { api_version: "v1".into(), kind: "ConfigMap".into(), name: "limits".into(), uid: "u".into() };
        let step = Step {
            id: "id".into(),
            verb: Verb::Shed,
            target,
            resource_version: "7".into(),
            change: Change::Shed(change.clone()),
            reason: String::new(),
            hypothesis: String::new(),
            deadline: Timestamp::UNIX_EPOCH,
            before: Snapshot::default(),
        };
        patch(&step, &change)
    }

    #[test]
    fn each_write_is_conditional_and_touches_one_key_at_most() {
        let record = ShedRecord {
            agreement: "checkout".into(),
            action: "id".into(),
            at: Time(Timestamp::UNIX_EPOCH),
            key: "shed".into(),
            before: Some("off".into()),
            value: "on".into(),
        };
        let text = record.to_annotation();
        let metadata =
            |mark: Value| json!({"uid": "u", "resourceVersion": "7", "annotations": {SHED_ANNOTATION: mark}});
        let turn = json!({"metadata": metadata(json!(text)), "data": {"shed": "on"}});
        assert_eq!(patched(ShedWrite::Turn(record)), turn);
        let back = |before: Value| json!({"metadata": metadata(Value::Null), "data": {"shed": before}});
        assert_eq!(patched(ShedWrite::Back(Some("off".into()))), back(json!("off")));
        assert_eq!(patched(ShedWrite::Back(None)), back(Value::Null), "a key that was absent is removed");
        assert_eq!(patched(ShedWrite::Leave), json!({"metadata": metadata(Value::Null)}), "what is another's stays");
    }
}
