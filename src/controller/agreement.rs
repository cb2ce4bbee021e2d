//! The reconcile of one agreement: the way through the stages, in order.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::api::Api;
use kube::runtime::controller::Action;
use kube::{Resource, ResourceExt};

use super::account;
use super::amendments;
use super::book::{Book, Certainty, Keeping, OpenLedger};
use super::capacity;
use super::circumstances::Known;
use super::claims::{self, Claims};
use super::context::Context;
use super::demands;
use super::enforce;
use super::error::{Error, Retry};
use super::exclusions::Declared;
use super::finalize;
use super::late;
use super::lives;
use super::periods;
use super::pulses;
use super::put_back::put_back;
use super::registry::Asks;
use super::retention;
use super::room;
use super::terms::{self, Refusal, Terms};
use super::upstream;
use crate::api::agreement_status::AgreementStatus;
use crate::api::condition::{self, ConditionStatus};
use crate::api::enforcement_status::EnforcementStatus;
use crate::api::{ACCOUNT_FINALIZER, ServiceLevelAgreement};
use crate::decide::danger::pulse::Present;
use crate::decide::held::budgets;
use crate::evaluate::assess::assess;
use crate::evaluate::detection;
use crate::evaluate::ledger::Ledger;
use crate::evaluate::lint::Lint;
use crate::evaluate::window::judged;
use crate::record::metrics::Written;
use crate::record::{event, ledger, material, status, writer};

/// The shortest time until a look that was asked for.
const SHORTEST: Duration = Duration::from_millis(500);
/// When to look again at what somebody else has to mend.
const LATER: SignedDuration = SignedDuration::from_secs(30);

/// Works on one agreement.
///
/// # Errors
/// When the API server does not answer or refuses; what is wrong with the spec becomes a condition instead.
pub async fn reconcile(agreement: Arc<ServiceLevelAgreement>, context: Arc<Context>) -> Result<Action, Error> {
    let now = context.clock.now();
    let uid = agreement.uid().unwrap_or_default();
    let book = context.books.book(&uid);
    let mut book = book.lock().await;
    book.load(&context, &agreement).await?;
    if agreement.meta().deletion_timestamp.is_some() {
        return Box::pin(finalize::finalize(&agreement, &context, &mut book, now)).await;
    }
    let source = agreement.spec.metrics.source_ref.name.clone();
    let declared = context.sources.find(|s| s.name_any() == source);
    let terms = terms::recall(&agreement, declared.as_deref(), &mut book.terms);
    match terms.and_then(|terms| amendments::in_time(&agreement, &book.status, now).map(|()| terms)) {
        Ok(terms) => {
            let claims = Claims::of(&context, &agreement.namespace().unwrap_or_default(), &agreement.name_any());
            let worked = Box::pin(work(&agreement, &context, &mut book, &terms, &claims, now)).await;
            if let Err(error) = &worked
                && error.retry() == Retry::Terminal
            {
                given_up(&agreement, &context, &mut book, error, now).await?;
            }
            let action = worked?;
            claims::tell(&claims, &context, &book, &agreement.spec, now).await?;
            Ok(action)
        }
        Err(refusal) => refuse(&agreement, &context, &mut book, &refusal, now).await,
    }
}

/// Sense, evaluate, decide, act, record.
async fn work(
    agreement: &ServiceLevelAgreement,
    context: &Arc<Context>,
    book: &mut Book,
    terms: &Terms,
    claims: &Claims,
    now: Timestamp,
) -> Result<Action, Error> {
    let mut next = book.status.clone();
    ready(&mut next, agreement, now);
    advise(&mut next, agreement, &terms.advice, now);
    let declared = Declared::of(context, &agreement.namespace().unwrap_or_default(), &agreement.name_any());
    let known = Known { schedule: &terms.schedule, declared: &declared, claims };
    let progress = Box::pin(periods::close(agreement, context, book, &known, &mut next, now)).await?;
    if progress.more {
        return Ok(Action::requeue(Duration::ZERO));
    }
    let window = progress.window;
    let due = lives::enter(&mut next, book.past.as_ref(), claims, &terms.schedule, now);
    lives::unsettled(&mut next, agreement, book.past.as_ref(), claims, &terms.schedule, now);
    lives::term(&mut next, &agreement.spec, book.past.as_ref(), claims, now)?;
    let due = due.into_iter().chain(demands::enter(&mut next, &agreement.spec, claims.all(), now)).min();
    let Some(open) = &book.open else {
        context.fleet.forget(&agreement.uid().unwrap_or_default());
        context.advice.forget(&agreement.uid().unwrap_or_default());
        context.pulses.forget(&agreement.uid().unwrap_or_default());
        not_in_force(&mut next, terms, agreement, now);
        // What was held for the agreement goes with it.
        let holds = !enforce::holds_nothing(&next);
        let mut again = Some(terms.schedule.from()).filter(|from| *from > now);
        if holds {
            match finalize::give_back(agreement, context, book, now).await {
                None => next.enforcement = next.enforcement.as_ref().and_then(|held| given_back(held, now)),
                later => again = later,
            }
        }
        return Box::pin(finish(agreement, context, book, next, again.into_iter().chain(due).min(), now)).await;
    };
    let agreement = in_force(agreement, open.ledger.bounds().start)?;
    let agreement: &ServiceLevelAgreement = &agreement;
    register(agreement, context, terms, open);
    keep(agreement, context, book).await?;
    let second_look = late::ask(agreement, context, book, terms, now);
    let Some(open) = &book.open else { return Ok(Action::requeue(Duration::ZERO)) };
    let asked = terms.asked(open.ledger.bounds().start);
    let as_of = account::as_of(&open.ledger, open.taken_up, context.settle, now);
    if as_of < now && progress.failure.is_none() && account::knows_less(&open.ledger, &next) {
        // Taken over, and what was read since it was stored is being read again: until then the status stands.
        return Box::pin(finish(agreement, context, book, next, now.checked_add(LATER).ok(), now)).await;
    }
    let ledger = judged(&open.ledger, window.as_ref()).map_err(|e| Error::Account(e.to_string()))?;
    let (period, past) = (open.ledger.bounds(), book.past.as_ref());
    let circumstances = known.circumstances(&agreement.spec, period, ledger.bounds(), past, now)?;
    let assessment = assess(&agreement.spec, &ledger, &circumstances, as_of, context.settle)
        .map_err(|e| Error::Account(e.to_string()))?;
    drop(ledger);
    status::enter_account(&mut next, &assessment);
    detection::enter(&mut next.violations, &circumstances.incidents);
    account::attribute(&mut next, book, window.as_ref(), assessment.judged_from);
    let source = &agreement.spec.metrics.source_ref.name;
    let nobody_reads = context.handles.get(source).is_none();
    let unreadable = if nobody_reads { source_trouble(context, source, as_of < now) } else { None };
    account::conditions(&mut next, agreement, &assessment, progress.failure.as_ref(), unreadable.as_deref(), now);
    if let Some(open) = &book.open {
        retention::condition(&mut next, agreement, context, open, now);
        room::condition(&mut next, agreement, open, context.ledger_bytes, now);
    }
    context.metrics.assessed(&agreement.namespace().unwrap_or_default(), &agreement.name_any(), &assessment);
    let before = book.before_the_first_slot(&assessment);
    let present = before.as_deref().unwrap_or(&assessment);
    let pulse = pulses::felt(agreement, context, present, &asked, &circumstances.exclusions, now);
    capacity::tell(agreement, context, &mut next, present, &asked, now);
    let present = Present { assessment: present, pulse: &pulse };
    context.fleet.recall(|| context.agreements.state(), now);
    context.fleet.note(agreement, &next, present, now);
    upstream::condition(&mut next, agreement, &upstream::of(agreement, context, now), now);
    let enforcing = enforce::enforce(agreement, context, book, &mut next, present, &asked, now);
    let again = Box::pin(enforcing).await?;
    account::attribute(&mut next, book, window.as_ref(), assessment.judged_from);
    let mut again = again.into_iter().chain(second_look).min();
    if nobody_reads {
        // So nobody wakes this agreement.
        again = again.into_iter().chain(now.checked_add(LATER).ok()).min();
    }
    Box::pin(finish(agreement, context, book, next, again.into_iter().chain(due).min(), now)).await
}

/// The agreement as it is in force in the period that begins then.
fn in_force(agreement: &ServiceLevelAgreement, start: Timestamp) -> Result<Cow<'_, ServiceLevelAgreement>, Error> {
    terms::in_force(agreement, start).map_err(|e| Error::Account(e.to_string()))
}

/// Why a source that nobody reads cannot be read, in the words of its own condition. When it has none, it was not tried
/// yet: for a leader that has just begun, while the slots are not missing yet, that is no trouble.
fn source_trouble(context: &Context, name: &str, patient: bool) -> Option<String> {
    let source = context.sources.find(|s| s.name_any() == name);
    let status = source.as_ref().and_then(|s| s.status.as_ref());
    let ready = status.and_then(|s| s.conditions.iter().find(|c| c.type_ == condition::READY && c.status != "True"));
    let why = match ready {
        Some(condition) => condition.message.as_str(),
        None if patient => return None,
        None => "it was not tried yet",
    };
    Some(format!("MetricsSource {name} cannot be read: {why}"))
}

/// What is asked for the slots of a ledger.
pub(super) fn asks(agreement: &ServiceLevelAgreement, terms: &Terms, ledger: &Ledger) -> Asks {
    Asks {
        source: agreement.spec.metrics.source_ref.name.clone(),
        slot_seconds: ledger.slot_seconds(),
        asked: terms.asked(ledger.bounds().start),
        until: ledger.settles_at(SignedDuration::ZERO),
    }
}

/// From now on there is an account that a deletion has to close first.
async fn keep(agreement: &ServiceLevelAgreement, context: &Context, book: &mut Book) -> Result<(), Error> {
    let known = book.keeping == Keeping::Finalizer || agreement.finalizers().iter().any(|f| f == ACCOUNT_FINALIZER);
    if !known {
        writer::set_finalizer(&context.client, agreement, ACCOUNT_FINALIZER, true).await?;
        context.metrics.wrote(Written::Finalizer);
    }
    book.keeping = Keeping::Finalizer;
    Ok(())
}

/// Says what the reader shall ask from now on.
pub(super) fn register(agreement: &ServiceLevelAgreement, context: &Context, terms: &Terms, open: &OpenLedger) {
    let asks = asks(agreement, terms, &open.ledger);
    let reference = kube::runtime::reflector::ObjectRef::from_obj(agreement);
    context.registry.register(&agreement.uid().unwrap_or_default(), reference, asks, open.ledger.measured_through());
}

/// Writes what changed: status, Events, and the ledger when its time has come.
async fn finish(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    next: AgreementStatus,
    again: Option<Timestamp>,
    now: Timestamp,
) -> Result<Action, Error> {
    if let Some(open) = &mut book.open {
        account::remember(open, &next);
    }
    write_status(agreement, context, book, next).await?;
    if let Some(open) = &mut book.open {
        let uid = agreement.uid().unwrap_or_default();
        let is_due = ledger::checkpoint_due(&uid, open.stored_at, now, context.checkpoint, open.first);
        if open.dirty && (is_due || open.room.is_behind(&open.log)) {
            account::store(agreement, context, open, false, now).await?;
        }
    }
    let wait = again.and_then(|at| Duration::try_from(at.duration_since(now)).ok()).unwrap_or(context.resync);
    Ok(Action::requeue(wait.clamp(SHORTEST, context.resync)))
}

/// Writes `next` and its Events, unless nobody would call it a change.
///
/// # Errors
/// When the API server refuses or does not answer.
pub(super) async fn write_status(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    next: AgreementStatus,
) -> Result<(), Error> {
    if !material::differs(&book.status, &next) {
        return Ok(());
    }
    let api: Api<ServiceLevelAgreement> =
        Api::namespaced(context.client.clone(), &agreement.namespace().unwrap_or_default());
    // Until it is answered nobody knows what the status is; if it never is, the next look reads it back.
    book.loaded = false;
    writer::replace_status(&api, agreement, &next).await?;
    book.loaded = true;
    context.metrics.wrote(Written::Status);
    let notices = event::notices(&book.status, &next);
    book.status = next;
    event::publish(&context.recorder, agreement.object_ref(&()), notices);
    Ok(())
}

/// The agreement is understood.
fn ready(next: &mut AgreementStatus, agreement: &ServiceLevelAgreement, now: Timestamp) {
    let generation = agreement.meta().generation;
    next.observed_generation = generation;
    let list = &mut next.conditions;
    condition::set(
        list,
        condition::READY,
        ConditionStatus::True,
        "Accepted",
        "the agreement is understood and worked on",
        generation,
        now,
    );
    condition::clear(list, condition::STALLED);
    next.refused_amendment = None;
    amendments::take_up(next, agreement);
}

/// The agreement is worked with, but something in it is hardly meant.
fn advise(next: &mut AgreementStatus, agreement: &ServiceLevelAgreement, advice: &[Lint], now: Timestamp) {
    let list = &mut next.conditions;
    let Some(first) = advice.first() else { return condition::clear(list, condition::ADVISED) };
    let said: Vec<String> = advice.iter().map(|lint| format!("{}: {}", lint.field, lint.message)).collect();
    let (reason, generation) = (first.code.reason(), agreement.meta().generation);
    condition::set(list, condition::ADVISED, ConditionStatus::True, reason, &said.join("; "), generation, now);
}

fn not_in_force(next: &mut AgreementStatus, terms: &Terms, agreement: &ServiceLevelAgreement, now: Timestamp) {
    let generation = agreement.meta().generation;
    let message = if now < terms.schedule.from() {
        format!("in force from {}", terms.schedule.from())
    } else {
        "no longer in force; every period is settled".to_owned()
    };
    let list = &mut next.conditions;
    condition::clear(list, condition::BEYOND_RETENTION);
    condition::clear(list, condition::LEDGER_FULL);
    for kind in [condition::MEASURED, condition::FULFILLED] {
        condition::set(list, kind, ConditionStatus::Unknown, "NotInForce", &message, generation, now);
    }
}

/// What counts on of what was held while the agreement was in force.
fn given_back(held: &EnforcementStatus, now: Timestamp) -> Option<EnforcementStatus> {
    let message = "the agreement is not in force, and what was held is given back; what was done within a day counts";
    let left = budgets::left_of(held, now)?;
    Some(EnforcementStatus { reason: "NotInForce".to_owned(), message: message.to_owned(), ..left })
}

/// The account cannot be made before somebody has looked, and without it nothing is decided.
async fn given_up(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    error: &Error,
    now: Timestamp,
) -> Result<(), Error> {
    context.fleet.forget(&agreement.uid().unwrap_or_default());
    let mut next = book.status.clone();
    put_back(agreement, context, book, &mut next, (error.category(), &error.to_string()), now).await;
    write_status(agreement, context, book, next).await
}

/// Says what is wrong, stops asking, keeps what was known, and puts back what was let go.
async fn refuse(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    refusal: &Refusal,
    now: Timestamp,
) -> Result<Action, Error> {
    context.registry.forget(&agreement.uid().unwrap_or_default());
    context.fleet.forget(&agreement.uid().unwrap_or_default());
    context.advice.forget(&agreement.uid().unwrap_or_default());
    context.pulses.forget(&agreement.uid().unwrap_or_default());
    let generation = agreement.meta().generation;
    let mut next = book.status.clone();
    if next.observed_generation.is_none() {
        amendments::take_up(&mut next, agreement);
    }
    next.observed_generation = generation;
    next.refused_amendment.clone_from(&refusal.amendment);
    let list = &mut next.conditions;
    let (reason, message) = (refusal.reason, refusal.message.as_str());
    condition::clear(list, condition::ADVISED);
    condition::set(list, condition::READY, ConditionStatus::False, reason, message, generation, now);
    condition::set(list, condition::MEASURED, ConditionStatus::False, reason, message, generation, now);
    if refusal.terminal {
        condition::set(list, condition::STALLED, ConditionStatus::True, reason, message, generation, now);
    } else {
        condition::clear(list, condition::STALLED);
    }
    reason.clone_into(&mut next.summary.get_or_insert_default().enforcement);
    let again = put_back(agreement, context, book, &mut next, (reason, message), now).await;
    write_status(agreement, context, book, next).await?;
    // What is in doubt is read again when it is taken up again; written now, it would only meet a conflict.
    let unwritten = |open: &&mut OpenLedger| open.dirty && !open.closed && open.certainty == Certainty::Known;
    if let Some(open) = book.open.as_mut().filter(unwritten) {
        account::store(agreement, context, open, false, now).await?;
    }
    // Taken up again when it can be worked with: the grace for missing slots begins then.
    book.open = None;
    Ok(match again.map(|at| Duration::try_from(at.duration_since(now)).unwrap_or(SHORTEST)) {
        Some(wait) => Action::requeue(wait.clamp(SHORTEST, context.resync)),
        None if refusal.terminal => Action::await_change(),
        None => Action::requeue(Duration::from_secs(30)),
    })
}
