//! An agreement that is worked with, though something in it is hardly meant: a condition says so as long as it is true.

use guarantor::api::condition::ADVISED;
use guarantor_testbed::model::FaultPlan;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;

use crate::conditions::broken_rule;
use crate::stage::{AGREEMENTS, NAMESPACE, Stage, agreement};

#[tokio::test(start_paused = true)]
async fn says_what_is_hardly_meant() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut strict = agreement("web", "Observe", "30m");
    strict["spec"]["objectives"][0]["target"] = serde_json::json!("100");
    stage.api.apply(strict).unwrap();
    stage.until("the advice", 60, |stage| condition(stage, ADVISED).is_some()).await.unwrap();
    let advice = condition(&stage, ADVISED).unwrap();
    assert_eq!((advice.status.as_str(), advice.reason.as_str()), ("True", "TargetNotBelow100"));
    stage
        .until("Measured", 60, |stage| condition(stage, "Measured").is_some_and(|c| c.status == "True"))
        .await
        .unwrap();
    assert_eq!(condition(&stage, "Ready").unwrap().status, "True");

    // The API server of the model lets a promise be edited.
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.until("the advice to go", 60, |stage| condition(stage, ADVISED).is_none()).await.unwrap();
    let states = stage.api.get(AGREEMENTS, NAMESPACE, "web").map(|state| serde_json::from_value(state).unwrap());
    assert_eq!(broken_rule(&states.into_iter().collect::<Vec<_>>()), None);
}

#[tokio::test(start_paused = true)]
async fn a_promise_that_contradicts_itself_is_refused() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut broken = agreement("web", "Observe", "30m");
    broken["spec"]["credits"] = serde_json::json!({
        "fee": {"amount": "100", "currency": "EUR"},
        "tiers": [
            {"objective": "availability", "below": "90", "percentOfFee": "25"},
            {"objective": "availability", "below": "80", "percentOfFee": "10"},
        ],
    });
    // The API server of the model does not know the definition's rules; a real one refuses this sooner.
    stage.api.apply(broken).unwrap();
    stage.until("Stalled", 60, |stage| condition(stage, "Stalled").is_some()).await.unwrap();
    let ready = condition(&stage, "Ready").unwrap();
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "InvalidSpec"));
    assert!(ready.message.contains("spec.credits.tiers[1].percentOfFee: 10 is less than the 25"), "{}", ready.message);
}

fn condition(stage: &Stage, kind: &str) -> Option<Condition> {
    stage.status("web").conditions.into_iter().find(|condition| condition.type_ == kind)
}
