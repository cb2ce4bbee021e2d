//! From the lines to one amount in one currency.

use iso_currency::Currency;

use crate::api::credit_status::{CreditAmount, CreditStatus};
use crate::record::form::figure::{cut_money, fraction, money, percent};
use crate::record::form::legible::legible;

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
pub(super) fn amounts(credits: &CreditStatus, generation: i64) -> Vec<Amount> {
    credits
        .amounts
        .iter()
        .enumerate()
        .map(|(place, amount)| {
            // The status holds what is issued for the first currency only; nothing keeps the others from being issued.
            let issued = if place == 0 { &credits.amount } else { &amount.amount };
            Amount {
                currency: legible(&amount.currency).into_owned(),
                steps: steps(credits, amount, generation, place == 0),
                issued: money(&legible(issued), &legible(&amount.currency)),
            }
        })
        .collect()
}

fn steps(credits: &CreditStatus, amount: &CreditAmount, generation: i64, is_first: bool) -> Vec<Step> {
    let currency = legible(&amount.currency);
    let figure = |text: &str| money(&legible(text), &currency);
    let cut = cut_money(&legible(&amount.unrounded), &amount.exact, &currency);
    let share = if is_first { percent_of_fee(credits) } else { String::new() };
    vec![
        Step { name: "Fee", rule: base(&legible(&amount.base), generation), figure: figure(&amount.fee) },
        Step { name: "Combination", rule: combination(credits, &amount.currency), figure: figure(&amount.before_cap) },
        Step { name: "Cap", rule: cap(&legible(&amount.capped_by)), figure: cut.clone() },
        Step { name: "Unrounded", rule: format!("Exactly {}{share}.", exactly(&amount.exact, &currency)), figure: cut },
        Step { name: "Rounding", rule: rounding(&currency), figure: figure(&amount.amount) },
        Step { name: "Issue", rule: issue(amount), figure: String::new() },
    ]
}

fn base(base: &str, generation: i64) -> String {
    let what = if base.is_empty() { "The fee of the period" } else { base };
    format!("{what}, as agreed in generation {generation}.")
}

fn combination(credits: &CreditStatus, currency: &str) -> String {
    let lines = || credits.lines.iter().filter(|line| line.amounts.iter().any(|a| a.currency == currency));
    match (lines().filter(|line| line.granted).count(), lines().count()) {
        (_, 0) => "No line comes to money.".to_owned(),
        (0, _) => "No line that comes to money is granted.".to_owned(),
        (1, 1) => "One line applies, and is granted.".to_owned(),
        (granted, all) if granted == all => format!("All {all} lines are granted and add up."),
        (1, all) => format!("Of {all} lines one is granted."),
        (granted, all) => format!("Of {all} lines {granted} are granted and add up."),
    }
}

/// Which cap took something away.
fn cap(by: &str) -> String {
    match by {
        "" => "No cap took anything away.".to_owned(),
        "Fee" => "Cut to the whole fee: no more is granted for one period.".to_owned(),
        "Period" => "Cut to the most that is granted for one period.".to_owned(),
        "Year" => "Cut to what is left of the most that is granted in one year.".to_owned(),
        "Contract" => "Cut to what is left of the most that is granted as long as the agreement lasts.".to_owned(),
        other => format!("Cut by the cap {other}."),
    }
}

/// An exact amount: whole, or as a fraction.
pub(super) fn exactly(exact: &str, currency: &str) -> String {
    match exact.strip_suffix("/1") {
        Some(whole) => money(&legible(whole), currency),
        None => money(&legible(&fraction(exact)), currency),
    }
}

fn percent_of_fee(credits: &CreditStatus) -> String {
    if credits.percent_of_fee.is_empty() {
        return String::new();
    }
    format!(", which is {} of the fee", percent(&legible(&credits.percent_of_fee)))
}

pub(super) fn rounding(currency: &str) -> String {
    let unit = match Currency::from_code(currency).and_then(Currency::exponent) {
        Some(0) => format!("1\u{a0}{currency}"),
        Some(places) => format!("0.{}1\u{a0}{currency}", "0".repeat(usize::from(places).saturating_sub(1))),
        None => "the currency's minor unit".to_owned(),
    };
    format!("Once, at the end, half up, to {unit}.")
}

fn issue(amount: &CreditAmount) -> String {
    match (amount.issued, amount.not_issued.as_str()) {
        (true, _) => "Issued.".to_owned(),
        (false, "") => "There is nothing to issue.".to_owned(),
        (false, why) => format!("Not issued: {}.", legible(why)),
    }
}
