//! Whether more replicas find a place: quotas and nodes, by tables, and what is decided where they do not.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::fixture::{Scene, act, reason};
use super::moves::one_sick;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::Verb;
use crate::decide::Decision;
use crate::decide::capacity::feasibility::limits;
use crate::sense::headroom::{Headroom, NANO, NodeRoom, PodNeeds, QuotaResource, QuotaRoom};
use crate::sense::workload::Tolerated;

/// A pod of one core and 512 MiB.
pub(super) fn needs() -> PodNeeds {
    let spec = json!({"containers": [{
        "name": "a", "resources": {"requests": {"cpu": "1", "memory": "512Mi"}, "limits": {"memory": "1Gi"}},
    }]});
    PodNeeds::of(&serde_json::from_value(spec).unwrap())
}

/// A node with so many cores left, and room for many pods.
pub(super) fn node(name: &str, cores: i128) -> NodeRoom {
    let left = [("cpu", cores * NANO), ("memory", (NANO << 30) * 64), ("pods", 100 * NANO)];
    NodeRoom {
        name: name.to_owned(),
        unschedulable: false,
        labels: BTreeMap::from([("disk".to_owned(), "ssd".to_owned())]),
        taints: Vec::new(),
        left: left.into_iter().map(|(name, left)| (name.to_owned(), left)).collect(),
    }
}

/// A quota of which so much is left of each resource, in whole units.
pub(super) fn quota(left: &[(&str, i128)]) -> QuotaRoom {
    let resource = |(name, left): &(&str, i128)| QuotaResource {
        name: (*name).to_owned(),
        hard: "10".to_owned(),
        used: (10 - left).to_string(),
        left: left * NANO,
    };
    QuotaRoom { name: "team".to_owned(), resources: left.iter().map(resource).collect() }
}

pub(super) fn room(quotas: Vec<QuotaRoom>, nodes: Result<Vec<NodeRoom>, &str>) -> Headroom {
    let nodes = nodes.map(Arc::new).map_err(str::to_owned);
    Headroom::Read { needs: Box::new(needs()), quotas: Ok(Arc::new(quotas)), nodes }
}

/// Only a quota is known, which leaves so many pods.
pub(super) fn pods_left(pods: i128) -> Headroom {
    room(vec![quota(&[("pods", pods)])], Err("may not be listed"))
}

/// Six replicas whose floor is held, about to be raised to eight.
pub(super) fn about_to_raise() -> Scene {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(60);
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 6, 8)));
    scene
}

#[test]
fn a_quota_leaves_what_its_scarcest_resource_does() {
    let mut scene = Scene::calm();
    for (left, expected) in [
        (&[("pods", 3)][..], Some(3)),
        (&[("count/pods", 0)], Some(0)),
        (&[("requests.cpu", 5), ("pods", 9)], Some(5)),
        (&[("cpu", 2)], Some(2)),
        (&[("requests.memory", 1 << 30)], Some(2)),
        (&[("limits.memory", 1 << 30)], Some(1)),
        // Not known to be needed, or no pods at all.
        (&[("limits.cpu", 0)], None),
        (&[("requests.nvidia.com/gpu", 0)], None),
        (&[("services", 0)], None),
    ] {
        let headroom = room(vec![quota(left)], Err("not asked"));
        let rooms: Vec<i32> = limits(&headroom, scene.workload(), "shop").iter().map(|limit| limit.room).collect();
        assert_eq!(rooms, Vec::from_iter(expected), "{left:?}");
    }
}

#[test]
fn nodes_count_that_may_take_such_a_pod() {
    let mut scene = Scene::calm();
    let taint = |effect: &str| serde_json::from_value(json!({"key": "gpu", "value": "yes", "effect": effect})).unwrap();
    let with = |change: &dyn Fn(&mut NodeRoom)| {
        let mut node = node("b", 4);
        change(&mut node);
        vec![super::feasibility::node("a", 2), node]
    };
    let tolerating = |toleration: serde_json::Value| PodNeeds {
        tolerated: Tolerated::of(&serde_json::from_value(toleration).unwrap()).into_iter().collect(),
        ..needs()
    };
    let selecting = PodNeeds { node_selector: BTreeMap::from([("disk".into(), "ssd".into())]), ..needs() };
    let tainted = |effect: &'static str| with(&move |node| node.taints.push(taint(effect)));
    for (nodes, needs, expected) in [
        (with(&|_| {}), needs(), 6),
        (with(&|node| node.unschedulable = true), needs(), 2),
        (with(&|node| node.labels.clear()), selecting, 2),
        (tainted("NoSchedule"), needs(), 2),
        (tainted("NoExecute"), needs(), 2),
        (tainted("PreferNoSchedule"), needs(), 6),
        (tainted("NoSchedule"), tolerating(json!({"key": "gpu", "operator": "Exists"})), 6),
        (tainted("NoSchedule"), tolerating(json!({"key": "gpu", "value": "yes", "effect": "NoSchedule"})), 6),
        (tainted("NoSchedule"), tolerating(json!({"key": "gpu", "value": "no"})), 2),
        (tainted("NoSchedule"), tolerating(json!({"operator": "Exists", "effect": "NoExecute"})), 2),
        (tainted("NoSchedule"), tolerating(json!({"operator": "Exists"})), 6),
        (with(&|node| _ = node.left.insert("pods".into(), NANO)), needs(), 3),
        (with(&|node| _ = node.left.remove("cpu")), needs(), 2),
    ] {
        let headroom = Headroom::Read {
            needs: Box::new(needs.clone()),
            quotas: Ok(Arc::new(Vec::new())),
            nodes: Ok(Arc::new(nodes.clone())),
        };
        let rooms: Vec<i32> = limits(&headroom, scene.workload(), "shop").iter().map(|limit| limit.room).collect();
        assert_eq!(rooms, [expected], "{needs:?} {nodes:?}");
    }
}

#[test]
fn accident_09_a_raise_is_asked_for_that_finds_no_place() {
    for (headroom, expected, names) in [
        (pods_left(0), "QuotaExceeded", "ResourceQuota team (pods: 10 of 10 used)"),
        (room(Vec::new(), Ok(vec![node("a", 0), node("b", 0)])), "CapacityInsufficient", "2 of 2 nodes"),
    ] {
        let mut scene = about_to_raise();
        scene.supply.headroom = headroom;
        for _ in 0..5 {
            let decided = scene.live();
            assert_eq!((act(&decided), reason(&decided)), (None, expected));
            let told = decided.hints.capacity_insufficient.unwrap();
            assert!(told.contains(names) && decided.enforcement.message == told, "{told}");
            assert_eq!(decided.hints.short_of, expected);
            scene.wait(60);
        }
        assert_eq!(scene.floor().current, 6, "what serves is kept");
        scene.supply.headroom = pods_left(9);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)), "there is room now");
    }
}

#[test]
fn accident_09_more_is_asked_for_than_finds_a_place() {
    let mut scene = about_to_raise();
    scene.supply.headroom = pods_left(1);
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::RaiseFloor, 6, 7)));
    let message = &decided.enforcement.message;
    assert!(
        message.contains("8 would be right, but ResourceQuota team") && message.contains("no more than 7"),
        "{message}"
    );
    assert_eq!(decided.hints.capacity_insufficient, None, "what could be done is done");
}

#[test]
fn accident_09_replicas_without_a_place_are_joined_by_more() {
    let mut scene = about_to_raise();
    for pod in scene.workload().pods.iter_mut().skip(4) {
        (pod.node, pod.ready) = (None, false);
    }
    // Two pods wait for a node already, and there is room for two.
    scene.supply.headroom = room(Vec::new(), Ok(vec![node("a", 2)]));
    assert_eq!((act(&scene.decide()), reason(&scene.decide())), (None, "CapacityInsufficient"));
    scene.supply.headroom = room(Vec::new(), Ok(vec![node("a", 3)]));
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 6, 7)));
}

#[test]
fn what_is_unknown_forbids_nothing() {
    let unread = || "it may not be listed".to_owned();
    for headroom in [
        Headroom::NotAsked,
        Headroom::Read { needs: Box::new(needs()), quotas: Err(unread()), nodes: Err(unread()) },
        room(Vec::new(), Err("the nodes were not listed in time")),
        room(vec![quota(&[("services", 0)])], Err("not asked")),
    ] {
        let mut scene = about_to_raise();
        scene.supply.headroom = headroom;
        let decided = scene.live();
        assert_eq!(act(&decided), Some((Verb::RaiseFloor, 6, 8)));
        assert_eq!(decided.enforcement.bid, None);
    }
}

#[test]
fn what_was_not_looked_up_is_told() {
    for (headroom, expected) in [
        (Headroom::NotAsked, ""),
        (room(Vec::new(), Ok(vec![node("a", 9)])), ""),
        (room(Vec::new(), Err("the nodes may not be listed")), "the nodes may not be listed"),
        (
            Headroom::Read { needs: Box::new(needs()), quotas: Err("no quotas".into()), nodes: Err("no nodes".into()) },
            "no quotas; no nodes",
        ),
    ] {
        let mut scene = about_to_raise();
        scene.supply.headroom = headroom;
        assert_eq!(scene.decide().enforcement.diagnosis.unwrap().observed.room_problem, expected);
    }
}

#[test]
fn what_is_left_bounds_no_freeze_and_no_step_down() {
    let mut scene = Scene::burning();
    scene.supply.headroom = pods_left(0);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    let mut scene = Scene::raised();
    scene.supply.headroom = pods_left(0);
    assert_eq!(act(&scene.live()), Some((Verb::LowerFloor, 9, 8)));
}

#[test]
fn no_pod_is_moved_without_room_for_one_more() {
    let mut scene = one_sick();
    scene.supply.headroom = pods_left(0);
    assert_eq!((act(&scene.decide()), reason(&scene.decide())), (None, "QuotaExceeded"));
    scene.supply.headroom = pods_left(1);
    assert_eq!(act(&scene.decide()), Some((Verb::Surge, 6, 7)));
}

#[test]
fn it_is_read_only_when_replicas_are_to_be_asked_for() {
    assert!(about_to_raise().decide().seeks_replicas);
    assert!(one_sick().decide().seeks_replicas);
    assert!(!Scene::calm().decide().seeks_replicas);
    assert!(!Scene::burning().decide().seeks_replicas, "the freeze comes first");
    assert!(!Scene::raised().decide().seeks_replicas);
    let mut scene = about_to_raise();
    scene.live();
    scene.wait(15);
    assert!(!scene.decide().seeks_replicas, "the raise is being judged");
}

#[test]
fn a_recommendation_says_it_too() {
    let mut scene = about_to_raise();
    scene.enforcement.mode = Mode::Recommend;
    scene.status.floor = None;
    scene.floor().baseline = crate::sense::workload::Baseline::None;
    scene.supply.headroom = pods_left(1);
    assert!(scene.decide().seeks_replicas);
    let Decision::Recommend(words) = scene.decide().decision else { panic!("{:?}", scene.decide()) };
    assert!(words.contains("6 -> 7") && words.contains("ResourceQuota team"), "{words}");
    scene.supply.headroom = pods_left(0);
    assert_eq!(reason(&scene.decide()), "QuotaExceeded");
}
