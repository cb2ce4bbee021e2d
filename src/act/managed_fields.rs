//! Giving up our entry in `metadata.managedFields` after a write.
//!
//! Whoever owns a field through an entry makes the server-side apply of its real owner fail; Helm 4 and `kubectl apply
//! --server-side` then refuse a whole upgrade. A second patch that removes the entry (it does not work within the patch
//! of the value) leaves the value as it is and the field without an owner. The removal concerns nothing but our own
//! entry, so it is repeated on a fresh reading when another writer was faster.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;
use kube::api::{DynamicObject, Patch, PatchParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::api::FIELD_MANAGER;
use crate::api::enforcement_status::ActionTarget;

use super::call::{Bound, Failure};
use super::outcome::WriteResult;
use super::target;

/// How often the removal is tried.
const ATTEMPTS: usize = 4;

/// Gives up what is left of our ownership of an object, after a run that ended between its two patches (see
/// [`crate::sense::workload::Floor::entry_left`]). `plural`: the name of its resource.
///
/// # Errors
/// In words, when it did not work; nothing but the owner's convenience depends on it.
pub async fn give_up_ownership(
    client: &Client,
    write_until: Instant,
    namespace: &str,
    target: &ActionTarget,
    plural: &str,
) -> Result<(), String> {
    let api = target::api(client, namespace, target, plural).map_err(|failure| failure.message)?;
    let bound = Bound::until(write_until);
    let object = bound.call(api.get(&target.name)).await.map_err(|failure| failure.message)?;
    give_up(&api, object, bound).await.map_err(|failure| failure.message)
}

/// Gives up our entries, starting from `object` as it was last read.
pub(super) async fn give_up(api: &Api<DynamicObject>, mut object: DynamicObject, bound: Bound) -> Result<(), Failure> {
    let (name, uid) = (object.name_any(), object.uid());
    let mut last = Failure::new(WriteResult::Conflict, "the entry could not be removed");
    for _ in 0..ATTEMPTS {
        let Some(operations) = removal(object.managed_fields(), uid.as_deref()) else { return Ok(()) };
        let operations = serde_json::from_value(operations)
            .map_err(|error| Failure::new(WriteResult::Refused, error.to_string()))?;
        let patch: Patch<()> = Patch::Json(operations);
        match bound.call(api.patch(&name, &PatchParams::apply(FIELD_MANAGER), &patch)).await {
            Ok(_) => return Ok(()),
            // Doing it twice does no harm, so an attempt of unknown end is made again too.
            Err(failure) if !matches!(failure.result, WriteResult::Refused | WriteResult::NotTried) => last = failure,
            Err(failure) => return Err(failure),
        }
        object = bound.call(api.get(&name)).await?;
        if object.uid() != uid {
            return Ok(());
        }
    }
    Err(last)
}

/// What to tell of a removal that did not work: the write itself is done.
pub(super) fn note(removed: Result<(), Failure>) -> String {
    removed.err().map_or_else(String::new, |failure| {
        format!(
            "done, but our entry in managedFields stays for now, a server-side apply may be refused: {}",
            failure.message
        )
    })
}

/// The JSON patch that removes our entries. `None`: there are none.
fn removal(entries: &[ManagedFieldsEntry], uid: Option<&str>) -> Option<Value> {
    let ours = |entry: &ManagedFieldsEntry| entry.manager.as_deref() == Some(FIELD_MANAGER);
    if !entries.iter().any(ours) {
        return None;
    }
    let mut operations = vec![json!({"op": "test", "path": "/metadata/uid", "value": uid})];
    let indices: Vec<usize> =
        entries.iter().enumerate().filter(|(_, entry)| ours(entry)).map(|(index, _)| index).collect();
    for index in &indices {
        operations.push(
            json!({"op": "test", "path": format!("/metadata/managedFields/{index}/manager"), "value": FIELD_MANAGER}),
        );
    }
    if indices.len() == entries.len() {
        // An empty list is ignored by the API server; one empty entry removes all.
        operations.push(json!({"op": "replace", "path": "/metadata/managedFields", "value": [{}]}));
    } else {
        // From the end, so that the indices before it stay right.
        let removals = indices.iter().rev().map(|index| format!("/metadata/managedFields/{index}"));
        operations.extend(removals.map(|path| json!({"op": "remove", "path": path})));
    }
    Some(Value::Array(operations))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str) -> ManagedFieldsEntry {
        ManagedFieldsEntry { manager: Some(manager.into()), ..ManagedFieldsEntry::default() }
    }

    #[test]
    fn only_our_entries_are_removed_from_the_end() {
        let entries = [entry(FIELD_MANAGER), entry("helm"), entry(FIELD_MANAGER)];
        let test = |index: usize| json!({"op": "test", "path": format!("/metadata/managedFields/{index}/manager"), "value": FIELD_MANAGER});
        let expected = json!([
            {"op": "test", "path": "/metadata/uid", "value": "u"},
            test(0),
            test(2),
            {"op": "remove", "path": "/metadata/managedFields/2"},
            {"op": "remove", "path": "/metadata/managedFields/0"},
        ]);
        assert_eq!(removal(&entries, Some("u")), Some(expected));
        assert_eq!(removal(&[entry("helm")], Some("u")), None);
        assert_eq!(removal(&[], None), None);
    }

    #[test]
    fn the_last_entry_is_removed_by_an_empty_one() {
        let operations = removal(&[entry(FIELD_MANAGER)], Some("u"));
        let last = json!({"op": "replace", "path": "/metadata/managedFields", "value": [{}]});
        assert_eq!(operations.as_ref().and_then(|all| all.as_array()?.last()), Some(&last));
    }
}
