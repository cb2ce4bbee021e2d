//! Pods that came within the window have less of it than the others, and know nothing of what happened before.

use super::{found, sick, why};
use crate::api::diagnosis::CauseKind;
use crate::decide::cause::Remedy;
use crate::decide::tests::fixture::{Scene, at, by_pod, ratio};

/// All pods from this one on came a short while ago.
fn new_from(scene: &mut Scene, first: usize) {
    for pod in scene.workload().pods.iter_mut().skip(first) {
        (pod.created, pod.ready_since) = (Some(at(-45)), Some(at(-15)));
    }
}

#[test]
fn who_came_within_the_window_is_no_measure_of_who_was_overloaded_before() {
    for old in [1, 2, 4] {
        let mut scene = sick(old);
        assert_ne!(found(&scene).cause.kind, CauseKind::Unknown, "with as many others that were there");
        new_from(&mut scene, old);
        assert_eq!(found(&scene).cause.kind, CauseKind::Unknown, "{old} that bore an overload until others came");
    }
}

#[test]
fn what_young_pods_cannot_tell_yet_is_waited_for() {
    let mut scene = sick(1);
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 20));
    new_from(&mut scene, 0);
    let told = found(&scene).cause;
    assert_eq!((told.kind, told.remedy), (CauseKind::Unknown, Remedy::KeepFloor), "{}", told.message);
}

#[test]
fn who_came_within_the_window_and_is_sick_is_found() {
    let mut scene = sick(1);
    scene.workload().pods[0].created = Some(at(-45));
    scene.workload().pods[0].ready_since = Some(at(-15));
    assert_eq!(found(&scene).cause.kind, CauseKind::OutlierPod);
}

#[test]
fn whose_readiness_comes_and_goes_is_a_measure_all_the_same() {
    let mut scene = sick(1);
    for pod in scene.workload().pods.iter_mut().skip(1) {
        pod.ready_since = Some(at(-5));
    }
    assert_eq!(found(&scene).cause.kind, CauseKind::OutlierPod);
}

#[test]
fn pods_that_came_within_the_window_do_not_hide_the_load_of_the_others() {
    let mut scene = sick(12);
    scene.workload().rolled_out_at = Some(at(-200));
    scene.before = by_pod(&[(1000, 2); 12]);
    assert_eq!(found(&scene).cause.kind, CauseKind::BadRevision);
    // Six pods had more load than before until six others came.
    new_from(&mut scene, 6);
    let mut counts = [(1300, 260); 12];
    counts[6..].fill((400, 80));
    scene.signals = by_pod(&counts);
    let told = why(&scene, CauseKind::BadRevision);
    assert!(told.contains("it may be the load"), "{told}");
}
