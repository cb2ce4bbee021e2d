//! What is remembered of replicas that are owned: what came of letting them go, for a day, and what was declared, though nobody
//! saw the end of a step.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, floor_change, hpa, reason};
use super::own::{capacity, let_go, over, owned, scaled_by};
use crate::api::capacity::CapacityMode;
use crate::api::enforcement_status::{ActionPhase, EnforcementStatus, Verb, Verdict};
use crate::api::owned_replicas::{ChangedByOthers, DangerWithFewer, OwnedReplicas, StepDown};
use crate::decide::{Restoration, Value, restore};
use crate::sense::workload::{Baseline, Floor, FloorHolder};

#[test]
fn a_danger_long_after_the_last_step_keeps_what_was_let_go_for_a_day_whatever_its_verdict_was() {
    for inconclusive in [false, true] {
        let mut scene = owned(10);
        over(&mut scene, 90, 5);
        assert_eq!(scene.floor().current, 5);
        over(&mut scene, 300, 5);
        if inconclusive {
            scene.actions[0].verdict = Some(Verdict::Inconclusive);
        }
        scene.load_needs(5);
        scene.burn(true);
        assert!(matches!(act(&scene.live()), Some((Verb::RaiseFloor, 5, 10..))));
        let told = scene.status.owned.clone().unwrap();
        assert!(told.steps.iter().all(|step| !step.harmful), "{told:?}");
        let danger = told.danger.unwrap();
        assert_eq!((danger.at.0, danger.left, danger.fewest), (scene.now, 5, 6));
        scene.burn(false);
        over(&mut scene, 23 * 60, 2);
        assert_eq!(scene.floor().current, 6, "one more than in the danger");
        scene.load_needs(2);
        let decided = scene.decide();
        assert_eq!(reason(&decided), "LettingGoDidHarm", "{}", decided.enforcement.message);
        let done = over(&mut scene, 90, 2);
        assert!(done.iter().any(|(_, act)| *act == (Verb::ScaleDown, 6, 5)), "a day after the danger: {done:?}");
    }
}

#[test]
fn a_danger_after_a_day_of_calm_counts_though_its_steps_do_not() {
    let mut scene = let_go(10, 5);
    scene.burn(true);
    scene.live();
    let told = scene.status.owned.clone().unwrap();
    assert_eq!((told.steps.len(), told.danger.as_ref().unwrap().fewest), (0, 6));
    scene.burn(false);
    over(&mut scene, 6 * 60, 2);
    assert_eq!(scene.floor().current, 6);
    // Another one with more replicas left than in the first forbids more.
    scene.load_needs(2);
    scene.burn(true);
    scene.live();
    assert_eq!(scene.status.owned.as_ref().unwrap().danger.as_ref().unwrap().fewest, 7);
}

#[test]
fn what_was_done_within_a_day_counts_on_while_the_replicas_are_not_owned() {
    type Change = fn(&mut Scene);
    let away: [(&str, Change); 3] = [
        ("one read", |scene| scene.workload().floor = FloorHolder::Ambiguous(vec!["two of them".into()])),
        ("an HPA", |scene| scene.workload().floor = FloorHolder::Hpa(hpa())),
        ("Floor", |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Floor))),
    ];
    for (what, change) in away {
        let mut scene = owned(10);
        let step = |minutes: i64| StepDown {
            action: format!("{minutes}"),
            at: Time(at(-60 * minutes)),
            from: 10,
            to: 9,
            harmful: minutes == 30,
        };
        let changed = Some(ChangedByOthers { at: Time(at(-7200)), to: 10, by: Some("kubectl".into()) });
        let danger = Some(DangerWithFewer { at: Time(at(-600)), left: 9, fewest: 10 });
        let steps = vec![step(1500), step(60), step(30)];
        let told = OwnedReplicas { declared: Some(10), changed, steps, danger, blind_since: None };
        scene.status.owned = Some(told.clone());
        let (enforcement, floor) = (scene.enforcement.clone(), scene.workload().floor.clone());
        change(&mut scene);
        scene.live();
        (scene.enforcement, scene.workload().floor) = (enforcement, floor);
        scene.wait(60);
        scene.load_needs(4);
        assert_eq!(reason(&scene.live()), "ScaledByOthers", "{what}");
        let kept = scene.status.owned.clone().unwrap();
        assert_eq!(kept, OwnedReplicas { steps: vec![step(60), step(30)], ..told }, "{what}");
        // Nothing is remembered for longer than it counts.
        change(&mut scene);
        scene.wait(86_400);
        if what != "one read" {
            scene.live();
            assert_eq!(scene.status.owned, None, "{what}");
        }
    }
}

/// What changes while the operator owns nothing is no change of what it owns, and least of all at the instant at which it owns the
/// replicas again.
#[test]
fn what_others_declare_while_the_replicas_are_not_owned_is_told_as_no_change_later() {
    for with_autoscaler in [false, true] {
        let mut scene = owned(10);
        let step = StepDown { action: "earlier".into(), at: Time(at(-3600)), from: 10, to: 9, harmful: false };
        let told = OwnedReplicas { declared: Some(10), steps: vec![step], ..OwnedReplicas::default() };
        scene.status.owned = Some(told.clone());
        scene.enforcement.capacity = Some(capacity(CapacityMode::Floor));
        scene.live();
        scene.wait(60);
        scaled_by(&mut scene, 12, "kubectl");
        let floor = scene.workload().floor.clone();
        if with_autoscaler {
            scene.workload().floor = FloorHolder::Hpa(hpa());
        }
        scene.live();
        let away = scene.status.owned.as_ref().unwrap();
        assert_eq!((away.declared, away.steps.len()), (None, 1), "a day's count goes on");
        scene.wait(3600);
        scene.workload().floor = floor;
        scene.enforcement.capacity = Some(capacity(CapacityMode::Own));
        scene.load_needs(12);
        scene.live();
        let kept = scene.status.owned.clone().unwrap();
        assert_eq!(kept, OwnedReplicas { declared: Some(12), ..told }, "{with_autoscaler}");
        // From now on it is.
        scene.wait(60);
        scaled_by(&mut scene, 11, "kubectl");
        scene.live();
        let kept = scene.status.owned.clone().unwrap();
        assert_eq!(kept.changed.map(|changed| (changed.at.0, changed.to)), Some((scene.now, 11)), "{with_autoscaler}");
    }
}

#[test]
fn what_a_crash_left_let_go_is_put_back_when_the_agreement_goes() {
    for phase in [ActionPhase::Intended, ActionPhase::Unknown] {
        let mut scene = owned(40);
        scene.load_needs(8);
        scene.crash(phase, true);
        assert_eq!(scene.floor().current, 36);
        let standing = scene.status.floor.as_ref().unwrap();
        assert_eq!((standing.baseline, standing.value), (40, 40), "nobody has seen it yet");
        let restored = |scene: &Scene, floor: &Floor| match restore(
            &scene.agreement,
            &scene.status,
            &scene.actions,
            Some(floor),
            true,
            scene.now,
        ) {
            Restoration::Act(plan) => plan.steps[0].floor().unwrap().value,
            other => panic!("{other:?}"),
        };
        let floor = scene.floor().clone();
        assert_eq!(restored(&scene, &floor), Value::Set(40), "{phase:?}");
        // A person who has set it since wants that.
        let theirs = Floor { current: 20, written: Some(20), set_by: Some("kubectl".into()), ..floor.clone() };
        assert_eq!(restored(&scene, &theirs), Value::Keep, "{phase:?}");
        let same = Floor { set_by: Some("kubectl".into()), ..floor.clone() };
        assert_eq!(restored(&scene, &same), Value::Keep, "{phase:?}");
        // So it is where something else scales the workload by then.
        scene.left_behind = Some(floor);
        scene.workload().floor = FloorHolder::Hpa(hpa());
        let decided = scene.decide();
        assert_eq!((act(&decided), floor_change(&decided).value), (Some((Verb::Restore, 36, 40)), Value::Set(40)));
    }
}

#[test]
fn a_number_of_somebody_else_wins_over_the_annotation_though_the_status_was_lost() {
    for (theirs, by, expected) in [(6, Some("kubectl"), Value::Keep), (4, None, Value::Set(10))] {
        let mut scene = let_go(10, 4);
        scene.status = EnforcementStatus::default();
        if let Some(by) = by {
            scaled_by(&mut scene, theirs, by);
        }
        scene.load_needs(theirs);
        scene.enforcement.capacity = Some(capacity(CapacityMode::Floor));
        let floor = scene.floor().clone();
        let restoration = restore(&scene.agreement, &scene.status, &scene.actions, Some(&floor), true, scene.now);
        let Restoration::Act(plan) = restoration else { panic!("{restoration:?}") };
        assert_eq!(plan.steps[0].floor().unwrap().value, expected, "{by:?}");
        over(&mut scene, 60, theirs);
        let left = if by.is_some() { theirs } else { 10 };
        assert_eq!((scene.floor().current, &scene.floor().baseline), (left, &Baseline::None), "{by:?}");
    }
}
