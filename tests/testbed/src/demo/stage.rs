//! Where the demo plays: control plane, the operator with exactly the chart's rights, and a shop.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};

use super::agreements::{CART, SEARCH};
use crate::chart::{self, ACCOUNT, SYSTEM};
use crate::control_plane::{ControlPlane, Options};
use crate::manifest::Autoscaler;
use crate::operator::{Operator, OperatorOptions};
use crate::shop::{Shop, ShopOptions};
use crate::timeline::Timeline;
use crate::wait::{Progress, wait_until};

/// The namespace of the shop.
pub const SHOP: &str = "shop";

/// What the demo is made of.
#[derive(Debug, Clone)]
pub struct StageOptions {
    /// The operator's binary.
    pub operator: PathBuf,
    /// The chart's folder.
    pub chart: PathBuf,
}

/// Everything that runs. It ends when dropped.
pub struct Stage {
    /// The shop.
    pub shop: Shop,
    /// The operator.
    pub operator: Operator,
    /// The cluster. Last, since the others talk to it.
    pub cluster: ControlPlane,
}

impl Stage {
    /// Starts everything.
    ///
    /// # Errors
    /// When a part does not start; the text shows the end of its log.
    pub async fn set(options: &StageOptions, timeline: &Timeline) -> Result<Self> {
        timeline.headline("Setting the stage")?;
        let cluster = ControlPlane::open(Options::default()).await?;
        timeline.say(if cluster.is_own() {
            "a Kubernetes control plane runs, with six simulated nodes"
        } else {
            "the cluster that was named for this has six simulated nodes more"
        })?;
        chart::install(&cluster, &options.chart, chart::EVERY_VERB).await?;
        timeline.say("Helm installed Guarantor's resources, account and rights")?;
        let kubeconfig = cluster.service_account_kubeconfig(SYSTEM, ACCOUNT).await?;
        let operator = Operator::start(&OperatorOptions {
            binary: options.operator.clone(),
            kubeconfig,
            watch_namespace: String::new(),
            lease_namespace: SYSTEM.to_owned(),
            lease_name: "guarantor".to_owned(),
            flags: [
                "--settle-delay=2s",
                "--log-format=text",
                "--lease-duration=10s",
                "--renew-interval=2s",
                "--warm-up=0s",
            ]
            .map(str::to_owned)
            .to_vec(),
        })
        .await?;
        timeline.say("the operator runs, as that account and with no further right")?;
        let shop = Shop::open(&cluster, &ShopOptions::new(SHOP)).await?;
        for service in [CART, SEARCH] {
            let options = ShopOptions { replicas: 4, rate: 40.0, seed: 2, ..ShopOptions::new(SHOP) };
            shop.add_service(&cluster, service, &options).await?;
        }
        let autoscaler = Autoscaler::new(SHOP, 3, 12).to_string();
        cluster.kubectl_with_input(&["apply", "-f", "-"], &autoscaler).await?.ok()?;
        timeline.say("a storefront of three pods serves 30 requests a second; Prometheus scrapes it")?;
        timeline.say("cart and search, of four pods each, serve 40 requests a second")?;
        Ok(Self { shop, operator, cluster })
    }

    /// An agreement as it stands, for waiting on.
    ///
    /// # Errors
    /// When there is none.
    pub async fn agreement(&self, name: &str) -> Result<DynamicObject> {
        let kind = ApiResource::from_gvk(&GroupVersionKind::gvk("guarantor.dev", "v1alpha1", "ServiceLevelAgreement"));
        let api: Api<DynamicObject> = Api::namespaced_with(self.cluster.client()?, SHOP, &kind);
        Ok(api.get(name).await?)
    }

    /// Waits until an agreement's status says what `seen` looks for; `seen` gives what it found.
    ///
    /// # Errors
    /// When that does not happen within `within`; the text shows the status.
    pub async fn until<T>(
        &self,
        agreement: &str,
        what: &str,
        within: Duration,
        seen: impl Fn(&serde_json::Value) -> Option<T>,
    ) -> Result<T> {
        let waited = wait_until(what, within, async || {
            let agreement = self.agreement(agreement).await?;
            let status = agreement.data.get("status").cloned().unwrap_or_default();
            Ok(match seen(&status) {
                Some(found) => Progress::Done(found),
                None => Progress::pending(serde_json::to_string(&status)?),
            })
        });
        waited.await.with_context(|| format!("the operator's log is {}", self.operator.log().display()))
    }
}
