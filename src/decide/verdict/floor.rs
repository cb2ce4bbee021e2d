//! Whether a floor did what was expected of it.
//!
//! An HPA has no generation and its conditions say nothing reliable about a floor, so the effect itself is looked at: the
//! target's `spec.replicas` reached it, and the pods are ready.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionRecord, Verdict};
use crate::decide::danger::evidence::Snapshot;
use crate::decide::danger::health::Danger;
use crate::decide::held::moved;

use super::{Sight, compare, paces};

/// More load than this multiple is no chance: it may be why it is worse.
const GREW: f64 = 1.05;

/// So much of what was added went to more load: nothing can be said of what it did.
const USED_UP: f64 = 0.5;

/// The replicas stay wanted.
pub(super) fn freeze(record: &ActionRecord, sight: Sight<'_>) -> (Verdict, String) {
    let (replicas, to) = (sight.workload.spec_replicas, record.to.unwrap_or_default());
    let verdict = if replicas >= to { Verdict::Effective } else { Verdict::Ineffective };
    (verdict, format!("{replicas} replicas are wanted, the floor was {to}"))
}

/// The objectives stay safe.
pub(super) fn reduction(sight: Sight<'_>) -> (Verdict, String) {
    if sight.health.danger > Danger::None {
        (Verdict::Harmful, "the objective is in danger since".into())
    } else if sight.sees_all() {
        (Verdict::Effective, "the objectives stayed safe".into())
    } else {
        (Verdict::Inconclusive, "not all objectives are seen".into())
    }
}

/// The objectives stay safe for a while. A danger is no sooner over if it is waited for.
pub(super) fn let_go(sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let endangered = sight.fresh && sight.health.danger > Danger::None;
    (due || endangered).then(|| reduction(sight))
}

/// Where the danger goes on, it is at least no worse than with the replicas that did harm.
pub(super) fn taken_back(record: &ActionRecord, sight: Sight<'_>) -> (Verdict, String) {
    if sight.health.danger > Danger::None { compare(record, sight) } else { reduction(sight) }
}

/// The replicas that were added while nothing hung on them yet are ready.
pub(super) fn added(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let (wanted, ready, to) = (sight.workload.spec_replicas, sight.workload.ready_pods(), record.to?);
    if wanted >= to && ready >= to {
        return Some((Verdict::Effective, format!("{ready} pods are ready")));
    }
    due.then(|| {
        let unplaced = sight.workload.unplaced_pods();
        let words = format!("only {ready} of {to} pods are ready by the deadline, {unplaced} unplaced");
        (Verdict::Ineffective, words)
    })
}

/// The replicas that were added for pods to be moved are ready. Where not all are by the deadline, some pods may go all the same.
pub(super) fn surged(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let (verdict, words) = added(record, sight, due)?;
    let wanted = record.to?.saturating_sub(moved::surges_of(sight.moved, record));
    let before: Snapshot = record.evidence.parse().unwrap_or_default();
    // A pod that is to go, and was not ready itself, makes none of those that were added unready.
    let without = before.ready.map_or(wanted, |ready| ready.min(wanted));
    let some = verdict == Verdict::Ineffective && sight.workload.ready_pods() > without;
    Some((if some { Verdict::Inconclusive } else { verdict }, words))
}

/// The pods are ready, and the objective recovers.
pub(super) fn raise(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let (wanted, ready) = (sight.workload.spec_replicas, sight.workload.ready_pods());
    let to = record.to?;
    if wanted >= to && ready >= to && sight.recovered(record) {
        return Some((Verdict::Effective, "no objective burns any more".into()));
    }
    if wanted >= to && ready >= to && sight.is_well_since(record) {
        return Some((Verdict::Effective, "what is bad since then is within what is allowed".into()));
    }
    if !due {
        return None;
    }
    if wanted < to {
        return Some((Verdict::Ineffective, format!("only {wanted} replicas are wanted by the deadline")));
    }
    if ready < to {
        let unplaced = sight.workload.unplaced_pods();
        return Some((
            Verdict::Ineffective,
            format!("only {ready} pods are ready by the deadline, {unplaced} unplaced"),
        ));
    }
    Some(match compare(record, sight) {
        (Verdict::Ineffective, _) if is_used_up(record, sight) => (
            Verdict::Inconclusive,
            "the budget is spent as fast as before, but more load took up what was added".into(),
        ),
        (Verdict::Harmful, _) if grew(record, sight) => {
            (Verdict::Inconclusive, "it became worse, but the load rose too".into())
        }
        (Verdict::Harmful, _) if served(sight) < to => (
            Verdict::Inconclusive,
            "it became worse, but not all of the pods were ready for long enough to be the reason".into(),
        ),
        judged => judged,
    })
}

/// More was asked for than before, or nobody knows. Replicas are taken away for harm that they did, and near its limit a service
/// becomes much worse by little more load: so a smaller growth explains it than of what adds no replicas.
fn grew(record: &ActionRecord, sight: Sight<'_>) -> bool {
    let rates = paces(record, sight).and_then(|(was, is)| was.rate.zip(is.rate));
    rates.is_none_or(|(was, is)| is > was * GREW)
}

/// The pods that were ready for all of the last slot: for half of what is compared, where slots are not very short.
fn served(sight: Sight<'_>) -> i32 {
    let slot = sight.measured_through.saturating_sub(sight.slot).unwrap_or(Timestamp::MIN);
    let pods = sight.workload.pods.iter().filter(|pod| pod.ready && !pod.terminating);
    let since = pods.filter(|pod| pod.ready_since.is_some_and(|since| since <= slot));
    i32::try_from(since.count()).unwrap_or(i32::MAX)
}

/// The load grew by half of what the pods did, or more: then there was little more for each request than before.
fn is_used_up(record: &ActionRecord, sight: Sight<'_>) -> bool {
    let before: Snapshot = record.evidence.parse().unwrap_or_default();
    let pods =
        before.ready.filter(|ready| *ready > 0).map(|was| f64::from(sight.workload.ready_pods()) / f64::from(was));
    let load = paces(record, sight).and_then(|(was, is)| Some(is.rate? / was.rate.filter(|rate| *rate > 0.0)?));
    load.zip(pods).is_some_and(|(load, pods)| load > 1.0 && load - 1.0 >= USED_UP * (pods - 1.0))
}
