//! Runs `helm` on the chart, without a cluster.

use anyhow::Result;
use guarantor_testbed::tools::{self, Tool};
use serde_json::Value;

/// What a call of `helm` came to.
pub struct Answer {
    pub success: bool,
    /// Both outputs, for messages.
    pub text: String,
    stdout: String,
}

/// Runs `helm`; the chart's folder goes before the flags.
pub async fn helm(command: &[&str], flags: &[&str]) -> Result<Answer> {
    let toolbox = tools::ensure(&[Tool::Helm]).await?;
    let home = std::env::temp_dir().join(format!("guarantor-contract-{}", std::process::id()));
    let output = tokio::process::Command::new(toolbox.path(Tool::Helm)?)
        .args(command)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/charts/guarantor"))
        .args(flags)
        // Not the user's: neither their cluster nor their plugins.
        .env("KUBECONFIG", home.join("no-kubeconfig"))
        .env("HELM_CACHE_HOME", home.join("cache"))
        .env("HELM_CONFIG_HOME", home.join("config"))
        .env("HELM_DATA_HOME", home.join("data"))
        .output()
        .await?;
    let stdout = String::from_utf8(output.stdout)?;
    let text = format!("{stdout}{}", String::from_utf8_lossy(&output.stderr));
    Ok(Answer { success: output.status.success(), text, stdout })
}

/// The objects the chart consists of with these flags.
pub async fn rendered(flags: &[&str]) -> Result<Vec<Value>> {
    let answer = helm(&["template", "guarantor"], flags).await?;
    anyhow::ensure!(answer.success, "helm template {flags:?}: {}", answer.text);
    Ok(serde_saphyr::from_multiple(&answer.stdout)?)
}

/// The one object of `kind`, if there is one.
pub fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Option<&'a Value> {
    let mut found = objects.iter().filter(|object| object["kind"] == kind);
    let one = found.next();
    assert!(found.next().is_none(), "more than one {kind}");
    one
}
