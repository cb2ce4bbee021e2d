//! What is done about a danger that the last minute alone tells of.

use super::fixture::{Scene, act, at, floor_change, ratio, reason};
use super::moves::{fail, one_sick, spread, verb};
use super::nodes::sick_node;
use super::pulse::{going_on, proven};
use crate::api::diagnosis::CauseKind;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{Verb, Verdict};

#[test]
fn an_outage_is_frozen_at_once_and_nothing_is_added_before_slots_or_two_of_them_tell() {
    let mut scene = Scene::calm();
    scene.pulse = vec![proven(at(0), at(0))];
    let first = scene.live();
    assert_eq!(act(&first), Some((Verb::FreezeScaleDown, 3, 6)));
    let diagnosis = first.enforcement.diagnosis.unwrap();
    let seen = diagnosis.observed.pulse.unwrap();
    assert_eq!((seen.bad.as_str(), seen.total.as_str(), seen.share.as_str()), ("300", "600", "50.00"));
    assert_eq!((seen.objective.as_str(), seen.outage.as_str(), seen.since.0), ("latency", "1.44", at(0)));
    assert_eq!(diagnosis.objectives, ["latency"]);
    assert_eq!(scene.status.episode.as_ref().map(|episode| episode.since.0), Some(at(0)));
    for second in (15..120).step_by(15) {
        scene.wait(15);
        scene.pulse = vec![proven(at(0), at(second))];
        let decided = scene.live();
        assert_eq!((act(&decided), reason(&decided)), (None, "Unknown"), "after {second} s");
    }
    scene.wait(15);
    scene.pulse = vec![proven(at(0), at(120))];
    let raised = scene.live();
    assert_eq!(act(&raised).map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
}

#[test]
fn the_cause_decides_at_once_where_it_can_be_shown() {
    let mut scene = Scene::calm();
    scene.pulse = vec![proven(at(0), at(0))];
    scene.floor().current = 6;
    scene.workload().pods.truncate(4);
    let decided = scene.live();
    assert_eq!(act(&decided).map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
    assert_eq!(decided.enforcement.diagnosis.map(|diagnosis| diagnosis.cause), Some(CauseKind::Saturation));
}

#[test]
fn no_pod_is_touched_for_what_may_be_a_hiccup() {
    let mut scene = one_sick();
    scene.burn(false);
    let mut held = Vec::new();
    for second in (0..=90).step_by(15) {
        scene.pulse = vec![proven(at(0), at(second))];
        held.push(reason(&scene.live()).to_owned());
        scene.wait(15);
    }
    assert_eq!(held, ["JustBegun", "JustBegun", "JustBegun", "JustBegun", "JustBegun", "JustBegun", "Surge"]);
    // It is looked at when the next look is there, and soon again where it is not.
    let until = |now: i64| {
        let mut scene = one_sick();
        scene.burn(false);
        scene.wait(now);
        scene.pulse = vec![proven(at(0), at(75))];
        match scene.decide().decision {
            crate::decide::Decision::Hold(found) => found.until,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!([77, 90, 100].map(until), [92, 95, 105].map(|second| Some(at(second))));
    // Where nobody has looked since, it may be over.
    let mut scene = one_sick();
    scene.burn(false);
    scene.wait(95);
    scene.pulse = vec![proven(at(0), at(15))];
    assert_eq!(reason(&scene.live()), "JustBegun");
    // Where slots tell of it too, it has lasted.
    let mut scene = one_sick();
    scene.pulse = vec![proven(at(0), at(0))];
    assert_eq!(reason(&scene.live()), "Surge");
}

#[test]
fn what_makes_a_move_ready_comes_when_it_goes_on_and_no_pod_goes_before_it_lasts() {
    let mut scene = one_sick();
    scene.burn(false);
    scene.wait(15);
    scene.pulse = vec![proven(at(0), at(15))];
    assert_eq!(reason(&scene.decide()), "JustBegun", "nothing came since the first look");
    scene.pulse = vec![going_on(at(0), at(15))];
    assert_eq!(verb(&scene.live()), Some(Verb::Surge));
    spread(&mut scene);
    let held = |scene: &Scene| match scene.decide().decision {
        crate::decide::Decision::Hold(hold) => Some((hold.reason, hold.until)),
        _ => None,
    };
    for (wait, second, until) in [(45, 60, 92), (15, 75, 92), (14, 89, 94)] {
        scene.wait(wait);
        fail(&mut scene, &["checkout-0"]);
        scene.burn(false);
        scene.pulse = vec![going_on(at(0), at(second))];
        assert_eq!(held(&scene), Some(("JustBegun", Some(at(until)))), "after {second} s");
    }
    scene.wait(1);
    scene.pulse = vec![going_on(at(0), at(90))];
    assert_eq!(verb(&scene.decide()), Some(Verb::Reschedule));
    // A node is avoided as early.
    let mut scene = sick_node();
    scene.burn(false);
    scene.wait(15);
    scene.pulse = vec![proven(at(0), at(15))];
    assert_eq!(reason(&scene.decide()), "JustBegun");
    scene.pulse = vec![going_on(at(0), at(15))];
    assert_eq!(verb(&scene.decide()), Some(Verb::AvoidNode));
}

#[test]
fn a_proof_ends_and_what_stands_is_given_back_by_the_slots_alone() {
    let mut scene = Scene::calm();
    scene.pulse = vec![proven(at(0), at(0))];
    scene.live();
    scene.wait(60);
    scene.pulse.clear();
    // Some slots are not known: the pulse's silence makes nothing safe.
    scene.assessment.objectives[0].recent_coverage = Some(ratio(1, 2));
    for _ in 0..60 {
        assert_eq!(act(&scene.live()), None);
        scene.wait(60);
    }
    assert_eq!(scene.floor().current, 6);
    scene.assessment.objectives[0].recent_coverage = Some(ratio(1, 1));
    let mut verbs = Vec::new();
    for _ in 0..60 {
        verbs.extend(act(&scene.live()).map(|(verb, ..)| verb));
        scene.wait(60);
    }
    assert_eq!(verbs.last(), Some(&Verb::Restore));
    assert_eq!((scene.floor().current, &scene.status.episode), (3, &None));
}

#[test]
fn while_an_outage_is_proven_nothing_comes_down() {
    let mut scene = Scene::raised();
    assert_eq!(act(&scene.decide()).map(|(verb, ..)| verb), Some(Verb::LowerFloor));
    scene.pulse = vec![proven(at(0), at(0))];
    let decided = scene.live();
    assert_eq!(act(&decided), None);
    assert_eq!(scene.status.episode.as_ref().map(|episode| &episode.safe_since), Some(&None));
}

#[test]
fn a_recommendation_is_made_as_early_and_an_old_account_holds_all_the_same() {
    let mut scene = Scene::calm();
    scene.pulse = vec![proven(at(0), at(0))];
    scene.enforcement.mode = Mode::Recommend;
    assert_eq!(reason(&scene.decide()), "Recommended");
    scene.enforcement.mode = Mode::Enforce;
    scene.assessment.measured_through = at(-1000);
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "Blind"));
    assert_eq!(decided.enforcement.episode, None);
}

/// Before a raise the pace is the minute's, and where the outage goes on it is that afterwards: older slots, which had no
/// outage yet, must not make it look as if it had helped.
#[test]
fn what_goes_on_is_not_taken_for_cured_by_slots_from_before() {
    let mut scene = Scene::calm();
    scene.floor().current = 6;
    scene.workload().pods.truncate(4);
    scene.pulse = vec![proven(at(0), at(0))];
    let raised = scene.live();
    assert_eq!(act(&raised).map(|(verb, ..)| verb), Some(Verb::RaiseFloor));
    let to = floor_change(&raised).to;
    assert!(scene.workload().pods.len() == usize::try_from(to).unwrap());
    for second in (30..=600).step_by(30) {
        scene.wait(30);
        scene.pulse = vec![proven(at(0), at(second))];
        scene.assessment.objectives[0].recent_bad_share = Some(ratio(1, 10));
        let decided = scene.decide();
        scene.actions = decided.actions;
        if scene.actions.last().unwrap().verdict.is_some() {
            break;
        }
    }
    let raise = scene.actions.last().unwrap();
    assert_eq!((raise.verb, raise.verdict), (Verb::RaiseFloor, Some(Verdict::Ineffective)), "{}", raise.evidence);
}
