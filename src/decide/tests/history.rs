//! What is known of earlier actions: crashes, verdicts, and the hands of others.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::fixture::{Scene, act, at, floor_change, hpa, ratio, reason, step};
use crate::api::agreement_status::KEPT;
use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::decide::BaselineChange;
use crate::decide::held::standing;
use crate::decide::plan::step_id;
use crate::evaluate::count::Count;
use crate::evaluate::load_course::{LoadCourse, ObjectiveLoad};
use crate::evaluate::slot::Tally;
use crate::sense::workload::{Baseline, BaselineRecord, Floor, FloorHolder};

/// Decides and writes the status; then the operator ends. `wrote`: the API server took the write before that.
fn crash(scene: &mut Scene, wrote: bool) {
    let decided = scene.decide();
    scene.status = decided.enforcement.clone();
    scene.actions.clone_from(&decided.actions);
    if wrote {
        scene.write(step(&decided));
    }
    scene.wait(15);
}

#[test]
fn a_write_that_was_done_before_the_crash_is_not_done_twice() {
    for phase in [ActionPhase::Intended, ActionPhase::Unknown] {
        let mut scene = Scene::burning();
        crash(&mut scene, true);
        scene.actions[0].phase = phase;
        let decided = scene.live();
        assert_eq!(act(&decided), Some((Verb::RaiseFloor, 6, 8)), "it goes on from there");
        assert_eq!(scene.actions[1].phase, ActionPhase::Done);
        assert_eq!(scene.status.floor.as_ref().map(|floor| (floor.baseline, floor.value)), Some((3, 8)));
    }
}

#[test]
fn a_write_that_was_not_done_is_decided_anew() {
    let mut scene = Scene::burning();
    crash(&mut scene, false);
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::FreezeScaleDown, 3, 6)));
    assert_eq!((scene.actions.len(), scene.actions[0].phase), (2, ActionPhase::Done));
    assert_eq!(scene.actions[1].phase, ActionPhase::Refused);
    assert_eq!(scene.status.floor.as_ref().map(|floor| floor.baseline), Some(3));
}

#[test]
fn a_write_that_somebody_overwrote_counts_as_done_and_is_not_judged() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    crash(&mut scene, true);
    scene.reset(4, "helm");
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::FreezeScaleDown, 4, 8)));
    let raise = scene.actions.iter().find(|record| record.verb == Verb::RaiseFloor).unwrap();
    assert_eq!((raise.phase, raise.verdict), (ActionPhase::Done, Some(Verdict::Inconclusive)));
    scene.wait(15);
    assert_eq!((act(&scene.live()), reason(&scene.decide())), (None, "Cooldown"));
}

#[test]
fn a_value_without_the_annotation_is_not_ours() {
    let mut scene = Scene::burning();
    crash(&mut scene, false);
    scene.reset(6, "kubectl-edit");
    let decided = scene.live();
    assert_eq!(decided.actions.last().unwrap().phase, ActionPhase::Refused);
    let record = BaselineRecord { agreement: "checkout".into(), replicas: Some(6) };
    assert_eq!(floor_change(&decided).baseline, BaselineChange::Record(record), "what they set is what they get back");
}

#[test]
fn a_raise_is_not_effective_before_its_pods_are_ready() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    scene.live();
    scene.workload().pods[0].ready = false;
    scene.wait(60);
    scene.burn(false);
    assert_eq!(scene.decide().actions[0].verdict, None);
}

#[test]
fn a_raise_is_not_effective_by_what_was_measured_before_it() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    scene.live();
    scene.wait(15);
    scene.burn(false);
    assert_eq!(scene.decide().actions[0].verdict, None, "the account ends where it was done");
    scene.wait(30);
    assert_eq!(scene.decide().actions[0].verdict, Some(Verdict::Effective));
}

#[test]
fn an_open_action_stays_open_while_nobody_can_tell() {
    let mut scene = Scene::burning();
    crash(&mut scene, true);
    scene.workload().floor = FloorHolder::Ambiguous(vec!["a".into(), "b".into()]);
    scene.live();
    assert_eq!(scene.actions[0].phase, ActionPhase::Intended);
    assert_eq!(scene.status.floor.as_ref().map(|floor| floor.baseline), Some(3));
}

#[test]
fn a_restoration_is_done_when_the_annotation_is_gone() {
    let mut scene = Scene::raised();
    scene.status.floor.as_mut().unwrap().value = 4;
    scene.floor().current = 4;
    crash(&mut scene, true);
    let decided = scene.live();
    assert_eq!((act(&decided), decided.enforcement.floor), (None, None));
    assert_eq!((scene.actions[0].verb, scene.actions[0].phase), (Verb::Restore, ActionPhase::Done));
    assert_eq!(scene.floor().current, 3);
}

#[test]
fn what_is_still_to_be_judged_is_kept_before_what_is_settled() {
    let mut scene = Scene::burning();
    scene.live();
    let one = scene.actions[0].clone();
    let named = |id: usize, settled: bool| ActionRecord {
        id: id.to_string(),
        verdict: settled.then_some(Verdict::Effective),
        phase: ActionPhase::Done,
        ..one.clone()
    };
    for (open, gone) in [(vec![], vec!["10", "11"]), (vec![10, 11], vec!["8", "9"]), (vec![9], vec!["10", "11"])] {
        let mut actions: Vec<_> = (0..KEPT + 2).map(|id| named(id, !open.contains(&id))).collect();
        let before: Vec<String> = actions.iter().map(|record| record.id.clone()).collect();
        crate::decide::intent::keep(&mut actions);
        let left = |id: &&String| actions.iter().any(|record| record.id == **id);
        let lost: Vec<&String> = before.iter().filter(|id| !left(id)).collect();
        assert_eq!(lost, gone, "{open:?}");
    }
    let mut actions: Vec<_> = (0..KEPT + 2).map(|id| named(id, false)).collect();
    crate::decide::intent::keep(&mut actions);
    assert_eq!((actions.len(), actions[KEPT - 1].id.as_str()), (KEPT, "9"), "the oldest go where none is");
    // Two rounds of evictions, after a taint and replicas that stand still.
    let verb = |id: usize| match id {
        10 => Verb::Surge,
        11 => Verb::AvoidNode,
        _ => Verb::Reschedule,
    };
    let mut actions: Vec<_> = (0..KEPT + 2).map(|id| ActionRecord { verb: verb(id), ..named(id, true) }).collect();
    crate::decide::intent::keep(&mut actions);
    let left: Vec<&str> = actions.iter().map(|record| record.id.as_str()).collect();
    assert_eq!(left, ["0", "1", "2", "3", "4", "5", "6", "7", "10", "11"]);
}

/// Its floor is kept already, and is to be raised next.
fn in_danger_for(seconds: i64) -> Scene {
    let mut scene = Scene::burning();
    scene.live();
    scene.status.episode.as_mut().unwrap().since = Time(at(-seconds));
    scene
}

#[test]
fn what_was_done_when_the_danger_had_only_begun_is_not_called_harmful() {
    for (seconds, expected) in [(104, Verdict::Ineffective), (105, Verdict::Harmful)] {
        let mut scene = in_danger_for(seconds);
        scene.wait(15);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
        let id = scene.actions[0].id.clone();
        scene.wait(600);
        scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 2));
        let decided = scene.decide();
        let record = decided.actions.iter().find(|record| record.id == id).unwrap();
        assert_eq!(record.verdict, Some(expected), "{seconds} s and a quarter of a minute: {}", record.evidence);
    }
}

#[test]
fn the_last_raise_is_judged_by_what_came_of_it() {
    type Change = fn(&mut Scene);
    let cases: [(Verdict, i32, Change); 8] = [
        (Verdict::Effective, 0, |scene| scene.burn(false)),
        (Verdict::Effective, 0, |scene| scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 10))),
        (Verdict::Ineffective, 1, |_| {}),
        (Verdict::Ineffective, 1, |scene| scene.workload().spec_replicas = 7),
        (Verdict::Ineffective, 1, |scene| scene.workload().pods[0].ready = false),
        (Verdict::Harmful, 2, |scene| scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 2))),
        (Verdict::Inconclusive, 0, |scene| {
            scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 2));
            scene.assessment.objectives[0].recent_rate = Some(ratio(200, 1));
        }),
        (Verdict::Inconclusive, 0, |scene| scene.assessment.objectives[0].recent_coverage = Some(ratio(1, 2))),
    ];
    for (index, (expected, ineffective, change)) in cases.into_iter().enumerate() {
        let mut scene = in_danger_for(120);
        scene.wait(15);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
        let id = scene.actions[0].id.clone();
        scene.wait(600);
        change(&mut scene);
        let decided = scene.decide();
        let record = decided.actions.iter().find(|record| record.id == id).unwrap();
        assert_eq!(record.verdict, Some(expected), "case {index}: {}", record.evidence);
        assert!(record.evidence.contains("before: ") && record.evidence.contains("; after: "));
        let counted = decided.enforcement.episode.map_or(0, |episode| episode.without_effect(Verb::RaiseFloor));
        assert_eq!(counted, ineffective, "case {index}");
    }
}

/// The danger goes on by windows that hold what was before; the slots since then tell.
#[test]
fn a_raise_is_judged_by_the_slots_before_and_after_it() {
    for (total, bad, expected, why) in [
        (6000, 30, Verdict::Effective, "within what is allowed"),
        (6000, 600, Verdict::Effective, "more slowly"),
        (6000, 1200, Verdict::Ineffective, "as fast as before"),
        // Six pods became eight.
        (6600, 1320, Verdict::Ineffective, "as fast as before"),
        (7200, 1440, Verdict::Inconclusive, "took up what was added"),
        (6000, 3000, Verdict::Harmful, "much faster"),
    ] {
        let mut scene = in_danger_for(120);
        scene.wait(15);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
        let id = scene.actions[0].id.clone();
        scene.wait(600);
        scene.assessment.measured_through = at(600);
        let slot = |start: i64| {
            let (total, bad) = if start < 0 { (6000, 1200) } else { (total, bad) };
            (at(start).as_second(), Tally { total: Count::events(total), bad: Count::events(bad) })
        };
        let slots = (-120..600).step_by(60).map(slot).collect();
        scene.load = LoadCourse { slot_seconds: 60, objectives: vec![ObjectiveLoad { name: "latency".into(), slots }] };
        let decided = scene.decide();
        let record = decided.actions.iter().find(|record| record.id == id).unwrap();
        assert_eq!(record.verdict, Some(expected), "{total} {bad}: {}", record.evidence);
        assert!(record.evidence.contains(why), "{}", record.evidence);
    }
}

/// Of two sick pods one is moved in the first minute of the danger: half as much is bad afterwards, and more than in a minute
/// most of which was calm.
#[test]
fn the_calm_before_a_danger_is_not_what_it_was() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 6, 8)));
    let id = scene.actions[0].id.clone();
    scene.wait(600);
    scene.assessment.measured_through = at(600);
    let slot = |start: i64| {
        let bad = if start < -60 { 0 } else { 600 };
        let total = if start < 0 { 18_000 } else { 6000 };
        (at(start).as_second(), Tally { total: Count::events(total), bad: Count::events(bad) })
    };
    let slots = (-120..600).step_by(60).map(slot).collect();
    scene.load = LoadCourse { slot_seconds: 60, objectives: vec![ObjectiveLoad { name: "latency".into(), slots }] };
    let decided = scene.decide();
    let record = decided.actions.iter().find(|record| record.id == id).unwrap();
    assert_eq!(record.verdict, Some(Verdict::Effective), "{}", record.evidence);
}

#[test]
fn a_raise_is_not_judged_before_its_deadline_unless_it_helped() {
    let mut scene = Scene::burning();
    scene.live();
    scene.wait(15);
    scene.live();
    scene.wait(60);
    assert_eq!(scene.decide().actions[0].verdict, None);
    scene.burn(false);
    assert_eq!(scene.decide().actions[0].verdict, Some(Verdict::Effective));
}

#[test]
fn a_lowering_that_was_followed_by_danger_is_harmful() {
    let mut scene = Scene::raised();
    scene.live();
    scene.wait(600);
    scene.burn(true);
    let decided = scene.decide();
    assert_eq!(decided.actions.last().unwrap().verdict, Some(Verdict::Harmful));
    assert_eq!(decided.enforcement.episode.unwrap().without_effect(Verb::RaiseFloor), 0);
}

#[test]
fn what_others_do_to_the_floor_is_told_apart() {
    // current value, manager -> value, baseline and resets that stand afterwards
    for (current, by, expected) in [
        (9, None, (9, 3, 0)),
        (9, Some("guarantor"), (9, 3, 0)),
        (9, Some("helm"), (9, 9, 0)),
        (12, None, (12, 3, 0)),
        (12, Some("guarantor"), (12, 3, 0)),
        (12, Some("kubectl-edit"), (12, 12, 0)),
        (5, Some("helm"), (5, 5, 1)),
        (3, None, (3, 3, 1)),
        (2, None, (2, 2, 1)),
    ] {
        let mut scene = Scene::raised();
        let floor = scene.floor();
        (floor.current, floor.set_by) = (current, by.map(str::to_owned));
        let floor = floor.clone();
        let (standing, reset) = standing::reconcile(scene.status.floor.as_ref(), &floor, "checkout", at(0));
        let standing = standing.unwrap();
        assert_eq!((standing.value, standing.baseline, standing.resets), expected, "{current} {by:?}");
        assert_eq!(reset.is_some(), current != 9 && standing.value == standing.baseline);
    }
}

#[test]
fn what_somebody_else_set_is_what_they_get_back() {
    let mut scene = Scene::raised();
    scene.reset(5, "helm");
    scene.burn(true);
    let decided = scene.live();
    assert_eq!(act(&decided), Some((Verb::FreezeScaleDown, 5, 9)), "raised once more");
    assert_eq!(decided.hints.reset.as_ref().and_then(|reset| reset.by.as_deref()), Some("helm"));
    let record = BaselineRecord { agreement: "checkout".into(), replicas: Some(5) };
    assert_eq!(scene.floor().baseline, Baseline::Recorded(record));
    scene.burn(false);
    for _ in 0..20 {
        scene.wait(60);
        scene.live();
    }
    assert_eq!((scene.floor().current, &scene.floor().baseline), (5, &Baseline::None));
}

#[test]
fn an_annotation_of_another_agreement_is_not_adopted() {
    let record = BaselineRecord { agreement: "other".into(), replicas: Some(1) };
    let floor = Floor { baseline: Baseline::Recorded(record), ..hpa() };
    assert_eq!(standing::reconcile(None, &floor, "checkout", at(0)), (None, None));
    assert!(standing::reconcile(None, &floor, "other", at(0)).0.is_some());
}

#[test]
fn an_id_tells_decisions_apart_and_nothing_else() {
    let scene = Scene::calm();
    let target = hpa().target;
    let id = step_id(&scene.agreement, Verb::RaiseFloor, &target, at(0));
    assert_eq!(id.len(), 16);
    assert_eq!(step_id(&scene.agreement, Verb::RaiseFloor, &target, at(0)), id);
    assert_ne!(step_id(&scene.agreement, Verb::LowerFloor, &target, at(0)), id);
    assert_ne!(step_id(&scene.agreement, Verb::RaiseFloor, &target, at(60)), id);
    let other = crate::api::enforcement_status::ActionTarget { uid: "other".into(), ..target };
    assert_ne!(step_id(&scene.agreement, Verb::RaiseFloor, &other, at(0)), id);
}

#[test]
fn the_list_of_actions_is_bounded_and_the_intent_comes_first() {
    let mut scene = Scene::burning();
    scene.live();
    let one = scene.actions[0].clone();
    scene.actions = (0..30)
        .map(|index| crate::api::enforcement_status::ActionRecord {
            id: format!("old-{index}"),
            verb: Verb::FreezeScaleDown,
            intended_at: Time(at(-1000)),
            ..one.clone()
        })
        .collect();
    scene.wait(60);
    let decided = scene.decide();
    assert_eq!(decided.actions.len(), 10);
    assert_eq!((decided.actions[0].verb, decided.actions[0].phase), (Verb::RaiseFloor, ActionPhase::Intended));
    assert_eq!(reason(&decided), "RaiseFloor");
}
