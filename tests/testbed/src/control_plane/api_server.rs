//! The API server.

use anyhow::{Context, Result};
use kube::Client;

use super::layout::Layout;
use super::{PATIENCE, Ports, audit, etcd};
use crate::process::{Process, command};
use crate::tools::{Tool, Toolbox};
use crate::wait::{Progress, wait_until};

/// Starts it, on data that may be there already.
pub(super) fn spawn(toolbox: &Toolbox, layout: &Layout, ports: &Ports) -> Result<Process> {
    std::fs::write(layout.audit_policy(), audit::POLICY).context("cannot write the audit policy")?;
    let pki = |flag: &str, file: &str| format!("--{flag}={}", layout.pki(file).display());
    let arguments = [
        format!("--etcd-servers={}", etcd::url(ports)),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={}", ports.api_server),
        pki("tls-cert-file", "apiserver.crt"),
        pki("tls-private-key-file", "apiserver.key"),
        pki("client-ca-file", "ca.crt"),
        "--authorization-mode=RBAC".to_owned(),
        "--allow-privileged=true".to_owned(),
        "--service-cluster-ip-range=10.0.0.0/24".to_owned(),
        // Nobody reaches it by its Service; it would look for an address other than loopback to announce.
        "--endpoint-reconciler-type=none".to_owned(),
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local".to_owned(),
        pki("service-account-key-file", "service-accounts.pub"),
        pki("service-account-signing-key-file", "service-accounts.key"),
        pki("requestheader-client-ca-file", "ca.crt"),
        "--requestheader-allowed-names=front-proxy-client".to_owned(),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        pki("proxy-client-cert-file", "front-proxy.crt"),
        pki("proxy-client-key-file", "front-proxy.key"),
        // Pods leave a dead node after seconds instead of five minutes.
        "--default-unreachable-toleration-seconds=3".to_owned(),
        "--default-not-ready-toleration-seconds=3".to_owned(),
        format!("--audit-policy-file={}", layout.audit_policy().display()),
        format!("--audit-log-path={}", layout.audit_log().display()),
    ];
    Process::spawn(
        "kube-apiserver",
        &mut command(toolbox.path(Tool::KubeApiserver)?, arguments),
        &layout.log("kube-apiserver"),
    )
}

/// Waits until it is ready to serve.
pub(super) async fn wait_ready(process: &mut Process, client: &Client) -> Result<()> {
    wait_until("the API server", PATIENCE, async || {
        process.check()?;
        let request = axum::http::Request::get("/readyz").body(Vec::new())?;
        Ok(match client.request_text(request).await {
            Ok(_) => Progress::Done(()),
            Err(error) => Progress::pending(error.to_string()),
        })
    })
    .await
}
