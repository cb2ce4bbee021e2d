//! The handle a test holds: clients and their faults, and direct access to the objects past all faults.
//!
//! What a test does through here is neither counted nor recorded; what goes through a client is.

use jiff::Timestamp;
use kube::core::Status;
use serde_json::Value;

use super::audit::Recorded;
use super::definitions;
use super::fault::{FaultPlan, StaleReads};
use super::kind::ResourceKind;
use super::link::Link;
use super::object;
use super::ownership::{Operation, Writer};
use super::refusal::{self, Refusal};
use super::remove;
use super::state::{Shared, State};
use super::store::Key;
use super::write::{Part, Write};

/// The link `ApiServer::client` and its neighbours use.
const DEFAULT_LINK: &str = "operator";
/// The manager of what a test sets up.
const TEST: &str = "test";

/// The model of an API server. Clones share one state.
#[derive(Clone, Debug)]
pub struct ApiServer {
    pub(super) shared: Shared,
}

impl Default for ApiServer {
    fn default() -> Self {
        Self::new()
    }
}

impl ApiServer {
    /// An empty cluster with the built-in kinds. Its clock starts at 2026-01-01T00:00:00Z and advances with tokio's.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Shared::new() }
    }

    /// Another client's connection, made on first use.
    #[must_use]
    pub fn link(&self, name: &str) -> Link {
        Link::new(self.shared.clone(), name)
    }

    /// The default link, named `operator`.
    #[must_use]
    pub fn operator(&self) -> Link {
        self.link(DEFAULT_LINK)
    }

    /// A client on the default link.
    #[must_use]
    pub fn client(&self) -> kube::Client {
        self.operator().client()
    }

    /// Sets the default link's fault plan.
    pub fn faults(&self, plan: FaultPlan) {
        self.operator().faults(plan);
    }

    /// Ends the default link's crash.
    pub fn revive(&self) {
        self.operator().revive();
    }

    /// Starts or ends a partition of the default link.
    pub fn partition(&self, on: bool) {
        self.operator().partition(on);
    }

    /// Serves the default link older state, or with `None` the newest again.
    pub fn stale_reads(&self, stale: Option<StaleReads>) {
        self.operator().stale_reads(stale);
    }

    /// Every request of every link.
    #[must_use]
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.look().audit.clone()
    }

    /// Every write of every link that arrived, dry runs included.
    #[must_use]
    pub fn writes(&self) -> Vec<Recorded> {
        let mut requests = self.requests();
        requests.retain(|recorded| recorded.at_write_index.is_some());
        requests
    }

    /// Serves a kind.
    pub fn register(&self, kind: ResourceKind) {
        self.shared.change(|state| state.registry.register(kind));
    }

    /// Sets the server's clock.
    pub fn set_time(&self, now: Timestamp) {
        self.shared.change(|state| state.store.set_time(now));
    }

    /// The newest revision.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.shared.look().store.revision()
    }

    /// The committed changes: revision, `plural.group`, namespace and name; the n-th is what `FaultPlan::drop_event` counts.
    #[must_use]
    pub fn changes(&self) -> Vec<(u64, String, Option<String>, String)> {
        let state = self.shared.look();
        let log = state.store.log().iter();
        log.map(|change| {
            let key = change.key.clone();
            (change.revision, key.resource, key.namespace, key.name)
        })
        .collect()
    }

    /// Tells every open watch 410 and refuses to start one from before now.
    pub fn expire_watches(&self) {
        self.shared.change(|state| {
            state.store.compact();
            state.expirations += 1;
        });
    }

    /// Ends every open watch in good order, as a server does at its timeout.
    pub fn close_watches(&self) {
        self.shared.change(|state| state.closings += 1);
    }

    /// Stores an object as it stands, status included, creating or replacing it, as manager `test`.
    ///
    /// # Errors
    /// 404 for an unregistered kind, 422 for an invalid object.
    pub fn apply(&self, object: Value) -> Result<Value, Box<Status>> {
        self.shared.change(|state| {
            let (version, of) = (object::text(&object, "/apiVersion"), object::text(&object, "/kind"));
            let kind = state.registry.by_object(version, of).ok_or_else(refusal::no_such_resource)?;
            let namespace = Some(object::text(&object, "/metadata/namespace"));
            let namespace = namespace.filter(|namespace| !namespace.is_empty()).unwrap_or("default");
            let key = Key {
                resource: kind.resource(),
                namespace: kind.namespaced.then(|| namespace.to_owned()),
                name: object::text(&object, "/metadata/name").to_owned(),
            };
            let write = whole(&kind, key.clone(), TEST);
            let stored = match state.store.get(&key) {
                Some(live) => write.update(&mut state.store, &live, object, None),
                None => write.create(&mut state.store, object, None),
            }?;
            definitions::follow(state, &key);
            Ok(stored.as_ref().clone())
        })
    }

    /// Changes an object in place, status included, as `manager`: what somebody else does meanwhile.
    ///
    /// # Errors
    /// 404 if it does not exist, 422 if the change makes it invalid.
    pub fn edit<'a>(
        &self,
        manager: &str,
        resource: &str,
        namespace: impl Into<Option<&'a str>>,
        name: &str,
        change: impl FnOnce(&mut Value),
    ) -> Result<Value, Box<Status>> {
        let key = key(resource, namespace.into(), name);
        self.shared.change(|state| edit(state, manager, &key, change))
    }

    /// An object as it is now. `resource` is `plural.group`, or the bare plural in the core group.
    #[must_use]
    pub fn get<'a>(&self, resource: &str, namespace: impl Into<Option<&'a str>>, name: &str) -> Option<Value> {
        let found = self.shared.look().store.get(&key(resource, namespace.into(), name));
        found.map(|object| object.as_ref().clone())
    }

    /// Every object of a resource, in the order of namespace and name.
    #[must_use]
    pub fn list(&self, resource: &str) -> Vec<Value> {
        let state = self.shared.look();
        let all = state.store.objects().iter();
        all.filter(|(key, _)| key.resource == resource).map(|(_, object)| object.as_ref().clone()).collect()
    }

    /// Every state an object has had, oldest first, without the removals.
    #[must_use]
    pub fn history<'a>(&self, resource: &str, namespace: impl Into<Option<&'a str>>, name: &str) -> Vec<Value> {
        let key = key(resource, namespace.into(), name);
        let state = self.shared.look();
        let log = state.store.log().iter().filter(|change| change.key == key);
        log.filter_map(|change| change.after.as_deref().cloned()).collect()
    }

    /// Deletes an object as a client would: finalizers hold it back.
    ///
    /// # Errors
    /// 404 if it does not exist.
    pub fn delete<'a>(
        &self,
        resource: &str,
        namespace: impl Into<Option<&'a str>>,
        name: &str,
    ) -> Result<(), Box<Status>> {
        let key = key(resource, namespace.into(), name);
        self.shared.change(|state| {
            let kind = state.registry.by_resource(resource).ok_or_else(refusal::no_such_resource)?;
            let write = whole(&kind, key.clone(), TEST);
            remove::remove(&write, &mut state.store, &Value::Null)?;
            definitions::follow(state, &key);
            Ok(())
        })
    }
}

/// A change in place, for `ApiServer::edit` and the world.
pub(super) fn edit(
    state: &mut State,
    manager: &str,
    key: &Key,
    change: impl FnOnce(&mut Value),
) -> Result<Value, Refusal> {
    let kind = state.registry.by_resource(&key.resource).ok_or_else(refusal::no_such_resource)?;
    let live = state.store.get(key).ok_or_else(|| refusal::not_found(&kind, &key.name))?;
    let mut next = live.as_ref().clone();
    change(&mut next);
    let stored = whole(&kind, key.clone(), manager).update(&mut state.store, &live, next, None)?;
    definitions::follow(state, key);
    Ok(stored.as_ref().clone())
}

fn whole<'a>(kind: &'a ResourceKind, key: Key, manager: &str) -> Write<'a> {
    Write {
        kind,
        key,
        writer: Writer {
            manager: manager.to_owned(),
            operation: Operation::Update,
            api_version: kind.api_version(),
            subresource: String::new(),
        },
        part: Part::Whole,
        dry_run: false,
    }
}

fn key(resource: &str, namespace: Option<&str>, name: &str) -> Key {
    Key { resource: resource.to_owned(), namespace: namespace.map(str::to_owned), name: name.to_owned() }
}
