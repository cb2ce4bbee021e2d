//! A CPU target that is given back where nothing is decided any more, or that others change after it was put back.

use super::cpu_targets::{bears, changed_by, over, percent, seen, set, set_to};
use super::fixture::Scene;
use crate::api::enforcement_status::Verb;
use crate::decide::{CpuTargetWrite, Restoration, release_cpu_target};
use crate::sense::workload::CpuTargetMark;

#[test]
fn an_agreement_that_goes_gives_back_what_is_its_own_and_nothing_else() {
    let of = |scene: &mut Scene| {
        let target = seen(scene).clone();
        release_cpu_target(&scene.agreement, None, Some(&target), true, scene.now)
    };
    let back = |restoration: &Restoration| match restoration {
        Restoration::Act(plan) => Some(plan.steps[0].cpu_target().unwrap().write.clone()),
        _ => None,
    };
    let mut scene = set_to(50, 60);
    assert_eq!(back(&of(&mut scene)), Some(CpuTargetWrite::Back(50)));
    changed_by(&mut scene, 70, "helm");
    assert_eq!(back(&of(&mut scene)), Some(CpuTargetWrite::Leave));
    let mut scene = set_to(50, 60);
    scene.agreement.name = "another".into();
    assert_eq!(of(&mut scene), Restoration::Nothing);
    let target = seen(&mut scene).clone();
    scene.agreement.name = "checkout".into();
    assert!(matches!(
        release_cpu_target(&scene.agreement, None, Some(&target), false, scene.now),
        Restoration::Hold(_)
    ));
    assert_eq!(release_cpu_target(&scene.agreement, None, None, true, scene.now), Restoration::Nothing);
}

#[test]
fn an_agreement_that_goes_gives_back_what_its_status_alone_knows() {
    let mut scene = set_to(50, 60);
    let known = scene.status.cpu_target.clone().unwrap().standing.unwrap();
    seen(&mut scene).mark = CpuTargetMark::None;
    let of = |scene: &mut Scene| {
        let target = seen(scene).clone();
        match release_cpu_target(&scene.agreement, Some(&known), Some(&target), true, scene.now) {
            Restoration::Act(plan) => Some(plan.steps[0].cpu_target().unwrap().write.clone()),
            _ => None,
        }
    };
    assert_eq!(of(&mut scene), Some(CpuTargetWrite::Back(50)));
    // What is on another HPA, or was changed meanwhile, is not ours.
    seen(&mut scene).target.uid.push('2');
    assert_eq!(of(&mut scene), None);
    let mut scene = set_to(50, 60);
    seen(&mut scene).mark = CpuTargetMark::None;
    changed_by(&mut scene, 70, "helm");
    assert_eq!(of(&mut scene), None);
}

#[test]
fn an_annotation_that_cannot_be_read_does_not_keep_it_from_being_put_back() {
    let mut scene = set_to(50, 60);
    seen(&mut scene).mark = CpuTargetMark::Unreadable("{}".into());
    bears(&mut scene, 80, 80);
    assert_eq!(set(&scene.live()), None);
    scene.burn(true);
    assert_eq!((set(&scene.live()), percent(&mut scene)), (Some((Verb::RestoreTarget, 60, 50)), 50));
}

#[test]
fn whoever_changes_it_after_it_was_put_back_wins_for_a_day() {
    let mut scene = set_to(50, 70);
    bears(&mut scene, 70, 70);
    scene.burn(true);
    assert_eq!(set(&scene.live()), Some((Verb::RestoreTarget, 70, 50)));
    scene.wait(60);
    scene.live();
    // Somebody sees to the danger.
    changed_by(&mut scene, 30, "kubectl");
    scene.wait(60);
    scene.live();
    let changed = scene.status.cpu_target.clone().unwrap().changed.unwrap();
    assert_eq!((changed.to, changed.by.as_deref()), (Some(30), Some("kubectl")));
    scene.burn(false);
    assert_eq!((over(&mut scene, 23 * 60, 70), percent(&mut scene)), (vec![], 30));
}

#[test]
fn what_was_put_back_is_nobody_elses_change_though_the_record_was_lost() {
    for (by, expected) in [(None, None), (Some("kubectl-edit"), Some(Some(50)))] {
        let mut scene = set_to(50, 60);
        changed_by(&mut scene, 50, by.unwrap_or_default());
        (seen(&mut scene).mark, seen(&mut scene).set_by) = (CpuTargetMark::None, by.map(str::to_owned));
        scene.wait(60);
        scene.live();
        let changed = scene.status.cpu_target.as_ref().and_then(|target| target.changed.clone());
        assert_eq!(changed.map(|changed| changed.to), expected);
    }
}
