//! A metrics source as the controller knows it: opened once, then read slot by slot.
//!
//! [`HttpStores`] is what the operator runs with. Whoever runs the controller may give it other [`Sources`], for which
//! the time between question and answer is theirs to say. Must never know agreements.

use std::sync::Arc;

use futures::FutureExt;
use futures::future::BoxFuture;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use super::counters::{CounterAsk, Counters, Millionths};
use super::reader::{IndicatorAsk, IndicatorReading, ReadStats, Reader};
use super::signals::{SignalAsk, Signals};
use super::store::{Credentials, SetupError, StoreClient, StoreError, probe, retention};
use crate::api::metrics_source::{IncreaseProbe, MetricsSourceSpec, Retention};

/// Reads indicators from one source.
pub trait SlotReader: Send + Sync {
    /// Reads all asks, in the order given. What went wrong is in the readings it concerns.
    fn read_slots<'a>(&'a self, asks: &'a [IndicatorAsk]) -> BoxFuture<'a, (Vec<IndicatorReading>, ReadStats)>;

    /// Reads one indicator pod by pod, over the window that is asked for.
    fn read_signals<'a>(&'a self, ask: &'a SignalAsk) -> BoxFuture<'a, Signals>;

    /// Reads the counters of a service from step to step.
    fn read_counters<'a>(&'a self, ask: &'a CounterAsk) -> BoxFuture<'a, Counters>;

    /// Reads the requests per second of a service in steps of five minutes, in millionths, oldest first.
    fn read_rates<'a>(&'a self, ask: &'a CounterAsk) -> BoxFuture<'a, Result<Vec<(Timestamp, Millionths)>, Counters>>;

    /// Asks how long the source keeps samples. `now` is entered as the time of that.
    fn retention(&self, now: Timestamp) -> BoxFuture<'_, Result<Retention, StoreError>>;
}

/// Opens sources.
pub trait Sources: Send + Sync {
    /// Connects to a source and finds out how it counts. `now` is entered as the time of that.
    fn open<'a>(
        &'a self,
        spec: &'a MetricsSourceSpec,
        credentials: &'a Credentials,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Opened, OpenError>>;
}

/// A source that can be read.
pub struct Opened {
    /// How its increases are counted.
    pub increase: IncreaseProbe,
    /// How long it keeps samples.
    pub retention: Retention,
    /// Reads it.
    pub reader: Arc<dyn SlotReader>,
}

/// A source that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Not before its spec is changed.
    #[error(transparent)]
    Invalid(#[from] SetupError),
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] StoreError),
}

/// Prometheus-compatible stores, over HTTP.
#[derive(Clone, Copy, Debug, Default)]
pub struct HttpStores;

impl Sources for HttpStores {
    fn open<'a>(
        &'a self,
        spec: &'a MetricsSourceSpec,
        credentials: &'a Credentials,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Opened, OpenError>> {
        async move {
            let client = Arc::new(StoreClient::new(spec, credentials)?);
            let increase = probe(&client, now).await?;
            // It answered a moment ago: what it cannot tell about itself is no reason not to read it.
            let retention = retention(&client, now).await.unwrap_or_else(|error| Retention {
                keeps: None,
                evidence: error.to_string(),
                asked_at: Time(now),
            });
            let reader = Arc::new(Reader::new(client, increase.form).with_pod_label(&spec.pod_label));
            Ok(Opened { increase, retention, reader })
        }
        .boxed()
    }
}

impl SlotReader for Reader {
    fn read_slots<'a>(&'a self, asks: &'a [IndicatorAsk]) -> BoxFuture<'a, (Vec<IndicatorReading>, ReadStats)> {
        // The inherent method of the same name.
        Self::read_slots(self, asks).boxed()
    }

    fn read_signals<'a>(&'a self, ask: &'a SignalAsk) -> BoxFuture<'a, Signals> {
        Self::read_signals(self, ask).boxed()
    }

    fn read_counters<'a>(&'a self, ask: &'a CounterAsk) -> BoxFuture<'a, Counters> {
        Self::read_counters(self, ask).boxed()
    }

    fn read_rates<'a>(&'a self, ask: &'a CounterAsk) -> BoxFuture<'a, Result<Vec<(Timestamp, Millionths)>, Counters>> {
        Self::read_rates(self, ask).boxed()
    }

    fn retention(&self, now: Timestamp) -> BoxFuture<'_, Result<Retention, StoreError>> {
        Self::retention(self, now).boxed()
    }
}
