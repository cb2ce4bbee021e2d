//! An agreement goes: the floor is given back, the ledger is left as it is, and the finalizer is released.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};
use tokio::time::Instant;

use super::book::Book;
use super::context::Context;
use super::enforce::{identity, let_go_of_fields};
use super::error::Error;
use crate::act;
use crate::api::enforcement_status::{ActionPhase, Verb};
use crate::api::{FINALIZER, ServiceLevelAgreement};
use crate::decide::{Restoration, restore};
use crate::record::{event, writer};
use crate::sense::workload::WorkloadProblem;

/// When to look again at a floor that could not be given back yet.
const AGAIN: Duration = Duration::from_secs(5);

/// Gives the floor back and lets the agreement go.
///
/// # Errors
/// When the API server does not answer or refuses. The finalizer stays then.
pub(super) async fn finalize(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &Book,
    now: Timestamp,
) -> Result<Action, Error> {
    let uid = agreement.uid().unwrap_or_default();
    context.registry.forget(&uid);
    if !agreement.finalizers().iter().any(|f| f == FINALIZER) {
        forget(agreement, context);
        return Ok(Action::await_change());
    }
    if !give_back(agreement, context, book, now).await {
        return Ok(Action::requeue(AGAIN));
    }
    match writer::set_finalizer(&context.client, agreement, false).await {
        Err(error) if error.is_not_found() => {}
        other => other?,
    }
    forget(agreement, context);
    Ok(Action::await_change())
}

/// Whether nothing of ours is left on the workload.
pub(super) async fn give_back(
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
        Err(
            problem @ (WorkloadProblem::TimedOut { .. }
            | WorkloadProblem::Failed { .. }
            | WorkloadProblem::Forbidden { .. }),
        ) => {
            tracing::warn!(agreement = %identity.name, %problem, "the floor cannot be given back yet");
            return false;
        }
        // There is no such thing, so nothing of ours is on it.
        Err(_) => None,
    };
    let leader = context.fence.leads(Instant::now());
    match restore(&identity, &status, floor.as_ref(), leader, now) {
        Restoration::Nothing => {
            let_go_of_fields(context, &identity, floor.as_ref()).await;
            true
        }
        Restoration::Hold(hold) => {
            tracing::info!(agreement = %identity.name, reason = hold.reason, message = %hold.message, "not yet");
            false
        }
        Restoration::Act(plan) => {
            let Ok(permit) = context.fence.permit(Instant::now()) else { return false };
            let outcomes = act::execute(&context.actuator, permit.deadline(), plan).await;
            let done = outcomes.iter().all(|o| o.result == act::WriteResult::Done);
            let phase = if done { ActionPhase::Done } else { ActionPhase::Refused };
            context.metrics.acted(format!("{:?}", Verb::Restore), format!("{phase:?}"));
            if done && let Some(floor) = &floor {
                let target = &floor.target;
                let note = format!("{} {} has its owner's floor again", target.kind, target.name);
                let notice = event::notice(false, "BaselineRestored", "Restore", note);
                event::publish(&context.recorder, agreement.object_ref(&()), vec![notice]);
            }
            // A conflict or no answer: the next look decides.
            done
        }
    }
}

fn forget(agreement: &ServiceLevelAgreement, context: &Context) {
    let uid = agreement.uid().unwrap_or_default();
    context.books.forget(&uid);
    context.fleet.forget(&uid);
    context.backoff.succeeded(&uid);
}
