//! Every guard by itself: a plan that passes, and the one change that holds it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, ratio, step};
use crate::api::enforcement::{Enforcement, Mode, Reschedule, ScaleBounds};
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Episode, FloorStatus, Verb, WithoutEffect};
use crate::decide::plan::Plan;
use crate::decide::situation::timing::Timing;
use crate::decide::workflow::work_out;
use crate::decide::{Change, FleetView, FloorChange, Step, guard};
use crate::sense::workload::{Baseline, BaselineRecord, Rollout};

/// What the whole chain says of `step` in `scene`; empty: it passes.
pub(super) fn held(scene: &Scene, step: &Step) -> &'static str {
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = work_out(&situation, timing, scene.workload.as_ref().unwrap());
    guard::admit(Plan::propose("shop", step.clone()), &facts).err().map_or("", |hold| hold.reason)
}

/// A scene and a raise from 6 to 8 in it that passes.
fn raise() -> (Scene, Step) {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(60);
    let step = step(&scene.decide()).clone();
    assert_eq!((step.verb, held(&scene, &step)), (Verb::RaiseFloor, ""));
    (scene, step)
}

/// A scene and a lowering from 9 to 8 in it that passes.
fn lower() -> (Scene, Step) {
    let scene = Scene::raised();
    let step = step(&scene.decide()).clone();
    assert_eq!((step.verb, held(&scene, &step)), (Verb::LowerFloor, ""));
    (scene, step)
}

fn record(step: &Step, verb: Verb, phase: ActionPhase, second: i64) -> ActionRecord {
    ActionRecord {
        id: "earlier".into(),
        verb,
        target: step.target.clone(),
        from: Some(1),
        to: Some(2),
        reason: String::new(),
        hypothesis: String::new(),
        ahead: false,
        phase,
        intended_at: Time(at(second)),
        deadline: Time(at(10_000)),
        outcome: String::new(),
        verdict: None,
        evidence: String::new(),
    }
}

fn floor_of(step: &mut Step) -> &mut FloorChange {
    match &mut step.change {
        Change::Floor(change) => change,
        _ => panic!("no floor"),
    }
}

fn without_effect(times: i32) -> Episode {
    let without_effect = vec![WithoutEffect { verb: Verb::RaiseFloor, times }];
    Episode { since: Time(at(0)), ahead: false, safe_since: None, without_effect, harmful_above: None }
}

#[test]
fn a_raise_is_held_by_every_guard() {
    type Disturb = fn(&mut Scene, &mut Step);
    let changes: [(&str, Disturb); 23] = [
        ("ModeNotEnforce", |scene, _| scene.enforcement.mode = Mode::Recommend),
        ("ModeCeiling", |scene, _| scene.ceiling = Mode::Recommend),
        ("NotLeader", |scene, _| scene.leader = false),
        ("ConflictingManager", |scene, _| scene.status.floor.as_mut().unwrap().resets = 2),
        ("HeldByOtherAgreement", |scene, _| {
            let record = BaselineRecord { agreement: "other".into(), replicas: Some(1) };
            scene.floor().baseline = Baseline::Recorded(record);
        }),
        ("UnknownBaseline", |scene, _| scene.floor().baseline = Baseline::Unreadable("?".into())),
        ("AutoscalerPaused", |scene, _| scene.floor().inert = Some("it is paused".into())),
        ("ScaledToZero", |scene, _| scene.workload().spec_replicas = 0),
        ("StaleMeasurement", |scene, _| scene.assessment.measured_through = at(-200)),
        ("StaleWorkload", |scene, _| scene.workload().read_at = at(0)),
        ("StaleWorkload", |scene, _| scene.workload().read_at = at(61)),
        ("MissingData", |scene, _| scene.assessment.objectives[0].recent_coverage = Some(ratio(79, 100))),
        ("MissingData", |scene, _| scene.assessment.objectives[0].recent_coverage = None),
        ("RolloutInProgress", |scene, _| scene.workload().rollout = Rollout::InProgress),
        ("RolloutStuck", |scene, _| scene.workload().rollout = Rollout::Stuck(String::new())),
        ("RolloutPaused", |scene, _| scene.workload().rollout = Rollout::Paused),
        ("NoBounds", |scene, _| scene.enforcement.scale = None),
        ("BoundsContradict", |scene, _| scene.floor().max = Some(1)),
        ("FloorStands", |_, step| floor_of(step).to = 6),
        ("AtMaximum", |scene, step| {
            scene.enforcement.scale = Some(ScaleBounds { min: 1, max: 6, connections: None });
            floor_of(step).to = 6;
        }),
        ("StepTooLarge", |_, step| floor_of(step).to = 13),
        ("OutOfBounds", |scene, _| scene.enforcement.scale = Some(ScaleBounds { min: 1, max: 7, connections: None })),
        ("Ineffective", |scene, _| {
            scene.status.episode = Some(without_effect(2));
        }),
    ];
    for (reason, change) in changes {
        let (mut scene, mut step) = raise();
        change(&mut scene, &mut step);
        assert_eq!(held(&scene, &step), reason);
    }
}

#[test]
fn a_raise_waits_for_the_last_one() {
    let cases = [
        (ActionPhase::Done, 59, "AwaitingVerdict"),
        (ActionPhase::Done, -5000, "AwaitingVerdict"),
        (ActionPhase::Refused, 59, ""),
    ];
    for (phase, second, expected) in cases {
        let (mut scene, step) = raise();
        scene.actions.insert(0, record(&step, Verb::RaiseFloor, phase, second));
        assert_eq!(held(&scene, &step), expected, "{phase:?} {second}");
    }
    for (second, expected) in [(1, "Cooldown"), (0, "")] {
        let (mut scene, step) = raise();
        let mut last = record(&step, Verb::RaiseFloor, ActionPhase::Done, second);
        last.verdict = Some(crate::api::enforcement_status::Verdict::Ineffective);
        scene.actions.insert(0, last);
        assert_eq!(held(&scene, &step), expected, "{second}");
    }
}

#[test]
fn one_ineffective_raise_is_no_reason_to_stop() {
    let (mut scene, step) = raise();
    scene.status.episode = Some(without_effect(1));
    assert_eq!(held(&scene, &step), "");
}

#[test]
fn the_same_decision_passes_once_unless_it_was_refused() {
    for (phase, expected) in [(ActionPhase::Done, "AlreadyDone"), (ActionPhase::Refused, "")] {
        let (mut scene, step) = lower();
        let mut same = record(&step, Verb::LowerFloor, phase, -600);
        same.id.clone_from(&step.id);
        scene.actions.insert(0, same);
        assert_eq!(held(&scene, &step), expected, "{phase:?}");
    }
}

#[test]
fn a_lowering_is_held_by_every_guard_that_concerns_it() {
    type Disturb = fn(&mut Scene, &mut Step);
    let changes: [(&str, Disturb); 7] = [
        ("NotLeader", |scene, _| scene.leader = false),
        ("MissingData", |scene, _| {
            let mut unseen = super::fixture::objective("availability");
            unseen.recent_coverage = Some(ratio(1, 2));
            scene.assessment.objectives.push(unseen);
        }),
        ("StaleMeasurement", |scene, _| scene.assessment.measured_through = at(-200)),
        ("RolloutInProgress", |scene, _| scene.workload().rollout = Rollout::InProgress),
        ("OutOfBounds", |_, step| floor_of(step).to = 2),
        ("OutOfBounds", |_, step| floor_of(step).to = 9),
        ("SteppingDown", |scene, step| {
            scene.actions.insert(0, record(step, Verb::LowerFloor, ActionPhase::Done, -59));
        }),
    ];
    for (reason, change) in changes {
        let (mut scene, mut step) = lower();
        change(&mut scene, &mut step);
        assert_eq!(held(&scene, &step), reason);
    }
    let (mut scene, step) = lower();
    scene.workload().spec_replicas = 0;
    scene.floor().inert = Some("it is paused".into());
    assert_eq!(held(&scene, &step), "", "coming down needs no running autoscaler");
}

#[test]
fn nothing_is_taken_away_from_a_calm_service_while_many_others_burn_as_one() {
    for verb in [Verb::LowerFloor, Verb::Restore, Verb::RestoreSize] {
        let (mut scene, mut step) = lower();
        step.verb = verb;
        let burning_since = vec![at(-100), at(-60), at(-20)];
        scene.fleet = FleetView { services: 10, burning_since, ..FleetView::default() };
        assert_eq!(held(&scene, &step), "CommonCause", "{verb:?}");
        scene.fleet.burning_since.pop();
        assert_ne!(held(&scene, &step), "CommonCause", "{verb:?}");
    }
    let mut scene = Scene::raised();
    scene.fleet = FleetView { services: 3, burning_since: vec![at(-100); 3], ..FleetView::default() };
    let decided = scene.decide();
    assert_eq!((act(&decided), decided.enforcement.reason.as_str()), (None, "CommonCause"));
    assert!(decided.enforcement.message.starts_with("3 of 3 services began to burn"), "{decided:?}");
    // What the agreement does not allow any more goes whatever burns.
    scene.enforcement.scale = None;
    assert_eq!(act(&scene.decide()), Some((Verb::Restore, 9, 3)));
}

#[test]
fn a_floor_is_given_back_a_minute_after_the_last_step_down_and_at_once_where_it_may_not_stand() {
    for (second, expected) in [(-59, "SteppingDown"), (-60, "")] {
        let mut scene = Scene::raised();
        (scene.status.floor.as_mut().unwrap().value, scene.floor().current) = (4, 4);
        let step = step(&scene.decide()).clone();
        assert_eq!((step.verb, held(&scene, &step)), (Verb::Restore, ""));
        scene.actions.insert(0, record(&step, Verb::LowerFloor, ActionPhase::Done, second));
        assert_eq!(held(&scene, &step), expected, "{second}");
        for (mode, scale) in [(Mode::Recommend, scene.enforcement.scale.clone()), (Mode::Enforce, None)] {
            (scene.enforcement.mode, scene.enforcement.scale) = (mode, scale);
            assert_eq!(act(&scene.decide()), Some((Verb::Restore, 4, 3)), "{second} {mode:?}");
        }
    }
}

#[test]
fn what_the_agreement_does_not_allow_is_held_whoever_proposes_it() {
    let forbidden = |reason: &str, mut scene: Scene, forbid: fn(&mut Enforcement)| {
        let step = step(&scene.decide()).clone();
        assert_eq!(held(&scene, &step), "", "{reason}");
        forbid(&mut scene.enforcement);
        assert_eq!(held(&scene, &step), reason);
    };
    forbidden("RollbackNotAllowed", super::rollouts::rolled_out(), |allowed| allowed.rollback = None);
    forbidden("RescheduleNotAllowed", super::moves::surged(), |allowed| allowed.reschedule = None);
    forbidden("AvoidNodeNotAllowed", super::nodes::sick_node(), |allowed| {
        allowed.reschedule = Some(Reschedule::default());
    });
    forbidden("ResizeNotAllowed", super::sizes::throttled(), |allowed| allowed.resize = None);
}

#[test]
fn only_a_restoration_passes_without_the_guards() {
    let (scene, mut step) = lower();
    let call = |step: &Step, leader| guard::admit_restoration(Plan::propose("shop", step.clone()), leader);
    assert_eq!(call(&step, true).unwrap_err().reason, "NotARestoration");
    step.verb = Verb::Restore;
    assert!(call(&step, true).is_ok());
    assert_eq!(call(&step, false).unwrap_err().reason, "NotLeader");
    assert!(matches!(scene.status.floor, Some(FloorStatus { value: 9, .. })));
}
