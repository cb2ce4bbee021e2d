//! A day's budgets outlast what is given back, a workload that is made anew, and another one in its place.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, at};
use super::moves::{fail, one_sick, spread, verb};
use super::nodes::sick_node;
use super::own::owned;
use super::rescheduling_guards::eviction;
use super::rollouts::{of, revision, rolled_out, rolling_out};
use super::sheds::sheddable;
use super::sizes::throttled;
use crate::api::avoidance_status::{AvoidanceEnd, AvoidanceStatus, AvoidedNode};
use crate::api::enforcement::{Reschedule, Rollback};
use crate::api::enforcement_status::{ActionPhase, EnforcementStatus, Verb};
use crate::api::owned_replicas::{OwnedReplicas, StepDown};
use crate::api::reschedule_status::RescheduleStatus;
use crate::api::resize_status::{Raised, ResizeStatus};
use crate::api::rollout_status::RolloutStatus;
use crate::api::shed::{ShedStatus, ShedTurn};
use crate::decide::held::{budgets, resized};
use crate::sense::workload::{Mark, Revisions, Rollout};

/// So many instants, the first of them at that second.
fn times(count: i64, second: i64) -> Vec<Time> {
    (0..count).map(|index| Time(at(second + index))).collect()
}

fn hand(scene: &mut Scene, rollbacks: i64, pauses: i64) {
    let target = of(scene).target.clone();
    let (rollbacks, pauses) = (times(rollbacks, -9000), times(pauses, -8000));
    scene.status.rollout = Some(RolloutStatus { target, paused_at: None, undone: None, rollbacks, pauses, resets: 0 });
}

fn moved(scene: &mut Scene, evictions: i64, surges: i64) {
    let evictions = (0..evictions).map(|index| eviction(&index.to_string(), -9000, "elsewhere", None)).collect();
    scene.status.reschedule =
        Some(RescheduleStatus { evictions, surges: times(surges, -9000), ..RescheduleStatus::default() });
}

fn avoided(scene: &mut Scene) {
    let node = |index: i32| AvoidedNode {
        action: format!("avoid {index}"),
        node: format!("before-{index}"),
        uid: format!("uid of before-{index}"),
        at: Time(at(-9000)),
        until: Time(at(-7200)),
        ended: Some(AvoidanceEnd::Released),
    };
    scene.status.avoidance = Some(AvoidanceStatus { nodes: (0..2).map(node).collect() });
}

fn shed(scene: &mut Scene) {
    let turn = |index: i64| ShedTurn { action: format!("shed {index}"), at: Time(at(index - 9000)) };
    scene.status.shed = Some(ShedStatus { turns: (0..3).map(turn).collect(), ..ShedStatus::default() });
}

fn raised(scene: &mut Scene) {
    scene.enforcement.resize.as_mut().unwrap().per_day = 3;
    let raised = |index: i32| Raised {
        action: format!("resize {index}"),
        at: Time(at(-9000)),
        pod: format!("before-{index}"),
        node: None,
        unrequested: 0,
    };
    let (workload, raised) = (scene.workload().target(), (0..3).map(raised).collect());
    scene.status.resize = Some(ResizeStatus { workload, pods: 0, raised, refused: None });
}

fn let_go(scene: &mut Scene) {
    let step = |index: i64| StepDown {
        action: format!("step {index}"),
        at: Time(at(60 * index - 9000)),
        from: 10,
        to: 9,
        harmful: false,
    };
    let (steps, blind_since) = ((0..24).map(step).collect(), Some(Time(at(-60))));
    scene.status.owned = Some(OwnedReplicas { declared: Some(10), steps, blind_since, ..OwnedReplicas::default() });
}

/// Scenes whose next act is held by what was done within the day alone, with the words of that.
fn used_up() -> Vec<(&'static str, Scene)> {
    let mut scenes = vec![
        ("1 rollbacks within 24 hours", rolled_out()),
        ("2 pauses within 24 hours", rolling_out()),
        ("3 evictions within 24 hours", one_sick()),
        ("6 replicas added before an eviction within 24 hours", one_sick()),
        ("2 nodes avoided within 24 hours", sick_node()),
        ("3 times within 24 hours", sheddable()),
        ("as many pods were resized within 24 hours", throttled()),
        ("in 24 steps within 24 hours", owned(10)),
    ];
    let uses: [fn(&mut Scene); 8] = [
        |scene| hand(scene, 1, 0),
        |scene| hand(scene, 1, 2),
        |scene| moved(scene, 3, 0),
        |scene| moved(scene, 0, 6),
        avoided,
        shed,
        raised,
        let_go,
    ];
    scenes.last_mut().unwrap().1.load_needs(4);
    for ((words, scene), uses) in scenes.iter_mut().zip(uses) {
        let free = scene.decide().enforcement.message;
        assert!(!free.contains(*words), "{words}: {free}");
        uses(scene);
    }
    scenes
}

#[test]
fn no_way_to_lose_what_is_held_begins_a_new_day() {
    type Way = fn(&mut Scene);
    let ways: [(&str, Way); 3] = [
        ("as it is", |_| {}),
        ("the workload is made anew, or another one is named", |scene| {
            scene.workload().uid = "another".into();
            if let Some(deployment) = &mut scene.workload().deployment {
                deployment.target.uid = "another".into();
            }
            // As what another one holds is let go before anything is decided.
            let present = scene.workload().clone();
            scene.status.resize = scene.status.resize.as_ref().and_then(|other| resized::counted(other, &present));
        }),
        ("all was given back, and the workload or the term is there again", |scene| {
            let EnforcementStatus { floor, episode, diagnosis, .. } = scene.status.clone();
            let left = budgets::left_of(&scene.status, scene.now).unwrap();
            scene.status = EnforcementStatus { floor, episode, diagnosis, ..left };
        }),
    ];
    for (way, change) in ways {
        for (words, mut scene) in used_up() {
            change(&mut scene);
            let told = scene.decide().enforcement.message;
            assert!(told.contains(words), "{way}: {words} is not in {told}");
        }
    }
}

#[test]
fn what_is_left_holds_nothing_and_is_forgotten_after_a_day() {
    let mut held = EnforcementStatus::default();
    for (_, scene) in used_up() {
        let EnforcementStatus { rollout, reschedule, avoidance, shed, resize, owned, .. } = scene.status;
        held.owned = held.owned.or(owned);
        held.rollout = held.rollout.or(rollout);
        held.reschedule = held.reschedule.or(reschedule);
        held.avoidance = held.avoidance.or(avoidance);
        held.shed = held.shed.or(shed);
        held.resize = held.resize.or(resize);
    }
    held.rollout.as_mut().unwrap().paused_at = Some("bad".into());
    held.avoidance.as_mut().unwrap().nodes[0].ended = None;
    held.resize.as_mut().unwrap().pods = 4;
    let left = budgets::left_of(&held, at(0)).unwrap();
    assert_eq!(left.rollout.as_ref().unwrap().paused_at, None);
    assert_eq!(left.avoidance.as_ref().unwrap().standing(), None);
    assert_eq!(left.resize.as_ref().unwrap().pods, 0);
    let owned = left.owned.as_ref().unwrap();
    assert_eq!((owned.steps.len(), &owned.blind_since), (24, &None));
    assert_eq!((&left.floor, &left.episode, &left.bid), (&None, &None, &None));
    assert_eq!(budgets::left_of(&left, at(0)), Some(left.clone()));
    assert_eq!(budgets::left_of(&left, at(86_400)), None);
    assert_eq!(budgets::left_of(&EnforcementStatus::default(), at(0)), None);
}

#[test]
fn a_replica_added_before_a_move_is_counted_with_its_intent_and_no_more_when_nothing_came_of_it() {
    let counted = |scene: &Scene| scene.status.reschedule.as_ref().map(|moved| moved.surges.clone());
    let mut scene = one_sick();
    scene.crash(ActionPhase::Intended, false);
    assert_eq!(counted(&scene), Some(vec![Time(at(0))]));
    scene.wait(60);
    fail(&mut scene, &["checkout-0"]);
    assert_eq!(verb(&scene.live()), Some(Verb::Surge));
    assert_eq!(counted(&scene), Some(vec![Time(at(60))]), "what was not done is not counted, and what is done now is");
    scene.wait(86_400);
    fail(&mut scene, &[]);
    scene.live();
    assert_eq!(counted(&scene), None, "a day ago");
}

#[test]
fn a_pod_that_gets_well_each_time_has_no_replica_added_all_day() {
    let mut scene = one_sick();
    scene.enforcement.reschedule = Some(Reschedule { per_day: 1, ..Reschedule::default() });
    let mut surges = 0;
    for _ in 0..6 {
        fail(&mut scene, &["checkout-0"]);
        surges += i32::from(verb(&scene.live()) == Some(Verb::Surge));
        for _ in 0..40 {
            spread(&mut scene);
            fail(&mut scene, &[]);
            scene.wait(60);
            scene.live();
        }
        // The autoscaler takes the replica away again.
        scene.workload().spec_replicas = 6;
        scene.workload().pods.truncate(6);
    }
    assert_eq!(surges, 2);
    fail(&mut scene, &["checkout-0"]);
    let held = scene.decide();
    assert_eq!((verb(&held), held.enforcement.reason.as_str()), (None, "SurgeBudget"), "{:?}", held.decision);
    let told = held.enforcement.diagnosis.unwrap();
    assert_eq!(told.held_by.unwrap().guard, "within the day's surges");
    assert!(told.would_change.contains("enforcement.reschedule.perDay is raised"), "{}", told.would_change);
}

#[test]
fn where_the_day_has_no_pause_left_a_second_slot_undoes_what_is_rolled_out() {
    for stuck in [false, true] {
        let mut scene = rolling_out();
        hand(&mut scene, 0, 2);
        if stuck {
            scene.workload().rollout = Rollout::Stuck("deadline".into());
        }
        let told = scene.live();
        assert_eq!((verb(&told), told.enforcement.reason.as_str()), (None, "Confirming"), "{:?}", told.decision);
        // The same slot, however often it is looked at.
        scene.wait(15);
        assert_eq!(verb(&scene.live()), None);
        scene.wait(60);
        assert_eq!(verb(&scene.live()), Some(Verb::RollBack));
        assert_eq!(of(&mut scene).in_force().unwrap().hash, "good");
    }
}

#[test]
fn what_may_not_be_undone_is_held_by_the_pauses_of_the_day() {
    type Change = fn(&mut Scene);
    let changes: [(&str, Change); 3] = [
        ("RollbackBudget", |scene| hand(scene, 1, 2)),
        ("RollbackBudget", |scene| {
            scene.enforcement.rollback = Some(Rollback { pause_only: true, ..Rollback::default() });
        }),
        ("NothingToGoBackTo", |scene| of(scene).revisions = Revisions::Read(vec![revision(7, "bad", -300)])),
    ];
    for (expected, change) in changes {
        let mut scene = rolling_out();
        hand(&mut scene, 0, 2);
        change(&mut scene);
        for _ in 0..5 {
            let held = scene.live();
            assert_eq!((verb(&held), held.enforcement.reason.as_str()), (None, expected), "{:?}", held.decision);
            scene.wait(60);
        }
    }
}

#[test]
fn what_was_paused_before_and_goes_on_is_not_undone_before_it_is_through() {
    let mut scene = rolling_out();
    let mut rollbacks = 0;
    for _ in 0..30 {
        rollbacks += i32::from(verb(&scene.live()) == Some(Verb::RollBack));
        // A person resumes the rollout each time.
        if of(&mut scene).paused {
            (of(&mut scene).paused, of(&mut scene).mark) = (false, Mark::None);
            of(&mut scene).resource_version.push('9');
            scene.workload().rollout = Rollout::InProgress;
        }
        scene.wait(60);
    }
    assert_eq!(rollbacks, 0);
}
