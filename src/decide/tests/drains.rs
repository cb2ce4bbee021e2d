//! The drain of a node that is avoided: when its pods follow one another without waiting for every verdict, and all that ends
//! it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use super::fixture::{Scene, at, by_pod, hpa, observation, ratio, reason, step};
use super::moves::{self, fail, newest_ready, served, verb};
use super::nodes::{all, avoid_for_another, named};
use super::pulse::proven;
use crate::api::enforcement::{AvoidNode, Reschedule};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::api::reschedule_status::Obstacle;
use crate::decide::cause::comparison::Sample;
use crate::decide::danger::pulse::Proof;
use crate::decide::held::moved;
use crate::decide::{Decided, FleetEviction};
use crate::sense::signals::Signals;
use crate::sense::workload::{FloorHolder, PodObservation};

/// Three pods on each node, as many as there are.
fn place(scene: &mut Scene) {
    for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
        pod.node = Some(format!("node-{}", index / 3));
    }
}

/// Nine pods on three of five nodes and one that was added, as there is room for no more; the three of `node-0`, which is avoided,
/// fail every other request, and the first of them is evicted. What came in its place is ready on `node-4`, and has served for a
/// while.
fn canary() -> Scene {
    let sick = ["checkout-0", "checkout-1", "checkout-2"];
    let mut scene = Scene::burning();
    scene.enforcement.reschedule =
        Some(Reschedule { per_day: 24, avoid_node: Some(AvoidNode::default()), ..Reschedule::default() });
    scene.workload = Ok(observation(9, FloorHolder::Hpa(hpa())));
    scene.floor().current = 9;
    scene.enforcement.scale.as_mut().unwrap().max = 10;
    scene.nodes = all(5);
    place(&mut scene);
    fail(&mut scene, &sick);
    assert_eq!(verb(&scene.live()), Some(Verb::AvoidNode));
    scene.wait(15);
    assert_eq!(verb(&scene.live()), Some(Verb::Surge));
    place(&mut scene);
    fail(&mut scene, &sick);
    scene.wait(60);
    evicts(&mut scene, "checkout-0");
    lands(&mut scene, "node-4", &["checkout-1", "checkout-2"]);
    scene
}

/// The same, with the second one evicted too: the next thing is the third.
fn draining() -> Scene {
    let mut scene = canary();
    evicts(&mut scene, "checkout-1");
    lands(&mut scene, "node-4", &["checkout-2"]);
    scene
}

fn evicts(scene: &mut Scene, pod: &str) {
    let decided = scene.live();
    assert_eq!(verb(&decided), Some(Verb::Reschedule), "{:?}", decided.decision);
    assert_eq!(step(&decided).target.name, pod);
}

/// What comes in place of the evicted pod is ready in time.
fn lands(scene: &mut Scene, node: &str, left: &[&str]) {
    scene.workload().pods.last_mut().unwrap().node = Some(node.to_owned());
    scene.wait(30);
    newest_ready(scene);
    fail(scene, left);
    scene.pulse = if left.is_empty() { Vec::new() } else { vec![felt(scene, 0)] };
}

/// The pod that came in place of the first one, or of the second.
fn landed(scene: &mut Scene, index: usize) -> &mut PodObservation {
    let uid = scene.decide().enforcement.reschedule.unwrap().evictions[index].landed.clone().unwrap().uid;
    scene.workload().pods.iter_mut().find(|pod| pod.uid == uid).unwrap()
}

/// The danger is proven by a minute that ended so many seconds ago; the budget is spent as fast as by the account.
fn felt(scene: &Scene, seconds: i64) -> Proof {
    let mut proof = proven(at(0), scene.now.checked_sub(SignedDuration::from_secs(seconds)).unwrap());
    proof.events = Sample { bad: 12.0, total: 600.0 };
    proof
}

/// The record of the eviction of a pod.
fn record<'a>(actions: &'a mut [ActionRecord], pod: &str) -> &'a mut ActionRecord {
    let of_it = |record: &&mut ActionRecord| record.verb == Verb::Reschedule && record.target.name == pod;
    actions.iter_mut().find(of_it).unwrap()
}

fn verdict(mut decided: Decided, pod: &str) -> Option<Verdict> {
    record(&mut decided.actions, pod).verdict
}

#[test]
fn the_pods_of_a_node_follow_one_another_once_moving_one_was_seen_to_help() {
    let mut scene = canary();
    let first = scene.now;
    evicts(&mut scene, "checkout-1");
    assert_eq!(verdict(scene.decide(), "checkout-0"), Some(Verdict::Effective));
    fail(&mut scene, &["checkout-2"]);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"), "never two at once");
    lands(&mut scene, "node-4", &["checkout-2"]);
    evicts(&mut scene, "checkout-2");
    assert_eq!(scene.now.duration_since(first).as_secs(), 30);
    lands(&mut scene, "node-3", &[]);
    // Each gets a verdict of its own, in its own time.
    assert_eq!(verdict(scene.decide(), "checkout-1"), None);
    assert_eq!(verdict(scene.decide(), "checkout-2"), None);
    scene.wait(300);
    fail(&mut scene, &[]);
    for pod in ["checkout-1", "checkout-2"] {
        assert_eq!(verdict(scene.decide(), pod), Some(Verdict::Effective), "{pod}");
    }
}

#[test]
fn a_first_move_is_seen_to_help_by_what_its_successor_has_shown() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 15] = [
        ("nobody knows whether the danger goes on", |scene| scene.pulse.clear()),
        ("it was seen last before most of it", |scene| scene.pulse = vec![felt(scene, 1)]),
        ("on the same node", |scene| landed(scene, 0).node = Some("node-0".into())),
        ("on no node", |scene| landed(scene, 0).node = None),
        ("not ready", |scene| landed(scene, 0).ready = false),
        ("leaves again", |scene| landed(scene, 0).terminating = true),
        ("too few events", |scene| {
            let new = landed(scene, 0).name.clone();
            served(scene, &new, 99, 0);
        }),
        ("as sick as those on the node", |scene| {
            let new = landed(scene, 0).name.clone();
            served(scene, &new, 600, 300);
        }),
        ("better than those on the node, but sick", |scene| {
            let new = landed(scene, 0).name.clone();
            served(scene, &new, 600, 60);
        }),
        ("nothing is known by pod", |scene| scene.signals = Signals::Empty),
        ("not all is seen", |scene| {
            let unseen = super::fixture::objective("availability");
            let unseen = crate::evaluate::assessment::ObjectiveAssessment { recent_coverage: None, ..unseen };
            scene.assessment.objectives.push(unseen);
        }),
        ("it became much worse", |scene| scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 2))),
        ("the evicted pod is still there", |scene| {
            let mut old = super::fixture::pod(0);
            (old.terminating, old.node) = (true, Some("node-0".into()));
            scene.workload().pods.push(old);
        }),
        ("another node is avoided", |scene| {
            scene.status.avoidance.as_mut().unwrap().nodes[0].node = "node-1".into();
        }),
        ("the node was avoided afterwards", |scene| {
            let now = scene.now;
            scene.status.avoidance.as_mut().unwrap().nodes[0].at = Time(now);
        }),
    ];
    let scene = canary();
    assert_eq!(verdict(scene.decide(), "checkout-0"), Some(Verdict::Effective));
    for (case, change) in changes {
        let mut scene = scene.clone();
        change(&mut scene);
        let decided = scene.decide();
        assert_ne!(verb(&decided), Some(Verb::Reschedule), "{case}");
        assert_eq!(verdict(decided, "checkout-0"), None, "{case}");
    }
    // Only the first: each that follows is judged as any other.
    assert_eq!(verdict(draining().decide(), "checkout-1"), None);
    // Nor a pod that was moved off a node for itself.
    let mut scene = super::moves::evicted_to("node-9");
    scene.wait(60);
    newest_ready(&mut scene);
    fail(&mut scene, &["checkout-1"]);
    assert_eq!(verdict(scene.decide(), "checkout-0"), None);
}

#[test]
fn accident_13_a_drain_goes_on_whatever_becomes_of_the_pods_that_were_moved() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 25] = [
        // The danger was not seen since the second one was evicted: the node may have recovered.
        ("AwaitingVerdict", |scene| scene.pulse.clear()),
        ("AwaitingVerdict", |scene| scene.pulse = vec![felt(scene, 1)]),
        // What came in its place serves nothing, as far as is known.
        ("AwaitingVerdict", |scene| {
            let new = landed(scene, 1).name.clone();
            served(scene, &new, 99, 0);
        }),
        // The first one did not help, or nobody knows.
        ("AwaitingVerdict", |scene| record(&mut scene.actions, "checkout-0").verdict = Some(Verdict::Ineffective)),
        ("AwaitingVerdict", |scene| record(&mut scene.actions, "checkout-0").verdict = Some(Verdict::Inconclusive)),
        ("AwaitingVerdict", |scene| scene.actions.retain(|record| record.target.name != "checkout-0")),
        // What came in its place, or in that of the second, is back on the node, not there yet, gone, or sick.
        ("AwaitingVerdict", |scene| landed(scene, 0).node = Some("node-0".into())),
        ("AwaitingVerdict", |scene| landed(scene, 1).node = Some("node-0".into())),
        ("AwaitingVerdict", |scene| landed(scene, 1).ready = false),
        ("AwaitingVerdict", |scene| {
            let uid = landed(scene, 1).uid.clone();
            scene.workload().pods.retain(|pod| pod.uid != uid);
        }),
        ("AwaitingVerdict", |scene| {
            let new = landed(scene, 0).name.clone();
            served(scene, &new, 600, 100);
        }),
        ("AwaitingVerdict", |scene| {
            let new = landed(scene, 1).name.clone();
            served(scene, &new, 600, 100);
        }),
        ("AwaitingVerdict", |scene| landed(scene, 1).node = None),
        // Nobody knows what the second one did, or it did harm.
        ("BlastRadius", |scene| scene.actions.retain(|record| record.target.name != "checkout-1")),
        ("BlastRadius", |scene| record(&mut scene.actions, "checkout-1").verdict = Some(Verdict::Inconclusive)),
        ("BlastRadius", |scene| record(&mut scene.actions, "checkout-1").verdict = Some(Verdict::Harmful)),
        // Whether the second one was evicted at all is not known.
        ("AwaitingVerdict", |scene| {
            record(&mut scene.actions, "checkout-1").phase = ActionPhase::Unknown;
            scene.workload().pods.push(PodObservation { node: Some("node-0".into()), ..super::fixture::pod(1) });
        }),
        // It did not help.
        ("BlastRadius", |scene| record(&mut scene.actions, "checkout-1").verdict = Some(Verdict::Ineffective)),
        // One was evicted before the node was avoided.
        ("BlastRadius", |scene| {
            let before = super::rescheduling_guards::eviction("before", -10, "node-0", Some("node-4"));
            scene.status.reschedule.as_mut().unwrap().evictions.insert(0, before);
        }),
        // One of another node is not judged.
        ("AwaitingVerdict", |scene| scene.status.reschedule.as_mut().unwrap().evictions[1].node = "node-1".into()),
        // What helped was in another danger, or before the node was avoided.
        ("AwaitingVerdict", |scene| {
            let second = record(&mut scene.actions, "checkout-1").intended_at.clone();
            scene.status.episode.as_mut().unwrap().since = second;
        }),
        ("BlastRadius", |scene| {
            let second = record(&mut scene.actions, "checkout-1").intended_at.clone();
            scene.status.avoidance.as_mut().unwrap().nodes[0].at = second;
        }),
        ("PodLeaving", |scene| scene.workload().pods[5].terminating = true),
        ("RescheduleBudget", |scene| scene.enforcement.reschedule.as_mut().unwrap().per_day = 2),
        ("WarmingUp", |scene| scene.warm_until = scene.now.checked_add(SignedDuration::from_secs(1)).unwrap()),
    ];
    let scene = draining();
    assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule), "{:?}", scene.decide().decision);
    moves::each_holds(&scene, &changes);
}

#[test]
fn accident_13_two_agreements_drain_one_node_together() {
    let mut scene = draining();
    scene.fleet.evictions = vec![FleetEviction { node: "node-0".into(), at: at(0) }];
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "BlastRadius"));
    scene.fleet.evictions = vec![FleetEviction { node: "elsewhere".into(), at: at(0) }; 2];
    assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule), "of other nodes");
    scene.fleet.evictions = vec![FleetEviction { node: "elsewhere".into(), at: at(0) }; 3];
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "BlastRadius"), "five in ten minutes, of all");
    // The taint is another agreement's: then one pod after the other is judged.
    let mut scene = draining();
    scene.status.avoidance = None;
    avoid_for_another(named(&mut scene, "node-0"), 0);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"));
}

#[test]
fn accident_15_a_budget_refuses_in_the_middle_of_a_drain() {
    let mut scene = draining();
    let third = step(&scene.decide()).id.clone();
    for _ in 0..3 {
        scene.crash(ActionPhase::Refused, false);
        let refused = scene.actions.iter().find(|record| record.id == third).unwrap();
        scene.status.reschedule =
            moved::refused(scene.status.reschedule.take(), refused, Obstacle::DisruptionBudget, 0);
        assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "BlockedByPDB"));
        assert_eq!(scene.status.reschedule.as_ref().unwrap().evictions.len(), 2, "it is not counted");
        scene.wait(30);
        fail(&mut scene, &["checkout-2"]);
    }
    evicts(&mut scene, "checkout-2");
}

#[test]
fn accident_12_an_operator_that_starts_anew_goes_on_where_it_was() {
    // All it goes by is in the status; one that does not know what it did last waits for that.
    for wrote in [true, false] {
        let mut scene = canary();
        scene.crash(ActionPhase::Intended, wrote);
        scene.wait(15);
        fail(&mut scene, &["checkout-1", "checkout-2"]);
        assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "AwaitingVerdict"), "{wrote}");
        if wrote {
            scene.live();
            lands(&mut scene, "node-4", &["checkout-2"]);
            evicts(&mut scene, "checkout-2");
        }
    }
    // And one that lost it begins anew, in the usual time.
    let mut scene = draining();
    scene.status.reschedule = None;
    scene.actions.retain(|record| record.verb != Verb::Reschedule);
    fail(&mut scene, &["checkout-2"]);
    evicts(&mut scene, "checkout-2");
    lands(&mut scene, "node-4", &[]);
    assert_eq!(verdict(scene.decide(), "checkout-2"), None);
}

#[test]
fn a_node_is_not_drained_further_when_the_others_get_as_bad() {
    let mut scene = draining();
    let pods = scene.workload().pods.len();
    let Signals::ByPod(mut vector) = by_pod(&vec![(600, 300); pods]) else { panic!() };
    let names: Vec<String> = scene.workload().pods.iter().map(|pod| pod.name.clone()).collect();
    (vector.at, vector.newest) = (scene.now, scene.now);
    for (events, name) in vector.pods.iter_mut().zip(names) {
        events.pod = name;
    }
    scene.signals = Signals::ByPod(vector);
    for _ in 0..20 {
        let decided = scene.live();
        assert_ne!(verb(&decided), Some(Verb::Reschedule), "{:?}", decided.decision);
        scene.wait(30);
    }
}

#[test]
fn what_is_under_way_is_looked_at_before_the_next_slot() {
    use crate::decide::Decision;
    let soon = |scene: &Scene| match scene.decide().decision {
        Decision::Act(plan) => plan.followed_up(scene.now),
        Decision::Hold(hold) => hold.until,
        other => panic!("{other:?}"),
    };
    let within = |scene: &Scene| soon(scene).map(|until| until.duration_since(scene.now).as_secs());
    let mut scene = canary();
    assert_eq!(within(&scene), Some(15), "an eviction");
    scene.live();
    // Whatever holds: what the evicted pod spoiled hides for a while whose doing the rest is.
    assert_eq!((reason(&scene.decide()), within(&scene)), ("OutlierNode", Some(15)));
    // What is waited for otherwise is waited for as long as it says.
    let mut settled = scene.clone();
    for record in &mut settled.actions {
        record.verdict = record.verdict.or(Some(Verdict::Inconclusive));
    }
    for pod in &mut settled.workload().pods {
        pod.ready = true;
    }
    assert_eq!(within(&settled), None);
    let mut scene = draining();
    scene.live();
    scene.enforcement.scale.as_mut().unwrap().max = 20;
    assert_eq!((reason(&scene.decide()), within(&scene)), ("AwaitingVerdict", None), "none is left there");
    let mut scene = super::nodes::sick_node();
    assert_eq!(within(&scene), Some(0), "the taint stands, and nothing is waited for");
    scene.live();
    assert_eq!(within(&scene), Some(15), "a replica more");
    scene.live();
    super::nodes::pair(&mut scene);
    fail(&mut scene, &super::nodes::SICK);
    scene.workload().pods[6].ready = false;
    assert_eq!((reason(&scene.decide()), within(&scene)), ("AwaitingSurge", Some(15)));
}
