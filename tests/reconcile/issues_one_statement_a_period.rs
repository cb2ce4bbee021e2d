//! Periods close one after the other: each gets one statement with the same figures, whatever went wrong meanwhile.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use serde_json::json;

use crate::stage::{STATEMENTS, Stage, agreement};
use crate::sweep::sweep;

#[test]
fn issues_one_statement_a_period() {
    sweep("statements", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.seconds(4).await;
        let mut object = agreement("web", "Observe", "1m");
        object["spec"]["credits"] = json!({
            "fee": {"amount": "1200.00", "currency": "EUR"},
            "tiers": [{"objective": "availability", "below": "90", "percentOfFee": "10"}],
        });
        stage.api.apply(object).unwrap();
        stage.seconds(70).await;
        // In the second period every second request fails for twenty seconds: a credit is due.
        stage.spike = true;
        stage.seconds(20).await;
        stage.spike = false;
        stage.seconds(70).await;
        stage.until("two statements", 60, |stage| stage.api.list(STATEMENTS).len() == 2).await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}
