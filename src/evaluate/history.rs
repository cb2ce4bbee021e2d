//! What earlier periods left behind for later ones: credits granted, and misses in a row.
//!
//! Takes the statements that stand, oldest first, and gives what a later period rests on: what was granted in its year of
//! the contract and in all, for the caps, and how many periods right before it were missed, for the right to end the
//! agreement. A credit counts by what its statement grants, whatever became of it afterwards: an account that is closed
//! does not change because a claim came too late or an invoice was not paid.
//!
//! Only what the credits of the agreement ask for is a fact of a period: where no cap reaches beyond a period and no right
//! grows from misses in a row, every period stands for itself.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{Timestamp, ToSpan};

use crate::api::agreement_status::State;
use crate::api::credits::Credits;
use crate::api::statement::StatementSpec;

use super::credit::{Facts, Granted};
use super::exact::{NotANumber, decimal};
use super::period::Schedule;

/// What one statement leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legacy {
    /// What it grants.
    granted: Granted,
    /// How each objective came out.
    outcomes: Vec<(String, State)>,
}

impl Legacy {
    /// That of a statement.
    ///
    /// # Errors
    /// An amount of it is no figure.
    pub fn of(statement: &StatementSpec) -> Result<Self, NotANumber> {
        let mut granted = Granted::default();
        if let Some(credits) = &statement.credits {
            granted.service_days = credits.service_days;
            for amount in credits.amounts.iter().filter(|amount| amount.issued) {
                *granted.money.entry(amount.currency.clone()).or_default() += decimal(&amount.amount)?;
            }
        }
        let outcomes = statement.objectives.iter().map(|o| (o.name.clone(), o.state)).collect();
        Ok(Self { granted, outcomes })
    }
}

/// What the periods settled so far left behind.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Granted in each contract year, by its number from the beginning of the agreement.
    years: BTreeMap<i64, Granted>,
    /// Granted in all.
    before: Granted,
    /// Misses in a row, per objective.
    missed: BTreeMap<String, u32>,
}

impl History {
    /// Whether the periods of an agreement with these credits rest on earlier ones at all.
    #[must_use]
    pub fn matters(credits: Option<&Credits>) -> bool {
        credits.is_some_and(|table| {
            table.cap_per_year.is_some()
                || table.cap_per_contract.is_some()
                || table.remedies.iter().any(|remedy| remedy.termination_right.is_some())
        })
    }

    /// What a period of this contract year rests on, by these credits.
    #[must_use]
    pub fn facts(&self, credits: Option<&Credits>, year: i64) -> Facts {
        let Some(table) = credits else { return Facts::default() };
        let counts_misses =
            |objective: &str| table.remedies.iter().any(|r| r.termination_right.is_some() && r.objective == objective);
        let this_year = table.cap_per_year.as_ref().and_then(|_| self.years.get(&year));
        let before = table.cap_per_contract.as_ref().map(|_| &self.before);
        let missed = self.missed.iter().filter(|(objective, periods)| **periods > 0 && counts_misses(objective));
        Facts {
            granted_this_year: this_year.cloned().unwrap_or_default(),
            granted_before: before.cloned().unwrap_or_default(),
            missed_in_a_row: missed.map(|(objective, periods)| (objective.clone(), *periods)).collect(),
            ..Facts::default()
        }
    }

    /// Days of service granted in all.
    #[must_use]
    pub fn service_days(&self) -> i64 {
        self.before.service_days
    }

    /// Enters what the statement leaves behind that stands for a period of this contract year.
    pub fn enter(&mut self, year: i64, legacy: &Legacy) {
        for (objective, state) in &legacy.outcomes {
            let missed = self.missed.entry(objective.clone()).or_default();
            *missed = match state {
                State::Violated => missed.saturating_add(1),
                // Where nothing can be said, the row is neither longer nor over.
                State::NotDetermined | State::NotCovered => *missed,
                State::Fulfilled | State::AtRisk => 0,
            };
        }
        for granted in [self.years.entry(year).or_default(), &mut self.before] {
            granted.service_days = granted.service_days.saturating_add(legacy.granted.service_days);
            for (currency, amount) in &legacy.granted.money {
                *granted.money.entry(currency.clone()).or_default() += amount;
            }
        }
    }
}

/// The number of the contract's year in which an instant lies, from its beginning on.
#[must_use]
pub fn contract_year(schedule: &Schedule, at: Timestamp) -> i64 {
    let (from, at) =
        (schedule.from().to_zoned(schedule.zone().clone()).date(), at.to_zoned(schedule.zone().clone()).date());
    let years = i64::from(at.year()) - i64::from(from.year());
    let anniversary = from.checked_add(years.years()).unwrap_or(from);
    if at < anniversary { years - 1 } else { years }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
