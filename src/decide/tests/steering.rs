//! A sick node: it is avoided, replicas are added, its pods are moved together, and it takes pods again; and what becomes of
//! it when something breaks off, or somebody else has a hand in it.

use super::fixture::{Scene, act, at, by_pod, reason, step};
use super::moves::{self, fail, newest_ready, served, verb};
use super::nodes::{SICK, avoid_for_another, avoided, named, pair, ready_to_move, sick_node};
use crate::api::AVOID_KEY;
use crate::api::avoidance_status::AvoidanceEnd;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, Verb, Verdict};
use crate::decide::{Change, Decision, NodeWrite, Restoration, release_node};
use crate::sense::workload::PodPhase;

fn ended(scene: &Scene) -> Option<AvoidanceEnd> {
    scene.status.avoidance.as_ref().and_then(|known| known.nodes.last()?.ended)
}

fn verdicts(scene: &Scene, verb: Verb) -> Vec<Option<Verdict>> {
    scene.actions.iter().filter(|action| action.verb == verb).map(|action| action.verdict).collect()
}

/// The pods that were evicted come back ready on a node, have served hardly anything, and what is left of these fails on.
fn land(scene: &mut Scene, node: &str, left: &[&str]) {
    let new = moves::land(scene, node);
    scene.wait(20);
    moves::all_ready(scene);
    fail(scene, left);
    for new in &new {
        served(scene, new, 20, 10);
    }
    scene.burn(true);
    scene.live();
}

#[test]
fn the_node_is_avoided_and_its_pods_are_moved_together() {
    let mut scene = sick_node();
    let first = scene.live();
    let avoid = step(&first).clone();
    assert_eq!(
        (avoid.verb, avoid.target.kind.as_str(), avoid.target.name.as_str()),
        (Verb::AvoidNode, "Node", "node-0")
    );
    let Change::Node(change) = &avoid.change else { panic!("{avoid:?}") };
    let NodeWrite::Avoid(record) = &change.write else { panic!("{avoid:?}") };
    assert_eq!((record.namespace.as_str(), record.agreement.as_str()), ("shop", "checkout"));
    assert_eq!((record.at.0, record.until.0, &record.action), (at(0), at(1800), &avoid.id), "half an hour");
    let taint = serde_json::json!({"key": "guarantor.dev/avoid", "value": avoid.id, "effect": "PreferNoSchedule"});
    assert_eq!(named(&mut scene, "node-0").taints, [taint]);

    scene.wait(15);
    assert_eq!(act(&scene.live()), Some((Verb::Surge, 6, 8)));
    pair(&mut scene);
    fail(&mut scene, &SICK);
    scene.wait(60);
    assert_eq!(moves::evicted(&scene.live()), SICK);
    land(&mut scene, "node-4", &[]);
    assert_eq!(verb(&scene.decide()), None, "nothing more before it is judged");
    scene.wait(250);
    fail(&mut scene, &[]);
    assert_eq!(verb(&scene.live()), None);
    assert_eq!(verdicts(&scene, Verb::Reschedule), [Some(Verdict::Effective); 2]);
    assert_eq!(verdicts(&scene, Verb::AvoidNode), [Some(Verdict::Effective)]);

    // Safe for as long as the agreement says: the node is everybody's again, before the floor comes down.
    scene.wait(300);
    fail(&mut scene, &[]);
    let release = scene.live();
    assert_eq!((verb(&release), step(&release).target.name.as_str()), (Some(Verb::ReleaseNode), "node-0"));
    assert_eq!((named(&mut scene, "node-0").taints.len(), &named(&mut scene, "node-0").annotation), (0, &None));
    let mut waited = 0;
    while scene.status.episode.is_some() {
        scene.wait(60);
        fail(&mut scene, &[]);
        scene.live();
        waited += 60;
        assert!(waited < 2000, "{:?}", scene.status);
    }
    scene.wait(300);
    fail(&mut scene, &[]);
    scene.live();
    assert_eq!((ended(&scene), scene.floor().current), (Some(AvoidanceEnd::Released), 6));
    assert_eq!(verdicts(&scene, Verb::ReleaseNode), [Some(Verdict::Effective)]);
}

#[test]
fn without_leave_it_is_named_and_nothing_is_moved() {
    let mut scene = sick_node();
    scene.enforcement.reschedule.as_mut().unwrap().avoid_node = None;
    let decided = scene.live();
    assert_eq!((verb(&decided), reason(&decided)), (None, "OutlierNode"));
    let message = &decided.enforcement.message;
    assert!(message.contains("enforcement.reschedule.avoidNode, which steers it elsewhere, is left out"), "{message}");
}

#[test]
fn a_recommendation_says_what_would_be_done() {
    let mut scene = sick_node();
    scene.enforcement.mode = Mode::Recommend;
    let Decision::Recommend(words) = scene.decide().decision else { panic!("{:?}", scene.decide().decision) };
    let until = at(1800);
    assert_eq!(
        words,
        format!(
            "keep new pods off Node node-0 (PreferNoSchedule until {until} at the latest): latency in danger through this \
             node; its pods are moved, and are not to come back"
        )
    );
}

#[test]
fn a_crash_leaves_the_same_end() {
    for wrote in [true, false] {
        for phase in [ActionPhase::Intended, ActionPhase::Unknown] {
            let mut scene = sick_node();
            scene.crash(phase, wrote);
            scene.wait(15);
            let next = if wrote { Some(Verb::Surge) } else { None };
            assert_eq!(verb(&scene.decide()), next, "{wrote} {phase:?}: {:?}", scene.decide().decision);
            if !wrote {
                scene.live();
                assert_eq!(reason(&scene.decide()), "AwaitingVerdict", "what may still come is waited for");
                scene.wait(60);
                fail(&mut scene, &SICK);
                assert_eq!(verb(&scene.live()), Some(Verb::AvoidNode));
            }
            scene.live();
            let known = &scene.status.avoidance.as_ref().unwrap().nodes;
            assert_eq!((known.len(), known[0].ended), (1, None), "{wrote} {phase:?}: counted once");
            // The same of the release.
            let mut scene = avoided();
            scene.enforcement.reschedule = None;
            scene.crash(phase, wrote);
            scene.wait(15);
            scene.live();
            scene.wait(60);
            fail(&mut scene, &SICK);
            assert_eq!(verb(&scene.live()), (!wrote).then_some(Verb::ReleaseNode), "{wrote} {phase:?}");
            scene.live();
            assert_eq!(ended(&scene), Some(AvoidanceEnd::Released), "{wrote} {phase:?}");
        }
    }
}

#[test]
fn it_takes_pods_again_when_the_reason_is_gone() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 5] = [
        ("it was to be avoided until", |scene| scene.wait(1800)),
        ("the agreement has no node avoided any more", |scene| scene.enforcement.reschedule = None),
        ("the agreement has no node avoided any more", |scene| {
            scene.enforcement.reschedule.as_mut().unwrap().avoid_node = None;
        }),
        ("the agreement has no node avoided any more", |scene| scene.enforcement.mode = Mode::Observe),
        // All pods are bad alike, so it is not this node.
        ("its pods are no worse than the others any more", |scene| {
            scene.workload().pods[5].created = Some(at(5));
            scene.wait(400);
            scene.signals = by_pod(&[(600, 120); 6]);
            let now = scene.now;
            if let crate::sense::signals::Signals::ByPod(vector) = &mut scene.signals {
                (vector.at, vector.newest) = (now, now);
            }
        }),
    ];
    for (expected, change) in changes {
        let mut scene = avoided();
        assert_ne!(verb(&scene.decide()), Some(Verb::ReleaseNode), "{expected}: it stands");
        change(&mut scene);
        let decided = scene.live();
        assert_eq!(verb(&decided), Some(Verb::ReleaseNode), "{expected}: {:?}", decided.decision);
        assert!(step(&decided).reason.contains(expected), "{}", step(&decided).reason);
        assert!(named(&mut scene, "node-0").taints.is_empty());
        scene.wait(15);
        scene.live();
        assert_eq!(ended(&scene), Some(AvoidanceEnd::Released), "{expected}");
    }
}

#[test]
fn what_is_refused_is_tried_again_in_a_minute_and_holds_nothing_else_up() {
    for release in [false, true] {
        let mut scene = if release { avoided() } else { sick_node() };
        if release {
            scene.wait(1800);
        }
        let of = |scene: &Scene| {
            let verb = if release { Verb::ReleaseNode } else { Verb::AvoidNode };
            scene.actions.iter().filter(|action| action.verb == verb).count()
        };
        let mut tries = 0;
        for _ in 0..12 {
            fail(&mut scene, &SICK);
            scene.crash(ActionPhase::Refused, false);
            let newest = &scene.actions[0];
            tries += i32::from(newest.intended_at.0 == scene.now && newest.verb.is_about_node());
            scene.wait(15);
        }
        assert!((2..=4).contains(&tries), "{release}: {tries} tries in three minutes");
        assert!(!release || of(&scene) == 1, "one record of all");
        scene.enforcement.mode = Mode::Recommend;
        let stands = scene.decide().enforcement.avoidance.and_then(|known| known.standing().cloned());
        assert_eq!(stands.is_some(), release, "what did not happen is not counted");
    }
}

#[test]
fn a_taint_that_somebody_took_away_is_not_put_back() {
    let mut scene = avoided();
    named(&mut scene, "node-0").taints.clear();
    for _ in 0..40 {
        let decided = scene.live();
        assert_eq!((verb(&decided), reason(&decided)), (None, "ConflictingManager"), "{:?}", decided.decision);
        assert!(decided.enforcement.message.contains("somebody took the taint guarantor.dev/avoid from node node-0"));
        assert!(decided.hints.conflicting_manager.is_some());
        scene.wait(60);
        fail(&mut scene, &SICK);
    }
    assert_eq!(ended(&scene), Some(AvoidanceEnd::RemovedByOthers));
    // A cordon of theirs is as good.
    named(&mut scene, "node-0").unschedulable = true;
    assert_eq!(verb(&scene.decide()), Some(Verb::Surge));
}

#[test]
fn a_node_that_is_gone_is_forgotten_and_one_of_its_name_is_another() {
    for replaced in [false, true] {
        let mut scene = avoided();
        let node = named(&mut scene, "node-0");
        node.uid = "another".into();
        node.taints.clear();
        if !replaced {
            scene.nodes.known.remove(0);
        }
        scene.live();
        let known = &scene.status.avoidance.as_ref().unwrap().nodes;
        assert_eq!(known[0].ended, Some(AvoidanceEnd::NodeGone), "{replaced}");
        assert_eq!(known.len(), 1 + usize::from(replaced), "another of its name may be avoided anew");
    }
    // But not where it could not be read.
    let mut scene = avoided();
    scene.nodes = crate::sense::workload::Nodes::not_asked();
    scene.live();
    assert_eq!(ended(&scene), None);
}

#[test]
fn the_taint_of_another_agreement_serves_and_is_left_to_it() {
    let mut scene = sick_node();
    avoid_for_another(named(&mut scene, "node-0"), -60);
    let theirs = scene.nodes.clone();
    let mut done = Vec::new();
    for _ in 0..40 {
        let decided = scene.live();
        done.extend(verb(&decided));
        match verb(&decided) {
            Some(Verb::Surge) => pair(&mut scene),
            Some(Verb::Reschedule) => break,
            _ => {}
        }
        fail(&mut scene, &SICK);
        scene.wait(30);
    }
    assert_eq!(done, [Verb::Surge, Verb::Reschedule]);
    scene.burn(false);
    for _ in 0..60 {
        scene.wait(60);
        newest_ready(&mut scene);
        fail(&mut scene, &[]);
        assert_ne!(verb(&scene.live()), Some(Verb::ReleaseNode));
    }
    assert_eq!((scene.nodes.clone(), scene.status.avoidance.clone()), (theirs, None));
    // Nor does the end of this agreement take it away.
    let node = named(&mut scene, "node-0").clone();
    assert_eq!(release_node(&scene.agreement, Some(&node), None, true, scene.now), Restoration::Nothing);
}

#[test]
fn pods_that_land_on_it_in_spite_of_the_taint_end_the_moving() {
    let mut scene = ready_to_move();
    assert_eq!(moves::evicted(&scene.live()), SICK);
    let new = scene.workload().pods.iter().filter(|pod| pod.node.is_none()).map(|pod| pod.name.clone());
    let new: Vec<String> = new.collect();
    let new: Vec<&str> = new.iter().map(String::as_str).collect();
    land(&mut scene, "node-0", &new);
    assert_eq!(verdicts(&scene, Verb::AvoidNode), [Some(Verdict::Ineffective)], "known as soon as it landed");
    for _ in 0..40 {
        scene.wait(30);
        fail(&mut scene, &new);
        let decided = scene.live();
        assert!(!matches!(verb(&decided), Some(Verb::Reschedule | Verb::AvoidNode)), "{:?}", decided.decision);
    }
    assert_eq!(verdicts(&scene, Verb::Reschedule), [Some(Verdict::Ineffective); 2]);
    assert_eq!(reason(&scene.decide()), "SteeringFailed", "{:?}", scene.decide().decision);
}

#[test]
fn a_taint_under_which_no_pod_was_made_says_nothing() {
    let mut scene = avoided();
    scene.enforcement.scale = None;
    scene.wait(600);
    fail(&mut scene, &SICK);
    scene.live();
    assert_eq!(verdicts(&scene, Verb::AvoidNode), [None]);
    scene.wait(1300);
    fail(&mut scene, &SICK);
    scene.live();
    assert_eq!(verdicts(&scene, Verb::AvoidNode), [Some(Verdict::Inconclusive)]);
}

#[test]
fn what_the_node_says_is_found_again_when_the_status_was_lost() {
    let mut scene = avoided();
    (scene.status, scene.actions) = (crate::api::enforcement_status::EnforcementStatus::default(), Vec::new());
    scene.live();
    let known = scene.status.avoidance.clone().unwrap();
    assert_eq!(known.standing().map(|avoided| (avoided.node.as_str(), avoided.until.0)), Some(("node-0", at(1800))));
    // And before the agreement goes.
    let node = named(&mut scene, "node-0").clone();
    for known in [known.standing(), None] {
        assert!(matches!(
            release_node(&scene.agreement, Some(&node), known, true, scene.now),
            Restoration::Act(plan) if plan.steps[0].verb == Verb::ReleaseNode
        ));
        let follower = release_node(&scene.agreement, Some(&node), known, false, scene.now);
        assert!(matches!(follower, Restoration::Hold(_)), "{follower:?}");
    }
}

#[test]
fn the_pods_of_a_dead_node_are_its_controllers_and_what_they_took_is_made_up_for() {
    for known_before in [false, true] {
        let mut scene = sick_node();
        if known_before {
            // It was sick, and was told to be, before it died.
            scene.enforcement.reschedule.as_mut().unwrap().avoid_node = None;
            assert_eq!(reason(&scene.live()), "OutlierNode");
            scene.wait(15);
        }
        named(&mut scene, "node-0").ready = false;
        for index in 0..2 {
            let pod = &mut scene.workload().pods[index];
            (pod.ready, pod.ready_since, pod.phase) = (false, None, PodPhase::Running);
        }
        let mut done = Vec::new();
        for _ in 0..20 {
            fail(&mut scene, &SICK);
            let decided = scene.decide();
            done.extend(verb(&decided));
            scene.status = decided.enforcement.clone();
            scene.wait(60);
        }
        assert!(done.contains(&Verb::RaiseFloor), "{known_before}: {done:?}");
        let wrong = |verb: &&Verb| matches!(verb, Verb::Reschedule | Verb::AvoidNode | Verb::Surge);
        assert_eq!(done.iter().find(wrong), None, "{known_before}");
    }
}

#[test]
fn the_key_is_of_the_operators_own_group() {
    assert_eq!(AVOID_KEY.split_once('/').map(|(group, _)| group), Some(crate::api::GROUP));
}
