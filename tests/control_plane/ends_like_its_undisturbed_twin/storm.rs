//! After a hiccup the clients' own tries keep the service overloaded: a switch is turned, the storm ends, and it is turned back.

use std::time::Duration;

use anyhow::Result;
use futures::future::FutureExt;
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use tokio::time::sleep;

use super::story::{Story, reworded, until_done, until_judged, until_over};
use crate::accounts::enforced_agreement;
use crate::stage::Stage;

/// The `ConfigMap` with the switch.
const SWITCH: &str = "limits";
/// Requests a second that users send; four pods serve 80.
const RATE: f64 = 50.0;
/// Work of the average request.
const WORK: Duration = Duration::from_millis(50);

pub(super) static STORY: Story = Story {
    name: "shed",
    verbs: &[Verb::Shed, Verb::StopShedding],
    // With much room and little patience all that is worked on is given up before it is done.
    shop: |namespace| ShopOptions {
        replicas: 4,
        rate: RATE,
        capacity: 256,
        timeout: Duration::from_secs(1),
        ..ShopOptions::new(namespace)
    },
    agree: |stage| agree(stage).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// A storm is told by what was before, and by a replica that was tried in vain.
async fn agree(stage: &mut Stage) -> Result<String> {
    let term = stage.shop.has_been_open(RATE).await?;
    stage.shop.add_switch(stage.cluster, SWITCH).await?;
    let more = format!(r#", shed: {{configMap: {SWITCH}, key: shed, value: "on", automatic: true}}"#);
    let words = [("  period: {rolling: 30m}\n", term.as_str()), ("max: 10}", "max: 5}")];
    reworded(&enforced_agreement(&stage.namespace, &more), &words)
}

/// For ten seconds each request brings five times the work, and clients whose requests fail try again and again.
async fn play(stage: &Stage) -> Result<()> {
    let storefront = &stage.shop.storefront;
    storefront.set_retries(10, Duration::from_millis(200));
    storefront.set_service_time(WORK * 5)?;
    sleep(Duration::from_secs(10)).await;
    storefront.set_service_time(WORK)?;
    until_done(stage, Verb::Shed).await?;
    until_judged(stage, Verb::Shed, 1).await?;
    until_done(stage, Verb::StopShedding).await?;
    until_over(stage).await
}
