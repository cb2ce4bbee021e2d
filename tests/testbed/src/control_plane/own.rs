//! The parts of a control plane that is started here.

use anyhow::{Context, Result};
use kube::Client;

use super::layout::Layout;
use super::{Options, api_server, certificates, config, controllers, etcd, kubeconfig};
use crate::ports::free_ports;
use crate::process::Process;
use crate::tools::Toolbox;

/// The ports of one control plane.
#[derive(Debug)]
pub(super) struct Ports {
    pub(super) etcd_client: u16,
    pub(super) etcd_peer: u16,
    pub(super) api_server: u16,
    pub(super) controller_manager: u16,
    pub(super) scheduler: u16,
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

/// The running parts, in the order in which they are to end.
pub(super) struct Own {
    scheduler: Process,
    controller_manager: Process,
    api_server: Process,
    _etcd: Process,
    ports: Ports,
}

impl Own {
    /// Starts them and waits until the API server answers.
    pub(super) async fn start(toolbox: &Toolbox, layout: &Layout, options: &Options) -> Result<Self> {
        let ports = Ports::find()?;
        certificates::write_all(layout)?;
        let server = format!("https://127.0.0.1:{}", ports.api_server);
        for user in ["admin", "controller-manager", "scheduler"] {
            kubeconfig::write(layout, user, &server)?;
        }
        let client = Client::try_from(config(&layout.kubeconfig("admin")).await?)?;
        let etcd = etcd::start(toolbox, layout, &ports).await?;
        let mut api_server = api_server::spawn(toolbox, layout, &ports)?;
        api_server::wait_ready(&mut api_server, &client).await?;
        let controller_manager = controllers::spawn_manager(toolbox, layout, &ports, options)?;
        let scheduler = controllers::spawn_scheduler(toolbox, layout, &ports)?;
        Ok(Self { scheduler, controller_manager, api_server, _etcd: etcd, ports })
    }

    /// Waits until pods can be created.
    pub(super) async fn wait_ready(&mut self, client: &Client) -> Result<()> {
        controllers::wait_ready(client, &mut self.controller_manager, &mut self.scheduler).await
    }

    /// Kills the API server.
    pub(super) fn kill_apiserver(&mut self) {
        self.api_server.kill();
    }

    /// Starts the API server again on the same port and data.
    pub(super) async fn restart_apiserver(
        &mut self,
        toolbox: &Toolbox,
        layout: &Layout,
        client: &Client,
    ) -> Result<()> {
        // Asked to end, it would wait a minute for its clients.
        self.api_server.kill();
        self.api_server = api_server::spawn(toolbox, layout, &self.ports)?;
        api_server::wait_ready(&mut self.api_server, client).await
    }
}
