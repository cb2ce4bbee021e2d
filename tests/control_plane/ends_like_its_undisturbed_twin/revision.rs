//! A new revision fails: its rollout is paused, and it is undone; or its pods get well, and the rollout is given back.

use anyhow::{Result, ensure};
use futures::future::{FutureExt, ready};
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;

use super::outage::{agreement, shop};
use super::story::{Story, annotate, pods, until_done, until_judged, until_over};
use crate::accounts::let_time_pass;
use crate::stage::Stage;

/// It fails, and stays until it is undone.
pub(super) static BAD: Story = Story {
    name: "rollback",
    verbs: &[Verb::PauseRollout, Verb::RollBack],
    shop,
    agree: |stage| ready(agreement(&stage.namespace, ", rollback: {servedFor: 20s}")).boxed_local(),
    play: |stage| fails(stage).boxed_local(),
};

/// It fails, and then its pods get well.
pub(super) static GETS_WELL: Story = Story {
    name: "pause",
    verbs: &[Verb::PauseRollout, Verb::ReleaseRollout],
    shop,
    agree: |stage| ready(agreement(&stage.namespace, ", rollback: {servedFor: 20s, pauseOnly: true}")).boxed_local(),
    play: |stage| gets_well(stage).boxed_local(),
};

async fn fails(stage: &Stage) -> Result<()> {
    roll_out(stage, &format!(r#""{ERROR_SHARE_ANNOTATION}": "0.9""#)).await?;
    until_judged(stage, Verb::RollBack, 1).await?;
    until_over(stage).await
}

async fn gets_well(stage: &Stage) -> Result<()> {
    let before = names(stage).await?;
    roll_out(stage, r#""revision": "2""#).await?;
    let_time_pass(Timestamp::now() + SignedDuration::from_secs(8), async || Ok(())).await?;
    let new: Vec<String> = names(stage).await?.into_iter().filter(|name| !before.contains(name)).collect();
    ensure!(!new.is_empty(), "no new pod");
    for pod in &new {
        annotate(stage, pod, &format!("{ERROR_SHARE_ANNOTATION}=0.9")).await?;
    }
    until_done(stage, Verb::PauseRollout).await?;
    for pod in &new {
        annotate(stage, pod, &format!("{ERROR_SHARE_ANNOTATION}-")).await?;
    }
    until_done(stage, Verb::ReleaseRollout).await?;
    until_over(stage).await
}

async fn names(stage: &Stage) -> Result<Vec<String>> {
    Ok(pods(stage).await?.iter().map(ResourceExt::name_any).collect())
}

/// Each new pod is watched for a while before the next old one goes.
async fn roll_out(stage: &Stage, annotation: &str) -> Result<()> {
    let patch = format!(
        r#"{{"spec": {{"minReadySeconds": 90, "template": {{"metadata": {{"annotations": {{{annotation}}}}}}}}}}}"#
    );
    let arguments = ["patch", "deployment", STOREFRONT, "-n", &stage.namespace, "-p", &patch];
    stage.cluster.kubectl(&arguments).await?.ok().map(drop)
}
