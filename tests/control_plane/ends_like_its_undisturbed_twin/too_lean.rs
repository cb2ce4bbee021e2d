//! An autoscaler lets the pods become busier than is safe: its CPU target is lowered, and is what was declared when nobody wants it
//! set any more.

use anyhow::{Context, Result};
use futures::future::FutureExt;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::{Aim, Autoscaler};
use tokio::time::sleep;

use super::story::{Story, until_done, until_over};
use super::too_many::{KNOWN_AFTER, agreement};
use crate::stage::Stage;

const PODS: u8 = 4;
/// Requests a second.
const RATE: f64 = 20.0;
/// So busy that whatever the pods bear, the target is lowered by a whole step.
const DECLARED: u32 = 100;

pub(super) static STORY: Story = Story {
    name: "target",
    verbs: &[Verb::SetTarget, Verb::RestoreTarget],
    // One pod serves twenty requests a second.
    shop: |namespace| ShopOptions { replicas: PODS.into(), rate: RATE, ..ShopOptions::new(namespace) },
    agree: |stage| agree(stage).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// What the autoscaler declares lies within it.
const BOUNDS: (u32, u32) = (2, 10);

async fn agree(stage: &Stage) -> Result<String> {
    let namespace = &stage.namespace;
    stage.apply(&Autoscaler { aim: Aim::Cpu(DECLARED), ..Autoscaler::new(namespace, 3, 6) }).await?;
    // Nobody says what is safe before most of a day was seen.
    let created = stage.pods().await?.into_iter().filter_map(|pod| pod.metadata.creation_timestamp).min();
    let created = created.context("no pod")?.0;
    stage.shop.was_open_for_days_before(created, RATE).await?;
    stage.shop.was_served_before(created, PODS, RATE).await?;
    sleep(KNOWN_AFTER).await;
    Ok(agreement(namespace, "Floor", BOUNDS))
}

async fn play(stage: &Stage) -> Result<()> {
    stage.apply(&agreement(&stage.namespace, "Target", BOUNDS)).await?;
    until_done(stage, Verb::SetTarget).await?;
    // Before the next step, which waits for what came of this one.
    stage.apply(&agreement(&stage.namespace, "Floor", BOUNDS)).await?;
    until_done(stage, Verb::RestoreTarget).await?;
    until_over(stage).await
}
