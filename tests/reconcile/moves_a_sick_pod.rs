//! One pod fails where the others do not: a replica is added, the pod is evicted, another one takes its place, and the service
//! recovers; once, whatever goes wrong in between, and never past a disruption budget.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor_testbed::model::{FaultPlan, Recorded};
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::episodes::{over, until_judged};
use crate::replica_set::{ReplicaSet, name, pods};
use crate::stage::{NAMESPACE, Stage, agreement, deployment};
use crate::sweep::sweep;

/// The pod that falls ill.
const SICK: &str = "web-02";

/// Four pods that have served for an hour, in calm, under an agreement that allows this of moving them.
async fn calm(stage: &mut Stage, reschedule: Value) {
    let mut web = deployment("web");
    web["spec"]["replicas"] = json!(4);
    ReplicaSet::default().take_over(stage, web);
    stage.seconds(4).await;
    let mut agreement = agreement("web", "Enforce", "30m");
    agreement["spec"]["objectives"][0]["target"] = "95".into();
    agreement["spec"]["enforcement"]["reschedule"] = reschedule;
    stage.api.apply(agreement).unwrap();
    stage.seconds(60).await;
}

fn fall_ill(stage: &mut Stage, pod: &str) {
    stage.replica_set.as_mut().unwrap().sick.insert(pod.to_owned());
}

fn is_there(stage: &Stage, pod: &str) -> bool {
    stage.api.get("pods", NAMESPACE, pod).is_some()
}

fn budget(name: &str, spec: &Value) -> Value {
    let mut budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name, "namespace": NAMESPACE},
        "spec": {"selector": {"matchLabels": {"app": "web"}}},
    });
    for (field, value) in spec.as_object().unwrap() {
        budget["spec"][field] = value.clone();
    }
    budget
}

/// What was asked about pods, but to read them: evictions.
fn asked(stage: &Stage) -> Vec<Recorded> {
    let writes = stage.api.writes().into_iter();
    writes.filter(|write| write.resource == "pods").collect()
}

fn reason(stage: &Stage) -> String {
    stage.status("web").enforcement.map(|e| e.reason).unwrap_or_default()
}

fn moves(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        calm(stage, json!({})).await;
        // Without a replica more it would let nothing go.
        stage.api.apply(budget("web", &json!({"minAvailable": 4}))).unwrap();
        fall_ill(stage, SICK);
        stage.until("an eviction", 400, |stage| !is_there(stage, SICK)).await?;
        stage.until("the end of the episode", 900, over).await?;
        until_judged(stage).await?;
        let least = stage.replica_set.as_ref().unwrap().least_ready;
        if least < Some(4) {
            return Err(format!("only {least:?} pods were ready at once"));
        }
        if let Some(other) = asked(stage).iter().find(|write| write.subresource != "eviction") {
            return Err(format!("not an eviction: {other:?}"));
        }
        Ok(())
    }
    .boxed_local()
}

#[test]
fn moves_a_sick_pod_once_whatever_goes_wrong() {
    sweep("a sick pod", |stage| moves(stage).boxed_local());
}

#[tokio::test(start_paused = true)]
async fn tells_what_it_does_and_judges_it() {
    let mut stage = Stage::open(FaultPlan::none());
    moves(&mut stage).await.unwrap();
    let actions = stage.status("web").actions;
    let told = |verb| actions.iter().filter(move |action| action.verb == verb);
    let verbs: Vec<_> = told(Verb::Surge).chain(told(Verb::Reschedule)).map(|a| (a.verb, a.phase, a.verdict)).collect();
    let done = |verb| (verb, ActionPhase::Done, Some(Verdict::Effective));
    assert_eq!(verbs, [done(Verb::Surge), done(Verb::Reschedule)], "{actions:#?}");
    let evicted = told(Verb::Reschedule).next().unwrap();
    assert_eq!((evicted.target.kind.as_str(), evicted.target.name.as_str()), ("Pod", SICK));
    let moved = stage.status("web").enforcement.unwrap().reschedule.unwrap().evictions;
    let landed = moved[0].landed.clone().unwrap();
    assert_eq!((moved.len(), moved[0].node.as_str(), landed.node.as_deref()), (1, "node-2", Some("node-6")));
    let events = stage.api.list("events.events.k8s.io");
    for reason in ["FloorSurged", "PodEvicted", "CauseFound"] {
        assert!(events.iter().any(|event| event["reason"] == reason), "{reason}: {events:#?}");
    }
    let asked = asked(&stage);
    let bodies: Vec<_> = asked.iter().map(|write| (write.dry_run, write.body.clone().unwrap())).collect();
    assert_eq!(bodies.iter().map(|(dry, _)| *dry).collect::<Vec<_>>(), [true, false], "asked first, and once each");
    for (_, body) in &bodies {
        let preconditions = &body["deleteOptions"]["preconditions"];
        assert_eq!(*preconditions, json!({"uid": evicted.target.uid}), "the uid, and no version");
    }
}

#[tokio::test(start_paused = true)]
async fn without_leave_no_pod_is_moved() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, Value::Null).await;
    fall_ill(&mut stage, SICK);
    stage.until("a hold", 300, |stage| reason(stage) == "OutlierPod").await.unwrap();
    stage.seconds(120).await;
    assert!(is_there(&stage, SICK) && asked(&stage).is_empty());
    let message = stage.status("web").enforcement.unwrap().message;
    assert!(message.contains("enforcement.reschedule is left out"), "{message}");
    assert_eq!(pods(&stage.api).len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_lets_nothing_go_is_respected() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({})).await;
    stage.api.apply(budget("web", &json!({"minAvailable": "100%"}))).unwrap();
    fall_ill(&mut stage, SICK);
    stage.until("a hold", 400, |stage| reason(stage) == "BlockedByPDB").await.unwrap();
    stage.seconds(900).await;
    assert!(is_there(&stage, SICK));
    let message = stage.status("web").enforcement.unwrap().message;
    assert!(message.contains("The disruption budget web needs 5 healthy pods"), "{message}");
    assert!(message.contains("given up for this episode"), "{message}");
    let asked = asked(&stage);
    assert!(asked.iter().all(|write| write.dry_run && write.code == Some(429)), "{asked:#?}");
    assert!((8..=16).contains(&asked.len()), "{} tries", asked.len());
    let evictions = stage.status("web").enforcement.unwrap().reschedule.unwrap().evictions;
    assert_eq!(evictions, [], "what did not happen is not counted");
}

#[tokio::test(start_paused = true)]
async fn a_budget_that_lets_it_go_in_time_is_waited_for() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({})).await;
    stage.api.apply(budget("web", &json!({"minAvailable": 5}))).unwrap();
    fall_ill(&mut stage, SICK);
    stage.until("a hold", 400, |stage| reason(stage) == "BlockedByPDB").await.unwrap();
    stage.seconds(60).await;
    stage.api.apply(budget("web", &json!({"minAvailable": 4}))).unwrap();
    stage.until("an eviction", 120, |stage| !is_there(stage, SICK)).await.unwrap();
    stage.until("the end of the episode", 900, over).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn two_budgets_are_told_and_not_asked_again() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({})).await;
    for name in ["one", "two"] {
        stage.api.apply(budget(name, &json!({"minAvailable": 0}))).unwrap();
    }
    fall_ill(&mut stage, SICK);
    stage.until("a hold", 400, |stage| reason(stage) == "SeveralBudgets").await.unwrap();
    stage.seconds(300).await;
    assert!(is_there(&stage, SICK));
    assert_eq!(asked(&stage).len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_operator_that_has_just_begun_moves_nothing() {
    let mut stage = Stage::open(FaultPlan::none());
    stage.warm_up = SignedDuration::from_mins(5);
    stage.start(FaultPlan::none());
    calm(&mut stage, json!({})).await;
    fall_ill(&mut stage, SICK);
    stage.until("a hold", 200, |stage| reason(stage) == "WarmingUp").await.unwrap();
    assert_eq!(pods(&stage.api).len(), 4, "nothing is added for what would not be evicted");
    stage.until("an eviction", 400, |stage| !is_there(stage, SICK)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_falls_ill_on_the_same_node_again_makes_the_node_suspected() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"perDay": 24})).await;
    stage.replica_set.as_mut().unwrap().node = Some("node-2".to_owned());
    let mut sick = SICK.to_owned();
    fall_ill(&mut stage, SICK);
    let mut evicted = 0;
    for _ in 0..6000 {
        if !is_there(&stage, &sick) {
            evicted += 1;
            sick = name(pods(&stage.api).last().unwrap());
            fall_ill(&mut stage, &sick);
        }
        stage.second().await;
    }
    assert_eq!(evicted, 2);
    assert_eq!(reason(&stage), "NodeSuspected");
}
