//! Whether an action helped: its hypothesis against what is seen by its deadline.
//!
//! Two things are judged apart: whether the floor took effect (the target's `spec.replicas` reached it, and the pods are
//! ready) and whether the objective recovered. Missing data makes a verdict inconclusive, never good or bad. An HPA has no
//! generation and its conditions say nothing reliable about a floor, so the effect itself is looked at.

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Verb, Verdict};
use crate::sense::workload::WorkloadObservation;

use super::evidence::Snapshot;
use super::health::{Danger, Health};

/// The pace fell to this part or less: it helped.
const FELL: f64 = 0.75;
/// The pace rose to this multiple or more: it became worse.
const ROSE: f64 = 2.0;
/// More load than this multiple explains a worse pace without the action.
const MORE_LOAD: f64 = 1.2;

/// What verdicts rest on.
#[derive(Clone, Copy, Debug)]
pub struct Sight<'a> {
    /// The workload now.
    pub workload: &'a WorkloadObservation,
    /// The health now.
    pub health: &'a Health,
    /// The account is recent enough to judge by.
    pub fresh: bool,
    /// Slots before this instant are in the account.
    pub measured_through: Timestamp,
    /// The present time.
    pub now: Timestamp,
}

/// Judges every action that is done and due; returns by how much the episode's count of ineffective raises grows.
pub fn judge(actions: &mut [ActionRecord], sight: Sight<'_>) -> i32 {
    let mut ineffective = 0;
    for record in actions.iter_mut().filter(|record| record.phase == ActionPhase::Done && record.verdict.is_none()) {
        let Some((verdict, why)) = verdict(record, sight) else { continue };
        let after = Snapshot::of(sight.health, sight.workload.ready_pods()).to_string();
        let after = after.strip_prefix("before: ").unwrap_or(&after);
        record.evidence = format!("{}; after: {after}; {why}", record.evidence);
        record.verdict = Some(verdict);
        ineffective += match (record.verb, verdict) {
            (Verb::RaiseFloor, Verdict::Ineffective) => 1,
            // One harmful raise is enough to stop.
            (Verb::RaiseFloor, Verdict::Harmful) => 2,
            _ => 0,
        };
    }
    ineffective
}

fn verdict(record: &ActionRecord, sight: Sight<'_>) -> Option<(Verdict, String)> {
    let due = sight.now >= record.deadline.0;
    match record.verb {
        Verb::RaiseFloor => raise(record, sight, due),
        Verb::FreezeScaleDown => due.then(|| applied(record.to, sight)),
        Verb::LowerFloor | Verb::Restore => due.then(|| reduction(sight)),
    }
}

fn applied(to: i32, sight: Sight<'_>) -> (Verdict, String) {
    let replicas = sight.workload.spec_replicas;
    let verdict = if replicas >= to { Verdict::Effective } else { Verdict::Ineffective };
    (verdict, format!("{replicas} replicas are wanted, the floor was {to}"))
}

fn reduction(sight: Sight<'_>) -> (Verdict, String) {
    if sight.health.danger > Danger::None {
        (Verdict::Harmful, "the objective is in danger since".into())
    } else if sight.fresh && sight.health.all_seen {
        (Verdict::Effective, "the objectives stayed safe".into())
    } else {
        (Verdict::Inconclusive, "not all objectives are seen".into())
    }
}

fn raise(record: &ActionRecord, sight: Sight<'_>, due: bool) -> Option<(Verdict, String)> {
    let (wanted, ready) = (sight.workload.spec_replicas, sight.workload.ready_pods());
    let took_effect = wanted >= record.to && ready >= record.to;
    let seen = sight.fresh && sight.health.all_seen;
    let recovered = seen && sight.health.danger < Danger::Burning && sight.measured_through > record.intended_at.0;
    if took_effect && recovered {
        return Some((Verdict::Effective, "no objective burns any more".into()));
    }
    if !due {
        return None;
    }
    if wanted < record.to {
        return Some((Verdict::Ineffective, format!("only {wanted} replicas are wanted by the deadline")));
    }
    if ready < record.to {
        let unplaced = sight.workload.unplaced_pods();
        return Some((
            Verdict::Ineffective,
            format!("only {ready} pods are ready by the deadline, {unplaced} unplaced"),
        ));
    }
    Some(compare(record, sight, seen))
}

fn compare(record: &ActionRecord, sight: Sight<'_>, seen: bool) -> (Verdict, String) {
    // Reading back cannot fail: what is not there is unknown.
    let before: Snapshot = record.evidence.parse().unwrap_or_default();
    let (Some(was), Some(is), true) = (before.pace, sight.health.pace, seen) else {
        return (Verdict::Inconclusive, "the pace before or after is unknown".into());
    };
    let more_load = match (before.rate, sight.health.rate) {
        (Some(was), Some(is)) => is > was * MORE_LOAD,
        _ => true,
    };
    if is <= was * FELL {
        (Verdict::Effective, "the budget is spent more slowly".into())
    } else if is >= was * ROSE && more_load {
        (Verdict::Inconclusive, "it became worse, but the load rose too".into())
    } else if is >= was * ROSE {
        (Verdict::Harmful, "the budget is spent much faster under the same load".into())
    } else {
        (Verdict::Ineffective, "the budget is spent as fast as before".into())
    }
}
