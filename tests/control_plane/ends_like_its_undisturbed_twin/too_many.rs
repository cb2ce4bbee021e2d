//! More pods are declared than the load needs: one is let go, and comes back when nobody wants it let go any more.

use std::time::Duration;

use anyhow::{Context, Result};
use futures::future::FutureExt;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::{Agreement, Objective};
use tokio::time::sleep;

use super::story::{Story, until_done, until_judged, until_over};
use crate::stage::Stage;

/// What a pod has borne is known when all have served alike for five minutes.
pub(super) const KNOWN_AFTER: Duration = Duration::from_secs(330);

const PODS: u8 = 6;
/// Requests a second.
const RATE: f64 = 20.0;

pub(super) static STORY: Story = Story {
    name: "own",
    verbs: &[Verb::ScaleDown, Verb::Restore],
    // One pod serves twenty requests a second.
    shop: |namespace| ShopOptions { replicas: PODS.into(), rate: RATE, ..ShopOptions::new(namespace) },
    agree: |stage| agree(stage).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// Whatever is kept for the load, there is one pod to let go.
const BOUNDS: (u32, u32) = (5, 6);

/// The agreement in a mode of `capacity`, by so many replicas.
pub(super) fn agreement(namespace: &str, mode: &str, scale: (u32, u32)) -> String {
    let capacity = format!(
        "capacity: {{mode: {mode}, objective: latency, availability: availability, \
         cpu: 'container_cpu_usage_seconds_total{{service=\"storefront\"}}'}}"
    );
    Agreement {
        objectives: vec![Objective::latency("500ms", "90"), Objective::availability("99")],
        scale: Some(scale),
        release_after: "10s",
        allows: vec![&capacity],
        ..Agreement::new(namespace)
    }
    .to_string()
}

async fn agree(stage: &Stage) -> Result<String> {
    // Nothing is let go before the load of hours was seen: the pods before those of now have carried the same.
    let created = stage.pods().await?.into_iter().filter_map(|pod| pod.metadata.creation_timestamp).min();
    stage.shop.was_served_before(created.context("no pod")?.0, PODS, RATE).await?;
    sleep(KNOWN_AFTER).await;
    Ok(agreement(&stage.namespace, "Own", BOUNDS))
}

async fn play(stage: &Stage) -> Result<()> {
    until_done(stage, Verb::ScaleDown).await?;
    until_judged(stage, Verb::ScaleDown, 1).await?;
    stage.apply(&agreement(&stage.namespace, "Floor", BOUNDS)).await?;
    until_done(stage, Verb::Restore).await?;
    until_over(stage).await
}
