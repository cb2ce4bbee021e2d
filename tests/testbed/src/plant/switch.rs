//! The switch by which a service sheds load: one key of a `ConfigMap`, which it watches as its pods would.
//!
//! Takes a client and the place of the key, and turns the service. Never writes. While the API server is away the switch stays as it
//! was; where there is no such key, nothing is shed.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, TryFutureExt};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::ServiceHandle;

/// How long the first look may take.
const FIRST_LOOK: Duration = Duration::from_secs(120);
/// The time between two looks at what was heard.
const LOOK: Duration = Duration::from_millis(200);

/// Where a switch is, and what stands there while load is to be shed.
#[derive(Debug, Clone, Copy)]
pub struct SwitchAt<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// The `ConfigMap`.
    pub config_map: &'a str,
    /// The key of its `data`.
    pub key: &'a str,
    /// The value that turns it on.
    pub on: &'a str,
}

/// Lets `service` go by the switch until `tasks` ends, and returns once it is known how it stands.
///
/// # Errors
/// When the API server has not told in time.
pub(super) async fn follow(
    client: Client,
    at: SwitchAt<'_>,
    service: ServiceHandle,
    tasks: &mut JoinSet<()>,
) -> Result<()> {
    let SwitchAt { namespace, config_map, key, on } = at;
    let (store, writer) = reflector::store();
    let only = watcher::Config::default().fields(&format!("metadata.name={config_map}"));
    let stream = watcher(Api::<ConfigMap>::namespaced(client, namespace), only).default_backoff().reflect(writer);
    tasks.spawn(stream.for_each(|_| async {}));
    tokio::time::timeout(FIRST_LOOK, store.wait_until_ready().map_err(anyhow::Error::from)).await.with_context(
        || format!("the ConfigMap {namespace}/{config_map} could not be looked at in {FIRST_LOOK:?}"),
    )??;
    let (key, on) = (key.to_owned(), on.to_owned());
    tasks.spawn(async move {
        loop {
            let is_on = |map: &ConfigMap| map.data.as_ref().and_then(|data| data.get(&key)) == Some(&on);
            service.set_shedding(store.state().iter().any(|map| is_on(map)));
            sleep(LOOK).await;
        }
    });
    Ok(())
}
