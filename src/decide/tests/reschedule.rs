//! A sick pod: a replica is added, the pod evicted, its successor judged; and what becomes of it when something breaks off.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, reason, step};
use super::moves::{evicted_to, fail, newest_ready, one_sick, spread, surged, verb};
use super::pulse::proven;
use crate::api::enforcement::{Mode, Reschedule, ScaleBounds};
use crate::api::enforcement_status::{ActionPhase, Verb, Verdict};
use crate::decide::{Change, Decision};

#[test]
fn a_replica_is_added_then_the_pod_is_evicted_and_its_successor_judged() {
    let mut scene = one_sick();
    let first = scene.live();
    assert_eq!(act(&first), Some((Verb::Surge, 6, 7)), "{:?}", first.decision);
    assert!(first.enforcement.message.contains("checkout-0; a replica more"), "{}", first.enforcement.message);
    spread(&mut scene);
    fail(&mut scene, &["checkout-0"]);
    scene.wait(15);
    assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "Confirming"), "one more slot is asked");
    scene.wait(60);
    let second = scene.live();
    let evicted = step(&second).clone();
    assert_eq!((evicted.verb, evicted.target.name.as_str()), (Verb::Reschedule, "checkout-0"));
    assert_eq!((evicted.target.uid.as_str(), evicted.resource_version.as_str()), ("pod-0", ""), "by its uid alone");
    assert!(matches!(&evicted.change, Change::Eviction(change) if change.node == "node-0"));
    assert_eq!(scene.actions.iter().map(|action| action.verb).collect::<Vec<_>>(), [Verb::Reschedule, Verb::Surge]);

    // What it spoiled is in the account for a while; nothing is added for that.
    scene.workload().pods.last_mut().unwrap().node = Some("node-9".into());
    scene.wait(60);
    let new = newest_ready(&mut scene);
    fail(&mut scene, &[]);
    scene.burn(true);
    assert_eq!(verb(&scene.clone().live()), None);
    // Nor where all of them fail.
    let names: Vec<String> = scene.workload().pods.iter().map(|pod| pod.name.clone()).collect();
    fail(&mut scene, &names.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((verb(&scene.live()), reason(&scene.decide())), (None, "AwaitingVerdict"));
    fail(&mut scene, &[]);
    let moved = scene.status.reschedule.clone().unwrap();
    let landed = moved.evictions[0].landed.clone().unwrap();
    assert_eq!((landed.pod, landed.node.as_deref()), (new, Some("node-9")), "where it landed");
    scene.burn(false);
    scene.wait(240);
    scene.live();
    assert_eq!(scene.actions[0].verdict, Some(Verdict::Effective), "{:?}", scene.actions[0]);
    assert!(scene.actions[0].evidence.contains("on node node-9"), "{}", scene.actions[0].evidence);
    assert_eq!(scene.actions[1].verdict, Some(Verdict::Effective), "the replica was there in time");
    // The floor comes down like any other.
    let mut waited = 0;
    while scene.status.floor.is_some() {
        scene.wait(60);
        scene.live();
        waited += 60;
        assert!(waited < 2000, "{:?}", scene.status);
    }
    assert_eq!(scene.floor().current, 6);
}

#[test]
fn the_pulse_confirms_as_well_as_a_slot() {
    for (seconds, expected) in [(29, "Confirming"), (30, "Reschedule")] {
        let mut scene = one_sick();
        scene.live();
        spread(&mut scene);
        fail(&mut scene, &["checkout-0"]);
        let through = scene.assessment.measured_through;
        scene.wait(seconds);
        scene.assessment.measured_through = through;
        scene.pulse = vec![proven(at(-60), scene.now)];
        assert_eq!(reason(&scene.decide()), expected, "{seconds}");
        scene.pulse.clear();
        assert_eq!(reason(&scene.decide()), "Confirming", "{seconds}");
    }
}

#[test]
fn without_leave_it_is_named_and_kept() {
    let mut scene = one_sick();
    scene.enforcement.reschedule = None;
    let decided = scene.live();
    assert_eq!((act(&decided), reason(&decided)), (None, "OutlierPod"));
    assert!(decided.enforcement.message.contains("enforcement.reschedule is left out"), "{decided:?}");
}

#[test]
fn a_recommendation_says_what_would_be_done() {
    let mut scene = one_sick();
    scene.enforcement.mode = Mode::Recommend;
    let Decision::Recommend(words) = scene.decide().decision else { panic!() };
    assert_eq!(
        words,
        "raise the floor of HorizontalPodAutoscaler checkout (6 -> 7): latency in danger through checkout-0; a replica \
         more is made ready, then it is evicted"
    );
}

#[test]
fn nothing_is_added_for_what_would_not_be_evicted() {
    let mut scene = one_sick();
    scene.warm_until = super::fixture::at(1);
    scene.floor().current = 3;
    assert_eq!(act(&scene.decide()), Some((Verb::FreezeScaleDown, 3, 6)), "it is kept, no more");
    scene.live();
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "WarmingUp"));
}

#[test]
fn the_others_suffice_before_a_pod_goes() {
    type Disturb = fn(&mut Scene);
    let changes: [(&str, Disturb); 5] = [
        ("AwaitingSurge", |scene| scene.workload().pods[6].ready = false),
        ("AwaitingSurge", |scene| scene.workload().pods.truncate(6)),
        ("AwaitingSurge", |scene| {
            // Ready for a minute, and not yet for as long as the workload asks.
            scene.workload().min_ready = k8s_openapi::jiff::SignedDuration::from_secs(90);
            let now = scene.now;
            let since = now.checked_sub(k8s_openapi::jiff::SignedDuration::from_mins(1)).unwrap();
            scene.workload().pods[6].ready_since = Some(since);
        }),
        ("SurgePodSick", |scene| {
            scene.workload().pods[6].created = Some(super::fixture::at(10));
            fail(scene, &["checkout-0", "checkout-6"]);
        }),
        // More is wanted by now than when it was added; so a replica more is added first.
        ("Surge", |scene| {
            scene.workload().spec_replicas = 8;
            scene.workload().pods.push(super::fixture::pod(7));
            spread(scene);
            fail(scene, &["checkout-0"]);
        }),
    ];
    for (expected, change) in changes {
        let mut scene = surged();
        assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule), "{expected}: it passes");
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!(reason(&decided), expected, "{:?}", decided.decision);
        assert_ne!(verb(&decided), Some(Verb::Reschedule));
    }
}

#[test]
fn without_room_for_a_replica_nothing_is_moved() {
    type Disturb = fn(&mut Scene);
    let changes: [Disturb; 3] = [
        |scene| scene.enforcement.scale = None,
        |scene| scene.enforcement.scale = Some(ScaleBounds { min: 2, max: 6, connections: None }),
        |scene| scene.floor().max = Some(6),
    ];
    for change in changes {
        let mut scene = one_sick();
        change(&mut scene);
        let decided = scene.decide();
        assert_eq!((verb(&decided), reason(&decided)), (None, "NoSurge"), "{:?}", decided.decision);
    }
    // A replica that found no place is taken away again, and not asked for once more.
    let mut scene = one_sick();
    scene.live();
    spread(&mut scene);
    scene.workload().pods[6].node = None;
    scene.workload().pods[6].ready = false;
    fail(&mut scene, &["checkout-0"]);
    scene.wait(600);
    let decided = scene.live();
    assert_eq!(scene.actions.last().unwrap().verdict, Some(Verdict::Ineffective));
    assert_eq!(act(&decided), Some((Verb::LowerFloor, 7, 6)), "{:?}", decided.decision);
    scene.workload().spec_replicas = 6;
    scene.workload().pods.truncate(6);
    spread(&mut scene);
    fail(&mut scene, &["checkout-0"]);
    scene.wait(60);
    assert_eq!((verb(&scene.decide()), reason(&scene.decide())), (None, "Ineffective"));
}

#[test]
fn a_crash_leaves_the_same_end() {
    for wrote in [true, false] {
        for phase in [ActionPhase::Intended, ActionPhase::Unknown] {
            let mut scene = surged();
            scene.crash(phase, wrote);
            scene.wait(15);
            assert_eq!(verb(&scene.live()), None, "{wrote} {phase:?}: what may still come is waited for");
            assert_eq!(reason(&scene.decide()), "AwaitingVerdict");
            scene.wait(60);
            assert_eq!(verb(&scene.live()), (!wrote).then_some(Verb::Reschedule), "{wrote} {phase:?}");
            let done = scene.actions.iter().filter(|action| action.verb == Verb::Reschedule);
            let done: Vec<_> = done.map(|action| action.phase).collect();
            assert_eq!(done, [ActionPhase::Done], "{wrote} {phase:?}");
            assert_eq!(scene.status.reschedule.as_ref().unwrap().evictions.len(), 1, "{wrote} {phase:?}: counted once");
        }
    }
}

#[test]
fn a_move_is_judged_by_what_came_of_it() {
    type Change = fn(&mut Scene);
    let cases: [(Option<Verdict>, i32, Change); 8] = [
        (Some(Verdict::Effective), 0, |scene| fail(scene, &[])),
        // It came late, and has not served for long yet.
        (None, 0, |scene| {
            let now = scene.now;
            scene.workload().pods.last_mut().unwrap().ready_since = Some(now);
        }),
        (None, 0, |scene| scene.workload().pods.last_mut().unwrap().ready = false),
        (Some(Verdict::Ineffective), 1, |scene| {
            scene.wait(900);
            scene.workload().pods.last_mut().unwrap().ready = false;
        }),
        (Some(Verdict::Ineffective), 1, |scene| {
            let new = scene.workload().pods.last().unwrap().name.clone();
            fail(scene, &[&*new]);
        }),
        (Some(Verdict::Ineffective), 1, |scene| {
            fail(scene, &[]);
            scene.burn(true);
        }),
        (Some(Verdict::Harmful), 2, |scene| {
            fail(scene, &[]);
            scene.burn(true);
            scene.assessment.objectives[0].recent_bad_share = Some(super::fixture::ratio(1, 2));
        }),
        (Some(Verdict::Inconclusive), 0, |scene| scene.signals = crate::sense::signals::Signals::Empty),
    ];
    for (index, (expected, times, change)) in cases.into_iter().enumerate() {
        let mut scene = evicted_to("node-9");
        // The danger did not only begin then.
        scene.status.episode.as_mut().unwrap().since = Time(at(-300));
        scene.wait(20);
        newest_ready(&mut scene);
        scene.live();
        scene.wait(400);
        change(&mut scene);
        let decided = scene.decide();
        let record = decided.actions.iter().find(|record| record.verb == Verb::Reschedule).unwrap();
        assert_eq!(record.verdict, expected, "case {index}: {}", record.evidence);
        let counted = decided.enforcement.episode.map_or(0, |episode| episode.without_effect(Verb::Reschedule));
        assert_eq!(counted, times, "case {index}");
    }
}

#[test]
fn a_pod_that_nothing_took_the_place_of_is_no_help() {
    let mut scene = evicted_to("node-9");
    scene.workload().pods.pop();
    scene.wait(600);
    let decided = scene.decide();
    assert_eq!(
        decided.actions.iter().find(|a| a.verb == Verb::Reschedule).unwrap().verdict,
        Some(Verdict::Ineffective)
    );
    // One that is made much later came for something else.
    scene.wait(300);
    let mut other = super::fixture::pod(9);
    other.created = Some(scene.now);
    scene.workload().pods.push(other);
    assert_eq!(scene.decide().enforcement.reschedule.unwrap().evictions[0].landed, None);
}

#[test]
fn the_next_sick_pod_needs_no_further_replica() {
    let mut scene = evicted_to("node-9");
    scene.enforcement.reschedule = Some(Reschedule { per_day: 2, ..Reschedule::default() });
    scene.wait(20);
    newest_ready(&mut scene);
    scene.live();
    scene.wait(700);
    fail(&mut scene, &["checkout-3"]);
    let decided = scene.live();
    assert_eq!(verb(&decided), Some(Verb::Reschedule), "{:?}", decided.decision);
    assert_eq!(step(&decided).target.name, "checkout-3");
}
