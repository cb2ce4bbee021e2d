//! A spike burns the budget: the autoscaler's floor is held, raised, taken down again and given back.

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::episodes::of_a_spike;
use crate::stage::{AUTOSCALERS, NAMESPACE, Stage, autoscaler};
use crate::sweep::sweep;

#[test]
fn raises_and_gives_back_the_floor_of_an_autoscaler() {
    sweep("an autoscaler's floor", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.api.apply(autoscaler()).unwrap();
        let given_back = |stage: &Stage| {
            let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
            web["spec"]["minReplicas"] == 2
                && web["metadata"]["annotations"].as_object().is_none_or(serde_json::Map::is_empty)
        };
        of_a_spike(stage, "the owner's floor", given_back).await
    }
    .boxed_local()
}
