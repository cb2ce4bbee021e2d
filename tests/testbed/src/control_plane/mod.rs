//! A real Kubernetes control plane on loopback, without containers and without root.
//!
//! Takes [`Options`], gives a [`ControlPlane`]: etcd, API server, controller-manager and scheduler, with nodes and pods
//! played by KWOK. Everything is killed and removed when it is dropped or this process ends. It must never touch a
//! cluster it did not start, except one that was named for it ([`choice`]): the user's kubeconfig is not read.

mod api_server;
mod attachment;
mod audit;
mod certificates;
pub mod choice;
mod controllers;
mod etcd;
mod kubeconfig;
mod layout;
mod nodes;
mod own;
mod pools;

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::api::{Api, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use tokio::sync::OnceCell;

use self::attachment::Attachment;
pub use self::audit::AuditEvent;
use self::choice::Choice;
use self::layout::Layout;
use self::nodes::{Place, Zone};
use self::own::{Own, Ports};
use crate::command::{self, Finished};
use crate::http::install_tls;
use crate::process::{Signal, with_new_ports};
use crate::tools::{self, Tool, Toolbox};

/// How long one part may take to be ready, on a machine busy with other tests.
const PATIENCE: Duration = Duration::from_secs(300);

/// What a cluster that was not started here cannot give.
const NOT_OURS: &str = "this cluster was not started by the testbed: its audit log and its API server are out of reach; \
                        use ControlPlane::shared_own or ControlPlane::start";

/// The label by which KWOK lets a node report that it is not ready.
const NOT_READY: &str = "node-not-ready.stage.kwok.x-k8s.io";

/// The `nodeSelector` with which a pod runs on simulated nodes only, as YAML. It takes [`TOLERATIONS`] too.
pub const NODE_SELECTOR: &str = r#"{guarantor.dev/simulated: "true"}"#;
/// The `tolerations` without which simulated nodes beside others take no pod, as YAML.
pub const TOLERATIONS: &str = "[{key: guarantor.dev/testbed, operator: Exists}]";
/// The label whose value is the pool of a node, and the key of its taint: only a pod that selects and tolerates it runs on nodes of
/// [`ControlPlane::add_pool`].
pub const POOL_LABEL: &str = nodes::POOL;

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
    /// How patient the horizontal pod autoscaler is.
    pub autoscaler: AutoscalerPace,
    /// How long a node may be silent before Kubernetes takes it for dead and replaces its pods a few seconds later. A
    /// test that freezes a zone wants it short; any other one would lose its pods on a machine that stands still so long.
    pub node_grace: Duration,
}

/// How patient the horizontal pod autoscaler is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AutoscalerPace {
    /// As a test wants it: it looks every 2 s, and waits for seconds where the default is minutes.
    Fast,
    /// As Kubernetes has it by default: it looks every 15 s, and scales down on what five minutes agree on.
    AsShipped,
}

impl Default for Options {
    /// Six nodes of 64 CPUs and 256 GiB in two zones, and a fast autoscaler.
    fn default() -> Self {
        Self {
            nodes: 6,
            zones: 2,
            node_cpu: "64".to_owned(),
            node_memory: "256Gi".to_owned(),
            autoscaler: AutoscalerPace::Fast,
            node_grace: Duration::from_secs(50),
        }
    }
}

/// A running control plane.
///
/// The fields are in the order in which the processes are to end.
pub struct ControlPlane {
    zones: Vec<Zone>,
    parts: Parts,
    config: Config,
    toolbox: Toolbox,
    layout: Layout,
}

/// What there is beside the nodes.
enum Parts {
    Own(Box<Own>),
    Existing { _attachment: Attachment },
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
        let mut own = Own::start(&toolbox, &layout, options).await?;
        let config = config(&layout.kubeconfig("admin")).await?;
        let client = Client::try_from(config.clone())?;
        let zones = nodes::start(&client, &toolbox, &layout, options, Place::Alone).await?;
        own.wait_ready(&client).await?;
        Ok(Self { zones, parts: Parts::Own(Box::new(own)), config, toolbox, layout })
    }

    /// Uses the cluster that the current context of `kubeconfig` names: adds simulated nodes, which only pods that ask
    /// for them get, and removes everything made in it when dropped. One run at a time can use a cluster; `patience`
    /// is how long to wait for another one to clean up.
    ///
    /// # Errors
    /// When the cluster cannot be reached, Guarantor is installed in it, or it is in use.
    pub async fn attach(kubeconfig: &Path, options: &Options, patience: Duration) -> Result<Self> {
        let toolbox = tools::ensure(&Tool::ATTACHMENT).await?;
        let layout = Layout::new()?;
        let existing =
            Kubeconfig::read_from(kubeconfig).with_context(|| format!("{} names no cluster", kubeconfig.display()))?;
        kubeconfig::save(&layout.kubeconfig("admin"), &existing)?;
        let config = config(&layout.kubeconfig("admin")).await?;
        let client = Client::try_from(config.clone())?;
        let attachment = Attachment::claim(&client, &existing, toolbox.path(Tool::Kubectl)?, patience).await?;
        let zones = nodes::start(&client, &toolbox, &layout, options, Place::BesideOthers).await?;
        Ok(Self { zones, parts: Parts::Existing { _attachment: attachment }, config, toolbox, layout })
    }

    /// Finds or builds all that [`ControlPlane::open`] and a shop in it take, so that nothing waits for a build once it runs.
    ///
    /// # Errors
    /// When a tool cannot be had, or the cluster that [`choice::VARIABLE`] names cannot be read.
    pub async fn prepare() -> Result<()> {
        let own: &[Tool] = match Choice::of_environment()? {
            Choice::Own => &Tool::CONTROL_PLANE,
            Choice::Existing(_) => &Tool::ATTACHMENT,
        };
        tools::ensure(&[own, &Tool::SHOP].concat()).await.map(drop)
    }

    /// Starts one, or uses the cluster that [`choice::VARIABLE`] names.
    ///
    /// # Errors
    /// As [`ControlPlane::start`] and [`ControlPlane::attach`], and when the variable names a file that is not there.
    pub async fn open(options: Options) -> Result<Self> {
        match Choice::of_environment()? {
            Choice::Own => Self::start(options).await,
            Choice::Existing(kubeconfig) => Self::attach(&kubeconfig, &options, PATIENCE).await,
        }
    }

    /// The cluster shared by all tests of this test binary, opened by the first that asks.
    ///
    /// A test that kills parts of it or needs other options starts its own; the others keep to a namespace of theirs.
    ///
    /// # Errors
    /// As [`ControlPlane::open`].
    pub async fn shared() -> Result<&'static Self> {
        static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
        SHARED.get_or_try_init(|| Self::open(Options::default())).await
    }

    /// The same for tests that need what only a control plane started here has: an audit log, a cluster that is nobody
    /// else's.
    ///
    /// # Errors
    /// As [`ControlPlane::start`].
    pub async fn shared_own() -> Result<&'static Self> {
        static SHARED: OnceCell<ControlPlane> = OnceCell::const_new();
        match Choice::of_environment()? {
            Choice::Own => Self::shared().await,
            Choice::Existing(_) => SHARED.get_or_try_init(|| Self::start(Options::default())).await,
        }
    }

    /// Whether it was started here.
    #[must_use]
    pub fn is_own(&self) -> bool {
        matches!(self.parts, Parts::Own(_))
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
        self.config.cluster_url.to_string().trim_end_matches('/').to_owned()
    }

    /// The folder with the logs of all parts, for a person looking for a reason.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.layout.root()
    }

    /// Makes a namespace. In a cluster that is not its own, the testbed removes it at the end.
    ///
    /// # Errors
    /// When there is one of this name, or the API server does not answer.
    pub async fn create_namespace(&self, name: &str) -> Result<()> {
        let namespaces = Api::all(self.client()?);
        let place = if self.is_own() { Place::Alone } else { Place::BesideOthers };
        let namespace = attachment::namespace(name, place.label());
        let created = namespaces.create(&PostParams::default(), &namespace).await;
        created.map(drop).with_context(|| format!("cannot make the namespace {name}"))
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
        if self.is_own() {
            // Elsewhere a plugin may look there for credentials.
            command.env("HOME", &home);
        }
        command
            .args(arguments)
            .env("KUBECONFIG", self.kubeconfig_path())
            .env("KUBECACHEDIR", home.join("kube"))
            .env("HELM_CACHE_HOME", home.join("helm-cache"))
            .env("HELM_CONFIG_HOME", home.join("helm-config"))
            .env("HELM_DATA_HOME", home.join("helm-data"));
        command::run(command, input).await
    }

    /// Every request the API server has answered so far, in order.
    ///
    /// # Errors
    /// When the audit log cannot be read, as that of a cluster not started here.
    pub fn audit_events(&self) -> Result<Vec<AuditEvent>> {
        ensure!(self.is_own(), NOT_OURS);
        audit::read(&self.layout.audit_log(), "")
    }

    /// Those of one user. Much cheaper than all, for a test that looks again and again.
    ///
    /// # Errors
    /// As [`ControlPlane::audit_events`].
    pub fn audit_events_of(&self, user: &str) -> Result<Vec<AuditEvent>> {
        ensure!(self.is_own(), NOT_OURS);
        let mut events = audit::read(&self.layout.audit_log(), user)?;
        events.retain(|event| event.user == user);
        Ok(events)
    }

    fn own(&mut self) -> Result<&mut Own> {
        match &mut self.parts {
            Parts::Own(own) => Ok(own),
            Parts::Existing { .. } => bail!(NOT_OURS),
        }
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
        kubeconfig::write_with_token(&self.layout, &account, &token)
    }

    /// Kills the API server, as a crash would. Its data stays; see [`ControlPlane::restart_apiserver`].
    ///
    /// # Errors
    /// When it was not started here.
    pub fn kill_apiserver(&mut self) -> Result<()> {
        self.own()?.kill_apiserver();
        Ok(())
    }

    /// Kills the API server if it runs, starts it on the same port and data, and waits until it is ready.
    ///
    /// # Errors
    /// When it does not come back, or was not started here.
    pub async fn restart_apiserver(&mut self) -> Result<()> {
        let client = self.client()?;
        match &mut self.parts {
            Parts::Own(own) => own.restart_apiserver(&self.toolbox, &self.layout, &client).await,
            Parts::Existing { .. } => bail!(NOT_OURS),
        }
    }

    /// Lets the nodes of `zone` die: they stop renewing their leases and their pods do nothing any more. Kubernetes
    /// notices after [`Options::node_grace`] and replaces the pods about four seconds later.
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

async fn config(kubeconfig: &Path) -> Result<Config> {
    install_tls();
    let kubeconfig = Kubeconfig::read_from(kubeconfig)?;
    Ok(Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await?)
}
