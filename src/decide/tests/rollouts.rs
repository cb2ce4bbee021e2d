//! A Deployment with a bad revision, and a controller that follows what is written to it.

use serde_json::{Value, json};

use super::fixture::{Scene, at, by_pod};
use crate::api::enforcement::Rollback;
use crate::api::enforcement_status::{ActionTarget, Verb};
use crate::decide::{Decided, Decision, MarkChange, RolloutChange, RolloutWrite, Step};
use crate::sense::workload::{DeploymentState, Mark, Revision, Revisions, Rollout, Surge};

pub(crate) fn template(image: &str) -> Value {
    json!({"metadata": {"labels": {"app": "checkout"}}, "spec": {"containers": [{"name": "web", "image": image}]}})
}

/// A revision whose image is called as its hash.
pub(crate) fn revision(number: i32, hash: &str, created: i64) -> Revision {
    Revision {
        number,
        hash: hash.to_owned(),
        created: Some(at(created)),
        again: false,
        replicas: 1,
        ready: 1,
        template: template(hash),
    }
}

/// Revision 7, `bad`, came five minutes ago in place of 6, `good`, which had served for hours.
pub(crate) fn deployment() -> DeploymentState {
    DeploymentState {
        target: ActionTarget {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: "checkout".into(),
            uid: "workload-uid".into(),
        },
        resource_version: "5".into(),
        paused: false,
        paused_by: None,
        mark: Mark::None,
        annotated: true,
        entry_left: false,
        history_limit: 10,
        surge: Surge::Percent(25),
        template: template("bad"),
        revisions: Revisions::Read(vec![revision(6, "good", -9000), revision(7, "bad", -300)]),
    }
}

/// A rollout is going on: two of six pods are of the bad revision, and fail every other request.
pub(crate) fn rolling_out() -> Scene {
    let mut scene = Scene::burning();
    scene.enforcement.rollback = Some(Rollback::default());
    // The floor stands where it is to be kept, so that nothing else is to be done.
    scene.floor().current = 6;
    scene.workload().deployment = Some(deployment());
    scene.workload().rollout = Rollout::InProgress;
    scene.signals = by_pod(&[(600, 300), (600, 300), (600, 1), (600, 1), (600, 1), (600, 1)]);
    for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
        let (hash, created) = if index < 2 { ("bad", -250) } else { ("good", -9000) };
        (pod.revision, pod.created) = (Some(hash.into()), Some(at(created)));
    }
    scene
}

/// The rollout is through: every pod is of the bad revision, and was good before.
pub(crate) fn rolled_out() -> Scene {
    let mut scene = rolling_out();
    scene.workload().rollout = Rollout::Complete;
    scene.workload().rolled_out_at = Some(at(-100));
    (scene.signals, scene.before) = (by_pod(&[(600, 150); 6]), by_pod(&[(600, 1); 6]));
    for pod in &mut scene.workload().pods {
        (pod.revision, pod.created) = (Some("bad".into()), Some(at(-250)));
    }
    scene
}

pub(crate) fn of(scene: &mut Scene) -> &mut DeploymentState {
    scene.workload().deployment.as_mut().unwrap()
}

/// The verb on the rollout that is to be done; `None`: none.
pub(crate) fn verb(decided: &Decided) -> Option<Verb> {
    match &decided.decision {
        Decision::Act(plan) => plan.steps[0].rollout().map(|_| plan.steps[0].verb),
        _ => None,
    }
}

/// The API server takes the write, and the controller looks at it.
pub(crate) fn write(scene: &mut Scene, step: &Step, change: &RolloutChange) {
    let deployment = of(scene);
    assert_eq!(step.resource_version, deployment.resource_version, "a precondition");
    deployment.resource_version.push('1');
    deployment.mark = match &change.mark {
        MarkChange::Record(record) => Mark::Recorded(record.clone()),
        MarkChange::Remove => Mark::None,
    };
    match &change.write {
        RolloutWrite::Pause => deployment.paused = true,
        RolloutWrite::Resume => deployment.paused = false,
        RolloutWrite::Template(template) => {
            (deployment.paused, deployment.template) = (false, template.clone());
            renumber(deployment);
        }
        RolloutWrite::Keep => return,
    }
    let paused = of(scene).paused;
    scene.workload().rollout = if paused { Rollout::Paused } else { Rollout::InProgress };
}

/// Somebody applies the template of an earlier revision, as the controller sees it.
pub(crate) fn apply_again(scene: &mut Scene, hash: &str) {
    let deployment = of(scene);
    deployment.resource_version.push('2');
    (deployment.template, deployment.paused) = (template(hash), false);
    renumber(deployment);
    scene.workload().rollout = Rollout::InProgress;
}

/// A `ReplicaSet` that is used again gets the next number.
fn renumber(deployment: &mut DeploymentState) {
    let Revisions::Read(revisions) = &mut deployment.revisions else { return };
    let next = revisions.iter().map(|revision| revision.number).max().unwrap() + 1;
    let back = revisions.iter_mut().find(|revision| revision.template == deployment.template).unwrap();
    (back.number, back.again) = (next, true);
    revisions.sort_by_key(|revision| revision.number);
}

/// The rollout of what is in force gets through, and its pods are good or bad like their revision.
pub(crate) fn get_through(scene: &mut Scene) {
    let hash = of(scene).in_force().unwrap().hash.clone();
    let now = scene.now;
    let workload = scene.workload();
    (workload.rollout, workload.rolled_out_at) = (Rollout::Complete, Some(now));
    for pod in &mut workload.pods {
        (pod.revision, pod.created, pod.ready_since) = (Some(hash.clone()), Some(now), Some(now));
    }
    let bad = if hash == "bad" { 300 } else { 1 };
    (scene.signals, scene.before) = (by_pod(&[(600, bad); 6]), by_pod(&[(600, 1); 6]));
    scene.burn(hash == "bad");
}
