//! Nothing scales the workload: its replicas themselves are raised through the scale subresource, and given back.

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::episodes::of_a_spike;
use crate::stage::{DEPLOYMENTS, NAMESPACE, Stage};
use crate::sweep::sweep;

#[test]
fn scales_a_workload_without_an_autoscaler() {
    sweep("a workload without autoscaler", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        let given_back = |stage: &Stage| {
            let web = stage.api.get(DEPLOYMENTS, NAMESPACE, "web").unwrap();
            stage.replicas == 3 && web["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty)
        };
        of_a_spike(stage, "the owner's replicas", given_back).await
    }
    .boxed_local()
}
