//! An agreement goes: the floor, the CPU target, the rollout and the node are given back, the account is closed, and the finalizers
//! are released, each as soon as what it stands for is done.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;
use kube::runtime::controller::Action;
use tokio::time::Instant;

use super::book::Book;
use super::conclude;
use super::context::Context;
use super::cpu_target;
use super::enforce::{identity, let_go_of};
use super::error::Error;
use super::giving_back::{GivenBack, carry_out, unless_refused};
use super::nodes;
use super::shed;
use crate::api::agreement::WorkloadRef;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::Verb;
use crate::api::refusal::Refusal;
use crate::api::resize_status::ResizeStatus;
use crate::api::{ACCOUNT_FINALIZER, FINALIZER, ServiceLevelAgreement};
use crate::decide::held::{hand, resized};
use crate::decide::{Restoration, release_rollout, release_sizes, restore};
use crate::record::writer;
use crate::sense::workload::deployment::{API_VERSION, KIND, PLURAL};
use crate::sense::workload::{WorkloadObservation, WorkloadProblem};

/// The shortest time until a look that was asked for.
const SHORTEST: Duration = Duration::from_millis(500);

/// Gives the floor back, closes the account, and lets the agreement go.
///
/// # Errors
/// When the API server does not answer or refuses. The finalizers stay then.
pub(super) async fn finalize(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    now: Timestamp,
) -> Result<Action, Error> {
    context.fleet.forget(&agreement.uid().unwrap_or_default());
    context.advice.forget(&agreement.uid().unwrap_or_default());
    context.pulses.forget(&agreement.uid().unwrap_or_default());
    let has = |finalizer: &str| agreement.finalizers().iter().any(|f| f == finalizer);
    let mut again = None;
    // First the workload: who owns it waits for nothing else.
    if has(FINALIZER) {
        again = give_back(agreement, context, book, now).await;
        if again.is_none() {
            release(agreement, context, FINALIZER).await?;
        }
    }
    if has(ACCOUNT_FINALIZER) {
        match Box::pin(conclude::conclude(agreement, context, book, now)).await? {
            Some(look) => again = again.into_iter().chain([look]).min(),
            None => release(agreement, context, ACCOUNT_FINALIZER).await?,
        }
    }
    if let Some(again) = again {
        let wait = Duration::try_from(again.duration_since(now)).unwrap_or(SHORTEST);
        return Ok(Action::requeue(wait.clamp(SHORTEST, context.resync)));
    }
    context.registry.forget(&agreement.uid().unwrap_or_default());
    forget(agreement, context);
    Ok(Action::await_change())
}

async fn release(agreement: &ServiceLevelAgreement, context: &Context, finalizer: &str) -> Result<(), Error> {
    match writer::set_finalizer(&context.client, agreement, finalizer, false).await {
        Err(error) if error.is_not_found() => Ok(()),
        other => Ok(other?),
    }
}

/// Gives back all that is held. `None`: nothing of ours is left on the workload. Otherwise when it is tried again: what could not be
/// done just now is left alone for a pause that grows, whatever wakes the agreement meanwhile, or every look would send and tell
/// again what the API server refuses.
pub(super) async fn give_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    now: Timestamp,
) -> Option<Timestamp> {
    let (give_backs, uid) = (&context.give_backs, agreement.uid().unwrap_or_default());
    let left = give_backs.pause_left(&uid);
    if left.is_none() && give_all_back(agreement, context, book, now).await {
        give_backs.succeeded(&uid);
        return None;
    }
    let pause = left.unwrap_or_else(|| give_backs.failed(&uid));
    Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX))
}

/// Whether nothing of ours is left on the workload.
async fn give_all_back(agreement: &ServiceLevelAgreement, context: &Context, book: &Book, now: Timestamp) -> bool {
    let held = book.status.enforcement.as_ref().and_then(|e| e.rollout.as_ref()).map(|rollout| &rollout.target);
    let is_deployment = |workload: &&WorkloadRef| workload.kind == KIND && workload.api_version == API_VERSION;
    let named = agreement.spec.service.workloads.first().filter(is_deployment);
    // A crash may have come between the act and the record: the Deployment says so by its annotation.
    let name = held.map(|target| &target.name).or(named.map(|workload| &workload.name));
    let rollout = match name {
        Some(name) => {
            let place = (name.as_str(), held.map(|target| target.uid.as_str()));
            give_rollout_back(agreement, context, place, &mut Vec::new(), now).await == GivenBack::Done
        }
        None => true,
    };
    let node = nodes::give_back(agreement, context, book, now).await;
    let switch = shed::give_back(agreement, context, &book.status, now).await;
    let sizes = give_sizes_back(agreement, context, book, now).await;
    let target = cpu_target::give_back(agreement, context, &book.status, now).await;
    give_floor_back(agreement, context, book, now).await && rollout && node && switch && sizes && target
}

/// Whether no pod of another workload than the one that was read has a size of ours.
pub(super) async fn let_other_sizes_go(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    present: &WorkloadObservation,
    now: Timestamp,
) -> GivenBack {
    let Some(enforcement) = &mut next.enforcement else { return GivenBack::Done };
    let Some(other) = enforcement.resize.as_ref().filter(|resize| resize.workload.uid != present.uid) else {
        return GivenBack::Done;
    };
    // The flag --enforcement forbids every change, this one too.
    if context.ceiling < Mode::Enforce {
        return if other.pods == 0 { GivenBack::Done } else { GivenBack::NotYet };
    }
    let workload = workload_of(other);
    let let_go = give_sizes_of(agreement, context, &workload, &mut enforcement.refusals, now).await;
    if let_go == GivenBack::Done {
        enforcement.resize = enforcement.resize.as_ref().and_then(|other| resized::counted(other, present));
    }
    let_go
}

/// Whether no pod of the workload has a size of ours any more.
async fn give_sizes_back(agreement: &ServiceLevelAgreement, context: &Context, book: &Book, now: Timestamp) -> bool {
    let held = book.status.enforcement.as_ref().and_then(|e| e.resize.as_ref()).map(workload_of);
    // A crash may have come between the act and the record: the pods say whose their size is.
    let named = || agreement.spec.service.workloads.first().cloned();
    let allowed = agreement.spec.enforcement.resize.is_some();
    match held.or_else(|| named().filter(|_| allowed)) {
        Some(workload) => give_sizes_of(agreement, context, &workload, &mut Vec::new(), now).await == GivenBack::Done,
        None => true,
    }
}

fn workload_of(resize: &ResizeStatus) -> WorkloadRef {
    let target = &resize.workload;
    WorkloadRef {
        api_version: target.api_version.clone(),
        kind: target.kind.clone(),
        name: target.name.clone(),
        namespace: None,
    }
}

async fn give_sizes_of(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    workload: &WorkloadRef,
    refusals: &mut Vec<Refusal>,
    now: Timestamp,
) -> GivenBack {
    let identity = identity(agreement);
    let observed = match context.workloads.read(&identity.namespace, workload, now).await {
        Ok(observed) => observed,
        Err(problem) if says_nothing(&problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "the sizes of pods cannot be given back yet");
            return GivenBack::NotYet;
        }
        // Its pods go with it.
        Err(_) => return GivenBack::Done,
    };
    match release_sizes(&identity, &observed, context.fence.leads(Instant::now()), now) {
        Restoration::Nothing => GivenBack::Done,
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            GivenBack::NotYet
        }
        Restoration::Act(plan) => {
            let note = format!("the pods of {} {} have the size of its template again", workload.kind, workload.name);
            let told = ("PodSizeRestored", note);
            unless_refused(agreement, context, plan, Verb::RestoreSize, told, refusals, now).await
        }
    }
}

/// Nothing was read: what stands there is unknown.
fn says_nothing(problem: &WorkloadProblem) -> bool {
    matches!(
        problem,
        WorkloadProblem::TimedOut { .. } | WorkloadProblem::Failed { .. } | WorkloadProblem::Forbidden { .. }
    )
}

/// Whether nothing of ours is left on a rollout of another Deployment than the workload that was read.
pub(super) async fn let_another_rollout_go(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    present: &WorkloadObservation,
    now: Timestamp,
) -> GivenBack {
    let Some(enforcement) = &mut next.enforcement else { return GivenBack::Done };
    let Some(rollout) = enforcement.rollout.as_ref().filter(|rollout| rollout.target.uid != present.uid) else {
        return GivenBack::Done;
    };
    // The flag --enforcement forbids every change, this one too.
    if context.ceiling < Mode::Enforce {
        return if rollout.paused_at.is_none() { GivenBack::Done } else { GivenBack::NotYet };
    }
    let target = rollout.target.clone();
    let (place, refusals) = ((target.name.as_str(), Some(target.uid.as_str())), &mut enforcement.refusals);
    let let_go = give_rollout_back(agreement, context, place, refusals, now).await;
    if let_go == GivenBack::Done {
        enforcement.rollout = enforcement.rollout.as_ref().map(|other| hand::counted(other, present.target()));
    }
    let_go
}

/// Whether nothing of ours is left on the rollout of a Deployment.
async fn give_rollout_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    (name, uid): (&str, Option<&str>),
    refusals: &mut Vec<Refusal>,
    now: Timestamp,
) -> GivenBack {
    let identity = identity(agreement);
    let deployment = match context.workloads.read_deployment(&identity.namespace, name).await {
        Ok(deployment) => deployment.filter(|found| uid.is_none_or(|uid| uid == found.target.uid)),
        Err(problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "the rollout cannot be given back yet");
            return GivenBack::NotYet;
        }
    };
    let plan = match release_rollout(&identity, deployment.as_ref(), context.fence.leads(Instant::now()), now) {
        Restoration::Act(plan) => plan,
        Restoration::Nothing => {
            if let Some(left) = deployment.filter(|deployment| deployment.entry_left) {
                let_go_of(context, &identity, &left.target, PLURAL).await;
            }
            return GivenBack::Done;
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            return GivenBack::NotYet;
        }
    };
    let told = ("RolloutReleased", format!("Deployment {name} has its owner's rollout again"));
    unless_refused(agreement, context, plan, Verb::ReleaseRollout, told, refusals, now).await
}

/// Whether nothing of ours is left on the floor.
pub(super) async fn give_floor_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    now: Timestamp,
) -> bool {
    let identity = identity(agreement);
    let status = book.status.enforcement.clone().unwrap_or_default();
    let read = match &status.floor {
        Some(standing) => context.workloads.read_floor(&identity.namespace, &standing.target).await,
        None => match agreement.spec.service.workloads.first() {
            // A crash may have come between the act and the record: what holds the floor now says so by its annotation.
            Some(workload) => {
                context.workloads.read(&identity.namespace, workload, now).await.map(|o| o.floor.floor().cloned())
            }
            None => Ok(None),
        },
    };
    let floor = match read {
        Ok(floor) => floor,
        // Nothing was read: what stands there is unknown, and the finalizer stays until it is known.
        Err(problem) if says_nothing(&problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "the floor cannot be given back yet");
            return false;
        }
        // There is no such thing, so nothing of ours is on it.
        Err(_) => None,
    };
    let leader = context.fence.leads(Instant::now());
    match restore(&identity, &status, &book.status.actions, floor.as_ref(), leader, now) {
        Restoration::Nothing => {
            if let Some(left) = floor.filter(|floor| floor.entry_left) {
                let_go_of(context, &identity, &left.target, left.kind.plural()).await;
            }
            true
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            false
        }
        Restoration::Act(plan) => {
            let target = floor.map(|floor| format!("{} {}", floor.target.kind, floor.target.name)).unwrap_or_default();
            let note = format!("{target} has its owner's floor again");
            carry_out(agreement, context, plan, Verb::Restore, ("BaselineRestored", note)).await
        }
    }
}

fn forget(agreement: &ServiceLevelAgreement, context: &Context) {
    let uid = agreement.uid().unwrap_or_default();
    context.books.forget(&uid);
    context.fleet.forget(&uid);
    context.backoff.succeeded(&uid);
    context.give_backs.succeeded(&uid);
}
