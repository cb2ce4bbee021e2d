//! Whether moving a pod did what was expected of it: another pod is ready in its place, it is no worse than the others, and
//! the budget is spent more slowly.
//!
//! The new pod is judged when it has served for two windows, even where it took longer to start than was expected; but not
//! for ever. The first pod that was moved off a node which is avoided is seen to help as soon as its successor can be told from
//! the pods that are left there; nothing is held against it before its time.

use k8s_openapi::jiff::SignedDuration;

use crate::api::avoidance_status::AvoidedNode;
use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::api::reschedule_status::Eviction;
use crate::decide::cause;
use crate::decide::cause::population::Population;
use crate::decide::danger::evidence::Snapshot;

use super::{ROSE, Sight, compare};

/// Longer than this after its intent nothing is waited for.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn moved(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    if !due {
        return first_of_a_node(record, sight);
    }
    let late = sight.now.duration_since(record.intended_at.0) >= LONGEST;
    if sight.workload.pod(&record.target.uid).is_some() {
        return late.then(|| (Verdict::Inconclusive, "the pod is still on its way out".to_owned()));
    }
    let eviction = sight.moved.and_then(|moved| moved.evictions.iter().find(|one| one.action == record.id));
    let landed = eviction.and_then(|eviction| sight.workload.pod(&eviction.landed.as_ref()?.uid));
    let Some(pod) = landed else {
        return Some((Verdict::Ineffective, "no pod came in its place, or it is gone again".to_owned()));
    };
    let place = pod.node.as_deref().map_or_else(|| "on no node".to_owned(), |node| format!("on node {node}"));
    let name = &pod.name;
    if !pod.ready {
        return late.then(|| (Verdict::Ineffective, format!("{name}, which came in its place, {place}, is not ready")));
    }
    let windows = sight.window.saturating_add(sight.window);
    if !late && pod.ready_since.is_some_and(|since| sight.now.duration_since(since) < windows) {
        return None;
    }
    let node = eviction.map(|eviction| eviction.node.as_str()).filter(|node| is_left(sight, record, node));
    if node.is_some() && pod.node.as_deref() == node {
        let words = format!("{name} came in its place on the same node, in spite of the taint");
        return Some((Verdict::Ineffective, words));
    }
    if sight.recovered(record) {
        let words = format!("{name} serves in its place, {place}, and no objective burns any more");
        return Some((Verdict::Effective, words));
    }
    match Population::join(sight.workload, sight.signals, sight.now) {
        Ok(pods) if cause::odd(&pods).iter().any(|(member, _)| member.name == *name) => {
            Some((Verdict::Ineffective, format!("{name}, which came in its place, {place}, is as sick")))
        }
        Ok(_) => {
            let (verdict, words) = match compare(record, sight) {
                // The other pods of that node go on failing until they are moved too.
                (Verdict::Ineffective, _) if node.is_some() => {
                    (Verdict::Effective, "the rest of the node's pods are still to be moved".to_owned())
                }
                other => other,
            };
            Some((verdict, format!("{name} came in its place, {place}, and is no worse than the others; {words}")))
        }
        Err(why) => Some((Verdict::Inconclusive, format!("{name} came in its place, {place}; {why}"))),
    }
}

/// The first move off a node that is avoided, before it is due: what came in its place is ready elsewhere, no sicker than the
/// others, and by its own events alone better than the pods that are left on the node, by the test that blamed these. Their events
/// are of the whole window, so that the danger has to be seen beyond the move as well.
fn first_of_a_node(record: &ActionRecord, sight: Sight<'_>) -> Option<(Verdict, String)> {
    let evictions = &sight.moved?.evictions;
    let eviction = evictions.iter().find(|one| one.action == record.id)?;
    let node = &eviction.node;
    let avoided = sight.avoidance?.standing().filter(|avoided| avoided.node == *node)?;
    let before = |one: &Eviction| one.node == *node && avoided.at.0 <= one.at.0 && one.at.0 < eviction.at.0;
    let is_first = avoided.at.0 <= eviction.at.0 && !evictions.iter().any(before);
    let is_gone = sight.workload.pod(&record.target.uid).is_none();
    let pod = sight.workload.pod(&eviction.landed.as_ref()?.uid).filter(|pod| pod.ready && !pod.terminating)?;
    let place = pod.node.as_ref().filter(|place| *place != node)?;
    let pods = Population::join(sight.workload, sight.signals, sight.now).ok()?;
    let helped = is_first
        && is_gone
        && sight.lasts_beyond(record.intended_at.0)
        && !is_faster(record, sight)
        && cause::is_told_from(&pods, &pod.name, node);
    let words = format!(
        "{} came in its place on node {place}, and is better than the pods that are left on node {node}, which are still to be \
         moved",
        pod.name
    );
    helped.then_some((Verdict::Effective, words))
}

/// The budget is spent much faster than when it was intended, or nobody can tell.
fn is_faster(record: &ActionRecord, sight: Sight<'_>) -> bool {
    // Reading back cannot fail: what is not there is unknown.
    let noted: Snapshot = record.evidence.parse().unwrap_or_default();
    let paces = noted.pace.zip(sight.health.pace).filter(|_| sight.sees_all());
    paces.is_none_or(|(was, is)| is >= was * ROSE)
}

/// What came in its place landed on the node it was moved from.
pub(super) fn came_back(record: &ActionRecord, sight: Sight<'_>) -> bool {
    let eviction = sight.moved.and_then(|moved| moved.evictions.iter().find(|one| one.action == record.id));
    eviction.is_some_and(|one| one.landed.as_ref().and_then(|landed| landed.node.as_ref()) == Some(&one.node))
}

/// The pod was one of a node that was avoided then.
fn is_left(sight: Sight<'_>, record: &ActionRecord, node: &str) -> bool {
    let known = sight.avoidance.iter().flat_map(|known| &known.nodes);
    let then = |avoided: &AvoidedNode| {
        avoided.node == node && avoided.at.0 <= record.intended_at.0 && record.intended_at.0 < avoided.until.0
    };
    known.into_iter().any(then)
}
