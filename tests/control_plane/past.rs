//! A store that knows a past: who may read it, and what `guarantor settle` makes of it.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use guarantor_testbed::{ControlPlane, Prometheus};
use serde_json::{Value, json};
use tokio::process::Command;

/// How long the operator may take to catch up, and a command. They take a fraction of this; machines are shared.
pub const CATCH_UP: Duration = Duration::from_secs(600);

/// The source of a namespace, by its name.
pub fn source(store: &Prometheus, namespace: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "MetricsSource",
        "metadata": {"name": namespace},
        "spec": {"url": store.url(), "timeout": "30s", "limits": {"concurrency": 8, "requestsPerSecond": 1000}, "tenants": [{"namespace": namespace}]},
    })
}

pub async fn apply(cluster: &ControlPlane, manifest: &Value) -> Result<()> {
    cluster.kubectl_with_input(&["apply", "-f", "-"], &manifest.to_string()).await?.ok().map(drop)
}

/// The statements that `guarantor settle` makes of the store, a period each.
pub async fn settle(store: &Prometheus, manifests: &str, period: &str) -> Result<Vec<Value>> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("live.yaml");
    std::fs::write(&file, manifests)?;
    let report = report(store, &file, period).await?;
    let periods = report["periods"].as_array().context("no periods")?;
    Ok(periods.iter().map(|period| period["statement"].clone()).collect())
}

async fn report(store: &Prometheus, agreement: &Path, period: &str) -> Result<Value> {
    let output = Command::new(env!("CARGO_BIN_EXE_guarantor"))
        .args(["settle", "-o", "json", "--prometheus", &store.url(), "--period", period])
        .arg("--agreement")
        .arg(agreement)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(CATCH_UP, output).await.context("settle takes too long")??;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Ok(serde_json::from_slice(&output.stdout)?)
}
