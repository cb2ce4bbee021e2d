//! How far the operator may go to keep the agreement.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Span;
use super::capacity::Capacity;
use super::resize::Resize;
use super::shed::Shed;

/// What the operator may do before an objective is lost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.mode != 'Enforce' || has(self.scale) || has(self.rollback) || has(self.resize)")
    .message("spec.enforcement.scale must be given where spec.enforcement.mode is Enforce: the bounds {min, max} of \
              the replicas; or spec.enforcement.rollback, or spec.enforcement.resize")
    .field_path(".scale"))]
#[x_kube(validation = Rule::new("!has(self.reschedule) || has(self.scale)")
    .message("spec.enforcement.reschedule needs spec.enforcement.scale, as a pod is moved only after another one was \
              added; give the bounds {min, max} of the replicas")
    .field_path(".reschedule"))]
#[x_kube(validation = Rule::new("!has(self.shed) || has(self.scale)")
    .message("spec.enforcement.shed needs spec.enforcement.scale, as load is shed only after replicas were tried; give the \
              bounds {min, max} of the replicas")
    .field_path(".shed"))]
#[x_kube(validation = Rule::new("!has(self.capacity) || has(self.scale)")
    .message("spec.enforcement.capacity needs spec.enforcement.scale: give the bounds {min, max} of the replicas")
    .field_path(".capacity"))]
pub struct Enforcement {
    /// `Observe` measures only, `Recommend` also says what it would do, `Enforce` does it.
    #[serde(default)]
    pub mode: Mode,
    /// The bounds within which replicas may be held or raised. Left out: the operator does not scale.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scale: Option<ScaleBounds>,
    /// Lets the operator pause the rollout of a bad revision of a Deployment, and go back to the revision before. Left out:
    /// it names the revision and undoes nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rollback: Option<Rollback>,
    /// Lets the operator evict one pod that fails where the others do not, after a replica was added in its place. Left out:
    /// it names the pod and moves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reschedule: Option<Reschedule>,
    /// Names the switch through which the service turns requests away, for when attempts pile up and replicas do not help.
    /// Left out: nothing is said of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shed: Option<Shed>,
    /// Lets the operator raise the CPU limit of pods in place, before it asks for more replicas, where that limit throttles
    /// most of them. Left out: no pod is resized, and throttling is not asked about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resize: Option<Resize>,
    /// Tells how many pods the expected load needs for the latency objective to be kept, in every mode. It raises nothing,
    /// unless its own mode is `Floor`: then the floor is raised ahead of the load; `Own`: then replicas are let go too; or `Target`:
    /// then the CPU target of the autoscaler is set too. The same counters tell pods that wait from pods that work: see the cause `Dependency`. Left out: nothing is told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The shortest time between two raises of the same workload.
    #[serde(default = "default_cooldown")]
    #[schemars(default = "default_cooldown")]
    pub cooldown: Span,
    /// How long the objectives must have been safe before a raised floor comes down, step by step.
    #[serde(default = "default_release_after")]
    #[schemars(default = "default_release_after")]
    pub release_after: Span,
}

impl Default for Enforcement {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            scale: None,
            rollback: None,
            reschedule: None,
            shed: None,
            resize: None,
            capacity: None,
            cooldown: default_cooldown(),
            release_after: default_release_after(),
        }
    }
}

fn default_cooldown() -> Span {
    Span::from("1m")
}

fn default_release_after() -> Span {
    Span::from("5m")
}

/// How far the operator may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    /// Measure and keep the account; decide nothing.
    Observe,
    /// Also decide, and say what would be done. Changes nothing.
    #[default]
    Recommend,
    /// Also act, within the bounds.
    Enforce,
}

/// How far a bad revision may be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    /// Rollbacks of the workload within 24 hours, at most. Its rollout is paused twice as often at most, so that a second bad
    /// revision is still stopped, for a person to look at, when the first one was undone. Whatever it says, three are made within
    /// ten minutes at most, for all agreements that the operator watches.
    #[serde(default = "default_per_day")]
    #[schemars(default = "default_per_day", range(min = 1, max = 10))]
    pub per_day: i32,
    /// How long the revision before must have been in force when it was replaced: what has not served is not gone back to.
    #[serde(default = "default_served_for")]
    #[schemars(default = "default_served_for")]
    pub served_for: Span,
    /// Only pause the rollout; undoing the revision is left to a person.
    #[serde(default)]
    pub pause_only: bool,
}

impl Default for Rollback {
    fn default() -> Self {
        Self { per_day: default_per_day(), served_for: default_served_for(), pause_only: false }
    }
}

fn default_per_day() -> i32 {
    1
}

fn default_served_for() -> Span {
    Span::from("30m")
}

/// How far pods that fail may be moved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reschedule {
    /// Evictions for this agreement within 24 hours, at most. A replica is added before one twice as often at most, as it does
    /// not come to an eviction each time. Whatever it says, five are made within ten minutes at most, for all agreements that the
    /// operator watches.
    #[serde(default = "default_evictions_per_day")]
    #[schemars(default = "default_evictions_per_day", range(min = 1, max = 24))]
    pub per_day: i32,
    /// How old a pod must be to be moved: what is seen of a younger one may be its start.
    #[serde(default = "default_min_age")]
    #[schemars(default = "default_min_age")]
    pub min_age: Span,
    /// Also moves pods with an `emptyDir` volume, whose content goes with the pod, as `kubectl drain --delete-emptydir-data`
    /// does. Pods with a `hostPath`, a claim of a persistent volume, or an ephemeral one are not moved in any case.
    #[serde(default)]
    pub delete_empty_dir_data: bool,
    /// Lets the operator put a soft taint (`PreferNoSchedule`) on a node whose pods fail, so that what is moved from it does
    /// not come back, and then move its pods together. A node belongs to all who use the cluster: the chart grants it
    /// with `rbac.avoidNode`. Left out: it names the node and moves none of its pods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avoid_node: Option<AvoidNode>,
}

impl Default for Reschedule {
    fn default() -> Self {
        Self {
            per_day: default_evictions_per_day(),
            min_age: default_min_age(),
            delete_empty_dir_data: false,
            avoid_node: None,
        }
    }
}

fn default_evictions_per_day() -> i32 {
    3
}

fn default_min_age() -> Span {
    Span::from("10m")
}

/// How far a node may be avoided: one at a time for each agreement, each once in 24 hours, and of all nodes one, or one in
/// twenty, over all agreements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.ttl.matches('^(([5-9]|[1-9][0-9]|1[0-9]{2}|2[0-3][0-9]|240)m|[1-4]h)$')")
    .message("spec.enforcement.reschedule.avoidNode.ttl must be from 5m to 240m or from 1h to 4h; write it like `30m`")
    .field_path(".ttl"))]
pub struct AvoidNode {
    /// How long the taint stands at most. It is taken away before, when all has been safe for `releaseAfter`, or the node
    /// is not to blame any more.
    #[serde(default = "default_ttl")]
    #[schemars(default = "default_ttl")]
    pub ttl: Span,
    /// Nodes avoided for this agreement within 24 hours, at most.
    #[serde(default = "default_nodes_per_day")]
    #[schemars(default = "default_nodes_per_day", range(min = 1, max = 10))]
    pub per_day: i32,
}

impl Default for AvoidNode {
    fn default() -> Self {
        Self { ttl: default_ttl(), per_day: default_nodes_per_day() }
    }
}

fn default_ttl() -> Span {
    Span::from("30m")
}

fn default_nodes_per_day() -> i32 {
    2
}

/// Bounds for replicas.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = Rule::new("self.min <= self.max")
    .message("spec.enforcement.scale.min must not be above spec.enforcement.scale.max; lower min or raise max")
    .field_path(".min"))]
#[x_kube(validation = Rule::new("!has(self.connections) || self.connections.perPod * self.min <= self.connections.limit")
    .message("spec.enforcement.scale.connections.limit must be at least perPod times spec.enforcement.scale.min, or the fewest \
              pods use up more than there is; raise limit, or lower perPod or min")
    .field_path(".connections"))]
pub struct ScaleBounds {
    /// A floor set by the operator is never lower than this, and no replica is taken away below it.
    #[schemars(range(min = 1, max = 10000))]
    pub min: i32,
    /// A floor set by the operator is never higher than this.
    #[schemars(range(min = 1, max = 10000))]
    pub max: i32,
    /// What each pod takes of something that many share and of which there is only so much, such as connections of a database.
    /// No floor is raised above what it has for the pods and for a rollout of them. Left out: only `max` bounds a floor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connections: Option<Connections>,
}

/// The connections of a dependency, or whatever else of it each pod takes a part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct Connections {
    /// What one pod takes at most: the size of its pool, over all of its containers.
    #[schemars(range(min = 1, max = 100_000))]
    pub per_pod: i32,
    /// What the pods of this workload may take together: what the dependency takes, less what others need of it and what pods
    /// hold that are on their way out.
    #[schemars(range(min = 1, max = 10_000_000))]
    pub limit: i32,
}

impl Connections {
    /// The pods that it is enough for: no part of a pod.
    #[must_use]
    pub fn pods(&self) -> i32 {
        self.limit.checked_div(self.per_pod).unwrap_or(0)
    }
}
