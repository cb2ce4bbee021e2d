//! A granted credit is to be paid by a day, and else taken off a settlement: the status tells by when, that it was not, and
//! what `guarantor settle` tells of the same facts.

use guarantor::api::agreement_status::StatementRef;
use guarantor::api::condition::PAYMENT_OVERDUE;
use guarantor::api::credit_status::CreditState;
use guarantor::evaluate::period::Schedule;
use guarantor_testbed::model::FaultPlan;
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use serde_json::{Value, json};

use crate::credits::{crediting, first, of_a_bad_minute};
use crate::offline::settled;
use crate::stage::{CLAIMS, NAMESPACE, Stage};

/// Seconds until ten minutes before midnight, where it is an hour earlier than in UTC.
const TEN_TO_MIDNIGHT: u64 = 50 * 60;

/// An agreement whose credits are to be paid on the day on which they are granted, with one granted for its first period.
async fn with_a_credit(stage: &mut Stage) -> StatementRef {
    stage.seconds(TEN_TO_MIDNIGHT).await;
    let mut object = crediting("2m");
    object["spec"]["timeZone"] = json!("Etc/GMT+1");
    object["spec"]["settlement"] = json!({"payment": {"withinDays": 0, "offset": true}});
    stage.api.apply(object).unwrap();
    of_a_bad_minute(stage).await
}

#[tokio::test(start_paused = true)]
async fn says_by_when_and_that_it_was_not() {
    let mut stage = Stage::open(FaultPlan::none());
    let granted = with_a_credit(&mut stage).await;
    assert_eq!(granted.credit_state, Some(CreditState::Granted));
    let payment = granted.payment.clone().expect("it is to be paid");
    let midnight: Timestamp = "2026-01-01T01:00:00Z".parse().unwrap();
    assert_eq!((payment.last_day.as_str(), payment.by.0, payment.overdue), ("2025-12-31", midnight, false));
    let with = payment.set_off_with.clone().expect("it is set off");
    assert_eq!(overdue(&stage), None);

    stage.until("it is overdue", 600, |stage| overdue(stage).is_some()).await.unwrap();
    assert!(stage.now() >= midnight, "{}", stage.now());
    let told = overdue(&stage).unwrap();
    assert_eq!((told.status.as_str(), told.reason.as_str()), ("True", "NotPaid"));
    let words = format!(
        "120.00 EUR for the period from {} was to be paid by 2025-12-31, and is taken off the settlement of the period \
         from {}",
        granted.period_start.0, with.0
    );
    assert_eq!(told.message, words);
    assert!(first(&stage).unwrap().payment.unwrap().overdue);
    stage.seconds(10).await;
    let events = stage.api.list("events.events.k8s.io");
    let of_it: Vec<_> = events.iter().filter(|event| event["reason"] == PAYMENT_OVERDUE).collect();
    assert_eq!(of_it.len(), 1, "{of_it:?}");

    // Another operator that knows nothing says the same.
    stage.kill();
    stage.start(FaultPlan::none());
    stage.seconds(60).await;
    assert_eq!(overdue(&stage).map(|condition| condition.message), Some(words));

    // Who was paid says nothing; the provider says it on a claim of theirs.
    stage.api.apply(claim("paid", &json!({"statement": granted.name}))).unwrap();
    let payment = json!({"by": "paul", "at": stage.now().to_string(), "setOffIn": "invoice 12"});
    stage.api.edit("paul", CLAIMS, NAMESPACE, "paid", |object| object["spec"]["payment"] = payment.clone()).unwrap();
    stage.until("it is paid", 60, |stage| overdue(stage).is_none()).await.unwrap();
    let settled = first(&stage).unwrap();
    assert_eq!((settled.credit_state, settled.payment), (Some(CreditState::Settled), None));
}

#[tokio::test(start_paused = true)]
async fn settle_says_the_same_of_the_same_facts() {
    let mut stage = Stage::open(FaultPlan::none());
    let granted = with_a_credit(&mut stage).await;
    let live = granted.payment.expect("it is to be paid");
    let zone = jiff::tz::TimeZone::get("Etc/GMT+1").unwrap();
    let on = granted.credit_since.unwrap().0.to_zoned(zone.clone()).date();
    let object = stage.agreement("web").unwrap();
    let schedule = Schedule::new(&object.spec, object.metadata.creation_timestamp.clone().unwrap().0).unwrap();
    let with = schedule.containing(live.set_off_with.unwrap().0).unwrap();
    let drawn_up = with.end.to_zoned(zone).date();
    let facts = json!({
        "notified": [{"on": on, "amount": "120.00", "paid": false}],
        "nextSettlement": {"on": drawn_up, "gross": "1200.00"},
    });
    let offline = settled(&object, &schedule, facts);
    assert_eq!(offline.payments[0].pay_by, live.last_day);
    assert_eq!(offline.payments[0].set_off, "120.00");
    assert_eq!(offline.next_settlement.unwrap().net, "1080.00");
}

fn claim(name: &str, credit: &Value) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelClaim",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"agreement": "web", "credit": credit, "madeBy": "carol"},
    })
}

/// What the status says of the first statement.
fn overdue(stage: &Stage) -> Option<Condition> {
    stage.status("web").conditions.into_iter().find(|condition| condition.type_ == PAYMENT_OVERDUE)
}
