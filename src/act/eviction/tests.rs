//! Evictions against a model of the API server, and what each of its answers means.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan};
use kube::core::response::{StatusCause, StatusDetails};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::*;
use crate::act::tests::faults;
use crate::act::{Outcome, execute, outcome};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::Decision;
use crate::decide::tests::evacuation;
use crate::decide::tests::fixture::Scene;
use crate::decide::tests::moves::{self, verb};

fn answer(code: u16, message: &str, cause: &str, retry_after_seconds: u32) -> WriteResult {
    let mut status = Status::failure(message, "").with_code(code);
    status.details = Some(StatusDetails {
        name: String::new(),
        group: String::new(),
        kind: String::new(),
        uid: String::new(),
        causes: vec![StatusCause { reason: cause.to_owned(), message: String::new(), field: String::new() }],
        retry_after_seconds,
    });
    refused(&status).result
}

#[test]
fn every_answer_means_what_it_says_of_the_pod() {
    let hindered = |obstacle, retry_after| WriteResult::Hindered { obstacle, retry_after };
    let several = "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.";
    for (code, message, cause, retry_after, expected) in [
        (429, "", DISRUPTION_BUDGET, 0, hindered(Obstacle::DisruptionBudget, 0)),
        (429, "", DISRUPTION_BUDGET, 10, hindered(Obstacle::DisruptionBudget, 10)),
        (429, "", "", 7, hindered(Obstacle::Busy, 7)),
        (500, several, "", 0, hindered(Obstacle::SeveralBudgets, 0)),
        (500, "etcdserver: leader changed", "", 0, WriteResult::Unknown),
        (504, "", "", 0, WriteResult::Unknown),
        (404, "", "", 0, hindered(Obstacle::Changed, 0)),
        (409, "", "", 0, hindered(Obstacle::Changed, 0)),
        (403, "", "", 0, hindered(Obstacle::Forbidden, 0)),
        (400, "", "", 0, hindered(Obstacle::Forbidden, 0)),
        (422, "", "", 0, hindered(Obstacle::Forbidden, 0)),
    ] {
        assert_eq!(answer(code, message, cause, retry_after), expected, "{code} {message} {cause}");
    }
}

/// Seven pods of which the first is sick and is to be evicted, under a budget that lets one go.
struct Stage {
    api: ApiServer,
    scene: Scene,
}

impl Stage {
    fn set() -> Self {
        Self::of(moves::surged(), 6)
    }

    /// This one, under a budget that wants so many healthy pods.
    fn of(mut scene: Scene, healthy: i32) -> Self {
        let api = ApiServer::new();
        for pod in &mut scene.workload().pods {
            let stored = api.apply(object(&pod.name)).unwrap();
            stored["metadata"]["uid"].as_str().unwrap().clone_into(&mut pod.uid);
        }
        let budget = json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web", "namespace": "shop"},
            "spec": {"minAvailable": healthy, "selector": {"matchLabels": {"app": "checkout"}}},
        });
        api.apply(budget).unwrap();
        api.disruption_step();
        Self { api, scene }
    }

    /// Decides, writes the status, and acts.
    async fn live(&mut self) -> Vec<Outcome> {
        moves::fail(&mut self.scene, &["checkout-0"]);
        let pods = self.api.list("pods");
        let there = |name: &str| pods.iter().any(|pod| pod["metadata"]["name"] == name);
        self.scene.workload().pods.retain(|pod| there(&pod.name));
        let decided = self.scene.decide();
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        let outcomes = match decided.decision {
            Decision::Act(plan) => execute(&self.api.client(), soon(), plan).await,
            _ => Vec::new(),
        };
        outcome::enter(&outcomes, &mut self.scene.status, &mut self.scene.actions);
        self.scene.wait(15);
        self.api.disruption_step();
        outcomes
    }

    fn allowed(&self) -> Value {
        let budget = self.api.get("poddisruptionbudgets.policy", "shop", "web").unwrap();
        budget["status"]["disruptionsAllowed"].clone()
    }

    fn is_there(&self) -> bool {
        self.api.get("pods", "shop", "checkout-0").is_some()
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn object(name: &str) -> Value {
    json!({
        "apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": name, "namespace": "shop", "labels": {"app": "checkout"}},
        "spec": {"nodeName": "a", "containers": [{"name": "web"}]},
        "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
    })
}

#[tokio::test(start_paused = true)]
async fn a_pod_is_evicted_by_its_uid() {
    let mut stage = Stage::set();
    let outcomes = stage.live().await;
    assert_eq!((outcomes[0].result, outcomes[0].message.as_str()), (WriteResult::Done, ""));
    assert!(!stage.is_there());
    let asked = stage.api.writes();
    assert_eq!(asked.iter().map(|write| write.dry_run).collect::<Vec<_>>(), [true, false]);
    assert!(asked.iter().all(|write| write.subresource == "eviction"), "never a deletion");
    assert!(asked.iter().all(|write| write.strict), "a precondition that is misspelt is refused, and not dropped");
}

#[tokio::test(start_paused = true)]
async fn another_pod_of_that_name_stays_and_charges_no_budget() {
    let stage = Stage::set();
    let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
    stage.api.delete("pods", "shop", "checkout-0").unwrap();
    stage.api.apply(object("checkout-0")).unwrap();
    let outcomes = execute(&stage.api.client(), soon(), plan).await;
    assert_eq!(outcomes[0].result, WriteResult::Hindered { obstacle: Obstacle::Changed, retry_after: 0 });
    assert!(outcomes[0].message.contains("another pod"), "{}", outcomes[0].message);
    assert_eq!((stage.is_there(), stage.allowed(), stage.api.writes().len()), (true, json!(1), 1), "nothing more");
}

#[tokio::test(start_paused = true)]
async fn a_pod_that_is_gone_is_said_to_be() {
    let stage = Stage::set();
    let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
    stage.api.delete("pods", "shop", "checkout-0").unwrap();
    let outcomes = execute(&stage.api.client(), soon(), plan).await;
    assert!(outcomes[0].message.contains("the pod is gone"), "{}", outcomes[0].message);
}

#[tokio::test(start_paused = true)]
async fn accident_15_what_a_budget_refuses_is_asked_again_or_deleted() {
    let mut stage = Stage::set();
    let more = |budget: &mut Value| budget["spec"]["minAvailable"] = json!(7);
    stage.api.edit("user", "poddisruptionbudgets.policy", "shop", "web", more).unwrap();
    stage.api.disruption_step();
    let outcomes = stage.live().await;
    assert_eq!(outcomes[0].result, WriteResult::Hindered { obstacle: Obstacle::DisruptionBudget, retry_after: 0 });
    assert!(outcomes[0].message.contains("budget web needs 7 healthy pods"), "{}", outcomes[0].message);
    assert_eq!((stage.is_there(), stage.api.writes().len()), (true, 1));
    let hindered = stage.scene.status.reschedule.as_ref().unwrap().hindered.as_ref().unwrap();
    assert_eq!((hindered.obstacle, hindered.tries), (Obstacle::DisruptionBudget, 1));
}

#[tokio::test(start_paused = true)]
async fn accident_15_a_budget_refuses_the_second_of_those_that_go_together() {
    // Twenty-one pods, of which three are to go.
    let mut stage = Stage::of(evacuation::ready(3), 20);
    let decided = stage.scene.decide();
    (stage.scene.status, stage.scene.actions) = (decided.enforcement, decided.actions);
    let Decision::Act(plan) = decided.decision else { panic!("{:?}", decided.decision) };
    let outcomes = execute(&stage.api.client(), soon(), plan).await;
    let refused = WriteResult::Hindered { obstacle: Obstacle::DisruptionBudget, retry_after: 0 };
    let results: Vec<WriteResult> = outcomes.iter().map(|outcome| outcome.result).collect();
    assert_eq!(results, [WriteResult::Done, refused, WriteResult::NotTried]);
    let there = |name: &str| stage.api.get("pods", "shop", name).is_some();
    assert_eq!(["checkout-0", "checkout-1", "checkout-2"].map(there), [false, true, true]);

    outcome::enter(&outcomes, &mut stage.scene.status, &mut stage.scene.actions);
    let moved = stage.scene.status.reschedule.as_ref().unwrap();
    let counted: Vec<&str> = moved.evictions.iter().map(|eviction| eviction.pod.as_str()).collect();
    assert_eq!(counted, ["checkout-0"], "what did not go is not counted");
    let hindered = moved.hindered.as_ref().unwrap();
    assert_eq!(
        (hindered.pod.as_str(), hindered.obstacle, hindered.tries),
        ("checkout-1", Obstacle::DisruptionBudget, 1)
    );
    assert!(hindered.message.contains("budget web needs 20 healthy pods"), "{}", hindered.message);
    let hold = outcome::hold(&outcomes, &stage.scene.status, &stage.scene.actions).unwrap();
    assert!(hold.message.contains("checkout-1"), "{}", hold.message);
    let hindered = stage.scene.decide().enforcement.reschedule.unwrap().hindered;
    assert_eq!(
        hindered.map(|hindered| hindered.pod).as_deref(),
        Some("checkout-1"),
        "the one that went changes nothing"
    );
    let phases: Vec<ActionPhase> = stage.scene.actions.iter().take(3).map(|action| action.phase).collect();
    assert_eq!(phases, [ActionPhase::Done, ActionPhase::Refused, ActionPhase::Refused]);
}

/// Whatever goes wrong with whichever request: after a few fresh looks the pod is evicted, once.
#[tokio::test(start_paused = true)]
async fn any_one_fault_is_healed_by_the_next_looks() {
    for fault in &faults() {
        for index in 0..2 {
            let mut stage = Stage::set();
            stage.api.faults(FaultPlan::none().on_write(index, fault.clone()));
            stage.live().await;
            stage.api.revive();
            stage.api.faults(FaultPlan::none());
            for _ in 0..8 {
                tokio::time::sleep(Duration::from_secs(15)).await;
                stage.live().await;
            }
            let case = format!("{fault:?} at {index}");
            let evictions = stage.scene.actions.iter().filter(|action| action.verb == Verb::Reschedule);
            let phases: Vec<_> = evictions.map(|action| action.phase).collect();
            assert_eq!(
                (stage.is_there(), phases),
                (false, vec![ActionPhase::Done]),
                "{case}: {:?}",
                stage.scene.actions
            );
            let moved = stage.scene.status.reschedule.clone().unwrap();
            assert_eq!((moved.evictions.len(), moved.hindered), (1, None), "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_dry_run_without_an_answer_changes_nothing() {
    let mut stage = Stage::set();
    stage.api.faults(FaultPlan::none().on_write(0, Fault::TimeoutAfterCommit));
    let outcomes = stage.live().await;
    assert_eq!(outcomes[0].result, WriteResult::Hindered { obstacle: Obstacle::Busy, retry_after: 0 });
    assert!(stage.is_there() && stage.allowed() == json!(1));
    assert_eq!(verb(&stage.scene.decide()), Some(Verb::Reschedule), "tried again");
}
