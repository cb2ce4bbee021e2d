//! A `VictoriaMetrics` server of one's own, on loopback: a store that speaks Prometheus' language with other rules.
//!
//! It refuses `anchored`, and its plain `increase` is exact and counts the first value of a new series.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::Timestamp;

use crate::http;
use crate::ports::free_port;
use crate::process::{Process, command, with_new_ports};
use crate::query::{self, Row};
use crate::remote_write;
use crate::scratch::Scratch;
use crate::series::Series;
use crate::tools::{self, Tool};
use crate::wait::{Progress, wait_until};

/// How long it may take to be ready on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running `VictoriaMetrics`.
#[derive(Debug)]
pub struct VictoriaMetrics {
    _process: Process,
    port: u16,
    client: reqwest::Client,
    _scratch: Scratch,
}

impl VictoriaMetrics {
    /// Starts one and waits until it is ready.
    ///
    /// # Errors
    /// When it cannot be had, or does not start; the text shows the end of its log.
    pub async fn start() -> Result<Self> {
        let toolbox = tools::ensure(&[Tool::VictoriaMetrics]).await?;
        let executable = toolbox.path(Tool::VictoriaMetrics)?;
        with_new_ports(async || Self::start_once(executable).await).await.context("VictoriaMetrics did not start")
    }

    async fn start_once(executable: &Path) -> Result<Self> {
        let scratch = Scratch::new()?;
        let port = free_port()?;
        let data = scratch.file("data");
        let mut process = Process::spawn(
            "victoria-metrics",
            &mut command(
                executable,
                [
                    format!("-httpListenAddr=127.0.0.1:{port}"),
                    format!("-storageDataPath={}", data.display()),
                    "-retentionPeriod=100y".to_owned(),
                    // By default it hides the newest 30 s.
                    "-search.latencyOffset=0s".to_owned(),
                ],
            ),
            &scratch.file("victoria-metrics.log"),
        )?;
        let client = http::client()?;
        let health = format!("http://127.0.0.1:{port}/health");
        wait_until("VictoriaMetrics", PATIENCE, async || {
            process.check()?;
            Ok(match http::answers(&client, &health).await {
                Ok(()) => Progress::Done(()),
                Err(seen) => Progress::Pending(seen),
            })
        })
        .await?;
        Ok(Self { _process: process, port, client, _scratch: scratch })
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Writes history and makes it visible to queries.
    ///
    /// # Errors
    /// When it refuses the samples.
    pub async fn import(&self, series: &[Series]) -> Result<()> {
        let url = format!("{}/api/v1/write", self.url());
        remote_write::write(&self.client, &url, series).await?;
        let flush = format!("{}/internal/force_flush", self.url());
        http::answers(&self.client, &flush).await.map_err(anyhow::Error::msg)
    }

    /// Asks for `expression` at `at`.
    ///
    /// # Errors
    /// When it refuses the expression or the answer is no vector.
    pub async fn query(&self, expression: &str, at: Timestamp) -> Result<Vec<Row>> {
        query::instant(&self.client, &self.url(), expression, at).await
    }

    /// Ends it, without asking, and waits until it has ended. The same happens when it is dropped.
    pub fn stop(self) {}
}
