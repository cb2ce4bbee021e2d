//! Who goes first where there is not enough for all: what is at stake for each replica, who waited longer, and that nobody
//! waits for ever.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use super::feasibility::{about_to_raise, needs, node, pods_left, room};
use super::fixture::{Scene, act, at, ratio, reason};
use crate::api::bid::{Bid, BidStake};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::FleetBid;
use crate::evaluate::stake::Stake;
use crate::sense::headroom::Headroom;

/// What another agreement bids: one replica of the same quota, for which so much is at stake, since long ago.
pub(super) fn bid(replicas: i32, amount: i64, currency: &str) -> FleetBid {
    let share = Some("1/100".to_owned());
    let bid = Bid {
        draws_on: vec!["ResourceQuota shop/team".to_owned()],
        replicas,
        millicores: 1000,
        mebibytes: 512,
        stake: BidStake { amount: Some(format!("{amount}/1")), currency: currency.to_owned(), share },
        since: Time(at(-100)),
        until: Time(at(100_000)),
        granted: None,
        yields_since: None,
    };
    FleetBid { agreement: "shop/other".to_owned(), bid }
}

/// About to raise from 6 to 8, with 200 EUR and a tenth of the fee at stake, so 100 EUR for each replica, and two pods left.
fn scarce(others: Vec<FleetBid>) -> Scene {
    let mut scene = about_to_raise();
    scene.supply.stake = Stake { amount: Some((ratio(200, 1), "EUR".to_owned())), share: Some(ratio(1, 10)) };
    scene.supply.headroom = pods_left(2);
    scene.fleet.bids = others;
    scene
}

fn outcome(scene: &Scene) -> (Option<i32>, String) {
    let decided = scene.decide();
    (act(&decided).map(|(_, _, to)| to), reason(&decided).to_owned())
}

#[test]
fn who_has_more_at_stake_for_each_replica_goes_first() {
    for (others, expected) in [
        (vec![], Some(8)),
        (vec![bid(2, 101, "EUR")], None),
        (vec![bid(2, 99, "EUR")], Some(8)),
        // One is left.
        (vec![bid(1, 101, "EUR")], Some(7)),
        (vec![bid(1, 101, "EUR"), FleetBid { agreement: "shop/third".into(), ..bid(1, 500, "EUR") }], None),
        // Equal: who has waited longer.
        (vec![bid(2, 100, "EUR")], None),
        // Amounts in another currency: the shares are compared, and a twentieth is more than a hundredth.
        (vec![bid(2, 9_999, "USD")], Some(8)),
        (vec![bid(2, 9_999, "USD"), bid(2, 101, "EUR")], Some(8)),
    ] {
        let scene = scarce(others.clone());
        let reason = if expected.is_some() { "RaiseFloor" } else { "Yielding" };
        assert_eq!(outcome(&scene), (expected, reason.to_owned()), "{others:?}");
    }
}

#[test]
fn nothing_known_to_be_at_stake_comes_last_and_a_name_decides_at_the_end() {
    let mut nothing = bid(2, 1, "EUR");
    nothing.bid.stake = BidStake::default();
    assert_eq!(outcome(&scarce(vec![nothing.clone()])).0, Some(8));
    let mut scene = scarce(vec![nothing.clone()]);
    scene.supply.stake = Stake::default();
    assert_eq!(outcome(&scene), (None, "Yielding".to_owned()), "it has waited longer");
    nothing.bid.since = Time(scene.now);
    scene.fleet.bids = vec![nothing.clone()];
    assert_eq!(outcome(&scene).0, Some(8), "shop/checkout comes before shop/other");
    nothing.agreement = "shop/a".to_owned();
    scene.fleet.bids = vec![nothing];
    assert_eq!(outcome(&scene).0, None);
}

#[test]
fn the_decision_says_who_goes_first_and_why() {
    let mut scene = scarce(vec![bid(2, 101, "EUR")]);
    let decided = scene.live();
    let told = &decided.enforcement.message;
    for part in ["shop/other goes first", "101.00 EUR there, 100.00 EUR here", "ResourceQuota team", "2 pods more"] {
        assert!(told.contains(part), "{told}");
    }
    assert_eq!(decided.hints.short_of, "Yielding");
    let bid = decided.enforcement.bid.unwrap();
    assert_eq!(
        (bid.replicas, bid.stake.amount.as_deref(), bid.stake.share.as_deref()),
        (2, Some("100/1"), Some("1/20"))
    );
    assert_eq!((bid.since.0, bid.granted, bid.yields_since), (scene.now, None, Some(Time(scene.now))));
}

#[test]
fn who_draws_on_something_else_is_not_waited_for() {
    let mut elsewhere = bid(9, 999, "EUR");
    elsewhere.bid.draws_on = vec!["nodes".to_owned(), "ResourceQuota other/team".to_owned()];
    assert_eq!(outcome(&scarce(vec![elsewhere.clone()])).0, Some(8));
    let mut scene = scarce(vec![elsewhere]);
    scene.supply.headroom = room(Vec::new(), Ok(vec![node("a", 4)]));
    assert_eq!(outcome(&scene), (None, "Yielding".to_owned()), "the nodes are of all namespaces");
}

#[test]
fn pods_of_another_size_are_counted_by_what_they_take_most_of() {
    // Two pods of one core are left.
    for (replicas, millicores, mebibytes, expected) in
        [(4, 250, 1, Some(7)), (1, 2000, 512, None), (1, 100, 1024, None), (5, 250, 1, None)]
    {
        let mut other = bid(replicas, 101, "EUR");
        (other.bid.millicores, other.bid.mebibytes) = (millicores, mebibytes);
        assert_eq!(outcome(&scarce(vec![other])).0, expected, "{replicas} {millicores} {mebibytes}");
    }
    let mut scene = scarce(vec![bid(1, 101, "EUR")]);
    let Headroom::Read { needs: pod, .. } = &mut scene.supply.headroom else { panic!() };
    pod.requests.clear();
    assert_eq!(outcome(&scene).0, Some(7), "where nothing is requested, a pod is a pod");
    assert_eq!(needs().requests.len(), 2);
}

#[test]
fn a_bid_that_is_not_made_again_lapses() {
    let mut scene = scarce(vec![bid(2, 999, "EUR")]);
    assert_eq!(outcome(&scene).0, None);
    scene.fleet.bids[0].bid.until = Time(scene.now);
    assert_eq!(outcome(&scene).0, Some(8), "its agreement may be dead");
}

#[test]
fn nobody_gives_way_for_ever() {
    let mut scene = scarce(vec![bid(2, 999, "EUR")]);
    let mut waited = 0;
    while act(&scene.live()).is_none() {
        assert_eq!(scene.status.reason, "Yielding");
        scene.wait(10);
        waited += 10;
        assert!(waited <= 120, "{:?}", scene.status.bid);
    }
    assert_eq!((waited, scene.floor().current), (120, 8));
    // It was served: the next time it gives way again.
    scene.wait(600);
    scene.burn(true);
    scene.supply.headroom = pods_left(1);
    scene.live();
    assert_eq!(scene.status.reason, "Yielding", "{:?}", scene.actions[0]);
}

#[test]
fn what_waits_survives_a_restart() {
    let mut scene = scarce(vec![bid(2, 999, "EUR")]);
    for _ in 0..9 {
        scene.live();
        scene.wait(10);
    }
    let status = serde_json::to_string(&scene.status).unwrap();
    scene.status = serde_json::from_str(&status).unwrap();
    scene.wait(30);
    assert_eq!(outcome(&scene).0, Some(8), "two minutes, and not two minutes from the restart on");
}

#[test]
fn what_was_granted_counts_until_it_is_there() {
    let mut served = bid(2, 1, "EUR");
    let mut scene = scarce(Vec::new());
    (served.bid.granted, served.bid.until) = (Some(Time(scene.now)), Time(at(100_000)));
    scene.fleet.bids = vec![served];
    let decided = scene.decide();
    assert_eq!((act(&decided), reason(&decided)), (None, "Yielding"), "less is at stake, but it came before");
    assert!(decided.enforcement.message.contains("are being placed"), "{}", decided.enforcement.message);
    scene.wait(30);
    assert_eq!(outcome(&scene).0, Some(8), "by now it is in what was read, if it is anywhere");
}

#[test]
fn a_raise_leaves_a_bid_until_its_pods_are_there() {
    let mut scene = scarce(Vec::new());
    let decided = scene.live();
    let bid = decided.enforcement.bid.unwrap();
    assert_eq!((act(&scene.decide()), bid.replicas, bid.granted), (None, 2, Some(Time(scene.now))));
    assert_eq!(bid.draws_on, ["ResourceQuota shop/team"]);
    scene.wait(15);
    assert!(scene.live().enforcement.bid.is_some());
    scene.wait(15);
    assert_eq!(scene.live().enforcement.bid, None);
}

#[test]
fn who_waits_for_room_waits_in_line() {
    let mut scene = scarce(Vec::new());
    scene.supply.headroom = pods_left(0);
    let first = scene.live().enforcement.bid.unwrap();
    assert_eq!((first.replicas, first.granted, first.yields_since), (1, None, None));
    scene.wait(60);
    assert_eq!(scene.live().enforcement.bid.unwrap().since, first.since);
    scene.burn(false);
    assert_eq!(scene.live().enforcement.bid, None, "out of danger it wants nothing");
}

#[test]
fn with_others_in_danger_a_bid_is_made_known_before_it_is_acted_on() {
    let mut scene = scarce(Vec::new());
    (scene.fleet.services, scene.fleet.own) = (9, Some(at(0)));
    scene.fleet.burning_since = vec![at(0), at(0)];
    let decided = scene.live();
    assert_eq!((act(&decided), reason(&decided)), (None, "Bidding"));
    assert!(decided.enforcement.bid.is_some_and(|bid| bid.granted.is_none()));
    scene.wait(2);
    assert_eq!(outcome(&scene), (None, "Bidding".to_owned()));
    scene.wait(1);
    assert_eq!(outcome(&scene).0, Some(8));
    // The others that will burn with the same slot are not known yet.
    let mut scene = scarce(Vec::new());
    (scene.fleet.services, scene.fleet.own, scene.fleet.burning_since) = (2, Some(at(0)), vec![at(0)]);
    assert_eq!(outcome(&scene), (None, "Bidding".to_owned()));
    scene.fleet.services = 1;
    assert_eq!(outcome(&scene).0, Some(8), "there is nobody else");
    // Where there is enough for both nobody waits.
    let mut scene = scarce(Vec::new());
    (scene.fleet.services, scene.fleet.own) = (9, Some(at(0)));
    scene.fleet.burning_since = vec![at(0), at(0)];
    scene.supply.headroom = pods_left(4);
    assert_eq!(outcome(&scene).0, Some(8));
}

#[test]
fn a_recommendation_bids_for_nothing_and_gives_way_to_nobody() {
    let mut scene = scarce(vec![bid(2, 999, "EUR")]);
    scene.enforcement.mode = Mode::Recommend;
    scene.status.floor = None;
    scene.floor().baseline = crate::sense::workload::Baseline::None;
    let decided = scene.decide();
    assert_eq!((reason(&decided), decided.enforcement.bid.as_ref()), ("Recommended", None));
}

#[test]
fn a_crash_between_intent_and_act_leaves_the_same_bid() {
    for wrote in [false, true] {
        let mut scene = scarce(Vec::new());
        scene.crash(ActionPhase::Intended, wrote);
        let before = scene.status.bid.clone();
        assert!(before.as_ref().is_some_and(|bid| bid.granted.is_some()));
        scene.wait(5);
        let decided = scene.decide();
        match act(&decided) {
            // It was not done, and is decided again.
            Some((verb, ..)) => assert_eq!((wrote, verb), (false, Verb::RaiseFloor)),
            None => assert_eq!((wrote, decided.enforcement.bid), (true, before)),
        }
    }
}
