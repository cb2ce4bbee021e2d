//! The cluster: over all agreements few rollouts are paused or undone, little load is shed, few pods are resized and few replicas
//! let go or CPU targets set in a short time, and of one node few. Each act by itself looks right, and what so many services are ill with may be
//! what they share: an image all are built on, a proxy beside each, a network. To give back is never held by this.

use std::collections::BTreeMap;

use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::Verb;
use crate::decide::plan::Step;
use crate::decide::situation::facts::Facts;
use crate::decide::situation::fleet::{FleetAct, acts};
use crate::decide::verb::resize::MOST_PODS;
use crate::sense::workload::PodObservation;

use super::Hold;
use super::blast_radius::WITHIN;

/// So many revisions are undone for all agreements within [`WITHIN`]. A release of some services together is still undone at
/// once, and each one replaces every pod of a service. Where ten of a hundred services fail, the cause is not yet called common.
pub const ROLLBACKS: usize = 3;
/// So many rollouts are paused: twice as many, as within a day. That disturbs nobody who is served, and keeps a revision from
/// more pods until it may be undone; it holds up who rolls out.
pub const PAUSES: usize = 6;
/// So many times replicas are let go, or CPU targets set: twice in a minute, so that what a metrics store says wrongly of all services is seen before
/// it has cost many of them a pod.
pub const SCALE_DOWNS: usize = 20;
/// So many times load is shed: it turns users away, and what one service turns away may come to the next one.
pub const SHEDS: usize = 3;
/// So many pods of a node are resized: as many as one agreement may resize in a round. What the others on that node lose by it
/// is seen in their own throttling, some minutes later.
pub const RESIZES_OF_A_NODE: usize = MOST_PODS;
/// So many pods of all nodes: three such rounds.
pub const RESIZES: usize = 3 * MOST_PODS;

/// Few of the kind were done lately.
pub(super) fn few(step: &Step, facts: &Facts<'_>) -> Option<Hold> {
    let of_all = |most, done, why| held(&lately(facts, step.verb), 0, most, done, why);
    match step.verb {
        Verb::RollBack => {
            let why = "what is bad in all of them may be something they share, which no rollback mends";
            of_all(ROLLBACKS, "revisions were undone", why)
        }
        Verb::PauseRollout => {
            let why = "what is bad in all of them may be something they share, which no pause mends";
            of_all(PAUSES, "rollouts were paused", why)
        }
        Verb::Shed => {
            let why = "what one service turns away may come to the next one";
            of_all(SHEDS, "times load was shed", why)
        }
        Verb::ScaleDown | Verb::SetTarget => {
            let (mut all, targets) = (lately(facts, Verb::ScaleDown), lately(facts, Verb::SetTarget));
            all.extend(targets);
            let done = "times replicas were let go or CPU targets were set";
            held(&all, 0, SCALE_DOWNS, done, "what comes of it is looked at first")
        }
        Verb::Resize => few_resizes(facts, facts.workload.pod(&step.target.uid)?, &[]),
        _ => None,
    }
}

/// Few pods are resized, of the node of this one and of all, those that the same plan resizes already among them. One that was
/// resized before is no other pod.
#[must_use]
pub fn few_resizes(facts: &Facts<'_>, pod: &PodObservation, planned: &[Step]) -> Option<Hold> {
    let (own, lately) = (name(facts), lately(facts, Verb::Resize));
    let names: Vec<&str> = planned.iter().map(|step| step.target.name.as_str()).chain([pod.name.as_str()]).collect();
    let again = |act: &FleetAct| act.agreement == own && act.pod.as_deref().is_some_and(|pod| names.contains(&pod));
    let mut pods: BTreeMap<(&str, Option<&str>), &FleetAct> = BTreeMap::new();
    for act in lately.iter().filter(|act| !again(act)) {
        let newest = pods.entry((&act.agreement, act.pod.as_deref())).or_insert(act);
        *newest = if act.at > newest.at { act } else { *newest };
    }
    let all: Vec<FleetAct> = pods.into_values().cloned().collect();
    let is_there = |node: Option<&String>| node.is_some() && node == pod.node.as_ref();
    let of_node: Vec<FleetAct> = all.iter().filter(|act| is_there(act.node.as_ref())).cloned().collect();
    let target = |step: &Step| facts.workload.pod(&step.target.uid).and_then(|pod| pod.node.as_ref());
    let planned_there = planned.iter().filter(|step| is_there(target(step))).count();
    let done = format!("pods of node {} were resized", pod.node.as_deref().unwrap_or_default());
    held(&of_node, planned_there, RESIZES_OF_A_NODE, &done, "what the others there lose by it is looked at first")
        .or_else(|| held(&all, planned.len(), RESIZES, "pods were resized", "what comes of it is looked at first"))
}

/// What was given lately to pods of a node, and does not show in what they request, in thousandths of a core.
#[must_use]
pub fn promised(facts: &Facts<'_>, node: &str) -> i64 {
    let acts = lately(facts, Verb::Resize).into_iter().filter(|act| act.node.as_deref() == Some(node));
    acts.map(|act| act.unrequested.max(0)).fold(0, i64::saturating_add)
}

/// The agreement with its namespace.
fn name(facts: &Facts<'_>) -> String {
    let agreement = facts.situation.agreement;
    format!("{}/{}", agreement.namespace, agreement.name)
}

/// What was done lately for this agreement and the others.
fn lately(facts: &Facts<'_>, verb: Verb) -> Vec<FleetAct> {
    let since = facts.now().saturating_sub(WITHIN).unwrap_or(Timestamp::MIN);
    let (hand, shed, resized) = (facts.hand.as_ref(), facts.shed.as_ref(), facts.resized.as_ref());
    let own = acts(&name(facts), since, hand, shed, resized, facts.owned.as_ref(), facts.cpu_target.as_ref());
    let others = facts.situation.fleet.acts.iter().filter(|act| act.at > since).cloned();
    own.into_iter().chain(others).filter(|act| act.verb == verb).collect()
}

/// The hold, where so many were done and are `planned` that one more would be too many.
fn held(acts: &[FleetAct], planned: usize, most: usize, done: &str, why: &str) -> Option<Hold> {
    let too_many = acts.len().saturating_add(planned).checked_sub(most)?;
    let mut times: Vec<Timestamp> = acts.iter().map(|act| act.at).collect();
    times.sort_unstable();
    let until = times.get(too_many).and_then(|at| at.saturating_add(WITHIN).ok());
    let message = format!(
        "{} {done} within {WITHIN:#} ({}), and the operator does no more of it for all agreements together; {why}",
        acts.len(),
        by_whom(acts)
    );
    Some(Hold { until, ..Hold::new("BlastRadius", message) })
}

/// For which agreements, and how many for each.
fn by_whom(acts: &[FleetAct]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for act in acts {
        let count = counts.entry(&act.agreement).or_default();
        *count = count.saturating_add(1);
    }
    counts.into_iter().map(|(agreement, count)| format!("{count} for {agreement}")).collect::<Vec<_>>().join(", ")
}
