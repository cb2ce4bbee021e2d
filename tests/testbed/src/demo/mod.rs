//! The demonstration on a real control plane with a real Prometheus: three services get into trouble, each for another reason,
//! and each is answered by another verb; then one of them fails in a way that nothing mends, and its period is settled. Every
//! promised step is waited for, for a bounded time; one that does not happen ends the demo with an error.

mod acts;
mod agreements;
mod stage;

use anyhow::Result;
use futures::future::try_join;

use crate::timeline::Timeline;

pub use stage::{Stage, StageOptions};

/// Plays the whole demonstration on `stage`.
///
/// # Errors
/// Names the first promised step that did not happen, with what was seen instead.
pub async fn play(stage: &mut Stage, timeline: &Timeline) -> Result<()> {
    acts::agreements_are_applied(stage, timeline).await?;
    timeline.headline("Each service gets into trouble of its own")?;
    let stage = &*stage;
    let storefront = async {
        acts::traffic_grows_and_guarantor_scales(stage, timeline).await?;
        acts::an_outage_that_nothing_mends(stage, timeline).await
    };
    let others = async {
        acts::a_sick_pod_is_moved(stage, timeline).await?;
        acts::a_bad_revision_is_undone(stage, timeline).await
    };
    try_join(storefront, others).await?;
    acts::the_period_is_settled(stage, timeline).await?;
    acts::the_agreements_end(stage, timeline).await
}
