//! The controller-manager and the scheduler.

use anyhow::Result;
use k8s_openapi::api::core::v1::ServiceAccount;
use kube::{Api, Client};

use super::layout::Layout;
use super::{AutoscalerPace, Options, PATIENCE, Ports};
use crate::process::{Process, command};
use crate::tools::{Tool, Toolbox};
use crate::wait::{Progress, wait_until};

/// The flags of an autoscaler that a test can wait for.
const FAST_AUTOSCALER: [&str; 4] = [
    "--horizontal-pod-autoscaler-sync-period=2s",
    "--horizontal-pod-autoscaler-downscale-stabilization=10s",
    "--horizontal-pod-autoscaler-initial-readiness-delay=2s",
    "--horizontal-pod-autoscaler-cpu-initialization-period=5s",
];

/// Starts the controller-manager, with the times of nodes, and of autoscalers unless they are to be as shipped, shortened to what
/// a test can wait for.
pub(super) fn spawn_manager(toolbox: &Toolbox, layout: &Layout, ports: &Ports, options: &Options) -> Result<Process> {
    let mut arguments = identity(layout, "controller-manager", ports.controller_manager);
    let pki = |flag: &str, file: &str| format!("--{flag}={}", layout.pki(file).display());
    arguments.extend([
        "--use-service-account-credentials=true".to_owned(),
        pki("service-account-private-key-file", "service-accounts.key"),
        pki("root-ca-file", "ca.crt"),
        pki("cluster-signing-cert-file", "ca.crt"),
        pki("cluster-signing-key-file", "ca.key"),
        "--node-monitor-period=1s".to_owned(),
        format!("--node-monitor-grace-period={}ms", options.node_grace.as_millis()),
        "--allocate-node-cidrs=false".to_owned(),
        "--kube-api-qps=200".to_owned(),
        "--kube-api-burst=400".to_owned(),
    ]);
    if options.autoscaler == AutoscalerPace::Fast {
        arguments.extend(FAST_AUTOSCALER.map(str::to_owned));
    }
    Process::spawn(
        "kube-controller-manager",
        &mut command(toolbox.path(Tool::KubeControllerManager)?, arguments),
        &layout.log("kube-controller-manager"),
    )
}

/// Starts the scheduler.
pub(super) fn spawn_scheduler(toolbox: &Toolbox, layout: &Layout, ports: &Ports) -> Result<Process> {
    Process::spawn(
        "kube-scheduler",
        &mut command(toolbox.path(Tool::KubeScheduler)?, identity(layout, "scheduler", ports.scheduler)),
        &layout.log("kube-scheduler"),
    )
}

/// The flags both share: who they are and where they serve.
fn identity(layout: &Layout, user: &str, port: u16) -> Vec<String> {
    let kubeconfig = layout.kubeconfig(user);
    let kubeconfig = kubeconfig.display();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        "--leader-elect=false".to_owned(),
    ]
}

/// Waits until pods can be created, which needs the `ServiceAccount` `default`.
pub(super) async fn wait_ready(client: &Client, manager: &mut Process, scheduler: &mut Process) -> Result<()> {
    let accounts: Api<ServiceAccount> = Api::namespaced(client.clone(), "default");
    wait_until("the ServiceAccount `default`", PATIENCE, async || {
        manager.check()?;
        scheduler.check()?;
        Ok(match accounts.get_opt("default").await {
            Ok(Some(_)) => Progress::Done(()),
            Ok(None) => Progress::pending("there is none"),
            Err(error) => Progress::pending(error.to_string()),
        })
    })
    .await
}
