//! What the store keeps bounds what can be caught up with: slots it has lost stay unknown for that cause and are told of,
//! and so is, beforehand, a period longer than it keeps anything.

use guarantor::api::condition::BEYOND_RETENTION;
use guarantor::api::{MetricsSource, ServiceLevelLedger};
use guarantor::evaluate::slot::{SlotState, UnknownCause};
use guarantor::evaluate::stored_ledger;
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};

use crate::stage::{LEDGERS, SOURCES, Stage, agreement};
use crate::traffic::SLOT;

const KEPT: SignedDuration = SignedDuration::from_mins(2);

/// Starts all over with a store that keeps samples for so long.
fn open(keeps: &str) -> Stage {
    let mut stage = Stage::open(FaultPlan::none());
    stage.kill();
    stage.traffic.keep(keeps);
    stage.start(FaultPlan::none());
    stage
}

/// The reason and the words of what is said about retention.
fn told(stage: &Stage) -> Option<(String, String)> {
    let conditions = stage.status("web").conditions;
    conditions.into_iter().find(|c| c.type_ == BEYOND_RETENTION).map(|c| (c.reason, c.message))
}

fn reason(stage: &Stage) -> Option<String> {
    told(stage).map(|(reason, _)| reason)
}

fn events(stage: &Stage) -> Vec<String> {
    let events = stage.api.list("events.events.k8s.io").into_iter().filter(|e| e["reason"] == BEYOND_RETENTION);
    events.map(|event| event["action"].as_str().unwrap().to_owned()).collect()
}

/// The slots of the stored ledger, each with its first instant.
fn slots(stage: &Stage) -> Vec<(Timestamp, SlotState)> {
    let stored: ServiceLevelLedger = serde_json::from_value(stage.api.list(LEDGERS).remove(0)).unwrap();
    let ledger = stored_ledger::from_spec(&stored.spec).unwrap();
    let first = ledger.bounds().start.as_second().div_euclid(SLOT) * SLOT;
    let starts = (0..).map(|index| Timestamp::from_second(first + SLOT * index).unwrap());
    starts.zip(ledger.slots("availability").iter().map(guarantor::evaluate::slot::Slot::state)).collect()
}

#[tokio::test(start_paused = true)]
async fn slots_older_than_the_store_keeps_stay_unknown() {
    let mut stage = open("2m");
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.until("a warning", 60, |stage| reason(stage).as_deref() == Some("PeriodTooLong")).await.unwrap();
    let (_, words) = told(&stage).unwrap();
    assert!(words.contains("a period of 30m") && words.contains("MetricsSource main keeps samples (2m)"), "{words}");
    let source: MetricsSource = serde_json::from_value(stage.api.get(SOURCES, None, "main").unwrap()).unwrap();
    assert_eq!(source.status.unwrap().retention.unwrap().keeps.unwrap().as_str(), "2m");

    stage.seconds(60).await;
    stage.kill();
    let died = stage.now();
    stage.seconds(300).await;
    stage.start(FaultPlan::none());
    let back = stage.now();
    stage.until("the loss to be told", 60, |stage| reason(stage).as_deref() == Some("SlotsLost")).await.unwrap();
    // Until the ledger is stored.
    stage.seconds(300).await;
    let slots = slots(&stage);
    let lost: Vec<Timestamp> = slots
        .iter()
        .filter(|(_, state)| *state == SlotState::Unknown(UnknownCause::BeyondRetention))
        .map(|(start, _)| *start)
        .collect();
    let horizon = back - KEPT;
    assert!(lost.iter().all(|start| *start < horizon + SignedDuration::from_secs(3)), "{lost:?} before {horizon}");
    assert!(*lost.last().unwrap() >= horizon - SignedDuration::from_secs(SLOT), "{lost:?} up to {horizon}");
    // What was in the memory of the dead one only is lost as well, and nothing beyond that.
    let while_down = (horizon.as_second() - died.as_second()) / SLOT;
    assert!(i64::try_from(lost.len()).unwrap() >= while_down, "{lost:?} from {died}");
    let after = *lost.last().unwrap();
    let unknown = slots.iter().find(|(start, state)| *start > after && *state != SlotState::Measured);
    assert!(unknown.is_none() && slots.last().unwrap().0 > back, "{unknown:?} of {slots:?}");
    let (_, words) = told(&stage).unwrap();
    assert!(words.starts_with(&format!("{} slots of this period", lost.len())), "{words}");
    assert_eq!(events(&stage), ["PeriodTooLong", "SlotsLost"]);

    // The store is given more room, which is noticed within the hour; the next period has lost nothing.
    stage.traffic.keep("2h");
    stage.until("the end of the warning", 3 * 3600, |stage| reason(stage).is_none()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn where_the_store_keeps_enough_or_does_not_say_nothing_is_given_up() {
    for keeps in ["", "32m"] {
        let mut stage = if keeps.is_empty() { Stage::open(FaultPlan::none()) } else { open(keeps) };
        stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
        stage.seconds(60).await;
        stage.kill();
        stage.seconds(300).await;
        stage.start(FaultPlan::none());
        stage.seconds(300).await;
        assert_eq!(told(&stage), None, "{keeps:?}");
        let unknown = slots(&stage).into_iter().skip(1).find(|(_, state)| *state != SlotState::Measured);
        assert_eq!(unknown, None, "{keeps:?}");
    }
}
