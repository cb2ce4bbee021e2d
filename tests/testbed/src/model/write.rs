//! The rules of a write: create, and the common end of every update, patch and apply.
//!
//! Takes a proposed object and who proposes it; gives the object as stored. All writes of the model pass here.

use std::sync::Arc;

use serde_json::{Value, json};

use super::fields::{self, FieldSet, Leaves};
use super::kind::ResourceKind;
use super::object;
use super::ownership::{Managed, Operation, Writer};
use super::refusal::{self, Refusal};
use super::schema;
use super::store::{Key, Store};
use super::validate;

/// Which part of an object a write may change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Part {
    /// All but the status, where status is a subresource.
    Main,
    /// The status alone.
    Status,
    /// The replicas, already placed into the object by the scale subresource.
    Scale,
    /// Everything: a test setting up its world.
    Whole,
}

/// One write: what, by whom, how.
#[derive(Clone, Debug)]
pub(super) struct Write<'a> {
    pub(super) kind: &'a ResourceKind,
    pub(super) key: Key,
    pub(super) writer: Writer,
    pub(super) part: Part,
    pub(super) dry_run: bool,
}

/// What server-side apply adds to a write.
#[derive(Clone, Debug)]
pub(super) struct Applied {
    pub(super) config: FieldSet,
    pub(super) force: bool,
}

/// What server-owned metadata an update cannot change.
const FIXED: [&str; 6] = [
    "/metadata/name",
    "/metadata/namespace",
    "/metadata/creationTimestamp",
    "/metadata/generation",
    "/metadata/deletionTimestamp",
    "/metadata/deletionGracePeriodSeconds",
];

impl Write<'_> {
    /// Stores a new object.
    ///
    /// # Errors
    /// 409 if it exists, 422 if invalid, 500 if it carries a resourceVersion.
    pub(super) fn create(
        &self,
        store: &mut Store,
        mut object: Value,
        applied: Option<Applied>,
    ) -> Result<Arc<Value>, Refusal> {
        if store.get(&self.key).is_some() {
            return Err(refusal::already_exists(self.kind, &self.key.name));
        }
        if !object::text(&object, "/metadata/resourceVersion").is_empty() {
            return Err(refusal::internal("resourceVersion should not be set on objects to be created"));
        }
        if self.kind.status && self.part == Part::Main {
            object::take(&mut object, "/status");
        }
        for system in ["deletionTimestamp", "deletionGracePeriodSeconds", "managedFields"] {
            object::take(&mut object, &format!("/metadata/{system}"));
        }
        let now = store.now();
        self.identify(&mut object);
        object::set(&mut object, "/metadata/creationTimestamp", json!(now));
        object::set(&mut object, "/metadata/uid", json!(store.next_uid()));
        if self.kind.generation {
            object::set(&mut object, "/metadata/generation", json!(1));
        }
        self.settle(&mut object);
        validate::object(self.kind, &self.key.name, &object)?;
        let fields = self.fields(&object);
        let managed = match applied {
            None => Managed::default().updated(&self.writer, &Leaves::new(), &fields, &now),
            Some(applied) => {
                Managed::default().applied(&self.writer, applied.config, &Leaves::new(), &fields, true, &now)?
            }
        };
        set_managed(&mut object, &managed);
        if self.dry_run {
            return Ok(Arc::new(object));
        }
        Ok(store.put(&self.key, object))
    }

    /// Ends an update: checks preconditions, keeps what this write may not change, counts generation and ownership, stores.
    ///
    /// # Errors
    /// 409 for a stale resourceVersion or a conflict of ownership, 422 if invalid.
    pub(super) fn update(
        &self,
        store: &mut Store,
        live: &Arc<Value>,
        proposed: Value,
        applied: Option<Applied>,
    ) -> Result<Arc<Value>, Refusal> {
        self.preconditions(live, &proposed)?;
        let proposed_entries = self.proposed_entries(live, &proposed);
        let mut next = match self.part {
            Part::Status => {
                let mut next = live.as_ref().clone();
                object::carry(&proposed, &mut next, "/status");
                next
            }
            Part::Main if self.kind.status => {
                let mut next = proposed;
                object::carry(live, &mut next, "/status");
                next
            }
            _ => proposed,
        };
        for path in FIXED.iter().chain(&["/metadata/uid", "/metadata/resourceVersion"]) {
            object::carry(live, &mut next, path);
        }
        self.identify(&mut next);
        self.settle(&mut next);
        if self.kind.generation && !self.same_intent(live, &next) {
            let generation = object::number(live, "/metadata/generation").unwrap_or_default();
            object::set(&mut next, "/metadata/generation", json!(generation + 1));
        }
        validate::object(self.kind, &self.key.name, &next)?;
        validate::update(self.kind, &self.key.name, live, &next)?;
        let (before, after, now) = (self.fields(live), self.fields(&next), store.now());
        let managed = match applied {
            None => proposed_entries.updated(&self.writer, &before, &after, &now),
            Some(applied) => {
                proposed_entries.applied(&self.writer, applied.config, &before, &after, applied.force, &now)?
            }
        };
        set_managed(&mut next, &managed);
        Ok(self.store(store, live, next))
    }

    fn store(&self, store: &mut Store, live: &Arc<Value>, next: Value) -> Arc<Value> {
        if next == **live {
            return Arc::clone(live);
        }
        if self.dry_run {
            return Arc::new(next);
        }
        if !object::text(&next, "/metadata/deletionTimestamp").is_empty() && !has_finalizers(&next) {
            return store.remove(&self.key, next);
        }
        store.put(&self.key, next)
    }

    fn preconditions(&self, live: &Value, proposed: &Value) -> Result<(), Refusal> {
        let name = &self.key.name;
        let asked = object::text(proposed, "/metadata/resourceVersion");
        // Zero means "any", as in reads.
        if !matches!(asked, "" | "0") && asked != object::text(live, "/metadata/resourceVersion") {
            return Err(refusal::modified(self.kind, name));
        }
        let (asked, uid) = (object::text(proposed, "/metadata/uid"), object::text(live, "/metadata/uid"));
        if !asked.is_empty() && asked != uid {
            let problem = format!("Invalid value: \"{asked}\": field is immutable");
            return Err(refusal::invalid(self.kind, name, "metadata.uid", "FieldValueInvalid", &problem));
        }
        Ok(())
    }

    // Entries sent along are taken, so that clients can edit them; an empty list means "as they are", `[{}]` means none.
    fn proposed_entries(&self, live: &Value, proposed: &Value) -> Managed {
        let of_live = || Managed::decode(live).unwrap_or_default();
        if self.part != Part::Main || self.writer.operation == Operation::Apply {
            return of_live();
        }
        if proposed.pointer("/metadata/managedFields") == Some(&json!([{}])) {
            return Managed::default();
        }
        match Managed::decode(proposed) {
            Some(entries) if !entries.is_empty() => entries,
            _ => of_live(),
        }
    }

    fn identify(&self, object: &mut Value) {
        object::set(object, "/apiVersion", json!(self.kind.api_version()));
        object::set(object, "/kind", json!(self.kind.kind));
        object::set(object, "/metadata/name", json!(self.key.name));
        if let Some(namespace) = &self.key.namespace {
            object::set(object, "/metadata/namespace", json!(namespace));
        }
    }

    fn settle(&self, object: &mut Value) {
        object::without_nulls(object);
        schema::fill_defaults(object, &self.kind.schema);
        for path in ["/metadata/labels", "/metadata/annotations", "/metadata/finalizers", "/spec/taints"] {
            // Omitted when empty, as Go's omitempty does.
            let empty = object.pointer(path).is_some_and(|value| {
                value.as_object().is_some_and(serde_json::Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
            });
            if empty {
                object::take(object, path);
            }
        }
    }

    // What generation counts: anything but metadata and, where it is a subresource, status.
    fn same_intent(&self, live: &Value, next: &Value) -> bool {
        let intent = |object: &Value| {
            let mut fields = object.as_object().cloned().unwrap_or_default();
            fields.remove("metadata");
            fields.remove("apiVersion");
            if self.kind.status {
                fields.remove("status");
            }
            fields
        };
        intent(live) == intent(next)
    }

    // The fields this write can own: a main write never owns status, a status write nothing else.
    fn fields(&self, object: &Value) -> Leaves {
        let mut leaves = fields::leaves(object, &self.kind.schema);
        let is_status =
            |path: &fields::Path| matches!(path.first(), Some(fields::Element::Field(name)) if name == "status");
        match self.part {
            Part::Status => leaves.retain(|path, _| is_status(path)),
            Part::Main | Part::Scale if self.kind.status => leaves.retain(|path, _| !is_status(path)),
            _ => {}
        }
        leaves
    }
}

/// Whether anything holds a deleted object back.
pub(super) fn has_finalizers(object: &Value) -> bool {
    let finalizers = object.pointer("/metadata/finalizers");
    finalizers.and_then(Value::as_array).is_some_and(|finalizers| !finalizers.is_empty())
}

fn set_managed(object: &mut Value, managed: &Managed) {
    match managed.encode() {
        Some(entries) => object::set(object, "/metadata/managedFields", entries),
        None => {
            object::take(object, "/metadata/managedFields");
        }
    }
}
