//! The three kinds of store, each probed and read as the operator does it.

use std::sync::Arc;

use guarantor::api::metrics_source::{IncreaseForm, Limits, MetricsSourceSpec};
use guarantor::api::objective::{Indicator, RatioIndicator};
use guarantor::sense::observation::SlotReading;
use guarantor::sense::reader::{IndicatorAsk, IndicatorReading, ReadStats, Reader, ReadingKey, SlotRange};
use guarantor::sense::store::{Credentials, StoreClient, probe};
use guarantor_testbed::{Prometheus, PrometheusOptions, Series, VictoriaMetrics};
use k8s_openapi::jiff::Timestamp;

/// The slots' length in seconds.
pub const SLOT: i64 = 300;

/// The first slot's start: yesterday, on the grid.
pub fn start() -> i64 {
    (Timestamp::now().as_second() - 24 * 3600).div_euclid(SLOT) * SLOT
}

enum Server {
    Prometheus { _server: Prometheus },
    VictoriaMetrics { _server: VictoriaMetrics },
}

/// A store with history, and what was found out about it.
pub struct Store {
    pub form: IncreaseForm,
    pub client: Arc<StoreClient>,
    _server: Server,
}

/// Prometheus with and without `anchored`, and VictoriaMetrics, all with the same history.
pub async fn all(history: &[Series]) -> Vec<Store> {
    let exact = prometheus(true, history).await;
    let plain = prometheus(false, history).await;
    let other = victoria_metrics(history).await;
    assert_eq!([exact.form, plain.form, other.form], [IncreaseForm::Anchored, IncreaseForm::Raw, IncreaseForm::Native]);
    vec![exact, plain, other]
}

pub async fn prometheus(exact_increase: bool, history: &[Series]) -> Store {
    let server = Prometheus::start(PrometheusOptions { exact_increase, ..PrometheusOptions::default() }).await.unwrap();
    server.remote_write(history).await.unwrap();
    let url = server.url();
    probed(&url, Server::Prometheus { _server: server }).await
}

async fn victoria_metrics(history: &[Series]) -> Store {
    let server = VictoriaMetrics::start().await.unwrap();
    server.import(history).await.unwrap();
    let url = server.url();
    probed(&url, Server::VictoriaMetrics { _server: server }).await
}

async fn probed(url: &str, server: Server) -> Store {
    // Another test may have been first.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let spec = MetricsSourceSpec {
        url: url.to_owned(),
        timeout: "30s".into(),
        tls: None,
        auth: None,
        allow_plain_text_credentials: None,
        headers: Vec::new(),
        pod_label: "pod".to_owned(),
        limits: Limits { concurrency: 8, requests_per_second: 1000 },
        tenants: Vec::new(),
    };
    let client = Arc::new(StoreClient::new(&spec, &Credentials::default()).unwrap());
    let found = probe(&client, Timestamp::now()).await.unwrap();
    Store { form: found.form, client, _server: server }
}

impl Store {
    pub async fn read(&self, asks: &[IndicatorAsk]) -> (Vec<IndicatorReading>, ReadStats) {
        self.read_as(self.form, asks).await
    }

    pub async fn read_as(&self, form: IncreaseForm, asks: &[IndicatorAsk]) -> (Vec<IndicatorReading>, ReadStats) {
        Reader::new(Arc::clone(&self.client), form).read_slots(asks).await
    }

    /// One ask's slots.
    pub async fn slots(&self, ask: &IndicatorAsk) -> Vec<SlotReading> {
        self.read(std::slice::from_ref(ask)).await.0.remove(0).slots
    }
}

/// `count` slots from the one with this number.
pub fn slots(start: i64, first: i64, count: u32) -> SlotRange {
    let at = Timestamp::from_second(start + first * SLOT).unwrap();
    SlotRange::new(at, u32::try_from(SLOT).unwrap(), count).unwrap()
}

pub fn ask(name: &str, indicator: Indicator, slots: SlotRange) -> IndicatorAsk {
    IndicatorAsk {
        key: ReadingKey { agreement: name.to_owned(), objective: "o".to_owned() },
        indicator,
        tenancy: vec![("namespace".to_owned(), "shop".to_owned())],
        slots,
    }
}

/// Failed requests over all requests of a job.
pub fn ratio(job: &str) -> Indicator {
    let job = job.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n");
    let sum = |more: &str| format!("sum(increase(requests_total{{job=\"{job}\"{more}}}[$slot]))");
    Indicator {
        ratio: Some(RatioIndicator { good: None, bad: Some(sum(",code=\"500\"")), total: sum("") }),
        ..Indicator::default()
    }
}
