//! A spec that cannot be worked with: the conditions say so, nothing is asked, and when it is mended all goes on.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::ServiceLevelAgreement;
use serde_json::json;

use crate::stage::{AGREEMENTS, NAMESPACE, Stage, agreement};
use crate::sweep::sweep;

#[test]
fn says_what_is_wrong_and_recovers() {
    sweep("a spec that is broken and mended", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
        stage.seconds(20).await;
        write_total(stage, "sum(increase(requests_total[$slot])");
        stage.until("Stalled", 60, |stage| condition(stage, "Stalled").as_deref() == Some("True")).await?;
        if condition(stage, "Ready").as_deref() != Some("False") {
            return Err("what is stalled is not ready".to_owned());
        }
        stage.seconds(20).await;
        write_total(stage, "sum(increase(requests_total[$slot]))");
        stage
            .until("Measured", 100, |stage| {
                condition(stage, "Stalled").is_none() && condition(stage, "Measured").as_deref() == Some("True")
            })
            .await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}

fn write_total(stage: &Stage, total: &str) {
    let change = |object: &mut serde_json::Value| {
        object["spec"]["objectives"][0]["indicator"]["ratio"]["total"] = json!(total);
    };
    stage.api.edit("owner", AGREEMENTS, NAMESPACE, "web", change).unwrap();
}

fn condition(stage: &Stage, kind: &str) -> Option<String> {
    let agreement: ServiceLevelAgreement = stage.agreement("web")?;
    let conditions = agreement.status.unwrap_or_default().conditions;
    conditions.into_iter().find(|c| c.type_ == kind).map(|c| c.status)
}
