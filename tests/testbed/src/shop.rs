//! A small web shop to keep agreements about: a namespace with a storefront Deployment on simulated nodes, the plant
//! that gives its pods work, and a Prometheus of its own that scrapes them.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use anyhow::Result;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::Client;
use kube::api::Api;

use crate::control_plane::ControlPlane;
use crate::manifest::{TURNED, deployment, switch};
use crate::past::{Past, of_days_before, of_pods_before};
use crate::plant::load::Load;
use crate::plant::{Plant, ServiceHandle, ServiceSpec, SwitchAt};
use crate::prometheus::{Prometheus, PrometheusOptions, ScrapeTarget};
use crate::tools::{self, Tool};
use crate::wait::{Progress, wait_until};

/// The Deployment's name, and the value of the label `service` of its series.
pub const STOREFRONT: &str = "storefront";

/// How long its pods may take to come up, on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(240);

/// What kind of shop it shall be.
#[derive(Debug, Clone)]
pub struct ShopOptions {
    /// Its namespace, which is created. The `MetricsSource` has the same name.
    pub namespace: String,
    /// Replicas of the storefront to begin with.
    pub replicas: i32,
    /// Requests per second to begin with. One pod can serve 20 a second.
    pub rate: f64,
    /// How long a pod takes to become ready.
    pub start_delay: Duration,
    /// How long it takes at the most, if not always the same.
    pub start_until: Option<Duration>,
    /// Whether the shop's Prometheus knows exact increases.
    pub exact_increase: bool,
    /// The pool of nodes it runs on; none: any simulated node without a pool.
    pub pool: Option<String>,
    /// Requests a pod takes at the same time, beyond which it turns them away.
    pub capacity: usize,
    /// How long its clients wait for an answer.
    pub timeout: Duration,
    /// The CPU that a pod requests, and the limit of what it may use, as Kubernetes quantities. A pod on one core, which is what it
    /// has without a limit, can serve 20 requests a second.
    pub cpu: (String, Option<String>),
    /// Equal seeds, loads and pods give equal requests.
    pub seed: u64,
}

impl ShopOptions {
    /// Three pods at half of what they can do.
    #[must_use]
    pub fn new(namespace: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            replicas: 3,
            rate: 30.0,
            start_delay: Duration::from_secs(2),
            start_until: None,
            exact_increase: true,
            pool: None,
            capacity: 64,
            timeout: Duration::from_secs(5),
            cpu: ("1".to_owned(), Some("1".to_owned())),
            seed: 1,
        }
    }
}

/// An open shop. It closes when dropped; its namespace stays until the cluster is let go of.
pub struct Shop {
    /// The namespace.
    pub namespace: String,
    /// Its Prometheus.
    pub prometheus: Prometheus,
    /// The controls of its load and its faults.
    pub storefront: ServiceHandle,
    client: Client,
    plant: Plant,
}

impl Shop {
    /// Opens a shop and waits until its pods are ready and its metrics flow.
    ///
    /// # Errors
    /// When something does not come up in time.
    pub async fn open(cluster: &ControlPlane, options: &ShopOptions) -> Result<Self> {
        // Requests that came while the store was built for minutes would be there at its first scrape.
        tools::ensure(&[Tool::Prometheus]).await?;
        let client = cluster.client()?;
        cluster.create_namespace(&options.namespace).await?;
        cluster.kubectl_with_input(&["apply", "-f", "-"], &deployment(STOREFRONT, options)).await?.ok()?;
        let plant = Plant::start(client.clone(), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
        let storefront = plant.add_service(service(STOREFRONT, options)).await?;
        let prometheus = Prometheus::start(PrometheusOptions {
            exact_increase: options.exact_increase,
            scrape: vec![target(&plant, &options.namespace)],
            ..PrometheusOptions::default()
        })
        .await?;
        let shop = Self { namespace: options.namespace.clone(), prometheus, storefront, client, plant };
        shop.wait_for_replicas_of(STOREFRONT, options.replicas).await?;
        cluster.kubectl_with_input(&["apply", "-f", "-"], &shop.metrics_source()).await?.ok()?;
        Ok(shop)
    }

    /// Adds another service to the shop, with a Deployment of the same name, and waits until its pods are ready.
    ///
    /// # Errors
    /// When there is one of this name, or it does not come up in time.
    pub async fn add_service(
        &self,
        cluster: &ControlPlane,
        name: &str,
        options: &ShopOptions,
    ) -> Result<ServiceHandle> {
        let options = ShopOptions { namespace: self.namespace.clone(), ..options.clone() };
        cluster.kubectl_with_input(&["apply", "-f", "-"], &deployment(name, &options)).await?.ok()?;
        let added = self.plant.add_service(service(name, &options)).await?;
        self.wait_for_replicas_of(name, options.replicas).await?;
        Ok(added)
    }

    /// Lets the store know a past of the storefront, in which so many requests came a second and all of them were good and
    /// quick; gives the lines of an agreement's spec by which it counts.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn has_been_open(&self, rate: f64) -> Result<String> {
        let past = Past::until(Timestamp::now())?;
        self.prometheus.remote_write(&past.of_storefront(&self.namespace, rate)?).await?;
        Ok(past.term)
    }

    /// Lets the store know of so many pods that served the storefront for hours until then, when those of now took their place: so
    /// many requests came a second, and all of them were good and quick.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn was_served_before(&self, until: Timestamp, pods: u8, rate: f64) -> Result<()> {
        self.prometheus.remote_write(&of_pods_before(&self.namespace, until, pods, rate)?).await
    }

    /// Lets the store know of a day and more before those hours, in which as many requests came.
    ///
    /// # Errors
    /// When the store does not take it.
    pub async fn was_open_for_days_before(&self, until: Timestamp, rate: f64) -> Result<()> {
        self.prometheus.remote_write(&of_days_before(&self.namespace, until, rate)?).await
    }

    /// Makes a `ConfigMap` with a switch that is not turned, by which the storefront sheds load from now on: the value `on` of its
    /// key `shed`. Something else stands beside it.
    ///
    /// # Errors
    /// When it cannot be made or watched.
    pub async fn add_switch(&mut self, cluster: &ControlPlane, config_map: &str) -> Result<()> {
        let namespace = self.namespace.clone();
        cluster.kubectl_with_input(&["apply", "-f", "-"], &switch(&namespace, config_map)).await?.ok()?;
        let (key, on) = TURNED;
        let at = SwitchAt { namespace: &namespace, config_map, key, on };
        self.plant.follow_switch(&self.storefront, at).await
    }

    /// Waits until the storefront wants and has `replicas` ready pods.
    ///
    /// # Errors
    /// When that does not happen in time; the text says what was there.
    pub async fn wait_for_replicas(&self, replicas: i32) -> Result<()> {
        self.wait_for_replicas_of(STOREFRONT, replicas).await
    }

    async fn wait_for_replicas_of(&self, name: &str, replicas: i32) -> Result<()> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        wait_until(&format!("the replicas of {name}"), PATIENCE, async || {
            let deployment = api.get(name).await?;
            let wanted = deployment.spec.replicas.unwrap_or_default();
            let ready = deployment.status.and_then(|s| s.ready_replicas).unwrap_or_default();
            Ok(if wanted == replicas && ready == replicas {
                Progress::Done(())
            } else {
                Progress::pending(format!("{wanted} wanted, {ready} ready"))
            })
        })
        .await
    }

    /// How many pods the storefront wants now.
    ///
    /// # Errors
    /// When the API server does not answer.
    pub async fn replicas(&self) -> Result<i32> {
        let api: Api<Deployment> = Api::namespaced(self.client.clone(), &self.namespace);
        Ok(api.get(STOREFRONT).await?.spec.replicas.unwrap_or_default())
    }

    /// The `MetricsSource` that points at this shop's Prometheus and admits this namespace only.
    #[must_use]
    pub fn metrics_source(&self) -> String {
        format!(
            "apiVersion: guarantor.dev/v1alpha1\nkind: MetricsSource\nmetadata: {{name: {0}}}\n\
             spec:\n  url: {1}\n  timeout: 5s\n  tenants:\n  - namespace: {0}\n",
            self.namespace,
            self.prometheus.url()
        )
    }
}

/// Where the services of a namespace are scraped.
pub(crate) fn target(plant: &Plant, namespace: &str) -> ScrapeTarget {
    ScrapeTarget {
        job: STOREFRONT.to_owned(),
        address: plant.address().to_string(),
        metrics_path: Plant::metrics_path(namespace),
        labels: BTreeMap::from([("namespace".to_owned(), namespace.to_owned())]),
    }
}

fn service(name: &str, options: &ShopOptions) -> ServiceSpec {
    ServiceSpec {
        capacity: options.capacity,
        timeout: options.timeout,
        seed: options.seed,
        ..ServiceSpec::new(&options.namespace, name, format!("app={name}"), Load::Constant(options.rate))
    }
}
