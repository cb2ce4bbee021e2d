//! Every guard that concerns the avoiding of a node: one that passes, and the one change that holds it.

use k8s_openapi::api::core::v1::Toleration;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, at, reason};
use super::moves::{fail, surged, verb};
use super::nodes::{all, avoid_for_another, named, node, ready_to_move, sick_node};
use super::rescheduling_guards::eviction;
use crate::api::avoidance_status::{AvoidanceEnd, AvoidanceStatus, AvoidedNode};
use crate::api::enforcement::{Mode, ScaleBounds};
use crate::api::enforcement_status::{Episode, Verb, WithoutEffect};
use crate::api::reschedule_status::RescheduleStatus;
use crate::decide::situation::timing::Timing;
use crate::decide::verb::reschedule;
use crate::decide::{FleetAvoidance, guard, workflow};
use crate::sense::workload::{Nodes, Rollout, Tolerated};

fn earlier(node: &str, second: i64, ended: AvoidanceEnd) -> AvoidedNode {
    AvoidedNode {
        action: format!("{node} at {second}"),
        node: node.to_owned(),
        uid: format!("uid of {node}"),
        at: Time(at(second)),
        until: Time(at(second + 1800)),
        ended: Some(ended),
    }
}

fn before(scene: &mut Scene, nodes: Vec<AvoidedNode>) {
    scene.status.avoidance = Some(AvoidanceStatus { nodes });
}

fn by_others(node: &str, until: i64) -> Vec<FleetAvoidance> {
    vec![FleetAvoidance { node: node.to_owned(), until: at(until) }]
}

fn tolerated(key: &str) -> Vec<Tolerated> {
    let toleration =
        Toleration { key: Some(key.to_owned()), operator: Some("Exists".to_owned()), ..Toleration::default() };
    Tolerated::of(&toleration).into_iter().collect()
}

#[test]
fn a_taint_is_held_by_every_guard_that_concerns_it() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 23] = [
        ("OutlierNode", |scene| scene.enforcement.reschedule.as_mut().unwrap().avoid_node = None),
        ("Observing", |scene| scene.enforcement.mode = Mode::Observe),
        ("NotLeader", |scene| scene.leader = false),
        ("StaleWorkload", |scene| scene.workload().read_at = at(-60)),
        ("RolloutInProgress", |scene| scene.workload().rollout = Rollout::InProgress),
        ("PodTooYoung", |scene| scene.workload().pods[0].created = Some(at(-599))),
        ("NotReplaceable", |scene| scene.workload().pods[0].owner_kind = Some("StatefulSet".into())),
        ("NoSurge", |scene| scene.enforcement.scale = Some(ScaleBounds { min: 2, max: 6, connections: None })),
        ("BlastRadius", |scene| {
            let evictions = vec![eviction("1", -500, "node-0", None)];
            scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
        }),
        ("NodesUnreadable", |scene| scene.nodes = Nodes::not_asked()),
        ("NodesUnreadable", |scene| scene.nodes.all = Err("forbidden".into())),
        ("AnotherNodeAvoided", |scene| {
            scene.nodes = all(40);
            avoid_for_another(named(scene, "node-4"), -60);
            let other = named(scene, "node-4").clone();
            let mut standing = earlier("node-4", -60, AvoidanceEnd::Released);
            (standing.ended, standing.action) = (None, other.avoided().unwrap().1.to_owned());
            before(scene, vec![standing]);
        }),
        ("AvoidedByOther", |scene| scene.fleet.avoided = by_others("node-0", 1)),
        ("ConflictingManager", |scene| before(scene, vec![earlier("node-0", -80_000, AvoidanceEnd::RemovedByOthers)])),
        ("NodeAvoidedBefore", |scene| before(scene, vec![earlier("node-0", -80_000, AvoidanceEnd::Released)])),
        ("AvoidanceBudget", |scene| {
            let others = ["node-1", "node-2"].map(|node| earlier(node, -80_000, AvoidanceEnd::Released));
            before(scene, others.to_vec());
        }),
        ("AvoidanceLimit", |scene| avoid_for_another(named(scene, "node-4"), -60)),
        // By whose hand ever, and whatever its annotation says.
        ("AvoidanceLimit", |scene| {
            avoid_for_another(named(scene, "node-4"), -60);
            named(scene, "node-4").annotation = None;
        }),
        ("AvoidanceLimit", |scene| scene.fleet.avoided = by_others("elsewhere", 1)),
        ("NoOtherNode", |scene| {
            named(scene, "node-1").unschedulable = true;
            named(scene, "node-2").ready = false;
        }),
        ("NoOtherNode", |scene| {
            for name in ["node-1", "node-2"] {
                named(scene, name).taints = vec![serde_json::json!({"key": "full", "effect": "NoSchedule"})];
            }
            // The pod there is older than the taint, and tolerates another.
            scene.workload().pods.iter_mut().for_each(|pod| pod.tolerated = tolerated("web"));
        }),
        ("WarmingUp", |scene| scene.warm_until = at(1)),
        ("Ineffective", |scene| {
            let without_effect = vec![WithoutEffect { verb: Verb::AvoidNode, times: 1 }];
            scene.status.episode = Some(Episode {
                since: Time(at(0)),
                ahead: false,
                safe_since: None,
                without_effect,
                harmful_above: None,
            });
        }),
    ];
    for (expected, change) in changes {
        let mut scene = sick_node();
        assert_eq!(verb(&scene.decide()), Some(Verb::AvoidNode), "{expected}: it passes");
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!(verb(&decided), None, "{expected}: {:?}", decided.decision);
        assert_eq!(reason(&decided), expected, "{:?}", decided.decision);
    }
}

#[test]
fn what_is_past_or_elsewhere_holds_nothing_up() {
    type Change = fn(&mut Scene);
    let changes: [Change; 6] = [
        // Nodes set aside for these pods.
        |scene| {
            for node in &mut scene.nodes.known {
                node.taints = vec![serde_json::json!({"key": "web", "value": "yes", "effect": "NoSchedule"})];
            }
            scene.workload().pods.iter_mut().for_each(|pod| pod.tolerated = tolerated("web"));
        },
        |scene| before(scene, vec![earlier("node-0", -86_400, AvoidanceEnd::RemovedByOthers)]),
        |scene| before(scene, vec![earlier("node-4", -80_000, AvoidanceEnd::RemovedByOthers)]),
        |scene| scene.fleet.avoided = by_others("node-0", 0),
        // Of forty nodes two may be avoided.
        |scene| {
            scene.nodes = all(40);
            avoid_for_another(named(scene, "node-4"), -60);
        },
        |scene| named(scene, "node-1").unschedulable = true,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut scene = sick_node();
        change(&mut scene);
        assert_eq!(verb(&scene.decide()), Some(Verb::AvoidNode), "case {index}: {:?}", scene.decide().decision);
    }
}

#[test]
fn a_pod_is_not_evicted_from_a_node_that_is_not_ready_or_may_not_be() {
    let review = |scene: &mut Scene| {
        let situation = scene.situation();
        let timing = Timing::of(&scene.enforcement).unwrap();
        let (facts, _) = workflow::work_out(&situation, timing, scene.workload.as_ref().unwrap());
        let plan = reschedule::evict(&facts, &facts.workload.pods[0]);
        guard::review(&plan, &facts).err().map(|hold| hold.reason)
    };
    let mut scene = surged();
    assert_eq!(review(&mut scene), None, "a pod that is ready says enough of its node");
    scene.nodes.known = vec![node("node-0")];
    assert_eq!(review(&mut scene), None);
    scene.nodes.known[0].ready = false;
    assert_eq!(review(&mut scene), Some("NodeNotReady"));
    scene.nodes.known.clear();
    scene.workload().pods[0].ready = false;
    assert_eq!(review(&mut scene), Some("NodeUnknown"));
}

#[test]
fn a_pod_is_not_evicted_where_pods_come_back_in_spite_of_the_taint() {
    let mut scene = ready_to_move();
    assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule));
    // Before the taint stood.
    let evictions = vec![eviction("1", -900, "node-0", Some("node-0")), eviction("2", -700, "node-0", Some("node-0"))];
    scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
    assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule), "{:?}", scene.decide().decision);
    scene.wait(700);
    fail(&mut scene, &super::nodes::SICK);
    scene.status.reschedule.as_mut().unwrap().evictions.push(eviction("3", 30, "node-0", Some("node-0")));
    let decided = scene.decide();
    assert_eq!((verb(&decided), reason(&decided)), (None, "SteeringFailed"), "{:?}", decided.decision);
}

#[test]
fn a_node_is_not_given_back_while_an_eviction_from_it_is_not_judged() {
    type Change = fn(&mut Scene);
    let is_open =
        |scene: &Scene| scene.actions.iter().any(|action| action.verb == Verb::Reschedule && action.verdict.is_none());
    // All is well at once, and what came in the pod's place takes its time.
    let mut scene = ready_to_move();
    assert_eq!(verb(&scene.live()), Some(Verb::Reschedule));
    let mut waited = 0;
    loop {
        scene.wait(60);
        waited += 60;
        fail(&mut scene, &[]);
        if verb(&scene.live()) == Some(Verb::ReleaseNode) {
            break;
        }
        assert!(waited < 1200, "{:?}", scene.decide().decision);
    }
    assert!(!is_open(&scene) && waited > 600, "{waited} s, longer than all must be safe: {:?}", scene.actions);
    // But no longer than it may be avoided at all.
    let changes: [Change; 2] = [
        |scene| scene.status.avoidance.as_mut().unwrap().nodes[0].until = Time(scene.now),
        |scene| scene.enforcement.reschedule.as_mut().unwrap().avoid_node = None,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut scene = ready_to_move();
        assert_eq!(verb(&scene.live()), Some(Verb::Reschedule));
        assert_ne!(verb(&scene.decide()), Some(Verb::ReleaseNode));
        change(&mut scene);
        assert_eq!((verb(&scene.decide()), is_open(&scene)), (Some(Verb::ReleaseNode), true), "case {index}");
    }
    // Nor for one that was from another node.
    let mut scene = ready_to_move();
    assert_eq!(verb(&scene.live()), Some(Verb::Reschedule));
    scene.status.reschedule.as_mut().unwrap().evictions.iter_mut().for_each(|one| one.node = "node-9".into());
    fail(&mut scene, &[]);
    let mut waited = 0;
    while verb(&scene.live()) != Some(Verb::ReleaseNode) {
        scene.wait(60);
        waited += 60;
        fail(&mut scene, &[]);
        assert!(waited <= 360, "{:?}", scene.decide().decision);
    }
}
