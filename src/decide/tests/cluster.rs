//! What was done lately for other agreements holds what would be done for this one, and what is done for this one is counted with
//! its intent; giving back is never held by either.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, at, reason};
use super::moves::verb;
use super::rollouts::{rolled_out, rolling_out};
use super::sheds::{sheddable, shedding, turned};
use super::sizes::{resizes, throttle, throttled};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::api::rollout_status::RolloutStatus;
use crate::api::shed::ShedStatus;
use crate::decide::guard::{PAUSES, RESIZES, RESIZES_OF_A_NODE, ROLLBACKS, SHEDS};
use crate::decide::{Decision, FleetAct};

/// As many acts of a kind at that second, each for another agreement, of pods on another node.
fn others(verb: Verb, count: usize, second: i64) -> Vec<FleetAct> {
    let act = |index| FleetAct {
        verb,
        agreement: format!("other/service-{index}"),
        at: at(second),
        pod: Some(format!("pod-{index}")),
        node: Some(format!("node-{index}")),
        unrequested: 0,
    };
    (0..count).map(act).collect()
}

/// The same, of pods on the node of the workload's own pods.
fn beside(count: usize, second: i64) -> Vec<FleetAct> {
    let mut acts = others(Verb::Resize, count, second);
    for act in &mut acts {
        act.node = Some("node-a".into());
    }
    acts
}

#[test]
fn as_many_as_the_cluster_bears_are_done_at_once_and_the_next_one_waits() {
    type Begin = fn() -> Scene;
    let cases: [(Verb, usize, Begin); 4] = [
        (Verb::RollBack, ROLLBACKS, rolled_out),
        (Verb::PauseRollout, PAUSES, rolling_out),
        (Verb::Shed, SHEDS, sheddable),
        (Verb::Resize, RESIZES, throttled),
    ];
    for (of, most, scene) in cases {
        let decided = |acts: Vec<FleetAct>| {
            let mut scene = scene();
            scene.fleet.acts = acts;
            scene.decide()
        };
        assert_eq!(verb(&decided(others(of, most - 1, -500))), Some(of), "there is room for one");
        assert_eq!(verb(&decided(others(of, most, -600))), Some(of), "ten minutes ago");
        let other = if of == Verb::Shed { Verb::RollBack } else { Verb::Shed };
        assert_eq!(verb(&decided(others(other, 100, -500))), Some(of), "of another kind");
        let held = decided(others(of, most, -500));
        let message = &held.enforcement.message;
        let told = format!(
            "within 10m (1 for other/service-0, 1 for other/service-1, 1 for other/service-{}",
            if most > 10 { 10 } else { 2 }
        );
        assert!(message.contains(&format!("{most} ")) && message.contains(&told), "{message}");
        if of == Verb::Resize {
            assert_eq!(verb(&held), Some(Verb::RaiseFloor), "replicas are added: {message}");
        } else {
            assert_eq!((verb(&held), reason(&held)), (None, "BlastRadius"), "{message}");
        }
    }
}

#[test]
fn the_next_one_waits_until_fewer_count() {
    let mut scene = rolled_out();
    scene.fleet.acts =
        [-550, -400, -300, -200].into_iter().flat_map(|second| others(Verb::RollBack, 1, second)).collect();
    let Decision::Hold(hold) = scene.decide().decision else { panic!("{:?}", scene.decide().decision) };
    assert!(hold.message.contains("4 revisions were undone within 10m (4 for other/service-0)"), "{}", hold.message);
    assert_eq!(hold.until, Some(at(-400 + 600)), "when two of the four count no more");
}

#[test]
fn what_is_done_for_the_agreement_itself_counts_too() {
    let mut scene = sheddable();
    scene.fleet.acts = others(Verb::Shed, SHEDS - 1, -100);
    assert_eq!(verb(&scene.live()), Some(Verb::Shed));
    // The switch is turned back by its owner, and is to be turned once more.
    let turns = scene.status.shed.clone().unwrap().turns;
    let mut again = sheddable();
    again.fleet.acts.clone_from(&scene.fleet.acts);
    again.status.shed = Some(ShedStatus { turns, ..ShedStatus::default() });
    assert_eq!((verb(&again.decide()), reason(&again.decide())), (None, "BlastRadius"));
    assert!(again.decide().enforcement.message.contains("1 for shop/checkout"), "{:?}", again.decide());
}

#[test]
fn of_one_node_few_pods_are_resized_whosever_they_are() {
    let scene = |acts| {
        let mut scene = throttled();
        scene.fleet.acts = acts;
        scene
    };
    assert_eq!(resizes(&scene(beside(RESIZES_OF_A_NODE - 1, -500)).decide()).len(), 1);
    let held = scene(beside(RESIZES_OF_A_NODE, -500)).decide();
    let message = &held.enforcement.message;
    assert_eq!(verb(&held), Some(Verb::RaiseFloor), "{message}");
    assert!(message.contains("no pod is resized: 8 pods of node node-a were resized within 10m"), "{message}");
    // The plan itself counts: after the first pod, two of the four that would follow.
    let mut scene = scene(beside(RESIZES_OF_A_NODE - 3, -100));
    assert_eq!(resizes(&scene.live()).len(), 1);
    scene.wait(60);
    throttle(&mut scene, 60);
    assert_eq!(resizes(&scene.decide()).len(), 2);
}

#[test]
fn a_pod_that_grows_once_more_is_no_other_pod() {
    let mut scene = throttled();
    let mut plans = Vec::new();
    for minute in 0..20 {
        // Two pods of others have been resized all the time.
        scene.fleet.acts = beside(2, minute * 60 - 10);
        let pods = resizes(&scene.live()).len();
        plans.extend((pods > 0).then_some(pods));
        scene.wait(60);
    }
    assert_eq!(plans, [1, 4, 1, 1, 4, 1], "six pods of the agreement, twice: one first, then four at once");
}

#[test]
fn of_all_nodes_few_pods_are_resized_in_one_plan_too() {
    let mut scene = throttled();
    scene.fleet.acts = others(Verb::Resize, RESIZES - 2, -100);
    assert_eq!(resizes(&scene.live()).len(), 1);
    scene.wait(60);
    throttle(&mut scene, 60);
    assert_eq!(resizes(&scene.decide()).len(), 1);
}

#[test]
fn what_was_given_to_the_pods_of_others_is_not_left_on_the_node() {
    let room = |given: i64, second: i64| {
        let mut scene = throttled();
        scene.workload().rooms.insert("node-a".into(), 600);
        scene.fleet.acts = beside(2, second);
        for act in &mut scene.fleet.acts {
            act.unrequested = given;
        }
        scene.decide()
    };
    assert_eq!(resizes(&room(175, -500)).len(), 1, "250m are left, and so much is wanted");
    assert_eq!(resizes(&room(176, -600)).len(), 1, "ten minutes ago");
    let held = room(176, -500);
    let message = &held.enforcement.message;
    assert_eq!(verb(&held), Some(Verb::RaiseFloor), "{message}");
    let told = "node node-a has 248m of CPU left beside the 352m that pods there were given within 10m";
    assert!(message.contains(told), "{message}");
}

#[test]
fn each_is_counted_with_its_intent_and_no_more_when_nothing_came_of_it() {
    let hand = |scene: &Scene| scene.status.rollout.clone().map(|hand| (hand.rollbacks.len(), hand.pauses.len()));
    for (mut scene, intended) in [(rolled_out(), (1, 0)), (rolling_out(), (0, 1))] {
        scene.crash(ActionPhase::Intended, false);
        assert_eq!(hand(&scene), Some(intended));
        scene.live();
        assert_eq!(hand(&scene), Some(intended), "what was not done is not counted, and what is done now is");
    }
    let mut scene = throttled();
    scene.live();
    let raised = &scene.status.resize.as_ref().unwrap().raised[0];
    assert_eq!((raised.node.as_deref(), raised.unrequested), (Some("node-a"), 250));
    let mut scene = throttled();
    for pod in &mut scene.workload().pods {
        pod.size = super::sizes::size(500, 500);
        pod.size.quality = Some("Guaranteed".into());
    }
    scene.workload().template = vec![super::sizes::web(500, 500)];
    scene.live();
    assert_eq!(scene.status.resize.unwrap().raised[0].unrequested, 0, "what is requested, everybody reads");
}

#[test]
fn a_day_has_room_for_twice_as_many_pauses_as_rollbacks() {
    let paused = |times: &[i64], per_day: i32| {
        let mut scene = rolling_out();
        scene.enforcement.rollback.as_mut().unwrap().per_day = per_day;
        let target = super::rollouts::of(&mut scene).target.clone();
        let pauses = times.iter().map(|second| Time(at(*second))).collect();
        // No rollback is left, or what may not be paused is undone.
        let rollbacks = vec![Time(at(-7000))];
        let (paused_at, undone, resets) = (None, None, 0);
        scene.status.rollout = Some(RolloutStatus { target, paused_at, undone, rollbacks, pauses, resets });
        scene.decide()
    };
    assert_eq!(verb(&paused(&[-9000], 1)), Some(Verb::PauseRollout));
    assert_eq!(verb(&paused(&[-9000, -86_400], 1)), Some(Verb::PauseRollout), "a day ago");
    assert_eq!(verb(&paused(&[-9000, -8000], 2)), Some(Verb::PauseRollout));
    let held = paused(&[-9000, -8000], 1);
    assert_eq!((verb(&held), reason(&held)), (None, "RollbackBudget"));
    assert!(held.enforcement.message.contains("2 pauses within 24 hours"), "{}", held.enforcement.message);
}

#[test]
fn a_pause_that_was_given_back_is_not_made_again_and_again() {
    let mut scene = rolling_out();
    let mut pauses = 0;
    for _ in 0..600 {
        let decided = scene.live();
        pauses += i32::from(verb(&decided) == Some(Verb::PauseRollout));
        // A person resumes the rollout each time.
        let deployment = super::rollouts::of(&mut scene);
        if deployment.paused {
            deployment.paused = false;
            deployment.mark = crate::sense::workload::Mark::None;
            deployment.resource_version.push('9');
            scene.workload().rollout = crate::sense::workload::Rollout::InProgress;
        }
        scene.wait(60);
    }
    assert_eq!(pauses, 2);
}

#[test]
fn giving_back_is_never_held() {
    let full = |scene: &mut Scene| {
        let now = scene.now.as_second() - at(0).as_second();
        let verbs = [Verb::RollBack, Verb::PauseRollout, Verb::Shed, Verb::Resize];
        scene.fleet.acts = verbs.into_iter().flat_map(|verb| others(verb, 100, now - 1)).collect();
        scene.fleet.acts.extend(beside(100, now - 1));
    };
    let mut scene = shedding();
    scene.enforcement.shed = None;
    full(&mut scene);
    scene.wait(15);
    assert_eq!(turned(&scene.live()).map(|(verb, _)| verb), Some(Verb::StopShedding));

    let mut scene = rolling_out();
    scene.live();
    scene.enforcement.rollback = None;
    scene.wait(60);
    full(&mut scene);
    assert_eq!(verb(&scene.live()), Some(Verb::ReleaseRollout));

    let mut scene = throttled();
    scene.live();
    scene.enforcement.resize = None;
    scene.wait(60);
    full(&mut scene);
    assert_eq!(verb(&scene.live()), Some(Verb::RestoreSize));
}
