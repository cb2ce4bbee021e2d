//! The pods that were resized: what the status says, corrected by the records and by the pods as they are now.
//!
//! A pod tells by itself whose its size is: it differs from that of the workload's template, and the field manager that
//! owns its limit is the agreement's own. Any other size is somebody else's, and left alone.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::enforcement_status::{ActionPhase, ActionRecord, Episode, Verb};
use crate::api::resize_status::{Raised, Refused, ResizeStatus, manager};
use crate::decide::plan::{ResizeChange, Step};
use crate::decide::situation::timing::DAY;
use crate::sense::workload::{ContainerCpu, CpuSize, PodObservation, WorkloadObservation};

/// A container that has another size than that of the template.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// Its pod.
    pub pod: &'a PodObservation,
    /// Its place in the pod's spec.
    pub index: usize,
    /// It.
    pub container: &'a ContainerCpu,
    /// The size it has.
    pub size: CpuSize,
    /// The size that the template gives it.
    pub template: CpuSize,
}

/// What the agreement with `uid` holds at another size than the template's, in the order of the pods.
#[must_use]
pub fn held<'a>(workload: &'a WorkloadObservation, uid: &str) -> Vec<Held<'a>> {
    let ours = manager(uid);
    let serving = workload.pods.iter().filter(|pod| !pod.terminating);
    let of_pod = |pod: &'a PodObservation| {
        let containers = pod.size.containers.iter().enumerate();
        containers.filter_map(move |(index, container)| {
            let (size, template) = (container.size?, of_template(workload, &container.name)?);
            Some(Held { pod, index, container, size, template })
        })
    };
    serving
        .flat_map(of_pod)
        .filter(|held| held.size != held.template && held.container.set_by.as_deref() == Some(ours.as_str()))
        .collect()
}

/// The size that the template gives a container.
#[must_use]
pub fn of_template(workload: &WorkloadObservation, container: &str) -> Option<CpuSize> {
    workload.template.iter().find(|one| one.name == container)?.size
}

/// What is remembered, as of now. `None`: nothing.
#[must_use]
pub fn reconcile(
    status: Option<&ResizeStatus>,
    actions: &[ActionRecord],
    workload: &WorkloadObservation,
    uid: &str,
    now: Timestamp,
) -> Option<ResizeStatus> {
    let mut resized = status.cloned().unwrap_or_else(|| empty(workload));
    if resized.workload.uid != workload.uid {
        // Its pods are given back first; as long as that is refused, what tells of them stays.
        return Some(resized);
    }
    let refused = |id: &str| actions.iter().any(|record| record.id == id && record.phase == ActionPhase::Refused);
    resized.raised.retain(|raised| now.duration_since(raised.at.0) < DAY && !refused(&raised.action));
    resized.pods = i32::try_from(held(workload, uid).len()).unwrap_or(i32::MAX);
    something(resized)
}

/// What counts of the pods of another workload, of which none is held any more: that this one takes its place is no new day.
#[must_use]
pub fn counted(other: &ResizeStatus, workload: &WorkloadObservation) -> Option<ResizeStatus> {
    something(ResizeStatus { raised: other.raised.clone(), ..empty(workload) })
}

/// What the API server refused concerns the episode in which it did.
#[must_use]
pub fn within(resized: Option<ResizeStatus>, episode: Option<&Episode>) -> Option<ResizeStatus> {
    let mut resized = resized?;
    resized.refused = resized.refused.filter(|refused| episode.is_some_and(|episode| episode.since.0 <= refused.at.0));
    something(resized)
}

/// Enters what a step intends.
#[must_use]
pub fn intended(
    resized: Option<ResizeStatus>,
    step: &Step,
    workload: &WorkloadObservation,
    now: Timestamp,
) -> Option<ResizeStatus> {
    if step.verb != Verb::Resize {
        return resized;
    }
    let mut resized = resized.unwrap_or_else(|| empty(workload));
    resized.raised.retain(|raised| raised.action != step.id);
    resized.raised.push(Raised {
        action: step.id.clone(),
        at: Time(now),
        pod: step.target.name.clone(),
        node: workload.pod(&step.target.uid).and_then(|pod| pod.node.clone()),
        unrequested: step.resize().map_or(0, unrequested),
    });
    // So that it is looked for after a crash.
    resized.pods = resized.pods.max(1);
    Some(resized)
}

/// By how much more a limit rises than what is requested, in thousandths of a core.
fn unrequested(change: &ResizeChange) -> i32 {
    let [from, to] = [change.from, change.to].map(|size| size.limit.saturating_sub(size.request));
    i32::try_from(to.saturating_sub(from)).unwrap_or(i32::MAX)
}

/// The API server refused a resize, and will refuse it again.
#[must_use]
pub fn refused(resized: Option<ResizeStatus>, record: &ActionRecord) -> Option<ResizeStatus> {
    let mut resized = resized?;
    let message = record.outcome.chars().take(1000).collect();
    resized.refused = Some(Refused { at: record.intended_at.clone(), pod: record.target.name.clone(), message });
    Some(resized)
}

fn empty(workload: &WorkloadObservation) -> ResizeStatus {
    ResizeStatus { workload: workload.target(), pods: 0, raised: Vec::new(), refused: None }
}

fn something(resized: ResizeStatus) -> Option<ResizeStatus> {
    let nothing = resized.pods == 0 && resized.raised.is_empty() && resized.refused.is_none();
    (!nothing).then_some(resized)
}

/// The resizes that are not judged yet, newest first: the round that goes on.
#[must_use]
pub fn open(actions: &[ActionRecord]) -> Vec<&ActionRecord> {
    unjudged(actions).collect()
}

/// The resizes among actions that are not judged yet.
pub fn unjudged(actions: &[ActionRecord]) -> impl Iterator<Item = &ActionRecord> {
    let open = |record: &&ActionRecord| {
        record.verb == Verb::Resize && record.verdict.is_none() && record.phase != ActionPhase::Refused
    };
    actions.iter().filter(open)
}

/// When the last of a round is due.
#[must_use]
pub fn round_ends(open: &[&ActionRecord]) -> Timestamp {
    open.iter().map(|record| record.deadline.0).max().unwrap_or(Timestamp::MAX)
}
