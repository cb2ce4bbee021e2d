//! What is owed, line by line.

use iso_currency::Currency;
use num_rational::BigRational;

use crate::api::credit_status::CreditStatus;
use crate::api::statement::StatementSpec;
use crate::evaluate::exact::decimal;
use crate::record::form::figure::{cut_percent, money, percent};
use crate::record::form::legible::legible;
use crate::record::form::words;

/// The credits of the period.
pub(super) struct Credits {
    pub state: &'static str,
    pub lines: Vec<Line>,
    /// How the lines became one amount, in the order of the calculation.
    pub steps: Vec<Step>,
    pub amount: String,
}

/// The tier that applies to one objective.
pub(super) struct Line {
    pub objective: String,
    pub attainment: String,
    pub below: String,
    pub percent_of_fee: String,
    pub granted: bool,
}

/// A step of the calculation.
pub(super) struct Step {
    pub name: &'static str,
    pub rule: String,
    pub figure: String,
}

impl Credits {
    pub(super) fn new(credits: &CreditStatus, statement: &StatementSpec) -> Self {
        Self {
            state: words::credit_state(credits.state),
            lines: credits
                .lines
                .iter()
                .map(|line| {
                    let objective = statement.objectives.iter().find(|o| o.name == line.objective);
                    Line {
                        objective: legible(&line.objective).into_owned(),
                        attainment: objective
                            .map_or_else(String::new, |o| cut_percent(&legible(&o.attainment), &o.attainment_ratio)),
                        below: percent(&legible(&line.below)),
                        percent_of_fee: percent(&legible(&line.percent_of_fee)),
                        granted: line.granted,
                    }
                })
                .collect(),
            steps: if credits.lines.is_empty() { Vec::new() } else { steps(credits, statement.generation) },
            amount: money(&legible(&credits.amount), &legible(&credits.currency)),
        }
    }
}

fn steps(credits: &CreditStatus, generation: i64) -> Vec<Step> {
    let granted = credits.lines.iter().filter(|line| line.granted).count();
    let combination = match (granted, credits.lines.len()) {
        (_, 1) => "One line applies.".to_owned(),
        (1, _) => "Of several lines only the highest is granted.".to_owned(),
        (_, all) => format!("{granted} of {all} lines are granted and add up."),
    };
    vec![
        Step {
            name: "Base",
            rule: format!("The fee of the period, as agreed in generation {generation}."),
            figure: String::new(),
        },
        Step { name: "Combination", rule: combination, figure: String::new() },
        Step { name: "Cap", rule: cap(credits).to_owned(), figure: percent(&legible(&credits.percent_of_fee)) },
        Step { name: "Rounding", rule: rounding(&legible(&credits.currency)), figure: String::new() },
    ]
}

/// Whether the cap took anything away.
fn cap(credits: &CreditStatus) -> &'static str {
    let granted: Option<BigRational> =
        credits.lines.iter().filter(|line| line.granted).map(|line| decimal(&line.percent_of_fee).ok()).sum();
    match (granted, decimal(&credits.percent_of_fee)) {
        (Some(sum), Ok(left)) if sum > left => "The lines come to more than the most that is granted for one period.",
        _ => "The cap of the period was not reached.",
    }
}

fn rounding(currency: &str) -> String {
    let unit = match Currency::from_code(currency).and_then(Currency::exponent) {
        Some(0) => format!("1 {currency}"),
        Some(places) => format!("0.{}1 {currency}", "0".repeat(usize::from(places).saturating_sub(1))),
        None => "the currency's minor unit".to_owned(),
    };
    format!("Once, at the end, half up, to {unit}.")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::super::example::issued;
    use super::*;

    fn said(credits: &CreditStatus) -> String {
        let told: Vec<String> = steps(credits, 2).iter().map(|step| format!("{} {}", step.rule, step.figure)).collect();
        told.join("\n")
    }

    #[test]
    fn the_way_to_the_amount_is_told() {
        let mut credits = issued().statement.credits.unwrap();
        let told = said(&credits);
        assert!(told.contains("One line applies.") && told.contains("was not reached. 10.000000"), "{told}");
        assert!(told.contains("as agreed in generation 2") && told.contains("half up, to 0.01 EUR."), "{told}");
        let mut second = credits.lines.first().unwrap().clone();
        (second.percent_of_fee, second.granted) = ("5".to_owned(), false);
        credits.lines.push(second);
        assert!(said(&credits).contains("only the highest is granted"));
        credits.lines.iter_mut().for_each(|line| line.granted = true);
        let told = said(&credits);
        assert!(told.contains("2 of 2 lines are granted and add up") && told.contains("come to more than"), "{told}");
        credits.percent_of_fee = "15.000000".to_owned();
        assert!(said(&credits).contains("was not reached"));
    }

    #[test]
    fn amounts_are_rounded_to_the_minor_unit_of_their_currency() {
        for (currency, unit) in
            [("EUR", "0.01 EUR"), ("JPY", "1 JPY"), ("KWD", "0.001 KWD"), ("<b>", "the currency's minor")]
        {
            assert!(rounding(currency).contains(unit), "{currency}");
        }
    }
}
