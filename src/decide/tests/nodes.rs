//! A service with two sick pods on one node, and the nodes beside it.

use serde_json::Value;

use super::fixture::{Scene, at};
use super::moves::fail;
use crate::api::AVOID_KEY;
use crate::api::enforcement::{AvoidNode, Reschedule};
use crate::api::enforcement_status::Verb;
use crate::decide::{NodeChange, NodeWrite, Step};
use crate::sense::workload::{AvoidanceRecord, NodeObservation, Nodes};

/// The pods of the sick node.
pub(crate) const SICK: [&str; 2] = ["checkout-0", "checkout-1"];

/// Six pods, two on each of three of five nodes; those of `node-0` fail every other request, and it may be avoided.
pub(crate) fn sick_node() -> Scene {
    let mut scene = Scene::burning();
    scene.enforcement.reschedule =
        Some(Reschedule { per_day: 24, avoid_node: Some(AvoidNode::default()), ..Reschedule::default() });
    scene.floor().current = 6;
    scene.nodes = all(5);
    pair(&mut scene);
    fail(&mut scene, &SICK);
    scene
}

/// The same, with the node avoided; the next thing is a replica more.
pub(crate) fn avoided() -> Scene {
    let mut scene = sick_node();
    assert_eq!(super::moves::verb(&scene.live()), Some(Verb::AvoidNode));
    scene.wait(15);
    scene
}

/// The same, with a replica more that is ready for a minute; the next thing is an eviction.
pub(crate) fn ready_to_move() -> Scene {
    let mut scene = avoided();
    assert_eq!(super::moves::verb(&scene.live()), Some(Verb::Surge));
    pair(&mut scene);
    fail(&mut scene, &SICK);
    scene.wait(60);
    scene
}

/// So many nodes that take pods, and no others.
pub(crate) fn all(count: usize) -> Nodes {
    Nodes { known: (0..count).map(|index| node(&format!("node-{index}"))).collect(), all: Ok(count) }
}

pub(crate) fn node(name: &str) -> NodeObservation {
    NodeObservation {
        name: name.to_owned(),
        uid: format!("uid of {name}"),
        ready: true,
        unschedulable: false,
        taints: Vec::new(),
        annotated: true,
        annotation: None,
        entry_left: false,
    }
}

/// Two pods on each node.
pub(crate) fn pair(scene: &mut Scene) {
    for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
        pod.node = Some(format!("node-{}", index / 2));
    }
}

pub(crate) fn named<'a>(scene: &'a mut Scene, name: &str) -> &'a mut NodeObservation {
    scene.nodes.known.iter_mut().find(|node| node.name == name).unwrap()
}

/// The node is avoided for another agreement, from that second on for half an hour.
pub(crate) fn avoid_for_another(node: &mut NodeObservation, second: i64) {
    let time = |second| k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(at(second));
    let record = AvoidanceRecord {
        namespace: "pay".into(),
        agreement: "cards".into(),
        uid: "another".into(),
        action: "other-action".into(),
        at: time(second),
        until: time(second + 1800),
    };
    (node.taints, node.annotation) = (vec![record.to_taint()], Some(record.to_annotation()));
}

/// The API server takes the write.
pub(crate) fn write(scene: &mut Scene, step: &Step, change: &NodeChange) {
    let node = scene.nodes.known.iter_mut().find(|node| node.uid == step.target.uid).expect("a node of that uid");
    match &change.write {
        NodeWrite::Avoid(record) => {
            assert_eq!(change.taints, node.taints, "a precondition");
            node.taints.push(record.to_taint());
            node.annotation = Some(record.to_annotation());
        }
        NodeWrite::Release { index, action, annotation } => {
            let taint: Value = node.taints.remove(*index);
            assert_eq!(
                (&taint["key"], &taint["value"]),
                (&AVOID_KEY.into(), &action.as_str().into()),
                "a precondition"
            );
            if annotation.is_some() {
                assert_eq!(*annotation, node.annotation.take(), "a precondition");
            }
        }
    }
}
