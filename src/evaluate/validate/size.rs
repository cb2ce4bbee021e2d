//! How many slots an agreement has in its longest period, and who can hold so many.
//!
//! An operator has the running periods of all agreements in memory and keeps each ledger in one object of the API server.
//! An offline command settles one agreement and writes to a file, and so has wider bounds. What is given to it as
//! measurements is held as runs of equal slots, of which even a year has few: those are counted when they are read.

use k8s_openapi::jiff::Timestamp;

use crate::api::agreement::AgreementSpec;

use super::super::amendment::amended;
use super::super::invalid::InvalidSpec;
use super::super::ledger::{MAX_SERIES_SLOTS, MAX_SLOTS};
use super::super::period::Schedule;
use super::super::series;
use super::super::span;
use super::longest_period;

/// How many slots can be held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Of one objective or member in a period.
    each: usize,
    /// Of all of them in a period.
    all: usize,
    /// Of all of them in the trailing days that are judged together.
    judged: usize,
    /// Who holds them.
    holder: &'static str,
}

/// By an operator: a quarter of 92 days in minutes (132,480), a month of minutes of 32 members (1,428,480), and 366 trailing
/// days of minutes (527,040).
pub const BY_AN_OPERATOR: Limits =
    Limits { each: 135_000, all: 1_500_000, judged: 540_000, holder: "an operator holds" };

/// By an offline command that reads them from a metrics store.
pub const OFFLINE: Limits =
    Limits { each: MAX_SERIES_SLOTS, all: MAX_SLOTS, judged: MAX_SLOTS, holder: "there can be" };

/// What makes an agreement of this creation have more slots than can be held, as it was made or after one of its amendments.
/// `None` also where its periods can not be told.
#[must_use]
pub fn beyond(spec: &AgreementSpec, created: Timestamp, limits: &Limits) -> Option<InvalidSpec> {
    let of = |terms: &AgreementSpec| {
        let schedule = Schedule::new(terms, created).ok()?;
        of_terms(terms, &schedule, limits)
    };
    let after = |index: usize| {
        let fault = of(amended(spec, index + 1).ok()?.as_ref())?;
        Some(InvalidSpec::new(format!("spec.amendments[{index}].objectives"), fault.message))
    };
    of(spec).or_else(|| (0..spec.amendments.len()).find_map(after))
}

fn of_terms(spec: &AgreementSpec, schedule: &Schedule, limits: &Limits) -> Option<InvalidSpec> {
    let series = spec.objectives.iter().map(|objective| series::names(objective).len()).sum();
    in_a_period(spec, schedule, series, limits).or_else(|| in_trailing_days(spec, schedule, series, limits))
}

fn in_a_period(spec: &AgreementSpec, schedule: &Schedule, series: usize, limits: &Limits) -> Option<InvalidSpec> {
    let (slot, each) = slots_of(longest_period(&spec.period), spec, schedule);
    let all = each.saturating_mul(series);
    let (found, most) = if each > limits.each {
        (format!("{each} slots in the longest period"), format!("{} of each objective and member", limits.each))
    } else if all > limits.all {
        (format!("{all} slots in the longest period of {series} objectives and members"), limits.all.to_string())
    } else {
        return None;
    };
    let message = format!(
        "slots of {slot} make {found}, and {} {most}; use longer slots, a shorter period or fewer members",
        limits.holder
    );
    Some(InvalidSpec::new("spec.metrics.slot", message))
}

/// Trailing days of more slots than are judged together.
fn in_trailing_days(spec: &AgreementSpec, schedule: &Schedule, series: usize, limits: &Limits) -> Option<InvalidSpec> {
    const DAY: i64 = 86_400;
    let days = spec.period.trailing.as_ref()?.days;
    let (slot, each) = slots_of(i64::from(days).saturating_mul(DAY), spec, schedule);
    let all = each.saturating_mul(series);
    let (found, most) = if all > limits.judged {
        (format!("{all} slots in {days} days of {series} objectives and members"), limits.judged.to_string())
    } else if each > MAX_SERIES_SLOTS {
        (format!("{each} slots in {days} days"), format!("{MAX_SERIES_SLOTS} of each objective and member"))
    } else {
        return None;
    };
    let message = format!(
        "slots of {slot} make {found}, and {} {most} to be judged together; use longer slots, fewer days or fewer members",
        limits.holder
    );
    Some(InvalidSpec::new("spec.period.trailing.days", message))
}

/// The length of a slot in words, and how many there are in so many seconds, or as long as the agreement is in force.
fn slots_of(seconds: i64, spec: &AgreementSpec, schedule: &Schedule) -> (String, usize) {
    let in_force = schedule.until().map(|until| until.as_second().saturating_sub(schedule.from().as_second()));
    let seconds = in_force.map_or(seconds, |in_force| seconds.min(in_force));
    let slot = spec.metrics.slot.seconds();
    (span::text(slot), usize::try_from(seconds / slot).unwrap_or(usize::MAX))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
