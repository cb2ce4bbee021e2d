//! The client of one metrics store: one question in, one [`Answer`] or one [`StoreError`] out.
//!
//! Holds the source's limits for everyone who asks it: requests under way at once, requests a second, how long one may
//! take, how large an answer may be. Queries are always sent by POST: a GET of a joined query is too long for most servers.
//! They carry `nocache=1`, without which `VictoriaMetrics` silently answers for half a minute ago when asked for now;
//! other stores ignore it. Must never follow a redirect, or ask without a limit.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use prometheus_http_query::Client;
use reqwest::Response;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, Semaphore};
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout_at};

use super::answer::{Answer, Data, Expected, Remarks, series};
use super::connection::{SetupError, connect, field, timeout};
use super::credentials::Credentials;
use super::error::StoreError;
use super::response;
use crate::api::metrics_source::MetricsSourceSpec;

/// The pause before the second and last try in milliseconds, at least; with up to as much again by chance, so that several agreements'
/// requests that failed together do not come back together.
const PAUSE_MS: u64 = 100;

/// A client of one store. Share it: the limits hold for all who use the same one.
pub struct StoreClient {
    http: Client,
    timeout: Duration,
    permits: Semaphore,
    /// Lets one request go per tick. What was not used is not saved up: a store is asked evenly.
    pace: Mutex<Interval>,
    sent: AtomicU64,
}

/// One question of the HTTP interface.
enum Call<'a> {
    Instant { query: &'a str, at: Timestamp },
    Range { query: &'a str, first: i64, last: i64, step: u32 },
    Get { path: &'a str, parameters: Vec<(&'a str, String)> },
}

impl StoreClient {
    /// A client for the source. Nothing is asked yet.
    ///
    /// # Errors
    /// When a field of the spec cannot be used.
    pub fn new(spec: &MetricsSourceSpec, credentials: &Credentials) -> Result<Self, SetupError> {
        let timeout = timeout(spec)?;
        let http = Client::from(connect(spec, credentials, timeout)?, spec.url.trim_end_matches('/'))
            .map_err(|_| field("spec.url", "is not a URL"))?;
        let address = http.base_url();
        if !address.username().is_empty() || address.password().is_some() {
            return Err(field("spec.url", "must not hold a user name or password; use spec.auth"));
        }
        if spec.auth.is_some() && address.scheme() != "https" && spec.allow_plain_text_credentials != Some(true) {
            return Err(field("spec.auth", "a credential would be sent in clear text; use an https:// url"));
        }
        let positive = |value: i32, name: &str| {
            u32::try_from(value).ok().filter(|value| *value > 0).ok_or_else(|| field(name, "must be above 0"))
        };
        let concurrency = positive(spec.limits.concurrency, "spec.limits.concurrency")?;
        let rate = positive(spec.limits.requests_per_second, "spec.limits.requestsPerSecond")?;
        let mut pace = interval(Duration::from_secs(1) / rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        Ok(Self {
            http,
            timeout,
            permits: Semaphore::new(usize::try_from(concurrency).unwrap_or(1)),
            pace: Mutex::new(pace),
            sent: AtomicU64::new(0),
        })
    }

    /// How many requests were sent so far, second tries included.
    #[must_use]
    pub fn requests_sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// The expression's value at one instant: one sample per series.
    ///
    /// # Errors
    /// Every [`StoreError`].
    pub async fn instant(&self, query: &str, at: Timestamp) -> Result<Answer, StoreError> {
        self.answer(&Call::Instant { query, at }, Expected::Instant).await
    }

    /// The samples of a range selector such as `m[5m]` before one instant.
    ///
    /// # Errors
    /// Every [`StoreError`].
    pub async fn samples(&self, selector: &str, at: Timestamp) -> Result<Answer, StoreError> {
        self.answer(&Call::Instant { query: selector, at }, Expected::Matrix).await
    }

    /// The expression's value at `first`, `first + step`, … up to `last`, in seconds since 1970.
    ///
    /// # Errors
    /// Every [`StoreError`].
    pub async fn range(&self, query: &str, first: i64, last: i64, step: u32) -> Result<Answer, StoreError> {
        self.answer(&Call::Range { query, first, last, step }, Expected::Matrix).await
    }

    /// The values a label has on the series of a selector between two instants, in seconds since 1970.
    ///
    /// # Errors
    /// Every [`StoreError`].
    pub async fn label_values(
        &self,
        label: &str,
        selector: &str,
        first: i64,
        last: i64,
    ) -> Result<Vec<String>, StoreError> {
        let path = format!("api/v1/label/{label}/values");
        let parameters =
            vec![("match[]", selector.to_owned()), ("start", first.to_string()), ("end", last.to_string())];
        let (values, _) = self.data(&Call::Get { path: &path, parameters }).await?;
        Ok(values)
    }

    /// What the store says about its own abilities; Prometheus 3.8 and later only.
    ///
    /// # Errors
    /// Every [`StoreError`]; stores without this page refuse it.
    pub async fn features(&self) -> Result<serde_json::Value, StoreError> {
        let (features, _) = self.data(&Call::Get { path: "api/v1/features", parameters: Vec::new() }).await?;
        Ok(features)
    }

    /// What the store says about how it runs; Prometheus only.
    ///
    /// # Errors
    /// Every [`StoreError`]; stores without this page refuse it.
    pub async fn runtime_information(&self) -> Result<serde_json::Value, StoreError> {
        let call = Call::Get { path: "api/v1/status/runtimeinfo", parameters: Vec::new() };
        let (information, _) = self.data(&call).await?;
        Ok(information)
    }

    async fn answer(&self, call: &Call<'_>, expected: Expected) -> Result<Answer, StoreError> {
        let (data, remarks): (Data, _) = self.data(call).await?;
        Ok(Answer { series: series(data, expected)?, remarks })
    }

    /// Asks, and asks once more when that may help and there is time for it.
    async fn data<D: DeserializeOwned>(&self, call: &Call<'_>) -> Result<(D, Remarks), StoreError> {
        let _permit = self.permits.acquire().await;
        self.pace.lock().await.tick().await;
        let deadline = Instant::now() + self.timeout;
        let first = self.attempt(call, deadline).await;
        let Some(asked) = first.as_ref().err().and_then(StoreError::again_after) else {
            return first;
        };
        let chance = Duration::from_millis(fastrand::u64(0..PAUSE_MS));
        let pause = asked.max(Duration::from_millis(PAUSE_MS)) + chance;
        if Instant::now() + pause >= deadline {
            return first;
        }
        sleep(pause).await;
        self.pace.lock().await.tick().await;
        self.attempt(call, deadline).await
    }

    async fn attempt<D: DeserializeOwned>(
        &self,
        call: &Call<'_>,
        deadline: Instant,
    ) -> Result<(D, Remarks), StoreError> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let exchange = async { response::read(self.send(call).await?).await };
        match timeout_at(deadline, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(StoreError::TimedOut(format!("no answer within {} ms", self.timeout.as_millis()))),
        }
    }

    async fn send(&self, call: &Call<'_>) -> Result<Response, StoreError> {
        let patience = i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX);
        let sent = match call {
            Call::Instant { query, at } => {
                // Not `at`, which takes whole seconds.
                let query = self.http.query(query).query("time", seconds(*at)).query("nocache", 1);
                query.timeout(patience).post_raw().await
            }
            Call::Range { query, first, last, step } => {
                let query = self.http.query_range(query, *first, *last, f64::from(*step)).query("nocache", 1);
                query.timeout(patience).post_raw().await
            }
            Call::Get { path, parameters } => {
                // Its own requests for labels take selectors that are not quoted.
                let mut address = self.http.base_url().clone();
                let base = address.path().trim_end_matches('/').to_owned();
                address.set_path(&format!("{base}/{path}"));
                return self.http.inner().get(address).query(parameters).send().await.map_err(|e| response::broken(&e));
            }
        };
        sent.map_err(|error| response::not_sent(&error))
    }
}

/// An instant in seconds with three places.
fn seconds(at: Timestamp) -> String {
    let milliseconds = at.as_millisecond();
    format!("{}.{:03}", milliseconds.div_euclid(1000), milliseconds.rem_euclid(1000))
}
