//! Remedies: what is owed by other rules than tiers, one file for each rule.

mod free_hours;
mod per_day_late;
mod per_violation;
mod proportional;
mod termination;

pub use free_hours::clock_hour;
pub use per_day_late::{LateDelivery, late};

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;
use crate::api::remedy::Remedy;

use super::super::calendar::WorkingDays;
use super::super::invalid::InvalidSpec;
use super::super::period::{Bounds, zone};
use super::entitlement::Entitlement;
use super::outcome::{Facts, Outcome};
use super::tariff::Tariff;

/// What a remedy comes to. `None`: nothing, and nothing is to be said of it.
///
/// Deliveries have dates of their own; every other remedy rests on what was measured, and grants nothing where the
/// objective is not determined.
pub(super) fn entitlement(
    field: &str,
    remedy: &Remedy,
    spec: &AgreementSpec,
    tariff: &Tariff,
    outcome: &Outcome<'_>,
    period: Bounds,
    facts: &Facts,
) -> Result<Option<Entitlement>, InvalidSpec> {
    if let Some(rule) = &remedy.per_day_late {
        let field = format!("{field}.perDayLate");
        let calendar = WorkingDays::new(&spec.calendar)?;
        return per_day_late::owed(&field, rule, &calendar, tariff, outcome.objective, facts);
    }
    if outcome.state == State::NotDetermined {
        return Ok(None);
    }
    if let Some(rule) = &remedy.proportional {
        return proportional::owed(&format!("{field}.proportional"), rule, outcome);
    }
    if let Some(rule) = &remedy.per_incident {
        return per_violation::amount(&format!("{field}.perIncident"), rule, &tariff.fee.currency, outcome.violations);
    }
    if let Some(rule) = &remedy.multiple_of_fee {
        return per_violation::multiple(&format!("{field}.multipleOfFee"), rule, tariff, outcome.violations);
    }
    if let Some(rule) = &remedy.free_hours {
        let zone = zone(&spec.time_zone)?;
        return free_hours::owed(&format!("{field}.freeHours"), rule, outcome.downtime, period, &zone);
    }
    if let Some(rule) = &remedy.termination_right {
        let before = facts.missed_in_a_row.get(outcome.objective).copied().unwrap_or_default();
        return Ok(termination::owed(rule, outcome.state, before));
    }
    Err(InvalidSpec::new(field, "has no rule; give one of the remedies, for example proportional"))
}
