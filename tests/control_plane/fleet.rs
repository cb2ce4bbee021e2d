//! Many services of one kind, for tests about numbers: an endpoint with the counters of all of them, a Prometheus that
//! scrapes it, and one agreement each.
//!
//! The counters are a function of the time alone, the same share bad in every second, so that nothing about an agreement
//! ever changes, whenever a scrape happens to come.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::Result;
use axum::Router;
use axum::routing::get;
use guarantor_testbed::{Prometheus, PrometheusOptions, ScrapeTarget};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio::time::Instant;

/// Good and bad requests of each service in every second: a tenth of a percent is bad.
const PER_SECOND: (u64, u64) = (999, 1);

/// The services, being scraped. They end when dropped.
pub struct Fleet {
    /// How many there are.
    pub size: usize,
    /// Who scrapes them.
    pub prometheus: Prometheus,
    _endpoint: JoinSet<()>,
}

impl Fleet {
    /// Starts the services and the Prometheus.
    pub async fn start(namespace: &str, size: usize) -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let target = ScrapeTarget {
            job: "fleet".to_owned(),
            address: listener.local_addr()?.to_string(),
            metrics_path: "/metrics".to_owned(),
            labels: BTreeMap::from([("namespace".to_owned(), namespace.to_owned())]),
        };
        let begun = Instant::now();
        let router = Router::new().route("/metrics", get(async move || exposition(size, begun.elapsed())));
        let mut endpoint = JoinSet::new();
        endpoint.spawn(async move { axum::serve(listener, router).await.unwrap() });
        let options = PrometheusOptions { scrape: vec![target], ..PrometheusOptions::default() };
        Ok(Self { size, prometheus: Prometheus::start(options).await?, _endpoint: endpoint })
    }

    /// The manifests of the source and of one agreement per service, with slots of this length.
    pub fn manifests(&self, namespace: &str, slot: &str) -> String {
        let mut all = format!(
            "apiVersion: guarantor.dev/v1alpha1\nkind: MetricsSource\nmetadata: {{name: {namespace}}}\n\
             spec:\n  url: {}\n  timeout: 20s\n  tenants:\n  - namespace: {namespace}\n",
            self.prometheus.url()
        );
        for service in (0..self.size).map(service) {
            let _ = write!(
                all,
                r#"---
apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: {service}, namespace: {namespace}}}
spec:
  service:
    name: {service}
    workloads: [{{apiVersion: apps/v1, kind: Deployment, name: {service}}}]
  metrics: {{sourceRef: {{name: {namespace}}}, slot: {slot}}}
  period: {{rolling: 7d}}
  objectives:
  - name: availability
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{{service="{service}",code="500"}}[$slot]))
        total: sum(increase(http_requests_total{{service="{service}"}}[$slot]))
    target: "99"
  enforcement: {{mode: Enforce, scale: {{min: 2, max: 10}}}}
"#
            );
        }
        all
    }
}

fn service(number: usize) -> String {
    format!("service-{number:04}")
}

/// What the services expose after this time.
fn exposition(size: usize, age: Duration) -> String {
    let (good, bad) = PER_SECOND;
    let mut text = "# TYPE http_requests_total counter\n".to_owned();
    for service in (0..size).map(service) {
        for (code, each) in [(200, good), (500, bad)] {
            let count = each * age.as_secs();
            let _ = writeln!(text, "http_requests_total{{service=\"{service}\",code=\"{code}\"}} {count}");
        }
    }
    text
}
