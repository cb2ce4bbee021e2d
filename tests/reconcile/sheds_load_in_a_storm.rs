//! Attempts pile up and replicas do not help: the switch of the service is turned, once, and turned back when all is safe, or
//! before the agreement goes, whatever goes wrong in between. What a person does to the key meanwhile is theirs.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::episodes::over;
use crate::stage::{AGREEMENTS, AUTOSCALERS, CONFIG_MAPS, DEPLOYMENTS, NAMESPACE, Stage, autoscaler};
use crate::storms::{limits, morning, shed, shedding};
use crate::sweep::sweep_some;

/// A calm morning, and then a storm.
async fn storm(stage: &mut Stage, agreement: Value) {
    morning(stage).await;
    stage.api.apply(autoscaler()).unwrap();
    stage.api.apply(limits()).unwrap();
    stage.seconds(4).await;
    stage.api.apply(agreement).unwrap();
    stage.seconds(20).await;
    stage.storm = true;
}

fn is(stage: &Stage, value: &str, marked: bool) -> bool {
    shed(&stage.api) == (Some(value.to_owned()), marked)
}

fn cause(stage: &Stage) -> Option<CauseKind> {
    stage.status("web").enforcement?.diagnosis.map(|told| told.cause)
}

fn sheds(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        storm(stage, shedding(&json!({"automatic": true}))).await;
        stage.until("fewer attempts", 400, |stage| is(stage, "on", true)).await?;
        stage.seconds(10).await;
        stage.storm = false;
        stage.until("the owner's key", 300, |stage| is(stage, "off", false)).await?;
        stage.until("the end of the episode", 400, over).await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}

fn sheds_and_goes(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        storm(stage, shedding(&json!({"automatic": true}))).await;
        stage.until("fewer attempts", 400, |stage| is(stage, "on", true)).await?;
        stage.seconds(10).await;
        stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
        stage
            .until("the end of the agreement", 400, |stage| {
                let gone = stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
                assert!(!gone || is(stage, "off", false), "the agreement went before the key was given back");
                gone
            })
            .await?;
        stage.storm = false;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}

#[test]
fn sheds_load_once_whatever_goes_wrong() {
    sweep_some("a storm of attempts", |stage| sheds(stage).boxed_local(), 2);
}

#[test]
fn gives_the_key_back_before_the_agreement_goes() {
    sweep_some("a turned switch and a deletion", |stage| sheds_and_goes(stage).boxed_local(), 2);
}

#[tokio::test(start_paused = true)]
async fn tells_what_it_does_and_judges_it() {
    let mut stage = Stage::open(FaultPlan::none());
    sheds(&mut stage).await.unwrap();
    let actions = stage.status("web").actions;
    let told: Vec<_> = actions.iter().rev().filter(|a| a.verb.is_about_shedding()).collect();
    let told: Vec<_> = told.iter().map(|a| (a.verb, a.phase, a.verdict)).collect();
    let done = |verb| (verb, ActionPhase::Done, Some(Verdict::Effective));
    assert_eq!(told, [done(Verb::Shed), done(Verb::StopShedding)], "{actions:#?}");
    let first = actions.iter().rev().find(|a| a.verb == Verb::RaiseFloor).unwrap();
    let turned = actions.iter().find(|a| a.verb == Verb::Shed).unwrap();
    assert!(first.intended_at < turned.intended_at, "replicas first");
    let events = stage.api.list("events.events.k8s.io");
    for reason in ["LoadShed", "SheddingStopped", "CauseFound"] {
        assert!(events.iter().any(|event| event["reason"] == reason), "{reason}: {events:#?}");
    }
    assert_eq!(stage.api.get(CONFIG_MAPS, NAMESPACE, "limits").unwrap()["data"], limits()["data"]);
    let read = stage.link().requests().iter().filter(|request| request.path.contains("configmaps")).count();
    assert!(
        read > 0
            && stage.link().requests().iter().all(|r| !r.path.contains("configmaps") || r.path.contains("/limits"))
    );
}

#[tokio::test(start_paused = true)]
async fn by_default_a_person_is_told_how_and_nothing_is_touched() {
    let mut stage = Stage::open(FaultPlan::none());
    storm(&mut stage, shedding(&json!({}))).await;
    let told = |stage: &Stage| stage.status("web").enforcement.is_some_and(|e| e.reason == "ShedByHand");
    stage.until("a word", 400, told).await.unwrap();
    stage.seconds(60).await;
    assert!(is(&stage, "off", false));
    assert_eq!((cause(&stage), stage.replicas), (Some(CauseKind::RetryStorm), 5), "and no replica more");
    assert!(stage.link().requests().iter().all(|request| !request.path.contains("configmaps")), "it is not even read");
    let message = stage.status("web").enforcement.unwrap().message;
    assert!(message.contains("kubectl patch configmap limits -n shop"), "{message}");
    // The person does it.
    let on = |limits: &mut Value| limits["data"]["shed"] = "on".into();
    stage.api.edit("kubectl-patch", CONFIG_MAPS, NAMESPACE, "limits", on).unwrap();
    stage.seconds(20).await;
    stage.storm = false;
    stage.until("the end of the episode", 600, over).await.unwrap();
    assert!(is(&stage, "on", false), "whose the key is");
}

/// What it is compared with lies in the period before, be it remembered or read again.
#[tokio::test(start_paused = true)]
async fn a_storm_is_told_from_a_rush_at_the_beginning_of_a_period() {
    for (after_the_end, restart) in [(300, false), (300, true), (-90, false)] {
        let mut stage = Stage::open(FaultPlan::none());
        morning(&mut stage).await;
        stage.api.apply(autoscaler()).unwrap();
        stage.api.apply(limits()).unwrap();
        let mut agreement = shedding(&json!({}));
        agreement["spec"]["period"] = json!({"rolling": "30m"});
        stage.api.apply(agreement).unwrap();
        stage.seconds(20).await;
        let end = stage.status("web").period.unwrap().end.0;
        while stage.now() < end + SignedDuration::from_secs(after_the_end) {
            stage.second().await;
        }
        if restart {
            stage.kill();
            stage.start(FaultPlan::none());
            stage.seconds(10).await;
        }
        stage.storm = true;
        let told = |stage: &Stage| stage.status("web").enforcement.is_some_and(|e| e.reason == "ShedByHand");
        let soon = end + SignedDuration::from_secs(20);
        stage.until("a word", 400, |stage| stage.now() > soon && told(stage)).await.unwrap();
        assert_eq!(cause(&stage), Some(CauseKind::RetryStorm), "{after_the_end} {restart}");
        assert_eq!(stage.status("web").period.unwrap().start.0, end);
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_person_sets_meanwhile_is_theirs() {
    let mut stage = Stage::open(FaultPlan::none());
    storm(&mut stage, shedding(&json!({"automatic": true}))).await;
    stage.until("fewer attempts", 400, |stage| is(stage, "on", true)).await.unwrap();
    stage.seconds(10).await;
    let edit = |limits: &mut Value| limits["data"]["shed"] = "half".into();
    stage.api.edit("kubectl-edit", CONFIG_MAPS, NAMESPACE, "limits", edit).unwrap();
    stage.until("hands off", 60, |stage| is(stage, "half", false)).await.unwrap();
    let said = |stage: &Stage| stage.status("web").conditions.iter().any(|c| c.type_ == "ConflictingManager");
    stage.until("a condition", 60, said).await.unwrap();
    stage.seconds(200).await;
    assert!(is(&stage, "half", false), "and is not fought over");
}

#[tokio::test(start_paused = true)]
async fn its_time_is_over_although_the_workload_is_gone() {
    let mut stage = Stage::open(FaultPlan::none());
    storm(&mut stage, shedding(&json!({"automatic": true, "ttl": "2m"}))).await;
    stage.until("fewer attempts", 400, |stage| is(stage, "on", true)).await.unwrap();
    stage.seconds(6).await;
    let rename = |web: &mut Value| web["spec"]["service"]["workloads"][0]["name"] = "gone".into();
    stage.api.edit("kubectl-edit", AGREEMENTS, NAMESPACE, "web", rename).unwrap();
    stage.seconds(60).await;
    assert!(is(&stage, "on", true));
    // Refused, it is not tried with every slot.
    stage.link().deny(Some(CONFIG_MAPS));
    let tries = |stage: &Stage| stage.link().writes().iter().filter(|write| write.resource == CONFIG_MAPS).count();
    let before = tries(&stage);
    stage.seconds(600).await;
    let sent = tries(&stage) - before;
    assert!((5..=25).contains(&sent) && is(&stage, "on", true), "{sent} tries");
    stage.link().deny(None);
    stage.until("the owner's key", 90, |stage| is(stage, "off", false)).await.unwrap();
    assert!(
        stage.api.get(DEPLOYMENTS, NAMESPACE, "web").is_some()
            && stage.api.get(AUTOSCALERS, NAMESPACE, "web").is_some()
    );
}
