//! The floor follows the load that is expected: up before there is a danger, and down no further than the load allows; and
//! what a danger makes of it.

use super::fixture::{Scene, act, at, floor_change, observation, reason, step};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, FloorReason, Verb, Verdict, WithoutEffect};
use crate::decide::Value;
use crate::decide::capacity::{Keep, Need};
use crate::sense::workload::{Baseline, FloorHolder, FloorKind};

/// A calm scene whose load needs so many pods.
pub(super) fn loaded(pods: i32) -> Scene {
    let mut scene = Scene::calm();
    scene.load_needs(pods);
    scene
}

pub(super) fn unknown() -> Need {
    Need::Unknown("the samples are too old to judge by".into())
}

pub(super) fn doubted(pods: i32) -> Need {
    let (why, through, doubt) = (String::new(), at(0), Some("more requests fail than may".to_owned()));
    let keep = Keep { lowest: Some(pods), fewest: pods, why: String::new() };
    let aim = Err("too little was seen".into());
    Need::Pods { pods, sure: pods, keep, aim, why, through, sampled: 6, doubt }
}

/// The ahead-raise of which the record tells.
pub(super) fn raised_ahead(pods: i32) -> Scene {
    let mut scene = loaded(pods);
    assert!(act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::RaiseFloor));
    assert!(scene.actions[0].ahead);
    scene
}

/// The pods beyond the first six are not ready.
pub(super) fn starting(scene: &mut Scene) {
    for pod in scene.workload().pods.iter_mut().skip(6) {
        pod.ready = false;
    }
}

#[test]
fn the_floor_is_raised_to_what_the_load_needs_when_more_than_runs() {
    for (need, expected) in [
        (2, None),
        (6, None),
        (7, Some((Verb::RaiseFloor, 3, 7))),
        (9, Some((Verb::RaiseFloor, 3, 9))),
        // As many again as are ready.
        (40, Some((Verb::RaiseFloor, 3, 12))),
    ] {
        assert_eq!(act(&loaded(need).decide()), expected, "{need}");
    }
    let mut scene = loaded(40);
    for pod in scene.workload().pods.iter_mut().skip(4) {
        pod.ready = false;
    }
    scene.load_needs(40);
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 3, 8)), "twice the four that are ready");
    for pod in scene.workload().pods.iter_mut().skip(3) {
        pod.ready = false;
    }
    scene.load_needs(40);
    assert_eq!(reason(&scene.decide()), "FloorStands", "what is wanted already is waited for");
}

#[test]
fn who_does_not_ask_for_it_has_nothing_raised_and_all_as_before() {
    assert_eq!(reason(&Scene::calm().decide()), "Safe");
    assert_eq!(act(&Scene::raised().decide()), Some((Verb::LowerFloor, 9, 8)));
}

#[test]
fn it_says_why_and_what_it_expects() {
    let decided = loaded(9).decide();
    let expected = "ahead of the load: what is expected needs 9 pods, and 6 are wanted; no objective is in danger yet";
    assert_eq!(step(&decided).reason, expected);
    assert_eq!(step(&decided).hypothesis, "9 pods are ready before the load is there; 9 pods: as many requests");
    assert_eq!(reason(&decided), "RaiseFloorAhead");
    assert!(step(&loaded(40).decide()).reason.contains("needs 40 pods, in steps of which this is one (12), and 6"));
    let scene = raised_ahead(9);
    let floor = scene.status.floor.as_ref().unwrap();
    assert_eq!((floor.baseline, floor.value, floor.reason), (3, 9, FloorReason::Load));
}

#[test]
fn the_modes_go_as_far_as_they_say() {
    for (mode, ceiling, expected) in [
        (Mode::Observe, Mode::Enforce, "Observing"),
        (Mode::Enforce, Mode::Observe, "Observing"),
        (Mode::Recommend, Mode::Enforce, "Recommended"),
        (Mode::Enforce, Mode::Recommend, "Recommended"),
        (Mode::Enforce, Mode::Enforce, "RaiseFloorAhead"),
    ] {
        let mut scene = loaded(9);
        (scene.enforcement.mode, scene.ceiling) = (mode, ceiling);
        let decided = scene.decide();
        assert_eq!((reason(&decided), act(&decided).is_some()), (expected, expected == "RaiseFloorAhead"));
    }
}

#[test]
fn in_danger_the_ladder_goes_on_alone() {
    for need in [None, Some(7), Some(40)] {
        let mut scene = Scene::burning();
        if let Some(pods) = need {
            scene.load_needs(pods);
        }
        assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)), "{need:?}");
        scene.wait(60);
        assert_eq!(
            act(&scene.live()),
            Some((Verb::RaiseFloor, 6, 8)),
            "by the danger, whatever the load needs: {need:?}"
        );
        assert!(!scene.actions[0].ahead);
        assert_eq!(scene.status.floor.as_ref().unwrap().reason, FloorReason::Danger);
    }
}

#[test]
fn a_danger_after_a_raise_ahead_has_its_own_beginning_and_its_own_reason() {
    let mut scene = raised_ahead(8);
    scene.wait(15);
    scene.live();
    let episode = scene.status.episode.clone().unwrap();
    assert!(episode.ahead && episode.safe_since.is_some());
    scene.wait(30);
    scene.burn(true);
    // Its pods are ready, so that what was raised ahead is not waited for.
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 8, 10)));
    let episode = scene.status.episode.clone().unwrap();
    assert_eq!((episode.ahead, episode.since.0), (false, scene.now));
    let floor = scene.status.floor.as_ref().unwrap();
    assert_eq!((floor.baseline, floor.value, floor.reason), (3, 10, FloorReason::Danger));
}

#[test]
fn a_raise_in_danger_waits_for_pods_that_were_just_asked_for_ahead_and_no_longer() {
    let mut scene = raised_ahead(8);
    starting(&mut scene);
    scene.wait(30);
    scene.burn(true);
    assert_eq!(reason(&scene.live()), "Cooldown");
    scene.wait(31);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 8, 10)), "its verdict is not waited for");
}

#[test]
fn the_law_takes_nothing_away_from_a_danger() {
    // What was raised for a danger stands while there is one, however little the load needs.
    let mut scene = Scene::raised();
    scene.burn(true);
    for _ in 0..20 {
        scene.load_needs(2);
        let decided = scene.live();
        assert!(act(&decided).is_none_or(|(verb, ..)| verb == Verb::RaiseFloor), "{:?}", decided.decision);
        scene.wait(60);
    }
    assert!(scene.floor().current >= 9);
}

#[test]
fn a_floor_comes_down_no_further_than_the_load_allows() {
    for (need, expected, why) in [
        (3, Some((Verb::LowerFloor, 9, 8)), "LowerFloor"),
        (8, Some((Verb::LowerFloor, 9, 8)), "LowerFloor"),
        (9, None, "LoadNeedsIt"),
    ] {
        let mut scene = Scene::raised();
        scene.load_needs(need);
        let decided = scene.decide();
        assert_eq!((act(&decided), reason(&decided)), (expected, why), "{need:?}");
    }
    for need in [unknown(), doubted(3)] {
        let mut scene = Scene::raised();
        scene.need = Some(need);
        assert_eq!(
            act(&scene.decide()),
            Some((Verb::LowerFloor, 9, 8)),
            "what was raised for a danger is told by that"
        );
        scene.status.floor.as_mut().unwrap().reason = FloorReason::Load;
        assert_eq!(reason(&scene.decide()), "LoadUnknown");
    }
}

#[test]
fn a_danger_ends_though_the_load_needs_the_floor_that_was_raised_for_it() {
    let mut scene = Scene::raised();
    let tried = WithoutEffect { verb: Verb::RaiseFloor, times: 2 };
    scene.status.episode.as_mut().unwrap().without_effect.push(tried);
    for _ in 0..180 {
        scene.load_needs(9);
        assert_eq!(reason(&scene.live()), "LoadNeedsIt");
        scene.wait(60);
    }
    let floor = scene.status.floor.as_ref().unwrap();
    assert_eq!((floor.baseline, floor.value, floor.reason), (3, 9, FloorReason::Load));
    let episode = scene.status.episode.as_ref().unwrap();
    assert!(episode.ahead && episode.without_effect.is_empty(), "{episode:?}");
    scene.burn(true);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 9, 12)), "another danger, in which nothing was tried yet");
    assert_eq!(scene.status.episode.as_ref().unwrap().since.0, scene.now);
    // While it comes down it is still that of the danger.
    let mut scene = Scene::raised();
    scene.load_needs(4);
    scene.live();
    assert_eq!(scene.status.floor.as_ref().unwrap().reason, FloorReason::Danger);
}

#[test]
fn only_what_is_sure_is_acted_upon() {
    let sure = |scene: &mut Scene, pods: i32| {
        let Some(Need::Pods { sure, .. }) = &mut scene.need else { panic!() };
        *sure = pods;
    };
    let mut scene = loaded(12);
    sure(&mut scene, 8);
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 3, 8)));
    sure(&mut scene, 6);
    assert_eq!(reason(&scene.decide()), "Safe");
    let mut scene = Scene::raised();
    scene.load_needs(12);
    sure(&mut scene, 8);
    assert_eq!(act(&scene.decide()), Some((Verb::LowerFloor, 9, 8)), "nor held");
}

#[test]
fn it_falls_back_slowly_and_is_given_back_in_the_end() {
    let mut scene = raised_ahead(12);
    let mut done = Vec::new();
    for minute in 0..60 {
        scene.wait(60);
        scene.load_needs(if minute < 30 { 5 } else { 2 });
        if let Some(step) = act(&scene.live()) {
            done.push((minute, step));
        }
    }
    let (first, down) = (done[0], &done[..done.len() - 1]);
    assert_eq!(first.1, (Verb::LowerFloor, 12, 11));
    assert_eq!(first.0, 5, "five minutes after all was seen to be safe with the floor that stands");
    assert!(down.iter().all(|(_, (verb, from, to))| *verb == Verb::LowerFloor && from - to == 1), "{done:?}");
    assert!(down.iter().all(|(minute, (.., to))| *to >= if *minute < 30 { 5 } else { 3 }), "{done:?}");
    assert_eq!(done.last().unwrap().1, (Verb::Restore, 4, 3));
    assert_eq!((&scene.status.floor, &scene.status.episode), (&None, &None));
}

#[test]
fn nothing_is_taken_away_before_the_raise_was_judged() {
    let mut scene = raised_ahead(9);
    starting(&mut scene);
    // Longer than releaseAfter, and the deadline has not come.
    scene.enforcement.release_after = "1m".into();
    scene.wait(15);
    scene.live();
    scene.wait(75);
    scene.load_needs(2);
    assert_eq!(scene.actions[0].phase, ActionPhase::Done);
    assert_eq!(reason(&scene.live()), "AwaitingVerdict");
    scene.wait(300);
    scene.load_needs(2);
    assert!(act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::LowerFloor));
}

#[test]
fn release_after_counts_from_the_last_raise() {
    let mut scene = raised_ahead(8);
    let mut lowered = None;
    for minute in 1..20 {
        scene.wait(60);
        scene.load_needs(if minute == 6 { 11 } else { 8 });
        if minute > 6 {
            scene.load_needs(2);
        }
        if let Some((Verb::LowerFloor, ..)) = act(&scene.live()) {
            lowered.get_or_insert(minute);
        }
    }
    assert_eq!(scene.actions.iter().filter(|action| action.verb == Verb::RaiseFloor).count(), 2);
    assert_eq!(lowered, Some(11), "all has been safe for longer");
}

#[test]
fn pods_without_a_place_are_taken_back_and_not_asked_for_again_for_a_while() {
    let mut scene = raised_ahead(9);
    starting(&mut scene);
    for pod in scene.workload().pods.iter_mut().skip(6) {
        pod.node = None;
    }
    scene.wait(400);
    scene.load_needs(9);
    assert_eq!(act(&scene.live()), Some((Verb::LowerFloor, 9, 6)));
    assert_eq!(scene.actions[1].verdict, Some(Verdict::Ineffective), "{}", scene.actions[1].evidence);
    let tried = scene.status.episode.as_ref().unwrap().without_effect(Verb::RaiseFloor);
    assert_eq!(tried, 0, "a danger may need it all the same");
    scene.workload = Ok(observation(6, scene.workload().floor.clone()));
    scene.workload().read_at = scene.now;
    scene.wait(60);
    scene.load_needs(9);
    let decided = scene.live();
    assert_eq!(reason(&decided), "Ineffective");
    assert!(decided.enforcement.message.contains("add nodes"), "{}", decided.enforcement.message);
}

#[test]
fn a_load_that_clients_make_by_asking_again_is_paid_for_once() {
    // The load trebles as clients repeat what fails; as soon as that is seen there is no number to act upon.
    let mut scene = loaded(20);
    let mut raises = 0;
    for _ in 0..20 {
        raises += i32::from(act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::RaiseFloor));
        scene.wait(60);
        scene.load_needs(20);
        if let Some(Need::Pods { doubt, .. }) = &mut scene.need {
            *doubt = Some("more requests fail than may".to_owned());
        }
    }
    assert_eq!((raises, scene.floor().current), (1, 12));
}

#[test]
fn a_floor_of_none_is_given_back_as_none() {
    for (written, value) in [(Some(0), Value::Set(0)), (None, Value::Absent)] {
        let mut scene = Scene::calm();
        let mut floor = scene.floor().clone();
        (floor.kind, floor.current, floor.written) = (FloorKind::ScaledObject, 0, written);
        scene.workload().floor = FloorHolder::ScaledObject(floor);
        scene.load_needs(9);
        assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 0, 9)));
        let mut last = None;
        for _ in 0..60 {
            scene.wait(60);
            // Nobody asks any more; one pod is what the law always wants.
            scene.load_needs(1);
            let decided = scene.live();
            if act(&decided).is_some() {
                last = Some(floor_change(&decided).clone());
            }
        }
        assert_eq!(last.map(|change| (change.to, change.value)), Some((0, value)));
        assert_eq!((scene.floor().written, scene.floor().current), (written, 0));
        assert_eq!(scene.floor().baseline, Baseline::None);
    }
}

#[test]
fn a_crash_before_or_after_the_write_is_found_again() {
    for (phase, wrote) in [(ActionPhase::Intended, true), (ActionPhase::Unknown, true), (ActionPhase::Intended, false)]
    {
        let mut scene = loaded(9);
        scene.crash(phase, wrote);
        scene.wait(15);
        let decided = scene.live();
        assert_eq!(act(&decided), (!wrote).then_some((Verb::RaiseFloor, 3, 9)), "{phase:?} {wrote}");
        let floor = scene.status.floor.as_ref().unwrap();
        assert_eq!((floor.baseline, floor.value, floor.reason), (3, 9, FloorReason::Load), "{phase:?} {wrote}");
    }
}
