//! One pod of four fails: a replica is added, the pod is evicted within its disruption budget, another one takes its place, and
//! the service recovers. Where the budget lets nothing go, the pod stays, and that is told.

use anyhow::{Context, Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::Agreement;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use crate::accounts::{agree_in_calm, let_time_pass};
use crate::stage::Stage;

/// How long it is calm before: pods are compared by what they did within a minute, so that younger ones are no measure.
const A_WHILE: SignedDuration = SignedDuration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn moves_a_sick_pod_within_its_budget() -> Result<()> {
    // With four pods it lets nothing go; with one more, one.
    let stage = shop("moved-pod", "4").await?;
    let sick = fall_ill(&stage).await?;
    let judged = |action: &ActionRecord| action.verb == Verb::Reschedule && action.verdict.is_some();
    let actions = stage
        .until(STOREFRONT, "a judged eviction", |s| s.actions.iter().any(judged).then(|| s.actions.clone()))
        .await?;
    let of = |verb| actions.iter().find(move |action| action.verb == verb && action.phase == ActionPhase::Done);
    let (surge, eviction) = (of(Verb::Surge).context("a surge")?, of(Verb::Reschedule).context("an eviction")?);
    ensure!((surge.from, surge.to) == (Some(4), Some(5)), "{actions:#?}");
    ensure!(eviction.target.uid == sick.uid().unwrap_or_default(), "another pod was evicted: {eviction:?}");
    ensure!(eviction.verdict == Some(Verdict::Effective), "{actions:#?}");
    let pods = stage.pods().await?;
    ensure!(pods.iter().all(|pod| pod.uid() != sick.uid()), "it is still there");
    let status = stage.status(STOREFRONT).await?;
    let moved = status.enforcement.and_then(|e| e.reschedule).context("what was moved")?.evictions;
    let landed = moved.first().and_then(|eviction| eviction.landed.clone()).context("where it landed")?;
    let successor = pods.iter().find(|pod| pod.name_any() == landed.pod).context("its successor")?;
    ensure!(successor.spec.as_ref().and_then(|spec| spec.node_name.clone()) == landed.node, "{landed:?}");
    let calm = |s: &AgreementStatus| {
        s.enforcement.as_ref().is_none_or(|e| e.episode.is_none() && e.floor.is_none()).then_some(())
    };
    stage.until(STOREFRONT, "the end of the episode", calm).await?;
    stage.shop.wait_for_replicas(4).await?;
    stage.delete(STOREFRONT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn leaves_a_sick_pod_where_its_budget_lets_nothing_go() -> Result<()> {
    let stage = shop("kept-pod", "5").await?;
    let sick = fall_ill(&stage).await?;
    let blocked = |s: &AgreementStatus| {
        let enforcement = s.enforcement.as_ref()?;
        (enforcement.reason == "BlockedByPDB").then(|| enforcement.message.clone())
    };
    let message = stage.until(STOREFRONT, "a hold", blocked).await?;
    ensure!(message.contains("storefront") && message.contains("needs 5 healthy pods"), "{message}");
    let_time_pass(Timestamp::now() + A_WHILE, async || {
        ensure!(stage.pods().await?.iter().any(|pod| pod.uid() == sick.uid()), "it was taken away");
        Ok(())
    })
    .await?;
    stage.delete(STOREFRONT).await
}

/// One of the pods fails most of its requests from now on.
async fn fall_ill(stage: &Stage) -> Result<Pod> {
    let pod = stage.pods().await?.into_iter().next().context("a pod")?;
    let annotation = format!("{ERROR_SHARE_ANNOTATION}=0.9");
    let arguments = ["annotate", "pod", &pod.name_any(), "-n", &stage.namespace, &annotation];
    stage.cluster.kubectl(&arguments).await?.ok()?;
    Ok(pod)
}

/// A shop of four in calm, of which so many pods must be there, under an agreement that lets one be moved.
async fn shop(namespace: &str, least: &str) -> Result<Stage> {
    let options = ShopOptions { replicas: 4, rate: 40.0, ..ShopOptions::new(namespace) };
    let mut stage = Stage::open_with(&options).await?;
    stage.warm_up().await?;
    stage.apply(&budget(namespace, least)).await?;
    let agreement = Agreement { allows: vec!["reschedule: {minAge: 10s}"], ..Agreement::new(namespace) };
    agree_in_calm(&stage, &agreement, A_WHILE).await?;
    Ok(stage)
}

fn budget(namespace: &str, least: &str) -> String {
    format!(
        r"apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {{name: {STOREFRONT}, namespace: {namespace}}}
spec: {{minAvailable: {least}, selector: {{matchLabels: {{app: {STOREFRONT}}}}}}}
"
    )
}
