//! What earlier periods left behind for later ones: credits granted, and misses in a row.

use std::collections::BTreeMap;

use num_rational::BigRational;

use crate::api::agreement_status::State;
use crate::api::statement::StatementSpec;
use crate::evaluate::credit::Granted;
use crate::evaluate::exact::decimal;

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
    /// Granted in this contract year.
    #[must_use]
    pub fn this_year(&self, year: i64) -> Granted {
        self.years.get(&year).cloned().unwrap_or_default()
    }

    /// Granted in all periods so far.
    #[must_use]
    pub fn before(&self) -> Granted {
        self.before.clone()
    }

    /// Periods missed in a row until now.
    #[must_use]
    pub fn missed_in_a_row(&self) -> BTreeMap<String, u32> {
        self.missed.clone()
    }

    /// Days of service granted in all.
    #[must_use]
    pub fn service_days(&self) -> i64 {
        self.before.service_days
    }

    /// Enters the statement that stands for a period.
    pub fn enter(&mut self, year: i64, statement: &StatementSpec) {
        for objective in &statement.objectives {
            let missed = self.missed.entry(objective.name.clone()).or_default();
            *missed = match objective.state {
                State::Violated => missed.saturating_add(1),
                // Where nothing can be said, the row is neither longer nor over.
                State::NotDetermined | State::NotCovered => *missed,
                State::Fulfilled | State::AtRisk => 0,
            };
        }
        let Some(credits) = &statement.credits else { return };
        for granted in [self.years.entry(year).or_default(), &mut self.before] {
            granted.service_days = granted.service_days.saturating_add(credits.service_days);
            for amount in credits.amounts.iter().filter(|amount| amount.issued) {
                let issued: BigRational = decimal(&amount.amount).unwrap_or_default();
                *granted.money.entry(amount.currency.clone()).or_default() += issued;
            }
        }
    }
}
