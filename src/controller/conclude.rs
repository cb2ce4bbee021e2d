//! The account of an agreement that is being deleted: its running period ends with the last whole slot before the
//! deletion, as it would with the agreement's validity, and its last statement says so.
//!
//! That takes as long as the last slots take to be read, and at most the grace for late ones. What nobody knows by then
//! stays unknown. A deletion is never held up for good: where no statement can be written, an Event says why, and the
//! ledger stays behind as it is.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::account;
use super::agreement::{register, write_status};
use super::amendments;
use super::book::Book;
use super::circumstances::Known;
use super::claims::Claims;
use super::context::Context;
use super::error::Error;
use super::exclusions::Declared;
use super::late;
use super::periods;
use super::terms::{self, Terms};
use crate::api::ServiceLevelAgreement;
use crate::api::condition::{self, ConditionStatus};
use crate::evaluate::period::Schedule;
use crate::record::event;

/// How long the API server may take to take the last statement, beyond the time in which slots are waited for.
const WRITING: SignedDuration = SignedDuration::from_mins(2);
/// When to look again, where nothing else tells.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);

/// The end of an account, as long as the agreement is kept for it.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// When the agreement was deleted.
    pub deleted: Timestamp,
    /// The end of its last whole slot: that of its account.
    pub end: Timestamp,
    /// Until when slots are waited for.
    pub patience: Timestamp,
    /// Whether the open ledger was stored since: it does not go with the agreement any more.
    detached: bool,
}

impl Ending {
    /// The end of an agreement whose deletion is seen now.
    fn of(agreement: &ServiceLevelAgreement, context: &Context, now: Timestamp) -> Self {
        let deleted = agreement.meta().deletion_timestamp.as_ref().map_or(now, |at| at.0);
        let slot = agreement.spec.metrics.slot.seconds().max(1);
        let second = deleted.as_second() - deleted.as_second().rem_euclid(slot);
        let grace = context.settle.saturating_add(context.grace);
        Self {
            deleted,
            end: Timestamp::from_second(second).unwrap_or(deleted),
            // Not from the deletion on: after a downtime the store can still tell of it.
            patience: now.saturating_add(grace).unwrap_or(Timestamp::MAX),
            detached: false,
        }
    }

    /// When the agreement goes, whatever became of its account.
    fn last_resort(&self) -> Timestamp {
        self.patience.saturating_add(WRITING).unwrap_or(Timestamp::MAX)
    }
}

/// Closes the account. When to look again; `None`: it is closed, or nothing more can be done for it.
///
/// # Errors
/// When the API server does not answer or refuses, or the account cannot be made, as long as trying again may help.
pub(super) async fn conclude(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    let ending = *book.ending.get_or_insert_with(|| Ending::of(agreement, context, now));
    let name = agreement.name_any();
    match Box::pin(settle_up(agreement, context, book, now)).await {
        Ok(Some(_)) if now >= ending.last_resort() => {
            give_up(agreement, context, "what was unknown could not be looked at again in time");
            Ok(None)
        }
        Ok(again) => Ok(again),
        // Whatever is written there goes with the namespace.
        Err(error) if error.is_of_a_terminating_namespace() => {
            tracing::info!(agreement = %name, "its namespace is being deleted and takes no statement");
            Ok(None)
        }
        Err(error) if now >= ending.last_resort() => {
            give_up(agreement, context, &error.to_string());
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

fn give_up(agreement: &ServiceLevelAgreement, context: &Context, why: &str) {
    tracing::warn!(agreement = %agreement.name_any(), %why, "the account could not be closed; the agreement goes");
    let note = format!("the agreement goes without its last statement or a correction of it: {why}");
    let notice = event::notice(true, "AccountNotClosed", "CloseAccount", note);
    event::publish(&context.recorder, agreement.object_ref(&()), vec![notice]);
}

/// One step towards the end.
async fn settle_up(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    now: Timestamp,
) -> Result<Option<Timestamp>, Error> {
    // Whose account nobody began has none.
    let Some(ending) = book.ending.filter(|_| book.status.period.is_some()) else { return Ok(None) };
    let agreement = &amendments::as_taken_up(agreement, &book.status, now);
    let Some((schedule, terms)) = terms(agreement, context, book, now) else { return Ok(None) };
    let schedule = schedule.ending(ending.end);
    let namespace = agreement.namespace().unwrap_or_default();
    let declared = Declared::of(context, &namespace, &agreement.name_any());
    let claims = Claims::of(context, &namespace, &agreement.name_any());
    let known = Known { schedule: &schedule, declared: &declared, claims: &claims };
    let mut next = book.status.clone();
    let message = format!(
        "it is being deleted: the account is closed with {}, by {} at the latest, and then it goes",
        ending.end, ending.patience
    );
    let generation = agreement.meta().generation;
    condition::set(
        &mut next.conditions,
        condition::READY,
        ConditionStatus::False,
        "Deleting",
        &message,
        generation,
        now,
    );
    let progress = Box::pin(periods::close(agreement, context, book, &known, &mut next, now)).await?;
    if progress.more {
        return Ok(Some(now));
    }
    write_status(agreement, context, book, next).await?;
    let Some(open) = book.open.as_mut().filter(|open| open.ledger.bounds().start < ending.end) else {
        book.open = None;
        // Nothing is left but what may be known yet of the last period.
        let Some(terms) = terms.filter(|_| book.in_doubt.is_some()) else { return Ok(None) };
        late::register(agreement, context, book, &terms);
        return Ok(late::ask(agreement, context, book, &terms, now).or_else(|| now.checked_add(AGAIN).ok()));
    };
    if !ending.detached {
        account::store(agreement, context, open, false, now).await?;
        book.ending = Some(Ending { detached: true, ..ending });
    }
    let settles = open.ledger.settles_at(context.settle);
    if let Some(terms) = &terms {
        let in_force =
            terms::in_force(agreement, open.ledger.bounds().start).map_err(|e| Error::Account(e.to_string()))?;
        register(&in_force, context, terms, open);
        late::ask(&in_force, context, book, terms, now);
    }
    Ok(Some(if now < settles { settles } else { now.checked_add(AGAIN).unwrap_or(now) }))
}

/// The schedule, and what is asked of the source. Where nothing can be asked any more, nothing is waited for.
fn terms(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    now: Timestamp,
) -> Option<(Schedule, Option<Terms>)> {
    let source = &agreement.spec.metrics.source_ref.name;
    let declared = context.sources.find(|s| s.name_any() == *source);
    if let Ok(terms) = terms::recall(agreement, declared.as_deref(), &mut book.terms) {
        return Some((terms.schedule.clone(), Some(terms)));
    }
    let created = agreement.creation_timestamp().map_or(Timestamp::UNIX_EPOCH, |t| t.0);
    if let Some(ending) = &mut book.ending {
        ending.patience = ending.patience.min(now);
    }
    Schedule::new(&agreement.spec, created).ok().map(|schedule| (schedule, None))
}
