//! What is owed, line by line, and how the lines became amounts.

use iso_currency::Currency;

use crate::api::credit_status::{CreditAmount, CreditStatus};
use crate::api::statement::StatementSpec;
use crate::record::form::credit::{grant, granted, outcome, rule, short};
use crate::record::form::figure::{cut_percent, money};
use crate::record::form::legible::legible;
use crate::record::form::words;

/// The credits of the period.
pub(super) struct Credits {
    pub state: &'static str,
    pub lines: Vec<Line>,
    /// How the lines became amounts, in the order of the calculation.
    pub steps: Vec<Step>,
    pub totals: Vec<Total>,
}

/// The tier or the remedy that applies to one objective.
pub(super) struct Line {
    pub objective: String,
    pub attainment: String,
    pub rule: String,
    pub grant: String,
    pub granted: bool,
    pub outcome: String,
}

/// A step of the calculation.
pub(super) struct Step {
    pub name: &'static str,
    pub rule: String,
    pub figure: String,
}

/// What comes out.
pub(super) struct Total {
    pub name: &'static str,
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
                        rule: rule(line),
                        grant: grant(line),
                        granted: line.granted,
                        outcome: outcome(line),
                    }
                })
                .collect(),
            steps: steps(credits, statement.generation),
            totals: totals(credits, statement),
        }
    }
}

fn steps(credits: &CreditStatus, generation: i64) -> Vec<Step> {
    if credits.lines.iter().all(|line| grant(line).is_empty()) {
        return Vec::new();
    }
    let mut steps = vec![Step { name: "Combination", rule: combination(credits), figure: String::new() }];
    for amount in &credits.amounts {
        steps.extend(reckoning(amount, generation));
    }
    steps
}

fn combination(credits: &CreditStatus) -> String {
    let applying = || credits.lines.iter().filter(|line| !grant(line).is_empty());
    match (applying().filter(|line| line.granted).count(), applying().count()) {
        (_, 1) => "One line applies.".to_owned(),
        (1, _) => "Of several lines only one is granted.".to_owned(),
        (granted, all) => format!("{granted} of {all} lines are granted and add up."),
    }
}

/// The steps for one currency.
fn reckoning(amount: &CreditAmount, generation: i64) -> Vec<Step> {
    let currency = legible(&amount.currency);
    let figure = |decimal: &str| money(short(&legible(decimal)), &currency);
    let base = match amount.base.as_str() {
        "" => format!("The fee of the period, as agreed in generation {generation}."),
        base => format!("The fee of the period, as agreed in generation {generation}: {}.", legible(base)),
    };
    let mut steps = vec![
        Step { name: "Base", rule: base, figure: figure(&amount.fee) },
        Step { name: "Sum", rule: "The lines that are granted.".to_owned(), figure: figure(&amount.before_cap) },
        Step { name: "Cap", rule: cap(&amount.capped_by).to_owned(), figure: figure(&amount.unrounded) },
        Step { name: "Rounding", rule: rounding(&currency), figure: money(&legible(&amount.amount), &currency) },
    ];
    if !amount.not_issued.is_empty() {
        let rule = format!("Not issued: {}.", legible(&amount.not_issued));
        steps.push(Step { name: "Minimum", rule, figure: String::new() });
    }
    steps
}

/// What a cap took away.
fn cap(capped_by: &str) -> &'static str {
    match capped_by {
        "Fee" => "Tiers grant no more than the whole fee.",
        "Period" => "The lines come to more than the most that is granted for one period.",
        "Year" => "The lines come to more than what is left of the most for one year.",
        "Contract" => "The lines come to more than what is left of the most for the whole agreement.",
        _ => "No cap was reached.",
    }
}

fn totals(credits: &CreditStatus, statement: &StatementSpec) -> Vec<Total> {
    let granted = granted(credits);
    let nothing = || money(&legible(&credits.amount), &legible(&credits.currency));
    let figure = if granted.is_empty() { nothing() } else { granted.join(", ") };
    let mut totals = vec![Total { name: "Credit for the period", figure }];
    if let Some(reward) = &credits.reward {
        let figure = match reward.problem.as_str() {
            "" => money(&legible(&reward.amount), &legible(&reward.currency)),
            problem => format!("{}: {}", money(&legible(&reward.amount), &legible(&reward.currency)), legible(problem)),
        };
        totals.push(Total { name: "Reward, owed the other way", figure });
    }
    if let Some(adjustment) = &statement.adjustment {
        let amounts = adjustment.amounts.iter().map(|a| money(&legible(&a.amount), &legible(&a.currency)));
        let figure = amounts.collect::<Vec<_>>().join(", ");
        totals.push(Total { name: "Change against the statement that is superseded", figure });
    }
    totals
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
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::super::super::example::issued;
    use super::*;

    fn said(credits: &CreditStatus) -> String {
        let told: Vec<String> = steps(credits, 2).iter().map(|step| format!("{} {}", step.rule, step.figure)).collect();
        told.join("\n").replace(['\u{a0}', '\u{202f}'], " ")
    }

    #[test]
    fn the_way_to_the_amount_is_told() {
        let mut credits = issued().statement.credits.unwrap();
        let told = said(&credits);
        assert!(told.contains("One line applies.") && told.contains("No cap was reached. 400 EUR"), "{told}");
        assert!(
            told.contains("as agreed in generation 2. 4 000 EUR") && told.contains("half up, to 0.01 EUR."),
            "{told}"
        );
        let mut second = credits.lines.first().unwrap().clone();
        (second.percent_of_fee, second.granted) = ("5".to_owned(), false);
        credits.lines.push(second);
        assert!(said(&credits).contains("only one is granted"));
        credits.lines.iter_mut().for_each(|line| line.granted = true);
        assert!(said(&credits).contains("2 of 2 lines are granted and add up"));
        for (by, words) in
            [("Fee", "the whole fee"), ("Period", "one period"), ("Year", "one year"), ("Contract", "whole agreement")]
        {
            by.clone_into(&mut credits.amounts[0].capped_by);
            assert!(said(&credits).contains(words), "{by}");
        }
        "0.9 EUR is not more than 1.00 EUR".clone_into(&mut credits.amounts[0].not_issued);
        assert!(said(&credits).contains("Not issued: 0.9 EUR is not more than 1.00 EUR."));
    }

    #[test]
    fn where_nothing_applies_there_is_nothing_to_reckon() {
        let mut credits = issued().statement.credits.unwrap();
        credits.lines[0].percent_of_fee = String::new();
        credits.lines[0].amounts.clear();
        assert_eq!(said(&credits), "");
    }

    #[test]
    fn rewards_and_changes_stand_beside_the_credit() {
        let mut statement = issued().statement;
        let mut credits = statement.credits.clone().unwrap();
        credits.reward = serde_json::from_value(serde_json::json!({
            "basis": "Volume", "reached": "350000.000000", "stepPercent": "3", "unconditionalPercent": "3",
            "exact": "21000/1", "unrounded": "21000.000000", "amount": "21000.00", "currency": "CNY", "capped": false,
        }))
        .unwrap();
        statement.adjustment =
            serde_json::from_value(serde_json::json!({"amounts": [{"currency": "EUR", "amount": "-100.00"}]})).unwrap();
        let told: Vec<_> = totals(&credits, &statement)
            .into_iter()
            .map(|total| format!("{}: {}", total.name, total.figure.replace(['\u{a0}', '\u{202f}'], " ")))
            .collect();
        let expected = [
            "Credit for the period: 400.00 EUR",
            "Reward, owed the other way: 21 000.00 CNY",
            "Change against the statement that is superseded: -100.00 EUR",
        ];
        assert_eq!(told, expected);
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
