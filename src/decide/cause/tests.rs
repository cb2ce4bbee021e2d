//! Every cause, their order, the quality of what they rest on, and how seldom a healthy service is blamed.

mod dependencies;
mod more_load;
mod named_and_waited_for;
mod rollouts;
mod unequal_windows;

// By seed only: what is decided must be the same each time.
use fastrand as seeded;
use num_rational::BigRational;

use super::population::Population;
use super::{Found, find};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::Verdict;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::fleet::FleetView;
use crate::decide::situation::timing::Timing;
use crate::decide::situation::upstream::{Standing, Upstream};
use crate::decide::tests::fixture::{Scene, at, by_pod, hpa, observation};
use crate::decide::tests::sheds;
use crate::decide::workflow;
use crate::sense::observation::{Failure, FailureKind};
use crate::sense::signals::Signals;
use crate::sense::workload::{FloorHolder, Rollout};

/// What is made of a scene.
type Change = fn(&mut Scene);

fn with<T>(scene: &Scene, look: impl FnOnce(&Facts<'_>) -> T) -> T {
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = workflow::work_out(&situation, timing, scene.workload.as_ref().unwrap());
    look(&facts)
}

fn found(scene: &Scene) -> Found {
    with(scene, find)
}

fn why(scene: &Scene, cause: CauseKind) -> String {
    found(scene).ruled_out.into_iter().find(|out| out.cause == cause).unwrap().why
}

/// Twelve burning pods, two on each of six nodes, four in each of three zones; each served a thousand requests, ten of
/// them badly.
fn twelve() -> Scene {
    let mut scene = Scene::burning();
    scene.workload = Ok(observation(12, FloorHolder::Hpa(hpa())));
    for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
        pod.node = Some(format!("node-{}", index / 2));
        pod.zone = Some(format!("zone-{}", index / 4));
    }
    scene.signals = by_pod(&[(1000, 10); 12]);
    scene
}

/// The same, the first `sick` pods failing two of ten requests.
fn sick(sick: usize) -> Scene {
    let mut scene = twelve();
    let counts: Vec<_> = (0..12).map(|index| if index < sick { (1000, 200) } else { (1000, 1) }).collect();
    scene.signals = by_pod(&counts);
    scene
}

fn burning_together(services: usize, seconds: &[i64]) -> FleetView {
    FleetView {
        services,
        burning_since: seconds.iter().copied().map(at).collect(),
        own: seconds.first().copied().map(at),
        ..FleetView::default()
    }
}

/// An agreement that burns, on which the own one depends.
fn burning(name: &str, since: i64) -> Upstream {
    Upstream { name: name.to_owned(), standing: Standing::Burning(at(since)), in_a_circle: false, has_pulse: true }
}

#[test]
fn the_first_cause_that_holds_wins() {
    // All of them hold at once; each is then taken away.
    let mut scene = sick(4);
    scene.workload().rollout = Rollout::InProgress;
    scene.workload().pods[11].ready = false;
    for pod in scene.workload().pods.iter_mut().take(4) {
        (pod.revision, pod.created) = (Some("new".into()), Some(at(-300)));
    }
    scene.fleet = FleetView { upstream: vec![burning("pay", -90)], ..burning_together(4, &[-60, -50, -40]) };
    let through = at(-60);
    scene.assessment.measured_through = through;
    scene.status.episode = Some(sheds::episode());
    scene.actions = vec![sheds::raised(12, Some(Verdict::Ineffective))];
    sheds::course(&mut scene, 250, 210);
    scene.assessment.measured_through = at(-1000);
    let steps: [(CauseKind, Change); 11] = [
        (CauseKind::Blind, |_| {}),
        (CauseKind::CommonCause, |scene| scene.fleet.burning_since.clear()),
        (CauseKind::BadRevision, |scene| {
            for pod in &mut scene.workload().pods {
                pod.revision = Some("abc".into());
            }
        }),
        (CauseKind::RolloutInProgress, |scene| scene.workload().rollout = Rollout::Complete),
        (CauseKind::OutlierZone, |scene| {
            for pod in &mut scene.workload().pods {
                pod.zone = None;
            }
            for pod in scene.workload().pods.iter_mut().take(4) {
                pod.node = Some("node-x".into());
            }
        }),
        (CauseKind::OutlierNode, |scene| {
            for pod in &mut scene.workload().pods {
                pod.node = Some(pod.name.clone());
            }
        }),
        (CauseKind::OutlierPod, |scene| scene.signals = by_pod(&[(1000, 200); 12])),
        (CauseKind::Saturation, |scene| scene.workload().pods[11].ready = true),
        (CauseKind::Dependency, |scene| scene.fleet.upstream.clear()),
        (CauseKind::RetryStorm, |scene| sheds::course(scene, 250, 100)),
        (CauseKind::Unknown, |_| {}),
    ];
    for (asked_before, (cause, take_away)) in steps.into_iter().enumerate() {
        let found = found(&scene);
        assert_eq!(found.cause.kind, cause, "{found:#?}");
        assert_eq!(found.ruled_out.len(), asked_before, "{found:#?}");
        assert!(found.ruled_out.iter().all(|out| !out.why.is_empty()) && !found.cause.would_change.is_empty());
        if cause == CauseKind::Blind {
            scene.assessment.measured_through = through;
        }
        take_away(&mut scene);
    }
}

#[test]
fn many_services_that_begin_to_burn_together_have_one_cause() {
    let cases: [(usize, &[i64], bool); 6] = [
        (3, &[-60, -70, -80], true),
        (10, &[-60, -70, -80], true),
        (11, &[-60, -70, -80], false),
        (2, &[-60, -70], false),
        (3, &[-60, -200, -800], false),
        (3, &[], false),
    ];
    for (services, since, common) in cases {
        let mut scene = twelve();
        scene.fleet = burning_together(services, since);
        let kind = found(&scene).cause.kind;
        assert_eq!(kind == CauseKind::CommonCause, common, "{services} {since:?}: {kind:?}");
    }
}

#[test]
fn the_revisions_that_serve_are_compared_with_each_other() {
    let new = |scene: &mut Scene, pods: usize, created: i64| {
        for pod in scene.workload().pods.iter_mut().take(pods) {
            (pod.revision, pod.created) = (Some("new".into()), Some(at(created)));
        }
    };
    let cases = [
        ("three bad pods of the new revision", 3, 3, -300, CauseKind::BadRevision),
        ("the only pod of the new revision", 1, 1, -300, CauseKind::BadRevision),
        ("one sick pod of three new ones", 3, 1, -300, CauseKind::OutlierPod),
        ("it has served for long", 3, 3, -2000, CauseKind::OutlierZone),
        ("the old one is as bad", 3, 12, -300, CauseKind::Unknown),
    ];
    for (case, pods, bad, created, expected) in cases {
        let mut scene = sick(bad);
        scene.workload().pods.iter_mut().for_each(|pod| pod.created = Some(at(-9000)));
        new(&mut scene, pods, created);
        assert_eq!(found(&scene).cause.kind, expected, "{case}");
    }
    let mut scene = twelve();
    new(&mut scene, 1, -300);
    let mut counts = [(1000, 1); 12];
    counts[0] = (99, 90);
    scene.signals = by_pod(&counts);
    assert!(why(&scene, CauseKind::BadRevision).contains("too few events to compare revisions: 99 by new"));
}

#[test]
fn the_widest_part_that_explains_the_danger_is_named() {
    for (bad, cause, name) in [
        (1, CauseKind::OutlierPod, "checkout-0"),
        (2, CauseKind::OutlierNode, "node-0"),
        (4, CauseKind::OutlierZone, "zone-0"),
        (0, CauseKind::Unknown, ""),
        (12, CauseKind::Unknown, ""),
    ] {
        let told = found(&sick(bad)).cause;
        assert_eq!(told.kind, cause, "{told:#?}");
        assert_eq!(told.evidence.first().map_or("", |evidence| evidence.name.as_str()), name);
        if bad > 0 && bad < 12 {
            let figures = &told.evidence[0];
            assert_eq!((figures.bad.as_str(), figures.share.as_str()), ((bad * 200).to_string().as_str(), "20.0"));
            assert!(told.message.contains(name) && told.message.contains("latency in danger"), "{}", told.message);
        }
    }
}

#[test]
fn two_sick_pods_on_different_nodes_are_both_named() {
    let mut scene = twelve();
    let mut counts = [(1000, 1); 12];
    (counts[2], counts[9]) = ((1000, 200), (1000, 150));
    scene.signals = by_pod(&counts);
    let told = found(&scene).cause;
    assert_eq!(told.kind, CauseKind::OutlierPod);
    assert!(told.message.contains("checkout-2, checkout-9"), "{}", told.message);
}

#[test]
fn who_is_worse_but_not_the_cause_is_not_blamed() {
    // All are bad; one is clearly worse.
    let mut scene = twelve();
    let mut counts = [(1000, 100); 12];
    counts[0] = (1000, 300);
    scene.signals = by_pod(&counts);
    assert!(why(&scene, CauseKind::OutlierPod).contains("the most of what is bad is not theirs"));
    // One is worse, but the most fails before any pod: no pod is there to take the request.
    let mut scene = sick(1);
    let Signals::ByPod(vector) = &mut scene.signals else { panic!() };
    vector.elsewhere.total = BigRational::from_integer(1000.into());
    vector.elsewhere.bad = vector.elsewhere.total.clone();
    assert_eq!(found(&scene).cause.kind, CauseKind::Unknown);
    // Most are bad, and those that are left are too few to be the measure.
    let mut scene = sick(8);
    scene.workload().pods.iter_mut().take(8).for_each(|pod| pod.node = Some("node-0".into()));
    assert_eq!(found(&scene).cause.kind, CauseKind::Unknown);
}

#[test]
fn saturation_is_what_can_be_seen_of_it() {
    let mut scene = twelve();
    scene.workload().pods[3].ready = false;
    assert!(found(&scene).cause.message.contains("only 11 of 12 wanted pods are ready"));
    let mut scene = twelve();
    scene.actions = vec![crate::decide::tests::fixture::lowered("before: budget pace 0.1, events/s 60, ready pods 12")];
    // A hundred events a second on twelve pods are more than the five on each that were safe.
    let told = found(&scene).cause;
    assert_eq!(told.kind, CauseKind::Saturation);
    assert!(told.message.contains("on all pods alike, at 8.3 events/s a pod where 5.0 were safe"), "{}", told.message);
    scene.signals = Signals::Empty;
    assert_eq!(found(&scene).cause.kind, CauseKind::Unknown, "whether all are alike is not known");
}

#[test]
fn nothing_rests_on_what_is_not_good_enough() {
    let failure = Failure { kind: FailureKind::TimedOut, message: "no answer within 5 s".into() };
    let cases: [(&str, Signals); 8] = [
        ("nobody asked", Signals::NotAsked("nobody asked".into())),
        ("cannot be told by pod: it is a pool", Signals::NotByPod("it is a pool".into())),
        ("no samples of the last minutes", Signals::Empty),
        ("the newest sample by pod is of", Signals::Stale(at(-100))),
        ("may be incomplete: shard 3", Signals::Partial("shard 3".into())),
        ("in vain: no answer within 5 s", Signals::Failed(failure)),
        ("only 2 of 12 ready pods", by_pod(&[(1000, 200), (1000, 1)])),
        ("the pods had 96 events", by_pod(&[(8, 4); 12])),
    ];
    for (words, signals) in cases {
        let mut scene = sick(1);
        scene.signals = signals;
        let found = found(&scene);
        assert_eq!(found.cause.kind, CauseKind::Unknown, "{words}");
        assert!(found.cause.message.contains(words), "{}", found.cause.message);
    }
    let mut scene = sick(1);
    let Signals::ByPod(vector) = &mut scene.signals else { panic!() };
    vector.at = at(-31);
    assert!(with(&scene, Population::of).unwrap_err().contains("not of just now"));
    vector_at(&mut scene, 0);
    assert!(with(&scene, Population::of).is_ok());
    vector_at(&mut scene, 1);
    assert!(with(&scene, Population::of).is_err(), "a reading from the future is as little worth");
}

fn vector_at(scene: &mut Scene, second: i64) {
    if let Signals::ByPod(vector) = &mut scene.signals {
        vector.at = at(second);
    }
}

/// A number of successes of `n` tries, by jumping from one to the next.
fn binomial(random: &mut seeded::Rng, n: u32, p: f64) -> i64 {
    let (mut at, mut hits) = (0.0, 0);
    loop {
        at += (1.0 - random.f64()).ln() / (1.0 - p).ln();
        if at.ceil() > f64::from(n) {
            return hits;
        }
        (at, hits) = (at.ceil(), hits + 1);
    }
}

#[test]
fn a_healthy_service_is_blamed_at_most_once_in_ten_thousand_looks() {
    const LOOKS: usize = 20_000;
    let mut random = seeded::Rng::with_seed(20_261_128);
    let mut blamed = Vec::new();
    let mut scene = twelve();
    for _ in 0..LOOKS {
        let pods = random.usize(3..25);
        let share = [0.001, 0.005, 0.02, 0.1, 0.3][random.usize(0..5)];
        let events = [102, 300, 999][random.usize(0..3)];
        // One by one, or in runs.
        let run = [1, 3][random.usize(0..2)];
        scene.workload().pods = (0..i32::try_from(pods).unwrap()).map(crate::decide::tests::fixture::pod).collect();
        scene.workload().spec_replicas = i32::try_from(pods).unwrap();
        for (index, pod) in scene.workload().pods.iter_mut().enumerate() {
            pod.node = Some(format!("node-{}", index / 2));
            pod.zone = Some(format!("zone-{}", index % 3));
            if index < pods / 3 {
                (pod.revision, pod.created) = (Some("new".into()), Some(at(-300)));
            }
        }
        let counts: Vec<_> = (0..pods)
            .map(|_| (i64::from(events), i64::from(run) * binomial(&mut random, events / run, share)))
            .collect();
        scene.signals = by_pod(&counts);
        let kind = found(&scene).cause.kind;
        if kind != CauseKind::Unknown {
            blamed.push((kind, counts));
        }
    }
    assert!(blamed.len() <= LOOKS / 10_000, "{} of {LOOKS}: {blamed:?}", blamed.len());
}

#[test]
fn a_sick_pod_is_found_in_the_noise() {
    let mut random = seeded::Rng::with_seed(7);
    let mut scene = twelve();
    let mut missed = 0;
    for _ in 0..1000 {
        let counts: Vec<_> =
            (0..12).map(|index| (300, binomial(&mut random, 300, if index == 5 { 0.25 } else { 0.01 }))).collect();
        scene.signals = by_pod(&counts);
        missed += usize::from(found(&scene).cause.kind != CauseKind::OutlierPod);
    }
    assert_eq!(missed, 0, "a pod that fails a quarter of 300 requests where the others fail one in a hundred");
}

#[test]
fn a_calm_service_has_no_cause_to_be_told() {
    let scene = Scene::calm();
    assert_eq!(scene.decide().enforcement.diagnosis, None);
    let told = sick(1).decide().enforcement.diagnosis.unwrap();
    assert_eq!((told.cause, told.since.0), (CauseKind::OutlierPod, at(0)));
    assert_eq!(told.ruled_out.len(), 6);
    let mut later = sick(1);
    later.status = sick(1).decide().enforcement;
    later.wait(60);
    let again = later.decide().enforcement.diagnosis.unwrap();
    assert_eq!((again.since.0, again.observed.decided_at.0), (at(0), at(60)), "it is still the same");
}

#[test]
fn the_diagnosis_tells_what_is_done_and_which_guards_were_asked() {
    let told = sick(1).decide().enforcement.diagnosis.unwrap();
    assert!(told.answer.contains("hold the floor"), "{}", told.answer);
    assert_eq!((told.guards_passed.len(), told.guards_passed[0].as_str()), (11, "mode"));
    let mut held = Scene::burning();
    held.leader = false;
    let told = held.decide().enforcement.diagnosis.unwrap();
    assert_eq!((told.cause, told.guards_passed), (CauseKind::Unknown, vec!["mode".to_owned()]));
}
