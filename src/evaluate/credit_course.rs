//! The course of a credit: what its statement says of when it has to be claimed, and read back from there.
//!
//! A statement is made at a fixed instant and says where the life of its credit begins ([`super::credit_life`]): granted
//! where that is automatic, waiting for a claim where it is not, with what has to be done by when. What happens after
//! that is no part of a statement.
//!
//! A period has one credit and may have many violations. Where a deadline is reckoned from the incident, or from when the
//! customer became aware of it, each violation has its own, and the latest decides: the credit is one for the whole
//! period, and that it is too late for the first violation forfeits nothing that is owed for the last. Of a violation that
//! the customer noticed first, awareness begins when they did, else with the violation. A credit without a violation that
//! is listed is reckoned from the last second of its period.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::{DetectedBy, Violation};
use crate::api::credit_status::{CreditDeadline, CreditState, CreditStatus};
use crate::api::settlement::{Anchor, Deadline, GrantMode};
use crate::api::statement::StatementSpec;

use super::calendar::WorkingDays;
use super::credit::in_words;
use super::credit_life::{Course, NamedDeadline, life};
use super::deadline::{Anchors, DeadlineError, Due, deadline, opening};
use super::invalid::InvalidSpec;
use super::period::{Bounds, Schedule, named_zone};

/// What the life of a period's credit begins with.
#[derive(Clone, Copy, Debug)]
pub struct Beginning<'a> {
    /// The terms of the period.
    pub spec: &'a AgreementSpec,
    /// The period.
    pub period: Bounds,
    /// The whole period it is a part of.
    pub whole: Bounds,
    /// Its violations, as the statement lists them.
    pub violations: &'a [Violation],
    /// When the statement was determined.
    pub determined: Timestamp,
}

/// Enters into the credit of a statement where its life begins.
///
/// # Errors
/// Names the deadline that leads nowhere.
pub fn enter(credits: &mut CreditStatus, beginning: &Beginning<'_>) -> Result<(), InvalidSpec> {
    let settlement = &beginning.spec.settlement;
    let grants = !in_words(credits).is_empty();
    let mut course = Course {
        determined_at: Some(beginning.determined),
        grants,
        mode: settlement.grant,
        claims_open: None,
        deadlines: Vec::new(),
    };
    let start = life(&course, &[], beginning.determined);
    credits.state = start.state;
    credits.since = start.since.map(Time);
    credits.reason = start.reason;
    if !grants || settlement.grant == GrantMode::Automatic {
        return Ok(());
    }
    reckon(&mut course, beginning)?;
    credits.claims_open = course.claims_open.map(Time);
    // Of every deadline that is agreed there is one.
    let agreed = settlement.deadlines.iter();
    let shown = course.deadlines.iter().zip(agreed).map(|(due, agreed)| shown(due, is_assumed(beginning, agreed)));
    credits.deadlines = shown.collect();
    Ok(())
}

/// Reckons the deadlines and from when on a claim is taken.
fn reckon(course: &mut Course, beginning: &Beginning<'_>) -> Result<(), InvalidSpec> {
    let Beginning { spec, period, .. } = beginning;
    let schedule = Schedule::new(spec, period.start)?;
    let calendar = WorkingDays::new(&spec.calendar)?;
    for (index, agreed) in spec.settlement.deadlines.iter().enumerate() {
        let field = format!("spec.settlement.deadlines[{index}]");
        let all = anchors(beginning, agreed);
        let dues = all.iter().map(|anchors| deadline(agreed, anchors, &schedule, &calendar));
        let dues = dues.collect::<Result<Vec<Due>, DeadlineError>>().map_err(|e| fault(field, &e))?;
        let latest = dues.into_iter().max_by_key(|due| (due.at, due.inclusive));
        course.deadlines.extend(latest.map(|due| NamedDeadline { name: agreed.name.clone(), due }));
    }
    if let Some(opens) = &spec.settlement.claims_open {
        let all = anchors(beginning, opens);
        let opened = all.iter().map(|anchors| opening(opens, anchors, &schedule, &calendar).map(|open| open.at));
        let opened = opened.collect::<Result<Vec<Timestamp>, DeadlineError>>();
        // Claims are taken as soon as one is due.
        course.claims_open = opened.map_err(|e| fault("spec.settlement.claimsOpen".to_owned(), &e))?.into_iter().min();
    }
    Ok(())
}

fn fault(field: String, error: &DeadlineError) -> InvalidSpec {
    InvalidSpec::new(field, error.to_string())
}

/// What a deadline may be reckoned from: for every violation, where it depends on one.
fn anchors(beginning: &Beginning<'_>, agreed: &Deadline) -> Vec<Anchors> {
    let second = SignedDuration::from_secs(1);
    let last = beginning.period.end.checked_sub(second).unwrap_or(beginning.period.end);
    let of = |incident: Timestamp, awareness: Timestamp| Anchors {
        incident: Some(incident),
        awareness: Some(awareness),
        period: Some(beginning.whole),
        statement: Some(beginning.determined),
    };
    let depends = matches!(agreed.after, Anchor::Incident | Anchor::Awareness);
    if !depends || beginning.violations.is_empty() {
        return vec![of(last, last)];
    }
    beginning.violations.iter().map(|violation| of(violation.start.0, awareness(violation))).collect()
}

/// When the customer became aware of a violation, or could first have.
fn awareness(violation: &Violation) -> Timestamp {
    noticed(violation).unwrap_or(violation.start.0)
}

/// When the customer became aware of a violation. `None`: nobody told.
fn noticed(violation: &Violation) -> Option<Timestamp> {
    let by_customer = violation.detected_by == Some(DetectedBy::Customer);
    violation.detected_at.as_ref().filter(|_| by_customer).map(|at| at.0)
}

/// Whether a deadline is reckoned from an awareness that nobody told: that of the violation that decides.
fn is_assumed(beginning: &Beginning<'_>, agreed: &Deadline) -> bool {
    let decides = beginning.violations.iter().max_by_key(|violation| awareness(violation));
    agreed.after == Anchor::Awareness && decides.is_none_or(|violation| noticed(violation).is_none())
}

fn shown(deadline: &NamedDeadline, if_noticed_at_once: bool) -> CreditDeadline {
    let (name, last_day) = (deadline.name.clone(), deadline.due.day.to_string());
    CreditDeadline { name, last_day, by: Time(deadline.due.at), if_noticed_at_once }
}

/// The course of a statement's credit. `None`: the agreement grants no credits. `agreed`: how credits are granted, for a
/// statement that was made before statements said it.
///
/// # Errors
/// The statement names no zone, or a deadline's last day is none.
pub fn of_statement(statement: &StatementSpec, agreed: GrantMode) -> Result<Option<Course>, InvalidSpec> {
    let Some(credits) = &statement.credits else { return Ok(None) };
    let zone = named_zone("spec.period.timeZone", &statement.period.time_zone)?;
    let deadlines = credits.deadlines.iter().map(|deadline| read(deadline, &zone));
    let mode = match (credits.since.is_some(), credits.state) {
        (false, _) => agreed,
        (true, CreditState::Granted) => GrantMode::Automatic,
        (true, _) => GrantMode::OnClaim,
    };
    Ok(Some(Course {
        determined_at: Some(credits.since.as_ref().map_or(statement.period.end.0, |since| since.0)),
        grants: !in_words(credits).is_empty(),
        mode,
        claims_open: credits.claims_open.as_ref().map(|open| open.0),
        deadlines: deadlines.collect::<Result<_, _>>()?,
    }))
}

/// A deadline as its statement lists it. One that ends with a day ends at the first instant of the next, which is too
/// late; one of elapsed time ends within its last day, at an instant that is in time.
fn read(deadline: &CreditDeadline, zone: &TimeZone) -> Result<NamedDeadline, InvalidSpec> {
    let day = super::period::civil_day("spec.credits.deadlines[].lastDay", &deadline.last_day)?;
    let at = deadline.by.0;
    let inclusive = at.to_zoned(zone.clone()).date() == day;
    Ok(NamedDeadline { name: deadline.name.clone(), due: Due { day, at, inclusive } })
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
