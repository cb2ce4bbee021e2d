//! The second look. Samples arrive late, and not all at once: a slot of which the store could say nothing is read once
//! more when the grace for late samples is over, and what it says then goes into the account.
//!
//! A period does not wait for that, or the next one would not be looked at meanwhile. It is closed with what is known,
//! and if the second look brings more, it is restated: a new ledger with what is known by then, and a statement over it
//! that takes the place of the one before. What was counted stays as it was counted first.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::ResourceExt;
use kube::runtime::reflector::ObjectRef;

use super::account;
use super::agreement::{asks, write_status};
use super::book::{Book, OpenLedger};
use super::circumstances::Known;
use super::context::Context;
use super::error::Error;
use super::load::{EarlierLoad, compared_from};
use super::past::Past;
use super::registry::SecondLook;
use super::revision::{Reopened, Slots};
use super::settle;
use super::terms::Terms;
use super::window::Archive;
use crate::api::agreement_status::AgreementStatus;
use crate::api::enforcement::Mode;
use crate::api::{ServiceLevelAgreement, ServiceLevelStatement};
use crate::decide::danger::load;
use crate::evaluate::enforcement_log::EnforcementLog;
use crate::evaluate::ledger::{Insertion, Ledger};
use crate::evaluate::period::{Bounds, Schedule};
use crate::evaluate::{indicator, series, stored_ledger};
use crate::sense::account as records;

/// A closed period with slots that are still to be looked at again.
#[derive(Clone, Debug)]
pub struct ClosedInDoubt {
    /// Its slots.
    ledger: Ledger,
    /// What was found and done in it.
    log: EnforcementLog,
    /// From the first to the last slot in doubt.
    doubt: Bounds,
    /// Whether a second look said more. It is kept until that is restated, should the API server fail meanwhile.
    more: bool,
}

impl ClosedInDoubt {
    /// When it is looked at again: late samples of the newest slot in doubt have had the grace by then, and no older one has more
    /// to come.
    fn looked_at(&self, context: &Context) -> Timestamp {
        let grace = context.settle.saturating_add(context.grace);
        let over = self.doubt.end.saturating_add(grace).unwrap_or(Timestamp::MAX);
        over.max(self.ledger.settles_at(context.settle))
    }

    /// The period that is just being closed, if anything in it is in doubt.
    pub(super) fn of(open: &OpenLedger) -> Option<Self> {
        let within = Bounds { start: open.looked_again, end: whole_slots_end(&open.ledger) };
        Some(Self {
            doubt: open.ledger.in_doubt(within)?,
            ledger: open.ledger.clone(),
            log: open.log.clone(),
            more: false,
        })
    }
}

/// From where on a ledger that is taken up now is looked at again: what a predecessor may not have got to.
pub(super) fn first_look(context: &Context, start: Timestamp, now: Timestamp) -> Timestamp {
    let twice = context.grace.saturating_add(context.grace).saturating_add(context.settle);
    now.checked_sub(twice).unwrap_or(start).max(start)
}

/// Finds out, once for every process, whether the latest closed period is in doubt, and what a danger that begins now is
/// compared with, or one that goes on.
///
/// # Errors
/// When the API server does not answer or refuses.
pub(super) async fn recall(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    schedule: &Schedule,
    now: Timestamp,
) -> Result<(), Error> {
    if std::mem::replace(&mut book.recalled, true) {
        return Ok(());
    }
    let Some(latest) = book.status.statements.first() else { return Ok(()) };
    let Some(period) = schedule.containing(latest.period_start.0) else { return Ok(()) };
    let from = first_look(context, period.start, now);
    // Who only observes compares nothing.
    let decides = agreement.spec.enforcement.mode > Mode::Observe;
    let compared = compared_from(&book.status, now).unwrap_or_else(|| load::known_from(now));
    let compared = if decides { compared } else { from };
    if from.min(compared) >= period.end {
        return Ok(());
    }
    let namespace = agreement.namespace().unwrap_or_default();
    // Should a read fail, it is not tried again: what is lost is a second look.
    let Some(issued) = records::statement(&context.client, &namespace, &latest.name).await? else { return Ok(()) };
    let name = &issued.spec.evidence.ledger;
    let Some(stored) = records::ledger(&context.client, &namespace, name).await? else { return Ok(()) };
    let ledger = stored_ledger::from_spec(&stored.spec)
        .map_err(|e| Error::BrokenLedger { name: name.clone(), reason: e.to_string() })?;
    let in_force = super::terms::in_force(agreement, period.start).map_err(|e| Error::Account(e.to_string()))?;
    book.earlier_load = Some(EarlierLoad::of(&in_force, &ledger, &book.status));
    let doubt = ledger.in_doubt(Bounds { start: from, end: whole_slots_end(&ledger) });
    book.in_doubt =
        doubt.map(|doubt| ClosedInDoubt { ledger, log: EnforcementLog::of(&stored.spec), doubt, more: false });
    Ok(())
}

/// Asks for what is due to be looked at again, and says when the next look is.
pub(super) fn ask(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    terms: &Terms,
    now: Timestamp,
) -> Option<Timestamp> {
    let wait = context.settle.saturating_add(context.grace);
    let uid = agreement.uid().unwrap_or_default();
    if let Some(closed) = &book.in_doubt {
        let at = closed.looked_at(context);
        if now < at {
            return Some(at);
        }
        context.registry.look_again(&uid, asks(agreement, terms, &closed.ledger), closed.doubt.start, closed.doubt.end);
        return None;
    }
    let open = book.open.as_mut()?;
    let through = now.checked_sub(wait).ok()?.min(open.ledger.measured_through());
    match open.ledger.in_doubt(Bounds { start: open.looked_again, end: through }) {
        Some(doubt) => {
            context.registry.look_again(&uid, asks(agreement, terms, &open.ledger), doubt.start, doubt.end);
        }
        None => open.looked_again = open.looked_again.max(through),
    }
    None
}

/// Has the reader know the closed period that is in doubt, where no other one is open: after a restart it does not.
pub(super) fn register(agreement: &ServiceLevelAgreement, context: &Context, book: &Book, terms: &Terms) {
    let Some(closed) = &book.in_doubt else { return };
    let reference = ObjectRef::from_obj(agreement);
    let asks = asks(agreement, terms, &closed.ledger);
    context.registry.register(&agreement.uid().unwrap_or_default(), reference, asks, whole_slots_end(&closed.ledger));
}

/// Enters what a second look brought of the running period.
pub(super) fn enter(agreement: &ServiceLevelAgreement, context: &Context, book: &mut Book, look: SecondLook) {
    let Some(open) = &mut book.open else { return };
    let bounds = open.ledger.bounds();
    open.looked_again = open.looked_again.max(look.through.min(bounds.end));
    let mine = look.readings.into_iter().filter(|(_, reading)| reading.start >= first_slot(&open.ledger)).collect();
    // What belongs to later periods was not asked.
    let _later = account::enter(agreement, context, book, mine);
}

/// Enters what a second look brought of the closed period, and restates it if that says more.
///
/// # Errors
/// When the API server does not answer or refuses, or the account cannot be made.
pub(super) async fn restate(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    look: &mut SecondLook,
    known: &Known<'_>,
    next: &mut AgreementStatus,
    now: Timestamp,
) -> Result<(), Error> {
    let Some(closed) = &mut book.in_doubt else { return Ok(()) };
    let end = closed.ledger.bounds().end;
    let mut rest = Vec::new();
    for (name, reading) in std::mem::take(&mut look.readings) {
        if reading.start >= end {
            rest.push((name, reading));
            continue;
        }
        let terms = super::terms::in_force(agreement, closed.ledger.bounds().start);
        let terms = terms.map_err(|e| Error::Account(e.to_string()))?;
        let Some(indicator) = series::find(&terms.spec.objectives, &name) else { continue };
        let slot = indicator::slot(&indicator, &reading, agreement.metadata.generation.unwrap_or_default());
        let is_known = slot.unknown_cause().is_none();
        closed.more |= is_known && closed.ledger.insert(&name, reading.start, slot) == Ok(Insertion::Entered);
    }
    look.readings = rest;
    if look.through < closed.doubt.end {
        return Ok(());
    }
    let start = closed.ledger.bounds().start;
    let reference = next.statements.iter_mut().find(|reference| reference.period_start.0 == start);
    let memory = (book.past.as_ref(), &mut book.archive);
    if closed.more
        && let Some(reference) = reference
        && let Some(issued) = Box::pin(revise(agreement, context, closed, memory, &reference.name, known, now)).await?
    {
        if let Some(past) = &mut book.past {
            past.enter(&issued, &agreement.spec, now)?;
        }
        *reference = settle::reference(&issued);
        // As long as the status does not name it, the period stays in doubt: a look that is lost is asked for again.
        write_status(agreement, context, book, next.clone()).await?;
    }
    book.in_doubt = None;
    Ok(())
}

/// The statement over what is known by now, with a ledger of its own under the same name.
async fn revise(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    closed: &ClosedInDoubt,
    memory: (Option<&Past>, &mut Archive),
    standing: &str,
    known: &Known<'_>,
    now: Timestamp,
) -> Result<Option<ServiceLevelStatement>, Error> {
    let reopened = Reopened::of(agreement, context, memory, standing, known, now).await?;
    let Some(mut reopened) = reopened else { return Ok(None) };
    // Not the present: made again after a crash it shall be the same.
    reopened.circumstances.determined_at = Some(closed.looked_at(context));
    reopened.issue(Slots::Anew(&closed.ledger, &closed.log), |_| true, now).await
}

/// The first slot may begin before the period does, and the last one end after it.
fn first_slot(ledger: &Ledger) -> Timestamp {
    let slot = SignedDuration::from_secs(ledger.slot_seconds());
    ledger.bounds().start.checked_sub(slot).unwrap_or(ledger.bounds().start)
}

fn whole_slots_end(ledger: &Ledger) -> Timestamp {
    ledger.settles_at(SignedDuration::ZERO)
}
