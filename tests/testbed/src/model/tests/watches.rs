//! Watches under faults: what is dropped, expired, closed, broken or delayed.

use std::pin::Pin;
use std::time::Duration;

use futures::{Stream, StreamExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{WatchEvent, WatchParams};
use kube::core::PartialObjectMeta;
use kube::runtime::watcher;
use kube::{Api, Client, ResourceExt};
use tokio::time::{sleep, timeout};

use super::setup::{held, maps, server, write};
use crate::model::{ApiServer, FaultPlan, StaleReads};

type Events = Pin<Box<dyn Stream<Item = kube::Result<WatchEvent<ConfigMap>>> + Send>>;

async fn watch(client: &Client, since: u64) -> Events {
    let params = WatchParams::default();
    maps(client).watch(&params, &since.to_string()).await.unwrap().boxed()
}

/// The next event but bookmarks, in short; `silence` if none comes within twenty virtual seconds.
async fn next(events: &mut Events) -> String {
    loop {
        let event = timeout(Duration::from_secs(20), events.next()).await;
        return match event {
            Err(_) => "silence".to_owned(),
            Ok(None) => "end".to_owned(),
            Ok(Some(Err(kube::Error::Api(status)))) => format!("refused {}", status.code),
            Ok(Some(Err(_))) => "broken".to_owned(),
            Ok(Some(Ok(WatchEvent::Added(map)))) => format!("added {}", held(&map)),
            Ok(Some(Ok(WatchEvent::Modified(map)))) => format!("modified {}", held(&map)),
            Ok(Some(Ok(WatchEvent::Deleted(map)))) => format!("deleted {}", held(&map)),
            Ok(Some(Ok(WatchEvent::Error(status)))) => format!("error {}", status.code),
            Ok(Some(Ok(WatchEvent::Bookmark(_)))) => continue,
        };
    }
}

async fn bump(api: &ApiServer, n: &str) {
    write(&api.link("user").client(), n).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn from_zero_starts_with_what_is_there_and_ends_at_its_timeout() {
    let api = server();
    let mut events = watch(&api.client(), 0).await;
    assert_eq!(next(&mut events).await, "added 0");
    bump(&api, "1").await;
    assert_eq!(next(&mut events).await, "modified 1");
    api.delete("configmaps", "default", "box").unwrap();
    assert_eq!(next(&mut events).await, "deleted 1");
    assert_eq!(next(&mut events).await, "silence");
    sleep(Duration::from_secs(240)).await;
    assert_eq!(next(&mut events).await, "silence");
    assert_eq!(next(&mut events).await, "end", "after the 290 seconds kube asks for");
}

#[tokio::test(start_paused = true)]
async fn from_a_revision_replays_what_came_after() {
    let api = server();
    let since = api.revision();
    bump(&api, "1").await;
    bump(&api, "2").await;
    let mut events = watch(&api.client(), since).await;
    assert_eq!(next(&mut events).await, "modified 1");
    assert_eq!(next(&mut events).await, "modified 2");
}

#[tokio::test(start_paused = true)]
async fn dropped_events_are_not_seen_and_bookmarks_pass_them() {
    let api = server();
    let mut events = watch(&api.client(), api.revision()).await;
    api.faults(FaultPlan::none().drop_event(0).drop_event(2));
    for n in ["1", "2", "3", "4"] {
        bump(&api, n).await;
    }
    assert_eq!(next(&mut events).await, "modified 2");
    assert_eq!(next(&mut events).await, "modified 4");
    let mut other = watch(&api.link("other").client(), api.revision() - 2).await;
    assert_eq!(next(&mut other).await, "modified 3", "other clients see it");
}

#[tokio::test(start_paused = true)]
async fn expiry_ends_open_watches_and_refuses_old_revisions() {
    let api = server();
    let client = api.client();
    let since = api.revision();
    let mut events = watch(&client, since).await;
    bump(&api, "1").await;
    api.expire_watches();
    assert_eq!(next(&mut events).await, "error 410");
    assert_eq!(next(&mut events).await, "end");
    let mut again = watch(&client, since).await;
    assert_eq!(next(&mut again).await, "error 410");
    let mut fresh = watch(&client, api.revision()).await;
    bump(&api, "2").await;
    assert_eq!(next(&mut fresh).await, "modified 2");
}

#[tokio::test(start_paused = true)]
async fn closing_crash_partition_and_lag() {
    let api = server();
    let client = api.client();
    let mut events = watch(&client, api.revision()).await;
    bump(&api, "1").await;
    api.close_watches();
    assert_eq!(next(&mut events).await, "modified 1");
    assert_eq!(next(&mut events).await, "end");

    let mut events = watch(&client, api.revision()).await;
    api.operator().crash();
    assert_eq!(next(&mut events).await, "broken");
    assert_eq!(next(&mut events).await, "end");
    api.revive();

    let mut events = watch(&client, api.revision()).await;
    api.partition(true);
    bump(&api, "2").await;
    assert_eq!(next(&mut events).await, "silence");
    sleep(Duration::from_secs(600)).await;
    assert_eq!(next(&mut events).await, "silence", "not even the timeout is noticed");
    api.partition(false);
    assert_eq!(next(&mut events).await, "modified 2");

    let mut events = watch(&client, api.revision()).await;
    api.stale_reads(Some(StaleReads::Caches(api.revision() + 1)));
    bump(&api, "3").await;
    bump(&api, "4").await;
    assert_eq!(next(&mut events).await, "modified 3");
    assert_eq!(next(&mut events).await, "silence");
    api.stale_reads(None);
    assert_eq!(next(&mut events).await, "modified 4");
}

#[tokio::test(start_paused = true)]
async fn the_watcher_of_kube_survives_expiry_and_idle_hours() {
    let api = server();
    let mut stream = watcher(maps(&api.client()), watcher::Config::default()).boxed();
    let mut seen = Vec::new();
    for round in 0..3 {
        while let Ok(Some(event)) = timeout(Duration::from_secs(3600), stream.next()).await {
            seen.push(match event {
                Ok(watcher::Event::Apply(map) | watcher::Event::InitApply(map)) => held(&map).to_owned(),
                Ok(watcher::Event::InitDone) => "done".to_owned(),
                Ok(_) => continue,
                Err(_) => "error".to_owned(),
            });
        }
        bump(&api, &format!("{round}")).await;
        if round == 0 {
            api.expire_watches();
        }
    }
    assert_eq!(seen, ["0", "done", "error", "0", "done", "1"]);
}

#[tokio::test(start_paused = true)]
async fn metadata_only_is_honoured() {
    let api = server();
    let all: Api<PartialObjectMeta<ConfigMap>> = Api::all(api.client());
    let list = all.list(&kube::api::ListParams::default()).await.unwrap();
    assert_eq!(list.items[0].name_any(), "box");
    let mut stream = watcher(all, watcher::Config::default()).boxed();
    let named = loop {
        if let watcher::Event::InitApply(object) = stream.next().await.unwrap().unwrap() {
            break object.name_any();
        }
    };
    assert_eq!(named, "box");
}
