//! Acting against a model of the API server: read, decide, write, and what others then find.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};

use super::*;
use crate::api::agreement::WorkloadRef;
use crate::api::enforcement::{Mode, ScaleBounds};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::api::{BASELINE_ANNOTATION, FIELD_MANAGER};
use crate::decide::tests::fixture::{Scene, act as verb_of};
use crate::decide::{Decision, Restoration, restore};
use crate::sense::workload::tests::{
    deployment, hpa, install_farm, install_keda, object, reader, scaled_object, web, workload,
};
use crate::sense::workload::{FloorHolder, scaled_object as keda};

const HPAS: &str = "horizontalpodautoscalers.autoscaling";
const OBJECTS: &str = "scaledobjects.keda.sh";
const DEPLOYMENTS: &str = "deployments.apps";
const FARMS: &str = "farms.example.com";

/// Where a floor is held in a test.
#[derive(Clone, Copy, Debug)]
struct Place {
    resource: &'static str,
    field: &'static str,
    before: Option<i64>,
}

/// What can go wrong with a request.
pub(super) fn faults() -> [Fault; 11] {
    [
        Fault::Status(409),
        Fault::Status(422),
        Fault::Status(429),
        Fault::Status(500),
        Fault::Status(503),
        Fault::TimeoutBeforeCommit,
        Fault::TimeoutAfterCommit,
        Fault::CrashAfterCommit,
        Fault::Crash,
        Fault::TruncatedBody,
        Fault::LateCommit(Duration::from_secs(5)),
    ]
}

const PLACES: [Place; 4] = [
    Place { resource: HPAS, field: "/spec/minReplicas", before: Some(3) },
    Place { resource: OBJECTS, field: "/spec/minReplicaCount", before: None },
    Place { resource: DEPLOYMENTS, field: "/spec/replicas", before: Some(6) },
    Place { resource: FARMS, field: "/spec/size", before: Some(6) },
];

/// A burning service of six replicas on a server, its floor held in `place`.
struct Stage {
    api: ApiServer,
    place: Place,
    scene: Scene,
}

impl Stage {
    fn set(place: Place) -> Self {
        let api = ApiServer::new();
        install_keda(&api);
        install_farm(&api);
        let farm = json!({"spec": {"size": 6}, "status": {"size": 6, "selector": "app=web"}});
        match place.resource {
            FARMS => api.apply(object("example.com/v1", "Farm", "web", &farm)).unwrap(),
            _ => api.apply(deployment("web", 6)).unwrap(),
        };
        match place.resource {
            HPAS => _ = api.apply(hpa("web", "Deployment", "web")).unwrap(),
            OBJECTS => _ = api.apply(scaled_object("web", &json!({"name": "web"}))).unwrap(),
            _ => {}
        }
        let mut scene = Scene::burning();
        scene.agreement.namespace = "default".into();
        scene.enforcement.scale = Some(ScaleBounds { min: 1, max: 15, connections: None });
        Self { api, place, scene }
    }

    fn workload(&self) -> WorkloadRef {
        if self.place.resource == FARMS { workload("example.com/v1", "Farm", "web") } else { web() }
    }

    async fn look(&mut self) {
        if self.place.resource == DEPLOYMENTS {
            self.api
                .edit("kube-controller-manager", DEPLOYMENTS, "default", "web", |web| {
                    web["status"]["observedGeneration"] = web["metadata"]["generation"].clone();
                })
                .unwrap();
        }
        let seen = reader(&self.api).read("default", &self.workload(), self.scene.now).await;
        self.scene.workload = Ok(seen.unwrap());
    }

    /// Reads, decides, writes the status, and acts.
    async fn live(&mut self) -> Vec<Outcome> {
        self.look().await;
        let decided = self.scene.decide();
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        let Decision::Act(plan) = decided.decision else { return Vec::new() };
        let until = Instant::now() + Duration::from_secs(10);
        let outcomes = execute(&self.api.client(), until, plan).await;
        outcome::enter(&outcomes, &mut self.scene.status, &mut self.scene.actions);
        self.scene.wait(60);
        outcomes
    }

    fn stored(&self) -> Value {
        self.api.get(self.place.resource, "default", "web").unwrap()
    }

    fn value(&self) -> Option<i64> {
        self.stored().pointer(self.place.field).and_then(Value::as_i64)
    }

    fn annotation(&self) -> Option<String> {
        self.stored()["metadata"]["annotations"][BASELINE_ANNOTATION].as_str().map(str::to_owned)
    }

    fn has_entry(&self) -> bool {
        let entries = self.stored()["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry["manager"] == FIELD_MANAGER)
    }

    /// The floor is given back on the user's word.
    async fn hand_back(&mut self) -> Vec<Outcome> {
        self.scene.enforcement.mode = Mode::Recommend;
        self.live().await
    }
}

fn results(outcomes: &[Outcome]) -> Vec<WriteResult> {
    outcomes.iter().map(|outcome| outcome.result).collect()
}

#[tokio::test(start_paused = true)]
async fn a_floor_is_raised_and_given_back_without_a_trace() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        let first = stage.live().await;
        assert_eq!((results(&first), first[0].message.as_str()), (vec![WriteResult::Done], ""), "{place:?}");
        let text = json!({"agreement": "checkout", "replicas": place.before}).to_string();
        assert_eq!(stage.annotation(), Some(text), "{place:?}");
        assert!(stage.value() > place.before && !stage.has_entry(), "{place:?}");
        assert_eq!(stage.scene.actions[0].phase, ActionPhase::Done);
        let back = stage.hand_back().await;
        assert_eq!((results(&back), back[0].message.as_str()), (vec![WriteResult::Done], ""), "{place:?}");
        assert_eq!((stage.value(), stage.annotation(), stage.has_entry()), (place.before, None, false), "{place:?}");
        assert_eq!(stage.scene.status.floor, None);
        stage.look().await;
        assert_eq!(verb_of(&stage.scene.decide()), None);
    }
}

#[tokio::test(start_paused = true)]
async fn accident_11_a_deploy_of_the_owner_is_refused_because_of_us() {
    let kind = GroupVersionKind::gvk("autoscaling", "v2", "HorizontalPodAutoscaler");
    let stored = |place: Place| match place.resource {
        HPAS => (hpa("web", "Deployment", "web"), ApiResource::from_gvk_with_plural(&kind, FloorKind::Hpa.plural())),
        OBJECTS => {
            let mut object = scaled_object("web", &json!({"name": "web"}));
            object["spec"]["minReplicaCount"] = json!(2);
            (object, keda::resource())
        }
        _ => {
            let mut object = deployment("web", 6);
            object.as_object_mut().unwrap().remove("status");
            (object, kube::api::ApiResource::erase::<k8s_openapi::api::apps::v1::Deployment>(&()))
        }
    };
    for place in PLACES.into_iter().take(3) {
        let mut stage = Stage::set(place);
        let (manifest, resource) = stored(place);
        let client = stage.api.link("helm").client();
        let api: Api<DynamicObject> = Api::namespaced_with(client, "default", &resource);
        let upgrade = async || api.patch("web", &PatchParams::apply("helm"), &Patch::Apply(&manifest)).await;
        // The test's own entry would conflict with helm's.
        let forced = PatchParams::apply("helm").force();
        api.patch("web", &forced, &Patch::Apply(&manifest)).await.unwrap();
        assert_eq!(results(&stage.live().await), [WriteResult::Done], "{place:?}");
        let raised = stage.value();
        upgrade().await.unwrap_or_else(|error| panic!("{place:?}: {error}"));
        assert!(stage.value() < raised, "helm's value stands again");
        stage.scene.wait(60);
        stage.look().await;
        let decided = stage.scene.decide();
        assert_eq!(decided.hints.reset.and_then(|reset| reset.by).as_deref(), Some("helm"), "{place:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn accident_19_what_changed_since_it_was_read_is_overwritten() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        stage.look().await;
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        let edit = |object: &mut Value| object["metadata"]["labels"] = json!({"touched": "yes"});
        stage.api.edit("user", place.resource, "default", "web", edit).unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        let outcomes = execute(&stage.api.client(), until, plan).await;
        assert_eq!(results(&outcomes), [WriteResult::Conflict], "{place:?}: {}", outcomes[0].message);
        assert_eq!((stage.value(), stage.annotation()), (place.before, None));
        assert_eq!(stage.api.writes().len(), 1, "no blind retry");
        assert_eq!(results(&stage.live().await), [WriteResult::Done], "decided again on a fresh reading");
    }
}

#[tokio::test(start_paused = true)]
async fn accident_19_another_object_of_the_same_name_is_taken_for_the_one_that_was_read() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        stage.look().await;
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        let manifest = stage.stored();
        stage.api.delete(place.resource, "default", "web").unwrap();
        let outcomes = execute(&stage.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(results(&outcomes), [WriteResult::Conflict], "{place:?}");
        assert_eq!(stage.api.get(place.resource, "default", "web"), None, "and none is created");

        let mut stage = Stage::set(place);
        stage.look().await;
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        stage.api.delete(place.resource, "default", "web").unwrap();
        let mut again = manifest;
        for field in ["uid", "resourceVersion", "managedFields", "creationTimestamp"] {
            again["metadata"].as_object_mut().unwrap().remove(field);
        }
        stage.api.apply(again).unwrap();
        let outcomes = execute(&stage.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(results(&outcomes), [WriteResult::Conflict], "{place:?}");
        assert_eq!((stage.value(), stage.annotation()), (place.before, None));

        // The uid suffices, whatever the version says.
        let mut stage = Stage::set(place);
        stage.look().await;
        let Decision::Act(mut plan) = stage.scene.decide().decision else { panic!() };
        plan.steps[0].target.uid = "another".to_owned();
        let outcomes = execute(&stage.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(results(&outcomes), [WriteResult::Conflict], "{place:?}");
        assert_eq!((stage.value(), stage.annotation()), (place.before, None));
    }
}

/// Whatever goes wrong with whichever request: after a fresh look everything is in order, the baseline is the owner's
/// value, and it comes back.
#[tokio::test(start_paused = true)]
async fn any_one_fault_is_healed_by_the_next_looks() {
    for place in PLACES {
        for fault in &faults() {
            for index in 0..8 {
                let mut stage = Stage::set(place);
                if index >= 4 {
                    stage.live().await;
                }
                stage.look().await;
                stage.api.faults(FaultPlan::none().on_write(index % 4, fault.clone()));
                let case = format!("{place:?} {fault:?} at {index}");
                let outcomes = if index >= 4 { stage.hand_back().await } else { stage.live().await };
                if matches!(fault, Fault::TimeoutAfterCommit) && index % 4 == 0 {
                    assert_eq!(results(&outcomes), [WriteResult::Unknown], "{case}");
                }
                stage.api.revive();
                stage.api.faults(FaultPlan::none());
                tokio::time::sleep(Duration::from_secs(30)).await;
                for _ in 0..4 {
                    stage.live().await;
                    let floor = stage.scene.status.floor.as_ref();
                    assert!(
                        floor.is_none_or(|floor| Some(i64::from(floor.baseline)) == place.before.or(Some(0))),
                        "{case}"
                    );
                }
                for _ in 0..4 {
                    stage.hand_back().await;
                }
                let seen = (stage.value(), stage.annotation());
                assert_eq!(seen, (place.before, None), "{case}: {:?}", stage.scene.actions);
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_entry_that_was_left_is_given_up_later() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        let strip = if place.resource == DEPLOYMENTS || place.resource == FARMS { 2 } else { 1 };
        let plan = (strip..8).fold(FaultPlan::none(), |plan, index| plan.on_write(index, Fault::Status(409)));
        stage.api.faults(plan);
        let outcomes = stage.live().await;
        assert_eq!(results(&outcomes), [WriteResult::Done]);
        assert!(outcomes[0].message.contains("managedFields"), "{place:?}: {}", outcomes[0].message);
        stage.api.faults(FaultPlan::none());
        stage.look().await;
        let floor = stage.scene.workload.as_ref().unwrap().floor.floor().cloned().unwrap();
        assert!(floor.entry_left && stage.has_entry(), "{place:?}");
        let value = stage.value();
        let until = Instant::now() + Duration::from_secs(10);
        give_up_ownership(&stage.api.client(), until, "default", &floor.target, floor.kind.plural()).await.unwrap();
        assert!(!stage.has_entry() && stage.value() == value && stage.annotation().is_some(), "{place:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_the_permit_has_ended() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        stage.look().await;
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        let before = stage.api.writes().len();
        let outcomes = execute(&stage.api.client(), Instant::now(), plan).await;
        assert_eq!(results(&outcomes), [WriteResult::NotTried]);
        assert_eq!((stage.api.writes().len(), stage.value()), (before, place.before));

        let mut stage = Stage::set(place);
        stage.look().await;
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        stage.api.faults(FaultPlan::none().on_write(0, Fault::Slow(Duration::from_secs(3))));
        let start = Instant::now();
        let outcomes = execute(&stage.api.client(), start + Duration::from_secs(1), plan).await;
        assert_eq!(results(&outcomes), [WriteResult::Unknown]);
        assert!(start.elapsed() <= Duration::from_millis(1100), "given up at the permit's end, on tokio's clock");
    }
}

#[tokio::test(start_paused = true)]
async fn accident_22_a_changed_value_stands_without_its_baseline() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        stage.live().await;
        stage.hand_back().await;
        for state in stage.api.history(place.resource, "default", "web") {
            let value = state.pointer(place.field).and_then(Value::as_i64);
            let annotated =
                state.pointer("/metadata/annotations").is_some_and(|all| all.get(BASELINE_ANNOTATION).is_some());
            assert!(annotated || value == place.before, "{place:?}: {value:?} without a baseline");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_deleted_agreement_gives_back_what_its_status_does_not_know_of() {
    for place in PLACES {
        let mut stage = Stage::set(place);
        stage.live().await;
        stage.look().await;
        let floor = stage.scene.workload.as_ref().unwrap().floor.floor().cloned();
        let nothing = crate::api::enforcement_status::EnforcementStatus::default();
        let Restoration::Act(plan) =
            restore(&stage.scene.agreement, &nothing, &[], floor.as_ref(), true, Timestamp::UNIX_EPOCH)
        else {
            panic!("{place:?}")
        };
        let outcomes = execute(&stage.api.client(), Instant::now() + Duration::from_secs(10), plan).await;
        assert_eq!(results(&outcomes), [WriteResult::Done]);
        assert_eq!((stage.value(), stage.annotation()), (place.before, None), "{place:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_autoscaler_follows_the_floor() {
    let mut stage = Stage::set(PLACES[0]);
    for _ in 0..2 {
        stage.live().await;
        stage.api.hpa_step();
        stage.api.workload_step(|_| 100);
    }
    stage.look().await;
    let seen = stage.scene.workload.as_ref().unwrap();
    assert!(matches!(&seen.floor, FloorHolder::Hpa(floor) if floor.current == 8));
    assert_eq!(seen.spec_replicas, 8);
    assert_eq!(stage.scene.actions[0].verb, Verb::RaiseFloor);
}
