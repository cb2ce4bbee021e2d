//! What did harm: a raise is taken back once, a rollback is left to a person.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, objective, ratio, reason, step};
use super::rollouts::{of, revision, template};
use super::{moves, sheds};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::decide::FleetView;
use crate::decide::cause::find;
use crate::decide::situation::timing::Timing;
use crate::decide::workflow::work_out;
use crate::evaluate::count::Count;
use crate::evaluate::load_course::{LoadCourse, ObjectiveLoad};
use crate::evaluate::slot::Tally;
use crate::sense::workload::{FloorHolder, FloorKind, Revisions, Rollout};

const BACK: Option<(Verb, i32, i32)> = Some((Verb::LowerFloor, 8, 6));

/// So many events in each minute before the raise and since, and of them bad ones.
fn minutes(scene: &mut Scene, before: (u32, u32), since: (u32, u32)) {
    let slot = |start: i64| {
        let (total, bad) = if start < 0 { before } else { since };
        (at(start).as_second(), Tally { total: Count::events(total), bad: Count::events(bad) })
    };
    let slots = (-120..600).step_by(60).map(slot).collect();
    scene.load = LoadCourse { slot_seconds: 60, objectives: vec![ObjectiveLoad { name: "latency".into(), slots }] };
}

/// A raise from 6 to 8 in a danger that lasts for two minutes, with which the account ends when it is due. Half of the events
/// are bad since then, where a fifth was.
fn worse() -> Scene {
    let mut scene = Scene::burning();
    scene.live();
    scene.status.episode.as_mut().unwrap().since = Time(at(-120));
    scene.wait(15);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
    scene.wait(600);
    scene.assessment.measured_through = at(600);
    minutes(&mut scene, (6000, 1200), (6000, 3000));
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 2));
    scene
}

/// The same, judged.
fn harmed() -> Scene {
    let scene = worse();
    assert_eq!(verdict(&scene), Some(Verdict::Harmful));
    scene
}

/// The first one of the danger.
fn raise(actions: &[ActionRecord]) -> &ActionRecord {
    actions.iter().rfind(|record| record.verb == Verb::RaiseFloor).unwrap()
}

fn verdict(scene: &Scene) -> Option<Verdict> {
    raise(&scene.decide().actions).verdict
}

#[test]
fn a_raise_that_did_harm_is_taken_back() {
    let mut scene = harmed();
    let decided = scene.live();
    assert_eq!(act(&decided), BACK);
    let words = &step(&decided).reason;
    assert!(words.starts_with("the raise (6 -> 8) did harm: under no more load"), "{words}");
    assert!(words.ends_with("HorizontalPodAutoscaler may keep more than 6 by its own metrics, and takes them away when these and its behavior let it"), "{words}");
    assert_eq!(scene.status.floor.as_ref().map(|floor| (floor.baseline, floor.value)), Some((3, 6)));
    let (told, message) = scene.decide().hints.did_harm.unwrap();
    assert!(told == "RaiseFloor" && message.contains("more than 6 replicas did harm"), "{told} {message}");

    // The autoscaler keeps its eight for a while, and even finds more: that is its own to say, and nothing holds it there.
    for wanted in [8, 8, 10, 10, 10, 6, 6, 6, 6] {
        scene.workload().spec_replicas = wanted;
        scene.workload().pods.truncate(6);
        scene.workload().pods.extend((6..wanted).map(super::fixture::pod));
        scene.wait(60);
        let decided = scene.live();
        assert_eq!((act(&decided), reason(&decided)), (None, "DidHarm"), "{wanted} are wanted");
    }
    // The danger goes on no less than before: the step back did not help, and did no harm either.
    let lowering = scene.actions.iter().find(|record| record.verb == Verb::LowerFloor).unwrap();
    assert_eq!(lowering.verdict, Some(Verdict::Ineffective), "{}", lowering.evidence);

    scene.burn(false);
    for _ in 0..30 {
        scene.wait(60);
        scene.live();
    }
    assert_eq!((scene.floor().current, &scene.status.floor, &scene.status.episode), (3, &None, &None));
    assert_eq!(scene.decide().hints.did_harm, None, "the danger is over");
    scene.burn(true);
    scene.wait(60);
    scene.live();
    scene.wait(60);
    assert_eq!(act(&scene.live()).map(|(verb, ..)| verb), Some(Verb::RaiseFloor), "the next one begins with all verbs");
}

#[test]
fn what_was_taken_back_is_judged_by_whether_it_helped() {
    for (bad, expected) in [(1, Verdict::Effective), (5, Verdict::Ineffective), (10, Verdict::Harmful)] {
        let mut scene = harmed();
        scene.live();
        scene.assessment.objectives[0].recent_bad_share = Some(ratio(bad, 10));
        scene.wait(600);
        let decided = scene.live();
        let lowering = decided.actions.iter().find(|record| record.verb == Verb::LowerFloor).unwrap();
        assert_eq!(lowering.verdict, Some(expected), "{bad} of ten are bad: {}", lowering.evidence);
        assert_eq!(act(&decided), None, "whatever came of it, it is left there");
    }
}

#[test]
fn without_an_autoscaler_the_replicas_are_taken_back() {
    let mut scene = Scene::burning();
    let mut floor = scene.floor().clone();
    (floor.kind, floor.current, floor.max) = (FloorKind::Scale { plural: "deployments".into() }, 6, None);
    scene.workload().floor = FloorHolder::Scale(floor);
    scene.decide();
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
    scene.status.episode.as_mut().unwrap().since = Time(at(-120));
    scene.wait(600);
    scene.assessment.measured_through = at(600);
    minutes(&mut scene, (6000, 1200), (6000, 3000));
    let decided = scene.live();
    assert_eq!(act(&decided), BACK);
    assert!(step(&decided).reason.ends_with("; 6 are wanted again"), "{}", step(&decided).reason);
}

#[test]
fn a_raise_that_put_back_what_was_let_go_did_no_harm_below_what_was_declared() {
    let mut scene = super::own::let_go(10, 5);
    scene.burn(true);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 5, 13)));
    scene.status.episode.as_mut().unwrap().since = Time(at(-120));
    scene.wait(600);
    scene.assessment.measured_through = at(600);
    minutes(&mut scene, (6000, 1200), (6000, 3000));
    scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 2));
    assert_eq!(act(&scene.live()), Some((Verb::LowerFloor, 13, 10)));
    assert_eq!(scene.status.episode.as_ref().unwrap().harmful_above, Some(10));
    let (_, message) = scene.decide().hints.did_harm.unwrap();
    assert!(message.contains("more than 10 replicas did harm"), "{message}");
}

/// The step back is done once, wherever the operator dies.
#[test]
fn a_crash_takes_nothing_back_twice() {
    for phase in [ActionPhase::Intended, ActionPhase::Unknown] {
        for wrote in [false, true] {
            let mut scene = harmed();
            scene.crash(phase, wrote);
            assert_eq!(scene.floor().current, if wrote { 6 } else { 8 });
            scene.wait(15);
            assert_eq!(act(&scene.live()), BACK.filter(|_| !wrote), "{phase:?} {wrote}");
            for _ in 0..10 {
                scene.wait(60);
                assert_eq!(act(&scene.live()), None, "{phase:?} {wrote}");
            }
            let done = |record: &&ActionRecord| record.phase == ActionPhase::Done && record.verb == Verb::LowerFloor;
            assert_eq!((scene.floor().current, scene.actions.iter().filter(done).count()), (6, 1), "{phase:?} {wrote}");
        }
    }
    // Where it died before the verdict was written, it is found again.
    let mut scene = worse();
    scene.decide();
    scene.wait(15);
    assert_eq!(act(&scene.live()), BACK);
}

/// In an outage pods look idle, since their threads wait. A raise came with it, and what followed is put down to it only where
/// nothing else in the figures explains it.
#[test]
fn accident_17_a_service_is_shrunk_because_a_raise_came_with_a_worse_outage() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Verdict, Change); 10] = [
        ("nothing else", Verdict::Harmful, |_| {}),
        ("as much more load as is chance", Verdict::Harmful, |scene| minutes(scene, (6000, 1200), (6300, 3150))),
        ("a little more load", Verdict::Inconclusive, |scene| minutes(scene, (6000, 1200), (6301, 3151))),
        ("the load is not known", Verdict::Inconclusive, |scene| {
            scene.load = LoadCourse::default();
            scene.assessment.objectives[0].recent_rate = None;
        }),
        ("it is not twice as bad", Verdict::Ineffective, |scene| minutes(scene, (6000, 1200), (6000, 2399))),
        ("a pod was never ready", Verdict::Ineffective, |scene| {
            (scene.workload().pods[7].ready, scene.workload().pods[7].ready_since) = (false, None);
        }),
        ("a pod was not ready when the last slot began", Verdict::Inconclusive, |scene| {
            scene.workload().pods[7].ready_since = Some(at(541));
        }),
        ("a pod was just ready then", Verdict::Harmful, |scene| scene.workload().pods[7].ready_since = Some(at(540))),
        ("the autoscaler did not follow", Verdict::Ineffective, |scene| scene.workload().spec_replicas = 7),
        ("the danger had only begun", Verdict::Ineffective, |scene| {
            scene.status.episode.as_mut().unwrap().since = Time(at(0));
        }),
    ];
    for (what, expected, change) in cases {
        let mut scene = worse();
        change(&mut scene);
        let decided = scene.decide();
        let record = raise(&decided.actions);
        assert_eq!(record.verdict, Some(expected), "{what}: {}", record.evidence);
        assert_eq!(act(&decided) == BACK, expected == Verdict::Harmful, "{what}: {:?}", decided.decision);
        let lowers = act(&decided).is_some_and(|(verb, ..)| verb == Verb::LowerFloor);
        assert_eq!(lowers, expected == Verdict::Harmful, "{what}: {:?}", decided.decision);
    }
}

/// What was told harmful stays, as long as something else is known to be worse, or something is not known.
#[test]
fn accident_17_a_service_is_shrunk_while_something_else_explains_the_outage() {
    type Change = fn(&mut Scene);
    let cases: [(&str, Change); 12] = [
        ("all burn", |scene| {
            let since = at(300);
            let fleet =
                FleetView { services: 5, burning_since: vec![since; 4], own: Some(since), ..FleetView::default() };
            scene.fleet = fleet;
        }),
        ("a pod is to blame", |scene| {
            let names: Vec<String> = scene.workload().pods.iter().map(|pod| pod.name.clone()).collect();
            moves::fail(scene, &[&names[0]]);
        }),
        ("a pod is not ready", |scene| scene.workload().pods[7].ready = false),
        ("a rollout goes on", |scene| scene.workload().rollout = Rollout::InProgress),
        ("not all is seen", |scene| {
            let mut unseen = objective("availability");
            unseen.recent_coverage = Some(ratio(1, 2));
            scene.assessment.objectives.push(unseen);
        }),
        ("the account is old", |scene| scene.assessment.measured_through = at(400)),
        ("the workload was read a while ago", |scene| scene.workload().read_at = at(500)),
        ("a person set the floor", |scene| scene.reset(8, "kubectl-edit")),
        ("a person raised the floor", |scene| scene.reset(9, "kubectl-edit")),
        ("the load needs it", |scene| scene.load_needs(8)),
        ("a pod was moved since", |scene| {
            let moved = ActionRecord { id: "moved".into(), verb: Verb::Reschedule, ..scene.actions[0].clone() };
            scene.actions.insert(0, moved);
        }),
        ("it was another episode", |scene| scene.status.episode.as_mut().unwrap().since = Time(at(16))),
    ];
    for (what, change) in cases {
        // The verdict is written before it changes.
        let mut scene = harmed();
        scene.actions = scene.decide().actions;
        scene.actions.retain(|record| record.verb != Verb::LowerFloor);
        change(&mut scene);
        let decided = scene.decide();
        let lowers = act(&decided).is_some_and(|(verb, ..)| verb == Verb::LowerFloor);
        assert!(!lowers, "{what}: {:?}", decided.decision);
    }
}

#[test]
fn what_is_wanted_by_others_or_needed_stays() {
    type Change = fn(&mut Scene);
    let cases: [(&str, i32, Change); 4] = [
        ("nothing", 6, |_| {}),
        ("the agreement promises seven", 7, |scene| {
            scene.enforcement.scale = Some(ScaleBounds { min: 7, max: 15, connections: None });
        }),
        ("the owner wants seven", 7, |scene| scene.status.floor.as_mut().unwrap().baseline = 7),
        ("the load needs seven", 7, |scene| scene.load_needs(7)),
    ];
    for (what, to, change) in cases {
        let mut scene = harmed();
        change(&mut scene);
        assert_eq!(act(&scene.decide()), Some((Verb::LowerFloor, 8, to)), "{what}");
    }
}

/// The raise is the last one, and the first one only did not help.
#[test]
fn only_the_raise_that_did_harm_is_taken_back() {
    let mut scene = harmed();
    let first = ActionRecord {
        id: "first".into(),
        from: Some(4),
        to: Some(6),
        verdict: Some(Verdict::Ineffective),
        intended_at: Time(at(-60)),
        ..raise(&scene.actions).clone()
    };
    scene.actions.push(first);
    // An autoscaler that found more meanwhile was held there.
    scene.workload().spec_replicas = 10;
    scene.workload().pods = (0..10).map(super::fixture::pod).collect();
    (scene.floor().current, scene.status.floor.as_mut().unwrap().value) = (10, 10);
    let held = ActionRecord {
        id: "held".into(),
        verb: Verb::FreezeScaleDown,
        from: Some(8),
        to: Some(10),
        ..raise(&scene.actions).clone()
    };
    scene.actions.insert(0, held);
    assert_eq!(act(&scene.decide()), Some((Verb::LowerFloor, 10, 6)));
}

#[test]
fn replicas_that_did_harm_were_tried_against_a_storm() {
    let mut scene = sheds::storm();
    // They were taken back since.
    scene.actions = vec![sheds::raised(12, Some(Verdict::Harmful))];
    let situation = scene.situation();
    let timing = Timing::of(&scene.enforcement).unwrap();
    let (facts, _) = work_out(&situation, timing, scene.workload.as_ref().unwrap());
    let cause = find(&facts).cause;
    assert!(cause.kind == CauseKind::RetryStorm && cause.message.contains("(3 -> 12) did harm"), "{cause:?}");
}

#[test]
fn a_rollback_that_did_harm_is_left_to_a_person() {
    let mut scene = super::rollouts::rolled_out();
    scene.enforcement.rollback.as_mut().unwrap().per_day = 10;
    assert_eq!(super::rollouts::verb(&scene.live()), Some(Verb::RollBack));
    scene.status.episode.as_mut().unwrap().since = Time(at(-200));
    scene.actions[0].verdict = Some(Verdict::Harmful);
    let (verb, words) = scene.decide().hints.did_harm.unwrap();
    assert_eq!(verb, "RollBack");
    assert!(words.contains("(7 -> 6) did harm") && words.contains("a person decides (`kubectl rollout"), "{words}");
    // The next revision is bad too: it is named, and left to a person.
    let mut next = revision(9, "bad", -60);
    next.template = template("worse");
    let Revisions::Read(revisions) = &mut of(&mut scene).revisions else { panic!() };
    revisions.push(next);
    of(&mut scene).template = template("worse");
    scene.workload().rollout = Rollout::Complete;
    scene.wait(60);
    let decided = scene.decide();
    assert_eq!((super::rollouts::verb(&decided), reason(&decided)), (None, "DidHarm"), "{:?}", decided.decision);
}
