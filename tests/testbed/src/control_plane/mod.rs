//! A real Kubernetes control plane on loopback, without containers and without root.
//!
//! Takes [`Options`], gives a [`ControlPlane`]: etcd, API server, controller-manager and scheduler, with nodes and pods
//! played by KWOK. Everything is killed and removed when it is dropped or this process ends. It must never touch a
//! cluster it did not start: the user's kubeconfig is not read.

mod api_server;
mod audit;
mod certificates;
mod controllers;
mod etcd;
mod kubeconfig;
mod layout;
mod nodes;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::sync::OnceCell;

pub use self::audit::AuditEvent;
use self::kubeconfig::Identity;
use self::layout::Layout;
use self::nodes::Zone;
use crate::command::{self, Finished};
use crate::http::install_tls;
use crate::ports::free_ports;
use crate::process::{Process, Signal, with_new_ports};
use crate::tools::{self, Tool, Toolbox};

/// How long one part may take to be ready, on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(90);

/// What kind of cluster it shall be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The number of nodes, called `node-1`, `node-2` and so on.
    pub nodes: u16,
    /// The number of zones, called `zone-1` and so on; the nodes are dealt out to them in turn.
    pub zones: u8,
    /// Each node's CPU, as a Kubernetes quantity.
    pub node_cpu: String,
    /// Each node's memory, as a Kubernetes quantity.
    pub node_memory: String,
    /// How often the horizontal pod autoscaler looks. Kubernetes' default is 15 s.
    pub autoscaler_sync: Duration,
}

impl Default for Options {
    /// Six nodes of 64 CPUs and 256 GiB in two zones, and a fast autoscaler.
    fn default() -> Self {
        Self {
            nodes: 6,
            zones: 2,
            node_cpu: "64".to_owned(),
            node_memory: "256Gi".to_owned(),
            autoscaler_sync: Duration::from_secs(2),
        }
    }
}

/// The ports of one control plane.
#[derive(Debug)]
struct Ports {
    etcd_client: u16,
    etcd_peer: u16,
    api_server: u16,
    controller_manager: u16,
    scheduler: u16,
}

impl Ports {
    fn find() -> Result<Self> {
        let mut free = free_ports(5)?.into_iter();
        let mut next = || free.next().context("too few free ports on 127.0.0.1");
        Ok(Self {
            etcd_client: next()?,
            etcd_peer: next()?,
            api_server: next()?,
            controller_manager: next()?,
            scheduler: next()?,
        })
    }
}

/// A running control plane.
///
/// The fields are in the order in which the processes are to end.
pub struct ControlPlane {
    zones: Vec<Zone>,
    _scheduler: Process,
    _controller_manager: Process,
    api_server: Process,
    _etcd: Process,
    config: Config,
    toolbox: Toolbox,
    ports: Ports,
    layout: Layout,
}

impl ControlPlane {
    /// Starts one and waits until its nodes are ready to take pods.
    ///
    /// # Errors
    /// When a tool cannot be had, or a part dies or is not ready in time; the text shows the end of its log.
    pub async fn start(options: Options) -> Result<Self> {
        let toolbox = tools::ensure(&Tool::CONTROL_PLANE).await?;
        with_new_ports(async || Self::start_once(&options, toolbox.clone()).await)
            .await
            .context("the control plane did not start")
    }

    async fn start_once(options: &Options, toolbox: Toolbox) -> Result<Self> {
        let layout = Layout::new()?;
        let ports = Ports::find()?;
        certificates::write_all(&layout)?;
        let server = server_url(&ports);
        for user in ["admin", "controller-manager", "scheduler"] {
            kubeconfig::write(&layout, user, &server, Identity::Certificate(user))?;
        }
        let config = config(&layout.kubeconfig("admin")).await?;
        let client = Client::try_from(config.clone())?;

        let etcd = etcd::start(&toolbox, &layout, &ports).await?;
        let mut api_server = api_server::spawn(&toolbox, &layout, &ports)?;
        api_server::wait_ready(&mut api_server, &client).await?;
        let mut controller_manager = controllers::spawn_manager(&toolbox, &layout, &ports, options)?;
        let mut scheduler = controllers::spawn_scheduler(&toolbox, &layout, &ports)?;
        let mut zones = nodes::spawn_zones(&toolbox, &layout, options)?;
        nodes::create(&client, options).await?;
        nodes::wait_ready(&client, options, &mut zones).await?;
        controllers::wait_ready(&client, &mut controller_manager, &mut scheduler).await?;
        Ok(Self {
            zones,
            _scheduler: scheduler,
            _controller_manager: controller_manager,
            api_server,
            _etcd: etcd,
            config,
            toolbox,
            ports,
            layout,
        })
    }

    /// The control plane shared by all tests of this test binary, started by the first that asks.
    ///
    /// A test that kills parts of it or needs other options starts its own; the others keep to a namespace of theirs.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
        SHARED.get_or_try_init(|| Self::start(Options::default())).await
    }

    /// A new client that may do everything. It belongs to the runtime it is made on and ends with it, so every test
    /// makes its own.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn client(&self) -> Result<Client> {
        Ok(Client::try_from(self.config.clone())?)
    }

    /// The kubeconfig of someone who may do everything.
    #[must_use]
    pub fn kubeconfig_path(&self) -> PathBuf {
        self.layout.kubeconfig("admin")
    }

    /// Where the API server is.
    #[must_use]
    pub fn url(&self) -> String {
        server_url(&self.ports)
    }

    /// The folder with the logs of all parts, for a person looking for a reason.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.root()
    }

    /// Runs `kubectl` as admin.
    ///
    /// # Errors
    /// When it cannot be run or does not end; a refusal by `kubectl` itself is in [`Finished`].
    pub async fn kubectl(&self, arguments: &[&str]) -> Result<Finished> {
        self.run(&self.toolbox, Tool::Kubectl, arguments, "").await
    }

    /// Runs `kubectl` as admin with `input`, usually a manifest, on standard input.
    ///
    /// # Errors
    /// As [`ControlPlane::kubectl`].
    pub async fn kubectl_with_input(&self, arguments: &[&str], input: &str) -> Result<Finished> {
        self.run(&self.toolbox, Tool::Kubectl, arguments, input).await
    }

    /// Runs `helm` as admin. The first call builds it if need be.
    ///
    /// # Errors
    /// When it cannot be had or run or does not end; a refusal by `helm` itself is in [`Finished`].
    pub async fn helm(&self, arguments: &[&str]) -> Result<Finished> {
        let toolbox = tools::ensure(&[Tool::Helm]).await?;
        self.run(&toolbox, Tool::Helm, arguments, "").await
    }

    async fn run(&self, toolbox: &Toolbox, tool: Tool, arguments: &[&str], input: &str) -> Result<Finished> {
        let home = self.layout.home();
        let mut command = tokio::process::Command::new(toolbox.path(tool)?);
        command
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig_path())
            .env("HOME", &home)
            .env("KUBECACHEDIR", home.join("kube"))
            .env("HELM_CACHE_HOME", home.join("helm-cache"))
            .env("HELM_CONFIG_HOME", home.join("helm-config"))
            .env("HELM_DATA_HOME", home.join("helm-data"));
        command::run(command, input).await
    }

    /// Every request the API server has answered so far, in order.
    ///
    /// # Errors
    /// When the audit log cannot be read.
    pub fn audit_events(&self) -> Result<Vec<AuditEvent>> {
        audit::read(&self.layout.audit_log())
    }

    /// A kubeconfig that comes as the existing `ServiceAccount` `name` in `namespace`, for a day.
    ///
    /// # Errors
    /// When there is no such `ServiceAccount`.
    pub async fn service_account_kubeconfig(&self, namespace: &str, name: &str) -> Result<PathBuf> {
        let request = TokenRequest {
            spec: Some(TokenRequestSpec { expiration_seconds: Some(24 * 60 * 60), ..TokenRequestSpec::default() }),
            ..TokenRequest::default()
        };
        let account = format!("{namespace}.{name}");
        let token = Api::<ServiceAccount>::namespaced(self.client()?, namespace)
            .create_token_request(name, &PostParams::default(), &request)
            .await
            .with_context(|| format!("no token for the ServiceAccount {namespace}/{name}"))?
            .status
            .and_then(|status| status.token)
            .with_context(|| format!("the token of {namespace}/{name} is empty"))?;
        kubeconfig::write(&self.layout, &account, &self.url(), Identity::Token(&token))
    }

    /// Kills the API server, as a crash would. Its data stays; see [`ControlPlane::restart_apiserver`].
    pub fn kill_apiserver(&mut self) {
        self.api_server.kill();
    }

    /// Kills the API server if it runs, starts it on the same port and data, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come back.
    pub async fn restart_apiserver(&mut self) -> Result<()> {
        // Asked to end, it would wait a minute for its clients.
        self.api_server.kill();
        self.api_server = api_server::spawn(&self.toolbox, &self.layout, &self.ports)?;
        let client = self.client()?;
        api_server::wait_ready(&mut self.api_server, &client).await
    }

    /// Lets the nodes of `zone` die: they stop renewing their leases and their pods do nothing any more. Kubernetes
    /// notices after four seconds and replaces the pods about four later.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn freeze_zone(&mut self, zone: &str) -> Result<()> {
        self.signal_zone(zone, Signal::Stop)
    }

    /// Brings the nodes of a frozen `zone` back.
    ///
    /// # Errors
    /// When there is no such zone.
    pub fn thaw_zone(&mut self, zone: &str) -> Result<()> {
        self.signal_zone(zone, Signal::Continue)
    }

    fn signal_zone(&mut self, name: &str, signal: Signal) -> Result<()> {
        self.zones
            .iter_mut()
            .find(|zone| zone.name == name)
            .with_context(|| format!("there is no zone {name}; zones are called zone-1, zone-2 …"))?
            .kwok
            .signal(signal)
    }

    /// Ends all of it, without asking, and waits until it has ended. The same happens when it is dropped.
    pub fn stop(self) {}
}

fn server_url(ports: &Ports) -> String {
    format!("https://127.0.0.1:{}", ports.api_server)
}

async fn config(kubeconfig: &Path) -> Result<Config> {
    install_tls();
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    Ok(Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?)
}
