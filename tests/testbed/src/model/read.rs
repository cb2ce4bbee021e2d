//! Reads: get, list, the opening of a watch, and how an object is shown.
//!
//! Takes a target; gives documents of the revision the client's link shows. Must never change anything.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use super::dispatch::Reply;
use super::incoming::Incoming;
use super::kind::ResourceKind;
use super::object;
use super::refusal::{self, Refusal};
use super::route::Target;
use super::scale;
use super::selector::Filter;
use super::state::State;
use super::store::{Key, Snapshot};
use super::watch::WatchRequest;

/// Answers a GET.
///
/// # Errors
/// 404 for an object or subresource that is not there, 400 for a parameter that cannot be read.
pub(super) fn answer(state: &mut State, link: &str, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    if target.name.is_some() {
        return get(state, link, target, incoming);
    }
    let filter = Filter::parse(incoming.parameter("labelSelector"), incoming.parameter("fieldSelector"))?;
    if incoming.is_watch() {
        let request = WatchRequest::open(state, link, target, filter, incoming)?;
        return Ok(Reply::Watch(Box::new(request)));
    }
    let cached = incoming.revision()? == Some(0);
    let link = state.link(link);
    let lag = if cached { link.cache_revision() } else { link.get_revision() };
    let revision = lag.unwrap_or_else(|| state.store.revision());
    let snapshot =
        lag.map_or_else(|| Cow::Borrowed(state.store.objects()), |revision| Cow::Owned(state.store.at(revision)));
    let items: Vec<Value> = collection(&snapshot, target)
        .filter(|(_, object)| filter.matches(object))
        .map(|(_, object)| present(&target.kind, object, incoming))
        .collect();
    let (version, kind) = if incoming.wants_metadata_only() {
        ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata".to_owned())
    } else {
        (target.kind.api_version(), target.kind.kind.clone())
    };
    let list = json!({
        "apiVersion": version,
        "kind": format!("{kind}List"),
        "metadata": {"resourceVersion": revision.to_string()},
        "items": items,
    });
    Ok(Reply::Document(200, list))
}

fn get(state: &mut State, link: &str, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    let key = target.key()?;
    let kind = target.kind.as_ref();
    let cached = incoming.revision()? == Some(0);
    let link = state.link(link);
    let lag = if cached { link.cache_revision() } else { link.get_revision() };
    let found = match lag {
        Some(revision) => state.store.at(revision).remove(&key),
        None => state.store.get(&key),
    };
    let object = found.ok_or_else(|| refusal::not_found(kind, &key.name))?;
    match target.subresource.as_str() {
        "" => Ok(Reply::Document(200, present(kind, &object, incoming))),
        "status" if kind.status => Ok(Reply::Document(200, present(kind, &object, incoming))),
        "scale" => Ok(Reply::Document(200, scale::render(scale::paths(kind)?, &object))),
        _ => Err(refusal::no_such_resource()),
    }
}

/// The objects of a collection.
pub(super) fn collection<'a>(
    snapshot: &'a Snapshot,
    target: &'a Target,
) -> impl Iterator<Item = (&'a Key, &'a Arc<Value>)> {
    let resource = target.kind.resource();
    snapshot.iter().filter(move |(key, _)| key.resource == resource && within(target, key))
}

/// Whether a key lies in the target's namespace, if it has one.
pub(super) fn within(target: &Target, key: &Key) -> bool {
    target.namespace.is_none() || target.namespace == key.namespace
}

/// An object as a client gets it: in the version it asked for, metadata only if it asked for that.
pub(super) fn present(kind: &ResourceKind, object: &Value, incoming: &Incoming) -> Value {
    show(kind, object, incoming.wants_metadata_only())
}

/// `present`, for watches.
pub(super) fn show(kind: &ResourceKind, object: &Value, metadata_only: bool) -> Value {
    if metadata_only {
        return json!({
            "apiVersion": "meta.k8s.io/v1",
            "kind": "PartialObjectMetadata",
            "metadata": object.get("metadata"),
        });
    }
    let mut shown = object.clone();
    object::set(&mut shown, "/apiVersion", json!(kind.api_version()));
    shown
}
