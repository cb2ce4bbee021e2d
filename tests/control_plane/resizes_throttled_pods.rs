//! Their CPU limit throttles the pods of a service: they are resized in place, one and then the others, without a restart, the
//! service recovers without another replica, and they are given the size of their template when it is calm again. What a node puts
//! off is taken back, and replicas follow. All of that on the rights the chart gives.
//!
//! The nodes' part is played by KWOK, which gives a pod the size it is to have within a second, and by the test where a node does
//! not; the plant lets a pod use what its node gave it.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use guarantor::api::resize_status::manager;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::{Agreement, Objective};
use guarantor_testbed::plant::load::Load;
use guarantor_testbed::shop::STOREFRONT;
use guarantor_testbed::wait::{Progress, wait_until};
use k8s_openapi::api::core::v1::{Pod, ResourceRequirements};
use k8s_openapi::jiff::SignedDuration;
use kube::ResourceExt;

use crate::accounts::agree_in_calm;
use crate::stage::{PATIENCE, Stage, own_cluster};

/// How long it is calm before.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);
/// Requests a second for which half a core a pod is enough.
const CALM: f64 = 12.0;
/// And for which it is not, but three quarters are.
const BUSY: f64 = 40.0;

#[tokio::test(flavor = "multi_thread")]
async fn resizes_throttled_pods_and_gives_their_size_back() -> Result<()> {
    let stage = shop("resized-pods", "250m").await?;
    let before = stage.pods().await?;
    stage.shop.storefront.set_load(Load::Constant(BUSY))?;
    until_limits(&stage, "750m").await?;
    stage
        .until(STOREFRONT, "four resizes to help", |s| {
            (of(s, Verb::Resize).filter(|a| a.verdict == Some(Verdict::Effective)).count() >= 4).then_some(())
        })
        .await?;
    let resized = stage.pods().await?;
    let uids = |pods: &[Pod]| -> BTreeSet<String> { pods.iter().filter_map(ResourceExt::uid).collect() };
    ensure!(uids(&resized) == uids(&before), "pods were made anew");
    let ours = manager(&stage.agreement(STOREFRONT).await?.uid().context("a uid")?);
    for pod in &resized {
        ensure!(cpu(spec(pod), "requests").as_deref() == Some("250m"), "what is requested was changed: {pod:#?}");
        ensure!(cpu(in_force(pod), "limits").as_deref() == Some("750m"), "its node did not give it: {pod:#?}");
        let restarts = pod.status.iter().flat_map(|s| s.container_statuses.iter().flatten()).map(|c| c.restart_count);
        ensure!(restarts.sum::<i32>() == 0, "it was restarted");
        let entry = pod.managed_fields().iter().find(|entry| entry.manager.as_deref() == Some(ours.as_str()));
        ensure!(entry.and_then(|entry| entry.subresource.as_deref()) == Some("resize"), "{:#?}", pod.managed_fields());
    }
    let first = stage.status(STOREFRONT).await?;
    let first = of(&first, Verb::Resize).next_back().context("a resize")?;
    ensure!((first.target.kind.as_str(), first.change().as_str()) == ("Pod", "500m -> 750m"), "{first:#?}");

    stage.shop.storefront.set_load(Load::Constant(CALM))?;
    until_limits(&stage, "500m").await?;
    let calm = |s: &AgreementStatus| {
        let nothing = s.enforcement.as_ref().is_none_or(|e| e.episode.is_none() && e.floor.is_none());
        (nothing && of(s, Verb::RestoreSize).count() >= 4).then_some(())
    };
    stage.until(STOREFRONT, "the end of the episode", calm).await?;
    let actions = stage.status(STOREFRONT).await?.actions;
    ensure!(actions.iter().all(|action| action.verb != Verb::RaiseFloor), "replicas were added: {actions:#?}");
    ensure!(uids(&stage.pods().await?) == uids(&before), "pods were made anew");
    let refused = stage.refused()?;
    ensure!(refused.is_empty(), "{refused:#?}");
    stage.delete(STOREFRONT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_node_puts_off_is_taken_back_and_replicas_follow() -> Result<()> {
    // What is requested is the limit: with another limit alone the pods would change their class of service.
    let stage = shop("put-off-pods", "500m").await?;
    stage.shop.storefront.set_load(Load::Constant(BUSY))?;
    let first = wait_until("a resize", PATIENCE, async || {
        let all = stage.pods().await?;
        let larger = all.iter().find(|pod| cpu(spec(pod), "limits").as_deref() == Some("750m"));
        Ok(match larger {
            Some(pod) => Progress::Done(pod.clone()),
            None => Progress::pending(serde_json::to_string_pretty(&stage.status(STOREFRONT).await?)?),
        })
    })
    .await
    .with_context(|| stage.log())?;
    ensure!(cpu(spec(&first), "requests").as_deref() == Some("750m"), "{:#?}", spec(&first));
    let put_off = r#"{"status": {"conditions": [
        {"type": "PodResizePending", "status": "True", "reason": "Deferred", "message": "the node is full"}]}}"#;
    let patch = ["patch", "pod", &first.name_any(), "-n", &stage.namespace, "--subresource=status", "-p", put_off];
    stage.cluster.kubectl(&patch).await?.ok()?;
    let judged = stage
        .until(STOREFRONT, "its verdict", |s| {
            let of_it = of(s, Verb::Resize).find(|a| Some(&a.target.uid) == first.uid().as_ref());
            of_it.filter(|action| action.verdict.is_some()).cloned()
        })
        .await?;
    ensure!(
        judged.verdict == Some(Verdict::Ineffective) && judged.evidence.contains("the node is full"),
        "{judged:#?}"
    );
    wait_until("it to be taken back", PATIENCE, async || {
        let all = stage.pods().await?;
        let pod = all.iter().find(|pod| pod.uid() == first.uid()).context("the pod is gone")?;
        let size = (cpu(spec(pod), "requests"), cpu(spec(pod), "limits"));
        let back = (Some("500m".to_owned()), Some("500m".to_owned()));
        Ok(if size == back { Progress::Done(()) } else { Progress::pending(format!("{size:?}")) })
    })
    .await
    .with_context(|| stage.log())?;
    stage.until(STOREFRONT, "replicas", |s| of(s, Verb::RaiseFloor).next().cloned()).await?;
    let refused = stage.refused()?;
    ensure!(refused.is_empty(), "{refused:#?}");
    stage.delete(STOREFRONT).await?;
    let sizes: Vec<_> = stage.pods().await?.iter().map(|pod| cpu(spec(pod), "limits")).collect();
    ensure!(sizes.iter().all(|limit| limit.as_deref() == Some("500m")), "{sizes:?} stay");
    Ok(())
}

/// The actions of a verb that were done, newest first.
fn of(status: &AgreementStatus, verb: Verb) -> impl DoubleEndedIterator<Item = &ActionRecord> {
    status.actions.iter().filter(move |action| action.verb == verb && action.phase == ActionPhase::Done)
}

fn spec(pod: &Pod) -> Option<&ResourceRequirements> {
    pod.spec.as_ref()?.containers.first()?.resources.as_ref()
}

/// What the pod's node tells of it.
fn in_force(pod: &Pod) -> Option<&ResourceRequirements> {
    pod.status.as_ref()?.container_statuses.as_ref()?.first()?.resources.as_ref()
}

fn cpu(resources: Option<&ResourceRequirements>, of: &str) -> Option<String> {
    let amounts = if of == "limits" { resources?.limits.as_ref() } else { resources?.requests.as_ref() };
    Some(amounts?.get("cpu")?.0.clone())
}

async fn until_limits(stage: &Stage, limit: &str) -> Result<()> {
    wait_until(&format!("limits of {limit}"), PATIENCE, async || {
        let limits: Vec<Option<String>> = stage.pods().await?.iter().map(|pod| cpu(spec(pod), "limits")).collect();
        let all = limits.len() == 4 && limits.iter().all(|one| one.as_deref() == Some(limit));
        Ok(if all {
            Progress::Done(())
        } else {
            Progress::pending(format!(
                "{limits:?}; {}",
                serde_json::to_string_pretty(&stage.status(STOREFRONT).await?)?
            ))
        })
    })
    .await
    .with_context(|| stage.log())
}

/// A shop of four in calm, each pod limited to half a core, under an agreement that lets them be resized.
async fn shop(namespace: &str, request: &str) -> Result<Stage> {
    let options = ShopOptions {
        replicas: 4,
        rate: CALM,
        cpu: (request.to_owned(), Some("500m".to_owned())),
        ..ShopOptions::new(namespace)
    };
    let mut stage = Stage::open_in(own_cluster().await?, &options, namespace).await?;
    stage.warm_up().await?;
    let agreement = Agreement {
        objectives: vec![Objective::latency("1s", "95")],
        allows: vec!["resize: {maxCpu: \"1\"}"],
        ..Agreement::new(namespace)
    };
    agree_in_calm(&stage, &agreement, A_WHILE).await?;
    Ok(stage)
}
