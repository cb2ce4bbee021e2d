//! Checks of lists, watches and events.

use std::collections::BTreeMap;
use std::pin::pin;

use anyhow::{Context, Result, ensure};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::core::v1::{ConfigMap, ObjectReference};
use k8s_openapi::api::events::v1::Event as StoredEvent;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams, WatchEvent, WatchParams};
use kube::runtime::events::{Event, EventType, Recorder, Reporter};
use kube::runtime::{WatchStreamExt, watcher};
use kube::{Api, Client, ResourceExt};
use serde_json::json;

use super::bounded;
use super::objects::config_map;

fn labelled(name: &str, colour: &str) -> Result<ConfigMap> {
    let mut map = config_map(name, "1")?;
    map.metadata.labels = Some(BTreeMap::from([("colour".to_owned(), colour.to_owned())]));
    Ok(map)
}

async fn paint(maps: &Api<ConfigMap>, name: &str, colour: &str) -> Result<()> {
    let patch = Patch::Merge(json!({"metadata": {"labels": {"colour": colour}}}));
    maps.patch(name, &PatchParams::default(), &patch).await?;
    Ok(())
}

pub(super) async fn labels(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    for (name, colour) in [("labels-a", "cyan"), ("labels-b", "ochre")] {
        maps.create(&PostParams::default(), &labelled(name, colour)?).await?;
    }
    let rows = [
        ("colour=cyan", "labels-a"),
        ("colour in (cyan, ochre)", "labels-a labels-b"),
        ("colour in (cyan,ochre),colour!=cyan", "labels-b"),
        ("colour in (cyan,ochre),colour notin (cyan)", "labels-b"),
        ("colour=cyan,!absent", "labels-a"),
        ("colour=cyan,absent", ""),
    ];
    for (selector, expected) in rows {
        let list = maps.list(&ListParams::default().labels(selector)).await?;
        let names: Vec<String> = list.iter().map(ResourceExt::name_any).collect();
        ensure!(names.join(" ") == expected, "{selector}: {names:?}");
        ensure!(list.metadata.resource_version.is_some());
    }
    let one = maps.list(&ListParams::default().fields("metadata.name=labels-b")).await?;
    ensure!(one.items.len() == 1);
    Ok(())
}

pub(super) async fn selection(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    let since = maps.list(&ListParams::default()).await?.metadata.resource_version;
    let since = since.context("a list has a resourceVersion")?;
    let params = WatchParams::default().labels("colour=magenta");
    let mut events = pin!(maps.watch(&params, &since).await?);
    maps.create(&PostParams::default(), &labelled("selection", "plain")?).await?;
    paint(&maps, "selection", "magenta").await?;
    let patch = Patch::Merge(json!({"data": {"n": "2"}}));
    maps.patch("selection", &PatchParams::default(), &patch).await?;
    paint(&maps, "selection", "plain").await?;
    paint(&maps, "selection", "magenta").await?;
    maps.delete("selection", &DeleteParams::default()).await?;
    let mut seen = Vec::new();
    while seen.len() < 5 {
        let event = bounded(events.try_next()).await??.context("the watch ended")?;
        seen.push(match event {
            WatchEvent::Added(_) => "added",
            WatchEvent::Modified(_) => "modified",
            WatchEvent::Deleted(_) => "deleted",
            WatchEvent::Bookmark(_) => continue,
            WatchEvent::Error(status) => return Err(status.into()),
        });
    }
    ensure!(seen == ["added", "modified", "deleted", "added", "deleted"], "{seen:?}");
    Ok(())
}

pub(super) async fn reflected(client: Client, namespace: String) -> Result<()> {
    let maps: Api<ConfigMap> = Api::namespaced(client, &namespace);
    maps.create(&PostParams::default(), &labelled("reflected", "teal")?).await?;
    for config in [watcher::Config::default(), watcher::Config::default().streaming_lists()] {
        let stream = watcher(maps.clone(), config.labels("colour=teal")).applied_objects();
        let mut stream = pin!(stream);
        let first = bounded(stream.next()).await?.context("the watcher ended")??;
        ensure!(first.name_any() == "reflected");
        let patch = Patch::Merge(json!({"metadata": {"annotations": {"seen": first.resource_version()}}}));
        maps.patch("reflected", &PatchParams::default(), &patch).await?;
        let second = bounded(stream.next()).await?.context("the watcher ended")??;
        ensure!(second.resource_version() != first.resource_version());
    }
    Ok(())
}

pub(super) async fn events(client: Client, namespace: String) -> Result<()> {
    let map = config_map("events", "1")?;
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), &namespace);
    let map = maps.create(&PostParams::default(), &map).await?;
    let reporter = Reporter { controller: "guarantor".to_owned(), instance: None };
    let recorder = Recorder::new(client.clone(), reporter);
    let about = ObjectReference {
        api_version: Some("v1".to_owned()),
        kind: Some("ConfigMap".to_owned()),
        name: map.metadata.name.clone(),
        namespace: Some(namespace.clone()),
        uid: map.uid(),
        ..ObjectReference::default()
    };
    let event = Event {
        type_: EventType::Warning,
        reason: "FloorRaised".to_owned(),
        note: Some("floor 3 -> 6".to_owned()),
        action: "Scale".to_owned(),
        secondary: None,
    };
    recorder.publish(&event, &about).await?;
    recorder.publish(&event, &about).await?;
    let stored: Api<StoredEvent> = Api::namespaced(client, &namespace);
    let stored = stored.list(&ListParams::default()).await?;
    let mine = |event: &&StoredEvent| event.regarding.as_ref().is_some_and(|about| about.uid == map.uid());
    let mine: Vec<&StoredEvent> = stored.iter().filter(mine).collect();
    ensure!(mine.len() == 1, "{} events", mine.len());
    let series = mine.first().and_then(|event| event.series.as_ref());
    ensure!(series.is_some_and(|series| series.count == 2), "{series:?}");
    Ok(())
}
