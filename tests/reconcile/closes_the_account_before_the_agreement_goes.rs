//! An agreement is deleted while its period runs: the finalizer holds it until the account is closed with a last statement,
//! and never for good.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::agreement_status::State;
use guarantor::api::statement::{FinalReason, StatementSpec};
use guarantor_testbed::model::FaultPlan;
use jiff::Timestamp;
use serde_json::json;

use crate::stage::{AGREEMENTS, LEDGERS, NAMESPACE, SOURCES, Stage, agreement};
use crate::sweep::{rules, sweep};

const SLOT: i64 = 5;

fn gone(stage: &Stage) -> bool {
    stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none()
}

/// Deletes the agreement, and says when that was by the API server.
fn delete(stage: &Stage) -> Timestamp {
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    let marked = stage.api.get(AGREEMENTS, NAMESPACE, "web").unwrap();
    marked["metadata"]["deletionTimestamp"].as_str().unwrap().parse().unwrap()
}

/// The last statement, and that there is no other one.
fn last(stage: &Stage) -> StatementSpec {
    let mut statements = stage.statements();
    assert_eq!(statements.len(), 1, "{statements:#?}");
    statements.remove(0)
}

fn whole_slots(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second() - at.as_second().rem_euclid(SLOT)).unwrap()
}

#[test]
fn closes_the_account_before_the_agreement_goes() {
    sweep("last statement", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
        stage.seconds(103).await;
        let deleted = delete(stage);
        stage.until("the end of the agreement", 300, gone).await?;
        let statement = last(stage);
        let made = statement.last.as_ref().map(|last| (last.reason, last.at.0));
        assert_eq!(made, Some((FinalReason::AgreementDeleted, deleted)));
        assert_eq!(statement.period.end.0, whole_slots(deleted));
        assert_eq!(statement.generation, 1, "the deletion is no generation of the spec");
        let slots = &statement.objectives[0].slots;
        assert_eq!((slots.unknown, statement.state), (0, State::Fulfilled), "every slot was read");
        let seconds = statement.period.end.0.as_second() - statement.period.start.0.as_second();
        assert_eq!(slots.measured, seconds / SLOT);
        stage.seconds(20).await;
        Ok(())
    }
    .boxed_local()
}

#[tokio::test(start_paused = true)]
async fn what_is_not_known_in_time_stays_unknown() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.seconds(100).await;
    stage.traffic.silent(true);
    stage.seconds(20).await;
    delete(&stage);
    stage.seconds(30).await;
    assert!(!gone(&stage), "the store may answer yet");
    let ledger = stage.api.list(LEDGERS).remove(0);
    assert!(ledger["metadata"]["ownerReferences"].is_null(), "it does not go with the agreement: {ledger:#}");
    let ready = stage.status("web").conditions.into_iter().find(|condition| condition.type_ == "Ready").unwrap();
    assert_eq!((ready.status.as_str(), ready.reason.as_str()), ("False", "Deleting"));
    stage.until("the end of the agreement", 300, gone).await.unwrap();
    let statement = last(&stage);
    let slots = &statement.objectives[0].slots;
    assert!(slots.unknown >= 20 / SLOT && slots.measured >= 15, "{slots:?}");
    assert!(statement.last.is_some());
    rules(&stage).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_arrives_within_the_grace_is_counted() {
    for restart in [false, true] {
        let mut stage = Stage::open(FaultPlan::none());
        stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
        stage.seconds(60).await;
        let from = stage.now();
        stage.traffic.hold_up(from);
        stage.seconds(20).await;
        delete(&stage);
        stage.until("a statement", 60, |stage| !stage.statements().is_empty()).await.unwrap();
        assert!(!gone(&stage) && last(&stage).objectives[0].slots.unknown > 0);
        if restart {
            stage.kill();
            stage.seconds(10).await;
            stage.start(FaultPlan::none());
        }
        stage.seconds(10).await;
        stage.traffic.arrive(from);
        stage.until("the end of the agreement", 300, gone).await.unwrap();
        let statements = stage.statements();
        assert_eq!(statements.len(), 2, "restart: {restart}");
        assert_eq!(statements[1].objectives[0].slots.unknown, 0, "restart: {restart}");
        assert!(statements[1].last == statements[0].last && statements[1].last.is_some());
        rules(&stage).unwrap();
    }
}

/// For twenty seconds the store learns nothing, and never will; then so many seconds pass.
async fn with_a_hole(since: u64) -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.seconds(60).await;
    stage.traffic.hold_up(stage.now());
    stage.seconds(20).await;
    stage.traffic.arrive(stage.now());
    stage.seconds(since).await;
    stage
}

#[tokio::test(start_paused = true)]
async fn a_hole_is_given_the_grace_from_its_own_end_on() {
    let mut stage = with_a_hole(30).await;
    delete(&stage);
    // A minute of grace, and half of it is over.
    stage.seconds(20).await;
    assert!(!gone(&stage), "late samples may come yet");
    stage.until("the end of the agreement", 30, gone).await.unwrap();
    assert!(last(&stage).objectives[0].slots.unknown >= 3);
    rules(&stage).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_hole_that_is_older_than_the_grace_is_not_waited_for() {
    let mut stage = with_a_hole(70).await;
    // The next operator does not know that it was looked at again.
    stage.kill();
    delete(&stage);
    stage.start(FaultPlan::none());
    stage.until("the end of the agreement", 30, gone).await.unwrap();
    assert!(last(&stage).objectives[0].slots.unknown >= 3);
    rules(&stage).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_deletion_while_nobody_looked_is_caught_up_with() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "10m")).unwrap();
    stage.seconds(100).await;
    stage.kill();
    stage.seconds(100).await;
    let deleted = delete(&stage);
    // The next period would have begun meanwhile.
    stage.seconds(900).await;
    stage.start(FaultPlan::none());
    stage.until("the end of the agreement", 300, gone).await.unwrap();
    let statement = last(&stage);
    assert_eq!(statement.period.end.0, whole_slots(deleted));
    assert_eq!(statement.objectives[0].slots.unknown, 0, "the store could tell");
    rules(&stage).unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_was_never_measured_has_no_statement_and_goes_at_once() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut later = agreement("web", "Observe", "30m");
    later["spec"]["validity"] = json!({"from": "2030-01-01"});
    stage.api.apply(later).unwrap();
    stage.seconds(30).await;
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    assert!(gone(&stage), "nothing keeps it");
    // Of no whole slot.
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.seconds(7).await;
    stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
    stage.until("the end of the agreement", 60, gone).await.unwrap();
    assert!(stage.statements().iter().all(|s| s.period.start.0 < s.period.end.0));
}

#[tokio::test(start_paused = true)]
async fn a_source_that_is_gone_holds_nothing_up() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.seconds(100).await;
    stage.api.delete(SOURCES, None, "main").unwrap();
    stage.seconds(20).await;
    delete(&stage);
    stage.until("the end of the agreement", 30, gone).await.unwrap();
    let statement = last(&stage);
    assert!(statement.objectives[0].slots.measured >= 15, "what was measured is kept");
    rules(&stage).unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_agreement_made_anew_leaves_the_evidence_of_the_one_before() {
    let mut stage = Stage::open(FaultPlan::none());
    // Both account for the same half of a day.
    let in_force = || {
        let mut in_force = agreement("web", "Observe", "12h");
        in_force["spec"]["validity"] = json!({"from": "2026-01-01"});
        in_force["spec"]["timeZone"] = "UTC".into();
        in_force
    };
    stage.api.apply(in_force()).unwrap();
    stage.seconds(100).await;
    delete(&stage);
    stage.until("the end of the agreement", 300, gone).await.unwrap();
    let before = stage.api.list(LEDGERS);
    stage.api.apply(in_force()).unwrap();
    stage.seconds(300).await;
    delete(&stage);
    stage.until("the end of the second", 300, gone).await.unwrap();
    assert!(stage.api.list(LEDGERS).iter().any(|ledger| *ledger == before[0]), "the first ledger is as it was");
    let statements = stage.statements();
    assert_eq!(statements.len(), 2);
    assert_ne!(statements[0].evidence.ledger, statements[1].evidence.ledger);
    assert!(statements.iter().all(|statement| statement.supersedes.is_none() && statement.last.is_some()));
    rules(&stage).unwrap();
}
