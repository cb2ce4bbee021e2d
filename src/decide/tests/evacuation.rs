//! The pods of a node that is avoided go together: as many as replicas were added for them, within every budget, and no more
//! before it is judged what came of them.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::feasibility::{node, pods_left, room};
use super::fixture::{Scene, act, at, hpa, observation, reason, step};
use super::moves::{self, Change, evicted, fail, served, verb};
use super::nodes::{all, avoid_for_another, named};
use super::rescheduling_guards::eviction;
use crate::api::AVOID_KEY;
use crate::api::enforcement::{AvoidNode, Connections, Reschedule, ScaleBounds};
use crate::api::enforcement_status::{ActionPhase, Verb, Verdict};
use crate::decide::situation::timing::Timing;
use crate::decide::verb::reschedule;
use crate::decide::{Decision, FleetEviction, Plan, guard, workflow};
use crate::sense::headroom::{Headroom, NodeRoom};
use crate::sense::workload::{FloorHolder, KeptVolume, VolumeKind};

/// So many pods are on `node-0` and fail every other request, and the others are spread over other nodes.
pub(super) fn failing(scene: &mut Scene, sick: usize) {
    for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
        let node = index.checked_sub(sick).map_or(0, |other| 1 + other / 4);
        pod.node = Some(format!("node-{node}"));
    }
    fail_from(scene, 0, sick);
}

/// Of the pods of `node-0` those from this one on are left, and fail.
pub(super) fn fail_from(scene: &mut Scene, first: usize, sick: usize) {
    let names: Vec<String> = (first..sick).map(|index| format!("checkout-{index}")).collect();
    fail(scene, &names.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Eighteen pods, of which so many are sick, on a node that is avoided; the next thing is to add replicas.
pub(super) fn avoided(sick: usize) -> Scene {
    let mut scene = Scene::burning();
    scene.enforcement.reschedule =
        Some(Reschedule { per_day: 24, avoid_node: Some(AvoidNode::default()), ..Reschedule::default() });
    scene.enforcement.scale = Some(ScaleBounds { min: 2, max: 40, connections: None });
    scene.workload = Ok(observation(18, FloorHolder::Hpa(hpa())));
    let floor = scene.floor();
    (floor.current, floor.max) = (18, Some(40));
    scene.nodes = all(9);
    failing(&mut scene, sick);
    assert_eq!(verb(&scene.live()), Some(Verb::AvoidNode), "{:?}", scene.decide().decision);
    scene.wait(15);
    scene
}

/// The same, with the replicas added and ready for a minute; the next thing is that the pods go.
fn added(mut scene: Scene, sick: usize) -> Scene {
    assert_eq!(verb(&scene.live()), Some(Verb::Surge));
    failing(&mut scene, sick);
    scene.wait(60);
    scene
}

/// The same of so many sick pods.
pub(crate) fn ready(sick: usize) -> Scene {
    added(avoided(sick), sick)
}

/// So many pods of other nodes were evicted for other agreements just now.
fn others(scene: &mut Scene, count: usize) {
    scene.fleet.evictions = vec![FleetEviction { node: "elsewhere".into(), at: at(0) }; count];
}

#[test]
fn as_many_replicas_are_added_as_pods_of_the_node_are_sick() {
    for (sick, more) in [(2, 2), (3, 3), (5, 5), (6, 5), (8, 5)] {
        let decided = avoided(sick).decide();
        assert_eq!(act(&decided), Some((Verb::Surge, 18, 18 + more)), "{sick}: {:?}", decided.decision);
        let words = format!("{more} replicas more are made ready, then so many pods of its node are evicted together");
        assert!(step(&decided).reason.contains(&words), "{}", step(&decided).reason);
    }
}

#[test]
fn no_more_are_added_than_may_go_or_find_room() {
    let changes: [(i32, Change); 21] = [
        (3, |scene| scene.enforcement.reschedule.as_mut().unwrap().per_day = 3),
        (2, |scene| {
            let moved = scene.status.reschedule.get_or_insert_default();
            moved.evictions = (0..22).map(|index| eviction(&index.to_string(), -80_000, "elsewhere", None)).collect();
        }),
        // Those of the last ten minutes, of all agreements.
        (2, |scene| others(scene, 3)),
        (1, |scene| others(scene, 4)),
        (2, |scene| scene.enforcement.scale.as_mut().unwrap().max = 20),
        (2, |scene| scene.floor().max = Some(20)),
        // As many as go are on their way out while their successors start.
        (2, |scene| connections(scene, 22)),
        (1, |scene| connections(scene, 21)),
        (1, |scene| connections(scene, 20)),
        // Eight may be added in a day for the four that may go, and six were.
        (2, |scene| {
            scene.enforcement.reschedule.as_mut().unwrap().per_day = 4;
            scene.status.reschedule.get_or_insert_default().surges = vec![Time(at(-80_000)); 6];
        }),
        // One that would not go, or is well.
        (3, |scene| {
            let kept = KeptVolume { name: "data".into(), kind: VolumeKind::EmptyDir };
            scene.workload().pods[1].kept_volumes = vec![kept];
        }),
        (3, |scene| scene.workload().pods[1].created = Some(at(-300))),
        (3, |scene| served(scene, "checkout-2", 600, 1)),
        // What is left does for as many of each other that may want some.
        (2, |scene| scene.supply.headroom = pods_left(2)),
        (1, |scene| (scene.supply.headroom, scene.fleet.services) = (pods_left(2), 2)),
        (2, |scene| (scene.supply.headroom, scene.fleet.services) = (pods_left(4), 2)),
        // Each takes two places, and those on the node that is left are none, nor those of one that others leave.
        (2, |scene| scene.supply.headroom = on_nodes(&[9, 3, 2])),
        (1, |scene| scene.supply.headroom = on_nodes(&[9, 3])),
        (1, |scene| scene.supply.headroom = on_nodes(&[9, 0, 0])),
        (2, |scene| (scene.supply.headroom, scene.fleet.services) = (on_nodes(&[0, 8]), 2)),
        (3, |scene| {
            let Headroom::Read { needs, quotas, .. } = on_nodes(&[]) else { panic!() };
            let taint = serde_json::json!({"key": AVOID_KEY, "value": "other", "effect": "PreferNoSchedule"});
            let others = NodeRoom { taints: vec![serde_json::from_value(taint).unwrap()], ..node("node-5", 9) };
            let nodes = Ok(vec![node("node-4", 6), others].into());
            scene.supply.headroom = Headroom::Read { needs, quotas, nodes };
        }),
    ];
    for (index, (more, change)) in changes.into_iter().enumerate() {
        let mut scene = avoided(4);
        assert_eq!(act(&scene.decide()), Some((Verb::Surge, 18, 22)));
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!(act(&decided), Some((Verb::Surge, 18, 18 + more)), "case {index}: {:?}", decided.decision);
    }
}

/// There are connections for so many pods.
fn connections(scene: &mut Scene, pods: i32) {
    let connections = Connections { per_pod: 50, limit: 50 * pods };
    scene.enforcement.scale.as_mut().unwrap().connections = Some(connections);
}

/// So many cores are left on each node, from `node-0` on.
fn on_nodes(cores: &[i128]) -> Headroom {
    let nodes = cores.iter().enumerate().map(|(index, cores)| node(&format!("node-{index}"), *cores));
    room(Vec::new(), Ok(nodes.collect()))
}

#[test]
fn each_replica_counts_that_is_added() {
    let mut scene = avoided(4);
    scene.live();
    assert_eq!(scene.status.reschedule.as_ref().unwrap().surges, vec![Time(at(15)); 4]);
}

#[test]
fn they_go_together_when_all_that_were_added_are_ready() {
    let scene = ready(3);
    let decided = scene.decide();
    assert_eq!(evicted(&decided), ["checkout-0", "checkout-1", "checkout-2"]);
    let reason_of_it = &step(&decided).reason;
    assert!(reason_of_it.contains("through node node-0; 3 of its pods go together"), "{reason_of_it}");

    let changes: [(&str, Change); 6] = [
        ("AwaitingSurge", |scene| scene.workload().pods[20].ready = false),
        ("AwaitingSurge", |scene| scene.workload().pods.truncate(20)),
        ("SurgePodSick", |scene| {
            scene.workload().pods[20].created = Some(at(30));
            fail(scene, &["checkout-0", "checkout-1", "checkout-2", "checkout-20"]);
        }),
        ("PodLeaving", |scene| scene.workload().pods[10].terminating = true),
        ("BlastRadius", |scene| others(scene, 5)),
        // Another agreement moves pods of the node.
        ("BlastRadius", |scene| scene.fleet.evictions = vec![FleetEviction { node: "node-0".into(), at: at(0) }]),
    ];
    moves::each_holds(&scene, &changes);
    let mut waiting = scene.clone();
    waiting.workload().pods[20].ready = false;
    let Decision::Hold(hold) = waiting.decide().decision else { panic!() };
    let words =
        "20 of 21 pods are ready; checkout-0 and up to 2 more of its node are evicted together when the others suffice";
    assert!(hold.message.contains(words), "{}", hold.message);
}

#[test]
fn no_more_go_than_may_and_than_were_added_for_them() {
    let changes: [(&[&str], Change); 6] = [
        (&["checkout-0", "checkout-1"], |scene| others(scene, 3)),
        (&["checkout-0"], |scene| others(scene, 4)),
        (&["checkout-0", "checkout-1"], |scene| scene.enforcement.reschedule.as_mut().unwrap().per_day = 2),
        (&["checkout-0", "checkout-2"], |scene| scene.workload().pods[1].critical = true),
        // As good as those elsewhere by now.
        (&["checkout-0", "checkout-2"], |scene| served(scene, "checkout-1", 600, 1)),
        // How many were added is not known any more.
        (&["checkout-0"], |scene| scene.status.reschedule = None),
    ];
    for (index, (expected, change)) in changes.into_iter().enumerate() {
        let mut scene = ready(3);
        change(&mut scene);
        assert_eq!(evicted(&scene.decide()), expected, "case {index}");
    }
    // Two were added, whatever may be added by now.
    let mut scene = avoided(4);
    scene.enforcement.scale.as_mut().unwrap().max = 20;
    let mut scene = added(scene, 4);
    scene.enforcement.scale.as_mut().unwrap().max = 40;
    assert_eq!(evicted(&scene.decide()), ["checkout-0", "checkout-1"]);
    // One was not ready when they were added: no more than these go all the same.
    let mut scene = avoided(4);
    scene.enforcement.scale.as_mut().unwrap().max = 20;
    scene.workload().pods[17].ready = false;
    let scene = added(scene, 4);
    assert_eq!(evicted(&scene.decide()).len(), 2);
}

#[test]
fn what_was_added_and_landed_there_makes_up_for_none() {
    let mut scene = ready(3);
    // Another agreement has it avoided, so that nothing else says where they landed.
    scene.status.avoidance = None;
    scene.actions.retain(|action| action.verb != Verb::AvoidNode);
    avoid_for_another(named(&mut scene, "node-0"), 0);
    assert_eq!(evicted(&scene.decide()).len(), 3);
    let pod = &mut scene.workload().pods[20];
    (pod.node, pod.created) = (Some("node-0".into()), Some(at(30)));
    let name = pod.name.clone();
    served(&mut scene, &name, 50, 0);
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "AwaitingSurge"), "{:?}", decided.decision);
    served(&mut scene, &name, 600, 1);
    assert_eq!(evicted(&scene.decide()).len(), 3, "it is well there: the node has more than one kind of pods");
}

#[test]
fn where_not_all_get_ready_in_time_as_many_go_as_did() {
    let mut scene = avoided(5);
    assert_eq!(act(&scene.live()), Some((Verb::Surge, 18, 23)));
    failing(&mut scene, 5);
    for index in [21, 22] {
        (scene.workload().pods[index].ready, scene.workload().pods[index].node) = (false, None);
    }
    let deadline = scene.actions[0].deadline.0;
    loop {
        scene.wait(30);
        fail_from(&mut scene, 0, 5);
        let decided = scene.live();
        if scene.now >= deadline {
            assert_eq!(evicted(&decided), ["checkout-0", "checkout-1", "checkout-2"]);
            break;
        }
        assert_eq!((verb(&decided), reason(&decided)), (None, "AwaitingSurge"), "{:?}", decided.decision);
    }
    let surge = scene.actions.iter().find(|action| action.verb == Verb::Surge).unwrap();
    assert_eq!(surge.verdict, Some(Verdict::Inconclusive), "{surge:?}");
    // None did: the verb is turned off, as ever.
    let mut scene = avoided(3);
    scene.live();
    failing(&mut scene, 3);
    for pod in &mut scene.workload().pods[18..] {
        (pod.ready, pod.node) = (false, None);
    }
    let deadline = scene.actions[0].deadline.0;
    while scene.now < deadline {
        scene.wait(30);
        fail_from(&mut scene, 0, 3);
        assert_ne!(verb(&scene.live()), Some(Verb::Reschedule));
    }
    let surge = scene.actions.iter().find(|action| action.verb == Verb::Surge).unwrap();
    assert_eq!(surge.verdict, Some(Verdict::Ineffective), "{surge:?}");
}

/// So many pods go, where these three are blamed each by itself.
fn going(scene: &Scene) -> usize {
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = workflow::work_out(&situation, timing, scene.workload.as_ref().unwrap());
    let suspects = ["checkout-0", "checkout-1", "checkout-2"].map(str::to_owned);
    reschedule::propose(&facts, &suspects).unwrap().steps.len()
}

#[test]
fn without_leave_to_avoid_nodes_they_do_not_go_together_from_one_that_is_cordoned() {
    let mut scene = ready(3);
    named(&mut scene, "node-0").taints.clear();
    named(&mut scene, "node-0").unschedulable = true;
    scene.status.avoidance = None;
    assert_eq!(going(&scene), 3);
    scene.enforcement.reschedule.as_mut().unwrap().avoid_node = None;
    assert_eq!(going(&scene), 1);
}

#[test]
fn those_that_went_together_in_vain_are_one_try() {
    let mut scene = ready(3);
    assert_eq!(evicted(&scene.live()).len(), 3);
    moves::land(&mut scene, "node-8");
    scene.live();
    // What came in their place is gone again.
    scene.workload().pods.retain(|pod| pod.node.as_deref() != Some("node-8"));
    let deadline = scene.actions[0].deadline.0;
    while scene.now < deadline {
        scene.wait(30);
        scene.burn(true);
        scene.live();
    }
    let tried: Vec<_> = scene.actions.iter().filter(|action| action.verb == Verb::Reschedule).collect();
    assert!(tried.iter().all(|action| action.verdict == Some(Verdict::Ineffective)), "{tried:#?}");
    assert_eq!(scene.status.episode.as_ref().unwrap().without_effect(Verb::Reschedule), 1);
}

#[test]
fn a_pod_of_a_node_that_is_not_avoided_goes_alone() {
    let sick = ["checkout-0", "checkout-1"];
    let mut scene = moves::one_sick();
    scene.enforcement.reschedule.as_mut().unwrap().per_day = 24;
    fail(&mut scene, &sick);
    assert_eq!(act(&scene.live()), Some((Verb::Surge, 6, 7)));
    moves::spread(&mut scene);
    fail(&mut scene, &sick);
    scene.wait(60);
    assert_eq!(evicted(&scene.decide()).len(), 1);
}

/// What the guards say of the eviction of these pods together, and which of them says it.
fn review(scene: &Scene, pods: &[usize]) -> Option<(&'static str, &'static str)> {
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = workflow::work_out(&situation, timing, scene.workload.as_ref().unwrap());
    let steps = pods.iter().flat_map(|index| reschedule::evict(&facts, &facts.workload.pods[*index]).steps);
    let plan = Plan::of_steps("shop", steps.collect());
    let held = guard::review(&plan, &facts).err().map(|hold| hold.reason);
    let told = guard::answers(&plan, &facts, false).held.map(|(guard, _)| guard);
    assert_eq!(held.is_some(), told.is_some(), "{held:?} {told:?}");
    held.zip(told)
}

#[test]
fn the_guards_let_several_go_from_one_node_only_that_is_avoided() {
    let held = Some(("BlastRadius", "within the blast radius"));
    let mut scene = ready(3);
    assert_eq!(review(&scene, &[0, 1, 2]), None);
    assert_eq!(review(&scene, &[5]), None);
    assert_eq!(review(&scene, &[0, 5]), held, "of two nodes");
    assert_eq!(review(&scene, &[5, 6]), held, "of one that is not avoided");
    others(&mut scene, 3);
    assert_eq!((review(&scene, &[0, 1, 2]), review(&scene, &[0, 1])), (held, None), "five of all agreements");
    let mut scene = ready(3);
    scene.enforcement.reschedule.as_mut().unwrap().per_day = 2;
    assert_eq!((review(&scene, &[0, 1, 2]), review(&scene, &[0, 1])), (held, None), "as many as a day has");
    named(&mut scene, "node-0").taints.clear();
    assert_eq!(review(&scene, &[0, 1]), held, "nothing keeps new pods off it");
    named(&mut scene, "node-0").unschedulable = true;
    assert_eq!(review(&scene, &[0, 1]), None, "a cordon does");
}

#[test]
fn nothing_more_goes_before_it_is_judged_what_came_of_them() {
    let mut scene = ready(6);
    assert_eq!(evicted(&scene.live()).len(), 5);
    let begun = scene.now;
    let verdicts = |scene: &Scene| -> Vec<Option<Verdict>> {
        scene.actions.iter().filter(|action| action.verb == Verb::Reschedule).map(|action| action.verdict).collect()
    };
    moves::land(&mut scene, "node-8");
    scene.wait(30);
    moves::all_ready(&mut scene);
    fail_from(&mut scene, 5, 6);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"));
    let mut judged = false;
    loop {
        let decided = scene.live();
        if verb(&decided) == Some(Verb::Reschedule) {
            assert_eq!(evicted(&decided), ["checkout-5"]);
            break;
        }
        judged |= verdicts(&scene) == [Some(Verdict::Effective); 5];
        scene.wait(30);
        fail_from(&mut scene, 5, 6);
        assert!(scene.now.duration_since(begun).as_secs() < 900, "{:?}", decided.decision);
    }
    assert!(judged, "{:?}", verdicts(&scene));
    assert!(scene.now.duration_since(begun) >= guard::WITHIN, "five in ten minutes");
}

#[test]
fn accident_12_an_operator_that_dies_between_two_of_them_asks_what_became_of_all() {
    let mut scene = ready(3);
    // The first one went.
    scene.crash(ActionPhase::Intended, true);
    let counted = |scene: &Scene| scene.decide().enforcement.reschedule.unwrap().evictions.len();
    scene.wait(15);
    fail_from(&mut scene, 1, 3);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"), "they may still go");
    assert_eq!(counted(&scene), 3);
    scene.live();
    moves::land(&mut scene, "node-8");
    scene.wait(60);
    moves::all_ready(&mut scene);
    fail_from(&mut scene, 1, 3);
    scene.live();
    assert_eq!(counted(&scene), 1, "the others did not");
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"), "the first is judged");
}
