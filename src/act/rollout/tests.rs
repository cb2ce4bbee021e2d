//! Pause, rollback and release against a model of the API server: read, decide, write, and what others then find.

use std::time::Duration;

use guarantor_testbed::model::{ApiServer, Fault, FaultPlan};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams};
use kube::core::GroupVersionKind;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::act::tests::faults;
use crate::act::{Outcome, WriteResult, execute, outcome};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::api::{FIELD_MANAGER, ROLLOUT_ANNOTATION};
use crate::decide::Decision;
use crate::decide::tests::fixture::{Scene, at};
use crate::decide::tests::rollouts::{rolling_out, template, verb};
use crate::sense::workload::Revisions;
use crate::sense::workload::tests::{object, reader, web};

const DEPLOYMENTS: &str = "deployments.apps";

/// A Deployment whose rollout from `good` to `bad` goes on, and a burning service on it.
struct Stage {
    api: ApiServer,
    scene: Scene,
}

impl Stage {
    fn set() -> Self {
        let api = ApiServer::new();
        let mut scene = rolling_out();
        scene.agreement.namespace = "default".into();
        let rest = json!({
            "metadata": {"annotations": {"deployment.kubernetes.io/revision": "7"}},
            "spec": {"replicas": 6, "selector": {"matchLabels": {"app": "checkout"}}, "template": template("bad")},
            "status": {"observedGeneration": 1, "replicas": 6, "updatedReplicas": 2},
        });
        api.set_time(at(-9000));
        let stored = api.apply(object("apps/v1", "Deployment", "web", &rest)).unwrap();
        let uid = stored["metadata"]["uid"].as_str().unwrap().to_owned();
        set(&api, "good", "6", &uid);
        api.set_time(at(-300));
        set(&api, "bad", "7", &uid);
        set(&api, "stranger", "9", "another");
        for (index, pod) in scene.workload().pods.iter().enumerate() {
            let labels = json!({"app": "checkout", "pod-template-hash": pod.revision});
            api.set_time(pod.created.unwrap());
            let ready = json!([{"type": "Ready", "status": "True"}]);
            let rest = json!({
                "metadata": {"labels": labels}, "spec": {"nodeName": "a"},
                "status": {"phase": "Running", "conditions": ready},
            });
            api.apply(object("v1", "Pod", &format!("checkout-{index}"), &rest)).unwrap();
        }
        Self { api, scene }
    }

    async fn look(&mut self) {
        self.api
            .edit("kube-controller-manager", DEPLOYMENTS, "default", "web", |web| {
                web["status"]["observedGeneration"] = web["metadata"]["generation"].clone();
            })
            .unwrap();
        let reader = reader(&self.api);
        let mut seen = reader.read("default", &web(), self.scene.now).await.unwrap();
        reader.read_revisions("default", &mut seen).await;
        self.scene.workload = Ok(seen);
    }

    /// Reads, decides, writes the status, and acts.
    async fn live(&mut self) -> (Option<Verb>, Vec<Outcome>) {
        self.look().await;
        let decided = self.scene.decide();
        let verb = verb(&decided);
        self.scene.status = decided.enforcement;
        self.scene.actions = decided.actions;
        let outcomes = match decided.decision {
            Decision::Act(plan) => execute(&self.api.client(), soon(), plan).await,
            _ => Vec::new(),
        };
        outcome::enter(&outcomes, &mut self.scene.status, &mut self.scene.actions);
        self.scene.wait(60);
        (verb, outcomes)
    }

    fn stored(&self) -> Value {
        self.api.get(DEPLOYMENTS, "default", "web").unwrap()
    }

    fn has_entry(&self) -> bool {
        let entries = self.stored()["metadata"]["managedFields"].as_array().cloned().unwrap_or_default();
        entries.iter().any(|entry| entry["manager"] == FIELD_MANAGER)
    }

    /// Image, pause, and whether the annotation stands.
    fn seen(&self) -> (String, bool, bool) {
        let web = self.stored();
        let image = web["spec"]["template"]["spec"]["containers"][0]["image"].as_str().unwrap().to_owned();
        let marked = web["metadata"]["annotations"][ROLLOUT_ANNOTATION].is_string();
        (image, web["spec"]["paused"] == true, marked)
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(10)
}

fn set(api: &ApiServer, hash: &str, number: &str, owner: &str) {
    let mut with_hash = template(hash);
    with_hash["metadata"]["labels"]["pod-template-hash"] = hash.into();
    let rest = json!({
        "metadata": {
            "labels": {"app": "checkout", "pod-template-hash": hash},
            "annotations": {"deployment.kubernetes.io/revision": number},
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": owner, "controller": true},
            ],
        },
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "checkout"}}, "template": with_hash},
    });
    api.apply(object("apps/v1", "ReplicaSet", &format!("web-{hash}"), &rest)).unwrap();
}

fn seen(image: &str, paused: bool, marked: bool) -> (String, bool, bool) {
    (image.to_owned(), paused, marked)
}

#[tokio::test(start_paused = true)]
async fn the_revisions_are_those_the_deployment_owns_without_the_hash() {
    let mut stage = Stage::set();
    stage.look().await;
    let deployment = stage.scene.workload.as_ref().unwrap().deployment.clone().unwrap();
    let Revisions::Read(revisions) = &deployment.revisions else { panic!("{:?}", deployment.revisions) };
    let told: Vec<_> = revisions.iter().map(|one| (one.number, one.hash.as_str(), one.created)).collect();
    assert_eq!(told, [(6, "good", Some(at(-9000))), (7, "bad", Some(at(-300)))]);
    assert_eq!(revisions[0].template, template("good"));
    assert_eq!(deployment.in_force().map(|one| one.number), Some(7));
    stage.api.faults(FaultPlan::none().on_read(6, Fault::Status(403)));
    stage.look().await;
    let deployment = stage.scene.workload.as_ref().unwrap().deployment.clone().unwrap();
    assert!(matches!(deployment.revisions, Revisions::Unreadable(_)), "{:?}", deployment.revisions);
}

#[tokio::test(start_paused = true)]
async fn a_rollout_is_paused_and_undone_and_owned_by_nobody() {
    let mut stage = Stage::set();
    let (verb, outcomes) = stage.live().await;
    assert_eq!((verb, outcomes[0].result), (Some(Verb::PauseRollout), WriteResult::Done));
    assert_eq!((stage.seen(), stage.has_entry()), (seen("bad", true, true), false));
    let (verb, outcomes) = stage.live().await;
    assert_eq!((verb, outcomes[0].result), (Some(Verb::RollBack), WriteResult::Done), "{outcomes:?}");
    assert_eq!((stage.seen(), stage.has_entry()), (seen("good", false, true), false));
    assert_eq!(stage.stored()["spec"]["template"], template("good"), "the hash is the controller's");
}

#[tokio::test(start_paused = true)]
async fn no_deploy_of_the_owner_is_refused_because_of_us() {
    let mut stage = Stage::set();
    let kind = GroupVersionKind::gvk("apps", "v1", "Deployment");
    let resource = ApiResource::from_gvk_with_plural(&kind, "deployments");
    let api: Api<DynamicObject> = Api::namespaced_with(stage.api.link("helm").client(), "default", &resource);
    let manifest = |image: &str| {
        json!({
            "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
            "spec": {"template": template(image)},
        })
    };
    let forced = PatchParams::apply("helm").force();
    api.patch("web", &forced, &Patch::Apply(manifest("bad"))).await.unwrap();
    stage.live().await;
    assert_eq!(stage.live().await.0, Some(Verb::RollBack));
    api.patch("web", &PatchParams::apply("helm"), &Patch::Apply(manifest("fix"))).await.unwrap();
    assert_eq!(stage.seen().0, "fix");
}

#[tokio::test(start_paused = true)]
async fn what_changed_since_it_was_read_is_left_alone() {
    for rounds in [0, 1] {
        let mut stage = Stage::set();
        for _ in 0..rounds {
            stage.live().await;
        }
        stage.look().await;
        let Decision::Act(plan) = stage.scene.decide().decision else { panic!() };
        let (before, writes) = (stage.seen(), stage.api.writes().len());
        let edit = |web: &mut Value| web["metadata"]["labels"] = json!({"touched": "yes"});
        stage.api.edit("user", DEPLOYMENTS, "default", "web", edit).unwrap();
        let outcomes = execute(&stage.api.client(), soon(), plan).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "{}", outcomes[0].message);
        assert_eq!((stage.seen(), stage.api.writes().len()), (before.clone(), writes + 1), "no blind retry");

        stage.look().await;
        let Decision::Act(mut plan) = stage.scene.decide().decision else { panic!() };
        plan.steps[0].target.uid = "another".to_owned();
        let outcomes = execute(&stage.api.client(), soon(), plan).await;
        assert_eq!(outcomes[0].result, WriteResult::Conflict, "of the same name, and another one: {outcomes:?}");
        assert_eq!(stage.seen(), before);
        assert_eq!(stage.live().await.1[0].result, WriteResult::Done, "decided again on a fresh reading");
    }
}

/// Whatever goes wrong with whichever request: after a few fresh looks the revision is undone, once.
#[tokio::test(start_paused = true)]
async fn any_one_fault_is_healed_by_the_next_looks() {
    for fault in &faults() {
        // Pause, its entry; rollback, its entry.
        for index in 0..4 {
            let mut stage = Stage::set();
            if index >= 2 {
                stage.live().await;
            }
            stage.api.faults(FaultPlan::none().on_write(index % 2, fault.clone()));
            stage.live().await;
            stage.api.revive();
            stage.api.faults(FaultPlan::none());
            tokio::time::sleep(Duration::from_secs(30)).await;
            for _ in 0..4 {
                stage.live().await;
            }
            let case = format!("{fault:?} at {index}");
            assert_eq!(stage.seen(), seen("good", false, true), "{case}: {:?}", stage.scene.actions);
            let done = |record: &&crate::api::enforcement_status::ActionRecord| {
                record.verb == Verb::RollBack && record.phase == ActionPhase::Done
            };
            assert_eq!(stage.scene.actions.iter().filter(done).count(), 1, "{case}: {:?}", stage.scene.actions);
            assert_eq!(stage.scene.status.rollout.as_ref().unwrap().rollbacks.len(), 1, "{case}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_pause_is_taken_away_without_a_trace() {
    let mut stage = Stage::set();
    stage.live().await;
    stage.scene.enforcement.rollback = None;
    let (verb, outcomes) = stage.live().await;
    assert_eq!((verb, outcomes[0].result), (Some(Verb::ReleaseRollout), WriteResult::Done));
    assert_eq!((stage.seen(), stage.has_entry()), (seen("bad", false, false), false));
    assert_eq!(stage.live().await.0, None);
    let hand = stage.scene.status.rollout.unwrap();
    assert_eq!((hand.paused_at, hand.pauses.len()), (None, 1), "only that there was one is remembered");
}
