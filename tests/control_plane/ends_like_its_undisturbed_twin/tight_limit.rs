//! The load rises beyond what the pods may serve under their CPU limit, and falls again: they are resized in place, and get the
//! size of their template again.

use anyhow::Result;
use futures::future::{FutureExt, ready};
use guarantor::api::enforcement_status::Verb;
use guarantor_testbed::ShopOptions;
use guarantor_testbed::plant::load::Load;

use super::story::{Story, reworded, until_judged, until_over};
use crate::stage::{Stage, latency_agreement};

/// Requests a second for which half a core a pod is enough.
const CALM: f64 = 12.0;
/// And for which it is not, but three quarters are.
const BUSY: f64 = 40.0;

pub(super) static STORY: Story = Story {
    name: "resize",
    verbs: &[Verb::Resize, Verb::RestoreSize],
    shop: |namespace| ShopOptions {
        replicas: 4,
        rate: CALM,
        cpu: ("250m".to_owned(), Some("500m".to_owned())),
        ..ShopOptions::new(namespace)
    },
    agree: |stage| ready(agreement(&stage.namespace)).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// Whatever the losses are, there is one round of resizes, and no replica to add.
fn agreement(namespace: &str) -> Result<String> {
    let words = [
        ("threshold: 500ms", "threshold: 1s"),
        (r#"target: "90""#, r#"target: "95""#),
        ("max: 10}", "max: 4}, resize: {maxCpu: \"0.75\"}"),
    ];
    reworded(&latency_agreement(namespace, "Enforce").to_string(), &words)
}

async fn play(stage: &Stage) -> Result<()> {
    stage.shop.storefront.set_load(Load::Constant(BUSY))?;
    until_judged(stage, Verb::Resize, 4).await?;
    stage.shop.storefront.set_load(Load::Constant(CALM))?;
    until_over(stage).await
}
