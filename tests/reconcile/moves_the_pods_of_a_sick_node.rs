//! The pods of one node fail where the others do not: the node is avoided, replicas are added, its pods are moved together,
//! the service recovers, and the node takes pods again; once, whatever goes wrong in between, and never against a person.

use futures::FutureExt;
use futures::future::LocalBoxFuture;
use guarantor::api::AVOID_KEY;
use guarantor::api::avoidance_status::{AvoidanceEnd, AvoidedNode};
use guarantor::api::enforcement_status::{ActionPhase, Verb, Verdict};
use guarantor_testbed::model::FaultPlan;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::episodes::{over, until_judged};
use crate::replica_set::{DEDICATED, ReplicaSet, name, pods};
use crate::stage::{AGREEMENTS, NAMESPACE, Stage, agreement, deployment};
use crate::sweep::sweep_some;

const NODES: &str = "nodes";
/// The node that falls ill, with two of the six pods.
const SICK: &str = "node-b";
/// Three that have pods from the begin, and one beside.
const ALL: [&str; 4] = ["node-a", SICK, "node-c", "node-d"];

/// Six pods, two on each of three nodes, that have served for an hour, in calm, under an agreement that allows this of
/// moving them.
async fn calm(stage: &mut Stage, reschedule: Value) {
    let mut web = deployment("web");
    web["spec"]["replicas"] = json!(6);
    for node in ALL {
        let ready = json!([{"type": "Ready", "status": "True"}]);
        let node = json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": node, "annotations": {"node": node}}, "spec": {},
            "status": {"conditions": ready},
        });
        stage.api.apply(node).unwrap();
    }
    let nodes = ALL[..3].iter().map(ToString::to_string).collect();
    ReplicaSet::on(nodes).take_over(stage, web);
    stage.replica_set.as_mut().unwrap().nodes.push(ALL[3].to_owned());
    stage.seconds(4).await;
    let mut agreement = agreement("web", "Enforce", "30m");
    agreement["spec"]["objectives"][0]["target"] = "99".into();
    agreement["spec"]["enforcement"]["scale"]["max"] = json!(8);
    agreement["spec"]["enforcement"]["reschedule"] = reschedule;
    stage.api.apply(agreement).unwrap();
    stage.seconds(60).await;
}

fn fall_ill(stage: &mut Stage) {
    stage.replica_set.as_mut().unwrap().sick_nodes.insert(SICK.to_owned());
}

fn on_it(stage: &Stage) -> usize {
    pods(&stage.api).iter().filter(|pod| pod["spec"]["nodeName"] == SICK).count()
}

fn taints(stage: &Stage, node: &str) -> Vec<Value> {
    let node = stage.api.get(NODES, None, node).unwrap_or_default();
    node["spec"]["taints"].as_array().cloned().unwrap_or_default()
}

fn is_avoided(stage: &Stage) -> bool {
    taints(stage, SICK).iter().any(|taint| taint["key"] == AVOID_KEY)
}

fn reason(stage: &Stage) -> String {
    stage.status("web").enforcement.map(|e| e.reason).unwrap_or_default()
}

fn known(stage: &Stage) -> Vec<AvoidedNode> {
    stage.status("web").enforcement.and_then(|e| e.avoidance).map(|known| known.nodes).unwrap_or_default()
}

/// How often nodes were written by the operator, but to give up its entry.
fn written(stage: &Stage) -> usize {
    let writes = stage.api.writes().into_iter().filter(|write| write.resource == NODES);
    let patches = writes.filter_map(|write| write.body).map(|body| body.to_string());
    patches.filter(|patch| patch.contains("taints")).count()
}

fn moves(stage: &mut Stage) -> LocalBoxFuture<'_, Result<(), String>> {
    async {
        calm(stage, json!({"perDay": 6, "avoidNode": {}})).await;
        fall_ill(stage);
        stage.until("a taint", 200, is_avoided).await?;
        stage.until("the last eviction", 900, |stage| on_it(stage) == 0).await?;
        stage.until("the end of the episode", 900, over).await?;
        if is_avoided(stage) {
            return Err("the node is avoided still".to_owned());
        }
        until_judged(stage).await?;
        let least = stage.replica_set.as_ref().unwrap().least_ready;
        if least < Some(6) {
            return Err(format!("only {least:?} pods were ready at once"));
        }
        Ok(())
    }
    .boxed_local()
}

#[test]
fn moves_the_pods_of_a_sick_node_once_whatever_goes_wrong() {
    sweep_some("a sick node", |stage| moves(stage).boxed_local(), 4);
}

#[tokio::test(start_paused = true)]
async fn tells_what_it_does_and_judges_it() {
    let mut stage = Stage::open(FaultPlan::none());
    moves(&mut stage).await.unwrap();
    let actions = stage.status("web").actions;
    let verbs: Vec<_> = actions.iter().rev().map(|action| (action.verb, action.phase, action.verdict)).collect();
    let done = |verb| (verb, ActionPhase::Done, Some(Verdict::Effective));
    let moved = [Verb::AvoidNode, Verb::Surge, Verb::Reschedule, Verb::Reschedule];
    let given_back = [Verb::ReleaseNode, Verb::LowerFloor, Verb::Restore];
    let expected: Vec<_> = moved.into_iter().chain(given_back).map(done).collect();
    assert_eq!(verbs, expected, "{actions:#?}");
    assert!(stage.replica_set.as_ref().unwrap().sick_nodes.contains(SICK), "it is ill still, and nothing is there");
    let nodes = known(&stage);
    assert_eq!((nodes.len(), nodes[0].node.as_str(), nodes[0].ended), (1, SICK, Some(AvoidanceEnd::Released)));
    let states = stage.api.history(NODES, None, SICK);
    let tainted = states.iter().find(|state| state["spec"]["taints"].is_array()).unwrap();
    let taint = json!([{"key": AVOID_KEY, "value": nodes[0].action, "effect": "PreferNoSchedule"}]);
    assert_eq!(tainted["spec"]["taints"], taint);
    let beside: Value = serde_json::from_str(tainted["metadata"]["annotations"][AVOID_KEY].as_str().unwrap()).unwrap();
    assert_eq!((&beside["namespace"], &beside["agreement"]), (&json!(NAMESPACE), &json!("web")));
    let events = stage.api.list("events.events.k8s.io");
    for reason in ["NodeAvoided", "FloorSurged", "PodEvicted", "NodeReleased", "CauseFound"] {
        assert!(events.iter().any(|event| event["reason"] == reason), "{reason}: {events:#?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_node_set_aside_for_the_service_keeps_the_taint_that_does_it() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"perDay": 6, "avoidNode": {}})).await;
    let dedicated = json!([{"key": DEDICATED, "value": "web", "effect": "NoSchedule"}]);
    for node in ALL {
        stage.api.edit("kubectl", NODES, None, node, |node| node["spec"]["taints"] = dedicated.clone()).unwrap();
    }
    fall_ill(&mut stage);
    stage.until("a taint", 200, is_avoided).await.unwrap();
    assert_eq!((taints(&stage, SICK).len(), &taints(&stage, SICK)[..1]), (2, dedicated.as_array().unwrap().as_slice()));
    stage.until("the last eviction", 900, |stage| on_it(stage) == 0).await.unwrap();
    stage.until("the end of the episode", 900, over).await.unwrap();
    assert_eq!(json!(taints(&stage, SICK)), dedicated);
}

#[tokio::test(start_paused = true)]
async fn without_leave_no_node_is_touched_and_no_pod_moved() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"perDay": 6})).await;
    fall_ill(&mut stage);
    stage.until("a hold", 300, |stage| reason(stage) == "OutlierNode").await.unwrap();
    stage.seconds(300).await;
    assert_eq!((written(&stage), on_it(&stage)), (0, 2));
}

#[tokio::test(start_paused = true)]
async fn a_taint_that_somebody_took_away_is_not_put_back() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"perDay": 6, "avoidNode": {}})).await;
    fall_ill(&mut stage);
    stage.until("a taint", 200, is_avoided).await.unwrap();
    let take = |node: &mut Value| _ = node["spec"].as_object_mut().unwrap().remove("taints");
    stage.api.edit("kubectl", NODES, None, SICK, take).unwrap();
    stage.until("a conflict", 300, |stage| reason(stage) == "ConflictingManager").await.unwrap();
    stage.seconds(900).await;
    assert_eq!((written(&stage), is_avoided(&stage)), (1, false));
    assert_eq!(known(&stage)[0].ended, Some(AvoidanceEnd::RemovedByOthers));
    let conditions = stage.status("web").conditions;
    assert!(conditions.iter().any(|c| c.type_ == "ConflictingManager" && c.message.contains(SICK)), "{conditions:#?}");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_goes_meanwhile_is_let_go() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"perDay": 6, "avoidNode": {}})).await;
    fall_ill(&mut stage);
    stage.until("a taint", 200, is_avoided).await.unwrap();
    stage.api.delete(NODES, None, SICK).unwrap();
    stage.replica_set.as_mut().unwrap().nodes.retain(|node| node != SICK);
    for pod in pods(&stage.api).iter().filter(|pod| pod["spec"]["nodeName"] == SICK) {
        stage.api.delete("pods", NAMESPACE, &name(pod)).unwrap();
    }
    stage.until("the end of the episode", 900, over).await.unwrap();
    assert_eq!(known(&stage)[0].ended, Some(AvoidanceEnd::NodeGone));
    assert_eq!(written(&stage), 1);
}

#[tokio::test(start_paused = true)]
async fn the_node_takes_pods_again_before_the_agreement_goes_or_when_it_allows_less() {
    for (mode, deleted) in [("Enforce", true), ("Observe", false), ("Recommend", false)] {
        let mut stage = Stage::open(FaultPlan::none());
        calm(&mut stage, json!({"perDay": 6, "avoidNode": {}})).await;
        fall_ill(&mut stage);
        stage.until("a taint", 200, is_avoided).await.unwrap();
        if deleted {
            stage.api.delete(AGREEMENTS, NAMESPACE, "web").unwrap();
            let gone = |stage: &Stage| stage.api.get(AGREEMENTS, NAMESPACE, "web").is_none();
            stage.until("the end of the agreement", 400, gone).await.unwrap();
            assert!(!is_avoided(&stage), "the agreement went before the node was given back");
        } else {
            let lower = |agreement: &mut Value| agreement["spec"]["enforcement"]["mode"] = mode.into();
            stage.api.edit("kubectl", AGREEMENTS, NAMESPACE, "web", lower).unwrap();
            stage.until("the release", 60, |stage| !is_avoided(stage)).await.unwrap();
        }
        stage.seconds(30).await;
        let node = stage.api.get(NODES, None, SICK).unwrap();
        assert_eq!(node["metadata"]["annotations"], json!({"node": SICK}), "{mode}");
        assert_eq!(written(&stage), 2, "{mode}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_leads_takes_away_what_nobody_else_does() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"avoidNode": {}})).await;
    let soon = stage.now().checked_add(SignedDuration::from_mins(5)).unwrap();
    let record = json!({
        "namespace": "gone", "agreement": "gone", "uid": "gone", "action": "0a", "at": stage.now().to_string(),
        "until": soon.to_string(),
    });
    for (node, value, beside) in [("node-c", "0a", record.to_string()), ("node-d", "0b", "by hand".to_owned())] {
        let edit = |node: &mut Value| {
            node["spec"]["taints"] = json!([{"key": AVOID_KEY, "value": value, "effect": "PreferNoSchedule"}]);
            node["metadata"]["annotations"][AVOID_KEY] = beside.into();
        };
        stage.api.edit("somebody", NODES, None, node, edit).unwrap();
    }
    stage.seconds(360).await;
    assert_eq!(taints(&stage, "node-c").len(), 1, "its time is hardly over; it may be another's still");
    stage.seconds(180).await;
    let node = stage.api.get(NODES, None, "node-c").unwrap();
    assert_eq!((taints(&stage, "node-c").len(), &node["metadata"]["annotations"]), (0, &json!({"node": "node-c"})));
    assert_eq!(taints(&stage, "node-d").len(), 1, "nobody can tell whose it is");
}

#[tokio::test(start_paused = true)]
async fn what_comes_back_to_a_node_twice_has_it_avoided() {
    let mut stage = Stage::open(FaultPlan::none());
    calm(&mut stage, json!({"perDay": 24, "avoidNode": {}})).await;
    let pods_of = stage.replica_set.as_mut().unwrap();
    pods_of.node = Some(SICK.to_owned());
    // One of its two pods is ill, and whatever comes in its place there.
    let mut sick = name(pods(&stage.api).iter().find(|pod| pod["spec"]["nodeName"] == SICK).unwrap());
    stage.replica_set.as_mut().unwrap().sick.insert(sick.clone());
    let mut evicted = 0;
    while evicted < 3 {
        let there = |stage: &Stage| stage.api.get("pods", NAMESPACE, &sick).is_some();
        stage.until("another eviction", 1500, |stage| !there(stage)).await.unwrap();
        evicted += 1;
        let newest = pods(&stage.api).last().cloned().unwrap();
        assert_eq!(newest["spec"]["nodeName"] == SICK, evicted < 3, "{:#?}", stage.status("web").actions);
        sick = name(&newest);
        stage.replica_set.as_mut().unwrap().sick.extend(Some(sick.clone()).filter(|_| evicted < 3));
    }
    stage.until("the end of the episode", 900, over).await.unwrap();
    let verbs = |verb| stage.status("web").actions.iter().filter(|action| action.verb == verb).count();
    assert_eq!((verbs(Verb::AvoidNode), verbs(Verb::Reschedule)), (1, 3));
}
