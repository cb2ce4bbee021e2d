//! The accounting part of a reconcile: readings into the ledger, the ledger into its object, the account into conditions.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::book::{Book, Certainty, OpenLedger};
use super::context::Context;
use super::error::Error;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::{AgreementStatus, State};
use crate::api::condition::{self, ConditionStatus};
use crate::api::enforcement_status::ActionRecord;
use crate::evaluate::assessment::Assessment;
use crate::evaluate::indicator;
use crate::evaluate::ledger::{Insertion, Ledger};
use crate::evaluate::slot::{Slot, SlotState};
use crate::record::ledger;
use crate::record::metrics::Written;
use crate::record::writer;
use crate::sense::observation::{Failure, SlotReading};

/// Actions kept in a ledger; of more, the latest.
const MOST_ACTIONS: usize = 200;

/// Enters the readings that belong to the open ledger and gives back the others.
pub(super) fn enter(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    book: &mut Book,
    readings: Vec<(String, SlotReading)>,
) -> Vec<(String, SlotReading)> {
    let Some(open) = &mut book.open else { return readings };
    let generation = agreement.meta().generation.unwrap_or_default();
    let end = open.ledger.bounds().end;
    let (mine, later): (Vec<_>, Vec<_>) = readings.into_iter().partition(|(_, reading)| reading.start < end);
    if open.closed {
        // Closed with what was known; the statement yet to be made must say what the stored ledger says.
        return later;
    }
    for (name, reading) in mine {
        let Some(objective) = agreement.spec.objectives.iter().find(|o| o.name == name) else { continue };
        let slot = indicator::slot(objective, &reading, generation);
        context.metrics.slot(&agreement.spec.metrics.source_ref.name, state_word(&slot));
        match open.ledger.insert(&name, reading.start, slot) {
            Ok(Insertion::Entered) => open.dirty = true,
            Ok(Insertion::Unchanged) => {}
            Ok(Insertion::Conflict) => tracing::warn!(
                agreement = %agreement.name_any(), objective = %name, slot = %reading.start,
                "a slot was read again with other counts; the first reading stands"
            ),
            Err(error) => tracing::warn!(
                agreement = %agreement.name_any(), objective = %name, slot = %reading.start, %error,
                "a reading does not fit the ledger"
            ),
        }
    }
    later
}

/// Writes the ledger.
///
/// # Errors
/// When the API server refuses or does not answer. Where that leaves in doubt what is stored, it is read again with the
/// next reconcile.
pub(super) async fn store(
    agreement: &ServiceLevelAgreement,
    context: &Context,
    open: &mut OpenLedger,
    closed: bool,
    now: Timestamp,
) -> Result<(), Error> {
    let object =
        ledger::object(agreement, &open.name, &open.ledger, &open.actions, closed, open.resource_version.clone());
    let stored = writer::store_ledger(&context.client, &object).await.inspect_err(|error| {
        if error.is_not_found() {
            // Somebody deleted the stored form; what is remembered here is written anew.
            open.resource_version = None;
        } else if error.leaves_doubt() {
            open.certainty = Certainty::Doubtful;
        }
    })?;
    context.metrics.wrote(Written::Ledger);
    open.resource_version = stored.resource_version();
    open.stored_at = now;
    open.first = false;
    open.dirty = false;
    open.closed = closed;
    Ok(())
}

/// Takes over what the status says was done, so that the period's record is whole when the status forgets.
pub(super) fn remember_actions(open: &mut OpenLedger, actions: &[ActionRecord]) {
    if open.closed {
        return;
    }
    for action in actions.iter().rev().filter(|a| open.ledger.bounds().contains(a.intended_at.0)) {
        match open.actions.iter_mut().find(|known| known.id == action.id) {
            Some(known) if known == action => {}
            Some(known) => {
                known.clone_from(action);
                open.dirty = true;
            }
            None => {
                open.actions.push(action.clone());
                open.dirty = true;
            }
        }
    }
    let surplus = open.actions.len().saturating_sub(MOST_ACTIONS);
    open.actions.drain(..surplus);
}

/// The instant at which the account is looked at: where the ledger ends, as long as that is less than two slots behind.
///
/// A slot that is due this very second is not missing, it is being read. What stays away longer is missing.
pub(super) fn as_of(ledger: &Ledger, settle: SignedDuration, now: Timestamp) -> Timestamp {
    let slot = SignedDuration::from_secs(ledger.slot_seconds());
    let read = ledger.measured_through().saturating_add(settle).unwrap_or(now);
    let patience = read.saturating_add(slot).and_then(|at| at.saturating_add(slot)).unwrap_or(now);
    if read < now && now < patience { read } else { now }
}

/// `Measured` and `Fulfilled`.
pub(super) fn conditions(
    next: &mut AgreementStatus,
    agreement: &ServiceLevelAgreement,
    assessment: &Assessment,
    failure: Option<&Failure>,
    unreadable: Option<&str>,
    now: Timestamp,
) {
    let generation = agreement.meta().generation;
    let problem = assessment.objectives.iter().find(|o| !o.problem.is_empty());
    let (state, reason, message) = match (failure, problem) {
        _ if let Some(why) = unreadable => (ConditionStatus::False, "SourceNotReady", why.to_owned()),
        (Some(failure), _) => (ConditionStatus::False, failure_reason(failure), failure.message.clone()),
        (None, Some(o)) => (ConditionStatus::False, "SlotUnknown", format!("{}: {}", o.name, o.problem)),
        (None, None) => (ConditionStatus::True, "UpToDate", "every due slot is in the account".to_owned()),
    };
    condition::set(&mut next.conditions, condition::MEASURED, state, reason, &message, generation, now);
    let (state, message) = match assessment.state {
        State::Fulfilled => (ConditionStatus::True, "every objective is met so far"),
        State::AtRisk => (ConditionStatus::True, "still met, but the error budget burns too fast or is nearly spent"),
        State::Violated => (ConditionStatus::False, "an objective is missed so far in this period"),
        State::NotDetermined => (ConditionStatus::Unknown, "too little is known of this period to say"),
    };
    let reason = format!("{:?}", assessment.state);
    condition::set(&mut next.conditions, condition::FULFILLED, state, &reason, message, generation, now);
}

fn state_word(slot: &Slot) -> &'static str {
    match slot.state() {
        SlotState::Measured => "Measured",
        SlotState::NoTraffic => "NoTraffic",
        SlotState::Unknown(_) => "Unknown",
        SlotState::Excluded => "Excluded",
    }
}

fn failure_reason(failure: &Failure) -> &'static str {
    use crate::sense::observation::FailureKind as Kind;
    match failure.kind {
        Kind::Unreachable => "StoreUnreachable",
        Kind::TimedOut => "StoreTimedOut",
        Kind::Refused => "StoreRefused",
        Kind::StoreFailed => "StoreFailed",
        Kind::WrongType => "WrongType",
        Kind::NoAnswer => "NoAnswer",
        Kind::Expression => "ExpressionRefused",
    }
}
