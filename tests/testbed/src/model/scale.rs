//! The scale subresource: one object for the replicas of any workload.
//!
//! Takes and gives `autoscaling/v1` Scale objects; writes go through `write` into the object itself.
//! The differences between built-in and custom resources are those seen on Kubernetes 1.36.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::Selector;
use serde_json::{Value, json};

use super::fields::{Element, FieldSet};
use super::kind::{ResourceKind, ScalePaths};
use super::object;
use super::refusal::{self, Refusal};
use super::store::Store;
use super::write::{Applied, Write};

/// An object's Scale.
pub(super) fn render(scale: &ScalePaths, object: &Value) -> Value {
    let mut metadata = json!({});
    for field in ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"] {
        if let Some(value) = object.pointer(&format!("/metadata/{field}")) {
            object::set(&mut metadata, field, value.clone());
        }
    }
    let count = |path: &str| object::number(object, path).unwrap_or_default();
    let mut rendered = json!({
        "apiVersion": "autoscaling/v1",
        "kind": "Scale",
        "metadata": metadata,
        "spec": {"replicas": count(&scale.replicas)},
        "status": {"replicas": count(&scale.status_replicas)},
    });
    let selector = scale.selector.as_ref().and_then(|path| object.pointer(path));
    if let Some(selector) = selector.map(selector_text) {
        object::set(&mut rendered, "/status/selector", json!(selector));
    }
    rendered
}

/// A selector as text, from the three forms workloads keep it in.
fn selector_text(selector: &Value) -> String {
    if let Some(text) = selector.as_str() {
        return text.to_owned();
    }
    let structured = selector.get("matchLabels").is_some() || selector.get("matchExpressions").is_some();
    let labels = if structured {
        serde_json::from_value(selector.clone()).unwrap_or_default()
    } else {
        LabelSelector { match_labels: serde_json::from_value(selector.clone()).ok(), ..LabelSelector::default() }
    };
    Selector::try_from(labels).map(|selector| selector.to_string()).unwrap_or_default()
}

/// Writes a Scale, PUT or patched, into its object.
///
/// # Errors
/// 409 for a stale resourceVersion or another uid; the uid in a PATCH of a custom resource's scale is ignored.
pub(super) fn put(
    write: &Write<'_>,
    store: &mut Store,
    live: &Arc<Value>,
    wanted: &Value,
    is_patch: bool,
) -> Result<Arc<Value>, Refusal> {
    let scale = paths(write.kind)?;
    let (asked, uid) = (object::text(wanted, "/metadata/uid"), object::text(live, "/metadata/uid"));
    let ignored = is_patch && write.kind.custom;
    if !ignored && !asked.is_empty() && asked != uid {
        return Err(refusal::other_uid(write.kind, &write.key.name, asked, uid));
    }
    let mut proposed = live.as_ref().clone();
    object::carry(wanted, &mut proposed, "/metadata/resourceVersion");
    object::set(&mut proposed, &scale.replicas, json!(replicas(wanted)));
    write.update(store, live, proposed, None)
}

/// Applies a Scale.
///
/// # Errors
/// 409 for a conflict; 500 for a change to a custom resource: a real server cannot convert its Scale back, and only then.
pub(super) fn apply(
    write: &Write<'_>,
    store: &mut Store,
    live: &Arc<Value>,
    config: &Value,
    force: bool,
) -> Result<Arc<Value>, Refusal> {
    let scale = paths(write.kind)?;
    let mut proposed = live.as_ref().clone();
    object::carry(config, &mut proposed, "/metadata/resourceVersion");
    object::set(&mut proposed, &scale.replicas, json!(replicas(config)));
    let names = scale.replicas.split('/').filter(|name| !name.is_empty());
    let path = names.map(|name| Element::Field(name.to_owned())).collect();
    let applied = Applied { config: FieldSet::from([path]), force };
    if write.kind.custom && object::number(live, &scale.replicas) != Some(replicas(config)) {
        let trial = Write { dry_run: true, ..write.clone() };
        trial.update(store, live, proposed, Some(applied))?;
        return Err(refusal::internal("failed to convert new object to proper version"));
    }
    write.update(store, live, proposed, Some(applied))
}

/// Where a kind keeps its replicas.
///
/// # Errors
/// 404 if it has no scale subresource.
pub(super) fn paths(kind: &ResourceKind) -> Result<&ScalePaths, Refusal> {
    kind.scale.as_ref().ok_or_else(refusal::no_such_resource)
}

fn replicas(scale: &Value) -> i64 {
    object::number(scale, "/spec/replicas").unwrap_or_default()
}
