//! The term of an agreement with the days of service that were granted, the notice that ends it and the deposit, as
//! `guarantor settle` tells them from the same slots.

use guarantor::api::ServiceLevelLedger;
use guarantor::api::contract_status::TermStatus;
use guarantor::evaluate::period::Schedule;
use guarantor::evaluate::stored_ledger;
use guarantor::offline::settle::account::Ledgers;
use guarantor_testbed::model::FaultPlan;
use serde_json::json;

use crate::offline::settled_from;
use crate::stage::{AGREEMENTS, LEDGERS, NAMESPACE, Stage, agreement};

#[tokio::test(start_paused = true)]
async fn granted_days_put_the_end_off_until_a_notice_ends_it() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(4).await;
    let mut object = agreement("web", "Observe", "1m");
    object["spec"]["validity"] = json!({"from": "2026-01-01", "until": "2026-02-01"});
    object["spec"]["credits"] = json!({
        "fee": {"amount": "1200.00", "currency": "EUR"},
        "tiers": [{"objective": "availability", "below": "90", "serviceDays": 3}],
    });
    object["spec"]["settlement"] = json!({
        "terminationNoticeDays": 20,
        "deposit": {"amount": "3000.00", "currency": "EUR", "holdMonths": 3, "refundWithinDays": 10},
    });
    stage.api.apply(object).unwrap();
    stage.until("the term", 60, |stage| term(stage).is_some()).await.unwrap();
    assert_eq!(told(&stage), (0, Some("2026-01-31".to_owned()), None));
    stage.spike = true;
    stage.seconds(30).await;
    stage.spike = false;
    stage.until("days of service", 120, |stage| term(stage).is_some_and(|term| term.service_days > 0)).await.unwrap();
    stage.seconds(70).await;
    assert_eq!(told(&stage), (3, Some("2026-02-03".to_owned()), None));

    let object = stage.agreement("web").unwrap();
    let schedule = Schedule::new(&object.spec, object.metadata.creation_timestamp.clone().unwrap().0).unwrap();
    let issued = stage.statements();
    let ledger = |name: &str| -> ServiceLevelLedger {
        serde_json::from_value(stage.api.get(LEDGERS, NAMESPACE, name).unwrap()).unwrap()
    };
    let read =
        issued.iter().map(|s| (s.period.start.0, stored_ledger::from_spec(&ledger(&s.evidence.ledger).spec).unwrap()));
    let (read, periods): (Ledgers, Vec<_>) =
        (read.collect(), issued.iter().map(|s| schedule.containing(s.period.start.0).unwrap()).collect());
    let live = term(&stage).unwrap();
    let facts = json!({"terminationNotice": "2026-01-05", "ended": live.last_day.clone().unwrap()});
    let offline = settled_from(&object, &schedule, facts, &periods, read);
    let extended = offline.term.expect("days of service");
    assert_eq!((extended.service_days, Some(extended.last_day)), (live.service_days, live.last_day));
    assert_eq!(Some(extended.agreed_last_day), live.agreed_last_day);
    let same = |live: &TermStatus| {
        let (live, offline) = (live.deposit.clone().unwrap(), offline.deposit.clone().unwrap());
        (live.refund_from, live.refund_until, live.refund)
            == (offline.refund_from, offline.refund_until, offline.refund)
    };
    assert!(same(&term(&stage).unwrap()), "{:?}", offline.deposit);

    // A notice: what is ended is not extended.
    stage
        .api
        .edit("paul", AGREEMENTS, NAMESPACE, "web", |object| {
            object["spec"]["ending"] = json!({"noticeOn": "2026-01-05"});
        })
        .unwrap();
    stage.until("the notice", 60, |stage| term(stage).is_some_and(|term| term.earliest_end.is_some())).await.unwrap();
    let earliest = offline.termination.map(|termination| termination.earliest_end);
    assert_eq!(told(&stage), (3, Some("2026-01-31".to_owned()), earliest));

    // A severe breach keeps the deposit.
    stage
        .api
        .edit("paul", AGREEMENTS, NAMESPACE, "web", |object| object["spec"]["ending"] = json!({"severeBreach": true}))
        .unwrap();
    let kept = |stage: &Stage| term(stage).and_then(|term| term.deposit).is_some_and(|d| d.refund == "0.00");
    stage.until("the deposit is kept", 60, kept).await.unwrap();
}

fn term(stage: &Stage) -> Option<TermStatus> {
    stage.status("web").term
}

/// The days of service, the last day with them, and the earliest end by a notice.
fn told(stage: &Stage) -> (i64, Option<String>, Option<String>) {
    let term = term(stage).unwrap();
    (term.service_days, term.last_day, term.earliest_end)
}
