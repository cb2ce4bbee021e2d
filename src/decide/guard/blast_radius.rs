//! The blast radius: over all agreements few pods are evicted in a short time, and of one node one. What looks like many sick
//! pods may be something else, and each eviction by itself looks right. A node that is avoided is emptied faster: its pods go
//! together where as many replicas were added before, and follow one another as long as that is seen to help.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::enforcement_status::{Verb, Verdict};
use crate::api::reschedule_status::Eviction;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;

use super::avoidance::steered;
use super::{Hold, drain};

/// Within this time it is counted what was done for all agreements: two verdicts take about as long.
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// So many evictions of all agreements within it.
pub const EVICTIONS: usize = 5;
/// So many evictions from one node.
pub const EVICTIONS_OF_A_NODE: usize = 1;

/// Each pod may go, and all of them together.
pub(super) fn kept(steps: &[Step], facts: &Facts<'_>) -> Option<Hold> {
    let evicted: Vec<&Step> = steps.iter().filter(|step| step.verb == Verb::Reschedule).collect();
    evicted.iter().find_map(|step| alone(step, facts)).or_else(|| together(&evicted, facts))
}

fn alone(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let node = facts.workload.pod(&step.target.uid)?.node.clone().unwrap_or_default();
    let own = facts.moved.iter().flat_map(|moved| &moved.evictions).filter(|one| one.action != step.id);
    let drains = drain::goes_on(facts, &node);
    let helps = |eviction: &Eviction| has_helped(facts, eviction) || drains && drain::is_of_it(facts, eviction);
    let own = own.map(|eviction| (eviction.node.as_str(), eviction.at.0, helps(eviction)));
    let others = facts.situation.fleet.evictions.iter().map(|eviction| (eviction.node.as_str(), eviction.at, false));
    let recent = |(_, at, _): &(&str, Timestamp, bool)| facts.now().duration_since(*at) < WITHIN;
    let all: Vec<(&str, Timestamp, bool)> = own.chain(others).filter(recent).collect();
    let counts = |(of, _, helped): &&(&str, Timestamp, bool)| *of == node && !helped;
    let of_node: Vec<Timestamp> = all.iter().filter(counts).map(|(_, at, _)| *at).collect();
    if of_node.len() >= EVICTIONS_OF_A_NODE {
        return held(&of_node, format!("a pod of node {node} was evicted less than {WITHIN:#} ago"));
    }
    let all: Vec<Timestamp> = all.into_iter().map(|(_, at, _)| at).collect();
    (all.len() >= EVICTIONS)
        .then(|| held(&all, format!("{} pods of all agreements were evicted within {WITHIN:#}", all.len())))
        .flatten()
}

/// So many pods may go just now, by what was evicted for all agreements lately and by the day's budget of this one.
#[must_use]
pub fn evictions_left(facts: &Facts<'_>) -> usize {
    let own = || facts.moved.iter().flat_map(|moved| &moved.evictions).map(|eviction| eviction.at.0);
    let others = facts.situation.fleet.evictions.iter().map(|eviction| eviction.at);
    let recent = |at: &Timestamp| facts.now().duration_since(*at) < WITHIN;
    let lately = own().chain(others).filter(recent).count();
    let reschedule = facts.situation.enforcement.reschedule.as_ref();
    let today = reschedule.map_or(0, |allowed| usize::try_from(allowed.per_day).unwrap_or(0));
    EVICTIONS.saturating_sub(lately).min(today.saturating_sub(own().count()))
}

/// Several pods go together only from one node that is avoided, and no more of them than may go at all.
fn together(evicted: &[&Step], facts: &Facts<'_>) -> Option<Hold> {
    let [first, others @ ..] = evicted else { return None };
    let node = |step: &Step| facts.workload.pod(&step.target.uid).and_then(|pod| pod.node.as_deref());
    let is_left = node(first).is_some_and(|node| steered(facts, node).is_some());
    let of_one = others.iter().all(|step| node(step) == node(first));
    let may_go = others.is_empty() || is_left && of_one && evicted.len() <= evictions_left(facts);
    (!may_go).then(|| {
        let message =
            format!("{} pods go together only from one node that is avoided, and within the budgets", evicted.len());
        Hold::new("BlastRadius", message)
    })
}

/// The eviction is one of those that empty a node which is avoided, and it was seen to help: then the next one of that node
/// need not wait.
fn has_helped(facts: &Facts<'_>, eviction: &Eviction) -> bool {
    let emptied = facts.avoided().is_some_and(|avoided| avoided.node == eviction.node && avoided.at.0 <= eviction.at.0);
    let record = facts.actions.iter().find(|record| record.id == eviction.action);
    emptied && record.is_some_and(|record| record.verdict == Some(Verdict::Effective))
}

fn held(evictions: &[Timestamp], message: String) -> Option<Hold> {
    let until = evictions.iter().min()?.saturating_add(WITHIN).ok()?;
    Some(Hold::new("BlastRadius", message).until(until))
}
