//! KEDA scales the workload: the same outage, in which the floor of its `ScaledObject` is raised and given back.
//!
//! KEDA itself does not run; what matters of it here is done in its place, as long as the story goes on.

use std::time::Duration;

use anyhow::{Result, ensure};
use futures::future::FutureExt;
use guarantor::api::enforcement_status::Verb;
use k8s_openapi::api::autoscaling::v2::HorizontalPodAutoscaler;
use kube::api::Api;
use tokio::sync::OnceCell;
use tokio::time::sleep;

use super::outage::{agreement, shop, strike};
use super::story::Story;
use crate::raises_the_floor_of_a_scaled_object::{DEFINITION, carry_over, scale_by_keda, scaled_objects};
use crate::stage::Stage;

/// How often KEDA looks.
const EVERY: Duration = Duration::from_secs(1);

pub(super) static STORY: Story = Story {
    name: "keda",
    verbs: &[Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore],
    shop,
    agree: |stage| agree(stage).boxed_local(),
    play: |stage| play(stage).boxed_local(),
};

/// Twins begin side by side, and have one definition.
async fn agree(stage: &Stage) -> Result<String> {
    static DEFINED: OnceCell<()> = OnceCell::const_new();
    DEFINED.get_or_try_init(async || stage.apply(DEFINITION).await.map(drop)).await?;
    scale_by_keda(stage, 3, 5).await?;
    agreement(&stage.namespace, "")
}

async fn play(stage: &Stage) -> Result<()> {
    let objects = scaled_objects(stage)?;
    let autoscalers: Api<HorizontalPodAutoscaler> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    let keda = async {
        loop {
            if let Err(error) = carry_over(&objects, &autoscalers).await {
                // A write that somebody else was faster with is made at the next look.
                let refused = error.downcast_ref::<kube::Error>();
                ensure!(matches!(refused, Some(kube::Error::Api(status)) if status.code == 409), "KEDA: {error:#}");
            }
            sleep(EVERY).await;
        }
    };
    tokio::select! {
        played = strike(stage) => played,
        ended = keda => ended,
    }
}
