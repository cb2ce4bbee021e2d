//! Everything the model holds, behind one lock, and the bell that wakes watches.
//!
//! A request is served under the lock from start to end, so that requests are serialised as etcd would serialise them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use super::audit::Recorded;
use super::builtin;
use super::fault::LinkState;
use super::kind::Registry;
use super::store::Store;

/// The model's state.
#[derive(Debug)]
pub(super) struct State {
    pub(super) registry: Registry,
    pub(super) store: Store,
    pub(super) links: BTreeMap<String, LinkState>,
    pub(super) audit: Vec<Recorded>,
    /// How often all watches were told 410.
    pub(super) expirations: u64,
    /// How often all watches were ended in good order.
    pub(super) closings: u64,
}

impl State {
    /// A client's connection; made on first use.
    pub(super) fn link(&mut self, name: &str) -> &mut LinkState {
        self.links.entry(name.to_owned()).or_default()
    }
}

/// The shared state.
#[derive(Clone, Debug)]
pub(super) struct Shared {
    state: Arc<Mutex<State>>,
    bell: Arc<watch::Sender<()>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        let mut registry = Registry::default();
        for kind in builtin::kinds() {
            registry.register(kind);
        }
        let state = State {
            registry,
            store: Store::new(),
            links: BTreeMap::new(),
            audit: Vec::new(),
            expirations: 0,
            closings: 0,
        };
        Self { state: Arc::new(Mutex::new(state)), bell: Arc::new(watch::Sender::new(())) }
    }

    /// The state, to look at. A test that panicked while holding it must not hide its own failure behind a poisoned lock.
    pub(super) fn look(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the state and wakes every watch.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.look());
        self.bell.send_replace(());
        result
    }

    /// Rings at every change from now on.
    pub(super) fn listen(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }
}
