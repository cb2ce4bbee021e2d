//! Checks of merge patch and JSON patch.

use anyhow::{Result, ensure};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::objects::config_map;
use super::refused;

async fn made(client: Client, namespace: &str, name: &str) -> Result<(Api<ConfigMap>, ConfigMap)> {
    let maps: Api<ConfigMap> = Api::namespaced(client, namespace);
    let map = maps.create(&PostParams::default(), &config_map(name, "1")?).await?;
    Ok((maps, map))
}

async fn merge(maps: &Api<ConfigMap>, name: &str, patch: Value) -> kube::Result<ConfigMap> {
    maps.patch(name, &PatchParams::default(), &Patch::Merge(patch)).await
}

async fn json(maps: &Api<ConfigMap>, name: &str, patch: Value) -> Result<kube::Result<ConfigMap>> {
    let patch = Patch::Json::<()>(serde_json::from_value(patch)?);
    Ok(maps.patch(name, &PatchParams::default(), &patch).await)
}

pub(super) async fn merge_stale(client: Client, namespace: String) -> Result<()> {
    let (maps, map) = made(client, &namespace, "merge-stale").await?;
    let patch = |n: &str| json!({"metadata": {"resourceVersion": map.resource_version()}, "data": {"n": n}});
    merge(&maps, "merge-stale", patch("2")).await?;
    let refusal = refused(409, merge(&maps, "merge-stale", patch("3")).await)?;
    ensure!(refusal.is_conflict(), "{refusal:?}");
    Ok(())
}

pub(super) async fn merge_uid(client: Client, namespace: String) -> Result<()> {
    let (maps, map) = made(client, &namespace, "merge-uid").await?;
    let patch = |uid: &str| json!({"metadata": {"uid": uid}, "data": {"n": "2"}});
    let other = patch("00000000-0000-0000-0000-00000000dead");
    let refusal = refused(422, merge(&maps, "merge-uid", other).await)?;
    ensure!(refusal.message.contains("field is immutable"), "{refusal:?}");
    merge(&maps, "merge-uid", patch(&map.uid().unwrap_or_default())).await?;
    Ok(())
}

pub(super) async fn merge_null(client: Client, namespace: String) -> Result<()> {
    let (maps, _) = made(client, &namespace, "merge-null").await?;
    let patched = merge(&maps, "merge-null", json!({"data": {"n": null, "m": "1"}})).await?;
    let data = patched.data.unwrap_or_default();
    ensure!(!data.contains_key("n") && data.contains_key("m"), "{data:?}");
    Ok(())
}

pub(super) async fn json_test(client: Client, namespace: String) -> Result<()> {
    let (maps, map) = made(client, &namespace, "json-test").await?;
    let patch = |test: &str| {
        json!([
            {"op": "test", "path": "/data/n", "value": test},
            {"op": "replace", "path": "/data/n", "value": "2"},
        ])
    };
    let refusal = refused(422, json(&maps, "json-test", patch("0")).await?)?;
    ensure!(refusal.reason == "Invalid", "{refusal:?}");
    let absent = json!([{"op": "remove", "path": "/data/absent"}]);
    refused(422, json(&maps, "json-test", absent).await?)?;
    json(&maps, "json-test", patch("1")).await??;
    let stale = json!([
        {"op": "replace", "path": "/metadata/resourceVersion", "value": map.resource_version()},
        {"op": "replace", "path": "/data/n", "value": "3"},
    ]);
    refused(409, json(&maps, "json-test", stale).await?)?;
    Ok(())
}

pub(super) async fn json_test_absent(client: Client, namespace: String) -> Result<()> {
    let (maps, _) = made(client, &namespace, "json-absent").await?;
    let patch = json!([
        {"op": "test", "path": "/immutable", "value": null},
        {"op": "add", "path": "/data/m", "value": "2"},
    ]);
    let patched = json(&maps, "json-absent", patch).await??;
    ensure!(patched.data.unwrap_or_default().contains_key("m"));
    Ok(())
}

pub(super) async fn missing(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    refused(404, merge(&maps, "patch-absent", json!({"data": {}})).await)?;
    Ok(())
}
