//! What is put back in a danger: as much as the load asks for, before any pod is resized, and as soon as it is let.

use super::fixture::{Scene, act, ratio, reason};
use super::own::{let_go, owned};
use super::records::lowered;
use super::sizes::{resizes, size, throttle, web};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb};
use crate::api::resize::Resize;
use crate::decide::held::refusal;

/// Half of ten replicas are left, or all, where 15 requests a second and pod were safe, and so many come.
fn loaded(left: i32, rate: i64, bad: (i64, i64)) -> Scene {
    let mut scene = if left < 10 { let_go(10, left) } else { owned(10) };
    scene.enforcement.scale.as_mut().unwrap().max = 40;
    scene.actions = vec![lowered("before: budget pace 0.000, events/s 75.000, ready pods 5")];
    scene.burn(true);
    let objective = &mut scene.assessment.objectives[0];
    (objective.recent_rate, objective.recent_bad_share) = (Some(ratio(rate, 1)), Some(ratio(bad.0, bad.1)));
    scene
}

#[test]
fn what_is_put_back_carries_its_part_of_the_load_and_the_raise_is_no_larger_for_it() {
    for (rate, bad, expected) in [
        // What ten pods carry: what was let go is missed, and a step of the ladder is added.
        (150, (1, 2), 13),
        // What sixteen would carry.
        (240, (1, 5), 16),
        (300, (1, 5), 20),
        (900, (1, 5), 20),
        // Where nothing is served, nobody knows.
        (75, (1, 1), 20),
    ] {
        assert_eq!(act(&loaded(5, rate, bad).decide()), Some((Verb::RaiseFloor, 5, expected)), "{rate} {bad:?}");
    }
    // The same load on as many pods as are declared leads to the same.
    for rate in [100, 150, 200, 240, 300, 900] {
        let whole = act(&loaded(10, rate, (1, 100)).decide()).unwrap();
        for left in 2..10 {
            let raised = act(&loaded(left, rate, (1, 100)).decide());
            assert_eq!(raised, Some((Verb::RaiseFloor, left, whole.2)), "{rate} from {left}");
        }
    }
}

/// Six of ten are left, and their CPU limit throttles them.
fn throttled(max_cpu: Option<&str>) -> Scene {
    let mut scene = let_go(10, 6);
    scene.burn(true);
    let resize = |most: &str| Resize { container: None, max_cpu: most.into(), per_day: 16, throttling: None };
    scene.enforcement.resize = max_cpu.map(resize);
    held_back(&mut scene);
    scene
}

fn held_back(scene: &mut Scene) {
    scene.workload().template = vec![web(250, 500)];
    for pod in &mut scene.workload().pods {
        pod.size = size(250, 500);
    }
    scene.workload().rooms = [("node-a".to_owned(), 10_000)].into();
    throttle(scene, 60);
}

#[test]
fn what_was_let_go_is_put_back_before_pods_are_resized_and_no_replica_more() {
    let mut scene = throttled(Some("2"));
    // Fewer than nine are throttled, so that they are resized one by one.
    let few = |scene: &mut Scene| {
        held_back(scene);
        if let crate::sense::signals::Signals::ByPod(vector) = &mut scene.throttling {
            vector.pods.iter_mut().skip(6).for_each(|events| events.bad = ratio(0, 1));
        }
    };
    assert_eq!(act(&scene.live()), Some((Verb::Restore, 6, 10)));
    scene.wait(15);
    few(&mut scene);
    assert_eq!(resizes(&scene.live()).len(), 1, "with the next look: {}", scene.status.message);
    // Where no pod can be resized, replicas are the remedy, and are added by the same write.
    for most in [None, Some("0.5")] {
        assert_eq!(act(&throttled(most).decide()), Some((Verb::RaiseFloor, 6, 13)), "{most:?}");
    }
}

#[test]
fn what_the_api_server_refuses_to_put_back_is_tried_again_within_two_minutes() {
    let mut scene = let_go(10, 4);
    scene.burn(true);
    scene.assessment.objectives[0].burning = false;
    let mut tried = Vec::new();
    for second in 0..1200 {
        let decided = scene.decide();
        if act(&decided) == Some((Verb::Restore, 4, 10)) {
            tried.push(second);
            let (phase, outcome) = (ActionPhase::Refused, "no".to_owned());
            let refused = ActionRecord { phase, outcome, ..decided.actions[0].clone() };
            refusal::enter(&mut scene.status.refusals, &refused);
        }
        scene.wait(1);
    }
    assert!(tried.len() > 9 && tried.windows(2).all(|pair| pair[1] - pair[0] <= 120), "{tried:?}");
}

#[test]
fn an_operator_that_may_change_nothing_says_how_many_are_left_of_how_many() {
    for burning in [false, true] {
        let mut scene = let_go(10, 4);
        scene.ceiling = Mode::Recommend;
        scene.burn(burning);
        scene.enforcement.capacity = scene.enforcement.capacity.take().filter(|_| burning);
        let decided = scene.decide();
        assert_eq!((reason(&decided), act(&decided)), ("ModeCeiling", None));
        let told = &decided.enforcement.message;
        assert!(told.ends_with("; 4 of the 10 replicas that are declared are left"), "{told}");
    }
}
