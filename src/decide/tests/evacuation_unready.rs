//! The pods of a node that is avoided, some of which are not ready themselves: nobody needs others in their place before they
//! go, and never do fewer serve than before.

// By seed only: what is decided must be the same each time.
use fastrand as seeded;

use super::evacuation::{avoided, fail_from, failing, ready};
use super::fixture::{Scene, act, reason};
use super::moves::{evicted, verb};
use crate::api::enforcement_status::{Verb, Verdict};
use crate::decide::{Decided, Decision};

fn set_ready(scene: &mut Scene, pods: impl IntoIterator<Item = usize>, ready: bool) {
    let since = scene.now;
    for index in pods {
        let pod = &mut scene.workload().pods[index];
        (pod.ready, pod.ready_since) = (ready, ready.then_some(since));
    }
}

/// So many pods serve, beside those that are to be evicted.
fn left(scene: &mut Scene, decided: &Decided) -> usize {
    let gone = evicted(decided);
    scene.workload().pods.iter().filter(|pod| pod.ready && !gone.contains(&pod.name.as_str())).count()
}

#[test]
fn five_that_are_not_ready_go_when_as_many_that_were_added_are() {
    let mut scene = ready(5);
    for unready in 0..=5 {
        set_ready(&mut scene, 0..unready, false);
        let decided = scene.decide();
        assert_eq!(evicted(&decided).len(), 5, "{unready}: {:?}", decided.decision);
        assert_eq!(left(&mut scene, &decided), 18, "{unready}");
    }
    // Any other that is not ready is needed.
    set_ready(&mut scene, [10], false);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "AwaitingSurge"), "{:?}", decided.decision);
    let Decision::Hold(hold) = decided.decision else { panic!() };
    assert!(hold.message.contains("17 of 23 pods are ready"), "{}", hold.message);
}

#[test]
fn of_more_than_may_go_at_once_those_go_first_that_are_not_ready() {
    let mut scene = ready(8);
    set_ready(&mut scene, 1..8, false);
    let decided = scene.decide();
    let gone = evicted(&decided);
    assert_eq!((gone.len(), gone.contains(&"checkout-0")), (5, false), "{gone:?}");
    assert_eq!(left(&mut scene, &decided), 16, "none of these served");
    set_ready(&mut scene, 1..5, true);
    let decided = scene.decide();
    let gone = evicted(&decided);
    assert!(["checkout-5", "checkout-6", "checkout-7"].iter().all(|pod| gone.contains(pod)), "{gone:?}");
    assert_eq!(left(&mut scene, &decided), 18);
}

#[test]
fn one_that_is_well_again_is_needed_like_any_other() {
    let mut scene = ready(3);
    set_ready(&mut scene, 0..3, false);
    fail_from(&mut scene, 1, 3);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "AwaitingSurge"), "{:?}", decided.decision);
    set_ready(&mut scene, [0], true);
    assert_eq!(evicted(&scene.decide()), ["checkout-1", "checkout-2"]);
}

/// Of five replicas that were added for five pods, of which so many are not ready, two get none by the deadline.
fn in_part(unready: usize) -> (Scene, Decided) {
    let mut scene = avoided(5);
    set_ready(&mut scene, 0..unready, false);
    assert_eq!(act(&scene.live()), Some((Verb::Surge, 18, 23)));
    failing(&mut scene, 5);
    set_ready(&mut scene, (0..unready).chain([21, 22]), false);
    let deadline = scene.actions[0].deadline.0;
    loop {
        scene.wait(30);
        fail_from(&mut scene, 0, 5);
        let decided = scene.live();
        if scene.now >= deadline {
            return (scene, decided);
        }
        assert_eq!((verb(&decided), reason(&decided)), (None, "AwaitingSurge"), "{:?}", decided.decision);
    }
}

#[test]
fn where_not_all_that_were_added_get_ready_those_go_first_that_do_not_serve() {
    for (unready, serving) in [(0, 18), (1, 18), (2, 18), (3, 18), (4, 17), (5, 16)] {
        let (mut before, decided) = in_part(unready);
        let surge = before.actions.iter().find(|action| action.verb == Verb::Surge).unwrap();
        assert_eq!(surge.verdict, Some(Verdict::Inconclusive), "{unready}: {surge:?}");
        let gone = evicted(&decided);
        assert_eq!(gone.len(), 3, "{unready}: {gone:?}");
        let unready_gone = (0..unready).filter(|index| gone.contains(&format!("checkout-{index}").as_str())).count();
        assert_eq!(unready_gone, unready.min(3), "{unready}: {gone:?}");
        assert_eq!(left(&mut before, &decided), serving, "{unready}");
    }
}

/// Whatever is ready: as many serve afterwards as were wanted before the replicas were added, or none goes that serves. And
/// where all serve that are not to go, they go.
#[test]
fn never_do_fewer_serve_than_before() {
    let mut chance = seeded::Rng::with_seed(11);
    let (mut went, mut in_part) = (0, 0);
    for round in 0..400 {
        let sick = chance.usize(2..=8);
        let added = sick.min(5);
        let mut scene = ready(sick);
        let flaky = |chance: &mut seeded::Rng, index: usize| match index {
            index if index < sick => chance.f64() < 0.5,
            index if index < 18 => chance.f64() < 0.02,
            _ => chance.f64() < 0.2,
        };
        let pods = scene.workload().pods.len();
        assert_eq!(pods, 18 + added);
        let unready: Vec<usize> = (0..pods).filter(|index| flaky(&mut chance, *index)).collect();
        set_ready(&mut scene, unready.iter().copied(), false);
        if chance.bool() {
            let surge = scene.actions.iter_mut().find(|action| action.verb == Verb::Surge).unwrap();
            surge.verdict = Some(Verdict::Inconclusive);
        }
        let decided = scene.decide();
        let others_ready = (sick..pods).all(|index| !unready.contains(&index));
        if verb(&decided) != Some(Verb::Reschedule) {
            assert!(!others_ready, "{round}: {unready:?} {:?}", decided.decision);
            continue;
        }
        let serving = scene.workload().pods.iter().filter(|pod| pod.ready).count();
        let left = left(&mut scene, &decided);
        assert!(left >= serving.min(18), "{round}: {left} of {serving}, {unready:?}: {:?}", evicted(&decided));
        assert!(evicted(&decided).len() <= added, "{round}");
        went += 1;
        in_part += usize::from(!others_ready);
    }
    assert!(went > 100 && in_part > 20, "{went} {in_part}");
}
