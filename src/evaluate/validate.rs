//! What an agreement's schema can not see: zones, dates, durations, currencies.
//!
//! Takes a spec and gives every fault that was found, each with its field, so that one round of corrections is enough.
//! The stages that calculate check again what they use: this is for the person, not for safety. How many slots there are,
//! which not everybody can hold alike, [`size`] looks at by itself.

mod capacity;
mod credits;
mod measurement;
mod resize;
mod settlement;
pub mod size;

pub use measurement::slots;

use k8s_openapi::jiff::Timestamp;

use crate::api::Span;
use crate::api::agreement::{AgreementSpec, AgreementType};
use crate::api::period::{CalendarUnit, Period};

use super::amendment;
use super::assess::missing_data_rule;
use super::calendar::WorkingDays;
use super::exclusion;
use super::invalid::InvalidSpec;
use super::parameter_rule;
use super::period::Schedule;
use super::span;

/// Everything that is wrong with an agreement of this namespace, created at this instant.
#[must_use]
pub fn validate(spec: &AgreementSpec, namespace: &str, created: Timestamp) -> Vec<InvalidSpec> {
    let mut faults = Vec::new();
    match Schedule::new(spec, created) {
        Ok(schedule) => {
            faults.extend(settlement::claims(spec, &schedule));
            faults.extend(settlement::amendments(spec, &schedule));
            faults.extend(settlement::term(spec));
        }
        Err(fault) => faults.push(fault),
    }
    faults.extend(terms(spec));
    faults.extend(WorkingDays::new(&spec.calendar).err());
    faults.extend(amendments(spec));
    faults.extend(parameter_rule::faults("spec.constraints", &spec.constraints, &spec.parameters));
    faults.extend(parameter_rule::faults("spec.coveredWhen", &spec.covered_when, &spec.parameters));
    faults.extend(duration("spec.enforcement.cooldown", &spec.enforcement.cooldown));
    faults.extend(duration("spec.enforcement.releaseAfter", &spec.enforcement.release_after));
    for (index, deadline) in spec.settlement.deadlines.iter().enumerate() {
        let within = deadline.within.as_ref();
        faults.extend(within.and_then(|w| duration(&format!("spec.settlement.deadlines[{index}].within"), w)));
    }
    let opens = spec.settlement.claims_open.as_ref().and_then(|opens| opens.within.as_ref());
    faults.extend(opens.and_then(|within| duration("spec.settlement.claimsOpen.within", within)));
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
    faults.extend(capacity::capacity(spec));
    faults.extend(resize::resize(spec));
    if spec.agreement_type == AgreementType::Internal && spec.credits.is_some() {
        let message = "must be left out where spec.type is Internal; remove the block or set spec.type to Customer";
        faults.push(InvalidSpec::new("spec.credits", message));
    }
    faults
}

/// What is wrong with the terms after each amendment that was not wrong before it.
fn amendments(spec: &AgreementSpec) -> Vec<InvalidSpec> {
    let mut faults = Vec::new();
    for index in 0..spec.amendments.len() {
        let day = |index: usize| spec.amendments.get(index).map(|amendment| amendment.effective.as_str());
        if index > 0 && day(index - 1) >= day(index) {
            let message = "must be a later day than that of the entry before";
            faults.push(InvalidSpec::new(format!("spec.amendments[{index}].effective"), message));
        }
        if let Err(fault) = amendment::amended(spec, index + 1) {
            faults.push(fault);
            break;
        }
    }
    let new = amendment::anew(spec, terms).into_iter();
    faults.extend(new.map(|(index, fault)| amendment::blame(spec, index, fault)));
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

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
