//! The connections that a dependency has for the pods of a workload (`enforcement.scale.connections`): a bound of the replicas
//! next to `enforcement.scale.max`.
//!
//! Three replicas that became fifteen with a pool of fifty each have taken a database down that takes two hundred. So what
//! the floor asks for has to fit, and what the pods of it become in a rollout has to fit too: beyond its replicas a Deployment
//! has as many as `maxSurge` says. While a pod is moved there is one on its way out beside the one that was added for it.
//!
//! Not counted, as nobody tells: the pods of other kinds of workloads in a rollout, and pods of an earlier revision that take
//! long to end. An autoscaler that goes above the floor by itself is bound by its own maximum alone.

use crate::api::enforcement::{Connections, ScaleBounds};
use crate::sense::workload::{Floor, Surge, WorkloadObservation};

/// The most replicas that the dependency is enough for. `None`: nothing is said of one.
pub(in crate::decide) fn most(bounds: &ScaleBounds, workload: &WorkloadObservation) -> Option<i32> {
    let surge = workload.deployment.as_ref().map_or(Surge::Pods(0), |deployment| deployment.surge);
    let pods = bounds.connections.as_ref()?.pods();
    Some(match surge {
        Surge::Pods(surge) => pods.saturating_sub(surge.max(0)).max(0),
        // n and the hundredth part of n times the percentage, rounded up, are no more than these pods.
        Surge::Percent(percent) => {
            let (pods, whole) = (i64::from(pods), i64::from(percent.max(0)).saturating_add(100));
            i32::try_from(pods.saturating_mul(100) / whole).unwrap_or(i32::MAX)
        }
    })
}

/// The most replicas with so many more for pods that are moved together: they are on their way out when their successors start
/// already.
pub(in crate::decide) fn most_in_a_move(
    bounds: &ScaleBounds,
    workload: &WorkloadObservation,
    moved: i32,
) -> Option<i32> {
    let pods = bounds.connections.as_ref()?.pods();
    most(bounds, workload).map(|most| most.min(pods.saturating_sub(moved.max(1))))
}

/// They bound the replicas, and neither the agreement nor the autoscaler does before.
pub(in crate::decide) fn bind(bounds: &ScaleBounds, floor: &Floor, workload: &WorkloadObservation) -> bool {
    let others = floor.max.map_or(bounds.max, |max| max.min(bounds.max));
    most(bounds, workload).is_some_and(|most| most < others)
}

/// How many replicas there may be, why, and what would change it.
pub(in crate::decide) fn told(bounds: &ScaleBounds, floor: &Floor, workload: &WorkloadObservation) -> String {
    let (Some(connections), Some(most)) = (bounds.connections.as_ref(), most(bounds, workload)) else {
        return String::new();
    };
    let Connections { per_pod, limit } = connections;
    let all = connections.pods();
    let spare = match all.saturating_sub(most) {
        0 => String::new(),
        spare => format!(", {spare} of them for a rollout (maxSurge)"),
    };
    let may = match floor.max.filter(|max| *max > all) {
        Some(max) => format!(". {} {} may go to {max} by itself: lower that", floor.target.kind, floor.target.name),
        None => String::new(),
    };
    format!(
        "{limit} connections at {per_pod} a pod (enforcement.scale.connections) are enough for {all} pods{spare}, so for no more \
         than {most} replicas; raise limit where the dependency takes more, or have each pod take fewer, by a smaller pool or a \
         pooler{may}"
    )
}
