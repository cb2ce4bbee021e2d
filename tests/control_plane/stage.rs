//! Where a test plays: a shop in a namespace of its own, and an operator that watches only that namespace, under the
//! account the chart made for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use guarantor::api::ServiceLevelAgreement;
use guarantor::api::agreement_status::AgreementStatus;
use guarantor_testbed::wait::{Progress, wait_until};
use guarantor_testbed::{ControlPlane, Operator, OperatorOptions, Shop, ShopOptions};
use kube::api::Api;
use tokio::sync::OnceCell;

/// The namespace the chart is installed in.
pub const SYSTEM: &str = "guarantor-system";
/// How long a test waits for one thing. Machines are shared; this bounds a failure, not a success.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The chart's folder.
pub fn chart() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("charts/guarantor")
}

/// The control plane with the chart installed, and no operator replica in the cluster: simulated nodes run nothing.
pub async fn cluster() -> Result<&'static ControlPlane> {
    static INSTALLED: OnceCell<()> = OnceCell::const_new();
    let cluster = ControlPlane::shared().await?;
    INSTALLED
        .get_or_try_init(|| async {
            let chart = chart();
            let chart = chart.to_str().context("the chart's path is not UTF-8")?;
            let arguments =
                ["install", "guarantor", chart, "--namespace", SYSTEM, "--create-namespace", "--set", "replicas=0"];
            cluster.helm(&arguments).await?.ok().map(drop)
        })
        .await?;
    Ok(cluster)
}

/// A shop with an operator.
pub struct Stage {
    pub cluster: &'static ControlPlane,
    pub shop: Shop,
    pub operator: Option<Operator>,
    /// How its operator is started, for starting another.
    pub options: OperatorOptions,
}

impl Stage {
    /// Opens a shop in the namespace `name` and starts an operator for it.
    pub async fn open(name: &str) -> Result<Self> {
        Self::open_with(&ShopOptions::new(name)).await
    }

    /// The same for a shop of another kind.
    pub async fn open_with(shop: &ShopOptions) -> Result<Self> {
        let cluster = cluster().await?;
        let options = operator_options(cluster, &shop.namespace).await?;
        let shop = Shop::open(cluster, shop).await?;
        let operator = Some(Operator::start(&options).await?);
        Ok(Self { cluster, shop, operator, options })
    }

    /// Applies a manifest as a user would.
    pub async fn apply(&self, manifest: &str) -> Result<String> {
        self.cluster.kubectl_with_input(&["apply", "-f", "-"], manifest).await?.ok()
    }

    /// The status of an agreement of this namespace; empty while there is none.
    pub async fn status(&self, agreement: &str) -> Result<AgreementStatus> {
        let api: Api<ServiceLevelAgreement> = Api::namespaced(self.cluster.client()?, &self.shop.namespace);
        Ok(api.get(agreement).await?.status.unwrap_or_default())
    }

    /// Waits until an agreement's status says what `seen` looks for.
    pub async fn until<T>(
        &self,
        agreement: &str,
        what: &str,
        seen: impl Fn(&AgreementStatus) -> Option<T>,
    ) -> Result<T> {
        let waited = wait_until(what, PATIENCE, async || {
            let status = self.status(agreement).await?;
            Ok(match seen(&status) {
                Some(found) => Progress::Done(found),
                None => Progress::pending(serde_json::to_string_pretty(&status)?),
            })
        });
        waited.await.with_context(|| self.log())
    }

    /// The end of the operator's log, for messages.
    pub fn log(&self) -> String {
        let Some(operator) = &self.operator else { return "the operator does not run".to_owned() };
        let log = std::fs::read_to_string(operator.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        let tail = lines.len().saturating_sub(30);
        format!("the operator's log ends with\n{}", lines[tail..].join("\n"))
    }
}

/// An operator for one namespace: slots are read two seconds after their end, and it has a lease of its own.
pub async fn operator_options(cluster: &ControlPlane, namespace: &str) -> Result<OperatorOptions> {
    Ok(OperatorOptions {
        binary: PathBuf::from(env!("CARGO_BIN_EXE_guarantor")),
        kubeconfig: cluster.service_account_kubeconfig(SYSTEM, "guarantor").await?,
        watch_namespace: namespace.to_owned(),
        lease_namespace: SYSTEM.to_owned(),
        lease_name: format!("guarantor-{namespace}"),
        flags: [
            "--settle-delay=2s",
            "--log-format=text",
            "--lease-duration=8s",
            "--renew-interval=1s",
            "--lease-margin=2s",
        ]
        .map(str::to_owned)
        .to_vec(),
    })
}

/// An agreement about the storefront's latency, enforced between two and ten replicas; `extra` goes into its spec.
pub fn latency_agreement(namespace: &str, mode: &str) -> String {
    format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: storefront, namespace: {namespace}}}
spec:
  service:
    name: storefront
    workloads: [{{apiVersion: apps/v1, kind: Deployment, name: storefront}}]
  metrics: {{sourceRef: {{name: {namespace}}}, slot: 5s}}
  period: {{rolling: 30m}}
  objectives:
  - name: latency
    indicator:
      latency: {{histogram: http_request_duration_seconds, selector: {{service: storefront}}, threshold: 500ms}}
    target: "90"
  enforcement: {{mode: {mode}, scale: {{min: 2, max: 10}}, cooldown: 10s, releaseAfter: 20s}}
"#
    )
}
