//! What to do about pods that their CPU limit throttles: raise the limit in place, before replicas are added.
//!
//! 1. One pod first, the worst: whether its node takes it is seen at once.
//! 2. When it has, the others that are throttled, a few at a time. All of them together are a round, which is judged
//!    as one when the last of it is due.
//! 3. Another round by the same factor, up to the agreement's `maxCpu`, where the last one helped but not enough.
//! 4. Back to the size of the workload's template when all has been safe for a while, when it did harm, when the node cannot
//!    give it, and when the agreement allows it no more. A new pod has that size anyway.
//!
//! What is requested is raised with the limit only in a pod that would change its class of service otherwise. Proposes
//! only; whether it may be done is for the guards to say.

mod back;
mod round;

use std::collections::BTreeMap;

use crate::api::enforcement_status::{ActionTarget, Verb};
use crate::api::resize::Resize;
use crate::api::resize_status::manager;
use crate::decide::cause::throttling::{self, SHARE};
use crate::decide::danger::evidence::Snapshot;
use crate::decide::guard::{self, Hold};
use crate::decide::held::resized::{open, round_ends};
use crate::decide::plan::{Change, Plan, Proposed, ResizeChange, Step, step_id};
use crate::decide::situation::facts::Facts;
use crate::sense::workload::{CpuSize, PodObservation};

pub use back::{come_back, give_back, release_sizes};
use round::taken;
pub use round::{left_today, more_from};

/// A limit grows by at most this factor in one step: three halves.
pub const GROWTH: (i64, i64) = (3, 2);
/// Pods resized in one decision, once the first one's node has taken it.
const AT_ONCE: usize = 4;
/// Throttled pods up to which a workload is resized; of more than these, replicas are the better answer.
pub const MOST_PODS: usize = 8;
/// The class of service in which requests are limits.
pub const GUARANTEED: &str = "Guaranteed";

/// The next resizes.
///
/// # Errors
/// Why there are none, in words.
pub fn propose(facts: &Facts<'_>, allowed: &Resize) -> Result<Plan<Proposed>, Hold> {
    let open = open(&facts.actions);
    let throttled = throttling::seen(facts).map_err(|why| Hold::new("NotThrottled", why))?;
    taken(facts, &open)?;
    let asked = |pod: &&PodObservation| open.iter().all(|record| record.target.uid != pod.uid);
    let pods = throttled.pods.iter().filter_map(|(name, _)| facts.workload.pods.iter().find(|pod| pod.name == *name));
    let pods: Vec<&PodObservation> = pods.filter(asked).collect();
    if pods.is_empty() && !open.is_empty() {
        let message =
            format!("the resize of {} pods has until {} to show whether it helps", open.len(), round_ends(&open));
        return Err(Hold::new("AwaitingVerdict", message).until(round_ends(&open)));
    }
    if pods.len() + open.len() > MOST_PODS {
        let message =
            format!("{} pods are throttled, and at most {MOST_PODS} are resized one by one", throttled.pods.len());
        return Err(Hold::new("TooManyPods", message));
    }
    let at_once = if open.is_empty() { 1 } else { AT_ONCE };
    steps(facts, allowed, &pods, at_once)
}

/// The steps for the first of these pods that may be resized.
fn steps(
    facts: &Facts<'_>,
    allowed: &Resize,
    pods: &[&PodObservation],
    at_once: usize,
) -> Result<Plan<Proposed>, Hold> {
    let namespace = &facts.situation.agreement.namespace;
    let (mut steps, mut added, mut why) = (Vec::new(), BTreeMap::new(), None);
    for pod in pods {
        if steps.len() >= at_once.min(left_today(facts).max(1)) {
            break;
        }
        let step = grow(facts, allowed, pod);
        let reviewed = step.and_then(|step| {
            guard::review(&Plan::propose(namespace, step.clone()), facts)?;
            // Pods of one node share what is left on it.
            let node = pod.node.clone().unwrap_or_default();
            let more = more(&step);
            let so_far = added.get(&node).copied().unwrap_or(0_i64);
            let left = left_on(facts, &node).unwrap_or(0);
            if so_far > 0 && so_far.saturating_add(more) > left {
                return Err(Hold::new("NoRoomOnNode", format!("node {node} has no room for another pod to grow")));
            }
            if let Some(hold) = guard::few_resizes(facts, pod, &steps) {
                return Err(hold);
            }
            added.insert(node, so_far.saturating_add(more));
            Ok(step)
        });
        match reviewed {
            Ok(step) => steps.push(step),
            Err(hold) => why = why.or(Some(hold)),
        }
    }
    match (steps.is_empty(), why) {
        (true, Some(why)) => Err(why),
        (true, None) => Err(Hold::new("NotThrottled", "no throttled pod is left to be resized")),
        (false, _) => Ok(Plan::of_steps(namespace, steps)),
    }
}

/// How much CPU a node has left, in thousandths of a core, when what was given to its pods lately and is not requested counts as
/// taken. `None`: it cannot be read.
pub(in crate::decide) fn left_on(facts: &Facts<'_>, node: &str) -> Option<i64> {
    Some(facts.workload.rooms.get(node)?.saturating_sub(guard::promised(facts, node)))
}

/// How much more a step asks of a node.
pub(in crate::decide) fn more(step: &Step) -> i64 {
    step.resize().map_or(0, |change| change.to.limit.saturating_sub(change.from.limit))
}

fn grow(facts: &Facts<'_>, allowed: &Resize, pod: &PodObservation) -> Result<Step, Hold> {
    let Some((index, container)) = pod.size.container(allowed.container.as_deref()) else {
        let message = match &allowed.container {
            Some(name) => {
                format!("{} has no container {name}; name another one in enforcement.resize.container", pod.name)
            }
            None => format!("{} has several containers; name one in enforcement.resize.container", pod.name),
        };
        return Err(Hold::new("NoSuchContainer", message));
    };
    let Some(from) = container.size else {
        let message = format!("container {} of {} has no CPU limit that could be raised", container.name, pod.name);
        return Err(Hold::new("NoCpuLimit", message));
    };
    let Some(most) = throttling::most(allowed) else {
        return Err(Hold::new("InvalidSpec", "enforcement.resize.maxCpu is no number of cores above 0"));
    };
    let (by, of) = GROWTH;
    let limit = from.limit.saturating_mul(by).saturating_add(of - 1).saturating_div(of).min(most);
    if limit <= from.limit {
        let message = format!(
            "{} is limited to {}m, and enforcement.resize.maxCpu allows {most}m; raise it if more would help",
            pod.name, from.limit
        );
        return Err(Hold::new("AtMaxCpu", message));
    }
    let guaranteed = pod.size.quality.as_deref() == Some(GUARANTEED);
    let to = CpuSize { request: if guaranteed { limit } else { from.request }, limit };
    let situation = facts.situation;
    let target = target(pod);
    Ok(Step {
        id: step_id(situation.agreement, Verb::Resize, &target, situation.assessment.measured_through),
        verb: Verb::Resize,
        target,
        resource_version: pod.size.resource_version.clone(),
        change: Change::Resize(ResizeChange {
            container: container.name.clone(),
            index,
            from,
            to,
            manager: manager(&situation.agreement.uid),
        }),
        reason: format!("{} in danger, and their CPU limit throttles most pods", facts.health.endangered.join(", ")),
        hypothesis: format!(
            "less than {:.0} % of its periods are throttled, and the error budget burns no more or clearly more slowly",
            SHARE * 100.0
        ),
        deadline: facts.resized_by(),
        before: Snapshot::of(&facts.health, facts.workload.ready_pods()),
    })
}

fn target(pod: &PodObservation) -> ActionTarget {
    ActionTarget { api_version: "v1".into(), kind: "Pod".into(), name: pod.name.clone(), uid: pod.uid.clone() }
}
