//! Half of all requests fail on all pods alike, until a replica more was tried: the floor of an autoscaler is raised and given back.

use anyhow::Result;
use futures::future::{FutureExt, ready};
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::Autoscaler;

use super::story::{Story, reworded, until_done, until_over};
use crate::accounts::enforced_agreement;
use crate::stage::Stage;

pub(super) static STORY: Story = Story {
    name: "floor",
    verbs: &[Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore],
    shop,
    agree: |stage| agree(stage).boxed_local(),
    play: |stage| strike(stage).boxed_local(),
};

/// The same where nothing scales the workload: its own replicas are raised and given back.
pub(super) static UNSCALED: Story = Story {
    name: "scale",
    verbs: &[Verb::RaiseFloor, Verb::Restore],
    shop,
    agree: |stage| ready(agreement(&stage.namespace, "")).boxed_local(),
    play: |stage| strike(stage).boxed_local(),
};

/// A shop of four that is not busy.
pub(super) fn shop(namespace: &str) -> ShopOptions {
    ShopOptions { replicas: 4, rate: 40.0, ..ShopOptions::new(namespace) }
}

/// An agreement for it that goes on with `more`. Whatever the losses are, there is one replica to add.
pub(super) fn agreement(namespace: &str, more: &str) -> Result<String> {
    let words = [("releaseAfter: 20s", "releaseAfter: 10s"), ("{min: 2, max: 10}", "{min: 4, max: 5}")];
    reworded(&enforced_agreement(namespace, more), &words)
}

async fn agree(stage: &Stage) -> Result<String> {
    let namespace = &stage.namespace;
    stage.apply(&Autoscaler::new(namespace, 3, 5)).await?;
    agreement(namespace, "")
}

/// Half of all requests fail, until a replica more was tried.
pub(super) async fn strike(stage: &Stage) -> Result<()> {
    stage.shop.storefront.set_error_share(0.5)?;
    until_done(stage, Verb::RaiseFloor).await?;
    stage.shop.storefront.set_error_share(0.0)?;
    until_done(stage, Verb::Restore).await?;
    until_over(stage).await
}
