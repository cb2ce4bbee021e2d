//! Keeps one metrics source readable: credentials, client, probe, status, and its reader.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use k8s_openapi::api::core::v1::Secret;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::Api;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use tokio::task::AbortHandle;

use super::adviser;
use super::context::Context;
use super::error::Error;
use super::patience::Patience;
use super::pulse;
use super::reader;
use crate::api::condition::{self, ConditionStatus};
use crate::api::metrics_source::{IncreaseProbe, MetricsSource, MetricsSourceStatus, Retention};

use crate::evaluate::span;
use crate::record::metrics::Written;
use crate::record::writer;
use crate::sense::signals::{SignalAsk, Signals};
use crate::sense::source::{OpenError, Opened, SlotReader};
use crate::sense::store::Credentials;

/// How often credentials are read again (they rotate) and a failed probe is repeated.
const RESYNC: Duration = Duration::from_secs(60);

/// How often an operator of one namespace looks whether it needs a source by now.
const UNUSED: Duration = Duration::from_secs(3);

/// How often a store is asked how long it keeps samples.
const RETENTION_AGE: SignedDuration = SignedDuration::from_hours(1);

/// After so many rounds without a usable answer a source is probed anew: it may have become another store.
const SILENCE: u32 = 3;

/// A source that can be read.
pub struct SourceHandle {
    /// The source's uid: another one under the same name is another store.
    pub uid: String,
    /// The spec's generation it was made from.
    generation: i64,
    /// How increases are counted, and how that was found out.
    pub probed: IncreaseProbe,
    /// Rounds in a row in which the store gave no usable answer to anybody.
    pub silent_rounds: Arc<AtomicU32>,
    /// The Secrets' versions it was made from.
    versions: BTreeMap<String, String>,
    source: Arc<dyn SlotReader>,
    patience: Patience,
    retention: Mutex<Retention>,
    reader: AbortHandle,
    adviser: AbortHandle,
    pulse: AbortHandle,
}

impl SourceHandle {
    /// How long the store keeps samples, if it says so.
    #[must_use]
    pub fn keeps(&self) -> Option<SignedDuration> {
        span::elapsed(self.retention().keeps.as_ref()?).ok()
    }

    /// Reads one indicator pod by pod.
    pub async fn read_signals(&self, ask: &SignalAsk) -> Signals {
        self.patience.wait_for(self.source.read_signals(ask)).await
    }

    fn retention(&self) -> MutexGuard<'_, Retention> {
        self.retention.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the store again how long it keeps samples, when the last answer is old.
    async fn ask_again(&self, now: Timestamp) {
        if now.duration_since(self.retention().asked_at.0) < RETENTION_AGE {
            return;
        }
        // Without an answer the last one stands.
        if let Ok(retention) = self.source.retention(now).await {
            *self.retention() = retention;
        }
    }
}

impl Drop for SourceHandle {
    fn drop(&mut self) {
        self.reader.abort();
        self.adviser.abort();
        self.pulse.abort();
    }
}

impl std::fmt::Debug for SourceHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SourceHandle").field("uid", &self.uid).field("form", &self.probed.form).finish_non_exhaustive()
    }
}

/// What was found out about a source.
enum Finding {
    /// It can be read, as it could before.
    Unchanged(IncreaseProbe, Retention),
    /// It can be read, as was just found out.
    Probed(IncreaseProbe, Retention),
    /// It cannot be read: reason and message.
    Trouble(&'static str, String),
}

/// Makes the source readable, or says why it is not.
///
/// # Errors
/// When the status cannot be written.
pub async fn reconcile(source: Arc<MetricsSource>, context: Arc<Context>) -> Result<Action, Error> {
    let name = source.name_any();
    if source.meta().deletion_timestamp.is_some() {
        context.handles.set(&name, None);
        return Ok(Action::await_change());
    }
    if context.watch_namespace.is_some() && !context.uses(&name) {
        // Other operators look after the other namespaces; a source nobody here reads is theirs to report on.
        context.handles.set(&name, None);
        return Ok(Action::requeue(UNUSED));
    }
    let finding = examine(&source, &context).await;
    if matches!(finding, Finding::Probed(..)) {
        context.wake_users_of(&name);
    }
    if let Some(status) = next_status(&source, &finding, &context) {
        let api: Api<MetricsSource> = Api::all(context.client.clone());
        writer::replace_status(&api, &source, &status).await?;
        context.metrics.wrote(Written::Status);
    }
    Ok(Action::requeue(RESYNC))
}

async fn examine(source: &MetricsSource, context: &Arc<Context>) -> Finding {
    let name = source.name_any();
    let secrets: Api<Secret> = Api::namespaced(context.client.clone(), &context.own_namespace);
    let credentials = match Credentials::read(&source.spec, &secrets, &context.own_namespace).await {
        Ok(credentials) => credentials,
        Err(error) => return Finding::Trouble("CredentialsMissing", error.to_string()),
    };
    let generation = source.meta().generation.unwrap_or_default();
    let rate = source.spec.limits.requests_per_second;
    let uid = source.uid().unwrap_or_default();
    if let Some(handle) = context.handles.get(&name)
        && handle.uid == uid
        && handle.generation == generation
        && handle.versions == *credentials.versions()
        && handle.silent_rounds.load(Ordering::Relaxed) < SILENCE
    {
        handle.ask_again(context.clock.now()).await;
        let retention = handle.retention().clone();
        return Finding::Unchanged(handle.probed.clone(), retention);
    }
    let Opened { increase: probed, retention, reader: source } =
        match context.stores.open(&source.spec, &credentials, context.clock.now()).await {
            Ok(opened) => opened,
            Err(OpenError::Invalid(error)) => return Finding::Trouble("InvalidSource", error.to_string()),
            Err(OpenError::Unavailable(error)) => return Finding::Trouble("StoreUnavailable", error.to_string()),
        };
    let silent_rounds = Arc::new(AtomicU32::new(0));
    let reading = reader::run(name.clone(), Arc::clone(&source), Arc::clone(&silent_rounds), Arc::downgrade(context));
    let reader = tokio::spawn(reading);
    let advising = adviser::run(name.clone(), Arc::clone(&source), rate, Arc::downgrade(context));
    let adviser = tokio::spawn(advising);
    let pulse = tokio::spawn(pulse::run(name.clone(), Arc::clone(&source), rate, Arc::downgrade(context)));
    let handle = SourceHandle {
        uid,
        generation,
        patience: Patience::default(),
        probed: probed.clone(),
        silent_rounds,
        versions: credentials.versions().clone(),
        source,
        retention: Mutex::new(retention.clone()),
        reader: reader.abort_handle(),
        adviser: adviser.abort_handle(),
        pulse: pulse.abort_handle(),
    };
    // The old handle's reader ends with it.
    context.handles.set(&name, Some(Arc::new(handle)));
    Finding::Probed(probed, retention)
}

/// The status to be written, or nothing when it would say the same.
fn next_status(source: &MetricsSource, finding: &Finding, context: &Context) -> Option<MetricsSourceStatus> {
    let generation = source.meta().generation;
    let now = context.clock.now();
    let mut status = source.status.clone().unwrap_or_default();
    status.observed_generation = generation;
    let mut set = |kind, state, reason: &str, message: &str| {
        condition::set(&mut status.conditions, kind, state, reason, message, generation, now);
    };
    match finding {
        Finding::Unchanged(probed, retention) | Finding::Probed(probed, retention) => {
            set(condition::READY, ConditionStatus::True, "Answers", "the store answers");
            set(condition::PROBED, ConditionStatus::True, "Tried", &probed.evidence);
            // The same finding again is no news.
            let same = status.increase.as_ref().is_some_and(|i| i.form == probed.form && i.evidence == probed.evidence);
            if !same {
                status.increase = Some(probed.clone());
            }
            let same = status
                .retention
                .as_ref()
                .is_some_and(|r| (&r.keeps, &r.evidence) == (&retention.keeps, &retention.evidence));
            if !same {
                status.retention = Some(retention.clone());
            }
        }
        Finding::Trouble(reason, message) => set(condition::READY, ConditionStatus::False, reason, message),
    }
    (source.status.as_ref() != Some(&status)).then_some(status)
}
