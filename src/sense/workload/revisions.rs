//! The `ReplicaSet`s of a Deployment: its revisions, each with its number, its template and its age.
//!
//! Takes a Deployment's uid and its selector; gives those that it owns. Read as documents and not as typed objects: a
//! template is put back as it was, with fields that are newer than this program.

use std::time::Duration;

use kube::api::{ApiResource, DynamicObject, ListParams};
use kube::core::GroupVersionKind;
use kube::{Api, Client, ResourceExt};
use serde_json::Value;

use super::call::bounded;
use super::deployment::Revision;
use super::problem::WorkloadProblem;

/// The label that tells the pods of one revision from those of another; the controller adds it to the template.
const HASH: &str = "pod-template-hash";
/// The number of a revision.
const NUMBER: &str = "deployment.kubernetes.io/revision";
/// The numbers it had before.
const EARLIER_NUMBERS: &str = "deployment.kubernetes.io/revision-history";
/// `ReplicaSet`s asked for; with more than these the answer would be partial, which is a failure.
const MOST: u32 = 500;

/// The revisions of the Deployment with that uid, in the order of their numbers.
pub(super) async fn of(
    client: &Client,
    limit: Duration,
    namespace: &str,
    selector: &str,
    uid: &str,
) -> Result<Vec<Revision>, WorkloadProblem> {
    let what = format!("the ReplicaSets `{selector}` in {namespace}");
    let kind = GroupVersionKind::gvk("apps", "v1", "ReplicaSet");
    let resource = ApiResource::from_gvk_with_plural(&kind, "replicasets");
    let api: Api<DynamicObject> = Api::namespaced_with(client.clone(), namespace, &resource);
    let found = bounded(limit, &what, api.list(&ListParams::default().labels(selector).limit(MOST))).await?;
    if found.metadata.continue_.is_some_and(|token| !token.is_empty()) {
        return Err(WorkloadProblem::Failed { what, message: format!("there are more than {MOST} of them") });
    }
    let owned =
        |set: &&DynamicObject| set.owner_references().iter().any(|o| o.controller == Some(true) && o.uid == uid);
    let mut revisions: Vec<Revision> = found.items.iter().filter(owned).filter_map(observe).collect();
    revisions.sort_by_key(|revision| revision.number);
    Ok(revisions)
}

/// One revision; `None` while its controller has not numbered it.
fn observe(set: &DynamicObject) -> Option<Revision> {
    let count = |pointer: &str| set.data.pointer(pointer).and_then(Value::as_i64).unwrap_or(0);
    let mut template = set.data.pointer("/spec/template")?.clone();
    if let Some(labels) = template.pointer_mut("/metadata/labels").and_then(Value::as_object_mut) {
        labels.remove(HASH);
    }
    Some(Revision {
        number: set.annotations().get(NUMBER)?.parse().ok()?,
        hash: set.labels().get(HASH)?.clone(),
        created: set.creation_timestamp().map(|time| time.0),
        again: set.annotations().contains_key(EARLIER_NUMBERS),
        replicas: count("/spec/replicas"),
        ready: count("/status/readyReplicas"),
        template,
    })
}
