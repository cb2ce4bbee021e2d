//! After a hiccup the clients' own tries keep a service overloaded: replicas do not help, so the switch that the service goes by is
//! turned; the storm ends, and the switch is turned back; all of that on the rights the chart gives. By default a person is told how.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use guarantor::api::agreement_status::AgreementStatus;
use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor::api::{FIELD_MANAGER, SHED_ANNOTATION};
use guarantor_testbed::ShopOptions;
use guarantor_testbed::manifest::{Agreement, shed};
use guarantor_testbed::shop::STOREFRONT;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::api::Api;
use tokio::time::sleep;

use crate::accounts::{agree_in_calm, let_time_pass};
use crate::stage::{Stage, own_cluster};

/// The `ConfigMap` with the switch.
const SWITCH: &str = "limits";
/// How long it is calm before, and how long a switch that is a person's is looked at.
const A_WHILE: SignedDuration = SignedDuration::from_secs(30);
/// Requests a second that users send; four pods serve 80.
const RATE: f64 = 50.0;
/// Work of the average request.
const WORK: Duration = Duration::from_millis(50);

#[tokio::test(flavor = "multi_thread")]
async fn sheds_load_in_a_storm_and_turns_the_switch_back() -> Result<()> {
    let stage = shop("shed-load", true).await?;
    storm(&stage).await?;
    let turned = stage
        .until(STOREFRONT, "the switch to be turned", |s| {
            s.actions.iter().find(|a| a.verb == Verb::Shed && a.phase == ActionPhase::Done).cloned()
        })
        .await?;
    let status = stage.status(STOREFRONT).await?;
    let raise = status.actions.iter().rev().find(|a| a.verb == Verb::RaiseFloor).context("replicas first")?;
    ensure!(raise.intended_at.0 < turned.intended_at.0, "{:#?}", status.actions);
    let on = switch(&stage).await?;
    ensure!(value(&on) == Some("on") && on.annotations().contains_key(SHED_ANNOTATION), "{on:#?}");
    let over = |s: &AgreementStatus| {
        let nothing = s.enforcement.as_ref().is_none_or(|e| e.episode.is_none() && e.floor.is_none());
        nothing.then(|| s.actions.clone())
    };
    let actions = stage.until(STOREFRONT, "the end of the episode", over).await?;
    let verdicts = |verb: Verb| -> Vec<Option<Verdict>> {
        actions.iter().filter(|a| a.verb == verb && a.phase == ActionPhase::Done).map(|a| a.verdict).collect()
    };
    ensure!(verdicts(Verb::Shed) == [Some(Verdict::Effective)], "{actions:#?}");
    ensure!(verdicts(Verb::StopShedding).len() == 1, "{actions:#?}");
    let off = switch(&stage).await?;
    ensure!(value(&off) == Some("off") && !off.annotations().contains_key(SHED_ANNOTATION), "{off:#?}");
    ensure!(off.data.as_ref().and_then(|data| data.get("other")).is_some_and(|other| other == "7"), "{off:#?}");
    let owners: Vec<&str> = off.managed_fields().iter().filter_map(|entry| entry.manager.as_deref()).collect();
    ensure!(!owners.contains(&FIELD_MANAGER), "the owner's next apply would be refused: {owners:?}");
    let refused = stage.refused()?;
    ensure!(refused.is_empty(), "{refused:#?}");
    let asked = stage.requests(&stage.namespace)?;
    let other = asked.iter().find(|event| event.resource == "configmaps" && event.name != SWITCH);
    ensure!(other.is_none(), "another ConfigMap was asked for: {other:#?}");
    stage.delete(STOREFRONT).await
}

#[tokio::test(flavor = "multi_thread")]
async fn tells_a_person_how_to_shed_load_by_default() -> Result<()> {
    let stage = shop("shed-by-hand", false).await?;
    storm(&stage).await?;
    let message = stage
        .until(STOREFRONT, "a word", |s| {
            let enforcement = s.enforcement.as_ref()?;
            let told = enforcement.diagnosis.as_ref()?.cause == CauseKind::RetryStorm;
            (told && enforcement.reason == "ShedByHand").then(|| enforcement.message.clone())
        })
        .await?;
    let_time_pass(Timestamp::now() + A_WHILE, async || {
        ensure!(value(&switch(&stage).await?) == Some("off"), "it was turned");
        Ok(())
    })
    .await?;
    let asked = stage.requests(&stage.namespace)?;
    ensure!(asked.iter().all(|event| event.resource != "configmaps"), "it is not even read");
    // The person does what the message says.
    let (_, command) = message.split_once("`kubectl ").context("a command")?;
    let (command, _) = command.split_once('`').context("the command's end")?;
    let (arguments, patch) = command.split_once(" -p ").context("a patch")?;
    let arguments: Vec<&str> = arguments.split(' ').chain(["-p", patch.trim_matches('\'')]).collect();
    stage.cluster.kubectl(&arguments).await?.ok()?;
    let over = |s: &AgreementStatus| s.enforcement.as_ref().is_none_or(|e| e.episode.is_none()).then_some(());
    stage.until(STOREFRONT, "the end of the episode", over).await?;
    ensure!(value(&switch(&stage).await?) == Some("on"), "it is the person's");
    stage.delete(STOREFRONT).await
}

async fn switch(stage: &Stage) -> Result<ConfigMap> {
    let api: Api<ConfigMap> = Api::namespaced(stage.cluster.client()?, &stage.namespace);
    Ok(api.get(SWITCH).await?)
}

fn value(switch: &ConfigMap) -> Option<&str> {
    Some(switch.data.as_ref()?.get("shed")?.as_str())
}

/// For ten seconds each request brings five times the work, and clients whose requests fail try again and again.
async fn storm(stage: &Stage) -> Result<()> {
    stage.shop.storefront.set_retries(10, Duration::from_millis(200));
    stage.shop.storefront.set_service_time(WORK * 5)?;
    sleep(Duration::from_secs(10)).await;
    stage.shop.storefront.set_service_time(WORK)
}

/// A shop of four that has been open for a while, in calm, whose clients wait for a second, under an agreement that allows one
/// replica more and names the switch, to be turned `by_itself` or, by default, by a person.
async fn shop(namespace: &str, by_itself: bool) -> Result<Stage> {
    // With much room and little patience all that is worked on is given up before it is done.
    let options = ShopOptions {
        replicas: 4,
        rate: RATE,
        capacity: 256,
        timeout: Duration::from_secs(1),
        ..ShopOptions::new(namespace)
    };
    let cluster = own_cluster().await?;
    let mut stage = Stage::open_in(cluster, &options, namespace).await?;
    stage.warm_up().await?;
    let term = stage.shop.has_been_open(RATE).await?;
    stage.shop.add_switch(cluster, SWITCH).await?;
    let shed = shed(SWITCH, by_itself);
    let agreement = Agreement { term, scale: Some((2, 5)), allows: vec![&shed], ..Agreement::new(namespace) };
    agree_in_calm(&stage, &agreement, A_WHILE).await?;
    Ok(stage)
}
