//! How many pods of a node that is avoided go together.
//!
//! One pod at a time is right where nobody knows what is sick: another one in its place tells. Of a node it is known, as its pods
//! fail beside others under the same load, and new ones stay off it. So as many replicas are added as pods are to go, and when
//! they are ready off that node and none of them is sick, those pods go together: as many serve then as before. Where not all got
//! ready in time, as many go as did, those first that are not ready themselves. Few of all agreements go in a short time all the
//! same, and what came of them is judged before the next ones.

use crate::decide::cause::population::Population;
use crate::decide::plan::{Plan, Proposed, Step};
use crate::decide::situation::facts::Facts;
use crate::decide::{cause, guard};
use crate::sense::workload::PodObservation;

use super::reschedule;

/// So many pods go together with this one, itself among them: as many of the sick ones as may go just now.
pub(in crate::decide) fn number(facts: &Facts<'_>, first: &PodObservation, suspects: &[String]) -> usize {
    sick(facts, first, suspects).len().min(at_once(facts))
}

/// So many pods may go together just now.
pub(in crate::decide) fn at_once(facts: &Facts<'_>) -> usize {
    guard::evictions_left(facts).max(1)
}

/// This pod, and those of its node, if that is avoided, that are seen to be as sick and may go each by itself.
pub(in crate::decide) fn sick<'a>(
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
    std::iter::once(first).chain(may_go).collect()
}

/// The evictions of these pods, which are of one node where they are several.
pub(in crate::decide) fn together(facts: &Facts<'_>, going: &[&PodObservation]) -> Plan<Proposed> {
    let mut steps: Vec<Step> = going.iter().flat_map(|pod| reschedule::evict(facts, pod).steps).collect();
    if let (number @ 2.., Some(first)) = (steps.len(), going.first()) {
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

/// The first of these pods, which are elsewhere, that is as sick as those of this one's node, if that is avoided: then it is not
/// the node alone.
pub(in crate::decide) fn as_sick<'a>(
    facts: &Facts<'_>,
    pod: &PodObservation,
    mut elsewhere: impl Iterator<Item = &'a PodObservation>,
) -> Option<&'a PodObservation> {
    let (node, pods) = left(facts, pod)?;
    elsewhere.find(|other| cause::is_seen_sick(&pods, &other.name, node))
}

/// So many of the pods that were added do not make up for those that go: they serve on a node that is left, and nobody has seen yet
/// that they are well there.
pub(in crate::decide) fn in_vain<'a>(facts: &Facts<'_>, added: impl Iterator<Item = &'a PodObservation>) -> i32 {
    let on_it = added.filter(|pod| pod.ready).filter_map(|pod| {
        let node = pod.node.as_deref().filter(|node| guard::steered(facts, node).is_some())?;
        Some((pod, node))
    });
    let mut on_it = on_it.peekable();
    if on_it.peek().is_none() {
        return 0;
    }
    let seen = Population::of(facts).ok();
    let is_well = |(pod, node): &(&PodObservation, &str)| {
        seen.as_ref().is_some_and(|pods| cause::is_seen_well(pods, &pod.name, node))
    };
    i32::try_from(on_it.filter(|there| !is_well(there)).count()).unwrap_or(i32::MAX)
}

/// The node of this pod, if it is avoided and the agreement has nodes avoided, and what is seen of all pods.
fn left<'a>(facts: &Facts<'_>, pod: &'a PodObservation) -> Option<(&'a str, Population)> {
    facts.situation.enforcement.reschedule.as_ref()?.avoid_node.as_ref()?;
    let node = pod.node.as_deref().filter(|node| guard::steered(facts, node).is_some())?;
    Some((node, Population::of(facts).ok()?))
}
