//! Accidents other autoscalers and remediators have had, each as a test that fails without its guard. The numbers are
//! those of the project's list of accidents; each name says what must not happen here.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, by_pod, hpa, objective, observation, pod, ratio, reason, step};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement_status::{ActionPhase, Verb, Verdict};
use crate::decide::{FleetView, Restoration, Value, restore};
use crate::sense::workload::{Baseline, BaselineRecord, Floor, FloorHolder, Rollout};

#[test]
fn accident_01_an_empty_answer_takes_everything_to_the_minimum() {
    let mut scene = Scene::raised();
    let unseen = &mut scene.assessment.objectives[0];
    (unseen.recent_coverage, unseen.recent_rate, unseen.recent_bad_share) = (Some(ratio(0, 1)), None, None);
    for _ in 0..300 {
        assert_eq!(act(&scene.live()), None);
        scene.wait(60);
    }
    assert_eq!(scene.floor().current, 9);
}

#[test]
fn accident_01_an_account_that_stands_still_takes_everything_to_the_minimum() {
    let mut scene = Scene::raised();
    let end = scene.assessment.measured_through;
    scene.wait(600);
    scene.assessment.measured_through = end;
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "Blind"));
    assert_eq!(scene.status.episode.as_ref().unwrap().safe_since, None);
}

#[test]
fn accident_02_the_first_samples_after_a_gap_reduce() {
    let mut scene = Scene::raised();
    scene.assessment.objectives[0].recent_coverage = None;
    assert_eq!(act(&scene.live()), None);
    scene.assessment.objectives = vec![objective("latency")];
    let mut waited = 0;
    while act(&scene.live()).is_none() {
        scene.wait(15);
        waited += 15;
        assert!(waited < 1000);
    }
    assert_eq!(waited, 300, "releaseAfter begins anew after the gap");
}

#[test]
fn accident_04_one_of_two_metrics_is_missing_and_it_scales_down_anyway() {
    let mut scene = Scene::raised();
    let mut missing = objective("availability");
    missing.recent_coverage = Some(ratio(1, 2));
    scene.assessment.objectives.push(missing);
    for _ in 0..20 {
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "NotAllSeen"));
        scene.wait(60);
    }
    scene.assessment.objectives[0].burning = true;
    assert_eq!(act(&scene.live()).map(|(verb, ..)| verb), Some(Verb::RaiseFloor), "any one may add");
}

#[test]
fn accident_05_one_missing_pod_of_many_freezes_the_scale_down_for_hours() {
    let mut scene = Scene::raised();
    scene.assessment.objectives[0].recent_coverage = Some(ratio(159, 160));
    assert_eq!(act(&scene.decide()).map(|(verb, ..)| verb), Some(Verb::LowerFloor));
}

#[test]
fn accident_05_one_pod_without_metrics_of_many_hides_the_sick_one() {
    let mut scene = Scene::burning();
    scene.workload = Ok(observation(20, FloorHolder::Hpa(hpa())));
    scene.workload().spec_replicas = 20;
    let mut counts = vec![(600, 1); 20];
    counts[0] = (600, 200);
    let hold = |scene: &mut Scene, pods: usize| {
        scene.signals = by_pod(&counts[..pods]);
        scene.decide().enforcement.diagnosis.unwrap().cause
    };
    assert_eq!(hold(&mut scene, 19), CauseKind::OutlierPod, "19 of 20 ready pods suffice");
    assert_eq!(hold(&mut scene, 16), CauseKind::OutlierPod);
    assert_eq!(hold(&mut scene, 15), CauseKind::Unknown, "15 of 20 do not");
}

#[test]
fn accident_06_surge_pods_are_taken_for_demand() {
    let mut scene = Scene::burning();
    // What is written ends the surge in the fixture.
    let surge = |scene: &mut Scene| {
        scene.workload().status_replicas = 12;
        scene.workload().pods = (0..12).map(pod).collect();
    };
    surge(&mut scene);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(15);
    surge(&mut scene);
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 6, 8)), "sized by spec.replicas");
    scene.workload().rollout = Rollout::InProgress;
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "RolloutInProgress"));
    // The guard would hold as much; the cause tells a person what to wait for.
    assert_eq!(decided.enforcement.diagnosis.unwrap().cause, CauseKind::RolloutInProgress);
}

#[test]
fn accident_07_a_crash_looping_revision_is_scaled_to_the_maximum() {
    for rollout in [Rollout::InProgress, Rollout::Stuck("deadline".into()), Rollout::Paused] {
        let mut scene = Scene::burning();
        scene.workload().rollout = rollout.clone();
        assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)), "nothing is taken away");
        for _ in 0..20 {
            scene.workload().rollout = rollout.clone();
            scene.wait(60);
            // What an autoscaler adds for surge pods is not held either.
            scene.workload().spec_replicas += 1;
            assert_eq!(act(&scene.live()), None);
        }
        assert_eq!(scene.floor().current, 6);
    }
}

#[test]
fn accident_17_a_service_is_shrunk_while_a_bad_revision_fails() {
    let mut scene = super::rollouts::rolling_out();
    (scene.enforcement.rollback, scene.floor().current) = (None, 3);
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::FreezeScaleDown, 3, 6)), "requests that fail at once cost no CPU");
    assert_eq!(decided.enforcement.diagnosis.unwrap().cause, CauseKind::BadRevision);
    // The rollout is stopped first where it may be, and nothing goes while it waits to be undone.
    let mut scene = super::rollouts::rolling_out();
    scene.floor().current = 3;
    assert_eq!(super::rollouts::verb(&scene.live()), Some(Verb::PauseRollout));
    scene.wait(5);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
}

#[test]
fn accident_07_a_failing_revision_is_scaled_to_the_maximum_after_its_rollout() {
    // The rollout is through, all pods are ready, and every one of them fails.
    let mut scene = Scene::burning();
    scene.workload().rolled_out_at = Some(super::fixture::at(-100));
    (scene.signals, scene.before) = (by_pod(&[(600, 150); 6]), by_pod(&[(600, 1); 6]));
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)), "nothing is taken away");
    for _ in 0..20 {
        scene.wait(60);
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "BadRevision"));
    }
    assert_eq!(scene.floor().current, 6);
}

#[test]
fn accident_08_pods_that_turn_unready_under_overload_shrink_the_service() {
    let mut scene = Scene::burning();
    let unready = |scene: &mut Scene| scene.workload().pods.iter_mut().for_each(|pod| pod.ready = false);
    unready(&mut scene);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(15);
    // What was written made all pods anew in the fixture.
    unready(&mut scene);
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::RaiseFloor, 6, 8)), "sized by what is wanted");
    let told = decided.enforcement.diagnosis.unwrap();
    assert_eq!(told.cause, CauseKind::Saturation, "nobody waits for a cause that is plain");
}

#[test]
fn accident_09_replicas_without_a_place_are_kept_for_ever() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    scene.live();
    for pod in scene.workload().pods.iter_mut().skip(7) {
        (pod.node, pod.ready) = (None, false);
    }
    scene.wait(600);
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::LowerFloor, 8, 7)));
    assert!(decided.hints.capacity_insufficient.unwrap().contains("1 of 8 replicas"));
}

#[test]
fn accident_09_unready_pods_are_not_taken_for_missing_capacity() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    scene.live();
    for pod in &mut scene.workload().pods {
        pod.ready = false;
    }
    scene.wait(600);
    let decided = scene.live();
    assert!(act(&decided).is_none_or(|(verb, ..)| verb != Verb::LowerFloor));
    assert_eq!(decided.hints.capacity_insufficient, None);
}

#[test]
fn accident_10_the_floor_is_raised_above_the_owners_maximum() {
    let mut scene = Scene::burning();
    scene.floor().max = Some(7);
    scene.live();
    scene.wait(15);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 7)));
    scene.wait(600);
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "AtMaximum"));
}

#[test]
fn accident_10_a_third_hand_joins_two_that_fight() {
    let mut scene = Scene::burning();
    scene.workload().floor = FloorHolder::Ambiguous(vec!["HorizontalPodAutoscaler a".into(), "ScaledObject b".into()]);
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "ConflictingManager"));
    assert!(decided.hints.conflicting_manager.unwrap().contains("ScaledObject b"));
}

#[test]
fn accident_11_the_operator_and_gitops_fight_for_ever() {
    let mut scene = Scene::burning();
    let mut writes = 0;
    for _ in 0..100 {
        if act(&scene.live()).is_some() {
            writes += 1;
            scene.reset(3, "argocd-controller");
        }
        scene.wait(60);
    }
    assert_eq!(writes, 2, "one write and one more try");
    let decided = scene.decide();
    assert_eq!(reason(&decided), "ConflictingManager");
    let message = decided.hints.conflicting_manager.unwrap();
    for part in ["argocd-controller", "ignoreDifferences", "group: autoscaling", "[/spec/minReplicas]"] {
        assert!(message.contains(part), "{message}");
    }
    scene.burn(false);
    for _ in 0..20 {
        scene.live();
        scene.wait(60);
    }
    assert_eq!((scene.floor().current, &scene.floor().baseline), (3, &Baseline::None), "no trace stays");
}

#[test]
fn accident_17_a_service_is_shrunk_while_it_burns() {
    let mut scene = Scene::burning();
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)), "before anything is added");
    // The autoscaler found more, and could take it away again.
    scene.wait(60);
    scene.live();
    scene.wait(60);
    scene.workload().spec_replicas = 12;
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 8, 12)));
    // Nor while it burns too slowly for an alert.
    let mut scene = Scene::burning();
    scene.assessment.objectives[0].burning = false;
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    // Nor where a floor that was raised ahead of the load stands below what runs by now.
    let mut scene = super::ahead::raised_ahead(8);
    scene.wait(60);
    scene.live();
    scene.workload().spec_replicas = 12;
    scene.burn(true);
    scene.assessment.objectives[0].burning = false;
    scene.wait(60);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 8, 12)));
    scene.workload().spec_replicas = 14;
    scene.wait(60);
    assert_eq!(reason(&scene.live()), "Watching", "what was found then is held, and no more");
}

#[test]
fn accident_17_a_service_is_shrunk_while_a_part_of_it_fails() {
    // What holds the raise does not hold the freeze.
    let mut scene = Scene::burning();
    scene.signals = by_pod(&[(600, 200), (600, 1), (600, 1), (600, 1), (600, 1), (600, 1)]);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    for _ in 0..10 {
        scene.wait(60);
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "OutlierPod"));
    }
    // The autoscaler found more: it is held there, and no more is added.
    scene.workload().spec_replicas = 12;
    scene.wait(60);
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 6, 12)));
}

#[test]
fn accident_18_everything_is_started_at_once_by_many_agreements() {
    let mut scene = Scene::burning();
    let since = super::fixture::at(-30);
    scene.fleet = FleetView { services: 5, burning_since: vec![since; 4], own: Some(since), ..FleetView::default() };
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)), "each holds what it has");
    for _ in 0..10 {
        scene.wait(60);
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "CommonCause"));
    }
}

#[test]
fn accident_18_everything_is_started_at_once() {
    let mut scene = Scene::burning();
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 1));
    scene.workload = Ok(observation(2, FloorHolder::Hpa(hpa())));
    scene.floor().current = 2;
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 2, 4)));
    let raised = scene.clone();
    for _ in 0..12 {
        scene.wait(15);
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "AwaitingVerdict"), "for three minutes");
    }
    let mut scene = raised;
    scene.actions[0].verdict = Some(Verdict::Inconclusive);
    for _ in 0..3 {
        scene.wait(15);
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "Cooldown"), "however it is judged");
    }
}

#[test]
fn accident_19_a_stale_cache_makes_an_act_happen_twice() {
    let mut scene = Scene::burning();
    let first = scene.live();
    assert_eq!(step(&first).resource_version, "7");
    // The same reading again, as from a cache that has not seen the write.
    (scene.floor().current, scene.floor().baseline) = (3, Baseline::None);
    let stale = scene.decide();
    assert_eq!((act(&stale), reason(&stale)), (None, "AlreadyDone"));
}

#[test]
fn accident_19_a_reading_that_is_old_is_acted_upon() {
    let mut scene = Scene::burning();
    scene.workload().read_at = super::fixture::at(-60);
    assert_eq!((act(&scene.decide()), reason(&scene.decide())), (None, "StaleWorkload"));
}

#[test]
fn accident_22_a_floor_is_orphaned_when_the_status_is_lost() {
    let mut scene = Scene::raised();
    scene.status = crate::api::enforcement_status::EnforcementStatus::default();
    let decided = scene.live();
    assert_eq!(decided.enforcement.floor.map(|floor| (floor.baseline, floor.value)), Some((3, 9)));
    for _ in 0..20 {
        scene.wait(60);
        scene.live();
    }
    assert_eq!((scene.floor().current, &scene.floor().baseline), (3, &Baseline::None));
}

/// What remains to be done when the agreement goes.
fn restored(scene: &Scene, floor: Option<&Floor>) -> Restoration {
    restore(&scene.agreement, &scene.status, &scene.actions, floor, true, scene.now)
}

#[test]
fn accident_22_a_lost_baseline_is_guessed() {
    let mut scene = Scene::raised();
    scene.floor().baseline = Baseline::Unreadable("{".into());
    for _ in 0..10 {
        assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "UnknownBaseline"));
        scene.wait(60);
    }
    scene.status.floor = None;
    let floor = scene.floor().clone();
    assert_eq!(restored(&scene, Some(&floor)), Restoration::Nothing);
}

#[test]
fn accident_22_our_own_value_becomes_the_baseline() {
    let mut scene = Scene::raised();
    scene.status.floor.as_mut().unwrap().value = 6;
    // The raise to 9 was given up and arrived after all: nobody owns the value.
    let floor = scene.floor().clone();
    let Restoration::Act(plan) = restored(&scene, Some(&floor)) else { panic!() };
    assert_eq!(plan.steps[0].floor().unwrap().value, Value::Set(3));
    // Somebody's own value is left to them.
    let theirs = Floor { current: 5, set_by: Some("helm".into()), ..floor };
    let Restoration::Act(plan) = restored(&scene, Some(&theirs)) else { panic!() };
    assert_eq!(plan.steps[0].floor().unwrap().value, Value::Keep);
}

#[test]
fn accident_22_the_finalizer_waits_for_the_leader_and_for_nothing_else() {
    let mut scene = Scene::raised();
    let floor = scene.floor().clone();
    let call = |leader| restore(&scene.agreement, &scene.status, &scene.actions, Some(&floor), leader, scene.now);
    assert!(matches!(call(false), Restoration::Hold(hold) if hold.reason == "NotLeader"));
    assert!(matches!(call(true), Restoration::Act(_)));
    assert_eq!(restored(&scene, None), Restoration::Nothing);
    let other = BaselineRecord { agreement: "other".into(), replicas: Some(1) };
    let taken = Floor { baseline: Baseline::Recorded(other), ..floor.clone() };
    assert_eq!(restored(&scene, Some(&taken)), Restoration::Nothing);
    // An intent that was never carried out leaves nothing behind.
    let status = scene.status.floor.as_mut().unwrap();
    (status.value, status.since) = (3, Time(scene.now));
    let untouched = Floor { current: 3, baseline: Baseline::None, ..floor };
    assert_eq!(restored(&scene, Some(&untouched)), Restoration::Nothing);
    assert!(scene.actions.iter().all(|record| record.phase != ActionPhase::Intended));
}
