//! One pod fails most of its requests: a replica is added, and it is moved.

use anyhow::{Context, Result};
use futures::future::{FutureExt, ready};
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use kube::ResourceExt;

use super::outage::{self, shop};
use super::story::{Story, annotate, pods, reworded, until_judged, until_over};
use crate::stage::Stage;

pub(super) static STORY: Story = Story {
    name: "move",
    verbs: &[Verb::Surge, Verb::Reschedule],
    shop,
    agree: |stage| ready(agreement(&stage.namespace)).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// Two slots are long enough to tell one pod from another, on a busy machine too: after that a replica would be added for want of
/// a cause, and none be left to move the pod by.
fn agreement(namespace: &str) -> Result<String> {
    reworded(&outage::agreement(namespace, ", reschedule: {minAge: 10s}")?, &[("slot: 5s", "slot: 10s")])
}

async fn play(stage: &Stage) -> Result<()> {
    let pod = pods(stage).await?.into_iter().next().context("a pod")?;
    annotate(stage, &pod.name_any(), &format!("{ERROR_SHARE_ANNOTATION}=0.9")).await?;
    until_judged(stage, Verb::Reschedule, 1).await?;
    until_over(stage).await
}
