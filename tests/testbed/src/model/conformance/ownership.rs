//! Checks of server-side apply and `managedFields`, on the field Guarantor writes: an HPA's minReplicas.

use anyhow::{Context, Result, ensure};
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Patch, PatchParams, PostParams};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::objects::{autoscaler, autoscaler_config, by, managers};
use super::refused;
use crate::model::object;

type Autoscalers = Api<HorizontalPodAutoscaler>;

fn api(client: Client, namespace: &str) -> Autoscalers {
    Api::namespaced(client, namespace)
}

fn floor(object: &HorizontalPodAutoscaler) -> Option<i32> {
    object.spec.min_replicas
}

async fn apply(
    api: &Autoscalers,
    name: &str,
    manager: &str,
    min: Option<i32>,
) -> kube::Result<HorizontalPodAutoscaler> {
    let config = Patch::Apply(autoscaler_config(name, min));
    api.patch(name, &by(manager), &config).await
}

async fn raise(api: &Autoscalers, name: &str, min: i32) -> kube::Result<HorizontalPodAutoscaler> {
    let patch = Patch::Merge(json!({"spec": {"minReplicas": min}}));
    api.patch(name, &by("guarantor"), &patch).await
}

pub(super) async fn conflict(client: Client, namespace: String) -> Result<()> {
    let api = api(client, &namespace);
    apply(&api, "conflict", "helm", Some(3)).await?;
    let refusal = refused(409, apply(&api, "conflict", "other", Some(9)).await)?;
    let expected = "Apply failed with 1 conflict: conflict with \"helm\": .spec.minReplicas";
    ensure!(refusal.message == expected, "{refusal:?}");
    ensure!(refusal.is_conflict(), "{refusal:?}");
    raise(&api, "conflict", 9).await?;
    let refusal = refused(409, apply(&api, "conflict", "helm", Some(3)).await)?;
    let expected = "Apply failed with 1 conflict: conflict with \"guarantor\" using autoscaling/v2: .spec.minReplicas";
    ensure!(refusal.message == expected, "{refusal:?}");
    let causes = refusal.details.map(|details| details.causes).unwrap_or_default();
    let cause = causes.first().context("a cause was due")?;
    ensure!(cause.reason == "FieldManagerConflict" && cause.field == ".spec.minReplicas", "{cause:?}");
    Ok(())
}

pub(super) async fn force(client: Client, namespace: String) -> Result<()> {
    let api = api(client, &namespace);
    apply(&api, "force", "helm", Some(3)).await?;
    raise(&api, "force", 9).await?;
    let config = Patch::Apply(autoscaler_config("force", Some(3)));
    let forced = api.patch("force", &by("helm").force(), &config).await?;
    ensure!(floor(&forced) == Some(3));
    let entry = ("guarantor".to_owned(), "Update".to_owned(), String::new());
    ensure!(!managers(&forced).contains(&entry), "what was taken leaves no entry");
    Ok(())
}

// On a config map: a controller could move an autoscaler's resourceVersion.
pub(super) async fn shared(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let apply = |manager: &'static str| {
        let config = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shared"}, "data": {"n": "1"},
        });
        let maps = maps.clone();
        async move { maps.patch("shared", &by(manager), &Patch::Apply(config)).await }
    };
    apply("helm").await?;
    let both = apply("other").await?;
    ensure!(managers(&both).len() == 2, "{:?}", managers(&both));
    let again = apply("other").await?;
    ensure!(again.resource_version() == both.resource_version(), "an equal apply moves nothing");
    Ok(())
}

pub(super) async fn release(client: Client, namespace: String) -> Result<()> {
    let api = api(client, &namespace);
    apply(&api, "release", "helm", Some(3)).await?;
    let released = apply(&api, "release", "helm", None).await?;
    ensure!(floor(&released) == Some(1), "the default, not the value before: {:?}", floor(&released));
    apply(&api, "released-to", "helm", None).await?;
    raise(&api, "released-to", 9).await?;
    let kept = apply(&api, "released-to", "helm", None).await?;
    ensure!(floor(&kept) == Some(9), "another's field stays: {:?}", floor(&kept));
    Ok(())
}

pub(super) async fn uid(client: Client, namespace: String) -> Result<()> {
    let api = api(client, &namespace);
    let mut config = autoscaler_config("uid", Some(3));
    object::set(&mut config, "/metadata/uid", json!("00000000-0000-0000-0000-00000000dead"));
    let refusal = refused(409, api.patch("uid", &by("helm"), &Patch::Apply(&config)).await)?;
    ensure!(refusal.message.contains("uid mismatch"), "{refusal:?}");
    apply(&api, "uid", "helm", Some(3)).await?;
    let refusal = refused(422, api.patch("uid", &by("helm"), &Patch::Apply(&config)).await)?;
    ensure!(refusal.message.contains("field is immutable"), "{refusal:?}");
    let mut stale = autoscaler_config("uid", Some(4));
    object::set(&mut stale, "/metadata/resourceVersion", json!("1"));
    refused(409, api.patch("uid", &by("helm"), &Patch::Apply(&stale)).await)?;
    Ok(())
}

pub(super) async fn strip(client: Client, namespace: String) -> Result<()> {
    let api = api(client, &namespace);
    apply(&api, "strip", "helm", Some(3)).await?;
    let raised = raise(&api, "strip", 9).await?;
    refused(409, apply(&api, "strip", "helm", Some(3)).await)?;
    let mut entries = raised.managed_fields().iter();
    let mine = |manager: &Option<String>| manager.as_deref() == Some("guarantor");
    let at = entries.position(|entry| mine(&entry.manager)).context("our entry is missing")?;
    let patch = json!([
        {"op": "test", "path": format!("/metadata/managedFields/{at}/manager"), "value": "guarantor"},
        {"op": "remove", "path": format!("/metadata/managedFields/{at}")},
    ]);
    let patch = Patch::Json::<()>(serde_json::from_value(patch)?);
    let stripped = api.patch("strip", &by("guarantor"), &patch).await?;
    ensure!(floor(&stripped) == Some(9), "the value stays");
    let left = managers(&stripped);
    ensure!(!left.iter().any(|(manager, ..)| manager == "guarantor"), "{left:?}");
    let reset = apply(&api, "strip", "helm", Some(3)).await?;
    ensure!(floor(&reset) == Some(3));
    Ok(())
}

pub(super) async fn unnamed(client: Client, namespace: String) -> Result<()> {
    let api = api(client, &namespace);
    api.create(&PostParams::default(), &autoscaler("unnamed", 2, 5)?).await?;
    let patch = Patch::Merge(json!({"spec": {"minReplicas": 3}}));
    let patched = api.patch("unnamed", &PatchParams::default(), &patch).await?;
    let owned = managers(&patched);
    let entry = ("unknown".to_owned(), "Update".to_owned(), String::new());
    ensure!(owned.contains(&entry), "{owned:?}");
    Ok(())
}
