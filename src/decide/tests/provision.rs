//! The floor follows the load that is expected: up before there is a danger, and down no further than it allows.

use super::fixture::{Scene, act, observation, reason, step};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{Verb, Verdict};
use crate::decide::capacity::Need;
use crate::sense::workload::{Baseline, BaselineRecord, FloorHolder, Rollout};

fn unknown() -> Need {
    Need::Unknown("the samples are too old to judge by; the replicas stay".into())
}

#[test]
fn the_floor_is_raised_to_what_the_load_needs_when_more_than_runs() {
    for (need, expected) in [
        (2, None),
        (6, None),
        (7, Some((Verb::Provision, 3, 7))),
        (9, Some((Verb::Provision, 3, 9))),
        // At most as many again as run.
        (40, Some((Verb::Provision, 3, 12))),
    ] {
        let mut scene = Scene::calm();
        scene.need = Some(scene.needs(need));
        assert_eq!(act(&scene.decide()), expected, "{need}");
    }
    let mut scene = Scene::calm();
    scene.need = Some(unknown());
    assert_eq!(reason(&scene.decide()), "Safe", "who knows nothing changes nothing");
}

#[test]
fn it_says_why_and_what_it_expects() {
    let mut scene = Scene::calm();
    scene.need = Some(scene.needs(9));
    let decided = scene.decide();
    assert_eq!(step(&decided).reason, "the load that is expected needs 9 pods, and 6 are wanted");
    assert_eq!(step(&decided).hypothesis, "9 pods are ready before it comes; 9 pods: as many requests");
    assert!(decided.enforcement.episode.is_none(), "nothing was in danger yet");
    scene.enforcement.mode = Mode::Recommend;
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "Recommended"));
}

#[test]
fn every_guard_holds_it_as_it_holds_a_raise() {
    type Disturbance = fn(&mut Scene);
    let cases: [(&str, Disturbance); 7] = [
        ("Recommended", |scene| scene.ceiling = Mode::Recommend),
        ("NotLeader", |scene| scene.leader = false),
        ("Blind", |scene| scene.wait(0)),
        ("RolloutInProgress", |scene| scene.workload().rollout = Rollout::InProgress),
        ("AtMaximum", |scene| scene.workload = Ok(observation(15, FloorHolder::Hpa(super::fixture::hpa())))),
        ("HeldByOtherAgreement", |scene| {
            scene.floor().baseline =
                Baseline::Recorded(BaselineRecord { agreement: "other".into(), replicas: Some(3) });
        }),
        ("ScaledToZero", |scene| scene.workload = Ok(observation(0, FloorHolder::Hpa(super::fixture::hpa())))),
    ];
    for (expected, disturb) in cases {
        let mut scene = Scene::calm();
        scene.need = Some(scene.needs(20));
        disturb(&mut scene);
        if expected == "Blind" {
            scene.assessment.measured_through = super::fixture::at(-1000);
        }
        let decided = scene.decide();
        assert_eq!(act(&decided), None, "{expected}");
        assert_eq!(reason(&decided), expected);
    }
}

#[test]
fn it_follows_the_load_at_the_pace_of_the_cooldown_and_not_of_the_slots() {
    let mut scene = Scene::calm();
    scene.need = Some(scene.needs(8));
    assert_eq!(act(&scene.live()), Some((Verb::Provision, 3, 8)));
    scene.wait(15);
    scene.need = Some(scene.needs(10));
    // The account has not gone on, and no verdict is there.
    scene.assessment.measured_through = super::fixture::at(-30);
    let decided = scene.live();
    assert_eq!((act(&decided), reason(&decided)), (None, "Cooldown"));
    scene.wait(45);
    scene.assessment.measured_through = super::fixture::at(-30);
    assert_eq!(act(&scene.live()), Some((Verb::Provision, 8, 10)));
}

#[test]
fn in_danger_the_larger_of_both_counts() {
    for (need, expected) in [(Some(7), 8), (None, 8), (Some(10), 10), (Some(40), 12)] {
        let mut scene = Scene::burning();
        assert_eq!(act(&scene.live()), Some((Verb::FreezeScaleDown, 3, 6)));
        scene.wait(60);
        scene.need = need.map(|pods| scene.needs(pods));
        let decided = scene.live();
        assert_eq!(act(&decided), Some((Verb::RaiseFloor, 6, expected)), "{need:?}");
        let named = step(&decided).reason.contains(&format!("the load that is expected needs {expected} pods"));
        assert_eq!(named, expected > 8, "{}", step(&decided).reason);
    }
}

#[test]
fn a_raise_in_danger_does_not_wait_for_one_that_was_made_ahead() {
    let mut scene = Scene::calm();
    scene.need = Some(scene.needs(8));
    assert_eq!(act(&scene.live()), Some((Verb::Provision, 3, 8)));
    scene.wait(30);
    scene.burn(true);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 8, 10)));
}

#[test]
fn the_floor_comes_down_no_further_than_the_load_allows() {
    for (need, expected, why) in [
        (None, Some((Verb::LowerFloor, 9, 8)), "LowerFloor"),
        (Some(3), Some((Verb::LowerFloor, 9, 8)), "LowerFloor"),
        (Some(8), Some((Verb::LowerFloor, 9, 8)), "LowerFloor"),
        (Some(9), None, "LoadNeedsIt"),
    ] {
        let mut scene = Scene::raised();
        scene.need = need.map(|pods| scene.needs(pods));
        let decided = scene.decide();
        assert_eq!((act(&decided), reason(&decided)), (expected, why), "{need:?}");
    }
    let mut scene = Scene::raised();
    scene.need = Some(unknown());
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "LoadUnknown"));
}

#[test]
fn what_the_load_needs_is_kept_and_the_rest_given_back_in_the_end() {
    let mut scene = Scene::raised();
    scene.need = Some(scene.needs(5));
    for _ in 0..20 {
        scene.live();
        scene.wait(60);
    }
    assert_eq!((scene.floor().current, scene.status.reason.as_str()), (5, "LoadNeedsIt"));
    scene.need = Some(scene.needs(2));
    for _ in 0..20 {
        scene.live();
        scene.wait(60);
    }
    assert_eq!((scene.floor().current, &scene.status.floor), (3, &None));
}

#[test]
fn it_is_judged_by_the_pods_that_became_ready_and_given_up_after_two_that_did_not() {
    let mut scene = Scene::calm();
    scene.need = Some(scene.needs(8));
    scene.live();
    scene.wait(60);
    scene.live();
    assert_eq!(scene.actions[0].verdict, Some(Verdict::Effective), "{}", scene.actions[0].evidence);

    let mut scene = Scene::calm();
    for need in [8, 10] {
        scene.need = Some(scene.needs(need));
        assert!(act(&scene.live()).is_some_and(|(verb, ..)| verb == Verb::Provision));
        for pod in scene.workload().pods.iter_mut().skip(6) {
            pod.ready = false;
        }
        scene.need = None;
        // Past the deadline, without coming down meanwhile.
        scene.wait(290);
        scene.live();
    }
    assert_eq!(scene.actions[0].verdict, Some(Verdict::Ineffective), "{}", scene.actions[0].evidence);
    scene.wait(60);
    scene.need = Some(scene.needs(14));
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "Ineffective"));
}
