//! Serving a request: finds what it is about and hands it to the rule that answers it.
//!
//! Takes an `Incoming`, gives a `Reply`. Must not know of faults: those happen around it.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};

use super::definitions;
use super::discovery;
use super::eviction;
use super::incoming::Incoming;
use super::kind::ResourceKind;
use super::object;
use super::ownership::{Managed, Operation, Writer};
use super::patch::{self, PatchType};
use super::read;
use super::refusal::{self, Refusal};
use super::remove;
use super::resize;
use super::route::{self, Place, Target};
use super::scale;
use super::state::State;
use super::watch::WatchRequest;
use super::write::{Applied, Part, Write};

/// What a request is answered.
#[derive(Debug)]
pub(super) enum Reply {
    /// A document.
    Document(u16, Value),
    /// A watch to be streamed.
    Watch(Box<WatchRequest>),
}

/// Serves one request.
///
/// # Errors
/// The refusal to answer with.
pub(super) fn serve(state: &mut State, link: &str, incoming: &Incoming) -> Result<Reply, Refusal> {
    match route::place(&incoming.path, &state.registry)? {
        Place::Discovery(segments) => Ok(Reply::Document(200, discovery::document(&segments, &state.registry)?)),
        Place::Resource(target) if incoming.method != Method::GET && is_denied(state, link, &target) => {
            let name = target.name.as_deref().unwrap_or_default();
            let why = format!("User \"{link}\" cannot write resource \"{}\"", target.kind.resource());
            Err(refusal::forbidden(target.kind.as_ref(), name, &why))
        }
        Place::Resource(target) => match incoming.method {
            Method::GET => read::answer(state, link, &target, incoming),
            Method::POST => post(state, &target, incoming),
            Method::PUT => put(state, &target, incoming),
            Method::PATCH => patch(state, &target, incoming),
            Method::DELETE => delete(state, &target, incoming),
            _ => Err(refusal::method_not_allowed()),
        },
    }
}

fn is_denied(state: &State, link: &str, target: &Target) -> bool {
    let denied = state.links.get(link).and_then(|link| link.denied.as_ref());
    denied == Some(&target.kind.resource())
}

fn writing<'a>(
    target: &'a Target,
    name: &str,
    incoming: &Incoming,
    operation: Operation,
) -> Result<Write<'a>, Refusal> {
    let kind = target.kind.as_ref();
    let part = match target.subresource.as_str() {
        "" => Part::Main,
        "status" if kind.status => Part::Status,
        "scale" if kind.scale.is_some() => Part::Scale,
        "resize" | "ephemeralcontainers" | "binding" | "finalize" | "approval" => {
            return Err(refusal::not_modelled(&format!("subresource {}", target.subresource)));
        }
        _ => return Err(refusal::no_such_resource()),
    };
    Ok(Write {
        kind,
        key: target.key_of(name),
        writer: Writer {
            manager: incoming.manager(),
            operation,
            api_version: kind.api_version(),
            subresource: target.subresource.clone(),
        },
        part,
        dry_run: incoming.is_dry_run(),
    })
}

fn post(state: &mut State, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    if target.subresource == "eviction" && target.kind.resource() == "pods" {
        return eviction::evict(state, target, incoming);
    }
    if target.name.is_some() || target.kind.namespaced && target.namespace.is_none() {
        return Err(refusal::method_not_allowed());
    }
    let mut body = incoming.object()?;
    if object::text(&body, "/metadata/name").is_empty() {
        let prefix = object::text(&body, "/metadata/generateName").to_owned();
        if prefix.is_empty() {
            let problem = "Required value: name or generateName is required";
            let kind = &target.kind;
            return Err(refusal::invalid(kind, "", "metadata.name", "FieldValueRequired", problem));
        }
        let number = state.store.revision();
        object::set(&mut body, "/metadata/name", json!(format!("{prefix}{number:05x}")));
    }
    let name = object::text(&body, "/metadata/name").to_owned();
    check_identity(target, &name, &body)?;
    let write = writing(target, &name, incoming, Operation::Update)?;
    let created = write.create(&mut state.store, body, None)?;
    definitions::follow(state, &write.key);
    Ok(Reply::Document(201, read::present(target.kind.as_ref(), &created, incoming)))
}

fn put(state: &mut State, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    let key = target.key()?;
    let body = incoming.object()?;
    let kind = target.kind.as_ref();
    let write = writing(target, &key.name, incoming, Operation::Update)?;
    let Some(live) = state.store.get(&key) else {
        return Err(refusal::not_found(kind, &key.name));
    };
    check_identity(target, &key.name, &body)?;
    if write.part == Part::Scale {
        let stored = scale::put(&write, &mut state.store, &live, &body, false)?;
        return scale_reply(kind, &stored);
    }
    let (asked, uid) = (object::text(&body, "/metadata/uid"), object::text(&live, "/metadata/uid"));
    if !asked.is_empty() && asked != uid {
        return Err(refusal::other_uid(kind, &key.name, asked, uid));
    }
    if !kind.unconditional_update && object::text(&body, "/metadata/resourceVersion").is_empty() {
        let problem = "Invalid value: 0: must be specified for an update";
        let field = "metadata.resourceVersion";
        return Err(refusal::invalid(kind, &key.name, field, "FieldValueInvalid", problem));
    }
    let stored = write.update(&mut state.store, &live, body, None)?;
    definitions::follow(state, &key);
    Ok(Reply::Document(200, read::present(kind, &stored, incoming)))
}

fn patch(state: &mut State, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    let key = target.key()?;
    let kind = target.kind.as_ref();
    let how = PatchType::of(&incoming.content_type)?;
    let body = incoming.object()?;
    if target.subresource == "resize" && kind.resource() == "pods" {
        return resize::patch(state, target, incoming, how, &body);
    }
    if how == PatchType::Apply {
        return apply(state, target, incoming, &body);
    }
    if incoming.flag("force") {
        return Err(refusal::bad_options(
            "PatchOptions.meta.k8s.io \"\" is invalid: force: Forbidden: may not be specified for non-apply patch",
        ));
    }
    let write = writing(target, &key.name, incoming, Operation::Update)?;
    let Some(live) = state.store.get(&key) else {
        return Err(refusal::not_found(kind, &key.name));
    };
    let document =
        if write.part == Part::Scale { scale::render(scale::paths(kind)?, &live) } else { live.as_ref().clone() };
    let patched = match how {
        PatchType::Json => patch::patched(&document, &body)?,
        _ => patch::merged(&document, &body),
    };
    check_identity(target, &key.name, &patched)?;
    if write.part == Part::Scale {
        let stored = scale::put(&write, &mut state.store, &live, &patched, true)?;
        return scale_reply(kind, &stored);
    }
    let stored = write.update(&mut state.store, &live, patched, None)?;
    definitions::follow(state, &key);
    Ok(Reply::Document(200, read::present(kind, &stored, incoming)))
}

fn apply(state: &mut State, target: &Target, incoming: &Incoming, config: &Value) -> Result<Reply, Refusal> {
    let key = target.key()?;
    let kind = target.kind.as_ref();
    check_apply(target, incoming, config)?;
    let write = writing(target, &key.name, incoming, Operation::Apply)?;
    let force = incoming.flag("force");
    let Some(live) = state.store.get(&key) else {
        return apply_new(state, &write, incoming, config);
    };
    if write.part == Part::Scale {
        let stored = scale::apply(&write, &mut state.store, &live, config, force)?;
        return scale_reply(kind, &stored);
    }
    let config = owned_part(&write, config);
    let managed = Managed::decode(&live).unwrap_or_default();
    let (next, fields) = super::apply::merged(kind, &live, &config, &managed, &write.writer);
    let applied = Applied { config: fields, force };
    let stored = write.update(&mut state.store, &live, next, Some(applied))?;
    definitions::follow(state, &key);
    Ok(Reply::Document(200, read::present(kind, &stored, incoming)))
}

fn apply_new(state: &mut State, write: &Write<'_>, incoming: &Incoming, config: &Value) -> Result<Reply, Refusal> {
    let (kind, name) = (write.kind, &write.key.name);
    if write.part != Part::Main {
        return Err(refusal::not_found(kind, name));
    }
    let uid = object::text(config, "/metadata/uid");
    if !uid.is_empty() {
        let why = format!("uid mismatch: the provided object specified uid {uid}, and no existing object was found");
        return Err(refusal::conflict(kind, name, &why));
    }
    let config = owned_part(write, config);
    let nothing = Managed::default();
    let (object, fields) = super::apply::merged(kind, &json!({}), &config, &nothing, &write.writer);
    let applied = Applied { config: fields, force: false };
    let stored = write.create(&mut state.store, object, Some(applied))?;
    definitions::follow(state, &write.key);
    Ok(Reply::Document(201, read::present(kind, &stored, incoming)))
}

// What of a configuration this write may set: a status apply nothing but status, a main apply all but it.
fn owned_part(write: &Write<'_>, config: &Value) -> Value {
    let mut config = config.clone();
    object::without_nulls(&mut config);
    if write.part == Part::Status {
        let mut status = json!({});
        for path in ["/status", "/metadata/uid", "/metadata/resourceVersion"] {
            object::carry(&config, &mut status, path);
        }
        status
    } else {
        if write.kind.status {
            object::take(&mut config, "/status");
        }
        config
    }
}

fn check_apply(target: &Target, incoming: &Incoming, config: &Value) -> Result<(), Refusal> {
    if incoming.parameter("fieldManager").is_empty() {
        return Err(refusal::bad_options(
            "PatchOptions.meta.k8s.io \"\" is invalid: fieldManager: Required value: is required for apply patch",
        ));
    }
    if object::text(config, "/apiVersion").is_empty() || object::text(config, "/kind").is_empty() {
        return Err(refusal::bad_request("apply configurations need apiVersion and kind"));
    }
    if config.pointer("/metadata/managedFields").is_some_and(|entries| !entries.is_null()) {
        return Err(refusal::bad_request("metadata.managedFields must be nil"));
    }
    check_identity(target, &target.key()?.name, config)
}

// The body may leave identity out, but not contradict the path.
fn check_identity(target: &Target, name: &str, body: &Value) -> Result<(), Refusal> {
    let kind = target.kind.as_ref();
    let stated = object::text(body, "/metadata/name");
    if !stated.is_empty() && stated != name {
        return Err(refusal::bad_request(&format!(
            "the name of the object ({stated}) does not match the name on the URL ({name})"
        )));
    }
    let stated = object::text(body, "/metadata/namespace");
    if !stated.is_empty() && stated != target.namespace.as_deref().unwrap_or_default() {
        return Err(refusal::bad_request(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    let (version, of) = (object::text(body, "/apiVersion"), object::text(body, "/kind"));
    let (own_version, own_kind) = if target.subresource == "scale" {
        ("autoscaling/v1".to_owned(), "Scale")
    } else {
        (kind.api_version(), kind.kind.as_str())
    };
    if !version.is_empty() && version != own_version || !of.is_empty() && of != own_kind {
        return Err(refusal::bad_request(&format!(
            "{version} {of} in the body does not match the expected {own_version} {own_kind}"
        )));
    }
    Ok(())
}

fn delete(state: &mut State, target: &Target, incoming: &Incoming) -> Result<Reply, Refusal> {
    let key = target.key()?;
    if !target.subresource.is_empty() {
        return Err(refusal::method_not_allowed());
    }
    let write = writing(target, &key.name, incoming, Operation::Update)?;
    let options = incoming.body().unwrap_or_default();
    let answer = remove::remove(&write, &mut state.store, &options)?;
    definitions::follow(state, &key);
    Ok(Reply::Document(200, answer))
}

fn scale_reply(kind: &ResourceKind, stored: &Arc<Value>) -> Result<Reply, Refusal> {
    Ok(Reply::Document(200, scale::render(scale::paths(kind)?, stored)))
}
