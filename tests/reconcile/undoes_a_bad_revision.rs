//! A new revision fails: its rollout is paused, the revision is undone, and the service recovers; once, whatever goes wrong
//! in between. What a person does to the rollout meanwhile is theirs.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor::api::{BASELINE_ANNOTATION, ROLLOUT_ANNOTATION};
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::episodes::over;
use crate::rollouts::{Rollouts, apply, declared, running};
use crate::stage::{AGREEMENTS, DEPLOYMENTS, NAMESPACE, Stage, agreement};
use crate::sweep::sweep;

/// How long a revision must have served here to be gone back to.
const SERVED: u64 = 60;

/// An agreement that allows this of a rollback.
fn allowing(rollback: Value) -> Value {
    let mut agreement = agreement("web", "Enforce", "30m");
    agreement["spec"]["enforcement"]["rollback"] = rollback;
    agreement
}

/// Four good pods in calm, under an agreement.
async fn calm(stage: &mut Stage, agreement: Value) {
    stage.api.apply(running("good")).unwrap();
    stage.rollouts = Some(Rollouts::default());
    stage.seconds(4).await;
    stage.api.apply(agreement).unwrap();
    stage.seconds(SERVED + 10).await;
}

fn undoes(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        calm(stage, allowing(json!({"servedFor": "1m"}))).await;
        apply(&stage.api, "bad");
        stage.until("the revision before", 300, |stage| declared(&stage.api) == ("good".to_owned(), false)).await?;
        stage.until("the end of the episode", 300, over).await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}

fn pauses_and_goes(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        calm(stage, allowing(json!({"pauseOnly": true}))).await;
        apply(&stage.api, "bad");
        stage.until("a pause", 300, |stage| declared(&stage.api) == ("bad".to_owned(), true)).await?;
        stage.seconds(20).await;
        stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
        stage
            .until("the end of the agreement", 400, |stage| {
                let gone = stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
                assert!(!gone || !declared(&stage.api).1, "the agreement went before the rollout was given back");
                gone
            })
            .await?;
        stage.seconds(40).await;
        Ok(())
    }
    .boxed_local()
}

#[test]
fn undoes_a_bad_revision_once_whatever_goes_wrong() {
    sweep("a bad revision", |stage| undoes(stage).boxed_local());
}

#[test]
fn gives_a_paused_rollout_back_before_the_agreement_goes() {
    sweep("a paused rollout and a deletion", |stage| pauses_and_goes(stage).boxed_local());
}

#[tokio::test(start_paused = true)]
async fn tells_what_it_does_and_judges_it() {
    let mut stage = Stage::open(FaultPlan::none());
    undoes(&mut stage).await.unwrap();
    let actions = stage.status("web").actions;
    let told: Vec<_> = actions.iter().rev().filter(|a| a.verb.is_about_rollout()).collect();
    let verbs: Vec<_> = told.iter().map(|a| (a.verb, a.phase, a.verdict)).collect();
    let done = |verb| (verb, ActionPhase::Done, Some(Verdict::Effective));
    assert_eq!(verbs, [done(Verb::PauseRollout), done(Verb::RollBack)], "{actions:#?}");
    assert_eq!((told[1].from, told[1].to), (Some(2), Some(1)));
    let events = stage.api.list("events.events.k8s.io");
    for reason in ["RolloutPaused", "RevisionUndone", "CauseFound"] {
        assert!(events.iter().any(|event| event["reason"] == reason), "{reason}: {events:#?}");
    }
    let web = stage.api.get(DEPLOYMENTS, NAMESPACE, "web").unwrap();
    let annotations = &web["metadata"]["annotations"];
    assert!(annotations[ROLLOUT_ANNOTATION].is_string() && annotations[BASELINE_ANNOTATION].is_null(), "{annotations}");
}

#[tokio::test(start_paused = true)]
async fn without_leave_nothing_is_undone() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, agreement("web", "Enforce", "30m")).await;
    apply(&stage.api, "bad");
    let told = |stage: &Stage| {
        let told = stage.status("web").enforcement.and_then(|e| e.diagnosis);
        told.is_some_and(|told| told.cause == CauseKind::BadRevision)
    };
    stage.until("a cause", 300, told).await.unwrap();
    stage.seconds(30).await;
    assert_eq!(declared(&stage.api), ("bad".to_owned(), false));
    let message = stage.status("web").enforcement.unwrap().message;
    assert!(message.contains("enforcement.rollback is left out"), "{message}");
    assert!(
        stage.link().requests().iter().all(|request| !request.path.contains("replicasets")),
        "nothing hangs on them"
    );
}

#[tokio::test(start_paused = true)]
async fn a_rollout_that_a_person_paused_is_theirs() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, allowing(json!({"servedFor": "1m"}))).await;
    apply(&stage.api, "bad");
    stage.seconds(25).await;
    let pause = |web: &mut Value| web["spec"]["paused"] = true.into();
    stage.api.edit("kubectl-rollout", DEPLOYMENTS, NAMESPACE, "web", pause).unwrap();
    let told = |stage: &Stage| stage.status("web").enforcement.is_some_and(|e| e.reason == "PausedByOthers");
    stage.until("a hold", 300, told).await.unwrap();
    stage.seconds(120).await;
    assert_eq!(declared(&stage.api), ("bad".to_owned(), true));
    assert!(stage.status("web").actions.iter().all(|action| !action.verb.is_about_rollout()));
}

#[tokio::test(start_paused = true)]
async fn a_fix_of_the_owner_is_not_held_up_by_a_pause() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, allowing(json!({"pauseOnly": true}))).await;
    apply(&stage.api, "bad");
    stage.until("a pause", 300, |stage| declared(&stage.api).1).await.unwrap();
    stage.seconds(30).await;
    apply(&stage.api, "fix");
    stage.until("the owner's rollout", 120, |stage| declared(&stage.api) == ("fix".to_owned(), false)).await.unwrap();
    stage.until("the end of the episode", 600, over).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_has_just_begun_undoes_nothing() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.warm_up = SignedDuration::from_mins(5);
    stage.start(FaultPlan::none());
    calm(&mut stage, allowing(json!({"servedFor": "1m"}))).await;
    apply(&stage.api, "bad");
    stage.until("a pause", 120, |stage| declared(&stage.api).1).await.unwrap();
    let told = |stage: &Stage| stage.status("web").enforcement.is_some_and(|e| e.reason == "WarmingUp");
    stage.until("a hold", 60, told).await.unwrap();
    stage.until("the revision before", 400, |stage| declared(&stage.api).0 == "good").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_gitops_tool_that_brings_it_back_is_named_and_left_alone() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, allowing(json!({"servedFor": "1m", "perDay": 10}))).await;
    apply(&stage.api, "bad");
    let mut undone = 0;
    for _ in 0..900 {
        if declared(&stage.api) == ("good".to_owned(), false) {
            undone += 1;
            stage.seconds(30).await;
            apply(&stage.api, "bad");
        }
        stage.second().await;
    }
    assert_eq!(undone, 2, "one rollback and one more try");
    let conditions = stage.status("web").conditions;
    let said = conditions.iter().find(|c| c.type_ == "ConflictingManager").unwrap();
    assert!(said.message.contains("revision bad") && said.message.contains("selfHeal"), "{}", said.message);
    assert_eq!(declared(&stage.api), ("bad".to_owned(), false));
}
