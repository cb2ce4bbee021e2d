//! The pods a workload's selector matches, page by page.
//!
//! Takes a label selector, gives one entry a pod. Lists without a resource version, so that the answer is as new as the
//! write before it.

use std::time::Duration;

use k8s_openapi::api::core::v1::{Pod, PodSpec, Volume};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::api::ListParams;
use kube::{Api, Client};

use super::call::bounded;
use super::cpu;
use super::observation::{KeptVolume, PodObservation, PodPhase, VolumeKind};
use super::problem::WorkloadProblem;
use super::size;
use super::toleration::Tolerated;

/// Pods asked for at once.
const PAGE: u32 = 500;
/// Pages read at most; beyond it the answer would be partial, which is a failure.
const MOST_PAGES: usize = 40;
/// The priority from which on nothing of a user may be.
const SYSTEM_PRIORITY: i32 = 2_000_000_000;
/// The classes that stand for such a priority.
const SYSTEM_CLASSES: [&str; 2] = ["system-cluster-critical", "system-node-critical"];

/// The pods that match `selector`.
pub(super) async fn matching(
    client: &Client,
    limit: Duration,
    namespace: &str,
    selector: &str,
) -> Result<Vec<PodObservation>, WorkloadProblem> {
    let what = format!("the pods `{selector}` in {namespace}");
    let api: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let mut params = ListParams::default().labels(selector).limit(PAGE);
    let mut pods = Vec::new();
    for _ in 0..MOST_PAGES {
        let page = bounded(limit, &what, api.list(&params)).await?;
        pods.extend(page.items.into_iter().filter(counts).map(observe));
        match page.metadata.continue_.filter(|token| !token.is_empty()) {
            Some(token) => params = params.continue_token(&token),
            None => return Ok(pods),
        }
    }
    let message = format!("there are more than {} of them", MOST_PAGES.saturating_mul(PAGE as usize));
    Err(WorkloadProblem::Failed { what, message })
}

// A pod that has ended is no replica any more.
fn counts(pod: &Pod) -> bool {
    let phase = pod.status.as_ref().and_then(|status| status.phase.as_deref());
    !matches!(phase, Some("Succeeded" | "Failed"))
}

fn observe(pod: Pod) -> PodObservation {
    let status = pod.status.unwrap_or_default();
    let phase = match status.phase.as_deref() {
        Some("Running") => PodPhase::Running,
        Some("Unknown") => PodPhase::Unknown,
        _ => PodPhase::Pending,
    };
    let spec = pod.spec.unwrap_or_default();
    let version = pod.metadata.resource_version.unwrap_or_default();
    let size = size::of(&spec, &status, &version, pod.metadata.managed_fields.as_ref());
    let ready = status.conditions.into_iter().flatten().find(|condition| condition.type_ == "Ready");
    let is_ready = ready.as_ref().is_some_and(|condition| condition.status == "True");
    let labels = pod.metadata.labels.unwrap_or_default();
    let revision = ["pod-template-hash", "controller-revision-hash"].iter().find_map(|name| labels.get(*name));
    let owner: Option<OwnerReference> =
        pod.metadata.owner_references.into_iter().flatten().find(|owner| owner.controller == Some(true));
    PodObservation {
        name: pod.metadata.name.unwrap_or_default(),
        uid: pod.metadata.uid.unwrap_or_default(),
        ready: is_ready,
        ready_since: ready.filter(|_| is_ready).and_then(|condition| condition.last_transition_time).map(|time| time.0),
        created: pod.metadata.creation_timestamp.map(|time| time.0),
        cpu_request: cpu::request(&spec),
        critical: is_critical(&spec),
        tolerated: spec.tolerations.iter().flatten().filter_map(Tolerated::of).collect(),
        kept_volumes: spec.volumes.iter().flatten().filter_map(kept).collect(),
        node: spec.node_name.filter(|node| !node.is_empty()),
        zone: None,
        owner_kind: owner.as_ref().map(|owner| owner.kind.clone()),
        owner_uid: owner.map(|owner| owner.uid),
        phase,
        revision: revision.cloned(),
        size,
        terminating: pod.metadata.deletion_timestamp.is_some(),
    }
}

fn is_critical(spec: &PodSpec) -> bool {
    spec.priority.is_some_and(|priority| priority >= SYSTEM_PRIORITY)
        || spec.priority_class_name.as_deref().is_some_and(|class| SYSTEM_CLASSES.contains(&class))
}

/// A volume that keeps what the pod wrote. `kubectl drain` counts `emptyDir` alone; what lies on the node, or is claimed,
/// would be left behind or hold the new pod back.
fn kept(volume: &Volume) -> Option<KeptVolume> {
    let kind = if volume.empty_dir.is_some() {
        VolumeKind::EmptyDir
    } else if volume.host_path.is_some() {
        VolumeKind::HostPath
    } else if volume.persistent_volume_claim.is_some() || volume.ephemeral.is_some() {
        VolumeKind::Claim
    } else {
        return None;
    };
    Some(KeptVolume { name: volume.name.clone(), kind })
}
