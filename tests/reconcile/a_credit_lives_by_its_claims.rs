//! The life of a credit after its statement: claimed, granted and paid; or forfeited, because nobody claimed it in time.
//! The statement stays as it was issued.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::agreement_status::{DetectedBy, StatementRef};
use guarantor::api::credit_status::CreditState;
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::credits::crediting;
use crate::stage::{CLAIMS, NAMESPACE, Stage};
use crate::sweep::sweep;

/// How long the whole story takes; it ends within a period.
const WHOLE: SignedDuration = SignedDuration::from_secs(334);
/// How long after the end of a period its credit may be claimed.
const CLAIMABLE: SignedDuration = SignedDuration::from_secs(90);

#[test]
fn a_credit_is_claimed_granted_and_paid_or_expires() {
    sweep("claims", |stage| play(stage).boxed_local());
}

fn claimable(stage: &mut Stage) {
    let mut object = crediting("1m");
    object["spec"]["settlement"] =
        json!({"grant": "OnClaim", "deadlines": [{"name": "claim", "after": "PeriodEnd", "within": "90s"}]});
    stage.api.apply(object).unwrap();
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        let end = stage.now() + WHOLE;
        stage.seconds(4).await;
        claimable(stage);
        // In the first and in the second period every second request fails.
        stage.spike = true;
        stage.seconds(85).await;
        stage.spike = false;
        stage.until("a statement", 120, |stage| !references(stage).is_empty()).await?;
        let first = references(stage)[0].clone();
        if (first.credit_state, first.claim_by.is_some()) != (Some(CreditState::Determined), true) {
            return Err(format!("it does not wait for a claim: {first:?}"));
        }
        stage.api.apply(claim("first", &json!({"statement": first.name}))).unwrap();
        stage.until("it is claimed", 60, |stage| told(stage, "first") == effective("Claimed")).await?;
        expect(stage, 0, CreditState::Claimed)?;
        let now = stage.now().to_string();
        add(stage, "first", "decision", &json!({"by": "paul", "at": now, "verdict": "Approved"}));
        stage.until("it is granted", 60, |stage| told(stage, "first") == effective("Granted")).await?;
        expect(stage, 0, CreditState::Granted)?;
        let now = stage.now().to_string();
        add(stage, "first", "payment", &json!({"by": "paul", "at": now, "setOffIn": "invoice 12"}));
        stage.until("it is paid", 60, |stage| told(stage, "first") == effective("Settled")).await?;
        expect(stage, 0, CreditState::Settled)?;
        // Nobody claims the second.
        stage
            .until("it expires", 200, |stage| {
                references(stage).get(1).is_some_and(|r| r.credit_state == Some(CreditState::Expired))
            })
            .await?;
        let second = references(stage)[1].clone();
        let period_end = second.period_start.0 + SignedDuration::from_secs(60);
        if second.credit_since.as_ref().map(|since| since.0) != Some(period_end + CLAIMABLE)
            || second.claim_by.is_some()
        {
            return Err(format!("it did not expire at its deadline: {second:?}"));
        }
        stage.api.apply(claim("second", &json!({"periodStart": second.period_start.0}))).unwrap();
        let late = Some(("False".to_owned(), "TooLate".to_owned()));
        stage.until("it is too late", 60, |stage| told(stage, "second") == late).await?;
        while stage.now() < end {
            stage.second().await;
        }
        let issued = stage.statements();
        let untouched = issued.iter().take(2).all(|s| {
            let credits = s.credits.as_ref().unwrap();
            (s.revision, credits.state, credits.amount.as_str()) == (1, CreditState::Determined, "120.00")
        });
        if untouched { Ok(()) } else { Err("a statement does not stand as it was issued".to_owned()) }
    }
    .boxed_local()
}

#[tokio::test(start_paused = true)]
async fn a_claim_that_is_rejected_voids_the_credit_and_one_for_nothing_has_no_effect() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(4).await;
    claimable(&mut stage);
    stage.spike = true;
    stage.seconds(40).await;
    stage.spike = false;
    stage.api.apply(claim("stray", &json!({"periodStart": "2020-01-01T00:00:00Z"}))).unwrap();
    let mut foreign = claim("foreign", &json!({"periodStart": "2020-01-01T00:00:00Z"}));
    foreign["spec"]["agreement"] = json!("none");
    stage.api.apply(foreign).unwrap();
    stage.until("a statement", 120, |stage| !references(stage).is_empty()).await.unwrap();
    let first = references(&stage)[0].clone();
    stage.api.apply(claim("first", &json!({"periodStart": first.period_start.0}))).unwrap();
    stage.until("it is claimed", 60, |stage| told(stage, "first") == effective("Claimed")).await.unwrap();
    let now = stage.now().to_string();
    let decision = json!({"by": "paul", "at": now, "verdict": "Rejected", "reason": "it was your own client"});
    add(&mut stage, "first", "decision", &decision);
    let voided = Some(("False".to_owned(), "Voided".to_owned()));
    stage.until("it is void", 60, |stage| told(stage, "first") == voided).await.unwrap();
    expect(&stage, 0, CreditState::Voided).unwrap();
    assert_eq!(references(&stage)[0].credit_reason, "the claim was rejected: it was your own client");
    assert_eq!(told(&stage, "stray"), Some(("Unknown".to_owned(), "NotSettled".to_owned())));
    assert_eq!(told(&stage, "foreign"), Some(("False".to_owned(), "NoAgreement".to_owned())));
}

#[tokio::test(start_paused = true)]
async fn what_the_customer_noticed_first_stands_in_status_and_statement() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.seconds(4).await;
    claimable(&mut stage);
    stage.spike = true;
    stage.seconds(30).await;
    let noticed = stage.now();
    let mut claim = claim("outage", &json!(null));
    claim["spec"].as_object_mut().unwrap().remove("credit");
    claim["spec"]["incident"] = json!({"from": noticed - SignedDuration::from_secs(15), "noticedAt": noticed});
    stage.api.apply(claim).unwrap();
    stage.until("it is told", 60, |stage| told(stage, "outage") == effective("Noticed")).await.unwrap();
    stage.spike = false;
    let violations = stage.status("web").violations;
    assert_eq!(violations[0].detected_by, Some(DetectedBy::Customer));
    stage.until("a statement", 120, |stage| !references(stage).is_empty()).await.unwrap();
    let issued = stage.statements().remove(0);
    let violation = &issued.violations[0];
    let at = violation.detected_at.as_ref().map(|at| at.0.as_second());
    assert_eq!((violation.detected_by, at), (Some(DetectedBy::Customer), Some(noticed.as_second())));
}

fn claim(name: &str, credit: &Value) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelClaim",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"agreement": "web", "credit": credit, "madeBy": "carol"},
    })
}

fn add(stage: &mut Stage, name: &str, field: &str, value: &Value) {
    stage.api.edit("paul", CLAIMS, NAMESPACE, name, |object| object["spec"][field] = value.clone()).unwrap();
}

/// What the status says of the statements, the oldest first.
fn references(stage: &Stage) -> Vec<StatementRef> {
    let mut found = stage.status("web").statements;
    found.reverse();
    found
}

fn expect(stage: &Stage, index: usize, wanted: CreditState) -> Result<(), String> {
    let found = references(stage)[index].clone();
    if found.credit_state == Some(wanted) { Ok(()) } else { Err(format!("{wanted:?} was expected: {found:?}")) }
}

/// The state and the reason of a claim's condition.
fn told(stage: &Stage, name: &str) -> Option<(String, String)> {
    let object = stage.api.get(CLAIMS, NAMESPACE, name)?;
    let text = |field: &str| Some(object.pointer(&format!("/status/conditions/0/{field}"))?.as_str()?.to_owned());
    Some((text("status")?, text("reason")?))
}

#[allow(clippy::unnecessary_wraps, reason = "it is compared with what is told")]
fn effective(reason: &str) -> Option<(String, String)> {
    Some(("True".to_owned(), reason.to_owned()))
}
