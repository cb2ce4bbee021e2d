//! Checks of the status subresource, on a custom resource: there no controller interferes.

use anyhow::{Result, ensure};
use kube::Client;
use kube::api::{Patch, PatchParams, PostParams};
use serde_json::json;

use super::objects::{by, managers, widget, widgets};
use super::refused;
use crate::model::object;

pub(super) async fn split(client: Client, namespace: String) -> Result<()> {
    let widgets = widgets(&client, &namespace).await?;
    let mut widget = widget("split")?;
    object::set(&mut widget.data, "/status", json!({"replicas": 7}));
    let made = widgets.create(&PostParams::default(), &widget).await?;
    ensure!(made.data.get("status").is_none(), "create ignores status");
    ensure!(made.data.pointer("/spec/colour") == Some(&json!("grey")), "defaults are filled");
    let both = json!({"spec": {"replicas": 3}, "status": {"replicas": 3}});
    let main = widgets.patch("split", &PatchParams::default(), &Patch::Merge(&both)).await?;
    ensure!(main.data.pointer("/spec/replicas") == Some(&json!(3)) && main.data.get("status").is_none());
    ensure!(main.metadata.generation == Some(2));
    let both = json!({"spec": {"replicas": 4}, "status": {"replicas": 4}});
    let status = widgets.patch_status("split", &PatchParams::default(), &Patch::Merge(&both)).await?;
    ensure!(status.data.pointer("/spec/replicas") == Some(&json!(3)));
    ensure!(status.data.pointer("/status/replicas") == Some(&json!(4)));
    ensure!(status.metadata.generation == Some(2), "status never counts");
    ensure!(status.metadata.resource_version != main.metadata.resource_version);
    let again = widgets.patch_status("split", &PatchParams::default(), &Patch::Merge(&both)).await?;
    ensure!(again.metadata.resource_version == status.metadata.resource_version, "equal status write");
    let mut unversioned = status.clone();
    unversioned.metadata.resource_version = None;
    refused(422, widgets.replace("split", &PostParams::default(), &unversioned).await)?;
    Ok(())
}

pub(super) async fn conditions(client: Client, namespace: String) -> Result<()> {
    let widgets = widgets(&client, &namespace).await?;
    let made = widgets.create(&PostParams::default(), &widget("conditions")?).await?;
    let config = |conditions: serde_json::Value| {
        Patch::Apply(json!({
            "apiVersion": made.types.as_ref().map(|types| &types.api_version),
            "kind": "Widget",
            "status": {"conditions": conditions},
        }))
    };
    let ready = json!([{"type": "Ready", "status": "True"}]);
    let other = json!([{"type": "Other", "status": "True"}]);
    widgets.patch_status("conditions", &by("one"), &config(ready.clone())).await?;
    let both = widgets.patch_status("conditions", &by("two"), &config(other)).await?;
    let list = both.data.pointer("/status/conditions").and_then(|list| list.as_array());
    ensure!(list.is_some_and(|list| list.len() == 2), "{:?}", both.data);
    let clash = json!([{"type": "Ready", "status": "False"}]);
    let refusal = refused(409, widgets.patch_status("conditions", &by("two"), &config(clash)).await)?;
    let field = ".status.conditions[type=\"Ready\"].status";
    ensure!(refusal.message.contains(field), "{refusal:?}");
    let owned = managers(&both);
    let entry = |manager: &str| (manager.to_owned(), "Apply".to_owned(), "status".to_owned());
    ensure!(owned.contains(&entry("one")) && owned.contains(&entry("two")), "{owned:?}");
    let gone = widgets.patch_status("conditions", &by("two"), &config(ready)).await?;
    let list = gone.data.pointer("/status/conditions").and_then(|list| list.as_array());
    ensure!(list.is_some_and(|list| list.len() == 1), "what two left out is gone: {:?}", gone.data);
    Ok(())
}
