//! Deletion: preconditions, finalizers, and what is left to a watch.
//!
//! Takes `DeleteOptions`; gives the object while finalizers hold it, else a success. Owned objects are not collected.

use serde_json::{Value, json};

use super::object;
use super::refusal::{self, Refusal};
use super::store::Store;
use super::write::{Write, has_finalizers};

/// Deletes an object, or marks it while finalizers remain.
///
/// # Errors
/// 404; 409 for a precondition that does not hold.
pub(super) fn remove(write: &Write<'_>, store: &mut Store, options: &Value) -> Result<Value, Refusal> {
    let (kind, name) = (write.kind, &write.key.name);
    let Some(live) = store.get(&write.key) else {
        return Err(refusal::not_found(kind, name));
    };
    let asked = object::text(options, "/preconditions/uid");
    let uid = object::text(&live, "/metadata/uid");
    if !asked.is_empty() && asked != uid {
        return Err(refusal::other_uid(kind, name, asked, uid));
    }
    let asked = object::text(options, "/preconditions/resourceVersion");
    let found = object::text(&live, "/metadata/resourceVersion");
    if !asked.is_empty() && asked != found {
        let why = format!(
            "Precondition failed: ResourceVersion in precondition: {asked}, ResourceVersion in object meta: {found}"
        );
        return Err(refusal::conflict(kind, name, &why));
    }
    if has_finalizers(&live) {
        let mut marked = live.as_ref().clone();
        if object::text(&marked, "/metadata/deletionTimestamp").is_empty() {
            object::set(&mut marked, "/metadata/deletionTimestamp", json!(store.now()));
            object::set(&mut marked, "/metadata/deletionGracePeriodSeconds", json!(0));
            if let Some(generation) = object::number(&marked, "/metadata/generation") {
                object::set(&mut marked, "/metadata/generation", json!(generation + 1));
            }
            if !write.dry_run {
                return Ok(store.put(&write.key, marked).as_ref().clone());
            }
        }
        return Ok(marked);
    }
    if !write.dry_run {
        store.remove(&write.key, live.as_ref().clone());
    }
    Ok(json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {"name": name, "group": kind.group, "kind": kind.plural, "uid": uid},
    }))
}
