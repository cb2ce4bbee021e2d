//! A ledger whose object has no more room takes no more counts: it is told beforehand, what follows is unknown, and the
//! period closes all the same. A leader that takes it over knows.

use guarantor::api::ServiceLevelStatement;
use guarantor::api::agreement_status::State;
use guarantor::api::condition::LEDGER_FULL;
use guarantor_testbed::model::FaultPlan;

use crate::stage::{STATEMENTS, Stage, agreement};
use crate::traffic::Second;

fn reason(stage: &Stage) -> Option<String> {
    stage.status("web").conditions.into_iter().find(|c| c.type_ == LEDGER_FULL).map(|c| c.reason)
}

/// So many seconds of a busy service: no two slots are alike.
async fn busy(stage: &mut Stage, seconds: u64, number: &mut u64) {
    for _ in 0..seconds {
        *number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = stage.now();
        stage.second().await;
        stage.traffic.enter(at, Second { total: 1_000_000 + (*number >> 44), bad: 0, pods: 3 });
    }
}

#[tokio::test(start_paused = true)]
async fn a_full_ledger_takes_no_more_counts() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.kill();
    // An empty one takes some 450 bytes and an hour of this service some 2,500 more.
    stage.ledger_bytes = 1_500;
    stage.start(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "1h")).unwrap();
    let mut number = 7;
    let mut told = Vec::new();
    for _ in 0..360 {
        busy(&mut stage, 10, &mut number).await;
        if let Some(reason) = reason(&stage).filter(|reason| told.last() != Some(reason)) {
            told.push(reason);
            if told.len() == 2 {
                // The next leader finds it full.
                stage.start(FaultPlan::none());
            }
        }
    }
    assert_eq!(told, ["Filling", "Full"]);
    stage.until("the statement", 60, |stage| !stage.api.list(STATEMENTS).is_empty()).await.unwrap();
    let statement: ServiceLevelStatement = serde_json::from_value(stage.api.list(STATEMENTS).remove(0)).unwrap();
    let objective = &statement.spec.objectives[0];
    let (measured, unknown) = (objective.slots.measured, objective.slots.unknown);
    assert!(measured > 100 && unknown > 100 && measured + unknown == 720, "{measured} measured, {unknown} unknown");
    assert_eq!(objective.state, State::NotDetermined, "it was kept as far as anybody knows");
    let events = stage.api.list("events.events.k8s.io").into_iter().filter(|event| event["reason"] == LEDGER_FULL);
    assert_eq!(events.map(|event| event["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>(), told);
    stage.until("an account with room", 300, |stage| reason(stage).is_none()).await.unwrap();
}
