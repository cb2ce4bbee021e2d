//! The accidents of others that concern the moving of pods; the numbers are those of the project's list.

use k8s_openapi::jiff::SignedDuration;

use super::fixture::{Scene, at, reason, step};
use super::moves::{evicted_to, fail, newest_ready, one_sick, spread, surged, verb};
use super::rescheduling_guards::eviction;
use crate::api::enforcement::Reschedule;
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::api::reschedule_status::{Obstacle, RescheduleStatus};
use crate::decide::FleetEviction;
use crate::decide::held::moved;

/// The API server refuses what is decided, or takes it, as it is told; gives the verb.
fn answered(scene: &mut Scene, obstacle: Option<Obstacle>) -> Option<Verb> {
    let decided = scene.decide();
    let verb = verb(&decided);
    let (Some(Verb::Reschedule), Some(obstacle)) = (verb, obstacle) else {
        scene.live();
        return verb;
    };
    scene.status = decided.enforcement.clone();
    scene.actions.clone_from(&decided.actions);
    let record = scene.actions.iter_mut().find(|record| record.id == step(&decided).id).unwrap();
    record.phase = ActionPhase::Refused;
    scene.status.reschedule = moved::refused(scene.status.reschedule.take(), record, obstacle, 0);
    verb
}

#[test]
fn accident_12_an_operator_that_starts_anew_evicts_everything_at_once() {
    let mut scene = surged();
    scene.warm_until = at(660);
    let mut waited = 0;
    while verb(&scene.live()).is_none() {
        assert!(waited < 600, "{waited}");
        scene.wait(60);
        waited += 60;
    }
    assert_eq!(waited, 600);
    // What was done is counted by the status, and not by the memory.
    let mut scene = surged();
    scene.enforcement.reschedule = Some(Reschedule { per_day: 1, ..Reschedule::default() });
    let evictions = vec![eviction("1", -80_000, "elsewhere", None)];
    scene.status.reschedule = Some(RescheduleStatus { evictions, ..RescheduleStatus::default() });
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "RescheduleBudget"));
    let mut scene = evicted_to("node-7");
    scene.enforcement.reschedule = Some(Reschedule { per_day: 1, ..Reschedule::default() });
    scene.actions.clear();
    newest_ready(&mut scene);
    fail(&mut scene, &["checkout-1"]);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "RescheduleBudget"));
    // And what is done for others counts too.
    let mut scene = surged();
    scene.fleet.evictions = vec![FleetEviction { node: "elsewhere".into(), at: at(0) }; 5];
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "BlastRadius"));
}

#[test]
fn accident_13_all_pods_of_a_replica_set_are_evicted_together() {
    // The next one goes when the last was judged, and when what came in its place has been ready for long enough.
    for (min_ready, apart) in [(0, 120), (300, 300)] {
        one_after_the_other(min_ready, apart);
    }
    let mut scene = surged();
    scene.workload().pods[3].terminating = true;
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "PodLeaving"), "by whose hand ever");
}

/// Of three sick pods one after the other is moved, so many seconds apart at least.
fn one_after_the_other(min_ready: i64, apart: i64) {
    let mut scene = surged();
    scene.enforcement.reschedule = Some(Reschedule { per_day: 24, ..Reschedule::default() });
    scene.workload().min_ready = SignedDuration::from_secs(min_ready);
    fail(&mut scene, &["checkout-0", "checkout-1", "checkout-2"]);
    let (mut evicted, mut ready_at_least) = (Vec::new(), i32::MAX);
    for _ in 0..60 {
        if verb(&scene.live()) == Some(Verb::Reschedule) {
            evicted.push(scene.now);
        }
        ready_at_least = ready_at_least.min(scene.workload().ready_pods());
        scene.wait(15);
        newest_ready(&mut scene);
        let left: Vec<String> = ["checkout-0", "checkout-1", "checkout-2"]
            .into_iter()
            .filter(|name| scene.workload().pods.iter().any(|pod| pod.name == *name))
            .map(str::to_owned)
            .collect();
        let left: Vec<&str> = left.iter().map(String::as_str).collect();
        fail(&mut scene, &left);
    }
    assert!(evicted.len() >= 2, "{evicted:?}");
    assert!(evicted.windows(2).all(|pair| pair[1].duration_since(pair[0]).as_secs() >= apart), "{evicted:?}");
    assert_eq!(ready_at_least, 6, "as many as were wanted before");
}

#[test]
fn accident_14_an_evicted_pod_returns_to_the_same_node_for_ever() {
    let mut scene = surged();
    scene.enforcement.reschedule = Some(Reschedule { per_day: 24, ..Reschedule::default() });
    let mut sick = "checkout-0".to_owned();
    let mut evictions = 0;
    for _ in 0..240 {
        fail(&mut scene, &[&*sick]);
        if verb(&scene.live()) == Some(Verb::Reschedule) {
            evictions += 1;
            scene.workload().pods.last_mut().unwrap().node = Some("node-0".into());
            sick = newest_ready(&mut scene);
        }
        scene.wait(30);
    }
    assert_eq!(evictions, 2);
    let decided = scene.decide();
    assert_eq!(reason(&decided), "NodeSuspected", "{:?}", decided.decision);
    assert!(decided.enforcement.message.contains("node node-0 is suspected"), "{}", decided.enforcement.message);
}

#[test]
fn accident_15_a_budget_that_lets_nothing_go_is_gone_past_by_a_deletion() {
    let mut scene = surged();
    let mut tries = Vec::new();
    for second in 0..1800 {
        if answered(&mut scene, Some(Obstacle::DisruptionBudget)) == Some(Verb::Reschedule) {
            tries.push(second);
        }
        scene.wait(1);
        fail(&mut scene, &["checkout-0"]);
    }
    assert!((10..=16).contains(&tries.len()), "{tries:?}");
    assert!(tries.last().unwrap() < &600, "given up after ten minutes: {tries:?}");
    let gaps: Vec<i32> = tries.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(gaps[0] >= 5 && gaps[1] >= 10 && gaps[4..].iter().all(|gap| (60..=75).contains(gap)), "{gaps:?}");
    assert_eq!(reason(&scene.decide()), "BlockedByPDB");
    assert!(scene.workload().pods.iter().any(|pod| pod.uid == "pod-0"), "it is still there");
    assert_eq!(scene.actions.iter().filter(|action| action.verb == Verb::Reschedule).count(), 1, "one record of all");
    assert_eq!(scene.status.reschedule.as_ref().unwrap().evictions, [], "what did not happen is not counted");
}

#[test]
fn accident_15_several_budgets_are_asked_for_ever() {
    let mut scene = surged();
    let mut tries = 0;
    for _ in 0..200 {
        tries += i32::from(answered(&mut scene, Some(Obstacle::SeveralBudgets)) == Some(Verb::Reschedule));
        scene.wait(10);
        fail(&mut scene, &["checkout-0"]);
    }
    assert_eq!((tries, reason(&scene.decide())), (1, "SeveralBudgets"));
}

#[test]
fn accident_16_the_budget_needs_every_pod_there_is() {
    // Whoever evicts without adding one first is refused for ever, or takes one of those that are needed.
    let mut scene = one_sick();
    let wanted = scene.workload().spec_replicas;
    let mut done = Vec::new();
    for looks in 0..40 {
        let decided = scene.live();
        done.extend(verb(&decided));
        assert!(scene.workload().ready_pods() >= wanted, "as many as were wanted serve all the time: {done:?}");
        match verb(&decided) {
            Some(Verb::Surge) => {
                spread(&mut scene);
                // What was added takes its time to start.
                scene.workload().pods[6].ready = false;
            }
            Some(Verb::Reschedule) => break,
            _ => {}
        }
        scene.wait(30);
        scene.workload().pods[6].ready |= looks == 10;
        fail(&mut scene, &["checkout-0"]);
    }
    assert_eq!(done, [Verb::Surge, Verb::Reschedule]);
}

#[test]
fn accident_26_a_remedy_is_repeated_on_what_falls_ill_again() {
    let mut scene = evicted_to("node-7");
    scene.enforcement.reschedule = Some(Reschedule { per_day: 24, ..Reschedule::default() });
    let mut sick = newest_ready(&mut scene);
    let mut evictions = 1;
    for index in 0..240 {
        fail(&mut scene, &[&*sick]);
        if verb(&scene.live()) == Some(Verb::Reschedule) {
            evictions += 1;
            scene.workload().pods.last_mut().unwrap().node = Some(format!("another-{index}"));
            sick = newest_ready(&mut scene);
        }
        scene.wait(30);
    }
    assert_eq!((evictions, reason(&scene.decide())), (2, "Ineffective"), "two that did not help are enough");
}
