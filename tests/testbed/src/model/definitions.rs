//! `CustomResourceDefinition` objects at work: storing one serves its kind, deleting one deletes its objects.

use serde_json::{Value, json};

use super::kind::ResourceKind;
use super::object;
use super::ownership::{Operation, Writer};
use super::state::State;
use super::store::Key;
use super::write::{Part, Write};

/// The resource the definitions themselves are stored under.
const DEFINITIONS: &str = "customresourcedefinitions.apiextensions.k8s.io";

/// Follows a committed write to `key`; does nothing for any other resource.
pub(super) fn follow(state: &mut State, key: &Key) {
    if key.resource != DEFINITIONS {
        return;
    }
    // A definition is named after the resource it defines.
    state.registry.withdraw(&key.name);
    let Some(definition) = state.store.get(key) else {
        remove_objects(state, &key.name);
        return;
    };
    for kind in ResourceKind::from_crd(&definition) {
        state.registry.register(kind);
    }
    establish(state, key, &definition);
}

fn remove_objects(state: &mut State, resource: &str) {
    let orphans: Vec<(Key, Value)> = state
        .store
        .objects()
        .iter()
        .filter(|(key, _)| key.resource == resource)
        .map(|(key, object)| (key.clone(), object.as_ref().clone()))
        .collect();
    for (key, object) in orphans {
        state.store.remove(&key, object);
    }
}

fn establish(state: &mut State, key: &Key, definition: &std::sync::Arc<Value>) {
    let Some(kind) = state.registry.by_resource(DEFINITIONS) else {
        return;
    };
    let mut wanted = definition.as_ref().clone();
    let condition = |of: &str| {
        let at = object::text(definition, "/metadata/creationTimestamp");
        json!({"type": of, "status": "True", "reason": "Accepted", "message": "", "lastTransitionTime": at})
    };
    let status = json!({
        "acceptedNames": definition.pointer("/spec/names"),
        "conditions": [condition("NamesAccepted"), condition("Established")],
        "storedVersions": [],
    });
    object::set(&mut wanted, "/status", status);
    let write = Write {
        kind: &kind,
        key: key.clone(),
        writer: Writer {
            manager: "kube-apiserver".to_owned(),
            operation: Operation::Update,
            api_version: kind.api_version(),
            subresource: "status".to_owned(),
        },
        part: Part::Status,
        dry_run: false,
    };
    // The object was accepted a moment ago and only its status changes, so there is nothing to refuse.
    let _ = write.update(&mut state.store, definition, wanted, None);
}
