//! Where one drill is played: a shop in a namespace, on nodes and with a Prometheus and an operator of its own.

use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::core::v1::Pod;
use kube::ResourceExt as _;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, ListParams};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::Value;
use tokio::time::sleep;

use super::Fault;
use crate::control_plane::ControlPlane;
use crate::manifest::{Agreement, Objective, rolling, shed};
use crate::operator::{Operator, OperatorOptions};
use crate::plant::ServiceHandle;
use crate::shop::{STOREFRONT, Shop, ShopOptions};
use crate::wait::{Progress, wait_until};

/// Requests per second on eight pods that can serve 160.
pub(super) const RATE: f64 = 60.0;
/// The `ConfigMap` with the switch by which the service sheds load.
const SWITCH: &str = "limits";
const PODS: i32 = 8;
/// The service that the other one calls, where that is declared.
const UPSTREAM: &str = "payments";
const NODES: u16 = 4;
/// How long it is calm before: longer than the revision in force must have served, and a pod must be old, to be acted upon.
const CALM: Duration = Duration::from_secs(30);
const PATIENCE: Duration = Duration::from_secs(300);

/// The flags of a drill's operator: slots are read two seconds after their end, and it may act at once.
pub(super) fn operator_flags() -> Vec<String> {
    [
        "--settle-delay=2s",
        "--log-format=text",
        "--lease-duration=15s",
        "--renew-interval=1s",
        "--lease-margin=2s",
        "--warm-up=0s",
        // What was not measured while the store was gone is waited for no longer when the agreement goes.
        "--close-grace=10s",
    ]
    .map(str::to_owned)
    .to_vec()
}

/// A stage for one fault.
pub struct Lane<'a> {
    pub(super) cluster: &'a ControlPlane,
    pub(super) namespace: String,
    agreement: String,
    pub(super) shop: Shop,
    /// What the service depends on, where that is declared.
    pub(super) upstream: Option<ServiceHandle>,
    operator: Operator,
    agreements: Api<DynamicObject>,
    pods: Api<Pod>,
}

impl<'a> Lane<'a> {
    /// Sets the stage: eight pods on four nodes, and an agreement that allows every verb.
    ///
    /// # Errors
    /// When a part does not come up in time.
    pub async fn open(
        cluster: &'a ControlPlane,
        namespace: &str,
        operator: &OperatorOptions,
        fault: Fault,
        seed: u64,
    ) -> Result<Self> {
        cluster.add_pool(namespace, NODES).await?;
        let mut chance = Pcg64::seed_from_u64(seed);
        let shop = kind(namespace, fault);
        let rate = shop.rate * chance.random_range(0.95..1.05);
        let options = ShopOptions { replicas: PODS, rate, pool: Some(namespace.to_owned()), seed, ..shop };
        let mut shop = Shop::open(cluster, &options).await?;
        let sheds = shed(SWITCH, true);
        // A storm and a step are told by what was before; a storm by replicas that were tried in vain too.
        let (agreement, upstream) = match fault {
            Fault::RetryStorm => (agreement(namespace, &sheds, shop.has_been_open(rate).await?, 10).to_string(), None),
            Fault::TrafficStep => (agreement(namespace, &sheds, shop.has_been_open(rate).await?, 16).to_string(), None),
            Fault::DependencySlow => {
                let options = ShopOptions { replicas: 2, rate: RATE / 3.0, ..options };
                let upstream = shop.add_service(cluster, UPSTREAM, &options).await?;
                let own = Agreement { depends_on: vec![UPSTREAM], ..agreement(namespace, &sheds, rolling("30m"), 16) };
                (format!("{}---\n{own}", of_upstream(namespace)), Some(upstream))
            }
            _ => (agreement(namespace, &sheds, rolling("30m"), 16).to_string(), None),
        };
        shop.add_switch(cluster, SWITCH).await?;
        let operator = Operator::start(operator).await?;
        let client = cluster.client()?;
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("guarantor.dev", "v1alpha1", "ServiceLevelAgreement"));
        Ok(Self {
            cluster,
            namespace: namespace.to_owned(),
            agreement,
            shop,
            upstream,
            operator,
            agreements: Api::namespaced_with(client.clone(), namespace, &kind),
            pods: Api::namespaced(client, namespace),
        })
    }

    /// Applies the agreement, and lets all be well for a while.
    pub(super) async fn until_calm(&self) -> Result<()> {
        // What the front door had to refuse before there were pods is no part of the agreement.
        sleep(Duration::from_secs(6)).await;
        self.cluster.kubectl_with_input(&["apply", "-f", "-"], &self.agreement).await?.ok()?;
        wait_until("measured slots", PATIENCE, async || {
            let status = self.status().await?;
            let events = status.pointer("/objectives/0/totalEvents").and_then(Value::as_str).unwrap_or("0");
            Ok(if events == "0" { Progress::pending(status.to_string()) } else { Progress::Done(()) })
        })
        .await
        .with_context(|| self.log())?;
        sleep(CALM).await;
        Ok(())
    }

    /// The agreement's status.
    pub(super) async fn status(&self) -> Result<Value> {
        Ok(self.agreements.get(STOREFRONT).await?.data.get("status").cloned().unwrap_or_default())
    }

    /// The pods that are not on their way out, by name.
    pub(super) async fn pods(&self) -> Result<Vec<Pod>> {
        let mut pods = self.pods.list(&ListParams::default().labels(&format!("app={STOREFRONT}"))).await?.items;
        pods.retain(|pod| pod.metadata.deletion_timestamp.is_none());
        pods.sort_by_key(Pod::name_any);
        Ok(pods)
    }

    /// The names of those on a node.
    pub(super) async fn pods_on(&self, node: &str) -> Result<Vec<String>> {
        let mut pods = self.pods().await?;
        pods.retain(|pod| pod.spec.as_ref().and_then(|spec| spec.node_name.as_deref()) == Some(node));
        Ok(pods.iter().map(Pod::name_any).collect())
    }

    /// Whether none of these pods is ready.
    pub(super) async fn none_is_ready(&self, names: &[String]) -> Result<bool> {
        let ready = |pod: &Pod| {
            let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
            conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
        };
        Ok(!self.pods().await?.iter().any(|pod| names.contains(&pod.name_any()) && ready(pod)))
    }

    /// The end of the operator's log, for messages.
    pub(super) fn log(&self) -> String {
        let log = std::fs::read_to_string(self.operator.log()).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        format!(
            "in {}; the operator's log ends with\n{}",
            self.namespace,
            lines.into_iter().rev().collect::<Vec<_>>().join("\n")
        )
    }

    /// Takes everything away; what the operator holds it gives back first.
    pub(super) async fn close(self) -> Result<()> {
        let delete = ["delete", "sla", "--all", "-n", &self.namespace, "--timeout=60s", "--ignore-not-found"];
        let deleted = self.cluster.kubectl(&delete).await?.ok().with_context(|| self.log());
        self.operator.stop().await?;
        self.cluster.kubectl(&["delete", "namespace", &self.namespace, "--wait=false"]).await?.ok()?;
        // Every operator looks at every source.
        self.cluster.kubectl(&["delete", "metricssource", &self.namespace, "--wait=false"]).await?.ok()?;
        self.cluster.remove_pool(&self.namespace).await?;
        deleted.map(drop)
    }
}

/// The shop that a fault needs to strike.
fn kind(namespace: &str, fault: Fault) -> ShopOptions {
    let cpu = |request: &str, limit: Option<&str>| (request.to_owned(), limit.map(str::to_owned));
    let usual = ShopOptions { rate: RATE, ..ShopOptions::new(namespace) };
    match fault {
        // With much room and little patience all that is worked on is given up before it is done; and so many come that two pods
        // more do not end it.
        Fault::RetryStorm => ShopOptions {
            rate: RATE * 5.0 / 3.0,
            capacity: 256,
            timeout: Duration::from_secs(1),
            cpu: cpu("1", None),
            ..usual
        },
        // What a limit holds back is another fault.
        Fault::TrafficStep => ShopOptions { cpu: cpu("1", None), ..usual },
        Fault::TightLimit => ShopOptions { rate: RATE / 2.0, cpu: cpu("250m", Some("500m")), ..usual },
        _ => usual,
    }
}

/// Both objectives matter, so that neither alone leads to a verb, and every verb is allowed; replicas up to `most`.
fn agreement<'a>(namespace: &'a str, shed: &'a str, term: String, most: u32) -> Agreement<'a> {
    Agreement {
        term,
        objectives: vec![Objective::availability("99"), Objective::latency("500ms", "95")],
        scale: Some((2, most)),
        allows: vec![
            "rollback: {servedFor: 20s}",
            "reschedule: {minAge: 10s, perDay: 6, avoidNode: {}}",
            "resize: {maxCpu: \"2\"}",
            shed,
        ],
        ..Agreement::new(namespace)
    }
}

/// The same promise about what it depends on, which is measured and not acted on.
fn of_upstream(namespace: &str) -> Agreement<'_> {
    Agreement {
        objectives: vec![Objective::latency("500ms", "95")],
        mode: "Observe",
        scale: None,
        ..Agreement::about(namespace, UPSTREAM)
    }
}
