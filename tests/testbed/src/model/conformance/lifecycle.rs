//! Checks of create, update and delete.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams, Preconditions};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::objects::{autoscaler, config_map, deployment};
use super::refused;

pub(super) async fn create(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let map = config_map("create", "1")?;
    let made = maps.create(&PostParams::default(), &map).await?;
    ensure!(made.uid().is_some_and(|uid| !uid.is_empty()));
    ensure!(made.resource_version().is_some_and(|version| version.parse::<u64>().is_ok()));
    ensure!(made.creation_timestamp().is_some());
    ensure!(made.metadata.generation.is_none(), "config maps have no generation");
    let refusal = refused(409, maps.create(&PostParams::default(), &map).await)?;
    ensure!(refusal.is_already_exists(), "{refusal:?}");
    ensure!(refusal.message == "configmaps \"create\" already exists", "{refusal:?}");
    let refusal = refused(404, maps.get("create-absent").await)?;
    ensure!(refusal.is_not_found() && refusal.message == "configmaps \"create-absent\" not found");
    Ok(())
}

pub(super) async fn generate_name(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let mut map = config_map("", "1")?;
    map.metadata.labels = None;
    map.metadata.name = None;
    map.metadata.generate_name = Some("made-".to_owned());
    let first = maps.create(&PostParams::default(), &map).await?.name_any();
    let second = maps.create(&PostParams::default(), &map).await?.name_any();
    ensure!(first.starts_with("made-") && first.len() > 5 && first != second);
    Ok(())
}

pub(super) async fn put(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let params = PostParams::default();
    let first = maps.create(&params, &config_map("put", "1")?).await?;
    let mut next = config_map("put", "2")?;
    next.metadata.resource_version = first.resource_version();
    let second = maps.replace("put", &params, &next).await?;
    ensure!(second.resource_version() != first.resource_version());
    ensure!(second.uid() == first.uid() && second.creation_timestamp() == first.creation_timestamp());
    let refusal = refused(409, maps.replace("put", &params, &next).await)?;
    ensure!(refusal.is_conflict(), "{refusal:?}");
    ensure!(refusal.message.contains("the object has been modified"), "{refusal:?}");
    let third = maps.replace("put", &params, &config_map("put", "3")?).await?;
    ensure!(third.data.unwrap_or_default().get("n").is_some_and(|n| n == "3"));
    let mut other = config_map("put", "4")?;
    other.metadata.uid = Some("00000000-0000-0000-0000-00000000dead".to_owned());
    refused(409, maps.replace("put", &params, &other).await)?;
    refused(404, maps.replace("put-absent", &params, &config_map("put-absent", "1")?).await)?;
    Ok(())
}

pub(super) async fn lease(client: Client, namespace: String) -> Result<()> {
    let leases: Api<Lease> = Api::namespaced(client, &namespace);
    let params = PostParams::default();
    let lease = |holder: &str| -> Result<Lease> {
        let lease = json!({"metadata": {"name": "lease"}, "spec": {"holderIdentity": holder}});
        Ok(serde_json::from_value(lease)?)
    };
    let first = leases.create(&params, &lease("a")?).await?;
    refused(422, leases.replace("lease", &params, &lease("b")?).await)?;
    let mut next = lease("b")?;
    next.metadata.resource_version = first.resource_version();
    leases.replace("lease", &params, &next).await?;
    refused(409, leases.replace("lease", &params, &next).await)?;
    Ok(())
}

pub(super) async fn equal_writes(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let first = maps.create(&PostParams::default(), &config_map("equal", "1")?).await?;
    let again = maps.replace("equal", &PostParams::default(), &first).await?;
    ensure!(again.resource_version() == first.resource_version(), "PUT");
    let patch = Patch::Merge(json!({"data": {"n": "1"}}));
    let patched = maps.patch("equal", &PatchParams::default(), &patch).await?;
    ensure!(patched.resource_version() == first.resource_version(), "PATCH");
    Ok(())
}

pub(super) async fn generation(client: Client, namespace: String) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(client, &namespace);
    let made = deployments.create(&PostParams::default(), &deployment("generation")?).await?;
    ensure!(made.metadata.generation == Some(1), "created: {:?}", made.metadata.generation);
    let rows = [
        (json!({"metadata": {"labels": {"a": "b"}}}), 1),
        (json!({"spec": {"minReadySeconds": 3}}), 2),
        (json!({"spec": {"minReadySeconds": 3}}), 2),
        (json!({"status": {"observedGeneration": 1}}), 2),
    ];
    for (patch, expected) in rows {
        let patched = deployments.patch("generation", &PatchParams::default(), &Patch::Merge(&patch)).await?;
        let found = patched.metadata.generation;
        ensure!(found == Some(expected), "after {patch}: {found:?}");
    }
    Ok(())
}

pub(super) async fn autoscaler_without_generation(client: Client, namespace: String) -> Result<()> {
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(client, &namespace);
    let made = autoscalers.create(&PostParams::default(), &autoscaler("no-generation", 2, 5)?).await?;
    ensure!(made.metadata.generation.is_none(), "{:?}", made.metadata.generation);
    Ok(())
}

pub(super) async fn finalizers(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let mut map = config_map("held", "1")?;
    map.metadata.finalizers = Some(vec!["guarantor.dev/held".to_owned()]);
    maps.create(&PostParams::default(), &map).await?;
    let answer = maps.delete("held", &DeleteParams::default()).await?;
    let marked = answer.left().context("the object itself was due")?;
    ensure!(marked.metadata.deletion_timestamp.is_some());
    let again = maps.delete("held", &DeleteParams::default()).await?.left();
    let again = again.context("the object itself was due again")?;
    ensure!(again.metadata.deletion_timestamp == marked.metadata.deletion_timestamp);
    let patch = |finalizers: &[&str]| Patch::Merge(json!({"metadata": {"finalizers": finalizers}}));
    let more = patch(&["guarantor.dev/held", "guarantor.dev/more"]);
    refused(422, maps.patch("held", &PatchParams::default(), &more).await)?;
    maps.patch("held", &PatchParams::default(), &patch(&[])).await?;
    refused(404, maps.get("held").await)?;
    Ok(())
}

pub(super) async fn deletion_preconditions(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let made = maps.create(&PostParams::default(), &config_map("delete", "1")?).await?;
    let only_if = |uid: Option<String>, version: Option<String>| DeleteParams {
        preconditions: Some(Preconditions { uid, resource_version: version }),
        ..DeleteParams::default()
    };
    let other = only_if(Some("00000000-0000-0000-0000-00000000dead".to_owned()), None);
    refused(409, maps.delete("delete", &other).await)?;
    refused(409, maps.delete("delete", &only_if(None, Some("1".to_owned()))).await)?;
    let right = only_if(made.uid(), made.resource_version());
    let answer = maps.delete("delete", &right).await?;
    ensure!(answer.right().is_some_and(|status| status.is_success()));
    refused(404, maps.delete("delete", &DeleteParams::default()).await)?;
    Ok(())
}

pub(super) async fn dry_run(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let dry = PostParams { dry_run: true, ..PostParams::default() };
    maps.create(&dry, &config_map("dry", "1")?).await?;
    refused(404, maps.get("dry").await)?;
    let made = maps.create(&PostParams::default(), &config_map("dry", "1")?).await?;
    let patch = Patch::Merge(json!({"data": {"n": "2"}}));
    let patched = maps.patch("dry", &PatchParams::default().dry_run(), &patch).await?;
    ensure!(patched.data.unwrap_or_default().get("n").is_some_and(|n| n == "2"));
    maps.delete("dry", &DeleteParams::default().dry_run()).await?;
    ensure!(maps.get("dry").await?.resource_version() == made.resource_version());
    Ok(())
}

pub(super) async fn autoscaler_bounds(client: Client, namespace: String) -> Result<()> {
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(client, &namespace);
    let crossed = autoscaler("bounds", 6, 5)?;
    let refusal = refused(422, autoscalers.create(&PostParams::default(), &crossed).await)?;
    ensure!(refusal.is_invalid(), "{refusal:?}");
    let causes = refusal.details.map(|details| details.causes).unwrap_or_default();
    ensure!(causes.iter().any(|cause| cause.field == "spec.maxReplicas"), "{causes:?}");
    let mut defaulted = autoscaler("bounds", 1, 5)?;
    defaulted.spec.min_replicas = None;
    let made = autoscalers.create(&PostParams::default(), &defaulted).await?;
    ensure!(made.spec.min_replicas == Some(1));
    Ok(())
}
