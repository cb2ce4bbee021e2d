//! Replicas that are owned: let go below what was declared while all is safe, put back at once in a danger, and given back.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, floor_change, hpa, observation, pod, reason, step};
use crate::api::capacity::{Capacity, CapacityMode};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionTarget, Episode, FloorReason, FloorStatus, Verb, Verdict};
use crate::api::owned_replicas::OwnedReplicas;
use crate::decide::capacity::{Keep, Need};
use crate::decide::{Restoration, Value, restore};
use crate::sense::workload::{Baseline, BaselineRecord, Floor, FloorHolder, FloorKind, Rollout};

pub(super) fn capacity(mode: CapacityMode) -> Capacity {
    Capacity {
        mode,
        objective: "latency".into(),
        availability: Some("availability".into()),
        cpu: "cpu_seconds_total".into(),
        in_flight: None,
    }
}

/// So many replicas that nothing else scales, declared by Helm, and owned.
pub(super) fn owned(declared: i32) -> Scene {
    let mut scene = Scene::calm();
    scene.workload = Ok(observation(declared, FloorHolder::Scale(scale(declared))));
    scene.enforcement.capacity = Some(capacity(CapacityMode::Own));
    scene
}

fn scale(replicas: i32) -> Floor {
    Floor {
        kind: FloorKind::Scale { plural: "deployments".into() },
        target: ActionTarget {
            api_version: "apps/v1".into(),
            kind: "Deployment".into(),
            name: "checkout".into(),
            uid: "workload-uid".into(),
        },
        current: replicas,
        written: Some(replicas),
        max: None,
        ..hpa()
    }
}

/// The same, of which only so many are left since an hour.
pub(super) fn let_go(declared: i32, left: i32) -> Scene {
    let mut scene = owned(declared);
    let mut floor = scale(left);
    floor.set_by = None;
    floor.baseline = Baseline::Recorded(BaselineRecord { agreement: "checkout".into(), replicas: Some(declared) });
    let target = floor.target.clone();
    scene.workload = Ok(observation(left, FloorHolder::Scale(floor)));
    let (since, reason) = (Time(at(-3600)), FloorReason::Load);
    scene.status.floor = Some(FloorStatus { target, baseline: declared, value: left, since, resets: 0, reason });
    let (since, safe_since) = (Time(at(-7200)), Some(Time(at(-7200))));
    scene.status.episode =
        Some(Episode { since, ahead: true, safe_since, without_effect: Vec::new(), harmful_above: None });
    scene.status.owned = Some(OwnedReplicas { declared: Some(declared), ..OwnedReplicas::default() });
    scene.load_needs(left);
    scene
}

/// The load needs so many pods; where some are let go, these are kept.
pub(super) fn keeps(scene: &mut Scene, needed: i32, fewest: i32, lowest: i32) {
    scene.load_needs(needed);
    let Some(Need::Pods { keep, .. }) = &mut scene.need else { panic!() };
    *keep = Keep { lowest: Some(lowest), fewest, why: "a pod may be lost".into() };
}

/// What is done within so many minutes, in which the load needs so many pods.
pub(super) fn over(scene: &mut Scene, minutes: i32, needed: i32) -> Vec<(i32, (Verb, i32, i32))> {
    let mut done = Vec::new();
    for minute in 0..minutes {
        scene.load_needs(needed);
        done.extend(act(&scene.live()).map(|act| (minute, act)));
        scene.wait(60);
    }
    done
}

/// Somebody else sets the replicas.
pub(super) fn scaled_by(scene: &mut Scene, replicas: i32, by: &str) {
    scene.reset(replicas, by);
    let workload = scene.workload();
    (workload.spec_replicas, workload.status_replicas) = (replicas, replicas);
    workload.pods = (0..replicas).map(pod).collect();
}

#[test]
fn replicas_are_let_go_one_judged_step_after_the_other_and_no_further_than_is_kept() {
    let mut scene = owned(10);
    let done = over(&mut scene, 60, 7);
    let steps: Vec<_> = done.iter().map(|(_, act)| *act).collect();
    assert_eq!(steps, [(Verb::ScaleDown, 10, 9), (Verb::ScaleDown, 9, 8), (Verb::ScaleDown, 8, 7)]);
    // Safe for five minutes, two slots, the account's age and a look.
    assert!(done.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 8), "{done:?}");
    assert!(scene.actions.iter().all(|record| record.verdict == Some(Verdict::Effective)), "{:?}", scene.actions);
    assert_eq!(reason(&scene.decide()), "LoadNeedsIt");
    let floor = scene.status.floor.as_ref().unwrap();
    assert_eq!((floor.baseline, floor.value, floor.reason), (10, 7, FloorReason::Load));
    let told = scene.status.owned.as_ref().unwrap();
    assert_eq!((told.declared, told.steps.len(), &told.blind_since), (Some(10), 3, &None));
    let mut large = owned(40);
    large.load_needs(5);
    assert_eq!(act(&large.live()), Some((Verb::ScaleDown, 40, 36)), "a tenth");
}

#[test]
fn a_step_says_why_and_what_it_expects_and_leaves_what_was_declared_on_the_object() {
    let mut scene = owned(10);
    keeps(&mut scene, 3, 4, 5);
    let decided = scene.live();
    assert_eq!(
        step(&decided).reason,
        "all is safe, and the load needs no more than 5 of the 10 replicas that are declared"
    );
    assert_eq!(step(&decided).hypothesis, "the objectives stay safe with 9 pods for 5m; a pod may be lost");
    assert_eq!(reason(&decided), "ScaleDown");
    assert_eq!(scene.floor().baseline.held_by("checkout").unwrap().replicas, Some(10));
}

#[test]
fn what_is_kept_is_asked_for_again_ahead_of_the_load_and_in_one_step_as_far_as_it_was_declared() {
    for (needed, fewest, expected) in [
        (4, 5, None),
        (4, 6, Some((Verb::RaiseFloor, 5, 6))),
        (7, 5, Some((Verb::RaiseFloor, 5, 7))),
        // More than is declared is asked for only where the load itself needs it, and by steps.
        (4, 14, Some((Verb::RaiseFloor, 5, 12))),
        (14, 14, Some((Verb::RaiseFloor, 5, 12))),
        (11, 14, Some((Verb::RaiseFloor, 5, 12))),
    ] {
        let mut scene = let_go(12, 5);
        keeps(&mut scene, needed, fewest, 20);
        assert_eq!(act(&scene.decide()), expected, "{needed} {fewest}");
    }
    let mut scene = let_go(12, 5);
    keeps(&mut scene, 4, 6, 20);
    scene.live();
    let floor = scene.status.floor.as_ref().unwrap();
    assert_eq!((floor.baseline, floor.value, floor.reason), (12, 6, FloorReason::Load));
    assert!(scene.actions[0].ahead);
}

#[test]
fn in_danger_one_write_goes_as_far_as_the_ladder_would_if_nothing_had_been_let_go() {
    for left in 2..=10 {
        let mut undisturbed = owned(10);
        undisturbed.burn(true);
        let Some((Verb::RaiseFloor, 10, expected)) = act(&undisturbed.decide()) else { panic!() };
        let mut scene = if left < 10 { let_go(10, left) } else { owned(10) };
        scene.burn(true);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, left, expected)), "from {left}");
        let floor = scene.status.floor.as_ref().unwrap();
        assert_eq!((floor.baseline, floor.reason), (10, FloorReason::Danger));
    }
}

#[test]
fn where_the_ladder_raises_nothing_what_was_declared_is_put_back_at_once_and_delays_no_raise() {
    type Change = fn(&mut Scene);
    let threatened = |scene: &mut Scene| {
        scene.burn(true);
        scene.assessment.objectives[0].burning = false;
    };
    let rolling = |scene: &mut Scene| {
        scene.burn(true);
        scene.workload().rollout = Rollout::InProgress;
    };
    let cooling = |scene: &mut Scene| {
        scene.burn(true);
        // What was raised ahead just now is still starting.
        scene.enforcement.cooldown = "10m".into();
        scene.workload().pods.truncate(3);
    };
    let cases: [(&str, Change); 3] = [("threatened", threatened), ("rolling", rolling), ("cooling", cooling)];
    for (what, change) in cases {
        let mut scene = let_go(10, 4);
        if what == "cooling" {
            keeps(&mut scene, 4, 5, 20);
            assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 4, 5)));
            scene.wait(15);
            scene.load_needs(5);
        }
        let from = scene.floor().current;
        change(&mut scene);
        let decided = scene.live();
        assert_eq!(act(&decided), Some((Verb::Restore, from, 10)), "{what}");
        assert!(step(&decided).reason.ends_with("in danger; what was let go is put back"), "{}", step(&decided).reason);
        assert_eq!((scene.floor().current, &scene.floor().baseline), (10, &Baseline::None), "{what}");
        // The next look finds the ladder free to raise.
        scene.wait(15);
        scene.workload().rollout = Rollout::Complete;
        scene.burn(true);
        scene.enforcement.cooldown = "1m".into();
        if what != "cooling" {
            assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 10, 13)), "{what}");
        }
    }
}

#[test]
fn a_step_that_was_followed_by_a_danger_did_harm_and_is_not_made_again_for_a_day() {
    let mut scene = owned(10);
    scene.load_needs(4);
    assert_eq!(act(&scene.live()), Some((Verb::ScaleDown, 10, 9)));
    scene.wait(60);
    scene.load_needs(4);
    scene.burn(true);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 9, 13)), "at once");
    let down = scene.actions.iter().find(|record| record.verb == Verb::ScaleDown).unwrap();
    assert_eq!(down.verdict, Some(Verdict::Harmful));
    assert!(scene.status.owned.as_ref().unwrap().steps[0].harmful);
    scene.burn(false);
    let done = over(&mut scene, 23 * 60, 4);
    assert!(done.iter().all(|(_, (verb, ..))| *verb != Verb::ScaleDown), "{done:?}");
    assert_eq!(scene.floor().current, 10);
    scene.load_needs(4);
    assert_eq!(reason(&scene.decide()), "LettingGoDidHarm");
    let done = over(&mut scene, 80, 4);
    assert!(done.iter().any(|(_, act)| *act == (Verb::ScaleDown, 10, 9)), "{done:?}");
}

#[test]
fn what_was_let_go_is_given_back_when_there_is_no_reason_for_it_any_more() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 7] = [
        ("Floor", |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Floor))),
        ("Advise", |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Advise))),
        ("no capacity", |scene| scene.enforcement.capacity = None),
        ("Recommend", |scene| scene.enforcement.mode = Mode::Recommend),
        ("Observe", |scene| scene.enforcement.mode = Mode::Observe),
        ("no scale", |scene| scene.enforcement.scale = None),
        ("a higher minimum", |scene| scene.enforcement.scale.as_mut().unwrap().min = 6),
    ];
    for (what, change) in cases {
        let mut scene = let_go(10, 4);
        change(&mut scene);
        // Whatever is measured.
        scene.assessment.objectives[0].recent_coverage = None;
        assert_eq!(act(&scene.live()), Some((Verb::Restore, 4, 10)), "{what}");
        assert_eq!((scene.status.floor.clone(), &scene.floor().baseline), (None, &Baseline::None), "{what}");
    }
    assert_eq!(act(&let_go(10, 4).decide()), None);
}

#[test]
fn what_nobody_knows_lets_nothing_go_and_is_not_left_to_chance_for_long() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 3] = [
        ("the load", |scene| scene.need = Some(Need::Unknown("the samples are too old".into()))),
        ("an objective", |scene| scene.assessment.objectives[0].recent_coverage = None),
        ("the account", |scene| scene.assessment.measured_through = at(-600)),
    ];
    for (what, change) in cases {
        let mut scene = let_go(10, 4);
        let mut given_back = None;
        for minute in 0..30 {
            change(&mut scene);
            let decided = scene.live();
            if let Some(act) = act(&decided) {
                assert_eq!(act, (Verb::Restore, 4, 10), "{what}");
                given_back = Some(minute);
                break;
            }
            assert!(["LoadUnknown", "NotAllSeen", "Blind"].contains(&reason(&decided)), "{what}: {}", reason(&decided));
            scene.wait(60);
        }
        assert_eq!(given_back, Some(15), "{what}");
        // A look that knows begins it anew.
        let mut scene = let_go(10, 4);
        for minute in 0..60 {
            scene.load_needs(4);
            if minute % 10 != 0 {
                scene.need = Some(Need::Unknown("the samples are too old".into()));
            }
            assert_eq!(act(&scene.live()), None);
            scene.wait(60);
        }
    }
}

#[test]
fn whoever_scales_it_meanwhile_wins_for_a_day() {
    for (replicas, by) in [(6, "kubectl"), (2, "kubectl"), (10, "argocd-controller"), (14, "kubectl-edit"), (4, "helm")]
    {
        let mut scene = let_go(10, 4);
        scaled_by(&mut scene, replicas, by);
        let done = over(&mut scene, 23 * 60, 2);
        // Nothing but the annotation is taken away.
        assert!(done.iter().all(|(_, (verb, ..))| *verb == Verb::Restore) && done.len() == 1, "{by}: {done:?}");
        assert_eq!((scene.floor().current, &scene.floor().baseline), (replicas, &Baseline::None), "{by}");
        scene.load_needs(2);
        let decided = scene.decide();
        if replicas > 2 {
            assert_eq!(reason(&decided), "ScaledByOthers", "{by} {replicas}");
            assert!(decided.enforcement.message.contains("spec.replicas"), "{}", decided.enforcement.message);
        }
    }
    // So does whoever changes what is declared while nothing is let go.
    let mut scene = owned(10);
    keeps(&mut scene, 10, 10, 10);
    scene.live();
    scaled_by(&mut scene, 12, "kubectl");
    scene.load_needs(4);
    assert_eq!(reason(&scene.live()), "ScaledByOthers");
}

#[test]
fn when_the_agreement_goes_what_was_declared_is_put_back_unless_somebody_else_wrote_since() {
    for (theirs, expected) in [(None, Value::Set(10)), (Some(6), Value::Keep)] {
        let mut scene = let_go(10, 4);
        if let Some(theirs) = theirs {
            scaled_by(&mut scene, theirs, "kubectl");
        }
        let floor = scene.floor().clone();
        let restoration = restore(&scene.agreement, &scene.status, &scene.actions, Some(&floor), true, scene.now);
        let Restoration::Act(plan) = restoration else { panic!("{restoration:?}") };
        assert_eq!(plan.steps[0].floor().unwrap().value, expected);
    }
    // Though the status was lost.
    let mut scene = let_go(10, 4);
    scene.status = crate::api::enforcement_status::EnforcementStatus::default();
    let floor = scene.floor().clone();
    let Restoration::Act(plan) =
        restore(&scene.agreement, &scene.status, &scene.actions, Some(&floor), true, scene.now)
    else {
        panic!()
    };
    assert_eq!(plan.steps[0].floor().unwrap().value, Value::Set(10));
    assert_eq!(act(&scene.decide()), None, "and while it stays, what was let go is known by its annotation");
}

#[test]
fn a_crash_around_a_step_is_made_up_for() {
    for (phase, wrote) in [
        (ActionPhase::Intended, false),
        (ActionPhase::Intended, true),
        (ActionPhase::Unknown, false),
        (ActionPhase::Unknown, true),
    ] {
        let mut scene = owned(10);
        scene.load_needs(8);
        scene.crash(phase, wrote);
        let done = over(&mut scene, 60, 8);
        let last = done.last().unwrap().1;
        assert_eq!((last, done.len()), ((Verb::ScaleDown, 9, 8), if wrote { 1 } else { 2 }), "{phase:?} {wrote}");
        let told = scene.status.owned.as_ref().unwrap();
        assert_eq!((told.declared, told.steps.len(), &told.changed), (Some(10), 2, &None), "{phase:?} {wrote}");
        let floor = scene.status.floor.as_ref().unwrap();
        assert_eq!((floor.baseline, floor.value), (10, 8));
    }
}

#[test]
fn the_step_up_again_is_judged_by_whether_its_pods_are_ready() {
    let mut scene = let_go(10, 4);
    scene.enforcement.capacity = Some(capacity(CapacityMode::Advise));
    let decided = scene.live();
    assert_eq!(floor_change(&decided).value, Value::Set(10));
    scene.wait(15);
    scene.live();
    assert_eq!((scene.actions[0].verb, scene.actions[0].verdict), (Verb::Restore, Some(Verdict::Effective)));
}
