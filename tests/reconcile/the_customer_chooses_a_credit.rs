//! Where one credit of several is the customer's to choose: the period is settled by the highest, and restated by what they
//! chose, as `guarantor settle` has it from the same slots.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::ServiceLevelLedger;
use guarantor::api::credit_status::CreditState;
use guarantor::api::statement::StatementSpec;
use guarantor::evaluate::period::Schedule;
use guarantor::evaluate::stored_ledger;
use guarantor::offline::settle::account::Ledgers;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::credits::crediting;
use crate::offline::settled_from;
use crate::stage::{CLAIMS, LEDGERS, NAMESPACE, Stage};
use crate::sweep::sweep;

/// How long the whole story takes; it ends within a period.
const WHOLE: SignedDuration = SignedDuration::from_secs(334);
/// When the customer chooses.
const CHOOSES: SignedDuration = SignedDuration::from_secs(190);

#[test]
fn the_customer_chooses_a_credit_after_its_statement() {
    sweep("a choice", |stage| play(stage).boxed_local());
}

fn play(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        let (end, chooses) = (stage.now() + WHOLE, stage.now() + CHOOSES);
        stage.seconds(4).await;
        let mut object = crediting("1m");
        let credits = &mut object["spec"]["credits"];
        credits["remedies"] =
            json!([{"name": "fixed", "objective": "availability", "perIncident": {"amount": "50.00"}}]);
        credits["combine"] = "CustomersChoice".into();
        object["spec"]["settlement"] = json!({"grant": "OnClaim"});
        stage.api.apply(object).unwrap();
        stage.spike = true;
        stage.seconds(30).await;
        stage.spike = false;
        stage.until("a statement", 120, |stage| !stage.statements().is_empty()).await?;
        let issued = stage.statements().remove(0);
        owes(&issued, "120.00", None)?;
        // What is not offered is not chosen.
        stage.api.apply(claim("typo", &issued, "latency")).unwrap();
        stage.until("it is told", 60, |stage| told(stage, "typo").contains("neither an objective")).await?;
        // The newer statement is determined when it is chosen, which no fault may decide.
        while stage.now() < chooses {
            stage.second().await;
        }
        stage.api.apply(claim("choice", &issued, "fixed")).unwrap();
        stage.until("a second revision", 60, |stage| revisions(stage, &issued).len() == 2).await?;
        stage.until("it is told", 60, |stage| told(stage, "choice").contains("the customer chose \"fixed\"")).await?;
        let chosen = revisions(stage, &issued).remove(1);
        owes(&chosen, "50.00", Some("fixed"))?;
        // Another one later changes nothing, and neither does the end of the first.
        stage.api.apply(claim("late", &issued, "availability")).unwrap();
        stage.until("it is told", 60, |stage| told(stage, "late").contains("\"fixed\" was chosen before")).await?;
        stage.api.delete(CLAIMS, NAMESPACE, "choice").unwrap();
        while stage.now() < end {
            stage.second().await;
        }
        let all = revisions(stage, &issued);
        if all != [issued.clone(), chosen.clone()] {
            return Err(format!("restated again, or not as it was issued: {} revisions", all.len()));
        }
        if stage.status("web").statements.iter().any(|s| s.credit_state == Some(CreditState::Granted)) {
            return Err("granted without a decision".to_owned());
        }
        as_settled_without_a_cluster(stage, &chosen)
    }
    .boxed_local()
}

/// `guarantor settle` comes to the same from the ledger and the choice.
fn as_settled_without_a_cluster(stage: &Stage, live: &StatementSpec) -> Result<(), String> {
    let object = stage.agreement("web").unwrap();
    let ledger = stage.api.get(LEDGERS, NAMESPACE, &live.evidence.ledger).unwrap();
    let ledger: ServiceLevelLedger = serde_json::from_value(ledger).unwrap();
    let schedule = Schedule::new(&object.spec, object.metadata.creation_timestamp.clone().unwrap().0).unwrap();
    let period = schedule.containing(live.period.start.0).unwrap();
    let read = Ledgers::from([(period.start, stored_ledger::from_spec(&ledger.spec).unwrap())]);
    let facts = json!({"chosen": [{"at": period.start, "name": "fixed"}]});
    let report = settled_from(&object, &schedule, facts, &[period], read);
    let bare = |statement: &StatementSpec| {
        let mut credits = statement.credits.clone().unwrap();
        // When it was determined: with what was chosen.
        credits.since = None;
        credits
    };
    let (offline, live) = (bare(&report.periods[0].statement), bare(live));
    if offline == live { Ok(()) } else { Err(format!("settled otherwise: {offline:?} and {live:?}")) }
}

fn revisions(stage: &Stage, issued: &StatementSpec) -> Vec<StatementSpec> {
    stage.statements().into_iter().filter(|s| s.period.start == issued.period.start).collect()
}

fn owes(statement: &StatementSpec, amount: &str, chosen: Option<&str>) -> Result<(), String> {
    let credits = statement.credits.as_ref().unwrap();
    if (credits.amount.as_str(), credits.facts.chosen.as_deref()) == (amount, chosen) {
        return Ok(());
    }
    Err(format!("{amount} by {chosen:?} was expected: {credits:?}"))
}

fn claim(name: &str, issued: &StatementSpec, chooses: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelClaim",
        "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {
            "agreement": "web", "credit": {"periodStart": issued.period.start.0, "chooses": chooses}, "madeBy": "carol",
        },
    })
}

/// The message of a claim's condition.
fn told(stage: &Stage, name: &str) -> String {
    let object = stage.api.get(CLAIMS, NAMESPACE, name).unwrap_or_default();
    object.pointer("/status/conditions/0/message").and_then(Value::as_str).unwrap_or_default().to_owned()
}
