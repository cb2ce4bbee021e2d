//! What is held while a rollout goes on: what there is when it begins to fail, once, and no more.

use super::fixture::{Scene, act, at, reason};
use crate::api::enforcement_status::Verb;
use crate::sense::workload::Rollout;

#[test]
fn a_floor_that_came_down_from_an_earlier_danger_is_held_anew_in_a_rollout() {
    let mut scene = Scene::raised();
    assert_eq!(act(&scene.live()), Some((Verb::LowerFloor, 9, 8)));
    scene.wait(60);
    scene.burn(true);
    scene.workload().rollout = Rollout::InProgress;
    scene.workload().spec_replicas = 10;
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 8, 10)));
    // What the autoscaler adds for surge pods after that is not.
    scene.wait(60);
    scene.workload().rollout = Rollout::InProgress;
    scene.workload().spec_replicas = 11;
    assert_eq!((act(&scene.live()), scene.floor().current), (None, 10));
}

#[test]
fn one_that_was_held_before_a_rollout_began_is_held_anew_in_it() {
    let mut scene = Scene::burning();
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(300);
    scene.workload().rollout = Rollout::InProgress;
    scene.workload().spec_replicas = 10;
    for pod in scene.workload().pods.iter_mut().take(1) {
        (pod.revision, pod.created) = (Some("new".into()), Some(at(200)));
    }
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 6, 10)));
}

#[test]
fn one_that_the_deployment_s_owner_set_back_with_the_rollout_is_held_again() {
    let mut scene = Scene::burning();
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(60);
    scene.workload().rollout = Rollout::InProgress;
    scene.floor().current = 3;
    scene.floor().set_by = Some("helm".into());
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
}

#[test]
fn nothing_is_added_to_a_rollout_for_the_agreement_s_minimum() {
    let mut scene = Scene::burning();
    scene.enforcement.scale.as_mut().unwrap().min = 8;
    scene.workload().rollout = Rollout::InProgress;
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(60);
    scene.workload().rollout = Rollout::InProgress;
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "RolloutInProgress"));
    scene.workload().rollout = Rollout::Complete;
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 6, 8)), "afterwards it counts again");
}
