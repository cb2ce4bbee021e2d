//! The taint of a node against a model of the API server: beside those of others, and away again without them.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersionKind;
use serde_json::json;
use tokio::time::Instant;

use super::*;
use crate::act::tests::faults;
use crate::act::{Outcome, execute, outcome};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::tests::fixture::Scene;
use crate::decide::tests::moves::{fail, verb};
use crate::decide::tests::nodes::{SICK, sick_node};
use crate::decide::{Decision, Restoration, release_node};
use crate::sense::workload::NodeObservation;

const NODES: &str = "nodes";

/// Five nodes, of which the first is sick and is to be avoided.
struct Stage {
    api: ApiServer,
    scene: Scene,
}

impl Stage {
    fn set(spec: &Value, annotations: &Value) -> Self {
        let api = ApiServer::new();
        let mut scene = sick_node();
        for index in 0..5 {
            let node = json!({
                "apiVersion": "v1", "kind": "Node",
                "metadata": {"name": format!("node-{index}"), "annotations": annotations}, "spec": spec,
                "status": {"conditions": [{"type": "Ready", "status": "True"}]},
            });
            api.apply(node).unwrap();
        }
        scene.nodes.known.clear();
        Self { api, scene }
    }

    async fn look(&mut self) {
        let kind = GroupVersionKind::gvk("", "v1", "Node");
        let api: Api<DynamicObject> =
            Api::all_with(self.api.client(), &ApiResource::from_gvk_with_plural(&kind, NODES));
        let listed = api.list(&kube::api::ListParams::default()).await.unwrap();
        self.scene.nodes.known = listed.items.iter().map(NodeObservation::of).collect();
    }

    /// Decides, writes the status, and acts.
    async fn act(&mut self, client: &Client) -> (Option<Verb>, Vec<Outcome>) {
        let decided = self.scene.decide();
        let verb = verb(&decided);
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        let outcomes = match decided.decision {
            Decision::Act(plan) => execute(client, Instant::now() + Duration::from_secs(10), plan).await,
            _ => Vec::new(),
        };
        outcome::enter(&outcomes, &mut self.scene.status, &mut self.scene.actions);
        (verb, outcomes)
    }

    fn node(&self) -> Value {
        self.api.get(NODES, None, "node-0").unwrap()
    }

    /// The keys of its taints, whether it is annotated, and whether our entry is left.
    fn seen(&self) -> (Vec<String>, bool, bool) {
        let node = self.node();
        let taints = node["spec"]["taints"].as_array().cloned().unwrap_or_default();
        let keys = taints.iter().map(|taint| taint["key"].as_str().unwrap().to_owned()).collect();
        let entries = node["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        let ours = entries.iter().any(|entry| entry["manager"] == FIELD_MANAGER);
        (keys, node["metadata"]["annotations"][AVOID_KEY].is_string(), ours)
    }
}

fn seen(keys: &[&str], annotated: bool) -> (Vec<String>, bool, bool) {
    (keys.iter().map(ToString::to_string).collect(), annotated, false)
}

#[tokio::test(start_paused = true)]
async fn the_taint_comes_beside_those_of_others_and_goes_without_them() {
    let theirs = json!({"taints": [{"key": "spot", "value": "yes", "effect": "PreferNoSchedule"}]});
    for (spec, annotations, others) in [
        (json!({}), json!({}), vec![]),
        (json!({}), json!({"owner": "ann"}), vec![]),
        (theirs.clone(), json!({}), vec!["spot"]),
        (theirs, json!({"owner": "ann"}), vec!["spot"]),
    ] {
        let mut stage = Stage::set(&spec, &annotations);
        stage.look().await;
        let client = stage.api.client();
        let (verb, outcomes) = stage.act(&client).await;
        assert_eq!((verb, outcomes[0].result), (Some(Verb::AvoidNode), WriteResult::Done), "{outcomes:?}");
        let both: Vec<&str> = others.iter().copied().chain([AVOID_KEY]).collect();
        assert_eq!(stage.seen(), seen(&both, true));
        stage.look().await;
        assert_eq!(stage.scene.nodes.known[0].record().map(|record| record.uid), Some("sla-uid".to_owned()));

        // Somebody adds another one before; ours is found by its place, and is the one that goes.
        let first = json!({"key": "first", "effect": "PreferNoSchedule"});
        let edit = |node: &mut Value| node["spec"]["taints"].as_array_mut().unwrap().insert(0, first);
        stage.api.edit("somebody", NODES, None, "node-0", edit).unwrap();
        stage.look().await;
        stage.scene.enforcement.reschedule = None;
        let (verb, outcomes) = stage.act(&client).await;
        assert_eq!((verb, outcomes[0].result), (Some(Verb::ReleaseNode), WriteResult::Done), "{outcomes:?}");
        let left: Vec<&str> = ["first"].into_iter().chain(others).collect();
        assert_eq!(stage.seen(), seen(&left, false));
        assert_eq!(stage.node()["metadata"]["annotations"]["owner"], annotations["owner"]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_written_meanwhile_is_not_overwritten() {
    // Another taint where none was, and another agreement's.
    for key in ["not-ready", AVOID_KEY] {
        let mut stage = Stage::set(&json!({}), &json!({}));
        stage.look().await;
        let taint = json!([{"key": key, "value": "x", "effect": "NoExecute"}]);
        stage.api.edit("node-controller", NODES, None, "node-0", |node| node["spec"]["taints"] = taint).unwrap();
        let client = stage.api.client();
        let (_, outcomes) = stage.act(&client).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "{outcomes:?}");
        assert_eq!(stage.seen(), seen(&[key], false));
        assert_eq!(stage.scene.actions[0].phase, ActionPhase::Refused);
    }
    // Another taint stands in its place, or it is another node.
    for replaced in [false, true] {
        let mut stage = Stage::set(&json!({}), &json!({}));
        stage.look().await;
        let client = stage.api.client();
        stage.act(&client).await;
        stage.look().await;
        let node = stage.scene.nodes.known[0].clone();
        if replaced {
            let mut another = stage.node();
            stage.api.delete(NODES, None, "node-0").unwrap();
            another["metadata"] = json!({"name": "node-0", "annotations": another["metadata"]["annotations"]});
            stage.api.apply(another).unwrap();
        } else {
            let other = json!([{"key": AVOID_KEY, "value": "theirs", "effect": "PreferNoSchedule"}]);
            stage.api.edit("somebody", NODES, None, "node-0", |node| node["spec"]["taints"] = other).unwrap();
        }
        let Restoration::Act(plan) = release_node(&stage.scene.agreement, Some(&node), None, true, stage.scene.now)
        else {
            panic!()
        };
        let outcomes = execute(&client, Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "{outcomes:?}");
        assert_eq!(stage.seen().0, [AVOID_KEY]);
    }
}

#[tokio::test(start_paused = true)]
async fn whatever_goes_wrong_it_stands_once_and_goes() {
    for fault in faults() {
        for write in 0..2 {
            let mut stage = Stage::set(&json!({}), &json!({}));
            let link = stage.api.link("the operator before");
            link.faults(FaultPlan::none().on_write(write, fault.clone()));
            stage.look().await;
            stage.act(&link.client()).await;
            // Whoever comes next has a connection that works.
            let client = stage.api.client();
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_secs(20)).await;
                stage.scene.wait(20);
                fail(&mut stage.scene, &SICK);
                stage.look().await;
                stage.act(&client).await;
            }
            assert_eq!(stage.seen().0, [AVOID_KEY], "{fault:?} at {write}");
            let known = stage.scene.status.avoidance.clone().unwrap().nodes;
            assert_eq!(known.len(), 1, "{fault:?} at {write}: {known:?}");
            stage.scene.enforcement.reschedule = None;
            stage.act(&client).await;
            assert_eq!(stage.seen().0, Vec::<String>::new(), "{fault:?} at {write}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_right_that_is_missing_is_told_with_what_grants_it() {
    let mut stage = Stage::set(&json!({}), &json!({}));
    let link = stage.api.link("the operator before");
    link.faults(FaultPlan::none().on_write(0, Fault::Status(403)));
    stage.look().await;
    let (_, outcomes) = stage.act(&link.client()).await;
    assert_eq!(outcomes[0].result, WriteResult::Refused);
    assert!(outcomes[0].message.contains("rbac.avoidNode=true"), "{outcomes:?}");
}
