//! An agreement is deleted while its floor stands: the finalizer holds it until the autoscaler is its owner's again.

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::stage::{AGREEMENTS, AUTOSCALERS, NAMESPACE, Stage, agreement, autoscaler};
use crate::sweep::sweep;

#[test]
fn gives_the_floor_back_before_the_agreement_goes() {
    sweep("deletion", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.api.apply(autoscaler()).unwrap();
        stage.seconds(4).await;
        stage.api.apply(agreement("web", "Enforce", "30m")).unwrap();
        stage.seconds(40).await;
        stage.spike = true;
        stage.until("enough replicas", 200, |stage| stage.replicas >= 5).await?;
        stage.seconds(10).await;
        stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
        stage
            .until("the end of the agreement", 400, |stage| {
                let gone = stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
                let web = stage.api.get(AUTOSCALERS, NAMESPACE, "web").unwrap();
                assert!(!gone || web["spec"]["minReplicas"] == 2, "the agreement went before the floor was given back");
                gone
            })
            .await?;
        let statements = stage.statements();
        assert!(statements.len() == 1 && statements[0].last.is_some(), "{statements:#?}");
        assert!(!statements[0].actions.is_empty(), "what was done for it is told");
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}
