//! What earlier periods left behind for later ones: credits granted, and misses in a row.
//!
//! Takes the statements that stand, oldest first, and gives what a later period rests on: what was granted in its year of
//! the contract and in all, for the caps, and how many periods right before it were missed, for the right to end the
//! agreement. A credit counts by what its statement grants, whatever became of it afterwards: an account that is closed
//! does not change because a claim came too late or an invoice was not paid. Only the term counts what was granted: days of
//! service that nobody claimed are not added to it.
//!
//! Parts of one period, which an amendment splits, are one period for both: its caps hold over all of them, and it is
//! missed once.
//!
//! Only what the credits of the agreement ask for is a fact of a period: where no cap reaches beyond a period and no right
//! grows from misses in a row, every period stands for itself.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{Timestamp, ToSpan};
use num_rational::BigRational;

use crate::api::agreement_status::State;
use crate::api::credit_status::CreditStatus;
use crate::api::credits::Credits;
use crate::api::statement::StatementSpec;

use super::credit::{Facts, Granted};
use super::exact::{NotANumber, decimal};
use super::period::Schedule;

/// What one statement leaves behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Legacy {
    /// What it grants, days that are paid among the days.
    granted: Granted,
    /// Days of service that are added to the end of the agreement, and not paid.
    added_days: i64,
    /// What is owed the other way.
    rewarded: BigRational,
    /// How each objective came out.
    outcomes: Vec<(String, State)>,
}

impl Legacy {
    /// Days of service that are added to the end of the agreement.
    #[must_use]
    pub fn added_days(&self) -> i64 {
        self.added_days
    }

    /// That of a statement.
    ///
    /// # Errors
    /// An amount of it is no figure.
    pub fn of(statement: &StatementSpec) -> Result<Self, NotANumber> {
        let outcomes = statement.objectives.iter().map(|o| (o.name.clone(), o.state)).collect();
        Self::reckoned(statement.credits.as_ref(), outcomes)
    }

    /// That of credits, and of how each objective came out by its name.
    ///
    /// # Errors
    /// An amount is no figure.
    pub fn reckoned(credits: Option<&CreditStatus>, outcomes: Vec<(String, State)>) -> Result<Self, NotANumber> {
        let mut legacy = Self { outcomes, ..Self::default() };
        let Some(credits) = credits else { return Ok(legacy) };
        legacy.added_days = credits.service_days;
        legacy.granted.service_days = credits.service_days.saturating_add(credits.paid_days);
        for amount in credits.amounts.iter().filter(|amount| amount.issued) {
            *legacy.granted.money.entry(amount.currency.clone()).or_default() += decimal(&amount.amount)?;
        }
        if let Some(reward) = credits.reward.as_ref().filter(|reward| !reward.amount.is_empty()) {
            legacy.rewarded = decimal(&reward.amount)?;
        }
        Ok(legacy)
    }
}

/// What the periods settled so far left behind.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// Granted in each contract year, by its number from the beginning of the agreement.
    years: BTreeMap<i64, Granted>,
    /// Granted in all.
    before: Granted,
    /// Misses in a row, per objective, up to the whole period of `parts`.
    missed: BTreeMap<String, u32>,
    /// What belongs to the last whole period.
    parts: Parts,
}

/// What the parts of one whole period left behind. It has several where an amendment splits it.
#[derive(Clone, Debug, Default)]
struct Parts {
    /// When the whole period begins.
    whole: Option<Timestamp>,
    granted: Granted,
    rewarded: BigRational,
    /// Per objective, how all parts together came out.
    states: BTreeMap<String, State>,
}

impl Parts {
    /// Misses in a row with this period, when there were so many before it.
    fn carried_on(&self, missed: &BTreeMap<String, u32>) -> BTreeMap<String, u32> {
        let mut missed = missed.clone();
        for (objective, state) in &self.states {
            let row = missed.entry(objective.clone()).or_default();
            *row = match state {
                State::Violated => row.saturating_add(1),
                // Where nothing can be said, the row is neither longer nor over.
                State::NotDetermined | State::NotCovered => *row,
                State::Fulfilled | State::AtRisk => 0,
            };
        }
        missed
    }

    /// Enters how an objective came out in one more part: missed once is missed, and what is known says more than what is
    /// not.
    fn enter(&mut self, objective: &str, state: State) {
        let known = |state: State| !matches!(state, State::NotDetermined | State::NotCovered);
        let held = self.states.entry(objective.to_owned()).or_insert(state);
        if state == State::Violated || !known(*held) {
            *held = state;
        }
    }
}

impl History {
    /// Whether the periods of an agreement with these credits rest on earlier ones at all. Parts of one period that an
    /// amendment splits always do.
    #[must_use]
    pub fn matters(credits: Option<&Credits>) -> bool {
        credits.is_some_and(|table| {
            table.cap_per_year.is_some()
                || table.cap_per_contract.is_some()
                || table.remedies.iter().any(|remedy| remedy.termination_right.is_some())
        })
    }

    /// What a period of this contract year rests on, by these credits. It is part of the whole period that begins at
    /// `whole`.
    #[must_use]
    pub fn facts(&self, credits: Option<&Credits>, year: i64, whole: Timestamp) -> Facts {
        let Some(table) = credits else { return Facts::default() };
        let counts_misses =
            |objective: &str| table.remedies.iter().any(|r| r.termination_right.is_some() && r.objective == objective);
        let this_year = table.cap_per_year.as_ref().and_then(|_| self.years.get(&year));
        let before = table.cap_per_contract.as_ref().map(|_| &self.before);
        let missed = self.missed_in_a_row(whole).into_iter();
        let missed = missed.filter(|(objective, periods)| *periods > 0 && counts_misses(objective));
        let parts = Some(&self.parts).filter(|parts| parts.whole == Some(whole));
        let (granted_this_period, rewarded_this_period) =
            parts.map(|parts| (parts.granted.clone(), parts.rewarded.clone())).unwrap_or_default();
        Facts {
            granted_this_period,
            rewarded_this_period,
            granted_this_year: this_year.cloned().unwrap_or_default(),
            granted_before: before.cloned().unwrap_or_default(),
            missed_in_a_row: missed.collect(),
            ..Facts::default()
        }
    }

    /// Whole periods missed in a row before the one that begins at `whole`.
    fn missed_in_a_row(&self, whole: Timestamp) -> BTreeMap<String, u32> {
        if self.parts.whole == Some(whole) { self.missed.clone() } else { self.parts.carried_on(&self.missed) }
    }

    /// Closes the whole period before the one that begins at `whole`.
    fn begin(&mut self, whole: Timestamp) {
        if self.parts.whole != Some(whole) {
            self.missed = self.parts.carried_on(&self.missed);
            self.parts = Parts { whole: Some(whole), ..Parts::default() };
        }
    }

    /// Enters what the statement leaves behind that stands for a period of this contract year, which is part of the whole
    /// one that begins at `whole`.
    pub fn enter(&mut self, year: i64, whole: Timestamp, legacy: &Legacy) {
        self.begin(whole);
        for (objective, state) in &legacy.outcomes {
            self.parts.enter(objective, *state);
        }
        self.parts.rewarded += &legacy.rewarded;
        for granted in [self.years.entry(year).or_default(), &mut self.before, &mut self.parts.granted] {
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
