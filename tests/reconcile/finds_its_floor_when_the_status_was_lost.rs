//! A backup is restored without statuses, in calm: the floor on the autoscaler is found by its annotation and comes
//! down as it would have.

use guarantor_testbed::model::FaultPlan;

use crate::stage::{AGREEMENTS, AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};

#[tokio::test(start_paused = true)]
async fn finds_its_floor_when_the_status_was_lost() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
    stage.seconds(60).await;
    stage.spike = true;
    stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await.unwrap();
    stage.kill();
    stage.spike = false;
    stage.seconds(60).await;
    let lose = |object: &mut serde_json::Value| {
        object.as_object_mut().unwrap().remove("status");
    };
    stage.api.edit("restore", AGREEMENTS, NAMESPACE, "web", lose).unwrap();
    stage.start(FaultPlan::none());
    stage
        .until("the owner's floor", 600, |stage| {
            let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
            web["spec"]["minReplicas"] == 2
                && web["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty)
        })
        .await
        .unwrap();
}
