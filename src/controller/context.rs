//! What every reconcile shares. A plain struct: no globals.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::runtime::events::Recorder;
use kube::runtime::reflector::Store;

use super::advice::Advice;
use super::backoff::Backoff;
use super::bids::Bids;
use super::book::Books;
use super::disruptions::Disruptions;
use super::fleet::Fleet;
use super::pulses::Pulses;
use super::registry::Registry;
use super::source::SourceHandle;
use crate::api::enforcement::Mode;
use crate::api::{MetricsSource, ServiceLevelAgreement, ServiceLevelClaim, ServiceLevelExclusion};
use crate::record::metrics::Metrics;
use crate::runtime::clock::Clock;
use crate::runtime::leader::Fence;
use crate::sense::headroom::HeadroomReader;
use crate::sense::source::Sources;
use crate::sense::workload::WorkloadReader;

/// What every reconcile shares.
pub struct Context {
    /// Reads, and writes of Guarantor's own resources. Its writes ask the fence.
    pub client: Client,
    /// Writes to workloads: asks the fence too, and never tries again by itself.
    pub actuator: Client,
    /// Publishes Events.
    pub recorder: Recorder,
    /// The operator's own metrics.
    pub metrics: Metrics,
    /// The wall clock.
    pub clock: Clock,
    /// Whether this replica leads.
    pub fence: Fence,
    /// How long after a slot's end it is read.
    pub settle: SignedDuration,
    /// How long a period that ended may wait for its last slots.
    pub grace: SignedDuration,
    /// How often an idle ledger is written.
    pub checkpoint: SignedDuration,
    /// The bytes of a ledger's spec beyond which it takes no more counts.
    pub ledger_bytes: usize,
    /// Before this instant nothing is undone, and no pod evicted.
    pub warm_until: Timestamp,
    /// The ceiling over the agreements' modes.
    pub ceiling: Mode,
    /// The namespace whose Secrets metrics sources may name.
    pub own_namespace: String,
    /// The one namespace watched; `None`: all.
    pub watch_namespace: Option<String>,
    /// How often every agreement is reconciled anyway.
    pub resync: Duration,
    /// How often the last minute is looked at.
    pub pulse: Duration,
    /// The declared agreements.
    pub agreements: Store<ServiceLevelAgreement>,
    /// The declared exclusions.
    pub exclusions: Store<ServiceLevelExclusion>,
    /// What was claimed.
    pub claims: Store<ServiceLevelClaim>,
    /// The declared metrics sources.
    pub sources: Store<MetricsSource>,
    /// Sources that can be read, by name.
    pub handles: Handles,
    /// Opens sources.
    pub stores: Arc<dyn Sources>,
    /// Reads workloads.
    pub workloads: WorkloadReader,
    /// What is asked and what came back.
    pub registry: Arc<Registry>,
    /// Which services burn.
    pub fleet: Fleet,
    /// How many pods the load of services needs.
    pub advice: Advice,
    /// Whose last minute is looked at, and what it proves.
    pub pulses: Pulses,
    /// What was done lately that counts for all agreements.
    pub disruptions: Disruptions,
    /// What is bid for more replicas.
    pub bids: Bids,
    /// Reads what is left for them.
    pub headroom: HeadroomReader,
    /// What is remembered of each agreement.
    pub books: Books,
    /// Pauses after failures.
    pub backoff: Backoff,
    /// Pauses of agreements of which something could not be given back: they go, cannot be worked with, or have no workload to act on
    /// or none that can be read.
    pub give_backs: Backoff,
}

/// Sources that can be read, by name.
#[derive(Debug, Default)]
pub struct Handles {
    handles: Mutex<HashMap<String, Arc<SourceHandle>>>,
}

impl Handles {
    /// The handle of a source, if it can be read.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<Arc<SourceHandle>> {
        self.handles.lock().unwrap_or_else(PoisonError::into_inner).get(name).cloned()
    }

    /// Takes out every source for which `present` (name and uid) does not hold.
    pub fn retain(&self, present: impl Fn(&str, &str) -> bool) {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        handles.retain(|name, handle| present(name, &handle.uid));
    }

    /// Enters a source, or takes it out; gives back what stood there.
    pub fn set(&self, name: &str, handle: Option<Arc<SourceHandle>>) -> Option<Arc<SourceHandle>> {
        let mut handles = self.handles.lock().unwrap_or_else(PoisonError::into_inner);
        match handle {
            Some(handle) => handles.insert(name.to_owned(), handle),
            None => handles.remove(name),
        }
    }
}
