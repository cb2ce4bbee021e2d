//! Deadlines of claims and notices: the anchor an agreement names, and the time reckoned from it.
//!
//! Elapsed time runs from an instant to an instant, which is still in time: exactly 24 hours is within 24 hours. Days,
//! working days, months and periods run to the end of a day in the agreement's zone; the day of the anchor does not
//! count.
//!
//! Months from the end of a period are reckoned from the instant at which it ends, the first moment of the next day, and
//! end with the day before the one of the same number: two months from the end of June are over with the 31st of August,
//! not with the 30th. From an event within a day they lead to the day of the same number. In both, a month that has no such
//! day ends the time with its last one: a month from the end of 30 January is over with 29 February, or with the 28th. (So German law has it in
//! BGB sections 187 and 188; published SLAs that print an example agree.)

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::{Span, Timestamp};

use crate::api::settlement::{Anchor, Deadline};

use super::calendar::WorkingDays;
use super::period::{Bounds, Schedule, first_instant_of};
use super::span;

/// What a deadline may be reckoned from, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Anchors {
    /// The beginning of the incident.
    pub incident: Option<Timestamp>,
    /// When the customer became aware of it.
    pub awareness: Option<Timestamp>,
    /// The settlement period. Left out, it is the whole one in which the incident began.
    pub period: Option<Bounds>,
    /// When the statement was issued.
    pub statement: Option<Timestamp>,
}

/// When something must be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Due {
    /// The last day, in the agreement's zone.
    pub day: Date,
    /// The last instant, or the first one that is too late: see `inclusive`.
    pub at: Timestamp,
    /// Whether `at` itself is in time: so for elapsed time; a day ends before the first instant of the next.
    pub inclusive: bool,
}

impl Due {
    /// Whether something done then was done in time.
    #[must_use]
    pub fn is_kept(&self, done: Timestamp) -> bool {
        done < self.at || (self.inclusive && done == self.at)
    }
}

/// When something can be done at the earliest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The first day, in the agreement's zone.
    pub day: Date,
    /// The first instant.
    pub at: Timestamp,
}

/// Why a deadline can not be reckoned.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeadlineError {
    /// The anchor is not known.
    #[error("deadline {name:?} is reckoned from {anchor:?}, which is not known; say when that was")]
    NoAnchor {
        /// The deadline.
        name: String,
        /// What it is reckoned from.
        anchor: Anchor,
    },
    /// None or several forms are given, or one out of range.
    #[error("deadline {0:?} must have exactly one of within, days, workingDays, months and periods")]
    NotOneForm(String),
    /// The elapsed time is no duration.
    #[error("deadline {name:?}: within: {fault}")]
    Within {
        /// The deadline.
        name: String,
        /// What is wrong with it.
        fault: span::NotASpan,
    },
    /// No day of the calendar, or no period of the agreement, lies there.
    #[error("deadline {0:?} leads to no day that can be reckoned with, or from before the first period")]
    Beyond(String),
}

/// When a deadline ends.
///
/// # Errors
/// The anchor is not known, the form is not exactly one, or the result lies beyond the calendar.
pub fn deadline(
    deadline: &Deadline,
    anchors: &Anchors,
    schedule: &Schedule,
    calendar: &WorkingDays,
) -> Result<Due, DeadlineError> {
    let beyond = || DeadlineError::Beyond(deadline.name.clone());
    match reckon(deadline, anchors, schedule, calendar)? {
        Reckoned::Instant(at) => Ok(Due { day: at.to_zoned(schedule.zone().clone()).date(), at, inclusive: true }),
        Reckoned::Day(day) => {
            let at = day.tomorrow().ok().and_then(|next| first_instant_of(next, schedule.zone())).ok_or_else(beyond)?;
            Ok(Due { day, at, inclusive: false })
        }
    }
}

/// From when on something is possible, by the same reckoning: "from the sixth working day" begins with that day.
///
/// # Errors
/// As for [`deadline`].
pub fn opening(
    opens: &Deadline,
    anchors: &Anchors,
    schedule: &Schedule,
    calendar: &WorkingDays,
) -> Result<Opening, DeadlineError> {
    let beyond = || DeadlineError::Beyond(opens.name.clone());
    match reckon(opens, anchors, schedule, calendar)? {
        Reckoned::Instant(at) => Ok(Opening { day: at.to_zoned(schedule.zone().clone()).date(), at }),
        Reckoned::Day(day) => Ok(Opening { day, at: first_instant_of(day, schedule.zone()).ok_or_else(beyond)? }),
    }
}

enum Reckoned {
    Instant(Timestamp),
    Day(Date),
}

/// What a deadline is reckoned from.
struct Origin {
    at: Timestamp,
    /// The day that does not count.
    day: Date,
    /// Whether the day is over at that instant.
    ends_the_day: bool,
    /// An instant of the period it belongs to.
    in_period: Timestamp,
}

fn reckon(
    deadline: &Deadline,
    anchors: &Anchors,
    schedule: &Schedule,
    calendar: &WorkingDays,
) -> Result<Reckoned, DeadlineError> {
    let name = || deadline.name.clone();
    let origin = origin(deadline.after, anchors, schedule)
        .ok_or_else(|| DeadlineError::NoAnchor { name: name(), anchor: deadline.after })?;
    let Deadline { within, days, working_days, months, periods, .. } = deadline;
    let day = match (within, days, working_days, months, periods) {
        (Some(within), None, None, None, None) => {
            let length = span::elapsed(within).map_err(|fault| DeadlineError::Within { name: name(), fault })?;
            let at = origin.at.checked_add(length).map_err(|_| DeadlineError::Beyond(name()))?;
            return Ok(Reckoned::Instant(at));
        }
        (None, Some(days), None, None, None) => after_days(origin.day, (*days).into()),
        (None, None, Some(count), None, None) => u32::try_from(*count).ok().and_then(|n| calendar.add(origin.day, n)),
        (None, None, None, Some(months), None) => after_months(&origin, *months),
        (None, None, None, None, Some(periods)) => period_end(&origin, *periods, schedule),
        _ => return Err(DeadlineError::NotOneForm(name())),
    };
    day.map(Reckoned::Day).ok_or_else(|| DeadlineError::Beyond(name()))
}

fn origin(anchor: Anchor, anchors: &Anchors, schedule: &Schedule) -> Option<Origin> {
    let event = |at: Timestamp| {
        let day = at.to_zoned(schedule.zone().clone()).date();
        Origin { at, day, ends_the_day: false, in_period: at }
    };
    match anchor {
        Anchor::Incident => anchors.incident.map(event),
        Anchor::Awareness => anchors.awareness.map(event),
        Anchor::Statement => anchors.statement.map(event),
        Anchor::PeriodEnd => {
            let period = anchors.period.or_else(|| schedule.whole(anchors.incident?))?;
            let day = period.last_day(schedule.zone());
            Some(Origin { at: period.end, day, ends_the_day: true, in_period: period.start })
        }
    }
}

/// The day so many days later.
pub(super) fn after_days(day: Date, days: i64) -> Option<Date> {
    day.checked_add(Span::new().try_days(days).ok()?).ok()
}

fn after_months(origin: &Origin, months: i32) -> Option<Date> {
    if origin.ends_the_day {
        return months_after_the_end_of(origin.day, months);
    }
    origin.day.checked_add(Span::new().try_months(months).ok()?).ok()
}

/// The last day of so many months that begin when a day is over.
pub(super) fn months_after_the_end_of(day: Date, months: i32) -> Option<Date> {
    let first = day.tomorrow().ok()?;
    let same = first.checked_add(Span::new().try_months(months).ok()?).ok()?;
    // A month without the day of that number lacks none before its own end.
    if same.day() < first.day() { Some(same) } else { same.yesterday().ok() }
}

/// The last day of the period `count` after the one of the anchor. Whole periods: a claim may outlive the agreement.
fn period_end(origin: &Origin, count: i32, schedule: &Schedule) -> Option<Date> {
    let own = schedule.whole(origin.in_period)?;
    let last = (0..count).try_fold(own, |period, _| schedule.whole(period.end))?;
    Some(last.last_day(schedule.zone()))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
