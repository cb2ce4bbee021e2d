//! Whether moving a pod did what was expected of it: another pod is ready in its place, it is no worse than the others, and
//! the budget is spent more slowly.
//!
//! The new pod is judged when it has served for two windows, even where it took longer to start than was expected; but not
//! for ever.

use k8s_openapi::jiff::SignedDuration;

use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::decide::cause::{self, population::Population};

use super::{Sight, compare};

/// Longer than this after its intent nothing is waited for.
const LONGEST: SignedDuration = SignedDuration::from_mins(15);

pub(super) fn moved(record: &ActionRecord, sight: Sight<'_>) -> Option<(Verdict, String)> {
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
    if sight.recovered(record) {
        let words = format!("{name} serves in its place, {place}, and no objective burns any more");
        return Some((Verdict::Effective, words));
    }
    match Population::join(sight.workload, sight.signals, sight.now) {
        Ok(pods) if cause::odd(&pods).iter().any(|(member, _)| member.name == *name) => {
            Some((Verdict::Ineffective, format!("{name}, which came in its place, {place}, is as sick")))
        }
        Ok(_) => {
            let (verdict, words) = compare(record, sight);
            Some((verdict, format!("{name} came in its place, {place}, and is no worse than the others; {words}")))
        }
        Err(why) => Some((Verdict::Inconclusive, format!("{name} came in its place, {place}; {why}"))),
    }
}
