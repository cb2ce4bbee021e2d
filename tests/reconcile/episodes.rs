//! How an episode goes and ends, where the story is about what is done meanwhile.

use guarantor::api::enforcement_status::ActionPhase;

use crate::stage::{Stage, agreement};

/// A spike burns the budget until replicas enough run; when it is over, what was raised is `given_back`, in words `what`.
pub async fn of_a_spike(stage: &mut Stage, what: &str, given_back: impl Fn(&Stage) -> bool) -> Result<(), String> {
    stage.seconds(4).await;
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await?;
    stage.seconds(30).await;
    stage.spike = false;
    stage.until(what, 600, given_back).await?;
    stage.until("the end of the episode", 120, over).await?;
    stage.seconds(40).await;
    Ok(())
}

/// Nothing is in danger, and no floor stands.
pub fn over(stage: &Stage) -> bool {
    stage.status("web").enforcement.is_some_and(|e| e.episode.is_none() && e.floor.is_none())
}

/// Waits until all that was done has its verdict, and a little longer.
pub async fn until_judged(stage: &mut Stage) -> Result<(), String> {
    let judged = |stage: &Stage| {
        let actions = stage.status("web").actions;
        actions.iter().filter(|action| action.phase != ActionPhase::Refused).all(|action| action.verdict.is_some())
    };
    stage.until("the verdicts", 300, judged).await?;
    stage.seconds(40).await;
    Ok(())
}
