//! Removing the release keeps the definitions, every agreement and every statement; installing it again takes them over.

use anyhow::{Context, Result};
use guarantor_testbed::{ControlPlane, Options};

use crate::stage::{SYSTEM, chart, until_served};

const AGREEMENT: &str = r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {name: checkout, namespace: default}
spec:
  service: {name: checkout}
  metrics: {sourceRef: {name: main}}
  period: {calendar: Month}
  objectives:
  - name: latency
    indicator: {latency: {histogram: duration_seconds, threshold: 250ms}}
    target: "99"
"#;

#[tokio::test(flavor = "multi_thread")]
async fn keeps_agreements_when_it_is_removed() -> Result<()> {
    // Its own: the shared one's release stays.
    let cluster = ControlPlane::start(Options { nodes: 1, zones: 1, ..Options::default() }).await?;
    let chart = chart();
    let chart = chart.to_str().context("the chart's path is not UTF-8")?;
    let install = ["install", "guarantor", chart, "--namespace", SYSTEM, "--create-namespace", "--set", "replicas=0"];
    cluster.helm(&install).await?.ok()?;
    until_served(&cluster).await?;
    cluster.kubectl_with_input(&["create", "-f", "-"], AGREEMENT).await?.ok()?;
    let uid = async || cluster.kubectl(&["get", "sla", "checkout", "-o", "jsonpath={.metadata.uid}"]).await?.ok();
    let before = uid().await?;
    cluster.helm(&["uninstall", "guarantor", "--namespace", SYSTEM]).await?.ok()?;
    let kept = cluster.kubectl(&["get", "crd", "-o", "name"]).await?.ok()?;
    for definition in guarantor::api::crds() {
        let name = definition.metadata.name.context("a definition without a name")?;
        assert!(kept.contains(&name), "{name} is gone: {kept}");
    }
    assert_eq!(uid().await?, before, "the agreement is the same one");
    cluster.helm(&install).await?.ok()?;
    assert_eq!(uid().await?, before, "the new release took the definitions over");
    cluster.stop();
    Ok(())
}
