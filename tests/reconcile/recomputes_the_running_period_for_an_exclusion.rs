//! An exclusion of the running period changes the account at once, and changes it back when it is taken back or goes.

use guarantor::api::agreement_status::State;
use guarantor_testbed::model::FaultPlan;
use serde_json::json;

use crate::stage::{EXCLUSIONS, NAMESPACE, Stage, agreement, exclusion};

#[tokio::test(start_paused = true)]
async fn recomputes_the_running_period_for_an_exclusion() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut object = agreement("web", "Observe", "30m");
    object["spec"]["exclusions"] =
        json!({"approval": "NotRequired", "rules": [{"reason": "Maintenance", "effect": "Exclude"}]});
    stage.api.apply(object).unwrap();
    stage.spike = true;
    stage.seconds(30).await;
    stage.spike = false;
    stage.until("a violation", 60, |stage| state(stage) == Some(State::Violated)).await.unwrap();
    let mut window = exclusion("window", "2026-01-01T00:00:00Z", "2026-01-01T00:00:40Z");
    stage.api.apply(window.clone()).unwrap();
    stage.until("it is left out", 30, |stage| state(stage) == Some(State::Fulfilled)).await.unwrap();
    // Deleted, it counts no more; declared again for another agreement, it never did for this one.
    stage.api.delete(EXCLUSIONS, NAMESPACE, "window").unwrap();
    stage.until("it counts again", 30, |stage| state(stage) == Some(State::Violated)).await.unwrap();
    window["spec"]["agreement"] = json!("another");
    stage.api.apply(window).unwrap();
    stage.seconds(20).await;
    assert_eq!(state(&stage), Some(State::Violated));
    let told = stage.api.get(EXCLUSIONS, NAMESPACE, "window").unwrap();
    assert_eq!(told.pointer("/status/conditions/0/reason"), Some(&json!("NoAgreement")));
}

fn state(stage: &Stage) -> Option<State> {
    stage.status("web").objectives.first().map(|o| o.state)
}
