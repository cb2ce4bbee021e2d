//! The prometheus-adapter: what gives the horizontal pod autoscaler the figures of a Prometheus.
//!
//! Takes a control plane and a Prometheus, gives the pods' CPU under `metrics.k8s.io` and the requests a second of a namespace's
//! service under `external.metrics.k8s.io`, which the API server passes on to it. Both come from the series of the
//! [`plant`](crate::plant). It is gone when dropped.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::control_plane::ControlPlane;
use crate::ports::free_port;
use crate::process::{Process, command, with_new_ports};
use crate::scratch::Scratch;
use crate::tools::{self, Tool};
use crate::wait::{Progress, wait_until};

/// The name of the external metric: the requests a second of all pods, in the mean of the last minute, as KEDA's usual query has it.
pub const REQUESTS_PER_SECOND: &str = "http_requests_per_second";

/// Over how long CPU is measured, as by the metrics server with its default resolution.
const WINDOW: &str = "15s";

/// How long it may take until the API server can ask it.
const PATIENCE: Duration = Duration::from_secs(180);

/// A running adapter.
#[derive(Debug)]
pub struct Adapter {
    process: Process,
    _scratch: Scratch,
}

impl Adapter {
    /// Starts one for a cluster that was started here, and waits until the API server passes questions on to it. The first call
    /// builds it.
    ///
    /// # Errors
    /// When it cannot be had, or does not start; the text shows the end of its log.
    pub async fn start(cluster: &ControlPlane, prometheus: &str) -> Result<Self> {
        let toolbox = tools::ensure(&[Tool::PrometheusAdapter]).await?;
        let executable = toolbox.path(Tool::PrometheusAdapter)?;
        with_new_ports(async || Self::start_once(cluster, prometheus, executable).await)
            .await
            .context("the prometheus-adapter did not start")
    }

    async fn start_once(cluster: &ControlPlane, prometheus: &str, executable: &Path) -> Result<Self> {
        let scratch = Scratch::new()?;
        let port = free_port()?;
        let config = scratch.file("adapter.yaml");
        // JSON is YAML too.
        std::fs::write(&config, serde_json::to_vec_pretty(&rules())?)?;
        let kubeconfig = cluster.kubeconfig_path();
        let as_admin = |flag: &str| format!("--{flag}={}", kubeconfig.display());
        let arguments = [
            as_admin("lister-kubeconfig"),
            as_admin("authentication-kubeconfig"),
            as_admin("authorization-kubeconfig"),
            format!("--cert-dir={}", scratch.path().display()),
            "--bind-address=127.0.0.1".to_owned(),
            format!("--secure-port={port}"),
            format!("--config={}", config.display()),
            format!("--prometheus-url={prometheus}"),
            // Services come and go in the course of a run.
            "--metrics-relist-interval=10s".to_owned(),
            "--metrics-max-age=1m".to_owned(),
        ];
        let log = scratch.file("adapter.log");
        let process = Process::spawn("prometheus-adapter", &mut command(executable, arguments), &log)?;
        let mut adapter = Self { process, _scratch: scratch };
        cluster.kubectl_with_input(&["apply", "-f", "-"], &registration(port).to_string()).await?.ok()?;
        adapter.wait_ready(cluster).await?;
        Ok(adapter)
    }

    async fn wait_ready(&mut self, cluster: &ControlPlane) -> Result<()> {
        let client = cluster.client()?;
        for path in ["/apis/metrics.k8s.io/v1beta1", "/apis/external.metrics.k8s.io/v1beta1"] {
            wait_until("the prometheus-adapter", PATIENCE, async || {
                self.process.check()?;
                let request = axum::http::Request::get(path).body(Vec::new())?;
                Ok(match client.request_text(request).await {
                    Ok(_) => Progress::Done(()),
                    Err(error) => Progress::pending(format!("{path}: {error}")),
                })
            })
            .await?;
        }
        Ok(())
    }

    /// Makes sure it still runs.
    ///
    /// # Errors
    /// When it does not; the text shows the end of its log.
    pub fn check(&mut self) -> Result<()> {
        self.process.check()
    }
}

/// What it makes of which series.
fn rules() -> Value {
    let resources = json!({"overrides": {
        "namespace": {"resource": "namespace"}, "pod": {"resource": "pod"}, "node": {"resource": "node"},
    }});
    let resource = |query: &str| {
        json!({
            "containerLabel": "container",
            "containerQuery": format!("sum by (<<.GroupBy>>) ({query})"),
            // No autoscaler asks for nodes.
            "nodeQuery": "sum by (<<.GroupBy>>) (nothing_is_known_of_nodes{<<.LabelMatchers>>})",
            "resources": resources,
        })
    };
    let cpu = format!("rate(container_cpu_usage_seconds_total{{<<.LabelMatchers>>}}[{WINDOW}])");
    json!({
        "resourceRules": {
            "cpu": resource(&cpu),
            // The plant's pods use none; it leaves out a pod of which it does not know both.
            "memory": resource("0 * container_cpu_usage_seconds_total{<<.LabelMatchers>>}"),
            "window": WINDOW,
        },
        "externalRules": [{
            "seriesQuery": r#"http_requests_total{namespace!=""}"#,
            "resources": {"overrides": {"namespace": {"resource": "namespace"}}},
            "name": {"matches": "^.*$", "as": REQUESTS_PER_SECOND},
            "metricsQuery": "sum(rate(<<.Series>>{<<.LabelMatchers>>}[1m]))",
        }],
    })
}

/// A Service that leads to this machine, and the API groups that are to be asked there.
fn registration(port: u16) -> Value {
    const NAMESPACE: &str = "kube-system";
    const NAME: &str = "prometheus-adapter";
    let service = json!({
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": NAME, "namespace": NAMESPACE},
        "spec": {"type": "ExternalName", "externalName": "localhost"},
    });
    let group = |group: &str| {
        json!({
            "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService",
            "metadata": {"name": format!("v1beta1.{group}")},
            "spec": {
                "group": group, "version": "v1beta1", "groupPriorityMinimum": 100, "versionPriority": 100,
                "service": {"name": NAME, "namespace": NAMESPACE, "port": port},
                // It signs its certificate itself, on loopback.
                "insecureSkipTLSVerify": true,
            },
        })
    };
    let items = [service, group("metrics.k8s.io"), group("external.metrics.k8s.io")];
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}
