//! The database of the API server.

use anyhow::Result;

use super::layout::Layout;
use super::{PATIENCE, Ports};
use crate::http;
use crate::process::{Process, command};
use crate::tools::{Tool, Toolbox};
use crate::wait::{Progress, wait_until};

/// Where the API server finds it.
pub(super) fn url(ports: &Ports) -> String {
    format!("http://127.0.0.1:{}", ports.etcd_client)
}

/// Starts it and waits until it is healthy.
pub(super) async fn start(toolbox: &Toolbox, layout: &Layout, ports: &Ports) -> Result<Process> {
    let data = layout.root().join("etcd");
    let client = url(ports);
    let peer = format!("http://127.0.0.1:{}", ports.etcd_peer);
    let mut etcd = command(
        toolbox.path(Tool::Etcd)?,
        [
            "--name=testbed",
            &format!("--data-dir={}", data.display()),
            &format!("--listen-client-urls={client}"),
            &format!("--advertise-client-urls={client}"),
            &format!("--listen-peer-urls={peer}"),
            &format!("--initial-advertise-peer-urls={peer}"),
            &format!("--initial-cluster=testbed={peer}"),
            // Nothing in it outlives the test.
            "--unsafe-no-fsync",
        ],
    );
    let mut process = Process::spawn("etcd", &mut etcd, &layout.log("etcd"))?;
    let http = http::client()?;
    let health = format!("{client}/health");
    wait_until("etcd", PATIENCE, async || {
        process.check()?;
        Ok(match http::answers(&http, &health).await {
            Ok(()) => Progress::Done(()),
            Err(seen) => Progress::Pending(seen),
        })
    })
    .await?;
    Ok(process)
}
