//! A new revision fails: it is named, and nothing is added that could only be more of it.

use anyhow::{Result, ensure};
use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use tokio::process::Command;

use crate::accounts::{apply_in_calm, let_time_pass};
use crate::stage::Stage;

/// How long it is calm before, and how long nothing may be added after the cause is told: a raise would come with the next
/// slot.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn names_a_bad_revision_and_adds_nothing() -> Result<()> {
    let stage = shop("bad-revision").await?;
    // The rollout takes its time: each new pod is watched for a while before the next old one goes.
    let patch = format!(
        r#"{{"spec": {{"minReadySeconds": 120, "template": {{"metadata": {{"annotations": {{"{ERROR_SHARE_ANNOTATION}": "0.9"}}}}}}}}}}"#
    );
    let arguments = ["patch", "deployment", STOREFRONT, "-n", &stage.namespace, "-p", &patch];
    stage.cluster.kubectl(&arguments).await?.ok()?;
    told(&stage, CauseKind::BadRevision, "the old revision").await
}

/// A shop of four in calm, under an agreement that may be enforced.
async fn shop(namespace: &str) -> Result<Stage> {
    let options = ShopOptions { replicas: 4, rate: 40.0, ..ShopOptions::new(namespace) };
    let stage = Stage::open_with(&options).await?;
    apply_in_calm(&stage, &agreement(namespace)).await?;
    // So that there is a budget to lose, and something to compare with.
    let_time_pass(Timestamp::now() + A_WHILE, async || Ok(())).await?;
    Ok(stage)
}

/// Waits for the cause, and makes sure that nothing was added before, nor is in a while.
async fn told(stage: &Stage, cause: CauseKind, words: &str) -> Result<()> {
    stage
        .until(STOREFRONT, &format!("{cause:?}"), |s| {
            let told = s.enforcement.as_ref()?.diagnosis.as_ref()?;
            (told.cause == cause && told.evidence.iter().any(|evidence| evidence.name == words)).then_some(())
        })
        .await?;
    let_time_pass(Timestamp::now() + A_WHILE, async || {
        let actions = stage.status(STOREFRONT).await?.actions;
        ensure!(actions.iter().all(|action| action.verb != Verb::RaiseFloor), "a raise: {actions:#?}");
        ensure!(stage.shop.replicas().await? == 4, "the replicas were changed");
        Ok(())
    })
    .await?;
    let place = format!("{}/{STOREFRONT}", stage.namespace);
    let explain = Command::new(env!("CARGO_BIN_EXE_guarantor"))
        .args(["explain", &place])
        .env("KUBECONFIG", stage.cluster.kubeconfig_path())
        .output()
        .await?;
    let text = String::from_utf8_lossy(&explain.stdout);
    ensure!(text.contains(&format!("Cause: {cause:?}")) && text.contains(words), "{text}");
    Ok(())
}

/// All but one of a hundred requests succeed.
fn agreement(namespace: &str) -> String {
    format!(
        r#"apiVersion: guarantor.dev/v1alpha1
kind: ServiceLevelAgreement
metadata: {{name: {STOREFRONT}, namespace: {namespace}}}
spec:
  service:
    name: {STOREFRONT}
    workloads: [{{apiVersion: apps/v1, kind: Deployment, name: {STOREFRONT}}}]
  metrics: {{sourceRef: {{name: {namespace}}}, slot: 5s}}
  period: {{rolling: 30m}}
  objectives:
  - name: availability
    indicator:
      ratio:
        bad: sum(increase(http_requests_total{{service="{STOREFRONT}",code=~"5.."}}[$slot]))
        total: sum(increase(http_requests_total{{service="{STOREFRONT}"}}[$slot]))
    target: "99"
  enforcement: {{mode: Enforce, scale: {{min: 2, max: 10}}, cooldown: 10s, releaseAfter: 20s}}
"#
    )
}
