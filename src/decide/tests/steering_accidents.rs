//! The accidents of others that concern nodes; the numbers are those of the project's list.

use super::fixture::{Scene, at, reason, step};
use super::moves::{fail, newest_ready, surged, verb};
use super::nodes::{SICK, all, avoided, named, pair, sick_node};
use crate::api::avoidance_status::AvoidanceStatus;
use crate::api::enforcement::{AvoidNode, Reschedule};
use crate::api::enforcement_status::{ActionPhase, EnforcementStatus, Verb};

/// So many services on a cluster of so many nodes, each with a sick node of its own; they look at it in turn. Gives how many
/// of the nodes were avoided at once, at most.
fn most_avoided(nodes: usize, services: usize) -> usize {
    let mut cluster = all(nodes);
    let mut scenes: Vec<Scene> = (0..services).map(service).collect();
    let mut most = 0;
    for _ in 0..30 {
        for scene in &mut scenes {
            scene.nodes = cluster.clone();
            fail(scene, &SICK);
            // Nothing but the nodes is in question.
            if verb(&scene.decide()).is_some_and(Verb::is_about_node) {
                scene.live();
            }
            cluster = scene.nodes.clone();
            scene.wait(10);
        }
        let is_avoided = |node: &&crate::sense::workload::NodeObservation| node.avoided().is_some();
        most = most.max(cluster.known.iter().filter(is_avoided).count());
    }
    for node in &cluster.known {
        assert!(
            !node.unschedulable && node.taints.iter().all(|taint| taint["effect"] == "PreferNoSchedule"),
            "{node:?}"
        );
    }
    most
}

fn service(index: usize) -> Scene {
    let mut scene = sick_node();
    scene.agreement.name = format!("service-{index}");
    scene.agreement.uid = format!("sla-{index}");
    place(&mut scene);
    scene
}

/// Its sick pods on a node of its own, the others on two that all use.
fn place(scene: &mut Scene) {
    pair(scene);
    let own: usize = scene.agreement.name.trim_start_matches("service-").parse().unwrap();
    for pod in &mut scene.workload().pods {
        pod.node = pod.node.as_deref().map(|node| match node {
            "node-0" => format!("node-{}", own + 3),
            other => other.to_owned(),
        });
    }
}

#[test]
fn accident_21_automation_keeps_pods_off_most_of_the_nodes() {
    // One of a few, one in twenty of many, softly, and never a cordon.
    for (nodes, most) in [(5, 1), (19, 1), (40, 2), (60, 3)] {
        assert_eq!(most_avoided(nodes, 10.min(nodes - 3)), most, "of {nodes} nodes");
    }
}

#[test]
fn accident_21_what_was_avoided_once_is_avoided_for_ever() {
    let mut scene = avoided();
    // Another replica leads by now, and the status was lost; the node says until when.
    (scene.status, scene.actions) = (EnforcementStatus::default(), Vec::new());
    let mut waited = 0;
    while named(&mut scene, "node-0").avoided().is_some() {
        scene.wait(60);
        waited += 60;
        assert!(waited <= 1860, "it still stands: {:?}", scene.status);
        fail(&mut scene, &SICK);
        // Nothing else comes through, so that the danger goes on.
        let decided = scene.decide();
        scene.status = decided.enforcement.clone();
        if verb(&decided) == Some(Verb::ReleaseNode) {
            scene.actions.clone_from(&decided.actions);
            scene.carry_out(step(&decided));
        }
    }
    assert!(waited >= 1740, "{waited}");
}

#[test]
fn accident_21_what_a_person_cordoned_is_left_alone() {
    let mut scene = sick_node();
    named(&mut scene, "node-0").unschedulable = true;
    named(&mut scene, "node-0").taints =
        vec![serde_json::json!({"key": "node.kubernetes.io/unschedulable", "effect": "NoSchedule"})];
    let theirs = scene.nodes.clone();
    let mut done = Vec::new();
    for _ in 0..40 {
        fail(&mut scene, &SICK);
        let decided = scene.live();
        done.extend(verb(&decided));
        match verb(&decided) {
            Some(Verb::Surge) => pair(&mut scene),
            Some(Verb::Reschedule) => break,
            _ => {}
        }
        scene.wait(30);
    }
    assert_eq!(done, [Verb::Surge, Verb::Reschedule], "it serves as well");
    assert_eq!(scene.nodes, theirs);
}

/// Pods of a service whose node `node-0` makes each of them sick: they land there unless something keeps them off it.
fn returning(scene: &mut Scene) -> Vec<Verb> {
    let mut sick = "checkout-0".to_owned();
    let mut done = Vec::new();
    for _ in 0..240 {
        fail(scene, &[&*sick]);
        let verb = verb(&scene.live());
        done.extend(verb);
        if verb == Some(Verb::Reschedule) {
            let kept_off = named(scene, "node-0").avoided().is_some();
            let lands = if kept_off { "node-9" } else { "node-0" };
            scene.workload().pods.last_mut().unwrap().node = Some(lands.into());
            sick = newest_ready(scene);
            if kept_off {
                fail(scene, &[]);
                return done;
            }
        }
        scene.wait(30);
    }
    done
}

#[test]
fn accident_14_an_evicted_pod_returns_to_the_same_node_until_that_is_avoided() {
    let mut scene = surged();
    scene.nodes = all(8);
    scene.enforcement.reschedule =
        Some(Reschedule { per_day: 24, avoid_node: Some(AvoidNode::default()), ..Reschedule::default() });
    let done = returning(&mut scene);
    let expected = [Verb::Reschedule, Verb::Reschedule, Verb::AvoidNode, Verb::Reschedule];
    assert_eq!(done, expected, "{:?}", scene.decide().decision);
}

#[test]
fn accident_26_a_node_that_falls_ill_again_is_avoided_again_and_again() {
    let mut scene = sick_node();
    let mut avoided = 0;
    for _ in 0..600 {
        fail(&mut scene, &SICK);
        // Nothing but the taint ever gets through.
        let decided = scene.decide();
        scene.status = decided.enforcement.clone();
        scene.actions.clone_from(&decided.actions);
        if let Some(verb) = verb(&decided) {
            if verb.is_about_node() {
                avoided += i32::from(verb == Verb::AvoidNode);
                scene.carry_out(step(&decided));
            } else {
                let id = step(&decided).id.clone();
                scene.actions.iter_mut().find(|action| action.id == id).unwrap().phase = ActionPhase::Refused;
                scene.status.floor = None;
            }
        }
        scene.wait(60);
    }
    assert_eq!((avoided, reason(&scene.decide())), (1, "NodeAvoidedBefore"), "{:?}", scene.decide().decision);
    assert!(named(&mut scene, "node-0").avoided().is_none());
    let known: AvoidanceStatus = scene.status.avoidance.clone().unwrap();
    assert_eq!((known.nodes.len(), known.nodes[0].at.0), (1, at(0)));
}
