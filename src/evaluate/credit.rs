//! Credits: what is owed for the attainment of a period.
//!
//! Takes the agreement's credit table and the attainment that each objective settles on. A tier applies when the
//! attainment is strictly below its bound (exactly 99.9 is not below 99.9), and of several the one with the lowest
//! bound. The credits of several objectives combine as agreed, then the cap is applied, then the amount is rounded, half
//! up, once, to the minor unit of the fee's currency. An objective that is not determined neither grants nor denies.

use iso_currency::Currency;
use num_rational::BigRational;

use crate::api::Percent;
use crate::api::agreement_status::{CreditLine, CreditState, CreditStatus};
use crate::api::credits::{Combine, Credits, Fee};

use super::assessment::{CreditAssessment, CreditTier};
use super::exact::{NotANumber, amount, hundred, money_text, percent_text, round_half_up, share, ten_to, whole};
use super::invalid::InvalidSpec;

/// The decimal places of the fee's currency.
///
/// # Errors
/// ISO 4217 has no such currency, or it has no minor unit (gold, for example).
pub fn exponent(fee: &Fee) -> Result<u16, InvalidSpec> {
    let code = fee.currency.as_str();
    let refuse = |what: &str| InvalidSpec::new("spec.credits.fee.currency", format!("{code:?} {what}"));
    let currency =
        Currency::from_code(code).ok_or_else(|| refuse("is no currency of ISO 4217; write for example EUR"))?;
    currency.exponent().ok_or_else(|| refuse("has no minor unit to which a credit could be rounded"))
}

/// What is owed when the objectives settle on these attainments. `None`: nothing is owed on that objective.
///
/// # Errors
/// Names the field of the credit table that can not be worked with.
pub fn credits(table: &Credits, attained: &[(&str, Option<BigRational>)]) -> Result<CreditAssessment, InvalidSpec> {
    let exponent = exponent(&table.fee)?;
    let fee = amount(&table.fee.amount).map_err(|e| InvalidSpec::new("spec.credits.fee.amount", e.to_string()))?;
    let cap = match table.cap.as_ref().and_then(|cap| cap.percent_of_fee.as_ref()) {
        Some(percent) => percentage("spec.credits.cap.percentOfFee", percent)?,
        None => whole(1),
    };
    let mut owed: Vec<(BigRational, CreditTier)> = Vec::new();
    for (objective, attainment) in attained {
        let Some(attainment) = attainment else { continue };
        owed.extend(deepest(table, objective, attainment)?);
    }
    let total = match table.combine {
        Combine::Sum => {
            for (_, line) in &mut owed {
                line.granted = true;
            }
            owed.iter().map(|(share, _)| share).sum()
        }
        Combine::Highest | Combine::CustomersChoice | Combine::FirstListed => {
            let highest = owed.iter().map(|(share, _)| share).max().cloned().unwrap_or_default();
            // The first of equals: one credit is granted, not two.
            if let Some((_, line)) = owed.iter_mut().find(|(share, _)| *share == highest) {
                line.granted = true;
            }
            highest
        }
    };
    let granted: BigRational = cap.min(total);
    Ok(CreditAssessment {
        minor_units: round_half_up(&(&granted * fee * whole(ten_to(exponent.into())))),
        percent_of_fee: granted * hundred(),
        currency: table.fee.currency.clone(),
        exponent,
        lines: owed.into_iter().map(|(_, line)| line).collect(),
    })
}

fn deepest(
    table: &Credits,
    objective: &str,
    attainment: &BigRational,
) -> Result<Option<(BigRational, CreditTier)>, InvalidSpec> {
    let mut deepest: Option<(BigRational, BigRational, CreditTier)> = None;
    for (index, tier) in table.tiers.iter().enumerate().filter(|(_, t)| t.objective == objective) {
        let (Some(bound), Some(percent)) = (&tier.below, &tier.percent_of_fee) else { continue };
        let below = percentage(&format!("spec.credits.tiers[{index}].below"), bound)?;
        let credit = percentage(&format!("spec.credits.tiers[{index}].percentOfFee"), percent)?;
        if *attainment < below && deepest.as_ref().is_none_or(|(deepest, ..)| below < *deepest) {
            let line = CreditTier {
                objective: objective.to_owned(),
                below: bound.to_string(),
                percent_of_fee: percent.to_string(),
                granted: false,
            };
            deepest = Some((below, credit, line));
        }
    }
    Ok(deepest.map(|(_, credit, line)| (credit, line)))
}

fn percentage(field: &str, percent: &Percent) -> Result<BigRational, InvalidSpec> {
    share(percent).map_err(|e: NotANumber| InvalidSpec::new(field, e.to_string()))
}

/// The credits as status and statement show them.
#[must_use]
pub fn shown(credits: &CreditAssessment, state: CreditState) -> CreditStatus {
    let line = |tier: &CreditTier| CreditLine {
        objective: tier.objective.clone(),
        below: tier.below.clone(),
        percent_of_fee: tier.percent_of_fee.clone(),
        granted: tier.granted,
    };
    CreditStatus {
        state,
        percent_of_fee: percent_text(&(&credits.percent_of_fee / hundred())),
        amount: money_text(&credits.minor_units, credits.exponent),
        currency: credits.currency.clone(),
        lines: credits.lines.iter().map(line).collect(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
