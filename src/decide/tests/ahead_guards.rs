//! What holds a raise ahead of the load: what is not known for sure, the guards of every raise, its own pace, and others who are
//! in danger.

use super::ahead::{doubted, loaded, raised_ahead, starting, unknown};
use super::fixture::{Scene, act, at, hpa, objective, observation, ratio, reason};
use crate::api::enforcement_status::{Verb, Verdict};
use crate::decide::capacity::Need;
use crate::sense::workload::{Baseline, BaselineRecord, FloorHolder, Rollout};

#[test]
fn what_is_not_known_for_sure_raises_nothing_and_says_so() {
    type Disturb = fn(&mut Scene);
    let cases: [(&str, Disturb); 11] = [
        ("Safe", |scene| scene.need = Some(unknown())),
        ("LoadInDoubt", |scene| scene.need = Some(doubted(9))),
        // A look, or its samples, of three minutes ago; and samples of the future.
        ("LoadInDoubt", |scene| {
            scene.wait(181);
            scene.assessment.measured_through = at(170);
        }),
        ("LoadInDoubt", |scene| {
            let Some(Need::Pods { through, .. }) = &mut scene.need else { panic!() };
            *through = at(1);
        }),
        // Four of six ready pods.
        ("LoadInDoubt", |scene| {
            let Some(Need::Pods { sampled, .. }) = &mut scene.need else { panic!() };
            *sampled = 4;
        }),
        // Others' pods among them.
        ("LoadInDoubt", |scene| {
            let Some(Need::Pods { sampled, .. }) = &mut scene.need else { panic!() };
            *sampled = 8;
        }),
        ("Blind", |scene| scene.assessment.measured_through = at(-1000)),
        ("NotAllSeen", |scene| {
            let mut unseen = objective("availability");
            unseen.recent_coverage = Some(ratio(1, 2));
            scene.assessment.objectives.push(unseen);
        }),
        ("RolloutInProgress", |scene| scene.workload().rollout = Rollout::InProgress),
        ("StaleWorkload", |scene| scene.workload().read_at = at(-11)),
        // The next step cannot be as large as the smallest floor that is allowed.
        ("Safe", |scene| {
            scene.workload = Ok(observation(2, FloorHolder::Hpa(hpa())));
            scene.load_needs(9);
            scene.floor().current = 1;
            scene.enforcement.scale = Some(crate::api::enforcement::ScaleBounds { min: 5, max: 15, connections: None });
        }),
    ];
    for (expected, disturb) in cases {
        let mut scene = loaded(9);
        disturb(&mut scene);
        let decided = scene.decide();
        assert_eq!((act(&decided), reason(&decided)), (None, expected), "{}", decided.enforcement.message);
    }
    let mut scene = loaded(9);
    scene.need = Some(doubted(9));
    let message = scene.decide().enforcement.message;
    assert_eq!(
        message,
        "the load seems to need 9 pods, and 6 are wanted; none is added, as more requests fail than may"
    );
}

#[test]
fn every_guard_of_a_raise_holds_it() {
    type Disturb = fn(&mut Scene);
    let cases: [(&str, Disturb); 6] = [
        ("NotLeader", |scene| scene.leader = false),
        ("AtMaximum", |scene| {
            scene.workload = Ok(observation(15, FloorHolder::Hpa(hpa())));
            scene.load_needs(20);
        }),
        ("HeldByOtherAgreement", |scene| {
            let record = BaselineRecord { agreement: "other".into(), replicas: Some(3) };
            scene.floor().baseline = Baseline::Recorded(record);
        }),
        ("AutoscalerPaused", |scene| scene.floor().inert = Some("it is paused".into())),
        ("ConflictingManager", |scene| {
            *scene = raised_ahead(8);
            scene.status.floor.as_mut().unwrap().resets = 2;
            scene.wait(120);
            scene.load_needs(12);
        }),
        ("BoundsContradict", |scene| scene.floor().max = Some(1)),
    ];
    for (expected, disturb) in cases {
        let mut scene = loaded(9);
        disturb(&mut scene);
        let decided = scene.decide();
        assert_eq!((act(&decided), reason(&decided)), (None, expected), "{}", decided.enforcement.message);
    }
}

#[test]
fn the_next_step_waits_for_the_cooldown_and_for_the_pods_of_the_last_one() {
    let mut scene = raised_ahead(8);
    starting(&mut scene);
    scene.wait(15);
    scene.load_needs(11);
    assert_eq!(reason(&scene.live()), "AwaitingVerdict");
    scene.wait(60);
    scene.load_needs(11);
    assert_eq!(reason(&scene.live()), "AwaitingVerdict", "{:?}", scene.actions[0]);
    scene.workload().pods = (0..8).map(super::fixture::pod).collect();
    scene.load_needs(11);
    assert_eq!(act(&scene.live()), Some((Verb::RaiseFloor, 8, 11)));
    assert_eq!(scene.actions[1].verdict, Some(Verdict::Effective));
    // Ready at once, it waits for the cooldown.
    scene.wait(30);
    scene.load_needs(14);
    assert_eq!(reason(&scene.live()), "Cooldown");
}

#[test]
fn who_is_not_in_danger_gives_way_to_all_who_are() {
    let mut scene = loaded(9);
    scene.supply.headroom = super::feasibility::pods_left(3);
    assert_eq!(act(&scene.decide()), Some((Verb::RaiseFloor, 3, 9)));
    scene.fleet.bids = vec![super::scarcity::bid(1, 0, "EUR")];
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "Yielding"));
    assert_eq!(decided.enforcement.bid, None, "and does not stand in line");
    scene.fleet.bids.clear();
    scene.fleet.services = 2;
    assert_eq!(reason(&scene.decide()), "RoomIsScarce");
}
