//! The store refuses the expression of one objective. Its slots stay unknown for that cause, and the other objective is
//! measured and enforced as if it were alone.

use guarantor::api::agreement_status::State;
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::json;

use crate::stage::{Stage, agreement, autoscaler};

#[tokio::test(start_paused = true)]
async fn a_refused_objective_holds_up_no_other() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.traffic.refuse("freshness");
    stage.api.apply(autoscaler()).unwrap();
    let mut object = agreement("web", "Enforce", "30m");
    let mut freshness = object["spec"]["objectives"][0].clone();
    freshness["name"] = json!("freshness");
    object["spec"]["objectives"].as_array_mut().unwrap().push(freshness);
    stage.api.apply(object).unwrap();
    stage.seconds(60).await;
    let status = stage.status("web");
    let found: Vec<State> = status.objectives.iter().map(|objective| objective.state).collect();
    assert_eq!(found, [State::Fulfilled, State::NotDetermined]);
    assert!(status.objectives[1].problem.contains("can not be asked"), "{}", status.objectives[1].problem);
    let measured = status.conditions.iter().find(|c| c.type_ == "Measured").unwrap();
    assert_eq!((measured.status.as_str(), measured.reason.as_str()), ("False", "ExpressionRefused"));
    assert!(measured.message.contains("freshness: indicator.ratio.bad: "), "{}", measured.message);

    stage.spike = true;
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    let read = stage.now().duration_since(stage.status("web").measured_through.unwrap().0);
    assert!(read < SignedDuration::from_secs(30), "the account is {read:#} behind");
}
