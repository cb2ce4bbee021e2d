//! A new revision fails: it is named, and nothing is added that could only be more of it. Where the agreement allows it, its
//! rollout is paused and the revision undone, and the service recovers.

use anyhow::{Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use guarantor::api::{FIELD_MANAGER, ROLLOUT_ANNOTATION};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::Agreement;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::api::Api;
use tokio::process::Command;

use crate::accounts::{agree_in_calm, let_time_pass};
use crate::stage::Stage;

/// How long it is calm before, and how long nothing may be added after the cause is told: a raise would come with the next
/// slot.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);

#[tokio::test(flavor = "multi_thread")]
async fn names_a_bad_revision_and_adds_nothing() -> Result<()> {
    let stage = shop("bad-revision", Vec::new()).await?;
    roll_out_a_bad_revision(&stage).await?;
    told(&stage, CauseKind::BadRevision, "the old revision").await
}

#[tokio::test(flavor = "multi_thread")]
async fn undoes_a_bad_revision_where_it_may() -> Result<()> {
    let stage = shop("undone-revision", vec!["rollback: {servedFor: 20s}"]).await?;
    let good = deployment(&stage).await?;
    roll_out_a_bad_revision(&stage).await?;
    let judged = |action: &ActionRecord| action.verb == Verb::RollBack && action.verdict.is_some();
    let actions = stage
        .until(STOREFRONT, "a judged rollback", |s| s.actions.iter().any(judged).then(|| s.actions.clone()))
        .await?;
    let done: Vec<_> =
        actions.iter().rev().filter(|a| a.phase == ActionPhase::Done).map(|a| (a.verb, a.verdict)).collect();
    let rollback = (Verb::RollBack, Some(Verdict::Effective));
    ensure!(done.iter().any(|(verb, _)| *verb == Verb::PauseRollout) && done.contains(&rollback), "{actions:#?}");
    ensure!(actions.iter().all(|action| action.verb != Verb::RaiseFloor), "a raise: {actions:#?}");
    let back = deployment(&stage).await?;
    let template = |web: &Deployment| web.spec.template.clone();
    ensure!(template(&back) == template(&good), "another template: {:#?}", template(&back));
    ensure!(back.spec.paused != Some(true), "it is paused");
    let owners: Vec<_> = back.managed_fields().iter().filter_map(|entry| entry.manager.as_deref()).collect();
    ensure!(!owners.contains(&FIELD_MANAGER), "the owner's next apply would be refused: {owners:?}");
    let calm = |s: &AgreementStatus| s.enforcement.as_ref().is_none_or(|e| e.episode.is_none()).then_some(());
    stage.until(STOREFRONT, "the end of the episode", calm).await?;
    stage.delete(STOREFRONT).await?;
    ensure!(!deployment(&stage).await?.annotations().contains_key(ROLLOUT_ANNOTATION), "a trace stays");
    Ok(())
}

/// The rollout takes its time: each new pod is watched for a while before the next old one goes.
async fn roll_out_a_bad_revision(stage: &Stage) -> Result<()> {
    let patch = format!(
        r#"{{"spec": {{"minReadySeconds": 120, "template": {{"metadata": {{"annotations": {{"{ERROR_SHARE_ANNOTATION}": "0.9"}}}}}}}}}}"#
    );
    let arguments = ["patch", "deployment", STOREFRONT, "-n", &stage.namespace, "-p", &patch];
    stage.cluster.kubectl(&arguments).await?.ok().map(drop)
}

async fn deployment(stage: &Stage) -> Result<Deployment> {
    let api: Api<Deployment> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    Ok(api.get(STOREFRONT).await?)
}

/// A shop of four in calm, under an agreement that may be enforced and allows this beside.
async fn shop(namespace: &str, allows: Vec<&str>) -> Result<Stage> {
    let options = ShopOptions { replicas: 4, rate: 40.0, ..ShopOptions::new(namespace) };
    let mut stage = Stage::open_with(&options).await?;
    stage.warm_up().await?;
    agree_in_calm(&stage, &Agreement { allows, ..Agreement::new(namespace) }, A_WHILE).await?;
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
