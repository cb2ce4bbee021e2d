//! Periods close one after the other: each gets one statement with the same figures, whatever went wrong meanwhile.

use futures::FutureExt;
use futures::future::LocalBoxFuture;

use crate::credits::crediting;
use crate::stage::{STATEMENTS, Stage};
use crate::sweep::sweep;

#[test]
fn issues_one_statement_a_period() {
    sweep("statements", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.seconds(4).await;
        stage.api.apply(crediting("1m")).unwrap();
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
