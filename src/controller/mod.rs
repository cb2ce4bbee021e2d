//! The controller: watches agreements and sources, and leads each agreement through the stages.
//!
//! How an agreement and the readings of its source find each other:
//!
//! ```text
//!  watch -> reconcile (agreement.rs)                               reader.rs, one task per source
//!             terms: what it asks, confined                          takes everything due of all agreements,
//!             registry.take() <------------ delivery --------------  joins it into a few requests, and leaves
//!             book: ledger, status                 ^                 the answers with registry.deliver(),
//!             account, settle, assess, enforce     |                 which wakes the agreement's reconcile
//!             registry.register() ---- asks, through ------------->
//!             write what changed
//! ```
//!
//! How many pods the load needs is looked at beside that, source by source (`adviser`), and told in the status
//! (`capacity`); an agreement whose floor follows it is woken when more are needed than ran. So is, all agreements of a source together, the minute just past (`pulse`): where that proves an outage, the
//! agreement is woken, and decides with what is proven (`pulses`) beside its account.
//!
//! A status is written at three places: the intent before an act (`enforce`), a closed period (`settle`), and the end of
//! a reconcile. All three compare with, and then become, the status remembered in the `book`: this process is its only
//! writer, so that is newer than any watch cache.
//!
//! It works only while this replica holds the lease. When the lease lapses, everything remembered is dropped and read
//! back with the next tenure: somebody else may have written meanwhile.

mod account;
mod advice;
mod adviser;
mod agreement;
mod amendments;
mod backoff;
mod bids;
mod book;
mod by_pod;
mod capacity;
mod circumstances;
mod claims;
mod conclude;
mod context;
mod cpu_target;
mod demands;
mod disruptions;
mod ending;
mod enforce;
mod error;
mod exclusions;
mod finalize;
mod fleet;
mod giving_back;
mod late;
mod lives;
mod load;
mod look;
mod nodes;
mod past;
mod patience;
mod periods;
mod pulse;
mod pulses;
mod put_back;
mod reader;
mod recalled;
mod refused;
mod registry;
mod restate;
mod retention;
mod revision;
pub mod room;
mod settle;
mod shed;
mod sizing;
mod source;
mod supply;
pub(crate) mod terms;
mod throttling;
mod unreadable;
mod upstream;
mod watch;
mod window;

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use k8s_openapi::jiff::SignedDuration;
use kube::Client;
use kube::api::{Api, ListParams};
use kube::core::DeserializeGuard;
use kube::runtime::events::{Recorder, Reporter};
use tokio::time::{Instant, interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::api::enforcement::Mode;
use crate::api::{FIELD_MANAGER, MetricsSource, ServiceLevelAgreement, ServiceLevelClaim, ServiceLevelExclusion};
use crate::record::metrics::Metrics;
use crate::runtime::clock::Clock;
use crate::runtime::health::Health;
use crate::runtime::leader::Fence;
use crate::sense::source::Sources;

pub use error::{Error, Retry};

/// The gate of readiness: Guarantor's resources can be listed.
pub const RESOURCES: &str = "resources";
/// The task whose beat says that the process gets on.
const WORK: &str = "work";

/// What the controller is made of.
#[derive(Clone)]
pub struct Setup {
    /// Reads; and writes of Guarantor's own resources, through the fence.
    pub client: Client,
    /// Writes to workloads, through the fence, each sent once.
    pub actuator: Client,
    /// Whether this replica leads.
    pub fence: Fence,
    /// The wall clock.
    pub clock: Clock,
    /// Opens the metrics sources.
    pub stores: Arc<dyn Sources>,
    /// The operator's own metrics.
    pub metrics: Metrics,
    /// Where progress is reported.
    pub health: Health,
    /// The name under which Events are published.
    pub identity: String,
    /// The namespace whose Secrets metrics sources may name.
    pub own_namespace: String,
    /// The namespace watched; `None`: all.
    pub watch_namespace: Option<String>,
    /// How many agreements are reconciled at the same time.
    pub concurrency: u16,
    /// How long after a slot's end it is read.
    pub settle: SignedDuration,
    /// How long a period that ended may wait for its last slots.
    pub grace: SignedDuration,
    /// How often an idle ledger is written.
    pub checkpoint: SignedDuration,
    /// The bytes of a ledger's spec beyond which it takes no more counts.
    pub ledger_bytes: usize,
    /// How often every agreement is reconciled anyway.
    pub resync: Duration,
    /// How often the last minute is looked at.
    pub pulse: Duration,
    /// For how long after the begin of each tenure nothing is undone that people rolled out.
    pub warm_up: SignedDuration,
    /// The ceiling over the agreements' modes.
    pub ceiling: Mode,
}

impl Setup {
    fn agreements(&self) -> Api<DeserializeGuard<ServiceLevelAgreement>> {
        match &self.watch_namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    fn sources(&self) -> Api<DeserializeGuard<MetricsSource>> {
        Api::all(self.client.clone())
    }

    fn exclusions(&self) -> Api<DeserializeGuard<ServiceLevelExclusion>> {
        match &self.watch_namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    fn claims(&self) -> Api<DeserializeGuard<ServiceLevelClaim>> {
        match &self.watch_namespace {
            Some(namespace) => Api::namespaced(self.client.clone(), namespace),
            None => Api::all(self.client.clone()),
        }
    }

    fn recorder(&self) -> Recorder {
        let reporter = Reporter { controller: FIELD_MANAGER.to_owned(), instance: Some(self.identity.clone()) };
        Recorder::new(self.client.clone(), reporter)
    }
}

/// Works until `stop`, one tenure after the other.
pub async fn run(setup: Setup, stop: CancellationToken) {
    setup.health.expect(WORK, Duration::from_secs(60), Instant::now());
    let ready = wait_for_resources(&setup);
    tokio::select! {
        () = ready => {}
        () = stop.cancelled() => return,
    }
    setup.health.set_ready(RESOURCES, true);
    let mut tenures = setup.fence.tenures();
    loop {
        let begun = tokio::select! {
            begun = tenures.next() => begun,
            () = beating(&setup.health) => None,
            () = stop.cancelled() => None,
        };
        if begun.is_none() {
            return;
        }
        setup.metrics.leads(true);
        tracing::info!("this replica leads");
        watch::lead(&setup, &stop).await;
        setup.metrics.leads(false);
        if stop.is_cancelled() {
            return;
        }
        tracing::warn!(
            "the lease lapsed; what was remembered is dropped, and nothing is written until it is held again"
        );
    }
}

/// Reports progress for as long as it is polled.
async fn beating(health: &Health) {
    let mut tick = interval(Duration::from_secs(5));
    loop {
        tick.tick().await;
        health.beat(WORK, Instant::now());
    }
}

/// Returns when agreements, exclusions, claims and sources can be listed: the definitions are installed and the account may read them.
async fn wait_for_resources(setup: &Setup) {
    let one = ListParams::default().limit(1);
    loop {
        let listed = async {
            setup.agreements().list(&one).await?;
            setup.exclusions().list(&one).await?;
            setup.claims().list(&one).await?;
            setup.sources().list(&one).await
        };
        match listed.await {
            Ok(_) => return,
            Err(error) => {
                tracing::error!(%error, "Guarantor's resources cannot be listed; install its definitions and its role");
            }
        }
        setup.health.beat(WORK, Instant::now());
        sleep(Duration::from_secs(2)).await;
    }
}

/// Shares a tenure's context with its tasks.
type Shared = Arc<context::Context>;
