//! The lives of the credits of closed periods, as the status tells them: a statement stays as it was issued, and what
//! becomes of its credit afterwards stands beside its name.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use kube::Resource;

use super::claims::Claims;
use super::error::Error;
use super::past::{Past, Standing};
use crate::api::agreement_status::{AgreementStatus, StatementRef};
use crate::api::condition::{self, ConditionStatus};
use crate::api::contract_status::{OverpaymentStatus, PaymentStatus};
use crate::api::credit_status::CreditState;
use crate::api::{AgreementSpec, ServiceLevelAgreement};
use crate::evaluate::credit_balance::{Balance, Issue, Part, balance};
use crate::evaluate::credit_life::{Life, next_deadline};
use crate::evaluate::deadline::Due;
use crate::evaluate::payment::PayBy;
use crate::evaluate::period::Schedule;
use crate::evaluate::term;
use crate::record::status::whole_seconds;

/// Credits that the condition names.
const NAMED: usize = 3;

/// Enters where the credit of every statement of the status stands. When to look again: when the next thing that has to
/// be done is too late.
pub(super) fn enter(
    next: &mut AgreementStatus,
    past: Option<&Past>,
    claims: &Claims,
    schedule: &Schedule,
    now: Timestamp,
) -> Option<Timestamp> {
    let past = past?;
    let mut again = claims.next(now);
    for reference in &mut next.statements {
        let start = reference.period_start.0;
        let Some(standing) = past.standing(start) else { continue };
        if let Some(found) = stands(start, standing, claims, now) {
            let due = open_until(start, standing, claims, &found.life);
            // Elapsed time is over just after its last instant.
            let over = due.and_then(|due| due.at.checked_add(SignedDuration::from_secs(i64::from(due.inclusive))).ok());
            let payments = payments(standing, &found, schedule);
            let over = over.into_iter().chain(payments.iter().map(|(_, pay)| pay.over)).filter(|over| *over > now);
            again = again.into_iter().chain(over).min();
            tell(reference, &found.life, due);
            let mut payments = payments.iter().map(|(part, pay)| told(part, pay, now));
            reference.payment = payments.next();
            reference.later_payments = payments.collect();
            reference.overpaid = found.overpaid.as_ref().map(|over| too_much(over, standing, schedule));
        }
    }
    again
}

/// Enters the term, with the days of service of the credits that are granted by now.
///
/// # Errors
/// The field that leads nowhere; it was refused before.
pub(super) fn term(
    next: &mut AgreementStatus,
    spec: &AgreementSpec,
    past: Option<&Past>,
    claims: &Claims,
    now: Timestamp,
) -> Result<(), Error> {
    let is_granted = |(start, standing): &(Timestamp, &Standing)| {
        stands(*start, standing, claims, now).is_some_and(|found| found.is_granted())
    };
    let granted = past.into_iter().flat_map(Past::all).filter(is_granted);
    let days = granted.map(|(_, standing)| standing.legacy.added_days()).sum();
    next.term = term::term(spec, days).map_err(|e| Error::Account(e.to_string()))?;
    Ok(())
}

/// Where the credit of a statement stands. `None`: the agreement grants none.
pub(super) fn stands(start: Timestamp, standing: &Standing, claims: &Claims, now: Timestamp) -> Option<Balance> {
    balance(&claims.issues(start, standing), now)
}

/// When the next thing has to be done, as long as the credit is forfeited without.
fn open_until(start: Timestamp, standing: &Standing, claims: &Claims, found: &Life) -> Option<Due> {
    let issues = claims.issues(start, standing);
    let Issue { course, events, .. } = issues.last()?;
    let is_open = course.grants && matches!(found.state, CreditState::Determined | CreditState::Claimed);
    Some(next_deadline(course, events).filter(|_| is_open)?.due)
}

fn tell(reference: &mut StatementRef, found: &Life, due: Option<Due>) {
    reference.credit_state = Some(found.state);
    reference.credit_since = found.since.map(|since| Time(whole_seconds(since)));
    reference.credit_reason = found.reason.chars().take(512).collect();
    reference.claim_by = due.map(|due| Time(whole_seconds(due.at)));
}

/// What of a credit is due, and by when. Empty: nothing, or nobody agreed when.
fn payments(standing: &Standing, found: &Balance, schedule: &Schedule) -> Vec<(Part, PayBy)> {
    let Some(payable) = &standing.payable else { return Vec::new() };
    let by = |part: &Part| Some((part.clone(), payable.by(part.since, schedule)?));
    found.due.iter().filter_map(by).collect()
}

fn told(part: &Part, pay: &PayBy, now: Timestamp) -> PaymentStatus {
    PaymentStatus {
        amount: part.owed.words(),
        last_day: pay.day.to_string(),
        by: Time(pay.over),
        overdue: pay.over <= now,
        set_off_with: pay.set_off_with.map(|period| Time(period.start)),
    }
}

fn too_much(over: &Part, standing: &Standing, schedule: &Schedule) -> OverpaymentStatus {
    let with = standing.payable.as_ref().and_then(|payable| payable.settlement_of(over.since, schedule));
    OverpaymentStatus {
        amount: over.owed.words(),
        since: Time(whole_seconds(over.since)),
        set_off_with: with.map(|period| Time(period.start)),
    }
}

/// Tells of the credits that were not paid in time, and of those that were paid too much, also where the status lists their
/// statements no more.
pub(super) fn unsettled(
    next: &mut AgreementStatus,
    agreement: &ServiceLevelAgreement,
    past: Option<&Past>,
    claims: &Claims,
    schedule: &Schedule,
    now: Timestamp,
) {
    let (mut owed, mut overpaid) = (Vec::new(), Vec::new());
    for (start, standing) in past.into_iter().flat_map(Past::all) {
        let Some(found) = stands(start, standing, claims, now) else { continue };
        for (part, pay) in payments(standing, &found, schedule).into_iter().filter(|(_, pay)| pay.over <= now) {
            let since = format!("{} for the period from {start} was to be paid by {}", part.owed.words(), pay.day);
            owed.push(match pay.set_off_with {
                Some(period) => format!("{since}, and is taken off the settlement of the period from {}", period.start),
                None => since,
            });
        }
        if let Some(over) = found.overpaid.map(|over| too_much(&over, standing, schedule)) {
            let since = format!("{} too much was paid for the period from {start}", over.amount);
            overpaid.push(match over.set_off_with {
                Some(with) => format!("{since}, and is taken back in the settlement of the period from {}", with.0),
                None => format!("{since}, and nothing is agreed by which it is set off"),
            });
        }
    }
    for (kind, reason, told) in
        [(condition::PAYMENT_OVERDUE, "NotPaid", owed), (condition::OVERPAID, "LessIsGranted", overpaid)]
    {
        if told.is_empty() {
            condition::clear(&mut next.conditions, kind);
            continue;
        }
        let more = told.len().saturating_sub(NAMED);
        let named = told.into_iter().take(NAMED).collect::<Vec<_>>().join("; ");
        let message = if more == 0 { named } else { format!("{named}; and {more} more") };
        let generation = agreement.meta().generation;
        condition::set(&mut next.conditions, kind, ConditionStatus::True, reason, &message, generation, now);
    }
}
