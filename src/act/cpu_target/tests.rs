//! The CPU target of an HPA against a model of the API server: read, decide, write, and what others then find.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::act::tests::faults;
use crate::act::{Outcome, WriteResult, execute, outcome};
use crate::api::enforcement::Mode;
use crate::api::{CPU_TARGET_ANNOTATION, FIELD_MANAGER};
use crate::decide::tests::cpu_targets::{aiming, bears};
use crate::decide::tests::fixture::Scene;
use crate::decide::{Admitted, Decision, Plan, Restoration, release_cpu_target};
use crate::sense::workload::cpu_target::PLURAL;
use crate::sense::workload::tests::{deployment, hpa, object, reader, web};

const HPAS: &str = "horizontalpodautoscalers.autoscaling";

/// An HPA that aims at so many percent of memory, and so many of CPU.
fn autoscaler(percent: i64) -> Value {
    let mut declared = hpa("web", "Deployment", "web");
    let metric = |name: &str, percent: i64| {
        let target = json!({"type": "Utilization", "averageUtilization": percent});
        json!({"type": "Resource", "resource": {"name": name, "target": target}})
    };
    declared["spec"]["metrics"] = json!([metric("memory", 85), metric("cpu", percent)]);
    declared
}

/// A calm service of six replicas under it.
struct Stage {
    api: ApiServer,
    scene: Scene,
}

impl Stage {
    fn set(declared: &Value) -> Self {
        let api = ApiServer::new();
        api.apply(deployment("web", 6)).unwrap();
        for index in 0..6 {
            let rest = json!({
                "metadata": {"labels": {"app": "web"}}, "spec": {"nodeName": "a"},
                "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
            });
            api.apply(object("v1", "Pod", &format!("web-{index}"), &rest)).unwrap();
        }
        api.apply(declared.clone()).unwrap();
        let mut scene = aiming(50, 80);
        scene.agreement.namespace = "default".into();
        Self { api, scene }
    }

    async fn look(&mut self) {
        let seen = reader(&self.api).read("default", &web(), self.scene.now).await;
        self.scene.workload = Ok(seen.unwrap());
    }

    async fn plan(&mut self) -> Plan<Admitted> {
        self.look().await;
        bears(&mut self.scene, 80, 80);
        let decided = self.scene.decide();
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        match decided.decision {
            Decision::Act(plan) => plan,
            other => panic!("{other:?}"),
        }
    }

    async fn execute(&mut self, plan: Plan<Admitted>) -> Vec<Outcome> {
        let outcomes = execute(&self.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        outcome::enter(&outcomes, &mut self.scene.status, &mut self.scene.actions);
        self.scene.wait(60);
        outcomes
    }

    /// Reads, decides, and acts if there is something to be done.
    async fn live(&mut self) -> Vec<WriteResult> {
        self.look().await;
        bears(&mut self.scene, 80, 80);
        let decided = self.scene.decide();
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        let Decision::Act(plan) = decided.decision else {
            self.scene.wait(60);
            return Vec::new();
        };
        self.execute(plan).await.into_iter().map(|outcome| outcome.result).collect()
    }

    fn stored(&self) -> Value {
        self.api.get(HPAS, "default", "web").unwrap()
    }

    fn percent(&self) -> i64 {
        let metrics = self.stored()["spec"]["metrics"].as_array().cloned().unwrap();
        let cpu = metrics.iter().find(|metric| metric["resource"]["name"] == "cpu").unwrap();
        cpu["resource"]["target"]["averageUtilization"].as_i64().unwrap()
    }

    fn annotation(&self) -> Option<Value> {
        let text = self.stored()["metadata"]["annotations"][CPU_TARGET_ANNOTATION].as_str().map(str::to_owned)?;
        serde_json::from_str(&text).ok()
    }

    fn has_entry(&self) -> bool {
        let entries = self.stored()["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry["manager"] == FIELD_MANAGER)
    }
}

#[tokio::test(start_paused = true)]
async fn a_target_is_set_and_given_back_without_a_trace() {
    let before = autoscaler(50);
    let mut annotated = autoscaler(50);
    annotated["metadata"]["annotations"] = json!({"team": "shop"});
    for declared in [before, annotated] {
        let mut stage = Stage::set(&declared);
        assert_eq!(stage.live().await, [WriteResult::Done]);
        assert_eq!((stage.percent(), stage.has_entry()), (60, false));
        let mark = stage.annotation().unwrap();
        assert_eq!((&mark["agreement"], &mark["before"], &mark["value"]), (&json!("checkout"), &json!(50), &json!(60)));
        assert_eq!(stage.stored()["spec"]["metrics"][0], declared["spec"]["metrics"][0], "nothing else is touched");
        stage.scene.enforcement.mode = Mode::Recommend;
        assert_eq!(stage.live().await, [WriteResult::Done]);
        assert_eq!((stage.percent(), stage.annotation(), stage.has_entry()), (50, None, false));
        assert_eq!(stage.stored()["spec"]["metrics"], declared["spec"]["metrics"]);
        assert_eq!(stage.live().await, []);
    }
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_it_was_read_is_not_overwritten() {
    type Edit = fn(&mut Value);
    let cases: [(&str, Edit); 4] = [
        ("a label", |hpa| hpa["metadata"]["labels"] = json!({"touched": "yes"})),
        ("the order", |hpa| hpa["spec"]["metrics"].as_array_mut().unwrap().reverse()),
        ("the target", |hpa| hpa["spec"]["metrics"][1]["resource"]["target"]["averageUtilization"] = json!(55)),
        ("its type", |hpa| {
            hpa["spec"]["metrics"][1]["resource"]["target"] = json!({"type": "AverageValue", "averageValue": "1"});
        }),
    ];
    for (what, edit) in cases {
        let mut stage = Stage::set(&autoscaler(50));
        let mut plan = stage.plan().await;
        stage.api.edit("user", HPAS, "default", "web", edit).unwrap();
        let (theirs, version) = (stage.stored(), stage.stored()["metadata"]["resourceVersion"].clone());
        let outcomes = execute(&stage.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "{what}: {}", outcomes[0].message);
        assert_eq!(stage.stored(), theirs, "{what}");
        if what == "a label" {
            continue;
        }
        // The tests suffice, whatever the version says.
        let mut stage = Stage::set(&autoscaler(50));
        plan = stage.plan().await;
        stage.api.edit("user", HPAS, "default", "web", edit).unwrap();
        let theirs = stage.stored();
        plan.steps[0].resource_version = theirs["metadata"]["resourceVersion"].as_str().unwrap().to_owned();
        let outcomes = execute(&stage.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "{what}: {}", outcomes[0].message);
        assert_eq!(stage.stored(), theirs, "{what}");
        assert!(!version.is_null());
    }
}

#[tokio::test(start_paused = true)]
async fn a_deploy_of_the_owner_is_not_refused_because_of_us_and_wins() {
    let declared = autoscaler(50);
    let mut stage = Stage::set(&declared);
    let kind = GroupVersionKind::gvk("autoscaling", "v2", "HorizontalPodAutoscaler");
    let resource = ApiResource::from_gvk_with_plural(&kind, PLURAL);
    let api: Api<DynamicObject> = Api::namespaced_with(stage.api.link("helm").client(), "default", &resource);
    api.patch("web", &PatchParams::apply("helm").force(), &Patch::Apply(&declared)).await.unwrap();
    assert_eq!(stage.live().await, [WriteResult::Done]);
    assert_eq!(stage.percent(), 60);
    api.patch("web", &PatchParams::apply("helm"), &Patch::Apply(&declared)).await.unwrap();
    assert_eq!(stage.percent(), 50, "helm's value stands again");
    assert_eq!(stage.live().await, [WriteResult::Done]);
    assert_eq!((stage.percent(), stage.annotation()), (50, None), "what is theirs stays, and the mark goes");
    let changed = stage.scene.status.cpu_target.as_ref().unwrap().changed.clone().unwrap();
    assert_eq!((changed.to, changed.by.as_deref()), (Some(50), Some("helm")));
}

/// Whatever goes wrong with whichever request: after a fresh look everything is in order, and what was declared comes back.
#[tokio::test(start_paused = true)]
async fn any_one_fault_is_healed_by_the_next_looks() {
    for fault in &faults() {
        for index in 0..6 {
            let mut stage = Stage::set(&autoscaler(50));
            if index >= 3 {
                stage.live().await;
                stage.scene.enforcement.mode = Mode::Recommend;
            }
            stage.look().await;
            stage.api.faults(FaultPlan::none().on_write(index % 3, fault.clone()));
            let case = format!("{fault:?} at {index}");
            let outcomes = stage.live().await;
            if matches!(fault, Fault::TimeoutAfterCommit) && index % 3 == 0 {
                assert_eq!(outcomes, [WriteResult::Unknown], "{case}");
            }
            stage.api.revive();
            stage.api.faults(FaultPlan::none());
            tokio::time::sleep(Duration::from_secs(30)).await;
            stage.scene.enforcement.mode = Mode::Enforce;
            for _ in 0..3 {
                stage.live().await;
            }
            let target = stage.scene.status.cpu_target.as_ref();
            let standing = target.and_then(|target| target.standing.as_ref());
            assert!(standing.is_none_or(|standing| standing.baseline == 50), "{case}: {target:?}");
            assert!(target.is_none_or(|target| target.changed.is_none()), "{case}: {target:?}");
            stage.scene.enforcement.mode = Mode::Recommend;
            for _ in 0..4 {
                stage.live().await;
            }
            assert_eq!((stage.percent(), stage.annotation()), (50, None), "{case}: {:?}", stage.scene.actions);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_agreement_gives_back_what_its_status_does_not_know_of() {
    let mut stage = Stage::set(&autoscaler(50));
    stage.live().await;
    stage.look().await;
    let seen = stage.scene.workload.as_ref().unwrap().cpu_target.clone();
    let Restoration::Act(plan) = release_cpu_target(&stage.scene.agreement, None, seen.as_ref(), true, stage.scene.now)
    else {
        panic!("{seen:?}")
    };
    stage.execute(plan).await;
    assert_eq!((stage.percent(), stage.annotation(), stage.has_entry()), (50, None, false));
}
