//! A period ends in the middle of a danger. The account begins anew, but what was seen a slot ago is still what was seen:
//! the operator goes on as if there were no end.

use guarantor::api::ServiceLevelAgreement;
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;

use crate::stage::{AGREEMENTS, NAMESPACE, STATEMENTS, Stage, agreement, autoscaler};

/// What the operator said about enforcement, each time it was something else.
fn reasons(stage: &Stage) -> Vec<String> {
    let states = stage.api.history(AGREEMENTS, NAMESPACE, "web").into_iter();
    let states = states.map(|state| serde_json::from_value::<ServiceLevelAgreement>(state).unwrap());
    let mut reasons: Vec<String> = states.filter_map(|s| Some(s.status?.enforcement?.reason)).collect();
    reasons.dedup();
    reasons
}

#[tokio::test(start_paused = true)]
async fn sees_across_the_end_of_a_period() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    let end = stage.status("web").period.unwrap().end.0;
    while stage.now() < end - SignedDuration::from_secs(14) {
        stage.second().await;
    }
    stage.spike = true;
    stage.until("the period to end", 60, |stage| !stage.api.list(STATEMENTS).is_empty()).await.unwrap();
    assert!(stage.status("web").enforcement.unwrap().floor.is_some(), "in the middle of a danger");
    stage.until("enough replicas", 60, |stage| stage.replicas >= 5).await.unwrap();
    let reasons = reasons(&stage);
    assert!(reasons.iter().any(|reason| reason == "RaiseFloor"), "{reasons:?}");
    assert!(!reasons.iter().any(|reason| ["Blind", "MissingData"].contains(&reason.as_str())), "{reasons:?}");
}
