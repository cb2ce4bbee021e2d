//! What of an agreement's past is due: late samples and late exclusions change closed periods, and those that are complete
//! are closed, one after the other.

use k8s_openapi::jiff::Timestamp;
use kube::ResourceExt;

use super::account;
use super::book::Book;
use super::circumstances::Known;
use super::context::Context;
use super::error::Error;
use super::late;
use super::past;
use super::registry::Delivery;
use super::restate;
use super::settle;
use super::terms;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::AgreementStatus;
use crate::evaluate::window::Window;
use crate::sense::observation::Failure;

/// The most periods that are closed in one reconcile; the next ones follow at once in the next.
const PERIODS_AT_ONCE: usize = 4;

/// How far it came.
pub(super) struct Progress {
    /// What is judged at the end of the period that is open now, where that is not the period itself.
    pub window: Option<Window>,
    /// What stood in the way of the latest round of reading.
    pub failure: Option<Failure>,
    /// So many periods were closed that others wait.
    pub more: bool,
}

/// Takes what the reader brought into the ledger of the period it belongs to, and closes each period that is complete.
///
/// # Errors
/// When the API server does not answer or refuses, or an account cannot be made.
pub(super) async fn close(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    known: &Known<'_>,
    next: &mut AgreementStatus,
    now: Timestamp,
) -> Result<Progress, Error> {
    let Delivery { mut readings, failure, second_look, since } =
        context.registry.take(&agreement.uid().unwrap_or_default());
    if let Some(since) = since {
        context.metrics.waited(since.elapsed());
    }
    past::recall(agreement, context, book, known.claims).await?;
    late::recall(agreement, context, book, known.schedule, now).await?;
    let mut looked = second_look;
    if let Some(look) = &mut looked {
        Box::pin(late::restate(agreement, context, book, look, known, next, now)).await?;
    }
    // First what was settled already: the period that is closed next may rest on it.
    Box::pin(restate::restate(agreement, context, book, known, next, now)).await?;
    let mut closed = 0;
    let mut window;
    loop {
        book.open(context, agreement, known.schedule, now).await?;
        window = book.look_back(context, agreement, known.schedule).await?;
        let Some(start) = book.open.as_ref().map(|open| open.ledger.bounds().start) else { break };
        let agreement = terms::in_force(agreement, start).map_err(|e| Error::Account(e.to_string()))?;
        if let Some(look) = looked.take() {
            late::enter(&agreement, context, book, look);
        }
        readings = account::enter(&agreement, context, book, readings);
        if !settle::close_if_due(&agreement, context, book, window.as_ref(), known, next, now).await? {
            break;
        }
        // What is agreed from the next period on may be counted otherwise: what was read beyond this one is read again.
        if !agreement.spec.amendments.is_empty() {
            readings.clear();
        }
        closed += 1;
        if closed == PERIODS_AT_ONCE {
            return Ok(Progress { window: None, failure, more: true });
        }
    }
    Ok(Progress { window, failure, more: false })
}
