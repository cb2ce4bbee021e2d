//! What an agreement's schema can not see: zones, dates, durations, currencies, sizes.
//!
//! Takes a spec and gives every fault that was found, each with its field, so that one round of corrections is enough.
//! The stages that calculate check again what they use: this is for the person, not for safety.

mod credits;
mod measurement;

pub use measurement::slots;

use k8s_openapi::jiff::Timestamp;

use crate::api::Span;
use crate::api::agreement::AgreementSpec;
use crate::api::period::{CalendarUnit, Period};

use super::amendment;
use super::assess::missing_data_rule;
use super::calendar::WorkingDays;
use super::exclusion;
use super::invalid::InvalidSpec;
use super::ledger::{MAX_JUDGED_SLOTS, MAX_SLOTS};
use super::parameter_rule;
use super::period::Schedule;
use super::series;
use super::span;

/// Everything that is wrong with an agreement of this namespace, created at this instant.
#[must_use]
pub fn validate(spec: &AgreementSpec, namespace: &str, created: Timestamp) -> Vec<InvalidSpec> {
    let mut faults = Vec::new();
    match Schedule::new(spec, created) {
        Ok(schedule) => faults.extend(size(spec, &schedule)),
        Err(fault) => faults.push(fault),
    }
    let agreed = terms(spec);
    faults.extend(agreed.iter().cloned());
    faults.extend(WorkingDays::new(&spec.calendar).err());
    faults.extend(amendments(spec, agreed, created));
    faults.extend(parameter_rule::faults("spec.constraints", &spec.constraints, &spec.parameters));
    faults.extend(parameter_rule::faults("spec.coveredWhen", &spec.covered_when, &spec.parameters));
    faults.extend(duration("spec.enforcement.cooldown", &spec.enforcement.cooldown));
    faults.extend(duration("spec.enforcement.releaseAfter", &spec.enforcement.release_after));
    for (index, workload) in spec.service.workloads.iter().enumerate() {
        if let Some(other) = workload.namespace.as_deref().filter(|n| *n != namespace) {
            let field = format!("spec.service.workloads[{index}].namespace");
            let message = format!(
                "{other:?} is not the agreement's own namespace {namespace:?}, and an agreement acts on nothing outside \
                 it; leave the field out, or make the agreement in {other:?}"
            );
            faults.push(InvalidSpec::new(field, message));
        }
    }
    faults
}

/// What an amendment can change.
fn terms(spec: &AgreementSpec) -> Vec<InvalidSpec> {
    let mut faults = measurement::objectives(spec);
    faults.extend(missing_data_rule(spec).err());
    faults.extend(exclusion::rule_faults(&spec.exclusions));
    faults.extend(credits::credits(spec));
    faults
}

/// What is wrong with the terms after each amendment that was not wrong before it.
fn amendments(spec: &AgreementSpec, agreed: Vec<InvalidSpec>, created: Timestamp) -> Vec<InvalidSpec> {
    let ledger = |terms: &AgreementSpec| Schedule::new(terms, created).ok().and_then(|schedule| size(terms, &schedule));
    let mut faults = Vec::new();
    let mut before = agreed;
    before.extend(ledger(spec));
    for index in 0..spec.amendments.len() {
        let day = |index: usize| spec.amendments.get(index).map(|amendment| amendment.effective.as_str());
        if index > 0 && day(index - 1) >= day(index) {
            let message = "must be a later day than that of the entry before";
            faults.push(InvalidSpec::new(format!("spec.amendments[{index}].effective"), message));
        }
        let amended = match amendment::amended(spec, index + 1) {
            Ok(amended) => amended,
            Err(fault) => {
                faults.push(fault);
                return faults;
            }
        };
        let mut after = terms(&amended);
        after.extend(ledger(&amended));
        let new = after.iter().filter(|fault| !before.contains(fault));
        faults.extend(new.map(|fault| InvalidSpec {
            field: fault.field.replacen("spec.", &format!("spec.amendments[{index}]."), 1),
            message: fault.message.clone(),
        }));
        before = after;
    }
    faults
}

fn duration(field: &str, value: &Span) -> Option<InvalidSpec> {
    span::elapsed(value).err().map(|fault| InvalidSpec::new(field, fault.to_string()))
}

/// The longest that one of these periods can be, in seconds; 0 where its length cannot be read.
#[must_use]
pub fn longest_period(period: &Period) -> i64 {
    const DAY: i64 = 86_400;
    // A period that clocks make longer has at most a day more (a zone that crosses the date line).
    let unit = period.calendar.or_else(|| period.trailing.as_ref().map(|trailing| trailing.every));
    match (unit, &period.rolling) {
        (Some(CalendarUnit::Quarter), _) => 92 * DAY,
        (Some(CalendarUnit::Year), _) => 366 * DAY,
        (None, Some(length)) => span::elapsed(length).map_or(0, |l| l.as_secs()),
        // By the calendar, or from bill to bill.
        (Some(CalendarUnit::Month), _) | (None, None) => 31 * DAY,
    }
}

/// The longest period of the agreement has to fit into one ledger, with one series for each objective, and what is
/// judged together into memory.
fn size(spec: &AgreementSpec, schedule: &Schedule) -> Option<InvalidSpec> {
    let series = spec.objectives.len();
    beyond_a_ledger(spec, schedule, series).or_else(|| beyond_a_window(spec, schedule, series))
}

/// What an operator can not hold: slots of all members of all pools, in the longest period of an agreement. (What is
/// settled offline is held as runs.)
#[must_use]
pub fn measured_size(spec: &AgreementSpec, schedule: &Schedule) -> Option<InvalidSpec> {
    let series = spec.objectives.iter().map(|objective| series::names(objective).len()).sum();
    beyond_a_ledger(spec, schedule, series).or_else(|| beyond_a_window(spec, schedule, series))
}

fn beyond_a_ledger(spec: &AgreementSpec, schedule: &Schedule, series: usize) -> Option<InvalidSpec> {
    let (slot, slots) = slots_of(longest_period(&spec.period), spec, schedule, series);
    (slots > MAX_SLOTS).then(|| {
        let message = format!(
            "slots of {} make {slots} slots in the longest period of {series} objective(s) and members, and a ledger \
             holds {MAX_SLOTS}; use longer slots or a shorter period",
            span::text(slot),
        );
        InvalidSpec::new("spec.metrics.slot", message)
    })
}

/// Trailing days of more slots than are judged together.
fn beyond_a_window(spec: &AgreementSpec, schedule: &Schedule, series: usize) -> Option<InvalidSpec> {
    const DAY: i64 = 86_400;
    let days = spec.period.trailing.as_ref()?.days;
    let (slot, slots) = slots_of(i64::from(days).saturating_mul(DAY), spec, schedule, series);
    (slots > MAX_JUDGED_SLOTS).then(|| {
        let message = format!(
            "slots of {} make {slots} slots in {days} days of {series} objective(s) and members, and \
             {MAX_JUDGED_SLOTS} can be judged together; use longer slots or fewer days",
            span::text(slot),
        );
        InvalidSpec::new("spec.period.trailing.days", message)
    })
}

/// The length of a slot, and how many there are in so many seconds, or as long as the agreement is in force.
fn slots_of(seconds: i64, spec: &AgreementSpec, schedule: &Schedule, series: usize) -> (i64, usize) {
    let in_force = schedule.until().map(|until| until.as_second().saturating_sub(schedule.from().as_second()));
    let seconds = in_force.map_or(seconds, |in_force| seconds.min(in_force));
    let slot = spec.metrics.slot.seconds();
    (slot, usize::try_from(seconds / slot).unwrap_or(usize::MAX).saturating_mul(series))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
