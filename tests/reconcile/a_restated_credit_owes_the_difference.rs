//! A credit was paid, and its period is restated: what was paid stays paid. Less is granted than was paid, and the rest is set
//! off; more is, and only the difference falls due. `guarantor settle` makes the same of the same facts.

use guarantor::api::agreement_status::StatementRef;
use guarantor::api::condition::{OVERPAID, PAYMENT_OVERDUE};
use guarantor::api::credit_status::CreditState;
use guarantor::evaluate::period::Schedule;
use guarantor_testbed::model::FaultPlan;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::credits::{crediting, first, maintenance, of_a_bad_minute};
use crate::offline::settled;
use crate::stage::{CLAIMS, EXCLUSIONS, NAMESPACE, Stage, exclusion};

/// Seconds until ten minutes before midnight, where it is an hour earlier than in UTC.
const TEN_TO_MIDNIGHT: u64 = 50 * 60;

/// An agreement whose first period is half an outage of every second request: 75 % are good, and without the first forty
/// seconds of the outage 87.5 %.
async fn with_a_credit(stage: &mut Stage, within_days: u32) -> StatementRef {
    let mut object = crediting("2m");
    object["spec"]["timeZone"] = json!("Etc/GMT+1");
    object["spec"]["exclusions"] = maintenance();
    object["spec"]["credits"]["tiers"] = json!([
        {"objective": "availability", "below": "90", "percentOfFee": "10"},
        {"objective": "availability", "below": "80", "percentOfFee": "25"},
    ]);
    object["spec"]["settlement"] = json!({"payment": {"withinDays": within_days, "offset": true}});
    stage.api.apply(object).unwrap();
    of_a_bad_minute(stage).await
}

#[tokio::test(start_paused = true)]
async fn what_was_paid_stays_paid() {
    let mut stage = Stage::open(FaultPlan::none());
    let granted = with_a_credit(&mut stage, 1).await;
    assert_eq!((granted.credit.as_str(), amount(&granted)), ("300.00 EUR", Some("300.00 EUR".to_owned())));
    pay(&mut stage, "paid", None).await;
    stage.until("it is paid", 60, |stage| stands(stage) == CreditState::Settled).await.unwrap();

    // Forty seconds of it were maintenance: less is granted than was paid.
    let from = granted.period_start.0;
    let until = from + SignedDuration::from_secs(40);
    stage.api.apply(exclusion("window", &from.to_string(), &until.to_string())).unwrap();
    let approved = stage.now();
    act(&mut stage, "approval", "bob");
    stage.until("it is restated", 60, |stage| name(stage).ends_with("-r2")).await.unwrap();
    stage.until("it is overpaid", 10, |stage| first(stage).is_some_and(|r| r.overpaid.is_some())).await.unwrap();
    let less = first(&stage).unwrap();
    let over = less.overpaid.clone().unwrap();
    assert_eq!((less.credit.as_str(), less.credit_state), ("120.00 EUR", Some(CreditState::Settled)));
    assert_eq!((over.amount.as_str(), less.payment.clone()), ("180.00 EUR", None));
    assert_eq!(less.credit_reason, "paid, and 180.00 EUR more than is owed by now");
    let words = condition(&stage, OVERPAID).unwrap();
    assert!(words.starts_with("180.00 EUR too much was paid for the period from"), "{words}");
    let with = schedule(&stage).containing(over.since.0).unwrap();
    assert_eq!(over.set_off_with.as_ref().map(|start| start.0), Some(with.start));
    assert!(over.since.0 <= stage.now() && approved <= over.since.0, "{over:?}");
    stage.until("it is told", 60, |stage| told(stage, "paid") == ("True".into(), "Overpaid".into())).await.unwrap();
    let adjusted = stage.statements().iter().find(|s| s.revision == 2).unwrap().adjustment.clone().unwrap();
    assert_eq!(adjusted.amounts[0].amount, "-180.00");
    stage.seconds(5).await;
    let events = stage.api.list("events.events.k8s.io");
    assert_eq!(events.iter().filter(|event| event["reason"] == "CreditOverpaid").count(), 1);

    // Another operator that knows nothing says the same.
    stage.kill();
    stage.start(FaultPlan::none());
    stage.seconds(60).await;
    assert_eq!(first(&stage).unwrap(), less);
    offline_says_the_same(&stage, &granted, &less);

    // It is set off, and then the maintenance was none: the difference to what was granted before falls due, by its own day.
    pay(&mut stage, "set-off", Some("invoice 12")).await;
    stage.until("it is set off", 60, |stage| first(stage).is_some_and(|r| r.overpaid.is_none())).await.unwrap();
    let balanced = first(&stage).unwrap();
    assert_eq!(condition(&stage, OVERPAID), None);
    assert_eq!(
        (balanced.credit_state, balanced.credit_reason.as_str()),
        (Some(CreditState::Settled), "set off in invoice 12")
    );
    stage.seconds(20).await;
    let revoked = stage.now();
    act(&mut stage, "revoked", "ann");
    stage.until("it is restated", 60, |stage| name(stage).ends_with("-r3")).await.unwrap();
    stage.until("something is due", 10, |stage| first(stage).is_some_and(|r| r.payment.is_some())).await.unwrap();
    let more = first(&stage).unwrap();
    assert_eq!((more.credit.as_str(), more.credit_state), ("300.00 EUR", Some(CreditState::Granted)));
    assert_eq!(amount(&more), Some("180.00 EUR".to_owned()), "{more:?}");
    assert_eq!(more.credit_reason, "180.00 EUR beside what was paid");
    let tomorrow = revoked.to_zoned(zone()).date().tomorrow().unwrap();
    assert_eq!(more.payment.clone().unwrap().last_day, tomorrow.to_string());
    assert_eq!(overdue(&stage), None);
    pay(&mut stage, "difference", None).await;
    stage.until("all is paid", 60, |stage| stands(stage) == CreditState::Settled).await.unwrap();
    assert_eq!(first(&stage).unwrap().payment, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_paid_keeps_its_day_and_what_is_added_has_its_own() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(TEN_TO_MIDNIGHT).await;
    let granted = with_a_credit(&mut stage, 0).await;
    let from = granted.period_start.0;
    let until = from + SignedDuration::from_secs(40);
    stage.api.apply(exclusion("window", &from.to_string(), &until.to_string())).unwrap();
    act(&mut stage, "approval", "bob");
    stage.until("it is restated", 60, |stage| name(stage).ends_with("-r2")).await.unwrap();
    let less = |stage: &Stage| first(stage).and_then(|r| amount(&r)).as_deref() == Some("120.00 EUR");
    stage.until("less is due", 10, less).await.unwrap();
    let payment = first(&stage).unwrap().payment.unwrap();
    assert_eq!((payment.last_day.as_str(), payment.overdue), ("2025-12-31", false));

    stage.until("it is overdue", 600, |stage| overdue(stage).is_some()).await.unwrap();
    act(&mut stage, "revoked", "ann");
    stage.until("it is restated again", 60, |stage| name(stage).ends_with("-r3")).await.unwrap();
    stage.until("more is due", 10, |stage| !first(stage).unwrap().later_payments.is_empty()).await.unwrap();
    let more = first(&stage).unwrap();
    let parts = more.payment.iter().chain(&more.later_payments);
    let parts: Vec<_> = parts.map(|part| (part.amount.as_str(), part.last_day.as_str(), part.overdue)).collect();
    assert_eq!(parts, [("120.00 EUR", "2025-12-31", true), ("180.00 EUR", "2026-01-01", false)]);
    assert_eq!(more.overpaid, None);
    let words = overdue(&stage).unwrap();
    assert!(words.starts_with("120.00 EUR for the period") && !words.contains("180"), "{words}");
}

/// That `guarantor settle` takes back as much, if it is told what was granted and paid.
fn offline_says_the_same(stage: &Stage, granted: &StatementRef, less: &StatementRef) {
    let day = |at: Timestamp| at.to_zoned(zone()).date();
    let over = less.overpaid.as_ref().unwrap();
    let known = day(over.since.0);
    let facts = json!({
        "notified": [
            {"on": day(granted.credit_since.as_ref().unwrap().0), "amount": "300.00", "paid": true},
            {"on": known, "amount": "-180.00"},
        ],
        "nextSettlement": {"on": known.tomorrow().unwrap(), "gross": "1200.00"},
    });
    let offline = settled(&stage.agreement("web").unwrap(), &schedule(stage), facts);
    assert_eq!(offline.payments[0].pay_by, granted.payment.as_ref().unwrap().last_day);
    assert_eq!(format!("{} EUR", offline.payments[1].set_off.trim_start_matches('-')), over.amount);
    assert_eq!(offline.next_settlement.unwrap().net, "1380.00");
}

fn zone() -> jiff::tz::TimeZone {
    jiff::tz::TimeZone::get("Etc/GMT+1").unwrap()
}

fn schedule(stage: &Stage) -> Schedule {
    let object = stage.agreement("web").unwrap();
    Schedule::new(&object.spec, object.metadata.creation_timestamp.clone().unwrap().0).unwrap()
}

/// The provider says on a claim of this name that the credit of the first period was paid.
async fn pay(stage: &mut Stage, name: &str, set_off_in: Option<&str>) {
    stage.seconds(2).await;
    let claim = json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelClaim",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"agreement": "web", "credit": {"periodStart": first(stage).unwrap().period_start}, "madeBy": "carol"},
    });
    stage.api.apply(claim).unwrap();
    let mut payment = json!({"by": "paul", "at": stage.now().to_string()});
    if let Some(invoice) = set_off_in {
        payment["setOffIn"] = invoice.into();
    }
    stage.api.edit("paul", CLAIMS, NAMESPACE, name, |object| object["spec"]["payment"] = payment.clone()).unwrap();
}

fn act(stage: &mut Stage, field: &str, by: &str) {
    let act = json!({"by": by, "at": stage.now().to_string()});
    stage
        .api
        .edit(by, EXCLUSIONS, NAMESPACE, "window", |object: &mut Value| object["spec"][field] = act.clone())
        .unwrap();
}

/// What the status says of the first statement.
fn name(stage: &Stage) -> String {
    first(stage).map(|reference| reference.name).unwrap_or_default()
}

fn stands(stage: &Stage) -> CreditState {
    first(stage).and_then(|reference| reference.credit_state).unwrap_or_default()
}

fn amount(reference: &StatementRef) -> Option<String> {
    reference.payment.as_ref().map(|payment| payment.amount.clone())
}

fn overdue(stage: &Stage) -> Option<String> {
    condition(stage, PAYMENT_OVERDUE)
}

/// What a condition of this kind says.
fn condition(stage: &Stage, kind: &str) -> Option<String> {
    let told = stage.status("web").conditions.into_iter().find(|condition| condition.type_ == kind);
    told.map(|condition| condition.message)
}

/// The state and the reason of a claim's condition.
fn told(stage: &Stage, name: &str) -> (String, String) {
    let object = stage.api.get(CLAIMS, NAMESPACE, name).unwrap();
    let text = |field: &str| object.pointer(&format!("/status/conditions/0/{field}")).and_then(Value::as_str);
    let text = |field: &str| text(field).unwrap_or_default().to_owned();
    (text("status"), text("reason"))
}
