//! Who owns a field, as the API server keeps it in `metadata.managedFields`.
//!
//! Takes the entries and a JSON pointer of plain field names, gives the manager. It answers the user's question "who put
//! my floor back?"; nothing is decided by it alone, since entries can be missing.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

use crate::api::FIELD_MANAGER;

/// The manager that owns the field at `pointer`; of several the one that wrote last.
pub(super) fn owner(entries: Option<&Vec<ManagedFieldsEntry>>, pointer: &str) -> Option<String> {
    let path: Vec<String> = pointer.split('/').skip(1).map(|name| format!("f:{name}")).collect();
    owner_at(entries, &path.iter().map(String::as_str).collect::<Vec<_>>())
}

/// The same for a path as the entries write it, through lists too.
pub(super) fn owner_at(entries: Option<&Vec<ManagedFieldsEntry>>, path: &[&str]) -> Option<String> {
    entries
        .into_iter()
        .flatten()
        .filter(|entry| owns(entry, path))
        .max_by(|a, b| a.time.as_ref().map(|time| time.0).cmp(&b.time.as_ref().map(|time| time.0)))
        .and_then(|entry| entry.manager.clone())
}

/// Whether Guarantor has an entry of its own.
pub(super) fn entry_left(entries: Option<&Vec<ManagedFieldsEntry>>) -> bool {
    entries.into_iter().flatten().any(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
}

fn owns(entry: &ManagedFieldsEntry, path: &[&str]) -> bool {
    let Some(fields) = &entry.fields_v1 else { return false };
    path.iter().try_fold(&fields.0, |fields, name| fields.get(name)).is_some()
}

#[cfg(test)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldsV1, Time};
    use k8s_openapi::jiff::Timestamp;
    use serde_json::json;

    use super::*;

    fn entry(manager: &str, second: i64, fields: serde_json::Value) -> ManagedFieldsEntry {
        ManagedFieldsEntry {
            manager: Some(manager.into()),
            time: Timestamp::from_second(second).ok().map(Time),
            fields_v1: Some(FieldsV1(fields)),
            ..ManagedFieldsEntry::default()
        }
    }

    #[test]
    fn the_last_writer_of_the_field_owns_it() {
        let entries = vec![
            entry("helm", 20, json!({"f:spec": {"f:minReplicas": {}}})),
            entry("kubectl-edit", 10, json!({"f:spec": {"f:minReplicas": {}}})),
            entry("kube-controller-manager", 30, json!({"f:status": {"f:currentReplicas": {}}})),
        ];
        assert_eq!(owner(Some(&entries), "/spec/minReplicas").as_deref(), Some("helm"));
        assert_eq!(owner(Some(&entries), "/spec/maxReplicas"), None);
        assert_eq!(owner(None, "/spec/minReplicas"), None);
        assert!(!entry_left(Some(&entries)));
        assert!(entry_left(Some(&vec![entry(FIELD_MANAGER, 1, json!({}))])));
    }
}
