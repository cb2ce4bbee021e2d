//! The bid of an agreement for more replicas: made where what is left is known, kept while it waits, and until what was
//! asked for is there.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::SignedDuration;

use crate::api::bid::{Bid, BidStake};
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::Verb;
use crate::decide::cause::Remedy;
use crate::decide::danger::health::Danger;
use crate::decide::decision::Decision;
use crate::decide::situation::facts::Facts;
use crate::evaluate::exact::ratio_text;
use crate::sense::headroom::{Headroom, NANO, PodNeeds};

use super::scarcity::{self, GRANTED_FOR};

/// A bid that waits lapses after this; an agreement in danger is looked at more often.
const LAPSES: SignedDuration = SignedDuration::from_mins(2);
/// It is made again when it would lapse within this: seldom enough not to be written with every look.
const RENEWED: SignedDuration = SignedDuration::from_mins(1);
/// MiB in bytes.
const MEBIBYTE: i128 = 1 << 20;
/// Pools named in one bid.
const MOST_POOLS: usize = 16;

/// The bid that a verb would make now: new, or the one that waits. `None`: nothing is known of what is left, or nothing is
/// wanted.
pub(in crate::decide) fn own(facts: &Facts<'_>, verb: Verb) -> Option<Bid> {
    let Headroom::Read { needs, .. } = &facts.situation.supply.headroom else { return None };
    let limits = scarcity::limits_of(facts);
    let wish = scarcity::wish(facts, verb)?;
    // The rest of what is wanted has no place in any case.
    let fits = limits.iter().map(|limit| limit.room).min()?;
    let more = wish.saturating_sub(facts.workload.spec_replicas).max(1);
    let waiting = facts.situation.status.bid.as_ref().filter(|bid| bid.granted.is_none());
    let waiting = waiting.filter(|bid| scarcity::stands(bid, facts.now()));
    let now = Time(facts.now());
    let until = waiting.map(|bid| bid.until.clone()).filter(|until| until.0.duration_since(now.0) > RENEWED);
    Some(Bid {
        draws_on: limits.into_iter().map(|limit| limit.pool).take(MOST_POOLS).collect(),
        replicas: more.min(fits.max(1)),
        millicores: requested(needs, "cpu", NANO / 1000),
        mebibytes: requested(needs, "memory", NANO.saturating_mul(MEBIBYTE)),
        stake: stake(facts, more),
        since: waiting.map_or_else(|| now.clone(), |bid| bid.since.clone()),
        until: until.unwrap_or_else(|| Time(now.0.saturating_add(LAPSES).unwrap_or(now.0))),
        granted: None,
        yields_since: waiting.and_then(|bid| bid.yields_since.clone()),
    })
}

/// The bid after a decision. A recommendation makes none.
pub(in crate::decide) fn after(facts: &Facts<'_>, remedy: &Remedy, decision: &Decision) -> Option<Bid> {
    if facts.situation.mode() < Mode::Enforce {
        return None;
    }
    let now = Time(facts.now());
    match decision {
        Decision::Act(plan) => {
            let adds = |verb: &Verb| matches!(verb, Verb::RaiseFloor | Verb::Surge);
            let step = plan.steps.iter().find(|step| adds(&step.verb));
            let Some(step) = step else { return placed(facts) };
            let more = step.floor()?.to.saturating_sub(facts.workload.spec_replicas);
            let until = now.0.saturating_add(GRANTED_FOR).ok()?;
            let bid = own(facts, step.verb)?;
            Some(Bid { replicas: more, granted: Some(now), until: Time(until), yields_since: None, ..bid })
        }
        // Who asks ahead of the load does not stand in line.
        Decision::Hold(_) if facts.health.danger == Danger::None => placed(facts),
        Decision::Hold(hold) if matches!(hold.reason, "Bidding" | "Yielding") => {
            let verb = if matches!(remedy, Remedy::Move(_)) { Verb::Surge } else { Verb::RaiseFloor };
            let bid = own(facts, verb)?;
            let yields_since = (hold.reason == "Yielding").then(|| bid.yields_since.clone().unwrap_or(now));
            Some(Bid { yields_since, ..bid })
        }
        // Who waits for room waits in line: it is served in its turn when there is some.
        Decision::Hold(hold) if matches!(hold.reason, "CapacityInsufficient" | "QuotaExceeded") => {
            let verb = if matches!(remedy, Remedy::Move(_)) { Verb::Surge } else { Verb::RaiseFloor };
            own(facts, verb)
        }
        _ => placed(facts),
    }
}

/// The bid that was granted just now, while what was asked for may not be there yet.
fn placed(facts: &Facts<'_>) -> Option<Bid> {
    let granted = facts.situation.status.bid.as_ref().filter(|bid| bid.granted.is_some())?;
    scarcity::stands(granted, facts.now()).then(|| granted.clone())
}

/// What is at stake for each of so many replicas.
fn stake(facts: &Facts<'_>, replicas: i32) -> BidStake {
    let stake = &facts.situation.supply.stake;
    let (amount, currency) = stake.amount.clone().map_or((None, String::new()), |(amount, of)| (Some(amount), of));
    let each = |stake| ratio_text(&scarcity::for_each(&stake, replicas));
    BidStake { amount: amount.map(each), currency, share: stake.share.clone().map(each) }
}

/// What a pod requests of a resource, in units of so many thousand-millionths; a part of one counts as one.
fn requested(needs: &PodNeeds, resource: &str, unit: i128) -> i64 {
    let nanos = needs.requests.get(resource).copied().unwrap_or_default();
    i64::try_from(nanos.saturating_add(unit.saturating_sub(1)) / unit).unwrap_or(i64::MAX)
}
