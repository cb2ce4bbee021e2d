//! Periods that ended while the operator was down are closed with what the store has of them, however long ago they
//! ended: the grace for missing slots runs from when somebody could read them.

use guarantor::api::ServiceLevelStatement;
use guarantor_testbed::model::FaultPlan;

use crate::stage::{STATEMENTS, Stage, agreement};

/// Slots in a period.
const SLOTS: i64 = 12;

fn statements(stage: &Stage) -> Vec<ServiceLevelStatement> {
    stage.api.list(STATEMENTS).into_iter().map(|object| serde_json::from_value(object).unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn closes_no_period_blind_after_a_downtime() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(4).await;
    stage.api.apply(agreement("web", "Observe", "1m")).unwrap();
    stage.seconds(30).await;
    stage.kill();
    // Three periods end, the first of them more than the grace of a minute ago.
    stage.seconds(185).await;
    assert_eq!(statements(&stage).len(), 0);
    stage.start(FaultPlan::none());
    stage.until("three statements", 60, |stage| statements(stage).len() == 3).await.unwrap();
    for statement in statements(&stage) {
        let slots = &statement.spec.objectives[0].slots;
        let start = statement.spec.period.start.0;
        assert_eq!((slots.measured, slots.unknown), (SLOTS, 0), "the period from {start}");
    }
}
