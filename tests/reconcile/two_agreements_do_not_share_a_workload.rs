//! Two agreements about one workload: one holds the floor, the other says so and keeps its hands off.

use guarantor::api::BASELINE_ANNOTATION;
use guarantor_testbed::model::FaultPlan;

use crate::stage::{AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};

#[tokio::test(start_paused = true)]
async fn two_agreements_do_not_share_a_workload() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(autoscaler()).unwrap();
    for name in ["web", "second"] {
        stage.api.apply(agreement(name, "Enforce", "30m")).unwrap();
    }
    stage.seconds(60).await;
    stage.spike = true;
    let refuses =
        |stage: &Stage, name: &str| stage.status(name).enforcement.is_some_and(|e| e.reason == "HeldByOtherAgreement");
    stage.until("one to refuse", 100, |stage| refuses(stage, "web") || refuses(stage, "second")).await.unwrap();
    stage.until("enough replicas", 100, |stage| stage.replicas >= 5).await.unwrap();
    stage.spike = false;
    stage
        .until("the owner's floor", 600, |stage| {
            let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
            web["spec"]["minReplicas"] == 2 && web["metadata"]["annotations"][BASELINE_ANNOTATION].is_null()
        })
        .await
        .unwrap();
    stage.seconds(120).await;
    let mut acts: Vec<(i64, String)> = Vec::new();
    for state in stage.api.history(AUTOSCALERS, NAMESPACE, "web") {
        let holder = state["metadata"]["annotations"][BASELINE_ANNOTATION].as_str().unwrap_or_default().to_owned();
        acts.push((state["spec"]["minReplicas"].as_i64().unwrap(), holder));
    }
    acts.dedup();
    let floors: Vec<i64> = acts.iter().map(|(floor, _)| *floor).collect();
    assert_eq!(floors, [2, 3, 5, 4, 3, 2], "as if there were one agreement: {acts:?}");
    let mut holders: Vec<&str> = acts.iter().map(|(_, holder)| holder.as_str()).filter(|h| !h.is_empty()).collect();
    holders.dedup();
    assert_eq!(holders.len(), 1, "{acts:?}");
}
