//! Where it is compared: a control plane whose autoscaler is as shipped, with one Prometheus, one adapter and one plant for all.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use anyhow::Result;
use tokio::sync::Mutex;

use super::SCRAPE;
use crate::adapter::Adapter;
use crate::chart::{self, ACCOUNT, SYSTEM};
use crate::control_plane::{AutoscalerPace, ControlPlane, Options};
use crate::plant::Plant;
use crate::prometheus::{Prometheus, PrometheusOptions};
use crate::shop::target;

/// The stage. The fields are in the order in which they are to end.
pub struct Stage {
    pub(super) adapter: Mutex<Adapter>,
    pub(super) prometheus: Prometheus,
    pub(super) plant: Plant,
    pub(super) kubeconfig: PathBuf,
    pub(super) operator: PathBuf,
    pub(super) cluster: ControlPlane,
}

impl Stage {
    /// Starts everything for the lanes of these namespaces, of which so many are played at a time; `operator` is its binary,
    /// `chart` the folder of its chart.
    ///
    /// # Errors
    /// When a part does not start; the text shows the end of its log.
    pub async fn set(namespaces: &[String], at_once: usize, operator: &Path, chart: &Path) -> Result<Self> {
        // A node takes 64 pods of one CPU, and a lane has 20 at the most, and for a moment some that go.
        let nodes = u16::try_from(at_once.div_ceil(3))?.max(Options::default().nodes);
        let options = Options { nodes, autoscaler: AutoscalerPace::AsShipped, ..Options::default() };
        // Its own, whatever is named: what serves metrics in a cluster of somebody else's is not to be replaced.
        let cluster = ControlPlane::start(options).await?;
        chart::install(&cluster, chart, chart::EVERY_VERB).await?;
        let kubeconfig = cluster.service_account_kubeconfig(SYSTEM, ACCOUNT).await?;
        let plant = Plant::start(cluster.client()?, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let prometheus = Prometheus::start(PrometheusOptions {
            scrape: namespaces.iter().map(|namespace| target(&plant, namespace)).collect(),
            scrape_interval: SCRAPE,
            ..PrometheusOptions::default()
        })
        .await?;
        let adapter = Adapter::start(&cluster, &prometheus.url()).await?;
        Ok(Self { adapter: Mutex::new(adapter), prometheus, plant, kubeconfig, operator: operator.to_owned(), cluster })
    }

    /// Where the logs of all parts are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.cluster.folder()
    }
}
