//! The small cluster these tests start from.

use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use crate::model::ApiServer;

/// A server with config map `box` holding n = 0.
pub(super) fn server() -> ApiServer {
    let api = ApiServer::new();
    api.apply(config_map("box", "0")).unwrap();
    api
}

pub(super) fn config_map(name: &str, n: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"n": n}})
}

pub(super) fn deployment(name: &str, replicas: i64) -> Value {
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name},
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": {}},
    })
}

pub(super) fn autoscaler(name: &str, target: &str, min: i64, max: i64) -> Value {
    json!({
        "apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": {"name": name},
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
            "minReplicas": min, "maxReplicas": max,
        },
    })
}

pub(super) fn maps(client: &Client) -> Api<ConfigMap> {
    Api::namespaced(client.clone(), "default")
}

/// Sets n of `box` through a client.
pub(super) async fn write(client: &Client, n: &str) -> kube::Result<ConfigMap> {
    let patch = Patch::Merge(json!({"data": {"n": n}}));
    maps(client).patch("box", &PatchParams::default(), &patch).await
}

/// What `box` holds, read past all faults.
pub(super) fn stored(api: &ApiServer) -> String {
    let map = api.get("configmaps", "default", "box").unwrap();
    map.pointer("/data/n").and_then(Value::as_str).unwrap().to_owned()
}

/// What a config map from a client holds.
pub(super) fn held(map: &ConfigMap) -> &str {
    &map.data.as_ref().unwrap()["n"]
}
