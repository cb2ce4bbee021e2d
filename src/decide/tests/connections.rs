//! What a dependency has connections for bounds the replicas, whatever asks for them.

use super::fixture::{Scene, act, hpa, observation, ratio, reason, step};
use super::guards::held;
use super::moves;
use super::rollouts::deployment;
use crate::api::enforcement::{Connections, ScaleBounds};
use crate::api::enforcement_status::{Verb, Verdict};
use crate::sense::workload::{DeploymentState, FloorHolder, Surge};

/// Three pods under an HPA's floor of three; each takes so many connections of so many.
fn three(per_pod: i32, limit: i32) -> Scene {
    let mut scene = Scene::burning();
    scene.workload = Ok(observation(3, FloorHolder::Hpa(hpa())));
    scene.enforcement.scale = Some(ScaleBounds { min: 2, max: 15, connections: Some(Connections { per_pod, limit }) });
    scene
}

/// A Deployment at rest whose rollouts have so much beyond the replicas.
fn surging(scene: &mut Scene, surge: Surge) {
    scene.workload().deployment = Some(DeploymentState { surge, ..deployment() });
}

/// The highest floor in half an hour of a danger that no raise cures.
fn highest(scene: &mut Scene) -> i32 {
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 1));
    let mut highest = 0;
    for _ in 0..30 {
        if let Some((verb, _, to)) = act(&scene.live()) {
            assert!(matches!(verb, Verb::FreezeScaleDown | Verb::RaiseFloor));
            highest = highest.max(to);
        }
        for record in &mut scene.actions {
            record.verdict = Some(Verdict::Inconclusive);
        }
        scene.wait(60);
    }
    highest
}

#[test]
fn accident_18_more_pods_than_the_dependency_has_connections() {
    let mut scene = three(50, 200);
    assert_eq!(highest(&mut scene), 4);
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "DependencyLimit"));
    let words = &decided.enforcement.message;
    assert!(words.starts_with("200 connections at 50 a pod (enforcement.scale.connections) are enough for 4 pods, so for no more than 4 replicas; raise limit"), "{words}");
    assert!(words.ends_with("HorizontalPodAutoscaler checkout may go to 20 by itself: lower that"), "{words}");

    scene.enforcement.scale.as_mut().unwrap().connections = None;
    assert_eq!(highest(&mut scene), 15, "without it only max bounds them");
}

#[test]
fn a_rollout_has_connections_too() {
    for (surge, limit, expected) in [
        (Surge::Pods(0), 250, 5),
        (Surge::Pods(0), 249, 4),
        (Surge::Pods(1), 250, 4),
        (Surge::Pods(2), 250, 3),
        // Four and a quarter of four are five, and five and a quarter of five, rounded up, seven.
        (Surge::Percent(25), 250, 4),
        (Surge::Percent(25), 300, 4),
        (Surge::Percent(25), 350, 5),
        (Surge::Percent(100), 350, 3),
        (Surge::Percent(0), 350, 7),
        (Surge::Pods(9), 2000, 15),
    ] {
        let mut scene = three(50, limit);
        surging(&mut scene, surge);
        assert_eq!(highest(&mut scene).max(3), expected, "{surge:?} of {limit}");
        if let Surge::Percent(percent) = surge {
            assert!((expected + (expected * percent + 99) / 100) * 50 <= limit, "{percent} % of {expected}");
        }
    }
}

#[test]
fn a_raise_that_is_cut_says_why() {
    let mut scene = three(50, 200);
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 1));
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::RaiseFloor, 3, 4)));
    let words = &step(&decided).reason;
    assert!(words.contains("; 6 would be right, but 200 connections at 50 a pod"), "{words}");
    // What does not bind is not told.
    let mut scene = three(50, 2000);
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 1));
    assert!(!step(&scene.live()).reason.contains("connections"));
    let mut scene = three(50, 750);
    scene.enforcement.scale.as_mut().unwrap().max = 3;
    assert_eq!(reason(&scene.decide()), "AtMaximum");
}

#[test]
fn what_an_autoscaler_has_beyond_it_is_not_held() {
    let mut scene = three(50, 250);
    scene.workload = Ok(observation(12, FloorHolder::Hpa(hpa())));
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 5)));
    scene.wait(60);
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "DependencyLimit"));
}

#[test]
fn nothing_is_added_ahead_of_the_load_beyond_it() {
    let mut scene = three(50, 250);
    scene.burn(false);
    scene.load_needs(6);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 3, 5)));
    scene.wait(90);
    scene.load_needs(6);
    scene.live();
    scene.wait(90);
    scene.load_needs(6);
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "DependencyLimit"));
}

/// What is moved is on its way out while its successor starts: two more than were wanted.
#[test]
fn a_pod_is_moved_only_where_two_more_have_connections() {
    for (limit, surge, expected) in [
        (400, Surge::Pods(0), Some(Verb::Surge)),
        (399, Surge::Pods(0), None),
        (400, Surge::Pods(1), Some(Verb::Surge)),
        (400, Surge::Pods(2), None),
    ] {
        let mut scene = moves::one_sick();
        scene.enforcement.scale =
            Some(ScaleBounds { min: 2, max: 15, connections: Some(Connections { per_pod: 50, limit }) });
        surging(&mut scene, surge);
        let decided = scene.decide();
        assert_eq!(moves::verb(&decided), expected, "{limit} {surge:?}: {:?}", decided.decision);
        if expected.is_none() {
            assert_eq!(reason(&decided), "NoSurge");
            assert!(decided.enforcement.message.contains("connections"), "{}", decided.enforcement.message);
        }
    }
    // Whoever proposes it.
    let mut scene = moves::one_sick();
    let step = step(&scene.decide()).clone();
    scene.enforcement.scale =
        Some(ScaleBounds { min: 2, max: 15, connections: Some(Connections { per_pod: 50, limit: 350 }) });
    assert_eq!(held(&scene, &step), "OutOfBounds");
}

#[test]
fn too_few_for_the_least_hold_what_adds_and_nothing_that_takes_away() {
    // Two pods and one of a rollout.
    let mut scene = three(50, 100);
    surging(&mut scene, Surge::Percent(25));
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "DependencyLimit"));
    assert!(decided.enforcement.message.starts_with("enforcement.scale.min is 2, and 100 connections"), "{decided:?}");

    let mut scene = Scene::raised();
    scene.enforcement.scale =
        Some(ScaleBounds { min: 2, max: 15, connections: Some(Connections { per_pod: 50, limit: 50 }) });
    for _ in 0..30 {
        scene.live();
        scene.wait(60);
    }
    assert_eq!(scene.floor().current, 3, "what stands comes down");
}
