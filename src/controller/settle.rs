//! Closes a period: the last slots are in, or the grace time is over; then one statement, once.
//!
//! In this order: the ledger is stored as closed, the statement is issued under a name derived from agreement, period
//! and revision, the status points at it. A crash in between leaves the next leader at the same point, and what it makes
//! is the same.

use std::sync::Arc;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::account;
use super::agreement::write_status;
use super::book::{Book, OpenLedger};
use super::circumstances::Known;
use super::context::Context;
use super::error::Error;
use super::late::ClosedInDoubt;
use super::load::EarlierLoad;
use super::terms;
use crate::api::agreement_status::{AgreementStatus, KEPT, StatementRef};
use crate::api::metrics_source::IncreaseForm;
use crate::api::statement::{FinalReason, FinalStatement};
use crate::api::{ServiceLevelAgreement, ServiceLevelStatement};
use crate::evaluate::assess::{Circumstances, assess};
use crate::evaluate::assessment::Assessment;
use crate::evaluate::exclusion::lines;
use crate::evaluate::statement::{self, Closing};
use crate::evaluate::window::{self, Window};
use crate::evaluate::{credit, stored_ledger};
use crate::record::metrics::Written;
use crate::record::{ledger, status, writer};
use crate::sense::account as records;

/// Agreements made anew under one name may each have statements of the same period, and each of them may be restated;
/// more than this is refused.
pub(super) const MOST_REVISIONS: i32 = 16;

/// Closes the open period if it is time. Whether it was closed.
///
/// # Errors
/// When the API server does not answer or refuses, or the account cannot be made.
pub(super) async fn close_if_due(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    window: Option<&Window>,
    known: &Known<'_>,
    next: &mut AgreementStatus,
    now: Timestamp,
) -> Result<bool, Error> {
    let Some(open) = &mut book.open else { return Ok(false) };
    let ready = open.ledger.settles_at(context.settle);
    let complete = open.ledger.measured_through() >= open.ledger.bounds().end;
    let settled = complete || open.closed;
    // The grace runs from when the missing slots could be read: after a downtime that is not the period's end.
    let readable = ready.max(open.taken_up);
    let patience = if settled { ready } else { readable.checked_add(context.grace).unwrap_or(Timestamp::MAX) };
    // A deletion waits for all that is due together, and not for one period after the other.
    let patience = book.ending.map_or(patience, |ending| patience.min(ending.patience).max(ready));
    if now < patience {
        return Ok(false);
    }
    account::remember(open, next);
    let period = open.ledger.bounds();
    let judged = window.map_or(period, |window| window.judged);
    let mut circumstances = known.circumstances(&agreement.spec, period, judged, book.past.as_ref(), now)?;
    circumstances.last = book
        .ending
        .filter(|ending| ending.end == period.end)
        .map(|ending| FinalStatement { reason: FinalReason::AgreementDeleted, at: Time(ending.deleted) });
    let issued = issue(agreement, context, open, window, &circumstances, now).await?;
    let closing = at_its_end(agreement, open, window, &circumstances)?;
    if let Some(past) = &mut book.past {
        past.enter(&issued, &agreement.spec, now)?;
    }
    let reference = reference(&issued);
    next.statements.retain(|s| s.name != reference.name);
    next.statements.insert(0, reference);
    next.statements.truncate(KEPT);
    // The last slots came in since the status was made.
    status::enter_settled(next, &issued.spec);
    let in_doubt = ClosedInDoubt::of(open);
    let earlier_load = EarlierLoad::of(agreement, &open.ledger, next);
    write_status(agreement, context, book, next.clone()).await?;
    book.in_doubt = in_doubt;
    book.open = None;
    book.closing = Some(Arc::new(closing));
    book.earlier_load = Some(earlier_load);
    Ok(true)
}

/// How the open period stood at its last instant, with all its slots and not yet closed: a danger of that instant is
/// one of the next.
fn at_its_end(
    agreement: &ServiceLevelAgreement,
    open: &OpenLedger,
    window: Option<&Window>,
    circumstances: &Circumstances,
) -> Result<Assessment, Error> {
    let ledger = window::judged(&open.ledger, window).map_err(|e| Error::Account(e.to_string()))?;
    let instant = SignedDuration::from_nanos(1);
    let last = open.ledger.bounds().end.saturating_sub(instant).unwrap_or(Timestamp::MIN);
    assess(&agreement.spec, &ledger, circumstances, last, -instant).map_err(|e| Error::Account(e.to_string()))
}

/// The statement of the open period, as it is stored.
async fn issue(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    open: &mut OpenLedger,
    window: Option<&Window>,
    circumstances: &Circumstances,
    now: Timestamp,
) -> Result<ServiceLevelStatement, Error> {
    let namespace = agreement.namespace().unwrap_or_default();
    let (agreement_name, uid) = (agreement.name_any(), agreement.uid().unwrap_or_default());
    let start = open.ledger.bounds().start;
    for revision in 1..=MOST_REVISIONS {
        let name = statement::name(&agreement_name, start, revision);
        match records::statement(&context.client, &namespace, &name).await? {
            Some(issued) if issued.spec.agreement.uid == uid => return Ok(issued),
            // Of an earlier agreement under the same name.
            Some(_) => {}
            None => {
                if !open.closed {
                    account::store(agreement, context, open, true, now).await?;
                }
                let made = make(agreement, context, open, window, circumstances, revision, now)?;
                let mut object = ServiceLevelStatement::new(&name, made);
                object.metadata.namespace = Some(namespace);
                writer::issue_statement(&context.client, &object).await?;
                context.metrics.wrote(Written::Statement);
                return Ok(object);
            }
        }
    }
    Err(Error::Account(format!("{agreement_name} has {MOST_REVISIONS} statements of the period from {start}")))
}

fn make(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    open: &OpenLedger,
    window: Option<&Window>,
    circumstances: &Circumstances,
    revision: i32,
    now: Timestamp,
) -> Result<crate::api::statement::StatementSpec, Error> {
    let source_name = &agreement.spec.metrics.source_ref.name;
    let source = context.sources.find(|s| s.name_any() == *source_name);
    // What it is read with; right after a start it may not have been opened yet.
    let read_with = context.handles.get(source_name).map(|handle| handle.probed.form);
    let found_before = || source.as_ref().and_then(|s| Some(s.status.as_ref()?.increase.as_ref()?.form));
    let increase = read_with.or_else(found_before).unwrap_or(IncreaseForm::Extrapolated);
    let queries = source.as_ref().map(|s| terms::queries(agreement, s, increase)).unwrap_or_default();
    let stored = stored_ledger::to_spec(&open.ledger, ledger::identity(agreement), &open.log, true);
    let closing = Closing {
        spec: &agreement.spec,
        generation: agreement.meta().generation.unwrap_or_default(),
        revision,
        ledger_name: &open.name,
        ledger: &stored,
        window,
        circumstances,
        supersedes: None,
        queries: &queries,
        source_name,
        source_url: source.as_ref().map_or("", |s| s.spec.url.as_str()),
        increase,
    };
    statement::statement(&closing, now, context.settle).map_err(|e| Error::Account(e.to_string()))
}

pub(super) fn reference(statement: &ServiceLevelStatement) -> StatementRef {
    let credits = statement.spec.credits.as_ref();
    StatementRef {
        name: statement.name_any(),
        period_start: statement.spec.period.start.clone(),
        state: statement.spec.state,
        credit: credits.map(credit::in_words).unwrap_or_default(),
        exclusions: lines::mark_of(&statement.spec),
        credit_state: credits.map(|credits| credits.state),
        credit_since: credits.and_then(|credits| credits.since.clone()),
        credit_reason: credits.map(|credits| credits.reason.clone()).unwrap_or_default(),
        claim_by: credits.and_then(|credits| credits.deadlines.iter().map(|deadline| deadline.by.clone()).min()),
        payment: None,
        later_payments: Vec::new(),
        overpaid: None,
    }
}
