//! The demonstration: an agreement is kept, broken by something scaling cannot mend, settled and ended, on a real
//! control plane with a real Prometheus. Every promised step is waited for, for a bounded time; one that does not
//! happen ends the demo with an error.

mod acts;
mod stage;

use anyhow::Result;

use crate::timeline::Timeline;

pub use stage::{Stage, StageOptions};

/// Plays the whole demonstration on `stage`.
///
/// # Errors
/// Names the first promised step that did not happen, with what was seen instead.
pub async fn play(stage: &mut Stage, timeline: &Timeline) -> Result<()> {
    acts::agreement_is_applied(stage, timeline).await?;
    acts::traffic_grows_and_guarantor_scales(stage, timeline).await?;
    acts::an_outage_that_scaling_cannot_mend(stage, timeline).await?;
    acts::the_period_is_settled(stage, timeline).await?;
    acts::the_agreement_ends(stage, timeline).await
}
