//! Keeping pods off a node concerns everybody who uses the cluster: only where the agreement allows it, one node at a time and
//! each once a day, few of all nodes, softly and for a time, and never against what a person did there.
//!
//! More than three quarters of a cluster's nodes were once cordoned by what was to help them, and nothing could be rolled out
//! any more (planetlabs/draino issue 89). So nothing is cordoned, and all taints of this key count, by whose hand ever.

use std::collections::BTreeSet;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::AVOID_KEY;
use crate::api::avoidance_status::{AvoidanceEnd, AvoidedNode};
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::timing::DAY;
use crate::sense::workload::NodeObservation;

use super::Hold;

/// Of all nodes one in so many may be avoided at once, and one in any case.
pub const ONE_IN: usize = 20;

/// How long the operator waits after a write to a node was refused.
pub const AFTER_REFUSAL: SignedDuration = SignedDuration::from_mins(1);

/// What keeps the scheduler from a node already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steered {
    /// Somebody cordoned it.
    Cordoned,
    /// It has a taint of the operator's key, for this agreement or another; since when, if the node says so.
    Tainted(Option<Timestamp>),
}

/// What keeps the scheduler from this node. `None`: nothing does, or it is not known.
pub(super) fn steered(facts: &Facts<'_>, node: &str) -> Option<Steered> {
    let node = facts.situation.nodes.named(node)?;
    if node.unschedulable {
        return Some(Steered::Cordoned);
    }
    node.avoided().map(|_| Steered::Tainted(node.record().map(|record| record.at.0)))
}

pub(super) fn allowed(_: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let reschedule = facts.situation.enforcement.reschedule.as_ref();
    reschedule.is_none_or(|reschedule| reschedule.avoid_node.is_none()).then(|| {
        let message = "enforcement.reschedule.avoidNode is left out, so the operator keeps nothing off a node";
        Hold::new("AvoidNodeNotAllowed", message)
    })
}

/// All nodes were read: otherwise nobody knows how many are avoided.
pub(super) fn counted(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let why = facts.situation.nodes.all.as_ref().err()?;
    let message = format!(
        "how many nodes there are, and how many of them are avoided, is not known ({why}), so node {} is not; the chart grants \
         it with rbac.avoidNode=true",
        step.target.name
    );
    Some(Hold::new("NodesUnreadable", message))
}

/// This agreement has no other node avoided, and nobody else is about to have this one.
pub(super) fn alone(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let name = &step.target.name;
    let open = |phase| matches!(phase, ActionPhase::Intended | ActionPhase::Unknown);
    let waits = facts.actions.iter().find(|record| record.verb == Verb::AvoidNode && open(record.phase));
    if let Some(record) = waits {
        let message = format!("whether node {} is avoided is not known yet; it is looked at again", record.target.name);
        return Some(Hold::new("AwaitingVerdict", message));
    }
    if let Some(other) = facts.avoided().filter(|avoided| avoided.action != step.id) {
        let message =
            format!("node {} is avoided until {} for this agreement; one at a time", other.node, other.until.0);
        return Some(Hold::new("AnotherNodeAvoided", message).until(other.until.0));
    }
    let by_other = facts.situation.fleet.avoided.iter().any(|other| other.node == *name && facts.now() < other.until);
    by_other.then(|| Hold::new("AvoidedByOther", format!("another agreement is about to have node {name} avoided")))
}

/// The API server does not refuse it just now: somebody wrote the node meanwhile, or the right is missing.
pub(super) fn unhindered(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let of_it = |verb: Verb, uid: &str| verb == Verb::AvoidNode && *uid == step.target.uid;
    let last = facts.actions.iter().find(|record| of_it(record.verb, &record.target.uid))?;
    let until = last.intended_at.0.saturating_add(AFTER_REFUSAL).ok()?;
    (last.phase == ActionPhase::Refused && facts.now() < until).then(|| {
        let message =
            format!("node {} was not written: {}; tried again from {until} on", last.target.name, last.outcome);
        Hold::new("AvoidanceRefused", message).until(until)
    })
}

fn earlier<'a>(step: &'a Step, facts: &'a Facts<'_>) -> impl Iterator<Item = &'a AvoidedNode> {
    let known = facts.avoidance.iter().flat_map(|known| &known.nodes);
    let young = |avoided: &&AvoidedNode| facts.now().duration_since(avoided.at.0) < DAY;
    known.filter(|avoided| avoided.action != step.id).filter(young)
}

/// Nobody took the taint away: whoever did wants pods there.
pub(super) fn respected(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let by_others = |avoided: &&AvoidedNode| avoided.ended == Some(AvoidanceEnd::RemovedByOthers);
    let removed = earlier(step, facts).filter(by_others).find(|avoided| avoided.uid == step.target.uid)?;
    let (node, at) = (&removed.node, removed.at.0);
    let message = format!(
        "somebody took the taint {AVOID_KEY} from node {node}, where it stood since {at}, so it is not put back; if the node is \
         to be left, cordon it (`kubectl cordon {node}`)"
    );
    Some(Hold::new("ConflictingManager", message))
}

/// A node that falls ill again is for a person to look at.
pub(super) fn not_before(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let before = earlier(step, facts).find(|avoided| avoided.uid == step.target.uid)?;
    let message = format!(
        "node {} was avoided within 24 hours already, from {} on, and its pods fail again; look at it, cordon it, and move them",
        before.node, before.at.0
    );
    Some(Hold::new("NodeAvoidedBefore", message))
}

/// Counted by the status, so that a restart does not begin a new day.
pub(super) fn within_budget(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let allowed = facts.situation.enforcement.reschedule.as_ref()?.avoid_node.as_ref()?.per_day;
    let done: Vec<Timestamp> = earlier(step, facts).map(|avoided| avoided.at.0).collect();
    let count = i32::try_from(done.len()).unwrap_or(i32::MAX);
    let until = done.iter().min()?.saturating_add(DAY).ok()?;
    (count >= allowed).then(|| {
        let message = format!(
            "{count} nodes avoided within 24 hours are all that enforcement.reschedule.avoidNode.perDay allows"
        );
        Hold::new("AvoidanceBudget", message).until(until)
    })
}

/// Few of all nodes are avoided, over all agreements.
pub(super) fn few(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (nodes, fleet) = (facts.situation.nodes, facts.situation.fleet);
    let there = nodes.known.iter().filter(|node| node.avoided().is_some()).map(|node| node.name.as_str());
    let others = fleet.avoided.iter().filter(|other| facts.now() < other.until).map(|other| other.node.as_str());
    let avoided: BTreeSet<&str> = there.chain(others).filter(|name| *name != step.target.name).collect();
    let all = *nodes.all.as_ref().ok()?;
    let most = (all / ONE_IN).max(1);
    (avoided.len() >= most).then(|| {
        let names = avoided.iter().take(5).copied().collect::<Vec<_>>().join(", ");
        let message = format!(
            "{} of {all} nodes are avoided ({names}), and no more than {most} may be; look at them, or remove what is left of \
             it (`kubectl taint nodes NODE {AVOID_KEY}-`)",
            avoided.len()
        );
        Hold::new("AvoidanceLimit", message)
    })
}

/// What is moved can land elsewhere: on another node that takes pods, and of which a pod of the workload shows that it is
/// within reach of its selectors and tolerations.
pub(super) fn reachable(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let (name, nodes) = (&step.target.name, facts.situation.nodes);
    // A taint that came after the pod keeps its successor off.
    let takes = |node: &NodeObservation| {
        let mut pods = facts.workload.pods.iter().filter(|pod| pod.ready && !pod.terminating);
        pods.any(|pod| pod.node.as_deref() == Some(node.name.as_str()) && node.is_open_to(&pod.tolerated))
    };
    let elsewhere = nodes.known.iter().any(|node| node.name != *name && takes(node));
    (!elsewhere).then(|| {
        let message = format!(
            "no other node on which pods of the workload are ready takes new ones, so what is moved from node {name} would come \
             back; add nodes, or uncordon some"
        );
        Hold::new("NoOtherNode", message)
    })
}
