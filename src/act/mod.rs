//! Acting: an admitted plan in, one conditional write per step, an [`Outcome`] per step out.
//!
//! Every write carries uid and resource version (an eviction the uid alone), is bounded in time (its own limit, and the instant until which this
//! replica holds the lease), and gives up its entry in `managedFields` afterwards, so that the next `helm upgrade` or
//! server-side apply of the owner is not refused because of us. Must never choose, and never retry a write of a value: a
//! conflict is for the next decision, on a fresh reading.
//!
//! The client given must have `Config::default_retry` off: with it, a refusal is repeated inside the call for minutes.

mod call;
mod cpu_target;
mod eviction;
pub mod managed_fields;
mod merge;
mod node;
pub mod outcome;
mod resize;
mod rollout;
mod scale;
mod shed;
mod target;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;

use kube::Client;
use tokio::time::Instant;

use crate::decide::{Admitted, Change, FloorChange, Plan, Step};
use crate::sense::workload::FloorKind;

use call::{Bound, Failure};
pub use managed_fields::give_up_ownership;
pub use outcome::{Outcome, WriteResult};

/// What this module needs of the operator's role: API group, resource, verbs. Another kind with a scale subresource needs
/// `get` and `patch` on itself (for the baseline annotation) and `patch` on its scale, which the chart's `rbac.workloads`
/// grants.
pub const RBAC: &[(&str, &str, &[&str])] = &[
    ("apps", "deployments", &["get", "patch"]),
    ("apps", "deployments/scale", &["patch"]),
    ("apps", "statefulsets", &["get", "patch"]),
    ("apps", "statefulsets/scale", &["patch"]),
    ("autoscaling", "horizontalpodautoscalers", &["get", "patch"]),
    ("keda.sh", "scaledobjects", &["get", "patch"]),
];

/// What it needs beside, where agreements may move pods. The chart grants it with `rbac.reschedule`. Never `delete` on pods:
/// that would go past every disruption budget.
pub const RESCHEDULE_RBAC: &[(&str, &str, &[&str])] = &[("", "pods/eviction", &["create"])];

/// What it needs beside, where agreements may have a node avoided. The chart grants it with `rbac.avoidNode`. A soft taint
/// needs the whole node: there is no subresource for it.
pub const AVOID_NODE_RBAC: &[(&str, &str, &[&str])] = &[("", "nodes", &["patch"])];
/// What it needs beside, where agreements may shed load. The chart grants it with `rbac.shed`.
pub const SHED_RBAC: &[(&str, &str, &[&str])] = &[("", "configmaps", &["get", "patch"])];
/// What it needs beside, where agreements may resize pods. The chart grants it with `rbac.resize`.
pub const RESIZE_RBAC: &[(&str, &str, &[&str])] = &[("", "pods/resize", &["patch"])];

/// Carries out a plan, step by step, up to the first step that is not done. `write_until`: when the lease's permit ends.
pub async fn execute(client: &Client, write_until: Instant, plan: Plan<Admitted>) -> Vec<Outcome> {
    let bound = Bound::until(write_until);
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in &plan.steps {
        let stopped = outcomes.iter().any(|outcome| outcome.result != WriteResult::Done);
        outcomes.push(if stopped {
            Outcome::of(step, WriteResult::NotTried, "not attempted, as a step before it was not done")
        } else {
            write(client, &plan.namespace, step, bound).await
        });
    }
    outcomes
}

/// The same for steps of which none hangs on another: those after one that was not done are tried too, until so many failed
/// (`most_failures`), the API server does not answer, or this replica's time is over.
pub async fn execute_each(
    client: &Client,
    write_until: Instant,
    plan: Plan<Admitted>,
    most_failures: usize,
) -> Vec<Outcome> {
    let bound = Bound::until(write_until);
    let mut outcomes: Vec<Outcome> = Vec::new();
    for step in &plan.steps {
        let failures = outcomes.iter().filter(|outcome| outcome.result != WriteResult::Done).count();
        let unheard = |outcome: &Outcome| matches!(outcome.result, WriteResult::NotTried | WriteResult::Unknown);
        outcomes.push(if failures >= most_failures || outcomes.iter().any(unheard) {
            Outcome::of(step, WriteResult::NotTried, "not attempted, as too many before it were not done")
        } else {
            write(client, &plan.namespace, step, bound).await
        });
    }
    outcomes
}

async fn write(client: &Client, namespace: &str, step: &Step, bound: Bound) -> Outcome {
    let written = match &step.change {
        Change::Floor(change) => write_floor(client, namespace, step, change, bound).await,
        Change::CpuTarget(change) => cpu_target::write(client, namespace, step, change, bound).await,
        Change::Rollout(change) => rollout::write(client, namespace, step, change, bound).await,
        Change::Eviction(_) => eviction::write(client, namespace, step, bound).await,
        Change::Node(change) => node::write(client, step, change, bound).await,
        Change::Shed(change) => shed::write(client, namespace, step, change, bound).await,
        Change::Resize(change) => resize::write(client, namespace, step, change, bound).await,
    };
    match written {
        Ok(note) => Outcome::of(step, WriteResult::Done, note),
        Err(failure) => Outcome::of(step, failure.result, failure.message),
    }
}

async fn write_floor(
    client: &Client,
    namespace: &str,
    step: &Step,
    change: &FloorChange,
    bound: Bound,
) -> Result<String, Failure> {
    match &change.kind {
        FloorKind::Hpa | FloorKind::ScaledObject => merge::write(client, namespace, step, change, bound).await,
        FloorKind::Scale { plural } => scale::write(client, namespace, plural, step, change, bound).await,
    }
}
