//! The view over all services the operator looks after: since when each of them burns, and what was done lately for each that
//! counts for all.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::cpu_target::CpuTargetStatus;
use crate::api::enforcement_status::Verb;
use crate::api::owned_replicas::OwnedReplicas;
use crate::api::resize_status::ResizeStatus;
use crate::api::rollout_status::RolloutStatus;
use crate::api::shed::ShedStatus;
use crate::decide::capacity::scarcity::FleetBid;

use super::upstream::Upstream;

/// Beginnings this near to each other are taken for one event.
const TOGETHER: SignedDuration = SignedDuration::from_mins(5);

/// The services that burn together, of all that are looked after, in percent, from which on the cause lies outside of
/// each.
pub const SHARE_PERCENT: usize = 30;
/// And so many at least.
pub const FEWEST: usize = 3;

/// The services of all agreements, those of one workload counted once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FleetView {
    /// How many services there are.
    pub services: usize,
    /// Since when those burn that do, in any order; the own one among them.
    pub burning_since: Vec<Timestamp>,
    /// Since when the own one burns.
    pub own: Option<Timestamp>,
    /// The names of other agreements that are measured and name the own one's workload.
    pub beside: Vec<String>,
    /// The agreements that `spec.service.dependsOn` names.
    pub upstream: Vec<Upstream>,
    /// Pods evicted lately for other agreements than the own one.
    pub evictions: Vec<FleetEviction>,
    /// What other agreements than the own one bid for more replicas.
    pub bids: Vec<FleetBid>,
    /// Nodes avoided for other agreements than the own one.
    pub avoided: Vec<FleetAvoidance>,
    /// Rollouts paused, revisions undone, load shed, pods resized, replicas let go and CPU targets set lately for other agreements
    /// than the own one.
    pub acts: Vec<FleetAct>,
}

/// A node that is avoided for another agreement, or may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetAvoidance {
    /// The node.
    pub node: String,
    /// Until when at the latest.
    pub until: Timestamp,
}

/// A pod that was evicted for another agreement, or may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetEviction {
    /// The node it was on.
    pub node: String,
    /// When it was intended.
    pub at: Timestamp,
}

/// What was done for one agreement, or may have been, and counts for all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetAct {
    /// `PauseRollout`, `RollBack`, `Shed`, `Resize`, `ScaleDown` or `SetTarget`.
    pub verb: Verb,
    /// The agreement, with its namespace: `shop/checkout`.
    pub agreement: String,
    /// When it was intended.
    pub at: Timestamp,
    /// The name of a pod that was resized.
    pub pod: Option<String>,
    /// Its node, if it was known.
    pub node: Option<String>,
    /// By how much more its limit rose than what it requests, in thousandths of a core.
    pub unrequested: i64,
}

/// What of the status of an agreement counts for all, as far as it was done after `since`.
#[must_use]
pub fn acts(
    agreement: &str,
    since: Timestamp,
    rollout: Option<&RolloutStatus>,
    shed: Option<&ShedStatus>,
    resized: Option<&ResizeStatus>,
    owned: Option<&OwnedReplicas>,
    cpu_target: Option<&CpuTargetStatus>,
) -> Vec<FleetAct> {
    let act = |verb, at| FleetAct { verb, agreement: agreement.to_owned(), at, pod: None, node: None, unrequested: 0 };
    let counts = |at: &Time| at.0 > since;
    let back = rollout.into_iter().flat_map(|rollout| &rollout.rollbacks).filter(|at| counts(at));
    let undone = back.map(|at| act(Verb::RollBack, at.0));
    let stopped = rollout.into_iter().flat_map(|rollout| &rollout.pauses).filter(|at| counts(at));
    let paused = stopped.map(|at| act(Verb::PauseRollout, at.0));
    let turns = shed.into_iter().flat_map(|shed| &shed.turns).filter(|turn| counts(&turn.at));
    let shed = turns.map(|turn| act(Verb::Shed, turn.at.0));
    let raised = resized.into_iter().flat_map(|resized| &resized.raised).filter(|raised| counts(&raised.at));
    let resized = raised.map(|raised| FleetAct {
        pod: Some(raised.pod.clone()),
        node: raised.node.clone(),
        unrequested: raised.unrequested.into(),
        ..act(Verb::Resize, raised.at.0)
    });
    let steps = owned.into_iter().flat_map(|owned| &owned.steps).filter(|step| counts(&step.at));
    let let_go = steps.map(|step| act(Verb::ScaleDown, step.at.0));
    let set = cpu_target.into_iter().flat_map(|target| &target.steps).filter(|step| counts(&step.at));
    let set = set.map(|step| act(Verb::SetTarget, step.at.0));
    undone.chain(paused).chain(shed).chain(resized).chain(let_go).chain(set).collect()
}

impl FleetView {
    /// Whether so many services began to burn together that the cause lies outside of each.
    #[must_use]
    pub fn burns_as_one(&self) -> bool {
        self.is_common(self.burning_together())
    }

    /// How many services began to burn together after `since`, where the cause lies outside of each, whether or not the own one is
    /// among them.
    #[must_use]
    pub fn common_cause(&self, since: Timestamp) -> Option<usize> {
        Some(self.most_together(|from| from > since)).filter(|together| self.is_common(*together))
    }

    fn is_common(&self, together: usize) -> bool {
        together >= FEWEST && together.saturating_mul(100) >= self.services.saturating_mul(SHARE_PERCENT)
    }

    /// The most services that began to burn within five minutes of each other, the own one among them. None while the
    /// own one does not burn.
    #[must_use]
    pub fn burning_together(&self) -> usize {
        self.own.map_or(0, |own| self.most_together(|from| is_within(from, own)))
    }

    /// The most services that began to burn within five minutes, which began at such an instant.
    fn most_together(&self, begins: impl Fn(Timestamp) -> bool) -> usize {
        let starts = self.burning_since.iter().filter(|from| begins(**from));
        let counts = starts.map(|from| self.burning_since.iter().filter(|at| is_within(*from, **at)).count());
        counts.max().unwrap_or(0)
    }
}

/// The instant lies in the five minutes that began then.
fn is_within(from: Timestamp, at: Timestamp) -> bool {
    let since = at.duration_since(from);
    SignedDuration::ZERO <= since && since <= TOGETHER
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn services_burn_together_that_began_within_five_minutes() {
        let cases: [(&[i64], Option<i64>, usize); 6] = [
            (&[], None, 0),
            (&[100, 110, 120], None, 0),
            (&[100], Some(100), 1),
            (&[100, 250, 400], Some(250), 3),
            // Five minutes, not five before and five after.
            (&[0, 250, 500], Some(250), 2),
            (&[0, 10, 20, 10_000], Some(10_000), 1),
        ];
        for (since, own, together) in cases {
            let burning_since = since.iter().copied().map(at).collect();
            let view = FleetView { services: 10, burning_since, own: own.map(at), ..FleetView::default() };
            assert_eq!(view.burning_together(), together, "{view:?}");
        }
    }

    #[test]
    fn that_many_burn_as_one_is_told_to_those_that_do_not_burn_too() {
        let cases: [(&[i64], usize, Option<usize>); 6] = [
            (&[], 0, None),
            (&[100, 110], 2, None),
            (&[100, 110, 120], 10, Some(3)),
            // Less than 30 %.
            (&[100, 110, 120], 11, None),
            (&[0, 250, 500], 3, None),
            (&[0, 250, 260, 270, 10_000], 10, Some(4)),
        ];
        for (since, services, together) in cases {
            let burning_since = since.iter().copied().map(at).collect();
            let view = FleetView { services, burning_since, ..FleetView::default() };
            assert_eq!((view.common_cause(at(-1)), view.burns_as_one()), (together, false), "{view:?}");
            assert_eq!(view.common_cause(at(10_000)), None, "none of them began after that");
        }
    }
}
