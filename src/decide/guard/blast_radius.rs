//! The blast radius: over all agreements few pods are evicted in a short time, and of one node one. What looks like many sick
//! pods may be something else, and each eviction by itself looks right.

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::decide::facts::Facts;
use crate::decide::plan::Step;

use super::Hold;

/// Within this time evictions are counted.
pub const WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// So many of all agreements within it.
const OF_ALL: usize = 5;
/// So many of one node.
const OF_A_NODE: usize = 1;

pub(super) fn kept(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let node = facts.workload.pod(&step.target.uid)?.node.clone().unwrap_or_default();
    let own = facts.moved.iter().flat_map(|moved| &moved.evictions).filter(|one| one.action != step.id);
    let own = own.map(|eviction| (eviction.node.as_str(), eviction.at.0));
    let others = facts.situation.fleet.evictions.iter().map(|eviction| (eviction.node.as_str(), eviction.at));
    let recent = |(_, at): &(&str, Timestamp)| facts.now().duration_since(*at) < WITHIN;
    let all: Vec<(&str, Timestamp)> = own.chain(others).filter(recent).collect();
    let of_node: Vec<Timestamp> = all.iter().filter(|(of, _)| *of == node).map(|(_, at)| *at).collect();
    if of_node.len() >= OF_A_NODE {
        return held(&of_node, format!("a pod of node {node} was evicted less than {WITHIN:#} ago"));
    }
    let all: Vec<Timestamp> = all.into_iter().map(|(_, at)| at).collect();
    (all.len() >= OF_ALL)
        .then(|| held(&all, format!("{} pods of all agreements were evicted within {WITHIN:#}", all.len())))
        .flatten()
}

fn held(evictions: &[Timestamp], message: String) -> Option<Hold> {
    let until = evictions.iter().min()?.saturating_add(WITHIN).ok()?;
    Some(Hold::new("BlastRadius", message).until(until))
}
