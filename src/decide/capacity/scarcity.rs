//! Who goes first where there is not enough for all: of the agreements that want more replicas of the same nodes or under
//! the same quota, the one that has the most credit at stake for each of them.
//!
//! Each makes a [`Bid`], which stands in its status. What a bid that goes before this one takes is not left for it, and
//! what remains is. Amounts are compared where all are in one currency; otherwise the shares of the fees are. Where nothing
//! is known to be at stake, it comes last; of equal ones the one that has waited longer goes first, then by name.
//!
//! Nobody is held for ever: a bid lapses unless it is made again, one that was granted counts until its pods are in what is
//! read, and whoever has given way for [`PATIENCE`] gives way no more until it was served.

use std::cmp::Ordering;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::api::bid::Bid;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::Verb;
use crate::decide::danger::health::Danger;
use crate::decide::guard::{self, Hold};
use crate::decide::situation::facts::Facts;
use crate::decide::verb::{ahead, policy};
use crate::evaluate::exact::{decimal_text, percent_text, whole};

use super::bid;
use super::feasibility::{Limit, limits, room_off};

/// Pods that were asked for are in what is read after this: an autoscaler has looked, and what was read is not older.
pub const GRANTED_FOR: SignedDuration = SignedDuration::from_secs(30);
/// The longest that one agreement gives way before it is served.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(2);
/// How long a bid is made known before it is acted upon, where there are others: their accounts come with the same slot,
/// one after the other.
const ANNOUNCED: SignedDuration = SignedDuration::from_secs(3);
/// When whoever found no room looks again.
const ROOM_AGAIN: SignedDuration = SignedDuration::from_secs(30);
/// When whoever gives way looks again.
const LOOK_AGAIN: SignedDuration = SignedDuration::from_secs(10);

/// A bid of another agreement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetBid {
    /// Whose it is: `namespace/name`.
    pub agreement: String,
    /// The bid.
    pub bid: Bid,
}

/// How many replicas there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::decide) struct Allotment {
    /// So many.
    pub(in crate::decide) most: i32,
    /// Why there may be no more.
    pub(in crate::decide) why: Hold,
}

/// The replicas that a verb would have, if it was free.
pub(in crate::decide) fn wish(facts: &Facts<'_>, verb: Verb) -> Option<i32> {
    let (floor, bounds) = (facts.floor()?, facts.situation.enforcement.scale.as_ref()?);
    match verb {
        Verb::Surge => Some(facts.workload.spec_replicas.max(floor.current).saturating_add(1)),
        _ if is_ahead(facts) => ahead::sought(facts, floor, bounds),
        _ => Some(policy::sought(facts, floor, bounds)),
    }
}

/// Nothing is in danger: what is asked for now is asked for ahead of the load, and gives way to all who are.
fn is_ahead(facts: &Facts<'_>) -> bool {
    facts.health.danger == Danger::None
}

/// How many replicas there may be by what is left, and by who goes first. `None`: nothing is known to bound them.
pub(in crate::decide) fn allot(facts: &Facts<'_>, verb: Verb) -> Option<Allotment> {
    let own = bid::own(facts, verb)?;
    let limits = limits_of(facts);
    limits.into_iter().map(|limit| by_limit(facts, &own, &limit)).min_by_key(|allotment| allotment.most)
}

/// The limits that are known.
pub(in crate::decide) fn limits_of(facts: &Facts<'_>) -> Vec<Limit> {
    limits(&facts.situation.supply.headroom, facts.workload, &facts.situation.agreement.namespace)
}

/// So many others may want as much.
fn others(facts: &Facts<'_>) -> i32 {
    let fleet = facts.situation.fleet;
    let burning = fleet.burning_since.len().saturating_sub(usize::from(fleet.own.is_some()));
    // The first of those that begin to burn with the same slot does not know of the next one yet.
    i32::try_from(burning.max(usize::from(fleet.services > 1))).unwrap_or(i32::MAX)
}

/// So many replicas may be added together to the `wanted` ones before pods are moved. The bid is for one, so beyond that nobody is
/// to miss them: what is left does for as many of each other that may want some, after those who go first. Each takes two places off
/// the node that is left: one when it is added, and one for what comes in place of the pod that goes.
pub(in crate::decide) fn spare(facts: &Facts<'_>, wanted: i32) -> i32 {
    let Some(allotment) = allot(facts, Verb::Surge) else { return i32::MAX };
    let left = allotment.most.saturating_sub(wanted);
    let all = others(facts).saturating_add(1);
    let is_left = |node: &str| guard::steered(facts, node).is_some();
    let places = room_off(&facts.situation.supply.headroom, is_left).map(|room| room / 2);
    let rooms = limits_of(facts).into_iter().map(|limit| limit.room).chain(places);
    rooms.map(|room| room / all).fold(left, i32::min)
}

/// While it is not known yet who else bids: there is not enough if another service, or each that burns, wants as much.
pub(in crate::decide) fn announced(facts: &Facts<'_>, verb: Verb) -> Option<Hold> {
    if facts.situation.mode() < Mode::Enforce {
        return None;
    }
    let others = others(facts);
    let own = bid::own(facts, verb)?;
    let scarcest = limits_of(facts).into_iter().min_by_key(|limit| limit.room)?;
    let rest = scarcest.room.saturating_sub(own.replicas);
    let until = own.since.0.saturating_add(ANNOUNCED).ok()?;
    let scarce = others > 0 && rest < others.saturating_mul(own.replicas);
    if is_ahead(facts) {
        let message = format!("{} may not do for all, and is left for services in danger", scarcest.words);
        return scarce.then(|| Hold::new("RoomIsScarce", message));
    }
    (scarce && facts.now() < until).then(|| {
        let message = format!(
            "{} may not do for all, should another service want as much; who goes first is clear at {until}",
            scarcest.words
        );
        Hold::new("Bidding", message).until(until)
    })
}

fn by_limit(facts: &Facts<'_>, own: &Bid, limit: &Limit) -> Allotment {
    let of_pool = |other: &&FleetBid| other.bid.draws_on.contains(&limit.pool) && facts.now() < other.bid.until.0;
    let bids = &facts.situation.fleet.bids;
    let others: Vec<&FleetBid> =
        bids.iter().filter(of_pool).filter(|_| facts.situation.mode() >= Mode::Enforce).collect();
    let name = format!("{}/{}", facts.situation.agreement.namespace, facts.situation.agreement.name);
    let measure = Measure::of(others.iter().map(|other| &other.bid).chain([own]));
    let patient = own.yields_since.as_ref().is_none_or(|since| facts.now().duration_since(since.0) < PATIENCE);
    let goes_first = |other: &&&FleetBid| match &other.bid.granted {
        Some(at) => facts.now().duration_since(at.0) < GRANTED_FOR,
        None if is_ahead(facts) => true,
        None => patient && measure.order(&other.bid, &other.agreement, own, &name) == Ordering::Less,
    };
    let mut first: Vec<&FleetBid> = others.iter().filter(goes_first).copied().collect();
    first.sort_by(|a, b| measure.order(&a.bid, &a.agreement, &b.bid, &b.agreement));
    let taken = first.iter().map(|other| in_pods_of(own, &other.bid)).fold(0_i32, i32::saturating_add);
    let left = limit.room.saturating_sub(taken).max(0);
    let most = limit.there.saturating_add(left);
    let Limit { words, remedy, .. } = limit;
    let why = match first.first().filter(|_| limit.room > 0) {
        None => {
            let message = format!("{words} leaves room for no more than {most} replicas; {remedy}");
            Hold { until: facts.now().saturating_add(ROOM_AGAIN).ok(), ..Hold::new(limit.reason, message) }
        }
        Some(other) => {
            let reason = measure.words(other, own);
            let message = format!(
                "{words} leaves room for {} pods more, and {} goes first ({reason}), so for no more than {most} replicas \
                 here; {remedy}",
                limit.room, other.agreement
            );
            Hold { until: facts.now().saturating_add(LOOK_AGAIN).ok(), ..Hold::new("Yielding", message) }
        }
    };
    Allotment { most, why }
}

/// What another bid takes, in pods of the own one: by the resource of which it takes most.
fn in_pods_of(own: &Bid, other: &Bid) -> i32 {
    let count = |needs: i64, need: i64| {
        let all = i64::from(other.replicas).saturating_mul(needs);
        (need > 0).then(|| all.saturating_add(need.saturating_sub(1)) / need)
    };
    let by = [count(other.millicores, own.millicores), count(other.mebibytes, own.mebibytes)];
    let most = by.into_iter().flatten().max().unwrap_or_else(|| other.replicas.into());
    i32::try_from(most).unwrap_or(i32::MAX)
}

/// By what bids are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    /// By amounts: all are in one currency.
    Amount,
    /// By shares of the fees.
    Share,
}

impl Measure {
    /// One measure for all that meet, or three of them could each go before the next.
    fn of<'a>(bids: impl Iterator<Item = &'a Bid>) -> Self {
        let mut currencies = bids.filter(|bid| bid.stake.amount.is_some()).map(|bid| bid.stake.currency.as_str());
        let Some(first) = currencies.next() else { return Self::Share };
        if currencies.all(|other| other == first) { Self::Amount } else { Self::Share }
    }

    fn at_stake(self, bid: &Bid) -> Option<BigRational> {
        let text = match self {
            Self::Amount => bid.stake.amount.as_ref(),
            Self::Share => bid.stake.share.as_ref(),
        };
        text?.parse().ok()
    }

    /// The order in which two bids are served.
    fn order(self, a: &Bid, name_of_a: &str, b: &Bid, name_of_b: &str) -> Ordering {
        let by_stake = self.at_stake(b).cmp(&self.at_stake(a));
        by_stake.then_with(|| (a.since.0, name_of_a).cmp(&(b.since.0, name_of_b)))
    }

    /// Why another bid goes first.
    fn words(self, other: &FleetBid, own: &Bid) -> String {
        if let Some(at) = &other.bid.granted {
            return format!("its {} replicas were asked for at {} and are being placed", other.bid.replicas, at.0);
        }
        let (theirs, ours) = (self.at_stake(&other.bid), self.at_stake(own));
        if theirs == ours {
            return "no less is at stake there, and it has waited longer".to_owned();
        }
        let told = |stake: Option<BigRational>, currency: &str| match (stake, self) {
            (None, _) => "nothing that is known".to_owned(),
            (Some(stake), Self::Amount) => format!("{} {currency}", decimal_text(&stake, 2)),
            (Some(stake), Self::Share) => format!("{} % of the fee", percent_text(&stake)),
        };
        let theirs = told(theirs, &other.bid.stake.currency);
        format!("at stake for each replica: {theirs} there, {} here", told(ours, &own.stake.currency))
    }
}

/// A share of what is at stake, for each of so many replicas.
pub(in crate::decide) fn for_each(stake: &BigRational, replicas: i32) -> BigRational {
    stake / whole(replicas.max(1))
}

/// When a bid was made, if that still stands.
pub(in crate::decide) fn stands(bid: &Bid, now: Timestamp) -> bool {
    now < bid.until.0
}
