//! How many pods of a node that is avoided go together.
//!
//! One pod at a time is right where nobody knows what is sick: another one in its place tells. Of a node it is known, as its pods
//! fail beside others under the same load, and new ones stay off it. So as many replicas are added as pods are to go, and when
//! they are ready elsewhere and none of them is sick, those pods go together: as many serve then as before. Few of all
//! agreements go in a short time all the same, and what came of them is judged before the next ones.

use crate::api::enforcement_status::ActionRecord;
use crate::sense::workload::PodObservation;

use super::cause::{self, population::Population};
use super::facts::Facts;
use super::guard;
use super::plan::{Plan, Proposed, Step};
use super::reschedule;

/// The pods that go together with this one, itself first: those of its node, if that is avoided, that are seen to be as sick and
/// may go each by itself, as many as may go just now.
pub(super) fn pods<'a>(
    facts: &'a Facts<'_>,
    first: &'a PodObservation,
    suspects: &[String],
) -> Vec<&'a PodObservation> {
    let seen = left(facts, first);
    let is_sick = |pod: &&PodObservation| {
        pod.node == first.node && seen.as_ref().is_some_and(|(node, pods)| cause::is_seen_sick(pods, &pod.name, node))
    };
    let others = suspects.iter().filter_map(|name| reschedule::serving(facts, name));
    let others = others.filter(|pod| pod.uid != first.uid).filter(is_sick);
    // No replica is added for one that would not go.
    let may_go = others.filter(|pod| guard::review_to_come(&reschedule::evict(facts, pod), facts).is_ok());
    std::iter::once(first).chain(may_go).take(guard::evictions_left(facts).max(1)).collect()
}

/// The evictions of this pod and of those that may go with it: no more than replicas were added for them.
pub(super) fn together(
    facts: &Facts<'_>,
    first: &PodObservation,
    suspects: &[String],
    surge: &ActionRecord,
) -> Plan<Proposed> {
    let pods = pods(facts, first, suspects).into_iter().take(added(facts, surge));
    let mut steps: Vec<Step> = pods.flat_map(|pod| reschedule::evict(facts, pod).steps).collect();
    if let number @ 2.. = steps.len() {
        let (node, endangered) = (first.node.as_deref().unwrap_or_default(), facts.health.endangered.join(", "));
        for step in &mut steps {
            step.reason = format!(
                "{endangered} in danger through node {node}; {number} of its pods go together, and as many others serve as \
                 before"
            );
        }
    }
    Plan::of_steps(&facts.situation.agreement.namespace, steps)
}

/// The pods beside those of this one's node that are as sick, if that node is avoided: then it is not the node alone.
pub(super) fn sick_elsewhere<'a>(facts: &'a Facts<'_>, pod: &PodObservation) -> Vec<&'a PodObservation> {
    let Some((node, pods)) = left(facts, pod) else { return Vec::new() };
    let others = facts.workload.pods.iter().filter(|other| !other.terminating && other.node.as_deref() != Some(node));
    others.filter(|other| cause::is_seen_sick(&pods, &other.name, node)).collect()
}

/// The node of this pod, if it is avoided, and what is seen of all pods.
fn left<'a>(facts: &Facts<'_>, pod: &'a PodObservation) -> Option<(&'a str, Population)> {
    let node = pod.node.as_deref().filter(|node| guard::steered(facts, node).is_some())?;
    Some((node, Population::of(facts).ok()?))
}

/// So many replicas were added then. Where that is not known any more, one.
fn added(facts: &Facts<'_>, surge: &ActionRecord) -> usize {
    let surges = facts.moved.iter().flat_map(|moved| &moved.surges);
    surges.filter(|at| **at == surge.intended_at).count().max(1)
}
