//! From the terms to what one line comes to by itself, as somebody would reckon it by hand.

mod late;
mod remedy;
mod tier;

use num_rational::BigRational;
use num_traits::{One, Signed};

use crate::api::credit_status::{CreditLine, LineAmount};
use crate::api::credits::Tier;
use crate::api::statement::StatementSpec;
use crate::evaluate::credit::{BaseFee, Portion, bounds};
use crate::evaluate::exact::{PERCENT_PLACES, decimal_text};
use crate::record::form::figure::{exact_money, fraction};
use crate::record::form::legible::legible;

use super::ground::Ground;

/// The way to one line.
#[derive(Clone, Debug, Default)]
pub(super) struct Course {
    /// The share of the fee that it is, where it is one.
    pub(super) share: Option<BigRational>,
    /// What it comes to by itself in each currency, where that can be reckoned from the terms.
    pub(super) by_itself: Vec<(String, BigRational)>,
    /// The way, one sentence or product each.
    pub(super) steps: Vec<String>,
}

impl Course {
    /// The way to a line. Empty: the terms know no such line, or there is nothing to reckon.
    pub(super) fn of(line: &CreditLine, statement: &StatementSpec, ground: &Ground) -> Self {
        let mut course = if line.remedy.is_empty() {
            tier_of(line, ground).map(|agreed| tier::course(agreed, line, ground)).unwrap_or_default()
        } else {
            let agreed = ground.credits.remedies.iter().find(|remedy| remedy.name == line.remedy);
            agreed.map(|agreed| remedy::course(agreed, line, statement, ground)).unwrap_or_default()
        };
        course.steps.extend(cuts(line, &course));
        course.steps.iter_mut().for_each(|step| *step = legible(step).into_owned());
        course
    }

    /// What the line comes to in a currency.
    pub(super) fn amount(&self, currency: &str) -> Option<&BigRational> {
        self.by_itself.iter().find(|(code, _)| code == currency).map(|(_, amount)| amount)
    }

    /// Money as a share of each fee and an amount in the first one, with a step for each currency.
    fn of_portion(
        portion: &Portion,
        line: &CreditLine,
        ground: &Ground,
        step: impl Fn(&BaseFee, &str) -> String,
    ) -> Self {
        let mut course = Self { share: Some(portion.share.clone()), ..Self::default() };
        for (_, fee) in ground.fees().filter(|(_, fee)| stated(line, fee).is_some()) {
            let amount = worth(portion, fee);
            course.steps.push(step(fee, &exact_money(&amount, &fee.currency)));
            course.by_itself.push((fee.currency.clone(), amount));
        }
        course
    }
}

/// What a portion is worth in the currency of a fee.
fn worth(portion: &Portion, fee: &BaseFee) -> BigRational {
    let share = &portion.share * &fee.amount;
    if fee.is_first { share + &portion.amount } else { share }
}

/// What the statement states of a line in the currency of a fee.
fn stated<'a>(line: &'a CreditLine, fee: &BaseFee) -> Option<&'a LineAmount> {
    line.amounts.iter().find(|amount| amount.currency == fee.currency)
}

/// Whether the statement states this amount.
fn is_stated(line: &CreditLine, fee: &BaseFee, amount: &BigRational) -> bool {
    stated(line, fee).is_none_or(|stated| stated.by_itself == decimal_text(amount, PERCENT_PLACES))
}

/// The tier that a line is of.
fn tier_of<'a>(line: &CreditLine, ground: &'a Ground) -> Option<&'a Tier> {
    let text = |bound: &Option<crate::api::Percent>| bound.as_ref().map(ToString::to_string).unwrap_or_default();
    let of_its_bounds = |tier: &&Tier| {
        tier.objective == line.objective && text(&tier.below) == line.below && text(&tier.at_most) == line.at_most
    };
    let words = line.reckoning.split(" for certain").next().unwrap_or_default();
    let mut tiers = ground.credits.tiers.iter().filter(of_its_bounds);
    tiers.clone().find(|tier| bounds(tier) == words).or_else(|| tiers.next())
}

/// The share of the period that a part of it has, as a factor; empty where there is only one part.
fn part(ground: &Ground) -> String {
    let charged = &ground.tariff.charged;
    if charged.part().is_one() {
        return String::new();
    }
    let seconds = fraction(&format!("{}/{}", charged.period_seconds, charged.in_force_seconds));
    format!(" × {seconds} s for this part of the period")
}

/// What the limits took of a granted line. They take from the last lines first.
fn cuts(line: &CreditLine, course: &Course) -> Vec<String> {
    if !line.granted {
        return Vec::new();
    }
    let taken = line.amounts.iter().filter_map(|amount| {
        let granted: BigRational = amount.exact.parse().ok()?;
        let taken = course.amount(&amount.currency)? - &granted;
        taken.is_positive().then(|| {
            let (taken, left) = (exact_money(&taken, &amount.currency), exact_money(&granted, &amount.currency));
            format!("the limits take {taken} of it and leave {left}")
        })
    });
    taken.collect()
}
