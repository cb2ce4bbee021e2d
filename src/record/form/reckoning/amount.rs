//! From the lines to one amount in one currency.

use iso_currency::Currency;
use num_rational::BigRational;

use crate::api::credit_status::{CreditAmount, CreditStatus};
use crate::api::statement::StatementSpec;
use crate::evaluate::exact::{PERCENT_PLACES, decimal_text};
use crate::record::form::figure::{cut_money, cut_percent, fraction, money, stated_money};
use crate::record::form::legible::legible;
use crate::record::form::words;

use super::course::Course;
use super::ground::Ground;
use super::{fee, limit};

/// The way to the amount in one currency.
#[derive(Clone, Debug)]
pub struct Amount {
    /// ISO 4217.
    pub currency: String,
    /// The steps, in the order of the calculation.
    pub steps: Vec<Step>,
    /// What is issued.
    pub issued: String,
}

/// A step of the calculation.
#[derive(Clone, Debug)]
pub struct Step {
    /// What is done.
    pub name: &'static str,
    /// By which rule.
    pub rule: String,
    /// What it comes to after it.
    pub figure: String,
}

/// The ways to all amounts, that of the first fee first.
pub(super) fn amounts(statement: &StatementSpec, credits: &CreditStatus, told: &Told<'_>) -> Vec<Amount> {
    credits
        .amounts
        .iter()
        .enumerate()
        .map(|(place, amount)| {
            // The status holds what is issued for the first currency only; nothing keeps the others from being issued.
            let issued = if place == 0 { &credits.amount } else { &amount.amount };
            Amount {
                currency: legible(&amount.currency).into_owned(),
                steps: steps(credits, amount, statement.generation, (place == 0, told)),
                issued: money(&legible(issued), &legible(&amount.currency)),
            }
        })
        .collect()
}

/// What the amounts are reckoned from beside what the statement states: the ground, and the way to each line.
pub(super) struct Told<'a> {
    pub(super) ground: Option<&'a Ground>,
    pub(super) courses: &'a [Course],
}

impl Told<'_> {
    /// What the granted lines come to in a currency before any limit; `None` where it is not what was stated.
    fn before_cap(&self, credits: &CreditStatus, amount: &CreditAmount) -> Option<BigRational> {
        let granted = credits.lines.iter().zip(self.courses).filter(|(line, _)| line.granted);
        let sum = granted.filter_map(|(_, course)| course.amount(&amount.currency)).sum();
        (decimal_text(&sum, PERCENT_PLACES) == amount.before_cap).then_some(sum)
    }
}

fn steps(
    credits: &CreditStatus,
    amount: &CreditAmount,
    generation: i64,
    (is_first, told): (bool, &Told<'_>),
) -> Vec<Step> {
    let currency = legible(&amount.currency);
    let figure = |text: &str, exact: Option<&BigRational>| stated_money(&legible(text), exact, &currency);
    let cut = cut_money(&legible(&amount.unrounded), &amount.exact, &currency);
    let share = if is_first { percent_of_fee(credits) } else { String::new() };
    let charged = told.ground.and_then(|ground| Some((ground, ground.fee(&amount.currency)?)));
    let fee = charged.map(|(_, (_, fee))| &fee.amount);
    let agreed = charged.map(|(ground, (agreed, fee))| fee::course(agreed, fee, &ground.tariff.charged));
    let before = told.before_cap(credits, amount);
    let exact: Option<BigRational> = amount.exact.parse().ok();
    let capped = cap(&legible(&amount.capped_by)) + &limit::taken(before.as_ref(), exact.as_ref(), &currency);
    let mut steps = vec![
        Step {
            name: "Fee",
            rule: base(&legible(&amount.base), generation) + &agreed.unwrap_or_default(),
            figure: figure(&amount.fee, fee),
        },
        Step {
            name: "Combination",
            rule: combination(credits, &amount.currency),
            figure: figure(&amount.before_cap, before.as_ref()),
        },
    ];
    steps.extend(charged.and_then(|(ground, (_, fee))| limit::whole_fee(ground, fee, credits, told.courses)));
    steps.extend(charged.into_iter().flat_map(|(ground, (_, fee))| limit::steps(ground, fee)));
    steps.extend([
        Step { name: "Cap", rule: capped, figure: cut.clone() },
        Step { name: "Unrounded", rule: format!("{}{share}.", exactly(&amount.exact, &cut, &currency)), figure: cut },
        Step { name: "Rounding", rule: rounding(&currency), figure: figure(&amount.amount, None) },
        Step { name: "Issue", rule: issue(amount, minimum(is_first, told)), figure: String::new() },
    ]);
    steps
}

/// The amount that a credit has to be more than.
fn minimum(is_first: bool, told: &Told<'_>) -> Option<String> {
    let credits = &told.ground.filter(|_| is_first)?.credits;
    let minimum = credits.issued_above.as_ref()?;
    Some(money(&legible(minimum.as_str()), &legible(&credits.fee.currency)))
}

fn base(base: &str, generation: i64) -> String {
    let what = if base.is_empty() { "The fee of the period" } else { base };
    format!("{what}, {}.", words::as_agreed(generation))
}

fn combination(credits: &CreditStatus, currency: &str) -> String {
    let lines = || credits.lines.iter().filter(|line| line.amounts.iter().any(|a| a.currency == currency));
    match (lines().filter(|line| line.granted).count(), lines().count()) {
        (_, 0) => "No line comes to money.".to_owned(),
        (0, _) => "No line that comes to money is granted.".to_owned(),
        (1, 1) => "One line comes to money, and is granted.".to_owned(),
        (2, 2) => "Both lines are granted and add up.".to_owned(),
        (granted, all) if granted == all => format!("All {all} lines are granted and add up."),
        (1, all) => format!("Of {all} lines one is granted."),
        (granted, all) => format!("Of {all} lines {granted} are granted and add up."),
    }
}

/// Which cap took something away.
fn cap(by: &str) -> String {
    match by {
        "" => "No cap took anything away.".to_owned(),
        "Fee" => "Tiers in percent of the fee are cut to the whole of it, the most that they grant for one period."
            .to_owned(),
        "Period" => "Cut to the most that is granted for one period.".to_owned(),
        "Year" => "Cut to what is left of the most that is granted in one year.".to_owned(),
        "Contract" => "Cut to what is left of the most that is granted as long as the agreement lasts.".to_owned(),
        other => format!("Cut by the cap {other}."),
    }
}

/// The exact amount: the one before rounding, or the fraction where that was cut.
pub(super) fn exactly(exact: &str, cut: &str, currency: &str) -> String {
    if cut.contains('…') {
        format!("Exactly {}", money(&legible(&fraction(exact)), currency))
    } else {
        "Exactly so much".to_owned()
    }
}

fn percent_of_fee(credits: &CreditStatus) -> String {
    if credits.percent_of_fee.is_empty() {
        return String::new();
    }
    let share = cut_percent(&legible(&credits.percent_of_fee), &credits.fraction_of_fee);
    format!(", which is {share} of the fee")
}

pub(super) fn rounding(currency: &str) -> String {
    format!("Once, at the end, half up, to {}.", minor_unit(currency))
}

/// What amounts of a currency are rounded to: `0.01 EUR`.
#[must_use]
pub fn minor_unit(currency: &str) -> String {
    match Currency::from_code(currency).and_then(Currency::exponent) {
        Some(0) => format!("1\u{a0}{currency}"),
        Some(places) => format!("0.{}1\u{a0}{currency}", "0".repeat(usize::from(places).saturating_sub(1))),
        None => "the currency's minor unit".to_owned(),
    }
}

fn issue(amount: &CreditAmount, minimum: Option<String>) -> String {
    match (amount.issued, amount.not_issued.as_str(), minimum) {
        (true, _, None) => "Issued.".to_owned(),
        (true, _, Some(minimum)) => format!("Issued: before rounding it is more than {minimum}."),
        (false, "", _) => "There is nothing to issue.".to_owned(),
        (false, why, _) => format!("Not issued: {}.", legible(why)),
    }
}
