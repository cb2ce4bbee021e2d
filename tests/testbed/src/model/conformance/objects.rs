//! The objects the checks work on: complete enough for a real server, and without effect there.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use kube::runtime::wait::{await_condition, conditions};
use kube::{Api, Client, discovery};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::bounded;
use crate::model::object;

/// The group of the custom resource the checks bring along.
const GROUP: &str = "conformance.guarantor.dev";

/// Parameters of a write by a named manager.
pub(super) fn by(manager: &str) -> PatchParams {
    PatchParams { field_manager: Some(manager.to_owned()), ..PatchParams::default() }
}

/// A config map with one entry, `n`.
pub(super) fn config_map(name: &str, n: &str) -> Result<ConfigMap> {
    let map = json!({
        "metadata": {"name": name, "labels": {"conformance": name}},
        "data": {"n": n},
    });
    Ok(serde_json::from_value(map)?)
}

/// A deployment that never makes a pod: paused from the start, it never gets a `ReplicaSet`.
pub(super) fn deployment(name: &str) -> Result<Deployment> {
    let deployment = json!({
        "metadata": {"name": name},
        "spec": {
            "replicas": 0,
            "paused": true,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}},
                "spec": {"containers": [{"name": "main", "image": "none.invalid/none:1"}]},
            },
        },
    });
    Ok(serde_json::from_value(deployment)?)
}

/// An HPA on a target that does not exist.
pub(super) fn autoscaler(name: &str, min: i32, max: i32) -> Result<HorizontalPodAutoscaler> {
    let mut autoscaler = autoscaler_config(name, Some(min));
    object::set(&mut autoscaler, "/spec/maxReplicas", json!(max));
    Ok(serde_json::from_value(autoscaler)?)
}

/// The same as a configuration to apply, with at most 20 replicas.
pub(super) fn autoscaler_config(name: &str, min: Option<i32>) -> Value {
    let mut spec = json!({
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": format!("{name}-absent")},
        "maxReplicas": 20,
    });
    if let (Some(min), Some(spec)) = (min, spec.as_object_mut()) {
        spec.insert("minReplicas".to_owned(), json!(min));
    }
    json!({
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": name},
        "spec": spec,
    })
}

/// Makes sure the custom resource `widgets` is served, and gives access to it.
pub(super) async fn widgets(client: &Client, namespace: &str) -> Result<Api<DynamicObject>> {
    let name = format!("widgets.{GROUP}");
    let open = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": name},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": "Widget", "plural": "widgets", "singular": "widget"},
            "versions": [{
                "name": "v1",
                "served": true,
                "storage": true,
                "subresources": {
                    "status": {},
                    "scale": {"specReplicasPath": ".spec.replicas", "statusReplicasPath": ".status.replicas"},
                },
                "schema": {"openAPIV3Schema": {"type": "object", "properties": {
                    "spec": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
                        "replicas": {"type": "integer"},
                        "colour": {"type": "string", "default": "grey"},
                    }},
                    "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": true, "properties": {
                        "replicas": {"type": "integer"},
                        "conditions": {
                            "type": "array",
                            "x-kubernetes-list-type": "map",
                            "x-kubernetes-list-map-keys": ["type"],
                            "items": {"type": "object", "required": ["type"], "properties": {
                                "type": {"type": "string"}, "status": {"type": "string"},
                            }},
                        },
                    }},
                    "extra": open,
                }}},
            }],
        },
    });
    let definitions: Api<CustomResourceDefinition> = Api::all(client.clone());
    let params = by("conformance").force();
    definitions.patch(&name, &params, &Patch::Apply(definition)).await?;
    let established = await_condition(definitions, &name, conditions::is_crd_established());
    bounded(established).await?.context("the definition is not established")?;
    let kind = GroupVersionKind::gvk(GROUP, "v1", "Widget");
    // A definition is served and discovered a little after it is established.
    bounded(async {
        while discovery::pinned_kind(client, &kind).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await?;
    let resource = ApiResource::from_gvk(&kind);
    Ok(Api::namespaced_with(client.clone(), namespace, &resource))
}

/// A widget.
pub(super) fn widget(name: &str) -> Result<DynamicObject> {
    let widget = json!({
        "apiVersion": format!("{GROUP}/v1"),
        "kind": "Widget",
        "metadata": {"name": name},
        "spec": {"replicas": 2},
    });
    Ok(serde_json::from_value(widget)?)
}

/// The entries of `managedFields` as (manager, operation, subresource), sorted.
pub(super) fn managers<K: kube::ResourceExt>(object: &K) -> Vec<(String, String, String)> {
    let mut managers: Vec<_> = object
        .managed_fields()
        .iter()
        .map(|entry| {
            let text = |field: &Option<String>| field.clone().unwrap_or_default();
            (text(&entry.manager), text(&entry.operation), text(&entry.subresource))
        })
        .collect();
    managers.sort();
    managers
}
