//! An autoscaler lets the pods become busier than is safe: its CPU target is lowered, and is what was declared when nobody wants it
//! set any more.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::FutureExt;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::{Agreement, Aim, Autoscaler, Objective};
use tokio::time::sleep;

use super::story::{Story, until_done, until_over};
use crate::stage::Stage;

/// What a pod has borne is known when all have served alike for five minutes.
const KNOWN_AFTER: Duration = Duration::from_secs(330);

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

fn agreement(namespace: &str, mode: &str) -> String {
    let capacity = format!(
        "capacity: {{mode: {mode}, objective: latency, availability: availability, \
         cpu: 'container_cpu_usage_seconds_total{{service=\"storefront\"}}'}}"
    );
    Agreement {
        objectives: vec![Objective::latency("500ms", "90"), Objective::availability("99")],
        release_after: "10s",
        allows: vec![&capacity],
        ..Agreement::new(namespace)
    }
    .to_string()
}

async fn agree(stage: &Stage) -> Result<String> {
    let namespace = &stage.namespace;
    stage.apply(&Autoscaler { aim: Aim::Cpu(DECLARED), ..Autoscaler::new(namespace, 3, 6) }).await?;
    // Nobody says what is safe before most of a day was seen.
    let created = stage.pods().await?.into_iter().filter_map(|pod| pod.metadata.creation_timestamp).min();
    let created = created.context("no pod")?.0;
    stage.shop.was_open_for_days_before(created, RATE).await?;
    stage.shop.was_served_before(created, PODS, RATE).await?;
    sleep(KNOWN_AFTER).await;
    Ok(agreement(namespace, "Floor"))
}

async fn play(stage: &Stage) -> Result<()> {
    stage.apply(&agreement(&stage.namespace, "Target")).await?;
    until_done(stage, Verb::SetTarget).await?;
    // Before the next step, which waits for what came of this one.
    stage.apply(&agreement(&stage.namespace, "Floor")).await?;
    until_done(stage, Verb::RestoreTarget).await?;
    until_over(stage).await
}
