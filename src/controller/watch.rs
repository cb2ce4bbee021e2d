//! One tenure: watches, queues and concurrency, until the lease lapses or the process is to end.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use futures::future::ready;
use futures::{FutureExt, Stream, StreamExt, TryStreamExt, stream};
use k8s_openapi::jiff::Timestamp;
use kube::api::Api;
use kube::core::DeserializeGuard;
use kube::runtime::controller::{Action, Config, Controller};
use kube::runtime::reflector::{self, ObjectRef, Store};
use kube::runtime::watcher::{self, watcher};
use kube::runtime::{PredicateConfig, WatchStreamExt};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::{Instant, interval, timeout};
use tokio_util::sync::CancellationToken;

use super::advice::Advice;
use super::backoff::Backoff;
use super::bids::Bids;
use super::book::Books;
use super::context::{Context, Handles};
use super::disruptions::Disruptions;
use super::ending::to_the_end;
use super::error::{Error, Retry};
use super::fleet::Fleet;
use super::pulses::Pulses;
use super::registry::Registry;
use super::unreadable::Unreadable;
use super::{Setup, Shared, WORK, account, agreement, claims, exclusions, giving_back, nodes, source};
use crate::api::{MetricsSource, ServiceLevelAgreement, ServiceLevelClaim, ServiceLevelExclusion};
use crate::record::{event, status};
use crate::sense::headroom::HeadroomReader;
use crate::sense::workload::{Kinds, WorkloadReader};

/// How long one read of a workload may take.
const WORKLOAD_READ: Duration = Duration::from_secs(5);
/// How long ledgers may be written after the controllers ended.
const LAST_WRITES: Duration = Duration::from_secs(10);
/// How long a reconcile waits for the first lists of what agreements rest on.
const LISTS_PATIENCE: Duration = Duration::from_secs(10);
/// An object that changed again within this time is reconciled once.
const DEBOUNCE: Duration = Duration::from_millis(100);
/// A failure that may pass by itself is worth an Event when it comes after this many.
const PATIENT_TRIES: u32 = 2;

/// When this tenure has looked long enough to disrupt anything.
fn warm_until(setup: &Setup) -> Timestamp {
    let now = status::whole_seconds(setup.clock.now());
    now.saturating_add(setup.warm_up).unwrap_or(Timestamp::MAX)
}

/// Leads until the lease lapses or `stop`; then lets the reconciles under way end and writes what is unwritten.
pub(super) async fn lead(setup: &Setup, stop: &CancellationToken) {
    let (wake, woken) = mpsc::unbounded_channel();
    let unreadable = Unreadable { recorder: setup.recorder(), fence: setup.fence.clone() };
    let (agreements, agreement_events) = watched(setup.agreements(), unreadable.clone());
    let (exclusions, exclusion_events) = watched(setup.exclusions(), unreadable.clone());
    let (claims, claim_events) = watched(setup.claims(), unreadable.clone());
    let (sources, source_events) = watched(setup.sources(), unreadable);
    let context = Arc::new(Context {
        client: setup.client.clone(),
        actuator: setup.actuator.clone(),
        recorder: setup.recorder(),
        metrics: setup.metrics.clone(),
        clock: setup.clock,
        fence: setup.fence.clone(),
        settle: setup.settle,
        grace: setup.grace,
        checkpoint: setup.checkpoint,
        ledger_bytes: setup.ledger_bytes,
        resync: setup.resync,
        pulse: setup.pulse,
        warm_until: warm_until(setup),
        ceiling: setup.ceiling,
        own_namespace: setup.own_namespace.clone(),
        watch_namespace: setup.watch_namespace.clone(),
        workloads: WorkloadReader::new(setup.client.clone(), Kinds::default(), WORKLOAD_READ),
        agreements: agreements.clone(),
        exclusions: exclusions.clone(),
        claims: claims.clone(),
        sources: sources.clone(),
        stores: Arc::clone(&setup.stores),
        handles: Handles::default(),
        registry: Arc::new(Registry::new(wake)),
        fleet: Fleet::default(),
        advice: Advice::default(),
        pulses: Pulses::default(),
        disruptions: Disruptions::default(),
        bids: Bids::default(),
        headroom: HeadroomReader::new(setup.client.clone(), WORKLOAD_READ),
        books: Books::default(),
        backoff: Backoff::default(),
        give_backs: Backoff::up_to(giving_back::LONGEST),
    });
    let ended = CancellationToken::new();
    let config = Config::default().concurrency(setup.concurrency).debounce(DEBOUNCE);
    let woken = stream::unfold(woken, |mut woken| async move { Some((woken.recv().await?, woken)) });
    let until = |token: &CancellationToken| token.clone().cancelled_owned();
    let of_agreements = Controller::for_stream(agreement_events, agreements)
        .with_config(config.clone())
        .reconcile_on(woken)
        .graceful_shutdown_on(until(&ended))
        .run(agreement_timed, on_agreement_error, Arc::clone(&context))
        .for_each(|_| async {});
    let of_exclusions = Controller::for_stream(exclusion_events, exclusions)
        .with_config(config.clone())
        .graceful_shutdown_on(until(&ended))
        .run(exclusion_counted, on_exclusion_error, Arc::clone(&context))
        .for_each(|_| async {});
    let of_claims = Controller::for_stream(claim_events, claims)
        .with_config(config.clone())
        .graceful_shutdown_on(until(&ended))
        .run(claim_counted, on_claim_error, Arc::clone(&context))
        .for_each(|_| async {});
    let of_sources = Controller::for_stream(source_events, sources)
        .with_config(config)
        .graceful_shutdown_on(until(&ended))
        .run(source_counted, on_source_error, Arc::clone(&context))
        .for_each(|_| async {});
    let watching_the_lease = async {
        while_leading(setup, &context, stop).await;
        ended.cancel();
    };
    let of_nodes = nodes::release_overdue(&context, &ended);
    futures::join!(
        to_the_end(of_agreements, &context.agreements, &ended),
        to_the_end(of_exclusions, &context.exclusions, &ended),
        to_the_end(of_claims, &context.claims, &ended),
        to_the_end(of_sources, &context.sources, &ended),
        of_nodes,
        watching_the_lease
    );
    // Whoever leads now shows the figures.
    context.metrics.retain(&HashSet::new());
    if timeout(LAST_WRITES, write_ledgers(&context, setup.concurrency.into())).await.is_err() {
        tracing::warn!("not every ledger could be written in time; the next leader reads the missing slots again");
    }
}

/// Returns when the lease lapsed or the process is to end. Beats meanwhile, and forgets agreements that went away while
/// the watch was broken.
async fn while_leading(setup: &Setup, context: &Context, stop: &CancellationToken) {
    let mut tick = interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            _ = tick.tick() => {}
            () = stop.cancelled() => return,
        }
        if !setup.fence.leads(Instant::now()) {
            return;
        }
        setup.health.beat(WORK, Instant::now());
        if context.agreements.wait_until_ready().now_or_never().is_some() {
            sweep(context);
        }
    }
}

/// Forgets what went away while nobody was told: a deletion without our finalizer is no reconcile.
fn sweep(context: &Context) {
    let agreements = context.agreements.state();
    let present: HashSet<String> = agreements.iter().filter_map(|a| a.uid()).collect();
    for uid in context.books.uids().into_iter().filter(|uid| !present.contains(uid)) {
        context.books.forget(&uid);
        context.backoff.succeeded(&uid);
        context.give_backs.succeeded(&uid);
    }
    context.registry.retain(&present);
    context.fleet.retain(&present);
    context.advice.retain(&present);
    context.pulses.retain(&present);
    context.bids.retain(|uid| present.contains(uid));
    let names = agreements.iter().map(|a| (a.namespace().unwrap_or_default(), a.name_any())).collect();
    context.metrics.retain(&names);
    let sources = context.sources.state();
    context.handles.retain(|name, uid| sources.iter().any(|s| s.name_any() == name && s.uid().as_deref() == Some(uid)));
}

/// Writes every ledger that changed since it was written, so many at the same time: a thousand one after the other take
/// longer than a pod is given to end.
async fn write_ledgers(context: &Context, at_once: usize) {
    let write = async |agreement: Arc<ServiceLevelAgreement>| {
        let book = context.books.book(&agreement.uid().unwrap_or_default());
        let mut book = book.lock().await;
        let Some(open) = book.open.as_mut().filter(|open| open.dirty && !open.closed) else { return };
        if let Err(error) = account::store(&agreement, context, open, false, context.clock.now()).await {
            tracing::warn!(agreement = %agreement.name_any(), %error, "the ledger was not written at the end");
        }
    };
    stream::iter(context.agreements.state()).for_each_concurrent(at_once, write).await;
}

/// A cache and the changes worth a reconcile: of the spec, of the finalizers, and a deletion. The operator's own status
/// writes are none, or it would wake itself for ever.
fn watched<K>(
    api: Api<DeserializeGuard<K>>,
    unreadable: Unreadable,
) -> (Store<K>, impl Stream<Item = watcher::Result<K>> + Send)
where
    K: Resource<DynamicType = ()> + Clone + DeserializeOwned + std::fmt::Debug + Send + Sync + 'static,
{
    let (reader, writer) = reflector::store();
    let known = reader.clone();
    let events = watcher(api, watcher::Config::default())
        .default_backoff()
        .inspect_err(|error| tracing::warn!(%error, "a watch broke; it is taken up again"))
        .try_filter_map(move |event| ready(Ok(unreadable.pass(event, &known))))
        .reflect(writer)
        .applied_objects()
        .predicate_filter(worth_a_reconcile, PredicateConfig::default());
    (reader, events)
}

#[allow(clippy::unnecessary_wraps)] // the signature is kube's
fn worth_a_reconcile<K: Resource>(object: &K) -> Option<u64> {
    let meta = object.meta();
    let mut hasher = DefaultHasher::new();
    (meta.generation, &meta.finalizers, meta.deletion_timestamp.is_some()).hash(&mut hasher);
    Some(hasher.finish())
}

async fn agreement_timed(object: Arc<ServiceLevelAgreement>, context: Shared) -> Result<Action, Error> {
    // Without the sources every agreement would be told that its source does not exist, and without the exclusions and
    // claims a period would be settled as if there were none.
    let known = async {
        context.sources.wait_until_ready().await.is_ok()
            && context.exclusions.wait_until_ready().await.is_ok()
            && context.claims.wait_until_ready().await.is_ok()
    };
    if !matches!(timeout(LISTS_PATIENCE, known).await, Ok(true)) {
        return Ok(Action::requeue(LISTS_PATIENCE));
    }
    let begun = Instant::now();
    let uid = object.uid().unwrap_or_default();
    let reference = Arc::clone(&object);
    let outcome = Box::pin(agreement::reconcile(object, Arc::clone(&context))).await;
    let word = outcome.as_ref().map_or_else(Error::category, |_| "Ok");
    context.metrics.reconciled(word, begun.elapsed().as_secs_f64());
    match &outcome {
        Ok(_) => context.backoff.succeeded(&uid),
        Err(error) => tell(&reference, error, &context),
    }
    outcome
}

/// Says in an Event why an agreement is not worked on, where that will not be over with the next try.
fn tell(agreement: &ServiceLevelAgreement, error: &Error, context: &Context) {
    let lasting = match error.retry() {
        Retry::Terminal => true,
        Retry::Transient => context.backoff.in_a_row(&agreement.uid().unwrap_or_default()) >= PATIENT_TRIES,
    };
    if lasting && context.fence.leads(Instant::now()) {
        event::publish(
            &context.recorder,
            agreement.object_ref(&()),
            vec![event::failing(error.category(), error.to_string())],
        );
    }
}

async fn exclusion_counted(object: Arc<ServiceLevelExclusion>, context: Shared) -> Result<Action, Error> {
    // Without the agreements every exclusion would be told that its agreement does not exist.
    let known = timeout(LISTS_PATIENCE, context.agreements.wait_until_ready()).await;
    if !matches!(known, Ok(Ok(()))) {
        return Ok(Action::requeue(LISTS_PATIENCE));
    }
    let agreement = ObjectRef::new(&object.spec.agreement).within(&object.namespace().unwrap_or_default());
    context.registry.wake(agreement);
    let uid = object.uid().unwrap_or_default();
    let outcome = exclusions::reconcile(object, Arc::clone(&context)).await;
    if outcome.is_ok() {
        context.backoff.succeeded(&uid);
    }
    outcome
}

async fn claim_counted(object: Arc<ServiceLevelClaim>, context: Shared) -> Result<Action, Error> {
    // Without the agreements every claim would be told that its agreement does not exist.
    let known = timeout(LISTS_PATIENCE, context.agreements.wait_until_ready()).await;
    if !matches!(known, Ok(Ok(()))) {
        return Ok(Action::requeue(LISTS_PATIENCE));
    }
    let uid = object.uid().unwrap_or_default();
    let outcome = claims::reconcile(object, Arc::clone(&context)).await;
    if outcome.is_ok() {
        context.backoff.succeeded(&uid);
    }
    outcome
}

async fn source_counted(object: Arc<MetricsSource>, context: Shared) -> Result<Action, Error> {
    let uid = object.uid().unwrap_or_default();
    let outcome = source::reconcile(object, Arc::clone(&context)).await;
    if outcome.is_ok() {
        context.backoff.succeeded(&uid);
    }
    outcome
}

#[allow(clippy::needless_pass_by_value)] // the signature is kube's
fn on_agreement_error(object: Arc<ServiceLevelAgreement>, error: &Error, context: Shared) -> Action {
    retry(&object.uid().unwrap_or_default(), &object.name_any(), error, &context)
}

#[allow(clippy::needless_pass_by_value)] // the signature is kube's
fn on_exclusion_error(object: Arc<ServiceLevelExclusion>, error: &Error, context: Shared) -> Action {
    retry(&object.uid().unwrap_or_default(), &object.name_any(), error, &context)
}

#[allow(clippy::needless_pass_by_value)] // the signature is kube's
fn on_claim_error(object: Arc<ServiceLevelClaim>, error: &Error, context: Shared) -> Action {
    retry(&object.uid().unwrap_or_default(), &object.name_any(), error, &context)
}

#[allow(clippy::needless_pass_by_value)] // the signature is kube's
fn on_source_error(object: Arc<MetricsSource>, error: &Error, context: Shared) -> Action {
    retry(&object.uid().unwrap_or_default(), &object.name_any(), error, &context)
}

fn retry(uid: &str, name: &str, error: &Error, context: &Context) -> Action {
    let pause = context.backoff.failed(uid);
    tracing::warn!(object = %name, category = error.category(), %error, ?pause, "a reconcile failed");
    match error.retry() {
        Retry::Transient => Action::requeue(pause),
        // What was let go and could not be put back is tried again sooner.
        Retry::Terminal => Action::requeue(context.give_backs.pause_left(uid).unwrap_or(context.resync)),
    }
}

impl Context {
    /// Whether any agreement refers to this source.
    pub(super) fn uses(&self, source: &str) -> bool {
        self.agreements.state().iter().any(|a| a.spec.metrics.source_ref.name == source)
    }

    /// Has every agreement reconciled that refers to this source.
    pub(super) fn wake_users_of(&self, source: &str) {
        for agreement in self.agreements.state() {
            if agreement.spec.metrics.source_ref.name == source {
                self.registry.wake(ObjectRef::from_obj(&*agreement));
            }
        }
    }
}
