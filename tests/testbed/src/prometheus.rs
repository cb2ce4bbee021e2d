//! A Prometheus server of one's own, on loopback.
//!
//! Takes what it shall scrape, gives a [`Prometheus`] that also takes history by remote write. It is gone with its data
//! when dropped. It needs no control plane.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::http;
use crate::ports::free_port;
use crate::process::{Process, Signal, command, with_new_ports};
use crate::query::{self, Row};
use crate::remote_write;
use crate::scratch::Scratch;
use crate::series::Series;
use crate::tools::{self, Tool};
use crate::wait::{Progress, wait_until};

/// How long it may take to be ready on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(180);

/// What kind of Prometheus it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrometheusOptions {
    /// Whether it knows `anchored` and `smoothed`, by which `increase` is exact at the edges of its window.
    pub exact_increase: bool,
    /// What it scrapes.
    pub scrape: Vec<ScrapeTarget>,
    /// How often it scrapes.
    pub scrape_interval: Duration,
    /// How many days it keeps samples.
    pub keeps_days: u32,
}

impl Default for PrometheusOptions {
    /// Knows exact increase, keeps 400 days and scrapes nothing; once a second when it is given targets.
    fn default() -> Self {
        Self { exact_increase: true, scrape: Vec::new(), scrape_interval: Duration::from_secs(1), keeps_days: 400 }
    }
}

/// Something that exposes metrics.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScrapeTarget {
    /// The value of the label `job`.
    pub job: String,
    /// Host and port.
    pub address: String,
    /// The path, such as `/metrics`.
    pub metrics_path: String,
    /// Labels of every series from here, unless the target sets them itself.
    pub labels: BTreeMap<String, String>,
}

/// A running Prometheus.
#[derive(Debug)]
pub struct Prometheus {
    process: Process,
    executable: PathBuf,
    port: u16,
    options: PrometheusOptions,
    client: reqwest::Client,
    scratch: Scratch,
}

impl Prometheus {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be had, or does not start; the text shows the end of its log.
    pub async fn start(options: PrometheusOptions) -> Result<Self> {
        let toolbox = tools::ensure(&[Tool::Prometheus]).await?;
        let executable = toolbox.path(Tool::Prometheus)?;
        with_new_ports(async || Self::start_once(options.clone(), executable).await)
            .await
            .context("Prometheus did not start")
    }

    async fn start_once(options: PrometheusOptions, executable: &Path) -> Result<Self> {
        let scratch = Scratch::new()?;
        let port = free_port()?;
        write_config(&scratch, &options)?;
        let mut prometheus = Self {
            process: spawn(executable, &scratch, port, &options)?,
            executable: executable.to_owned(),
            port,
            options,
            client: http::client()?,
            scratch,
        };
        prometheus.wait_ready().await?;
        Ok(prometheus)
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let url = format!("{}/-/ready", self.url());
        wait_until("Prometheus", PATIENCE, async || {
            self.process.check()?;
            Ok(match http::answers(&self.client, &url).await {
                Ok(()) => Progress::Done(()),
                Err(seen) => Progress::Pending(seen),
            })
        })
        .await
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Scrapes `targets` from now on, and nothing else.
    ///
    /// # Errors
    /// When it does not accept them.
    pub async fn set_targets(&mut self, targets: Vec<ScrapeTarget>) -> Result<()> {
        self.options.scrape = targets;
        write_config(&self.scratch, &self.options)?;
        let url = format!("{}/-/reload", self.url());
        let response = self.client.post(&url).send().await?;
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        ensure!(status.is_success(), "{url} answers {status}: {text}");
        Ok(())
    }

    /// Writes history. Samples may be up to 40 days older than the newest.
    ///
    /// # Errors
    /// When it refuses them.
    pub async fn remote_write(&self, series: &[Series]) -> Result<()> {
        let url = format!("{}/api/v1/write", self.url());
        remote_write::write(&self.client, &url, series).await
    }

    /// Asks for `expression` at `at`.
    ///
    /// # Errors
    /// When it refuses the expression or the answer is no vector.
    pub async fn query(&self, expression: &str, at: Timestamp) -> Result<Vec<Row>> {
        query::instant(&self.client, &self.url(), expression, at).await
    }

    /// What it tells about itself under `/metrics`.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn metrics(&self) -> Result<String> {
        let url = format!("{}/metrics", self.url());
        Ok(self.client.get(url).send().await?.error_for_status()?.text().await?)
    }

    /// Freezes it: it accepts connections and answers nothing.
    ///
    /// # Errors
    /// When it has ended.
    pub fn pause(&mut self) -> Result<()> {
        self.process.signal(Signal::Stop)
    }

    /// Lets it go on after [`Prometheus::pause`].
    ///
    /// # Errors
    /// When it has ended.
    pub fn resume(&mut self) -> Result<()> {
        self.process.signal(Signal::Continue)
    }

    /// Ends it for a while: nobody listens on its port. Its data stays; see [`Prometheus::come_back`].
    ///
    /// # Errors
    /// When the system does not let it be signalled.
    pub async fn leave(&mut self) -> Result<()> {
        self.process.stop(PATIENCE).await
    }

    /// Starts it again on the same port and data after [`Prometheus::leave`].
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn come_back(&mut self) -> Result<()> {
        self.process = spawn(&self.executable, &self.scratch, self.port, &self.options)?;
        self.wait_ready().await
    }

    /// Ends it, without asking, and waits until it has ended. The same happens when it is dropped.
    pub fn stop(self) {}
}

fn spawn(executable: &Path, scratch: &Scratch, port: u16, options: &PrometheusOptions) -> Result<Process> {
    let mut arguments = vec![
        format!("--config.file={}", config_path(scratch).display()),
        format!("--storage.tsdb.path={}", scratch.file("data").display()),
        format!("--storage.tsdb.retention.time={}d", options.keeps_days),
        format!("--web.listen-address=127.0.0.1:{port}"),
        "--web.enable-lifecycle".to_owned(),
        "--web.enable-admin-api".to_owned(),
        "--web.enable-remote-write-receiver".to_owned(),
    ];
    if options.exact_increase {
        arguments.push("--enable-feature=promql-extended-range-selectors".to_owned());
    }
    Process::spawn("prometheus", &mut command(executable, arguments), &scratch.file("prometheus.log"))
}

fn config_path(scratch: &Scratch) -> PathBuf {
    scratch.file("prometheus.yml")
}

fn write_config(scratch: &Scratch, options: &PrometheusOptions) -> Result<()> {
    let path = config_path(scratch);
    // JSON is YAML too.
    std::fs::write(&path, serde_json::to_vec_pretty(&config(options))?)
        .with_context(|| format!("cannot write {}", path.display()))
}

fn config(options: &PrometheusOptions) -> Value {
    let mut jobs: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    for target in &options.scrape {
        let mut labels = target.labels.clone();
        // A label of this name sets the path for one target; there is one `metrics_path` for a whole job.
        labels.insert("__metrics_path__".to_owned(), target.metrics_path.clone());
        jobs.entry(&target.job).or_default().push(json!({ "targets": [target.address], "labels": labels }));
    }
    let interval = format!("{}ms", options.scrape_interval.as_millis());
    let scrape: Vec<Value> = jobs
        .into_iter()
        .map(|(job, targets)| json!({ "job_name": job, "honor_labels": true, "static_configs": targets }))
        .collect();
    json!({
        "global": { "scrape_interval": interval, "scrape_timeout": interval },
        "storage": { "tsdb": { "out_of_order_time_window": "100d" } },
        "scrape_configs": scrape,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_of_one_job_share_its_configuration() {
        let target = |job: &str, port: u16| ScrapeTarget {
            job: job.to_owned(),
            address: format!("127.0.0.1:{port}"),
            metrics_path: format!("/{port}"),
            labels: BTreeMap::from([("namespace".to_owned(), "shop".to_owned())]),
        };
        let options = PrometheusOptions {
            scrape: vec![target("web", 1), target("db", 2), target("web", 3)],
            ..PrometheusOptions::default()
        };
        let one = |port: u16| {
            json!({
                "targets": [format!("127.0.0.1:{port}")],
                "labels": { "namespace": "shop", "__metrics_path__": format!("/{port}") },
            })
        };
        assert_eq!(
            config(&options).get("scrape_configs"),
            Some(&json!([
                { "job_name": "db", "honor_labels": true, "static_configs": [one(2)] },
                { "job_name": "web", "honor_labels": true, "static_configs": [one(1), one(3)] },
            ]))
        );
    }
}
