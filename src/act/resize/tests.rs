//! Resizing against a model of the API server, and what each of its answers means.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::act::tests::faults;
use crate::act::{Outcome, execute, execute_each, outcome};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::tests::fixture::Scene;
use crate::decide::tests::sizes;
use crate::decide::{Change, Decision};

/// Six pods on a node with four cores, each limited to half a core, which holds it back.
struct Stage {
    api: ApiServer,
    scene: Scene,
}

impl Stage {
    fn set() -> Self {
        let api = ApiServer::new();
        api.apply(json!({
            "apiVersion": "v1", "kind": "Node", "metadata": {"name": "node-a"}, "status": {"allocatable": {"cpu": "4"}},
        }))
        .unwrap();
        let mut scene = sizes::throttled();
        for pod in &mut scene.workload().pods {
            let stored = api.apply(object(&pod.name)).unwrap();
            stored["metadata"]["uid"].as_str().unwrap().clone_into(&mut pod.uid);
        }
        let mut stage = Self { api, scene };
        stage.look();
        stage
    }

    /// The pods as they are.
    fn look(&mut self) {
        for pod in &mut self.scene.workload().pods {
            let stored = self.api.get("pods", "shop", &pod.name).unwrap();
            let text = |pointer: &str| stored.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let limit = text("/spec/containers/0/resources/limits/cpu").trim_end_matches('m').parse().unwrap();
            pod.size = sizes::size(250, limit);
            pod.size.resource_version = text("/metadata/resourceVersion");
            pod.uid = text("/metadata/uid");
            if limit != 500 {
                pod.size.containers[0].set_by = Some("guarantor/sla-uid".to_owned());
            }
        }
        sizes::throttle(&mut self.scene, 60);
    }

    /// Decides, writes the status, and acts.
    async fn live(&mut self) -> Vec<Outcome> {
        self.look();
        let decided = self.scene.decide();
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        let outcomes = match decided.decision {
            Decision::Act(plan) => execute(&self.api.client(), soon(), plan).await,
            _ => Vec::new(),
        };
        outcome::enter(&outcomes, &mut self.scene.status, &mut self.scene.actions);
        self.scene.wait(5);
        outcomes
    }

    fn limits(&self) -> Vec<String> {
        let limit =
            |pod: &Value| pod["spec"]["containers"][0]["resources"]["limits"]["cpu"].as_str().unwrap().to_owned();
        self.api.list("pods").iter().map(limit).collect()
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn object(name: &str) -> Value {
    let resources = json!({"limits": {"cpu": "500m"}, "requests": {"cpu": "250m"}});
    json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "namespace": "shop"},
        "spec": {"nodeName": "node-a", "containers": [{"name": "web", "image": "web", "resources": resources}]},
        "status": {"phase": "Running", "qosClass": "Burstable"},
    })
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_raised_in_place_under_a_name_of_the_agreements_own() {
    let mut stage = Stage::set();
    let outcomes = stage.live().await;
    assert_eq!((outcomes[0].result, outcomes[0].message.as_str()), (WriteResult::Done, ""));
    assert_eq!(stage.limits(), ["750m", "500m", "500m", "500m", "500m", "500m"]);
    let writes = stage.api.writes();
    assert_eq!(writes.iter().map(|write| write.subresource.as_str()).collect::<Vec<_>>(), ["resize"]);
    let pod = stage.api.get("pods", "shop", "checkout-0").unwrap();
    let entries = pod["metadata"]["managedFields"].as_array().unwrap();
    assert!(entries.iter().any(|entry| entry["manager"] == "guarantor/sla-uid"), "{entries:?}");
    let outcomes = stage.live().await;
    assert_eq!(outcomes.len(), 4);
    assert_eq!(stage.limits(), ["750m", "750m", "750m", "750m", "750m", "500m"]);
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_was_written_or_made_anew_meanwhile_is_left_as_it_is() {
    let stage = Stage::set();
    let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
    let label = |pod: &mut Value| pod["metadata"]["labels"] = json!({"a": "b"});
    stage.api.edit("user", "pods", "shop", "checkout-0", label).unwrap();
    let outcomes = execute(&stage.api.client(), soon(), plan).await;
    assert_eq!(outcomes[0].result, WriteResult::Conflict, "{outcomes:?}");

    let stage = Stage::set();
    let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
    stage.api.delete("pods", "shop", "checkout-0").unwrap();
    let outcomes = execute(&stage.api.client(), soon(), plan).await;
    assert_eq!(outcomes[0].result, WriteResult::Conflict, "gone: {outcomes:?}");

    let stage = Stage::set();
    let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
    stage.api.delete("pods", "shop", "checkout-0").unwrap();
    stage.api.apply(object("checkout-0")).unwrap();
    let outcomes = execute(&stage.api.client(), soon(), plan).await;
    assert_eq!(outcomes[0].result, WriteResult::Conflict, "another uid: {outcomes:?}");
    assert_eq!(stage.limits(), ["500m"; 6]);
}

/// Each of uid and container suffices, whatever the version says.
#[tokio::test(start_paused = true)]
async fn another_pod_or_container_is_left_as_it_is() {
    type Disturb = fn(&mut Step);
    let changes: [Disturb; 2] = [
        |step| step.target.uid = "another".to_owned(),
        |step| {
            let Change::Resize(change) = &mut step.change else { panic!() };
            change.container = "sidecar".to_owned();
        },
    ];
    for change in changes {
        let stage = Stage::set();
        let Decision::Act(mut plan) = stage.scene.decide().decision else { panic!() };
        change(&mut plan.steps[0]);
        let outcomes = execute(&stage.api.client(), soon(), plan).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "{outcomes:?}");
        assert_eq!(stage.limits(), ["500m"; 6]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_api_server_refuses_is_told_and_not_asked_again() {
    let mut stage = Stage::set();
    // Less than the pods request by now; what is left on it was read before.
    let node = |node: &mut Value| node["status"]["allocatable"]["cpu"] = json!("200m");
    stage.api.edit("kubelet", "nodes", None, "node-a", node).unwrap();
    let outcomes = stage.live().await;
    let refused = WriteResult::Hindered { obstacle: Obstacle::Forbidden, retry_after: 0 };
    assert_eq!(outcomes[0].result, refused, "{outcomes:?}");
    assert!(outcomes[0].message.contains("didn't have enough allocatable resources"), "{}", outcomes[0].message);
    let told = stage.scene.status.resize.clone().unwrap().refused.unwrap();
    assert_eq!((told.pod.as_str(), told.message), ("checkout-0", outcomes[0].message.clone()));
    for _ in 0..5 {
        let decided = stage.scene.decide();
        assert!(sizes::resizes(&decided).is_empty(), "{:?}", decided.decision);
        assert_eq!(decided.enforcement.resize.unwrap().raised, [], "what did not happen is not counted");
        stage.scene.wait(60);
        sizes::throttle(&mut stage.scene, 60);
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_attempted_after_a_step_that_was_not_done() {
    let mut stage = Stage::set();
    stage.live().await;
    stage.api.faults(FaultPlan::none().on_write(0, Fault::Status(409)));
    let outcomes = stage.live().await;
    let results: Vec<_> = outcomes.iter().map(|outcome| outcome.result).collect();
    assert_eq!(results, [WriteResult::Conflict, WriteResult::NotTried, WriteResult::NotTried, WriteResult::NotTried]);
    assert_eq!(stage.limits(), ["750m", "500m", "500m", "500m", "500m", "500m"]);
}

#[tokio::test(start_paused = true)]
async fn where_no_step_hangs_on_another_all_are_tried_up_to_so_many_failures() {
    for (most, after) in [(2, "750m"), (1, "500m")] {
        let mut stage = Stage::set();
        stage.live().await;
        stage.look();
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        stage.api.faults(FaultPlan::none().on_write(0, Fault::Status(403)));
        let outcomes = execute_each(&stage.api.client(), soon(), plan, most).await;
        let of = |result: WriteResult| outcomes.iter().filter(|outcome| outcome.result == result).count();
        let (done, not_tried) = if most == 2 { (3, 0) } else { (0, 3) };
        assert_eq!((of(WriteResult::Done), of(WriteResult::NotTried)), (done, not_tried), "{outcomes:?}");
        assert_eq!(stage.limits(), ["750m", "500m", after, after, after, "500m"]);
    }
}

#[tokio::test(start_paused = true)]
async fn an_api_server_that_does_not_answer_is_asked_for_no_further_step() {
    let mut stage = Stage::set();
    stage.live().await;
    stage.look();
    let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
    stage.api.faults(FaultPlan::none().on_write(0, Fault::TimeoutBeforeCommit));
    let outcomes = execute_each(&stage.api.client(), soon(), plan, 10).await;
    let results: Vec<_> = outcomes.iter().map(|outcome| outcome.result).collect();
    assert_eq!(results, [WriteResult::Unknown, WriteResult::NotTried, WriteResult::NotTried, WriteResult::NotTried]);
}

#[tokio::test(start_paused = true)]
async fn who_may_not_is_told_what_grants_it() {
    let mut stage = Stage::set();
    stage.api.faults(FaultPlan::none().on_write(0, Fault::Status(403)));
    let outcomes = stage.live().await;
    assert_eq!(outcomes[0].result, WriteResult::Hindered { obstacle: Obstacle::Forbidden, retry_after: 0 });
    let mut status = kube::core::Status::failure("cannot patch resource \"pods/resize\"", "Forbidden").with_code(403);
    status.details = None;
    let told = failure(kube::Error::Api(status.boxed()));
    assert!(told.message.contains("rbac.resize=true"), "{}", told.message);
}

/// Whatever goes wrong with the request: after a few fresh looks each pod is resized, once.
#[tokio::test(start_paused = true)]
async fn any_one_fault_is_healed_by_the_next_looks() {
    for fault in faults().iter().filter(|fault| !matches!(fault, Fault::Status(400 | 403 | 422))) {
        for index in 0..3 {
            let mut stage = Stage::set();
            stage.scene.enforcement.scale = None;
            stage.api.faults(FaultPlan::none().on_write(index, fault.clone()));
            for _ in 0..12 {
                stage.live().await;
                stage.api.revive();
                tokio::time::sleep(Duration::from_secs(15)).await;
                stage.scene.wait(10);
            }
            assert_eq!(stage.limits(), ["750m"; 6], "{fault:?} at {index}: {:?}", stage.scene.actions);
            let done = stage.scene.actions.iter().filter(|action| action.verb == Verb::Resize);
            let done = done.filter(|action| action.phase == ActionPhase::Done).count();
            assert_eq!((done, stage.scene.status.resize.unwrap().raised.len()), (6, 6), "{fault:?} at {index}");
        }
    }
}
