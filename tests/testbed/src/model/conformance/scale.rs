//! Checks of the scale subresource.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::autoscaling::v1::Scale;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};

use super::objects::{by, deployment, managers, widget, widgets};
use super::refused;
use crate::model::object;

const OTHER_UID: &str = "00000000-0000-0000-0000-00000000dead";

async fn made(client: Client, namespace: &str, name: &str) -> Result<Api<Deployment>> {
    let deployments: Api<Deployment> = Api::namespaced(client, namespace);
    deployments.create(&PostParams::default(), &deployment(name)?).await?;
    Ok(deployments)
}

async fn patch(api: &Api<Deployment>, name: &str, patch: Value) -> kube::Result<Scale> {
    api.patch_scale(name, &by("guarantor"), &Patch::Merge(patch)).await
}

fn wanted(scale: &Scale) -> i32 {
    let spec = scale.spec.as_ref();
    spec.and_then(|spec| spec.replicas).unwrap_or_default()
}

pub(super) async fn preconditions(client: Client, namespace: String) -> Result<()> {
    let api = made(client, &namespace, "scale").await?;
    let read = api.get_scale("scale").await?;
    ensure!(wanted(&read) == 0 && read.metadata.resource_version.is_some() && read.metadata.uid.is_some());
    let selector = read.status.as_ref().and_then(|status| status.selector.clone());
    ensure!(selector.as_deref() == Some("app=scale"), "{selector:?}");
    let labelled = json!({"metadata": {"labels": {"moved": "on"}}});
    api.patch("scale", &PatchParams::default(), &Patch::Merge(labelled)).await?;
    let stale = json!({"metadata": {"resourceVersion": read.metadata.resource_version}, "spec": {"replicas": 1}});
    refused(409, patch(&api, "scale", stale).await)?;
    refused(409, api.replace_scale("scale", &PostParams::default(), &read).await)?;
    let mut unversioned = read.clone();
    unversioned.metadata.resource_version = None;
    api.replace_scale("scale", &PostParams::default(), &unversioned).await?;
    let dry = by("guarantor").dry_run();
    let tried = Patch::Merge(json!({"spec": {"replicas": 3}}));
    let tried = api.patch_scale("scale", &dry, &tried).await?;
    ensure!(wanted(&tried) == 3 && wanted(&api.get_scale("scale").await?) == 0);
    refused(404, api.get_scale("scale-absent").await)?;
    refused(422, patch(&api, "scale", json!({"spec": {"replicas": -1}})).await)?;
    Ok(())
}

pub(super) async fn uid(client: Client, namespace: String) -> Result<()> {
    let api = made(client, &namespace, "scale-uid").await?;
    let other = json!({"metadata": {"uid": OTHER_UID}, "spec": {"replicas": 1}});
    refused(409, patch(&api, "scale-uid", other).await)?;
    let mut read = api.get_scale("scale-uid").await?;
    read.metadata.uid = Some(OTHER_UID.to_owned());
    read.metadata.resource_version = None;
    refused(409, api.replace_scale("scale-uid", &PostParams::default(), &read).await)?;
    Ok(())
}

pub(super) async fn owned(client: Client, namespace: String) -> Result<()> {
    let deployments: Api<Deployment> = Api::namespaced(client, &namespace);
    let config = |replicas: i32| -> Result<Value> {
        let mut config = serde_json::to_value(deployment("scale-owned")?)?;
        object::set(&mut config, "/apiVersion", json!("apps/v1"));
        object::set(&mut config, "/kind", json!("Deployment"));
        object::set(&mut config, "/spec/replicas", json!(replicas));
        Ok(config)
    };
    let helm = |config: Value| {
        let deployments = deployments.clone();
        async move { deployments.patch("scale-owned", &by("helm"), &Patch::Apply(config)).await }
    };
    helm(config(0)?).await?;
    patch(&deployments, "scale-owned", json!({"spec": {"replicas": 1}})).await?;
    let read = deployments.get("scale-owned").await?;
    ensure!(read.spec.replicas == Some(1));
    let entry = ("guarantor".to_owned(), "Update".to_owned(), "scale".to_owned());
    ensure!(managers(&read).contains(&entry), "{:?}", managers(&read));
    let refusal = refused(409, helm(config(0)?).await)?;
    let expected = "conflict with \"guarantor\" with subresource \"scale\" using apps/v1: .spec.replicas";
    ensure!(refusal.message.ends_with(expected), "{refusal:?}");
    Ok(())
}

pub(super) async fn custom(client: Client, namespace: String) -> Result<()> {
    let widgets = widgets(&client, &namespace).await?;
    widgets.create(&PostParams::default(), &widget("scale-custom")?).await?;
    let read = widgets.get_scale("scale-custom").await?;
    ensure!(wanted(&read) == 2);
    ensure!(read.status.as_ref().is_some_and(|status| status.replicas == 0), "no status yet: 0");
    let other = Patch::Merge(json!({"metadata": {"uid": OTHER_UID}, "spec": {"replicas": 3}}));
    let ignored = widgets.patch_scale("scale-custom", &by("guarantor"), &other).await?;
    ensure!(wanted(&ignored) == 3, "the uid is ignored");
    let stale = json!({"metadata": {"resourceVersion": read.metadata.resource_version}, "spec": {"replicas": 4}});
    refused(409, widgets.patch_scale("scale-custom", &by("guarantor"), &Patch::Merge(stale)).await)?;
    let apply = |params: PatchParams, replicas: i32| {
        let config = json!({
            "apiVersion": "autoscaling/v1", "kind": "Scale",
            "metadata": {"name": "scale-custom", "namespace": namespace}, "spec": {"replicas": replicas},
        });
        let widgets = widgets.clone();
        async move { widgets.patch_scale("scale-custom", &params, &Patch::Apply(config)).await }
    };
    let refusal = refused(409, apply(by("other"), 5).await)?;
    let expected = "conflict with \"guarantor\" with subresource \"scale\" using autoscaling/v1: .spec.replicas";
    ensure!(refusal.message.ends_with(expected), "{refusal:?}");
    refused(500, apply(by("other").force(), 5).await)?;
    apply(by("other"), 3).await.context("an apply that changes nothing")?;
    let object = widgets.get("scale-custom").await?;
    let generation = object.metadata.generation.context("a generation was due")?;
    ensure!(generation == 2, "one change of spec: {generation}");
    Ok(())
}
