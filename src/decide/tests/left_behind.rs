//! What cannot be given back on an object that is not the workload's any more: it is kept in the status and told, and nothing but
//! what would take its place there is held up by it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, reason};
use super::rollouts::{deployment, rolling_out, verb};
use super::sizes::{resizes, throttled};
use crate::api::enforcement_status::{ActionTarget, Verb};
use crate::api::refusal::Refusal;
use crate::api::resize_status::ResizeStatus;
use crate::api::rollout_status::RolloutStatus;

fn before() -> ActionTarget {
    ActionTarget { name: "checkout-before".into(), uid: "before".into(), ..deployment().target }
}

/// The API server refused this a moment ago.
fn refused(verb: Verb) -> Vec<Refusal> {
    let (since, until) = (Time(at(-10)), Time(at(50)));
    let (target, message, tried) = (before(), "no (403)".to_owned(), since.clone());
    vec![Refusal { verb, target, message, since, tried, until, tries: 1 }]
}

/// The rollout of the Deployment that the agreement named before is paused.
fn leave_rollout(scene: &mut Scene) {
    scene.status.rollout = Some(RolloutStatus {
        target: before(),
        paused_at: Some("bad".into()),
        undone: None,
        rollbacks: Vec::new(),
        pauses: Vec::new(),
        resets: 0,
    });
    scene.status.refusals = refused(Verb::ReleaseRollout);
}

#[test]
fn no_rollout_is_paused_while_that_of_another_deployment_cannot_be_given_back_and_the_floor_is_held_as_ever() {
    let mut scene = rolling_out();
    assert_eq!(verb(&scene.decide()), Some(Verb::PauseRollout));
    leave_rollout(&mut scene);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "LeftBehind"));
    let told = &decided.enforcement.message;
    assert!(told.contains("Deployment checkout-before, which the service had before") && told.contains("no (403)"));
    assert_eq!(decided.enforcement.rollout, scene.status.rollout, "not forgotten");
    scene.floor().current = 3;
    let decided = scene.decide();
    assert_eq!(act(&decided), Some((Verb::FreezeScaleDown, 3, 6)));
    assert_eq!(decided.enforcement.rollout, scene.status.rollout, "not forgotten");
}

#[test]
fn it_is_told_where_there_is_nothing_else_to_tell() {
    let mut scene = Scene::calm();
    scene.workload().deployment = Some(deployment());
    assert_eq!(reason(&scene.decide()), "Safe");
    leave_rollout(&mut scene);
    assert_eq!(reason(&scene.decide()), "LeftBehind");
}

#[test]
fn no_pod_is_resized_while_those_of_another_workload_cannot_be_given_back_and_replicas_are_added_as_ever() {
    let mut scene = throttled();
    assert_eq!(resizes(&scene.decide()).len(), 1);
    scene.status.resize = Some(ResizeStatus { workload: before(), pods: 1, raised: Vec::new(), refused: None });
    scene.status.refusals = refused(Verb::RestoreSize);
    let decided = scene.decide();
    assert_eq!(act(&decided).map(|(verb, ..)| verb), Some(Verb::RaiseFloor), "{:?}", decided.decision);
    assert!(decided.enforcement.message.contains("no (403)"), "{}", decided.enforcement.message);
    assert_eq!(decided.enforcement.resize, scene.status.resize, "not forgotten");
}

#[test]
fn what_is_left_behind_keeps_no_danger_of_the_present_workload_open() {
    let ends = |change: fn(&mut Scene)| {
        let mut scene = Scene::calm();
        scene.workload().deployment = Some(deployment());
        scene.status.episode = Some(super::sheds::episode());
        change(&mut scene);
        for _ in 0..60 {
            scene.wait(60);
            scene.status.refusals.iter_mut().for_each(|refused| refused.until = Time(at(100_000)));
            scene.live();
        }
        scene.status.episode.is_none()
    };
    assert!(ends(|_| ()));
    assert!(ends(leave_rollout));
    assert!(ends(|scene| {
        scene.status.resize = Some(ResizeStatus { workload: before(), pods: 1, raised: Vec::new(), refused: None });
    }));
}
