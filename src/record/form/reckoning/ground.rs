//! What a credit is reckoned from: the statement's own terms, the fees of its period, and the facts it tells.

use num_rational::BigRational;

use crate::api::credits::{Credits, Fee};
use crate::api::statement::StatementSpec;
use crate::evaluate::calendar::WorkingDays;
use crate::evaluate::credit::{BaseFee, Facts, Tariff, stated};
use crate::evaluate::exact::divide;
use crate::evaluate::period::{Bounds, whole_of};
use crate::evaluate::terms;

/// What the figures between the terms and the amounts are reckoned from.
pub(super) struct Ground {
    pub(super) credits: Credits,
    pub(super) tariff: Tariff,
    pub(super) facts: Facts,
    pub(super) calendar: WorkingDays,
}

impl Ground {
    /// `None`: the statement's terms or facts cannot be reckoned with, as those of an altered one. Then what it states is
    /// told without the way to it.
    pub(super) fn of(statement: &StatementSpec) -> Option<Self> {
        let content = serde_json::to_value(statement).ok()?;
        let spec = terms::agreement(&content).ok()?;
        let period = Bounds { start: statement.period.start.0, end: statement.period.end.0 };
        let whole = whole_of(&spec, &period).ok()?;
        let credits = spec.credits.clone()?;
        Some(Self {
            tariff: Tariff::new(&spec, &credits, period, whole, statement.last.is_some()).ok()?,
            facts: stated(&statement.credits.as_ref()?.facts, &spec).ok()?,
            calendar: WorkingDays::new(&spec.calendar).ok()?,
            credits,
        })
    }

    /// The fees as they were agreed, with what each comes to in this period; that of fixed amounts first.
    pub(super) fn fees(&self) -> impl Iterator<Item = (&Fee, &BaseFee)> {
        let agreed = std::iter::once(&self.credits.fee).chain(&self.credits.further_fees);
        agreed.zip(std::iter::once(&self.tariff.fee).chain(&self.tariff.further))
    }

    /// The fee in a currency.
    pub(super) fn fee(&self, currency: &str) -> Option<(&Fee, &BaseFee)> {
        self.fees().find(|(_, fee)| fee.currency == currency)
    }

    /// The fee of all the parts into which an amendment splits a period: what happens once is a share of that.
    pub(super) fn of_all_parts(&self, fee: &BaseFee) -> BigRational {
        divide(&fee.amount, &self.tariff.charged.part()).unwrap_or_default()
    }
}
