//! Nothing scales the workload: its replicas themselves are raised through the scale subresource, and given back.

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::stage::{DEPLOYMENTS, NAMESPACE, Stage, agreement};
use crate::sweep::sweep;

#[test]
fn scales_a_workload_without_an_autoscaler() {
    sweep("a workload without autoscaler", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.seconds(4).await;
        stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
        stage.seconds(60).await;
        stage.spike = true;
        stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await?;
        stage.seconds(30).await;
        stage.spike = false;
        stage
            .until("the owner's replicas", 600, |stage| {
                let web = stage.api.get(DEPLOYMENTS, NAMESPACE, "web").unwrap();
                stage.replicas == 3 && web["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty)
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
