//! A spike burns the budget: the autoscaler's floor is held, raised, taken down again and given back.

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::stage::{AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};
use crate::sweep::sweep;

#[test]
fn raises_and_gives_back_the_floor_of_an_autoscaler() {
    sweep("an autoscaler's floor", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.api.apply(autoscaler()).unwrap();
        stage.seconds(4).await;
        stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
        stage.seconds(60).await;
        stage.spike = true;
        stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await?;
        stage.seconds(30).await;
        stage.spike = false;
        stage
            .until("the owner's floor", 600, |stage| {
                let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
                web["spec"]["minReplicas"] == 2
                    && web["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty)
            })
            .await?;
        stage
            .until("the end of the episode", 120, |stage| {
                stage.status("web").enforcement.is_some_and(|e| e.episode.is_none() && e.floor.is_none())
            })
            .await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}
