//! A demand to cure a breach: until when that may be done, that it was, or the right to end the agreement, told by the
//! status, an Event and the claim, and by `guarantor settle` from the same facts.

use guarantor::api::contract_status::{CureState, DemandStatus};
use guarantor::evaluate::period::Schedule;
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::offline::settled;
use crate::stage::{CLAIMS, NAMESPACE, Stage, agreement};

/// A day of the agreement and an hour.
const BEYOND_A_DAY: u64 = 25 * 60 * 60;

#[tokio::test(start_paused = true)]
async fn it_was_cured_in_time_or_the_agreement_may_be_ended() {
    let mut stage = Stage::open(FaultPlan::none());
    let mut object = agreement("web", "Observe", "30m");
    object["spec"]["settlement"] = json!({"cureDays": 1});
    object["spec"]["metrics"]["slot"] = json!("5m");
    stage.api.apply(object).unwrap();
    stage.seconds(10).await;
    for name in ["mended", "left", "unfounded"] {
        stage.api.apply(demand(name)).unwrap();
    }
    let running = Some(("True".to_owned(), "CureRunning".to_owned()));
    stage.until("it runs", 60, |stage| told(stage, "left") == running).await.unwrap();
    let now = stage.now();
    let decision = json!({"by": "paul", "at": now, "verdict": "Rejected", "reason": "it was your own client"});
    add(&mut stage, "unfounded", "decision", &decision);
    add(&mut stage, "mended", "cure", &json!({"by": "paul", "at": now}));
    stage.until("it is cured", 60, |stage| state(stage, "mended") == Some(CureState::Cured)).await.unwrap();
    stage.until("it is rejected", 60, |stage| state(stage, "unfounded").is_none()).await.unwrap();
    assert_eq!(told(&stage, "unfounded"), Some(("False".to_owned(), "Rejected".to_owned())));
    assert_eq!(state(&stage, "left"), Some(CureState::Running));

    stage
        .until("it was not cured", BEYOND_A_DAY, |stage| state(stage, "left") == Some(CureState::MayEnd))
        .await
        .unwrap();
    let left = standing(&stage, "left").unwrap();
    assert_eq!(left.cure_by.0, left.made_at.0 + SignedDuration::from_hours(24));
    assert!(stage.now() > left.cure_by.0 && stage.now() < left.cure_by.0 + SignedDuration::from_secs(60));
    stage.until("it is told", 60, |stage| told(stage, "left").is_some_and(|told| told.1 == "MayEnd")).await.unwrap();
    assert_eq!(state(&stage, "mended"), Some(CureState::Cured));
    let events = stage.api.list("events.events.k8s.io");
    let of_it: Vec<_> = events.iter().filter(|event| event["reason"] == "BreachNotCured").collect();
    assert_eq!(of_it.iter().map(|event| event["action"].as_str().unwrap()).collect::<Vec<_>>(), ["Cure-left"]);

    let object = stage.agreement("web").unwrap();
    let schedule = Schedule::new(&object.spec, object.metadata.creation_timestamp.clone().unwrap().0).unwrap();
    let live: Vec<DemandStatus> = stage.status("web").demands;
    let facts = live.iter().map(|demand| match &demand.cured_at {
        Some(at) => json!({"at": demand.made_at.0, "curedAt": at.0}),
        None => json!({"at": demand.made_at.0}),
    });
    let offline = settled(&object, &schedule, json!({"demands": facts.collect::<Vec<_>>()})).demands;
    assert_eq!(offline.len(), 2);
    for (offline, live) in offline.iter().zip(&live) {
        let told = (live.cure_by.0.to_string(), live.state == CureState::MayEnd);
        assert_eq!((offline.cure_by.clone(), offline.may_end), told);
    }
}

#[tokio::test(start_paused = true)]
async fn where_no_time_for_it_is_agreed_nothing_is_cured() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.api.apply(agreement("web", "Observe", "30m")).unwrap();
    stage.api.apply(demand("left")).unwrap();
    let nothing = Some(("False".to_owned(), "NothingToCure".to_owned()));
    stage.until("it is told", 60, |stage| told(stage, "left") == nothing).await.unwrap();
    assert_eq!(stage.status("web").demands, []);
}

fn demand(name: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelClaim",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"agreement": "web", "demand": {"breach": "it was down thrice"}, "madeBy": "carol"},
    })
}

fn add(stage: &mut Stage, name: &str, field: &str, value: &Value) {
    stage.api.edit("paul", CLAIMS, NAMESPACE, name, |object| object["spec"][field] = value.clone()).unwrap();
}

fn standing(stage: &Stage, claim: &str) -> Option<DemandStatus> {
    stage.status("web").demands.into_iter().find(|demand| demand.claim == claim)
}

fn state(stage: &Stage, claim: &str) -> Option<CureState> {
    standing(stage, claim).map(|demand| demand.state)
}

/// The state and the reason of a claim's condition.
fn told(stage: &Stage, name: &str) -> Option<(String, String)> {
    let object = stage.api.get(CLAIMS, NAMESPACE, name)?;
    let text = |field: &str| Some(object.pointer(&format!("/status/conditions/0/{field}"))?.as_str()?.to_owned());
    Some((text("status")?, text("reason")?))
}
