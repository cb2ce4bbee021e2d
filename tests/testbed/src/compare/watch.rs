//! Objects of one namespace as the API server shows them, kept at hand. Never writes.

use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use futures::{StreamExt, TryFutureExt};
use k8s_openapi::NamespaceResourceScope;
use kube::runtime::{WatchStreamExt, reflector, watcher};
use kube::{Api, Client, Resource};
use serde::de::DeserializeOwned;
use tokio::task::JoinSet;

use crate::shop::STOREFRONT;

/// How long the first list may take.
const FIRST_LIST: Duration = Duration::from_secs(120);

/// A watch; ends when dropped.
#[derive(Debug)]
pub(super) struct Watch<K: Resource<DynamicType = ()> + 'static> {
    store: reflector::Store<K>,
    _task: JoinSet<()>,
}

impl<K> Watch<K>
where
    K: Resource<DynamicType = (), Scope = NamespaceResourceScope> + Clone + Debug + DeserializeOwned + Send + Sync,
{
    /// Watches the storefront's pods, or the object of its name, and returns once they are known.
    ///
    /// # Errors
    /// When they have not been listed in time.
    pub(super) async fn start(client: Client, namespace: &str, which: watcher::Config) -> Result<Self> {
        let (store, writer) = reflector::store();
        let stream = watcher(Api::<K>::namespaced(client, namespace), which).default_backoff().reflect(writer);
        let mut task = JoinSet::new();
        task.spawn(stream.for_each(|_| async {}));
        let listed = store.wait_until_ready().map_err(anyhow::Error::from);
        tokio::time::timeout(FIRST_LIST, listed)
            .await
            .with_context(|| format!("{} in {namespace} were not listed in {FIRST_LIST:?}", K::kind(&())))??;
        Ok(Self { store, _task: task })
    }

    /// All of them, as last heard.
    pub(super) fn all(&self) -> Vec<Arc<K>> {
        self.store.state()
    }

    /// The only one.
    pub(super) fn only(&self) -> Option<Arc<K>> {
        self.all().pop()
    }
}

/// The object of the storefront's name.
pub(super) fn named() -> watcher::Config {
    watcher::Config::default().fields(&format!("metadata.name={STOREFRONT}"))
}

/// The storefront's pods.
pub(super) fn pods() -> watcher::Config {
    watcher::Config::default().labels(&format!("app={STOREFRONT}"))
}
