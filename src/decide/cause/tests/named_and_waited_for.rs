//! A cause that cannot be told yet is waited for a little; one that was named stays until it is disproved.

use k8s_openapi::jiff::SignedDuration;
use num_bigint::BigInt;

use super::{Change, burning_together, found, sick, twelve};
use crate::api::agreement::SlotLength;
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::Verb;
use crate::decide::cause::Remedy;
use crate::decide::tests::fixture::{Scene, act, at, by_pod, ratio};
use crate::evaluate::count::Count;
use crate::evaluate::load_course::{LoadCourse, ObjectiveLoad};
use crate::evaluate::slot::Tally;
use crate::sense::signals::Signals;

/// A danger that has just begun: of twelve pods one is sick, and has had the time to fail a few requests only.
fn just_begun(bad: i64) -> Scene {
    let mut scene = twelve();
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 20));
    // So few that they tell no pod from another, and yet more than is allowed.
    let events = if bad < 100 { 100 } else { 1000 };
    let mut counts = [(events, 0); 12];
    counts[0] = (events, bad);
    scene.signals = by_pod(&counts);
    scene
}

#[test]
fn what_cannot_be_told_yet_is_waited_for_two_slots() {
    let mut scene = just_begun(13);
    let told = found(&scene).cause;
    assert_eq!((told.kind, &told.remedy), (CauseKind::Unknown, &Remedy::KeepFloor), "{}", told.message);
    assert!(told.message.contains("cannot be told yet"), "{}", told.message);
    for waited in [0, 60, 120] {
        let raised = act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::RaiseFloor);
        assert_eq!(raised, waited == 120, "after {waited} s");
        scene.wait(60);
    }
    // Enough is seen a slot later: nothing was added meanwhile.
    let mut scene = just_begun(13);
    scene.live();
    scene.signals = just_begun(200).signals;
    scene.wait(60);
    assert_eq!(found(&scene).cause.kind, CauseKind::OutlierPod);
}

#[test]
fn where_slots_are_short_half_a_window_is_waited_for() {
    let mut scene = just_begun(13);
    scene.slot = SlotLength::FiveSeconds;
    for waited in (0..40).step_by(5) {
        let raised = act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::RaiseFloor);
        assert_eq!(raised, waited == 30, "after {waited} s");
        if raised {
            return;
        }
        scene.wait(5);
    }
    panic!("nothing was raised");
}

/// Of the two pods of a slow node one is seen first, and has less than half of what is bad.
#[test]
fn where_some_pods_are_worse_already_the_others_are_waited_for() {
    // The floor is kept first, whatever follows.
    for (first, second, raises) in [(60, 25, 120), (30, 30, 60)] {
        let mut scene = just_begun(0);
        let mut counts = [(1000, 8); 12];
        (counts[0], counts[1]) = ((1000, first), (1000, second));
        scene.signals = by_pod(&counts);
        for waited in [0, 60, 120] {
            let decided = scene.live();
            let raised = act(&decided).is_some_and(|(verb, ..)| verb == Verb::RaiseFloor);
            assert_eq!(raised, waited == raises, "{first} {second}, after {waited} s: {:?}", decided.decision);
            if raised {
                break;
            }
            scene.wait(60);
        }
    }
}

#[test]
fn what_is_plain_is_not_waited_for() {
    let cases: [(&str, Change); 5] = [
        ("all pods fail alike, by enough to tell", |scene| scene.signals = by_pod(&[(1000, 50); 12])),
        ("more is lost than a part could lose", |scene| {
            scene.assessment.objectives[0].recent_bad_share = Some(ratio(51, 100));
        }),
        ("pods are missing", |scene| scene.workload().pods[11].ready = false),
        ("the store tells nothing by pod", |scene| scene.signals = Signals::Empty),
        ("it cannot be told by pod", |scene| scene.signals = Signals::NotByPod("no counter".into())),
    ];
    for (case, change) in cases {
        let mut scene = just_begun(13);
        change(&mut scene);
        assert_eq!(found(&scene).cause.remedy, Remedy::Scale, "{case}");
    }
}

#[test]
fn a_cause_once_named_stays_until_it_is_disproved() {
    let cases: [(&str, Change, CauseKind); 8] = [
        ("the store says nothing by pod", |scene| scene.signals = Signals::Empty, CauseKind::OutlierPod),
        ("few requests", |scene| scene.signals = by_pod(&[(20, 4); 12]), CauseKind::OutlierPod),
        (
            "still worse, but not beyond chance",
            |scene| scene.signals = counts((300, 5), (300, 2)),
            CauseKind::OutlierPod,
        ),
        ("as good as the others", |scene| scene.signals = counts((1000, 30), (1000, 30)), CauseKind::Unknown),
        (
            "it is gone",
            |scene| {
                scene.signals = Signals::Empty;
                scene.workload().pods.remove(0);
                scene.workload().spec_replicas = 11;
            },
            CauseKind::Unknown,
        ),
        (
            "it is gone, and is missing",
            |scene| {
                scene.signals = Signals::Empty;
                scene.workload().pods.remove(0);
            },
            CauseKind::Saturation,
        ),
        (
            "another pod is sick by now",
            |scene| {
                let mut counts = [(1000, 1); 12];
                counts[5] = (1000, 300);
                scene.signals = by_pod(&counts);
            },
            CauseKind::OutlierPod,
        ),
        (
            "many services burn together",
            |scene| {
                scene.fleet = burning_together(3, &[0, 0, 0]);
            },
            CauseKind::CommonCause,
        ),
    ];
    for (case, change, expected) in cases {
        let mut scene = sick(1);
        scene.live();
        assert_eq!(scene.status.diagnosis.as_ref().unwrap().cause, CauseKind::OutlierPod);
        change(&mut scene);
        scene.wait(300);
        let told = found(&scene).cause;
        assert_eq!(told.kind, expected, "{case}: {}", told.message);
        if case == "another pod is sick by now" {
            assert_eq!(told.evidence[0].name, "checkout-5");
        }
    }
    // It is told with what was seen then, however often it is looked.
    let mut scene = sick(1);
    scene.live();
    scene.signals = Signals::Empty;
    for _ in 0..3 {
        scene.wait(60);
        scene.live();
    }
    let told = scene.status.diagnosis.unwrap();
    assert_eq!((told.cause, told.since.0), (CauseKind::OutlierPod, at(0)));
    assert_eq!(told.message.matches("was told before").count(), 1, "{}", told.message);
    assert!(told.message.contains("200 of 1000 events bad"), "{}", told.message);
}

/// The first pod's events, and those of each other.
fn counts(first: (i64, i64), others: (i64, i64)) -> Signals {
    let mut all = [others; 12];
    all[0] = first;
    by_pod(&all)
}

#[test]
fn what_is_over_by_now_gets_no_replicas() {
    let mut scene = twelve();
    for (bad, remedy) in [(0, Remedy::KeepFloor), (9, Remedy::KeepFloor), (10, Remedy::Scale), (50, Remedy::Scale)] {
        scene.signals = by_pod(&[(1000, bad); 12]);
        let told = found(&scene).cause;
        assert_eq!((told.kind, told.remedy), (CauseKind::Unknown, remedy), "{bad} of 1000, where 10 are allowed");
    }
    // The strictest of the endangered objectives counts.
    let mut other = scene.assessment.objectives[0].clone();
    (other.name, other.target, other.allowed) = ("availability".into(), ratio(999, 1000), ratio(1, 1000));
    scene.assessment.objectives.push(other);
    scene.signals = by_pod(&[(1000, 5); 12]);
    assert_eq!(found(&scene).cause.remedy, Remedy::Scale);
    scene.assessment.objectives[1] = crate::decide::tests::fixture::objective("availability");
    assert_eq!(found(&scene).cause.remedy, Remedy::KeepFloor, "it is in no danger");
    for signals in [Signals::Empty, Signals::NotByPod("no counter".into())] {
        scene.signals = signals;
        assert_eq!(found(&scene).cause.remedy, Remedy::Scale, "nobody knows");
    }
}

/// Where bad minutes are counted, a minute in which a few events are bad is none; and of an objective that was not asked about
/// by pod the last slot tells.
#[test]
fn a_danger_is_over_by_what_each_objective_allows() {
    for (just_now, last_slot, remedy) in [
        (20, Some(10), Remedy::KeepFloor),
        (60, Some(10), Remedy::Scale),
        (20, Some(60), Remedy::Scale),
        (20, None, Remedy::Scale),
    ] {
        let mut scene = twelve();
        let mut other = scene.assessment.objectives[0].clone();
        scene.assessment.objectives[0].allowed = ratio(5, 100);
        (other.name, other.target, other.allowed) = ("availability".into(), ratio(95, 100), ratio(5, 100));
        // The first is the worse one, and asked about by pod.
        other.recent_bad_share = other.recent_bad_share.map(|share| share / BigInt::from(2));
        scene.assessment.objectives.push(other);
        scene.signals = by_pod(&[(1000, just_now); 12]);
        let start = scene.assessment.measured_through.as_second() - 60;
        let counted = |bad| Tally { total: Count::events(1000), bad: Count::events(bad) };
        let slots = last_slot.map(|bad| (start, counted(bad))).into_iter().collect();
        let load = ObjectiveLoad { name: "availability".into(), slots };
        scene.load = LoadCourse { slot_seconds: 60, objectives: vec![load] };
        let told = found(&scene).cause;
        assert_eq!((told.kind, told.remedy), (CauseKind::Unknown, remedy), "{just_now} {last_slot:?}");
    }
}

/// The front door fails, and every pod tells that all is well: only at first that may be what is over.
#[test]
fn what_no_pod_tells_of_is_not_over_by_what_they_tell() {
    for (slot_before_the_reading, told_before, remedy) in [
        (150, None, Remedy::KeepFloor),
        (150, Some(30), Remedy::KeepFloor),
        (150, Some(300), Remedy::Scale),
        (60, None, Remedy::Scale),
    ] {
        let mut scene = twelve();
        scene.signals = by_pod(&[(1000, 5); 12]);
        let read_at = at(0);
        scene.assessment.measured_through = at(60 - slot_before_the_reading);
        let start = at(-slot_before_the_reading).as_second();
        let counted = Tally { total: Count::events(1000), bad: Count::events(60) };
        let load = ObjectiveLoad { name: scene.assessment.objectives[0].name.clone(), slots: vec![(start, counted)] };
        scene.load = LoadCourse { slot_seconds: 60, objectives: vec![load] };
        if let Some(ago) = told_before {
            scene.live();
            let told = scene.status.diagnosis.as_mut().unwrap();
            (told.cause, told.since.0) = (CauseKind::Unknown, read_at - SignedDuration::from_secs(ago));
        }
        assert_eq!(found(&scene).cause.remedy, remedy, "{slot_before_the_reading} {told_before:?}");
    }
}
