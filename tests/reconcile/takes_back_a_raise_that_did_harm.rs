//! More replicas take the last connections of a database: the raise is taken back, and the danger goes on as it was.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::enforcement_status::{Verb, Verdict};
use serde_json::{Value, json};

use crate::episodes::over;
use crate::stage::{AUTOSCALERS, DEPLOYMENTS, NAMESPACE, Stage, agreement, autoscaler};
use crate::sweep::sweep;

#[test]
fn takes_back_a_raise_that_did_harm() {
    sweep("a raise that did harm", |stage| play(stage).boxed_local());
}

fn floor(stage: &Stage) -> i64 {
    stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap()["spec"]["minReplicas"].as_i64().unwrap()
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.enough_for = Some(4);
        stage.api.apply(autoscaler()).unwrap();
        stage.seconds(4).await;
        stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
        stage.seconds(60).await;
        stage.spike = true;
        stage.until("one replica too many", 300, |stage| floor(stage) == 5 && stage.replicas == 5).await?;
        stage.until("the step back", 200, |stage| floor(stage) == 4).await?;
        let told = |stage: &Stage| {
            let conditions = stage.status("web").conditions;
            conditions.iter().any(|c| c.type_ == "ActionHarmful" && c.reason == "RaiseFloor")
        };
        stage.until("the condition", 60, told).await?;
        let harmful = |stage: &Stage| {
            let actions = stage.status("web").actions;
            actions.iter().any(|a| a.verb == Verb::RaiseFloor && a.verdict == Some(Verdict::Harmful))
        };
        if !harmful(stage) {
            return Err("the raise was not told harmful".to_owned());
        }
        // An autoscaler keeps what it has for a while. Neither then nor later is anything raised again.
        for second in 0..150 {
            if second == 30 {
                let edit = |web: &mut Value| web["spec"]["replicas"] = json!(4);
                stage.api.edit("kube-controller-manager", DEPLOYMENTS, NAMESPACE, "web", edit).unwrap();
            }
            stage.second().await;
            if floor(stage) != 4 {
                return Err(format!("the floor went on to {} in the same danger", floor(stage)));
            }
        }
        stage.spike = false;
        stage.until("the owner's floor", 600, |stage| floor(stage) == 2).await?;
        stage.until("the end of the episode", 120, over).await?;
        stage.until("no condition", 60, |stage| !told(stage)).await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}
