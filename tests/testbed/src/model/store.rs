//! The objects, every earlier state of them, and the one global revision counter.
//!
//! Takes whole objects that already obey the rules, gives snapshots and the log of changes. Must never judge a write.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::object;

/// Which object: `plural.group`, namespace (none when cluster-scoped) and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    pub(super) resource: String,
    pub(super) namespace: Option<String>,
    pub(super) name: String,
}

/// One committed change.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) revision: u64,
    pub(super) key: Key,
    pub(super) before: Option<Arc<Value>>,
    /// None for a removal; `last` then carries the object as a watch reports it.
    pub(super) after: Option<Arc<Value>>,
    pub(super) last: Arc<Value>,
}

/// Every object at one revision.
pub(super) type Snapshot = BTreeMap<Key, Arc<Value>>;

/// The server's clock: it advances with tokio's, so that a paused test pauses it too.
#[derive(Debug)]
struct Clock {
    base: Timestamp,
    since: Instant,
}

/// All state of the cluster.
#[derive(Debug)]
pub(super) struct Store {
    objects: Snapshot,
    log: Vec<Change>,
    revision: u64,
    oldest: u64,
    uids: u64,
    clock: Clock,
}

impl Store {
    pub(super) fn new() -> Self {
        Self {
            objects: Snapshot::new(),
            log: Vec::new(),
            revision: 1,
            oldest: 0,
            uids: 0,
            clock: Clock {
                // 2026-01-01T00:00:00Z: fixed, so that two runs of a test give the same bytes.
                base: Timestamp::from_second(1_767_225_600).unwrap_or(Timestamp::UNIX_EPOCH),
                since: Instant::now(),
            },
        }
    }

    pub(super) fn set_time(&mut self, now: Timestamp) {
        self.clock = Clock { base: now, since: Instant::now() };
    }

    /// The server's time, in whole seconds as object metadata has it.
    pub(super) fn now(&self) -> String {
        let passed = SignedDuration::try_from(self.clock.since.elapsed()).unwrap_or_default();
        let now = self.clock.base.checked_add(passed);
        now.unwrap_or(self.clock.base).strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// The oldest revision a watch may start from.
    pub(super) fn oldest(&self) -> u64 {
        self.oldest
    }

    /// Forgets, for watches, everything before now.
    pub(super) fn compact(&mut self) {
        self.oldest = self.revision;
    }

    /// How many changes there have been.
    pub(super) fn changes(&self) -> usize {
        self.log.len()
    }

    /// Every change in order.
    pub(super) fn log(&self) -> &[Change] {
        &self.log
    }

    /// The changes after `revision`, each with its index in the log.
    pub(super) fn changes_after(&self, revision: u64) -> impl Iterator<Item = (usize, &Change)> {
        let first = self.log.partition_point(|change| change.revision <= revision);
        self.log.iter().enumerate().skip(first)
    }

    pub(super) fn get(&self, key: &Key) -> Option<Arc<Value>> {
        self.objects.get(key).cloned()
    }

    /// Every object as it is now.
    pub(super) fn objects(&self) -> &Snapshot {
        &self.objects
    }

    /// Every object as it was at `revision`.
    pub(super) fn at(&self, revision: u64) -> Snapshot {
        let mut snapshot = Snapshot::new();
        for change in self.log.iter().take_while(|change| change.revision <= revision) {
            match &change.after {
                Some(object) => snapshot.insert(change.key.clone(), Arc::clone(object)),
                None => snapshot.remove(&change.key),
            };
        }
        snapshot
    }

    /// A uid nobody has had; deterministic.
    pub(super) fn next_uid(&mut self) -> String {
        self.uids += 1;
        format!("00000000-0000-4000-8000-{:012x}", self.uids)
    }

    /// Stores an object under the next revision and gives it back as stored.
    pub(super) fn put(&mut self, key: &Key, object: Value) -> Arc<Value> {
        let stored = self.stamp(object);
        let before = self.objects.insert(key.clone(), Arc::clone(&stored));
        self.log.push(Change {
            revision: self.revision,
            key: key.clone(),
            before,
            after: Some(Arc::clone(&stored)),
            last: Arc::clone(&stored),
        });
        stored
    }

    /// Removes an object; `last` is what watches get to see of it.
    pub(super) fn remove(&mut self, key: &Key, last: Value) -> Arc<Value> {
        let last = self.stamp(last);
        let before = self.objects.remove(key);
        self.log.push(Change {
            revision: self.revision,
            key: key.clone(),
            before,
            after: None,
            last: Arc::clone(&last),
        });
        last
    }

    fn stamp(&mut self, mut object: Value) -> Arc<Value> {
        self.revision += 1;
        let revision = json!(self.revision.to_string());
        object::set(&mut object, "/metadata/resourceVersion", revision);
        Arc::new(object)
    }
}
