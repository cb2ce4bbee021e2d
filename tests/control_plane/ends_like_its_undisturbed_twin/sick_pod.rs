//! One pod fails most of its requests: a replica is added, and it is moved.

use anyhow::{Context, Result};
use futures::future::{FutureExt, ready};
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::plant::pods::ERROR_SHARE_ANNOTATION;
use kube::ResourceExt;

use super::outage::{agreement, shop};
use super::story::{Story, annotate, pods, until_judged, until_over};
use crate::stage::Stage;

pub(super) static STORY: Story = Story {
    name: "move",
    verbs: &[Verb::Surge, Verb::Reschedule],
    shop,
    agree: |stage| ready(agreement(&stage.namespace, ", reschedule: {minAge: 10s}")).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

async fn play(stage: &Stage) -> Result<()> {
    let pod = pods(stage).await?.into_iter().next().context("a pod")?;
    annotate(stage, &pod.name_any(), &format!("{ERROR_SHARE_ANNOTATION}=0.9")).await?;
    until_judged(stage, Verb::Reschedule, 1).await?;
    until_over(stage).await
}
