//! An agreement goes: the floor, the rollout and the node are given back, the account is closed, and the finalizers are released, each
//! as soon as what it stands for is done.

use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use super::book::Book;
use super::conclude;
use super::context::Context;
use super::enforce::{identity, let_go_of};
use super::error::Error;
use super::nodes;
use super::shed;
use crate::act;
use crate::api::agreement::WorkloadRef;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement::Mode;
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::api::resize_status::ResizeStatus;
use crate::api::{ACCOUNT_FINALIZER, FINALIZER, ServiceLevelAgreement};
use crate::decide::{Admitted, Plan, Restoration, release_rollout, release_sizes, restore};
use crate::record::{event, writer};
use crate::sense::workload::deployment::{API_VERSION, KIND, PLURAL};
use crate::sense::workload::{WorkloadObservation, WorkloadProblem};

/// When to look again at a floor that could not be given back yet.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);
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
        if give_back(agreement, context, book, now).await {
            release(agreement, context, FINALIZER).await?;
        } else {
            again = now.checked_add(AGAIN).ok();
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

/// Whether nothing of ours is left on the workload.
pub(super) async fn give_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    now: Timestamp,
) -> bool {
    let held = book.status.enforcement.as_ref().and_then(|e| e.rollout.as_ref()).map(|rollout| &rollout.target);
    let is_deployment = |workload: &&WorkloadRef| workload.kind == KIND && workload.api_version == API_VERSION;
    let named = agreement.spec.service.workloads.first().filter(is_deployment);
    // A crash may have come between the act and the record: the Deployment says so by its annotation.
    let name = held.map(|target| &target.name).or(named.map(|workload| &workload.name));
    let rollout = match name {
        Some(name) => give_rollout_back(agreement, context, name, held.map(|target| target.uid.as_str()), now).await,
        None => true,
    };
    let node = nodes::give_back(agreement, context, book, now).await;
    let switch = shed::give_back(agreement, context, &book.status, now).await;
    let sizes = give_sizes_back(agreement, context, book, now).await;
    give_floor_back(agreement, context, book, now).await && rollout && node && switch && sizes
}

/// Whether no pod of another workload than the one that was read has a size of ours.
pub(super) async fn let_other_sizes_go(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    next: &mut AgreementStatus,
    present: &WorkloadObservation,
    now: Timestamp,
) -> bool {
    let Some(enforcement) = &mut next.enforcement else { return true };
    let Some(other) = enforcement.resize.as_ref().filter(|resize| resize.workload.uid != present.uid) else {
        return true;
    };
    // The flag --enforcement forbids every change, this one too.
    if context.ceiling < Mode::Enforce {
        return other.pods == 0;
    }
    let workload = workload_of(other);
    let let_go = give_sizes_of(agreement, context, &workload, now).await;
    if let_go {
        enforcement.resize = None;
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
        Some(workload) => give_sizes_of(agreement, context, &workload, now).await,
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
    now: Timestamp,
) -> bool {
    let identity = identity(agreement);
    let observed = match context.workloads.read(&identity.namespace, workload, now).await {
        Ok(observed) => observed,
        Err(problem) if says_nothing(&problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "the sizes of pods cannot be given back yet");
            return false;
        }
        // Its pods go with it.
        Err(_) => return true,
    };
    match release_sizes(&identity, &observed, context.fence.leads(Instant::now()), now) {
        Restoration::Nothing => true,
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            false
        }
        Restoration::Act(plan) => {
            let note = format!("the pods of {} {} have the size of its template again", workload.kind, workload.name);
            carry_out(agreement, context, plan, Verb::RestoreSize, ("PodSizeRestored", note)).await
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
) -> bool {
    let Some(enforcement) = &mut next.enforcement else { return true };
    let Some(rollout) = enforcement.rollout.as_ref().filter(|rollout| rollout.target.uid != present.uid) else {
        return true;
    };
    // The flag --enforcement forbids every change, this one too.
    if context.ceiling < Mode::Enforce {
        return rollout.paused_at.is_none();
    }
    let target = rollout.target.clone();
    let let_go = give_rollout_back(agreement, context, &target.name, Some(&target.uid), now).await;
    if let_go {
        enforcement.rollout = None;
    }
    let_go
}

/// Whether nothing of ours is left on the rollout of a Deployment.
async fn give_rollout_back(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    name: &str,
    uid: Option<&str>,
    now: Timestamp,
) -> bool {
    let identity = identity(agreement);
    let deployment = match context.workloads.read_deployment(&identity.namespace, name).await {
        Ok(deployment) => deployment.filter(|found| uid.is_none_or(|uid| uid == found.target.uid)),
        Err(problem) => {
            tracing::warn!(agreement = %identity.name, %problem, "the rollout cannot be given back yet");
            return false;
        }
    };
    let plan = match release_rollout(&identity, deployment.as_ref(), context.fence.leads(Instant::now()), now) {
        Restoration::Act(plan) => plan,
        Restoration::Nothing => {
            if let Some(left) = deployment.filter(|deployment| deployment.entry_left) {
                let_go_of(context, &identity, &left.target, PLURAL).await;
            }
            return true;
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            return false;
        }
    };
    let note = format!("Deployment {name} has its owner's rollout again");
    carry_out(agreement, context, plan, Verb::ReleaseRollout, ("RolloutReleased", note)).await
}

/// Whether a plan that gives something back is done.
pub(super) async fn carry_out(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    plan: Plan<Admitted>,
    verb: Verb,
    (reason, note): (&str, String),
) -> bool {
    let Ok(permit) = context.fence.permit(Instant::now()) else { return false };
    let outcomes = act::execute(&context.actuator, permit.deadline(), plan).await;
    let done = outcomes.iter().all(|o| o.result == act::WriteResult::Done);
    let phase = if done { ActionPhase::Done } else { ActionPhase::Refused };
    context.metrics.acted(format!("{verb:?}"), format!("{phase:?}"));
    if done {
        let notice = event::notice(false, reason, &format!("{verb:?}"), note);
        event::publish(&context.recorder, agreement.object_ref(&()), vec![notice]);
    }
    // A conflict or no answer: the next look decides.
    done
}

async fn give_floor_back(agreement: &ServiceLevelAgreement, context: &Context, book: &Book, now: Timestamp) -> bool {
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
    match restore(&identity, &status, floor.as_ref(), leader, now) {
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
}
