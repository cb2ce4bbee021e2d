//! Samples that arrive within the grace are counted: in the running period when its slots are looked at again, and in one
//! that was closed without them by a statement that takes the place of the first.

use futures::FutureExt;
use guarantor::api::{ServiceLevelLedger, ServiceLevelStatement};
use guarantor::evaluate::slot::SlotState;
use guarantor::evaluate::stored_ledger;
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;

use crate::stage::{LEDGERS, NAMESPACE, STATEMENTS, Stage, agreement};
use crate::sweep::sweep;

/// Slots of a period of two minutes.
const SLOTS: i64 = 24;

fn statements(stage: &Stage) -> Vec<ServiceLevelStatement> {
    let objects = stage.api.list(STATEMENTS).into_iter();
    let mut all: Vec<ServiceLevelStatement> = objects.map(|object| serde_json::from_value(object).unwrap()).collect();
    all.sort_by_key(|statement| (statement.spec.period.start.0, statement.spec.revision));
    all
}

fn counts(statement: &ServiceLevelStatement) -> (i32, i64, i64) {
    let slots = &statement.spec.objectives[0].slots;
    (statement.spec.revision, slots.measured, slots.unknown)
}

fn ledger(stage: &Stage, name: &str) -> ServiceLevelLedger {
    serde_json::from_value(stage.api.get(LEDGERS, Some(NAMESPACE), name).unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn in_the_running_period() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "1h")).unwrap();
    stage.seconds(60).await;
    let from = stage.now();
    stage.traffic.hold_up(from);
    stage.seconds(30).await;
    stage.traffic.arrive(from + SignedDuration::from_secs(10));
    // The grace of a minute, and until the ledger is stored.
    stage.seconds(240).await;
    let name = stage.api.list(LEDGERS)[0]["metadata"]["name"].as_str().unwrap().to_owned();
    let ledger = stored_ledger::from_spec(&ledger(&stage, &name).spec).unwrap();
    let slots = ledger.slots("availability");
    let unknown = slots.iter().filter(|slot| matches!(slot.state(), SlotState::Unknown(_))).count();
    assert!((1..=3).contains(&unknown), "only what was lost for good stays unknown: {slots:?}");
    assert!(slots.len() > 40, "{}", slots.len());
}

async fn closed_with_slots_on_their_way(restart: bool) -> Vec<(i32, i64, i64)> {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "2m")).unwrap();
    stage.seconds(5).await;
    let end = stage.status("web").period.unwrap().end.0;
    let wait = u64::try_from(end.as_second() - stage.now().as_second()).unwrap();
    stage.seconds(wait - 20).await;
    stage.traffic.hold_up(stage.now());
    stage.until("a statement", 60, |stage| statements(stage).len() == 1).await.unwrap();
    assert!(stage.now() < end + SignedDuration::from_secs(30), "the next period is not kept waiting");
    let first = statements(&stage);
    stage.traffic.arrive(end - SignedDuration::from_secs(10));
    if restart {
        stage.kill();
        stage.start(FaultPlan::none());
    }
    stage.until("the restatement", 90, |stage| statements(stage).len() == 2).await.unwrap();
    let all = statements(&stage);
    assert_eq!(all[0], first[0], "what was issued stays");
    let second = &all[1];
    assert_eq!(second.spec.supersedes.as_deref(), first[0].metadata.name.as_deref());
    assert_ne!(second.spec.evidence.ledger, first[0].spec.evidence.ledger);
    let evidence = ledger(&stage, &second.spec.evidence.ledger).spec;
    assert_eq!(stored_ledger::digest(&evidence.objectives), second.spec.evidence.ledger_digest);
    assert!(evidence.closed);
    let named = stage.status("web").statements.last().unwrap().name.clone();
    assert_eq!(Some(&named), second.metadata.name.as_ref(), "the status names the one that stands");
    all.iter().map(counts).collect()
}

#[tokio::test(start_paused = true)]
async fn in_a_closed_period() {
    for restart in [false, true] {
        let found = closed_with_slots_on_their_way(restart).await;
        let [(1, measured, unknown), (2, later, lost)] = found[..] else { panic!("{found:?}") };
        assert_eq!((measured + unknown, later + lost), (SLOTS, SLOTS), "{found:?}, restarted: {restart}");
        assert!(unknown >= 3 && (1..=3).contains(&lost) && lost < unknown, "{found:?}, restarted: {restart}");
    }
}

#[test]
fn whatever_went_wrong_meanwhile() {
    sweep("late samples", |stage| play(stage).boxed_local());
}

/// A period is closed without its last slots, which arrive within the grace.
async fn play(stage: &mut Stage) -> Result<(), String> {
    stage.seconds(4).await;
    stage.api.apply(agreement("web", "Observe", "4m")).unwrap();
    stage.until("a period", 60, |stage| stage.status("web").period.is_some()).await?;
    let end = stage.status("web").period.unwrap().end.0;
    while stage.now() < end - SignedDuration::from_secs(20) {
        stage.second().await;
    }
    stage.traffic.hold_up(end - SignedDuration::from_secs(20));
    stage.until("a statement", 120, |stage| statements(stage).len() == 1).await?;
    stage.traffic.arrive(end - SignedDuration::from_secs(10));
    let named = |stage: &Stage| stage.status("web").statements.last().is_some_and(|s| s.name.ends_with("-r2"));
    stage.until("the restatement to be named", 160, named).await?;
    let found: Vec<_> = statements(stage).iter().map(counts).collect();
    if found != [(1, 44, 4), (2, 46, 2)] {
        return Err(format!("{found:?}"));
    }
    stage.seconds(20).await;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn what_never_arrives_changes_nothing() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "2m")).unwrap();
    stage.seconds(60).await;
    stage.traffic.hold_up(stage.now());
    stage.seconds(20).await;
    stage.traffic.arrive(stage.now());
    stage.until("a statement", 120, |stage| statements(stage).len() == 1).await.unwrap();
    stage.seconds(100).await;
    let found: Vec<_> = statements(&stage).iter().map(counts).collect();
    assert_eq!(found[0].0, 1, "{found:?}");
    assert!(found[0].2 >= 4 && found.iter().all(|(revision, ..)| *revision == 1), "{found:?}");
}
