//! The ladder, up and down, in the modes.

use proptest::prelude::*;

use super::fixture::{Scene, act, at, floor_change, objective, ratio, reason, step};
use super::rollouts::{rolling_out, verb};
use crate::api::agreement_status::State;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::decide::held::refusal;
use crate::decide::{BaselineChange, Decision, Value};
use crate::sense::signals::Signals;
use crate::sense::workload::{Baseline, BaselineRecord, FloorHolder, FloorKind, Rollout, WorkloadProblem};

#[test]
fn nothing_is_done_while_nothing_is_in_danger() {
    let decided = Scene::calm().decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "Safe"));
    assert_eq!(decided.enforcement.episode, None);
}

#[test]
fn a_danger_is_met_step_by_step_and_everything_is_given_back() {
    let mut scene = Scene::burning();
    let mut done = Vec::new();
    for tick in 0..160 {
        if tick == 12 {
            scene.burn(false);
        }
        if let Some(step) = act(&scene.live()) {
            done.push(step);
        }
        scene.wait(15);
    }
    let verbs: Vec<Verb> = done.iter().map(|(verb, ..)| *verb).collect();
    assert_eq!(verbs[..2], [Verb::FreezeScaleDown, Verb::RaiseFloor]);
    assert_eq!(done[0], (Verb::FreezeScaleDown, 3, 6));
    // A fifth of the events is lost: a quarter more capacity would serve them.
    assert_eq!(done[1], (Verb::RaiseFloor, 6, 8));
    assert_eq!(verbs.last(), Some(&Verb::Restore));
    assert!(verbs[2..verbs.len() - 1].iter().all(|verb| *verb == Verb::LowerFloor), "{done:?}");
    assert_eq!(done.last(), Some(&(Verb::Restore, 4, 3)));
    assert_eq!((scene.floor().current, &scene.floor().baseline), (3, &Baseline::None));
    assert_eq!((&scene.status.floor, &scene.status.episode), (&None, &None));
    let raise = scene.actions.iter().find(|record| record.verb == Verb::RaiseFloor).unwrap();
    assert_eq!(raise.verdict, Some(Verdict::Effective), "{}", raise.evidence);
}

#[test]
fn a_threatened_objective_is_only_frozen() {
    let mut scene = Scene::calm();
    scene.assessment.objectives[0].state = State::AtRisk;
    assert_eq!(act(&scene.decide()), None, "the budget is nearly spent, but not being spent");
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 50));
    assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
    scene.wait(60);
    assert_eq!(reason(&scene.live()), "Watching");
}

#[test]
fn a_violated_objective_that_spends_keeps_its_floor_and_its_episode() {
    let mut scene = Scene::raised();
    scene.assessment.objectives[0].state = State::Violated;
    assert_eq!(act(&scene.decide()).map(|(verb, ..)| verb), Some(Verb::LowerFloor), "lost, and nothing is being spent");
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 50));
    for _ in 0..20 {
        let decided = scene.live();
        assert_eq!((act(&decided), reason(&decided)), (None, "Watching"));
        assert_eq!(scene.status.episode.as_ref().map(|episode| &episode.safe_since), Some(&None));
        scene.wait(60);
    }
    assert_eq!(scene.floor().current, 9);
    // Once it spends no more, it is safe, and everything is given back in time.
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(0, 1));
    for _ in 0..60 {
        scene.live();
        scene.wait(60);
    }
    assert_eq!((scene.floor().current, &scene.status.episode), (3, &None));
}

#[test]
fn the_baseline_is_recorded_with_the_first_change_and_kept_afterwards() {
    let mut scene = Scene::burning();
    let first = scene.live();
    let record = BaselineRecord { agreement: "checkout".into(), replicas: Some(3) };
    assert_eq!(floor_change(&first).baseline, BaselineChange::Record(record));
    scene.wait(15);
    let second = scene.live();
    assert_eq!((step(&second).verb, &floor_change(&second).baseline), (Verb::RaiseFloor, &BaselineChange::Keep));
    assert_eq!(scene.status.floor.as_ref().map(|floor| (floor.baseline, floor.value)), Some((3, 8)));
}

#[test]
fn a_field_that_was_absent_becomes_absent_again() {
    let mut scene = Scene::burning();
    let mut floor = scene.floor().clone();
    (floor.kind, floor.current, floor.written) = (FloorKind::ScaledObject, 0, None);
    scene.workload().floor = FloorHolder::ScaledObject(floor);
    scene.live();
    assert_eq!(scene.floor().current, 6);
    scene.enforcement.mode = Mode::Recommend;
    scene.wait(15);
    assert_eq!(floor_change(&scene.live()).value, Value::Absent);
    assert_eq!((scene.floor().written, &scene.floor().baseline), (None, &Baseline::None));
}

#[test]
fn without_an_autoscaler_there_is_nothing_to_freeze() {
    let mut scene = Scene::burning();
    let mut floor = scene.floor().clone();
    (floor.kind, floor.current, floor.max) = (FloorKind::Scale { plural: "deployments".into() }, 6, None);
    scene.workload().floor = FloorHolder::Scale(floor);
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 6, 8)));
}

#[test]
fn modes_go_as_far_as_they_say() {
    for (mode, ceiling, expected) in [
        (Mode::Observe, Mode::Enforce, "Observing"),
        (Mode::Enforce, Mode::Observe, "Observing"),
        (Mode::Recommend, Mode::Enforce, "Recommended"),
        (Mode::Enforce, Mode::Recommend, "Recommended"),
        (Mode::Enforce, Mode::Enforce, "FreezeScaleDown"),
    ] {
        let mut scene = Scene::burning();
        (scene.enforcement.mode, scene.ceiling) = (mode, ceiling);
        let decided = scene.decide();
        assert_eq!(reason(&decided), expected);
        assert_eq!(act(&decided).is_some(), expected == "FreezeScaleDown");
        assert_eq!(decided.actions.is_empty(), act(&decided).is_none());
    }
}

#[test]
fn a_recommendation_says_what_would_be_done() {
    let mut scene = Scene::burning();
    scene.ceiling = Mode::Recommend;
    let Decision::Recommend(words) = scene.decide().decision else { panic!() };
    assert!(words.contains("HorizontalPodAutoscaler checkout (3 -> 6)"), "{words}");
}

#[test]
fn a_revoked_permission_gives_the_floor_back_at_once_unless_the_cluster_forbids_every_write() {
    for mode in [Mode::Observe, Mode::Recommend] {
        let mut scene = Scene::raised();
        scene.burn(true);
        scene.enforcement.mode = mode;
        assert_eq!(act(&scene.decide()), Some((Verb::Restore, 9, 3)));
        scene.ceiling = Mode::Observe;
        assert_eq!((act(&scene.decide()), reason(&scene.decide())), (None, "ModeCeiling"));
    }
    let mut scene = Scene::raised();
    scene.enforcement.scale = None;
    assert_eq!(act(&scene.decide()), Some((Verb::Restore, 9, 3)));
}

#[test]
fn a_floor_left_behind_on_another_object_is_given_back_first() {
    let mut scene = Scene::raised();
    scene.burn(true);
    let old = scene.floor().clone();
    let floor = scene.floor();
    floor.target.uid = "other".into();
    (floor.current, floor.baseline) = (3, Baseline::None);
    scene.left_behind = Some(old);
    let decided = scene.decide();
    assert_eq!(act(&decided), Some((Verb::Restore, 9, 3)));
    assert_eq!(step(&decided).target.uid, "hpa-uid");
    assert_eq!(decided.enforcement.floor.map(|floor| floor.target.uid).as_deref(), Some("hpa-uid"));
    // A second autoscaler beside the first makes the first no former one.
    scene.workload().floor = FloorHolder::Ambiguous(vec!["a".into(), "b".into()]);
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "ConflictingManager"));
    assert_eq!(decided.enforcement.floor, scene.status.floor);
}

#[test]
fn while_a_floor_that_was_left_behind_cannot_be_given_back_no_other_is_written_but_a_revision_is_undone() {
    let mut scene = rolling_out();
    (scene.left_behind, scene.status.floor) = (Some(Scene::raised().floor().clone()), Scene::raised().status.floor);
    let floor = scene.floor();
    (floor.target.uid, floor.current) = ("other".into(), 3);
    let back = scene.decide();
    assert_eq!(act(&back), Some((Verb::Restore, 9, 3)));
    let refused = ActionRecord { phase: ActionPhase::Refused, outcome: "no (403)".into(), ..back.actions[0].clone() };
    refusal::enter(&mut scene.status.refusals, &refused);
    let stopped = scene.decide();
    assert_eq!(verb(&stopped), Some(Verb::PauseRollout), "{:?}", stopped.decision);
    assert_eq!(stopped.enforcement.floor, scene.status.floor, "not forgotten");
    // No cause but the load.
    scene.workload().rollout = Rollout::Complete;
    scene.signals = Signals::Empty;
    let held = scene.decide();
    assert_eq!((act(&held), reason(&held)), (None, "LeftBehind"));
    assert!(held.enforcement.message.contains("HorizontalPodAutoscaler checkout: no (403)"), "{held:?}");
    assert_eq!(held.enforcement.floor, scene.status.floor, "not forgotten");
    // Once it is given back the new one is written.
    (scene.left_behind, scene.status.floor) = (None, None);
    assert_eq!(act(&scene.decide()).map(|(verb, ..)| verb), Some(Verb::FreezeScaleDown));
}

#[test]
fn a_workload_that_cannot_be_read_is_held_with_its_problem() {
    let mut scene = Scene::raised();
    scene.workload = Err(WorkloadProblem::TimedOut { what: "Deployment shop/checkout".into() });
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "ApiServerTimedOut"));
    assert_eq!(decided.enforcement.floor, scene.status.floor);
}

#[test]
fn a_duration_that_is_none_is_said() {
    let mut scene = Scene::burning();
    scene.enforcement.cooldown = "1s1m".into();
    assert_eq!(reason(&scene.decide()), "InvalidSpec");
    assert!(scene.decide().enforcement.message.contains("enforcement.cooldown"));
}

#[test]
fn two_ineffective_raises_turn_the_verb_off_until_the_episode_ends() {
    let mut scene = Scene::burning();
    let mut raises = 0;
    for _ in 0..120 {
        if act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::RaiseFloor) {
            raises += 1;
        }
        scene.wait(15);
    }
    assert_eq!(raises, 2);
    assert_eq!(reason(&scene.decide()), "Ineffective");
    assert_eq!(scene.status.episode.as_ref().map(|episode| episode.without_effect(Verb::RaiseFloor)), Some(2));
}

#[test]
fn the_size_learns_the_load_that_was_served_well() {
    let mut scene = Scene::raised();
    // 900 events a second over 9 pods were safe when the floor came down.
    scene.assessment.objectives[0].recent_rate = Some(ratio(900, 1));
    scene.live();
    assert!(scene.actions[0].evidence.contains("900.000"), "{}", scene.actions[0].evidence);
    scene.wait(120);
    scene.burn(true);
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 50));
    scene.assessment.objectives[0].recent_rate = Some(ratio(1400, 1));
    scene.live();
    scene.wait(15);
    // 1400 over 9 pods is 1.56 times that load.
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 9, 14)));
}

proptest! {
    #[test]
    fn releasing_takes_small_steps_to_the_baseline(value in 3..15_i32, min in 1..8_i32) {
        let mut scene = Scene::raised();
        scene.enforcement.scale = Some(crate::api::enforcement::ScaleBounds { min, max: 15, connections: None });
        scene.floor().current = value;
        scene.status.floor.as_mut().unwrap().value = value;
        let mut last = value;
        for _ in 0..40 {
            match act(&scene.live()) {
                Some((Verb::LowerFloor, from, to)) => {
                    prop_assert_eq!(from, last);
                    prop_assert!(to < from && from - to <= (from / 10).max(1) && to >= min.max(3));
                    last = to;
                }
                Some((verb, from, to)) => {
                    prop_assert_eq!((verb, from, to), (Verb::Restore, last, 3));
                    // Below the agreement's minimum there is no floor of ours, so no steps either.
                    prop_assert!(from - to <= 1 || from <= min);
                }
                None => {}
            }
            scene.wait(60);
        }
        prop_assert_eq!(scene.floor().current, 3);
    }
}

#[test]
fn an_assessment_without_objectives_is_no_safety() {
    let mut scene = Scene::raised();
    scene.assessment.objectives = Vec::new();
    assert_eq!((act(&scene.decide()), reason(&scene.decide())), (None, "Blind"));
    scene.assessment.objectives = vec![objective("latency")];
    assert!(act(&scene.decide()).is_some());
    assert!(scene.now == at(0));
}
