//! The CPU target of an HPA: set by judged steps to what the load bears, put back in a danger, and given back.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::cpu_targets::{aiming, bears, changed_by, over, percent, seen, set, set_to};
use super::fixture::{Scene, act, at, objective, reason, step};
use super::own::capacity;
use crate::api::capacity::CapacityMode;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, EnforcementStatus, Verb, Verdict};
use crate::decide::capacity::Need;
use crate::decide::{CpuTargetWrite, Decision};
use crate::sense::workload::{CpuTargetMark, CpuTargetRecord};

fn standing(scene: &Scene) -> Option<(i32, i32)> {
    let standing = scene.status.cpu_target.as_ref()?.standing.as_ref()?;
    Some((standing.baseline, standing.value))
}

#[test]
fn a_target_set_too_rich_is_raised_one_judged_step_after_the_other() {
    let mut scene = aiming(50, 75);
    let done = over(&mut scene, 60, 75);
    let steps: Vec<_> = done.iter().map(|(_, act)| *act).collect();
    assert_eq!(steps, [(Verb::SetTarget, 50, 60), (Verb::SetTarget, 60, 70), (Verb::SetTarget, 70, 75)]);
    // The HPA waits five minutes, all is safe for five, two slots, the account's age and a look.
    assert!(done.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 13), "{done:?}");
    assert!(scene.actions.iter().all(|record| record.verdict == Some(Verdict::Effective)), "{:?}", scene.actions);
    assert_eq!(standing(&scene), Some((50, 75)));
    let told = scene.status.cpu_target.clone().unwrap();
    assert_eq!((told.declared, told.steps.len(), told.changed, told.danger), (Some(50), 3, None, None));
    bears(&mut scene, 75, 75);
    let decided = scene.decide();
    assert_eq!(reason(&decided), "TargetStands");
    assert!(decided.enforcement.message.contains("stays at 75 %"), "{}", decided.enforcement.message);
}

#[test]
fn a_target_set_too_lean_is_lowered_in_the_same_way_and_sooner() {
    let mut scene = aiming(90, 65);
    let done = over(&mut scene, 40, 65);
    let steps: Vec<_> = done.iter().map(|(_, act)| *act).collect();
    assert_eq!(steps, [(Verb::SetTarget, 90, 80), (Verb::SetTarget, 80, 70), (Verb::SetTarget, 70, 65)]);
    assert!(done.windows(2).all(|pair| pair[1].0 - pair[0].0 >= 5), "{done:?}");
    assert_eq!(standing(&scene), Some((90, 65)));
}

#[test]
fn a_step_says_why_and_what_it_expects_and_leaves_what_was_declared_on_the_object() {
    let mut scene = aiming(50, 80);
    let decided = scene.live();
    let told = step(&decided);
    assert_eq!(
        told.describe(),
        "set the CPU target of HorizontalPodAutoscaler checkout (CPU target 50 % -> 60 %): all is safe, and the pods may be busier than the autoscaler lets them be"
    );
    assert_eq!(told.hypothesis, "the objectives stay safe; pods may be 80 % busy");
    assert_eq!((reason(&decided), scene.actions[0].change().as_str()), ("SetTarget", "50 % -> 60 %"));
    let mark = seen(&mut scene).mark.held_by("checkout").cloned().unwrap();
    assert_eq!((mark.before, mark.value, mark.action), (50, 60, scene.actions[0].id.clone()));
}

#[test]
fn a_small_difference_is_none_and_a_large_one_is_a_step() {
    for (declared, most, least, expected) in [
        (56, 60, 60, None),
        (55, 60, 60, Some((Verb::SetTarget, 55, 60))),
        (64, 60, 60, None),
        (65, 60, 60, Some((Verb::SetTarget, 65, 60))),
        (65, 60, 65, None),
        (70, 60, 65, Some((Verb::SetTarget, 70, 65))),
        (30, 90, 90, Some((Verb::SetTarget, 30, 40))),
        (150, 10, 10, Some((Verb::SetTarget, 150, 140))),
    ] {
        let mut scene = aiming(declared, most);
        bears(&mut scene, most, least);
        assert_eq!(set(&scene.decide()), expected, "{declared} {most} {least}");
    }
}

#[test]
fn what_comes_to_what_was_declared_leaves_no_trace() {
    let mut scene = set_to(50, 60);
    let done = over(&mut scene, 30, 50);
    assert_eq!(done.last().map(|(_, act)| *act), Some((Verb::SetTarget, 60, 50)));
    assert_eq!((standing(&scene), &seen(&mut scene).mark), (None, &CpuTargetMark::None));
    assert_eq!(scene.status.cpu_target.as_ref().unwrap().changed, None);
    over(&mut scene, 10, 50);
    assert_eq!(scene.actions[0].verdict, Some(Verdict::Effective));
}

#[test]
fn in_danger_what_lets_the_autoscaler_have_fewer_pods_is_put_back_at_once_and_the_ladder_follows() {
    let mut scene = set_to(50, 70);
    bears(&mut scene, 70, 70);
    scene.burn(true);
    let decided = scene.live();
    assert_eq!(set(&decided), Some((Verb::RestoreTarget, 70, 50)));
    let Decision::Act(plan) = &decided.decision else { panic!() };
    assert_eq!(plan.followed_up(scene.now), Some(scene.now), "what else is to be done does not wait");
    assert_eq!((percent(&mut scene), &seen(&mut scene).mark), (50, &CpuTargetMark::None));
    scene.wait(1);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    assert_eq!(scene.status.cpu_target.as_ref().unwrap().changed, None, "it was our own doing");
    let danger = scene.status.cpu_target.as_ref().unwrap().danger.clone().unwrap();
    assert_eq!((danger.with, danger.most), (70, 60));
    // For a day it is raised no further than to before the last step.
    scene.wait(60);
    scene.burn(false);
    let done = over(&mut scene, 23 * 60, 80);
    let steps: Vec<_> = done.iter().map(|(_, act)| *act).collect();
    assert_eq!(steps, [(Verb::SetTarget, 50, 60)]);
    bears(&mut scene, 80, 80);
    assert_eq!(set(&scene.decide()), None);
    let done = over(&mut scene, 90, 80);
    assert_eq!(done.first().map(|(_, act)| *act), Some((Verb::SetTarget, 60, 70)));
}

#[test]
fn in_danger_what_lets_the_autoscaler_have_more_pods_stays() {
    let mut scene = set_to(90, 70);
    scene.burn(true);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    for _ in 0..20 {
        scene.wait(60);
        assert_eq!(set(&scene.live()), None);
    }
    assert_eq!((percent(&mut scene), standing(&scene)), (70, Some((90, 70))));
}

#[test]
fn a_step_up_that_is_followed_by_a_danger_is_taken_back_though_it_is_below_what_was_declared() {
    let mut scene = set_to(90, 60);
    bears(&mut scene, 80, 80);
    assert_eq!(set(&scene.live()), Some((Verb::SetTarget, 60, 70)));
    scene.wait(60);
    bears(&mut scene, 80, 80);
    scene.burn(true);
    assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 70, 60)));
    assert_eq!(standing(&scene), Some((90, 60)), "and no further");
    let up = scene.actions.iter().find(|record| record.to == Some(70) && record.verb == Verb::SetTarget).unwrap();
    assert_eq!(up.verdict, Some(Verdict::Harmful));
    scene.wait(1);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)), "once");
    scene.burn(false);
    let done = over(&mut scene, 23 * 60, 80);
    assert_eq!((done, standing(&scene)), (vec![], Some((90, 60))));
}

#[test]
fn what_is_set_is_given_back_when_there_is_no_reason_for_it_any_more() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 6] = [
        ("Floor", |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Floor))),
        ("Advise", |scene| scene.enforcement.capacity = Some(capacity(CapacityMode::Advise))),
        ("no capacity", |scene| scene.enforcement.capacity = None),
        ("Recommend", |scene| scene.enforcement.mode = Mode::Recommend),
        ("Observe", |scene| scene.enforcement.mode = Mode::Observe),
        ("no scale", |scene| scene.enforcement.scale = None),
    ];
    for (what, change) in cases {
        for (declared, value) in [(50, 60), (90, 80)] {
            let mut scene = set_to(declared, value);
            change(&mut scene);
            // Whatever is measured.
            scene.assessment.objectives[0].recent_coverage = None;
            assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, value, declared)), "{what}");
            assert_eq!((percent(&mut scene), &seen(&mut scene).mark), (declared, &CpuTargetMark::None), "{what}");
            assert_eq!(standing(&scene), None, "{what}");
            scene.wait(60);
            assert_eq!(set(&scene.live()), None, "{what}");
        }
    }
}

#[test]
fn with_another_agreement_on_the_workload_only_what_takes_pods_away_is_given_back() {
    let mut scene = set_to(50, 60);
    scene.fleet.beside = vec!["gold".into()];
    let decided = scene.live();
    assert_eq!(set(&decided), Some((Verb::RestoreTarget, 60, 50)));
    assert!(step(&decided).reason.contains("the agreement gold names Deployment checkout too"));
    let mut scene = set_to(90, 80);
    scene.fleet.beside = vec!["gold".into()];
    assert_eq!((set(&scene.live()), percent(&mut scene)), (None, 80));
}

#[test]
fn what_nobody_knows_raises_nothing_and_is_not_left_to_chance_for_long() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 4] = [
        ("the load", |scene| scene.need = Some(Need::Unknown("the samples are too old".into()))),
        ("the rise", |scene| scene.load_needs(6)),
        ("an objective", |scene| scene.assessment.objectives[0].recent_coverage = None),
        ("the account", |scene| scene.assessment.measured_through = at(-600)),
    ];
    for (what, change) in cases {
        for (declared, value, expected) in [(50, 60, Some(15)), (90, 80, None)] {
            let mut scene = set_to(declared, value);
            let mut given_back = None;
            for minute in 0..40 {
                change(&mut scene);
                if let Some(act) = set(&scene.live()) {
                    assert_eq!(act, (Verb::RestoreTarget, value, declared), "{what}");
                    given_back = Some(minute);
                    break;
                }
                scene.wait(60);
            }
            assert_eq!(given_back, expected, "{what} {value}: not to know takes no pods away");
        }
    }
}

#[test]
fn whoever_changes_it_meanwhile_wins_for_a_day() {
    for theirs in [55, 85, 50] {
        let mut scene = set_to(50, 60);
        changed_by(&mut scene, theirs, "argocd-controller");
        let done = over(&mut scene, 23 * 60, 80);
        assert_eq!(done.iter().map(|(_, act)| *act).collect::<Vec<_>>(), [(Verb::RestoreTarget, theirs, theirs)]);
        assert_eq!((percent(&mut scene), &seen(&mut scene).mark), (theirs, &CpuTargetMark::None));
        let changed = scene.status.cpu_target.as_ref().unwrap().changed.clone().unwrap();
        assert_eq!((changed.to, changed.by.as_deref()), (Some(theirs), Some("argocd-controller")));
        bears(&mut scene, 90, 90);
        let decided = scene.decide();
        if theirs < 85 {
            assert_eq!(reason(&decided), "TargetSetByOthers", "{theirs}");
            assert!(decided.enforcement.message.contains("averageUtilization"), "{}", decided.enforcement.message);
            assert!(!over(&mut scene, 90, 90).is_empty(), "{theirs}: a day later");
        }
    }
    // So does whoever changes it while nothing is set.
    let mut scene = aiming(60, 60);
    scene.live();
    changed_by(&mut scene, 40, "kubectl");
    bears(&mut scene, 60, 60);
    assert_eq!(reason(&scene.live()), "TargetSetByOthers");
}

#[test]
fn whoever_writes_another_metric_leaves_the_target_ours_to_put_back() {
    let mut scene = set_to(50, 60);
    changed_by(&mut scene, 60, "argocd-controller");
    assert_eq!(over(&mut scene, 60, 60), vec![]);
    let told = scene.status.cpu_target.clone().unwrap();
    assert_eq!((told.changed, standing(&scene)), (None, Some((50, 60))));
    scene.burn(true);
    assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 60, 50)));
}

#[test]
fn a_second_metric_on_cpu_ends_the_setting_and_what_was_declared_is_put_back() {
    let mut scene = set_to(50, 60);
    seen(&mut scene).metric = Err("it has more than one metric on CPU".into());
    assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 60, 50)));
    assert_eq!((percent(&mut scene), standing(&scene)), (50, None));
    scene.wait(60);
    assert_eq!(reason(&scene.decide()), "NoCpuTarget");
}

#[test]
fn a_step_up_that_comes_to_what_was_declared_and_does_harm_is_remembered() {
    let mut scene = set_to(60, 50);
    over(&mut scene, 2, 50);
    bears(&mut scene, 60, 60);
    scene.wait(1200);
    bears(&mut scene, 60, 60);
    assert_eq!(set(&scene.live()), Some((Verb::SetTarget, 50, 60)));
    scene.wait(60);
    scene.burn(true);
    scene.live();
    let danger = scene.status.cpu_target.as_ref().unwrap().danger.clone().unwrap();
    assert_eq!((danger.with, danger.most), (60, 50));
}

#[test]
fn what_another_agreement_has_set_is_not_what_is_declared() {
    let mut scene = aiming(80, 80);
    let record =
        CpuTargetRecord { agreement: "gold".into(), action: "id".into(), at: Time(at(-600)), before: 60, value: 80 };
    seen(&mut scene).mark = CpuTargetMark::Recorded(record);
    scene.live();
    assert_eq!(scene.status.cpu_target.as_ref().unwrap().declared, Some(60));
    seen(&mut scene).mark = CpuTargetMark::None;
    changed_by(&mut scene, 60, "gold's");
    seen(&mut scene).set_by = None;
    scene.wait(60);
    scene.live();
    assert_eq!(scene.status.cpu_target.as_ref().unwrap().changed, None, "nobody else has changed it");
}

#[test]
fn a_metric_that_is_taken_away_is_left_alone() {
    let mut scene = set_to(50, 60);
    (seen(&mut scene).metric, seen(&mut scene).ours) = (Err("it has no metric on CPU".into()), None);
    let decided = scene.live();
    let change = step(&decided).cpu_target().unwrap();
    assert_eq!((step(&decided).verb, &change.write), (Verb::RestoreTarget, &CpuTargetWrite::Leave));
    scene.wait(60);
    assert_eq!(reason(&scene.decide()), "NoCpuTarget");
}

#[test]
fn a_crash_around_a_step_is_made_up_for() {
    for (phase, wrote) in [
        (ActionPhase::Intended, false),
        (ActionPhase::Intended, true),
        (ActionPhase::Unknown, false),
        (ActionPhase::Unknown, true),
    ] {
        let mut scene = aiming(50, 80);
        scene.crash(phase, wrote);
        assert_eq!(scene.status.cpu_target.as_ref().unwrap().steps.len(), 1, "counted before it is done");
        scene.wait(60);
        bears(&mut scene, 80, 80);
        let decided = scene.live();
        if wrote {
            assert_eq!((set(&decided), standing(&scene)), (None, Some((50, 60))), "{phase:?}");
            assert_eq!(scene.actions[0].phase, ActionPhase::Done);
        } else {
            assert_eq!(set(&decided), Some((Verb::SetTarget, 50, 60)), "{phase:?}");
        }
        assert_eq!(scene.status.cpu_target.as_ref().unwrap().steps.len(), 1, "{phase:?} {wrote}");
        assert_eq!(scene.status.cpu_target.as_ref().unwrap().changed, None, "{phase:?} {wrote}");
        scene.enforcement.mode = Mode::Recommend;
        scene.wait(60);
        assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 60, 50)), "{phase:?} {wrote}");
    }
}

#[test]
fn a_crash_around_what_is_put_back_is_made_up_for() {
    for (phase, wrote) in [
        (ActionPhase::Intended, false),
        (ActionPhase::Intended, true),
        (ActionPhase::Unknown, false),
        (ActionPhase::Unknown, true),
    ] {
        let mut scene = set_to(50, 60);
        scene.burn(true);
        scene.crash(phase, wrote);
        scene.wait(60);
        let decided = scene.live();
        assert_eq!(set(&decided).is_none(), wrote, "{phase:?}");
        assert_eq!((percent(&mut scene), &seen(&mut scene).mark), (50, &CpuTargetMark::None), "{phase:?} {wrote}");
        scene.wait(1);
        assert_eq!(set(&scene.live()), None, "{phase:?} {wrote}");
        let told = scene.status.cpu_target.as_ref().unwrap();
        assert_eq!((&told.changed, &told.standing), (&None, &None), "{phase:?} {wrote}");
    }
}

#[test]
fn a_lost_status_is_told_again_by_the_annotation() {
    for declared in [50, 70] {
        let mut scene = set_to(declared, 60);
        (scene.status, scene.actions) = (EnforcementStatus::default(), Vec::new());
        bears(&mut scene, 60, 60);
        assert_eq!((set(&scene.live()), standing(&scene)), (None, Some((declared, 60))));
        assert_eq!(scene.status.cpu_target.as_ref().unwrap().steps.len(), 1, "the last one counts");
        scene.enforcement.capacity = Some(capacity(CapacityMode::Floor));
        scene.wait(60);
        assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 60, declared)));
    }
}

#[test]
fn a_lost_annotation_is_told_by_the_status() {
    let mut scene = set_to(50, 60);
    seen(&mut scene).mark = CpuTargetMark::None;
    bears(&mut scene, 60, 60);
    assert_eq!((set(&scene.live()), standing(&scene)), (None, Some((50, 60))));
    scene.burn(true);
    assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 60, 50)));
    assert!(!scene.actions[0].id.is_empty() && standing(&scene).is_none());
}

#[test]
fn the_floor_goes_ahead_of_the_load_as_ever() {
    let mut scene = aiming(50, 80);
    scene.assessment.objectives.push(objective("availability"));
    scene.load_needs(9);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 3, 9)));
    // While it stands for the load, the target is set beside it.
    for _ in 0..20 {
        scene.wait(60);
        bears(&mut scene, 80, 80);
        scene.load_needs(9);
        let Some(Need::Pods { aim, .. }) = &mut scene.need else { panic!() };
        *aim = Ok(crate::decide::capacity::Aim { most: 80, least: 80, why: String::new() });
        scene.live();
    }
    assert!(percent(&mut scene) > 50 && scene.floor().current == 9, "{:?}", scene.status);
}
