//! The accounting part of a reconcile: readings into the ledger, the ledger into its object, the account into conditions.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use kube::{Resource, ResourceExt};

use super::book::{Book, Certainty, OpenLedger};
use super::context::Context;
use super::error::Error;
use super::room::Room;
use crate::api::ServiceLevelAgreement;
use crate::api::agreement_status::{AgreementStatus, State};
use crate::api::condition::{self, ConditionStatus};
use crate::api::objective::Indicator;
use crate::evaluate::assessment::Assessment;
use crate::evaluate::attribution;
use crate::evaluate::detection;
use crate::evaluate::indicator;
use crate::evaluate::ledger::{Insertion, Ledger, LedgerError};
use crate::evaluate::series;
use crate::evaluate::slot::{Slot, SlotState, UnknownCause};
use crate::evaluate::window::{self, Window};
use crate::record::ledger;
use crate::record::metrics::Written;
use crate::record::writer;
use crate::sense::observation::{Failure, SlotReading};

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
        let Some(indicator) = series::find(&agreement.spec.objectives, &name) else { continue };
        let (state, entered) = count(open, &name, &indicator, &reading, generation, context.ledger_bytes);
        context.metrics.slot(&agreement.spec.metrics.source_ref.name, state);
        match entered {
            Ok(Insertion::Entered | Insertion::Unchanged) => {}
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

/// Enters what was read of a slot of a series, while there is room for it: what kind of slot it is, and whether the ledger
/// has taken it.
fn count(
    open: &mut OpenLedger,
    series: &str,
    indicator: &Indicator,
    reading: &SlotReading,
    generation: i64,
    most: usize,
) -> (&'static str, Result<Insertion, LedgerError>) {
    let slot = if open.room.takes_one_more(&open.ledger, &open.log, most) {
        indicator::slot(indicator, reading, generation)
    } else {
        Slot::unknown(UnknownCause::LedgerFull, generation)
    };
    let state = state_word(&slot);
    let entered = open.ledger.insert(series, reading.start, slot);
    open.dirty |= entered == Ok(Insertion::Entered);
    (state, entered)
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
    let object = ledger::object(agreement, &open.name, &open.ledger, &open.log, closed, open.resource_version.clone());
    open.room = Room::after(&object.spec, context.ledger_bytes);
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

/// Takes over what the status says was found and done, so that the period's record is whole when the status forgets.
pub(super) fn remember(open: &mut OpenLedger, status: &AgreementStatus) {
    if !open.closed {
        open.dirty |= open.log.remember(open.ledger.bounds(), &status.actions, &status.diagnoses);
    }
}

/// Tells of the violations in the time that is judged, which begins at `from`, what was found to be their cause so far, and
/// that the operator saw them itself.
pub(super) fn attribute(next: &mut AgreementStatus, book: &mut Book, window: Option<&Window>, from: Timestamp) {
    let Some(open) = &mut book.open else { return };
    remember(open, next);
    let found = window::diagnoses(&open.log.diagnoses, window);
    attribution::enter(&mut next.violations, &found, from, open.ledger.slot_seconds());
    detection::enter_seen(&mut next.violations);
}

/// The instant at which the account is looked at: where the ledger ends, as long as that is less than two slots behind,
/// or the ledger was taken up less than two slots ago.
///
/// A slot that is due this very second is not missing, it is being read; so is the hour that a ledger may be behind when
/// a leader takes it over. What stays away longer is missing.
pub(super) fn as_of(ledger: &Ledger, taken_up: Timestamp, settle: SignedDuration, now: Timestamp) -> Timestamp {
    let slot = SignedDuration::from_secs(ledger.slot_seconds());
    let read = ledger.measured_through().saturating_add(settle).unwrap_or(now);
    let patience = read.max(taken_up).saturating_add(slot).and_then(|at| at.saturating_add(slot)).unwrap_or(now);
    if read < now && now < patience { read } else { now }
}

/// Whether the status was written from a ledger of the same period that was read further than this one.
pub(super) fn knows_less(ledger: &Ledger, status: &AgreementStatus) -> bool {
    let same_period = status.period.as_ref().is_some_and(|period| period.start.0 == ledger.bounds().start);
    same_period && status.measured_through.as_ref().is_some_and(|through| ledger.measured_through() < through.0)
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
    let is_open = assessment.objectives.iter().any(|o| o.verdict == State::NotDetermined);
    let (state, message) = match assessment.state {
        State::NotCovered => {
            (ConditionStatus::Unknown, "the promise does not cover this instance, see spec.coveredWhen")
        }
        State::Fulfilled if is_open => {
            (ConditionStatus::True, "every objective is met so far; what is unknown could still change the verdict")
        }
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
        SlotState::NotDeployed => "NotDeployed",
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
        Kind::BeyondRetention => "BeyondRetention",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod interrupted;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::evaluate::count::Count;
    use crate::evaluate::period::Bounds;
    use crate::evaluate::slot::{Births, Tally};

    #[test]
    fn a_ledger_stored_before_the_status_knows_less() {
        use crate::api::agreement_status::PeriodStatus;
        use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
        let at = |s| Timestamp::from_second(s).unwrap();
        let mut ledger = Ledger::new(Bounds { start: at(0), end: at(86_400) }, 60, ["a"]).unwrap();
        let status = |start, through| AgreementStatus {
            period: Some(PeriodStatus { start: Time(at(start)), end: Time(at(start + 86_400)) }),
            measured_through: Some(Time(at(through))),
            ..AgreementStatus::default()
        };
        assert!(knows_less(&ledger, &status(0, 60)));
        assert!(!knows_less(&ledger, &status(-86_400, 60)), "another period");
        assert!(!knows_less(&ledger, &AgreementStatus::default()), "nothing was said yet");
        ledger.insert("a", at(0), Slot::unknown(crate::evaluate::slot::UnknownCause::Absent, 1)).unwrap();
        assert!(!knows_less(&ledger, &status(0, 60)));
    }

    #[test]
    fn slots_are_missing_only_after_there_was_time_to_read_them() {
        let at = |s| Timestamp::from_second(s).unwrap();
        let mut ledger = Ledger::new(Bounds { start: at(0), end: at(86_400) }, 60, ["a"]).unwrap();
        let tally = Tally { total: Count::events(1), bad: Count::ZERO };
        for minute in 0..10 {
            ledger.insert("a", at(60 * minute), Slot::known(tally, Births::default(), 1)).unwrap();
        }
        // Read through second 600, which was due at 630.
        let cases = [
            ("up to date", 0, 620, 620),
            ("the next slot is being read", 0, 700, 630),
            ("it stays away", 0, 750, 750),
            ("taken over an hour later", 4_000, 4_000, 630),
            ("being caught up with", 4_000, 4_119, 630),
            ("not caught up with", 4_000, 4_120, 4_120),
        ];
        for (case, taken_up, now, expected) in cases {
            let found = as_of(&ledger, at(taken_up), SignedDuration::from_secs(30), at(now));
            assert_eq!(found, at(expected), "{case}");
        }
    }
}
