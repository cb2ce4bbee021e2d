//! What was read of a workload: its scale, its rollout, its pods, and the object that holds the floor under it.
//!
//! Plain data. What it means for an objective is for `decide` to say.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement::WorkloadRef;
use crate::api::enforcement_status::ActionTarget;

use super::baseline::Baseline;
use super::cpu_target::CpuTarget;
use super::deployment::DeploymentState;
use super::size::{ContainerCpu, PodSize};
use super::toleration::Tolerated;

/// One quorum read of a workload and of what scales it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadObservation {
    /// When the reading began, by the caller's clock.
    pub read_at: Timestamp,
    /// The reference that was followed.
    pub workload: WorkloadRef,
    /// The workload's uid.
    pub uid: String,
    /// The workload's resource version when its scale was read.
    pub resource_version: String,
    /// `spec.replicas` of the scale subresource: how many pods are wanted.
    pub spec_replicas: i32,
    /// `status.replicas` of the scale subresource: how many exist, surge pods included.
    pub status_replicas: i32,
    /// The generation of the workload's spec. `None`: the kind has none.
    pub generation: Option<i64>,
    /// The generation its controller has seen.
    pub observed_generation: Option<i64>,
    /// How far a change of its template has come.
    pub rollout: Rollout,
    /// When the last change of its template was through, by its controller's word. `None`: it is not, or nobody says.
    pub rolled_out_at: Option<Timestamp>,
    /// What a Deployment tells of its rollout beside. `None`: it is of another kind.
    pub deployment: Option<DeploymentState>,
    /// `spec.minReadySeconds`: how long a pod must be ready before it counts as available.
    pub min_ready: SignedDuration,
    /// Its selector, as text.
    pub selector: String,
    /// The pods its selector matches.
    pub pods: Vec<PodObservation>,
    /// What holds the floor under its replicas.
    pub floor: FloorHolder,
    /// The CPU utilisation at which the HPA aims that holds the floor. `None`: none does.
    pub cpu_target: Option<CpuTarget>,
    /// The autoscaler that compares the CPU its pods use with what they request, in words. `None`: there is none.
    pub scaled_on_cpu: Option<String>,
    /// The containers of its template of pods. Empty: its kind has none.
    pub template: Vec<ContainerCpu>,
    /// The CPU that is left on nodes, in thousandths of a core. A node that was not asked about is not in it.
    pub rooms: BTreeMap<String, i64>,
}

impl WorkloadObservation {
    /// The workload as the object that an action is about.
    #[must_use]
    pub fn target(&self) -> ActionTarget {
        let WorkloadRef { api_version, kind, name, .. } = self.workload.clone();
        ActionTarget { api_version, kind, name, uid: self.uid.clone() }
    }

    /// Pods that are ready and not on their way out.
    #[must_use]
    pub fn ready_pods(&self) -> i32 {
        count(self.pods.iter().filter(|pod| pod.ready && !pod.terminating))
    }

    /// Pods that have been ready for `spec.minReadySeconds` at `now`, and are not on their way out.
    #[must_use]
    pub fn available_pods(&self, now: Timestamp) -> i32 {
        count(self.pods.iter().filter(|pod| self.is_available(pod, now)))
    }

    /// This pod is one of those.
    #[must_use]
    pub fn is_available(&self, pod: &PodObservation, now: Timestamp) -> bool {
        let long_enough = || pod.ready_since.is_some_and(|since| now.duration_since(since) >= self.min_ready);
        pod.ready && !pod.terminating && (self.min_ready.is_zero() || long_enough())
    }

    /// The pod with that uid.
    #[must_use]
    pub fn pod(&self, uid: &str) -> Option<&PodObservation> {
        self.pods.iter().find(|pod| pod.uid == uid)
    }

    /// Replicas that are wanted but have no place: their pod was not created, or no node took it.
    #[must_use]
    pub fn unplaced_pods(&self) -> i32 {
        let placed = count(self.pods.iter().filter(|pod| pod.node.is_some() && !pod.terminating));
        self.spec_replicas.saturating_sub(placed).max(0)
    }
}

fn count<'a>(pods: impl Iterator<Item = &'a PodObservation>) -> i32 {
    i32::try_from(pods.count()).unwrap_or(i32::MAX)
}

/// How far a change of the workload's template has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    /// All pods are of the newest revision. They need not be ready.
    Complete,
    /// Pods of an older revision remain, or the controller has not looked at the newest spec yet.
    InProgress,
    /// It did not get on within its deadline; what its controller says about it.
    Stuck(String),
    /// Somebody paused it.
    Paused,
    /// The kind does not tell.
    NotApplicable,
}

/// A pod of the workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodObservation {
    /// Its name.
    pub name: String,
    /// Its uid.
    pub uid: String,
    /// Its `Ready` condition.
    pub ready: bool,
    /// Since when it is ready.
    pub ready_since: Option<Timestamp>,
    /// When it was created.
    pub created: Option<Timestamp>,
    /// The node it is bound to. `None`: no node has taken it.
    pub node: Option<String>,
    /// The zone of that node. `None`: not known, or not asked for.
    pub zone: Option<String>,
    /// The uid of its controller, a `ReplicaSet` for instance.
    pub owner_uid: Option<String>,
    /// The kind of its controller. `None`: it has none.
    pub owner_kind: Option<String>,
    /// How far its life has come.
    pub phase: PodPhase,
    /// The CPU it requests, in thousandths of a core. `None`: a container of it requests none.
    pub cpu_request: Option<i64>,
    /// Its priority is that of what a cluster or a node cannot do without.
    pub critical: bool,
    /// The taints of nodes that it tolerates.
    pub tolerated: Vec<Tolerated>,
    /// Its volumes whose content goes with the pod, or binds it to a place.
    pub kept_volumes: Vec<KeptVolume>,
    /// The label by which its controller tells revisions apart.
    pub revision: Option<String>,
    /// What its containers may use.
    pub size: PodSize,
    /// It is being deleted.
    pub terminating: bool,
}

/// How far the life of a pod has come; one that has ended is none of the workload's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PodPhase {
    /// A node is to take it, or its containers are to start.
    Pending,
    /// A container of it has started.
    Running,
    /// Its node does not tell.
    Unknown,
}

/// A volume that keeps what a pod wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptVolume {
    /// Its name in the pod.
    pub name: String,
    /// What it is.
    pub kind: VolumeKind,
}

/// What keeps what a pod wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VolumeKind {
    /// `emptyDir`, in memory or not.
    EmptyDir,
    /// `hostPath`.
    HostPath,
    /// `persistentVolumeClaim`, or an ephemeral volume with a claim of its own.
    Claim,
}

/// The object whose value is the floor under the workload's replicas. The one place where the operator writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FloorHolder {
    /// A `HorizontalPodAutoscaler`: `spec.minReplicas`.
    Hpa(Floor),
    /// A KEDA `ScaledObject`: `spec.minReplicaCount`. Its HPA is KEDA's, who overwrites every edit of it.
    ScaledObject(Floor),
    /// Nothing scales the workload: `spec.replicas` of its scale subresource is floor and ceiling.
    Scale(Floor),
    /// More than one autoscaler, or one whose owner is not to be found; each in words. Nobody may add another hand.
    Ambiguous(Vec<String>),
}

impl FloorHolder {
    /// The floor, unless it is not clear who holds it.
    #[must_use]
    pub fn floor(&self) -> Option<&Floor> {
        match self {
            Self::Hpa(floor) | Self::ScaledObject(floor) | Self::Scale(floor) => Some(floor),
            Self::Ambiguous(_) => None,
        }
    }
}

/// A floor as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// How it is written.
    pub kind: FloorKind,
    /// The object that carries it.
    pub target: ActionTarget,
    /// The object's resource version.
    pub resource_version: String,
    /// The object's generation, where it has one (an HPA has none).
    pub generation: Option<i64>,
    /// The floor in force: the field, or its documented default where it is absent.
    pub current: i32,
    /// The field as written. `None`: absent.
    pub written: Option<i32>,
    /// The autoscaler's own upper bound. `None`: there is no autoscaler.
    pub max: Option<i32>,
    /// What stood there before Guarantor changed it, if it did.
    pub baseline: Baseline,
    /// The field manager that owns the value, as far as the API server knows.
    pub set_by: Option<String>,
    /// An entry of Guarantor is left in `managedFields`; until it is given up, server-side appliers are refused.
    pub entry_left: bool,
    /// Why writing the floor would have no effect, in words; for example a paused `ScaledObject`.
    pub inert: Option<String>,
}

/// How a floor is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FloorKind {
    /// `spec.minReplicas` of an HPA.
    Hpa,
    /// `spec.minReplicaCount` of a `ScaledObject`.
    ScaledObject,
    /// `spec.replicas` through the scale subresource of the resource with this plural name.
    Scale {
        /// For example `deployments`.
        plural: String,
    },
}

impl FloorKind {
    /// The field that holds the floor, as a JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &'static str {
        match self {
            Self::Hpa => "/spec/minReplicas",
            Self::ScaledObject => "/spec/minReplicaCount",
            Self::Scale { .. } => "/spec/replicas",
        }
    }

    /// Its name, in the object's `spec`.
    #[must_use]
    pub fn field(&self) -> &'static str {
        self.pointer().trim_start_matches("/spec/")
    }

    /// The plural name of the resource that is written.
    #[must_use]
    pub fn plural(&self) -> &str {
        match self {
            Self::Hpa => "horizontalpodautoscalers",
            Self::ScaledObject => "scaledobjects",
            Self::Scale { plural } => plural,
        }
    }

    /// The floor in force where the field is absent: what the API server or KEDA puts in its place.
    #[must_use]
    pub fn default_floor(&self) -> i32 {
        match self {
            Self::Hpa | Self::Scale { .. } => 1,
            Self::ScaledObject => 0,
        }
    }
}
