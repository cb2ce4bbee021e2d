//! A node whose pods fail: they belong elsewhere. The floor is held and the node named. Where the agreement allows it, the node
//! is avoided and its pods are moved; otherwise nothing steers what is evicted away from it, and it may come back.

use crate::api::diagnosis::{CauseKind, Subject};
use crate::decide::situation::facts::Facts;

use super::comparison::{FEWEST_EVENTS, Sample, worse};
use super::outlier::{RATIO, group};
use super::population::{Member, Population, sum};
use super::{Answer, Cause, Look, Remedy, endangered, evidence, told};

pub(super) fn ask(look: &Look<'_>) -> Answer {
    let pods = look.pods.as_ref().map_err(Clone::clone)?;
    let found = group(pods, "nodes", |member| member.node.as_ref(), |member| Some(&member.name))?;
    let name = &found.name;
    let reschedule = look.facts.situation.enforcement.reschedule.as_ref();
    let avoidable = reschedule.is_some_and(|reschedule| reschedule.avoid_node.is_some());
    let steering = match reschedule {
        Some(_) if !avoidable => {
            "; none of them is evicted, as it could come back: enforcement.reschedule.avoidNode, which steers it elsewhere, is \
             left out"
        }
        _ => "",
    };
    Ok(Cause {
        kind: CauseKind::OutlierNode,
        message: format!(
            "{} in danger through node {name}: {} on its {} pods, elsewhere {}; look at the node, cordon it and move \
             them; more replicas would leave them there, so the floor is held{steering}",
            endangered(look),
            told(found.sample),
            found.pods.len(),
            told(found.rest)
        ),
        remedy: if avoidable {
            Remedy::Leave { node: name.clone(), pods: found.pods.clone() }
        } else {
            Remedy::KeepFloor
        },
        evidence: vec![
            evidence(Subject::Node, name, found.sample, Some(found.z)),
            evidence(Subject::Rest, "all other pods", found.rest, None),
        ],
        would_change: format!("the pods of node {name} get as good as the others, or the others as bad"),
    })
}

/// The pods that are on a node are seen, and no worse than the others. `false` also where nobody can tell.
#[must_use]
pub fn is_well(facts: &Facts<'_>, node: &str) -> bool {
    let Ok(pods) = Population::of(facts) else { return false };
    let (part, rest) = pods.split(|member| member.node.as_deref() == Some(node));
    let seen = part.total >= FEWEST_EVENTS && rest.total >= FEWEST_EVENTS;
    seen && (part.bad <= 0.0 || part.share() < RATIO * rest.share())
}

/// A pod that came in place of one of a node's is no worse than the pods elsewhere, beyond chance, by enough that it served: one
/// that serves nothing is not well.
#[must_use]
pub fn is_seen_well(pods: &Population, name: &str, node: &str) -> bool {
    let (own, others) = beside_elsewhere(pods, name, node);
    own.total >= FEWEST_EVENTS && worse(own, others, RATIO, pods.comparisons()).is_none()
}

/// A pod is worse than the pods that are not on this node, beyond chance. `false` also where nobody can tell.
#[must_use]
pub fn is_seen_sick(pods: &Population, name: &str, node: &str) -> bool {
    let (own, others) = beside_elsewhere(pods, name, node);
    worse(own, others, RATIO, pods.comparisons()).is_some()
}

/// A pod, and the others that are not on this node.
fn beside_elsewhere(pods: &Population, name: &str, node: &str) -> (Sample, Sample) {
    let others = of(pods, |member| !is_on(member, node) && member.name != name && member.served_throughout);
    (of(pods, |member| member.name == name), others)
}

/// Such a pod is told from those that are left on the node, which are worse than it beyond chance, and is not as sick: by the
/// events of its own life alone, as it has no others.
#[must_use]
pub fn is_told_from(pods: &Population, name: &str, node: &str) -> bool {
    let (own, left) = (of(pods, |member| member.name == name), of(pods, |member| is_on(member, node)));
    worse(left, own, RATIO, pods.comparisons()).is_some() && is_seen_well(pods, name, node)
}

fn of(pods: &Population, belongs: impl Fn(&Member) -> bool) -> Sample {
    let members: Vec<&Member> = pods.members.iter().filter(|member| belongs(member)).collect();
    sum(&members)
}

fn is_on(member: &Member, node: &str) -> bool {
    member.node.as_deref() == Some(node)
}
