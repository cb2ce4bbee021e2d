//! Restatement: what a newer statement of a period changes against what the one it supersedes granted.
//!
//! The earlier statement is kept as it is; the newer one carries the whole credit as it should have been, and the
//! difference to what was granted. A reversal is negative. A credit that was never granted counts as nothing, since it
//! is voided when the newer statement takes its place ([`super::credit_life`]).

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::credit_facts::CreditFacts;
use crate::api::credit_status::{Adjustment, AdjustmentAmount, CreditState, CreditStatus};
use crate::api::settlement::GrantMode;
use crate::api::statement::StatementSpec;

use super::exact::{NotANumber, decimal, decimal_text};

/// The statement that is superseded.
#[derive(Clone, Copy, Debug)]
pub struct Superseded<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its credits, where they were granted; `None`: nothing was.
    pub granted: Option<&'a CreditStatus>,
    /// The amendment by whose terms it was made; empty where it was none.
    pub amendment: &'a str,
}

impl<'a> Superseded<'a> {
    /// A statement, which says itself whether it granted its credits; `mode` says it of one that was made before
    /// statements did. What was claimed and granted afterwards stands elsewhere: then `granted` is to be set.
    #[must_use]
    pub fn new(name: &'a str, statement: &'a StatementSpec, mode: GrantMode) -> Self {
        let is_granted = |credits: &&CreditStatus| {
            let is_told = credits.since.is_some();
            (!is_told && mode == GrantMode::Automatic)
                || matches!(credits.state, CreditState::Granted | CreditState::Settled)
        };
        let granted = statement.credits.as_ref().filter(is_granted);
        Self { name, granted, amendment: &statement.amendment }
    }
}

/// Whether two credits of one period come to the same. What they rest on and where their lives stand is left out: that
/// more was granted before is no reason to restate a period whose credit no cap reaches.
#[must_use]
pub fn same_outcome(one: Option<&CreditStatus>, other: Option<&CreditStatus>) -> bool {
    let outcome = |credits: &CreditStatus| CreditStatus {
        state: CreditState::default(),
        since: None,
        reason: String::new(),
        facts: CreditFacts::default(),
        claims_open: None,
        deadlines: Vec::new(),
        ..credits.clone()
    };
    one.map(outcome) == other.map(outcome)
}

/// The credit of the newer statement less what was granted.
///
/// # Errors
/// An amount of one of the statements is no figure.
pub fn adjustment(granted: Option<&CreditStatus>, now: Option<&CreditStatus>) -> Result<Adjustment, NotANumber> {
    let (before, after) = (Figures::of(granted)?, Figures::of(now)?);
    let mut currencies: Vec<&str> = Vec::new();
    let both = now.into_iter().chain(granted).flat_map(|credits| &credits.amounts);
    for amount in both {
        if !currencies.contains(&amount.currency.as_str()) {
            currencies.push(&amount.currency);
        }
    }
    let amounts = currencies.into_iter().map(|currency| {
        let figure = |figures: &Figures| figures.money.get(currency).cloned().unwrap_or_default();
        let (from, to) = (figure(&before), figure(&after));
        AdjustmentAmount { currency: currency.to_owned(), amount: difference(&from, &to) }
    });
    let changed = |from: &Figure, to: &Figure| {
        if from.value == to.value { String::new() } else { difference(from, to) }
    };
    Ok(Adjustment {
        amounts: amounts.collect(),
        service_days: after.service_days.saturating_sub(before.service_days),
        daily_usage: changed(&before.daily_usage, &after.daily_usage),
        reward: changed(&before.reward, &after.reward),
    })
}

/// A figure with the places it is written with.
#[derive(Clone, Debug, Default)]
struct Figure {
    value: BigRational,
    places: u32,
}

/// What a statement grants.
#[derive(Debug, Default)]
struct Figures {
    money: BTreeMap<String, Figure>,
    service_days: i64,
    daily_usage: Figure,
    reward: Figure,
}

impl Figures {
    fn of(credits: Option<&CreditStatus>) -> Result<Self, NotANumber> {
        let Some(credits) = credits else { return Ok(Self::default()) };
        let mut money = BTreeMap::new();
        for amount in &credits.amounts {
            let written = figure(&amount.amount)?;
            let issued = if amount.issued { written } else { Figure { value: BigRational::zero(), ..written } };
            money.insert(amount.currency.clone(), issued);
        }
        Ok(Self {
            money,
            service_days: credits.service_days,
            daily_usage: credits.daily_usage.as_ref().map_or_else(|| Ok(Figure::default()), |u| figure(&u.amount))?,
            reward: credits.reward.as_ref().map_or_else(|| Ok(Figure::default()), |r| figure(&r.amount))?,
        })
    }
}

fn figure(text: &str) -> Result<Figure, NotANumber> {
    let places = text.split_once('.').map_or(0, |(_, places)| places.len());
    Ok(Figure { value: decimal(text)?, places: u32::try_from(places).unwrap_or_default() })
}

fn difference(from: &Figure, to: &Figure) -> String {
    decimal_text(&(&to.value - &from.value), from.places.max(to.places))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
