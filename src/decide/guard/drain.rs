//! The drain of a node that is avoided: its pods follow one another without waiting for the verdict on each, once the move of
//! one of them was seen to help, as long as the danger goes on beyond each, and what came in place of each is ready elsewhere and
//! serves there, no sicker than the others.
//!
//! What it rests on is the status and what was read just now, so that a restart changes nothing. Whatever cannot be told ends
//! it, and so does a move that did not help: then every verdict is waited for again.

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::api::reschedule_status::Eviction;
use crate::decide::cause;
use crate::decide::cause::population::Population;
use crate::decide::situation::facts::Facts;

/// Whether the next pod of the node may go before the move of the last one is judged.
pub(super) fn goes_on(facts: &Facts<'_>, node: &str) -> bool {
    let Ok(pods) = Population::of(facts) else { return false };
    let of_it: Vec<&Eviction> = evictions(facts, node).collect();
    let mut open = facts.actions.iter().filter(|record| is_open(record));
    let only_of_it = open.all(|record| of_it.iter().any(|eviction| eviction.action == record.id));
    let records = || of_it.iter().map(|eviction| facts.actions.iter().find(|record| record.id == eviction.action));
    let has_helped = |record: &ActionRecord| record.verdict == Some(Verdict::Effective);
    let may_help = |record: &ActionRecord| {
        record.phase == ActionPhase::Done && record.verdict.is_none_or(|verdict| verdict == Verdict::Effective)
    };
    let helps = records().flatten().any(has_helped) && records().all(|record| record.is_some_and(may_help));
    let last = of_it.iter().map(|eviction| eviction.at.0).max();
    let lasts = last.is_some_and(|last| facts.lasting().beyond(last));
    only_of_it && helps && lasts && of_it.iter().all(|eviction| is_well(facts, &pods, eviction))
}

/// The eviction is one of those by which the node is emptied since it is avoided, in this episode.
pub(super) fn is_of_it(facts: &Facts<'_>, eviction: &Eviction) -> bool {
    evictions(facts, &eviction.node).any(|one| one.action == eviction.action)
}

fn evictions<'a>(facts: &'a Facts<'_>, node: &'a str) -> impl Iterator<Item = &'a Eviction> {
    let avoided = facts.avoided().filter(|avoided| avoided.node == node);
    let since = avoided.zip(facts.episode.as_ref()).map(|(avoided, episode)| avoided.at.0.max(episode.since.0));
    let all = facts.moved.iter().flat_map(|moved| &moved.evictions);
    all.filter(move |eviction| eviction.node == node && since.is_some_and(|since| since <= eviction.at.0))
}

/// A pod was moved and that is not judged, or one starts or goes.
#[must_use]
pub fn is_moving(facts: &Facts<'_>) -> bool {
    facts.actions.iter().any(is_open) || facts.workload.pods.iter().any(|pod| pod.terminating || !pod.ready)
}

fn is_open(record: &ActionRecord) -> bool {
    record.verb == Verb::Reschedule && record.phase != ActionPhase::Refused && record.verdict.is_none()
}

/// What came in place of the evicted pod is ready on another node, and serves there as well as the others.
fn is_well(facts: &Facts<'_>, pods: &Population, eviction: &Eviction) -> bool {
    let landed = eviction.landed.as_ref().and_then(|landed| facts.workload.pod(&landed.uid));
    let Some(pod) = landed.filter(|pod| pod.ready && !pod.terminating) else { return false };
    let elsewhere = pod.node.as_ref().is_some_and(|node| *node != eviction.node);
    elsewhere && cause::is_seen_well(pods, &pod.name, &eviction.node)
}
