//! The facts behind a credit, as a statement states them, and read back from there.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::Zero;

use crate::api::agreement::AgreementSpec;
use crate::api::credit_facts::{CreditFacts, DeliveryFact, GrantedAmount, GrantedFact, MissedFact};

use super::super::exact::decimal;
use super::super::invalid::InvalidSpec;
use super::super::period::civil_day;
use super::figure::plain;
use super::outcome::{Delivery, Facts, Granted};

/// Deliveries that are listed.
const LISTED_DELIVERIES: usize = 64;
/// Currencies that are listed.
const LISTED_CURRENCIES: usize = 9;
/// Objectives an agreement may have.
const LISTED_OBJECTIVES: usize = 10;

/// The facts as status and statement show them.
pub(super) fn shown(facts: &Facts) -> CreditFacts {
    let delivery = |d: &Delivery| DeliveryFact {
        objective: d.objective.clone(),
        due: d.due.to_string(),
        done: d.done.to_string(),
    };
    let missed = |(objective, periods): (&String, &u32)| MissedFact {
        objective: objective.clone(),
        periods: i64::from(*periods),
    };
    CreditFacts {
        volume: facts.volume.as_ref().map(plain),
        deliveries: facts.deliveries.iter().take(LISTED_DELIVERIES).map(delivery).collect(),
        granted_this_period: granted(&facts.granted_this_period),
        rewarded_this_period: Some(&facts.rewarded_this_period).filter(|reward| !reward.is_zero()).map(plain),
        granted_this_year: granted(&facts.granted_this_year),
        granted_before: granted(&facts.granted_before),
        missed_in_a_row: facts.missed_in_a_row.iter().take(LISTED_OBJECTIVES).map(missed).collect(),
        chosen: facts.chosen.clone(),
    }
}

fn granted(granted: &Granted) -> GrantedFact {
    let amount = |(currency, amount): (&String, &BigRational)| GrantedAmount {
        currency: currency.clone(),
        amount: plain(amount),
    };
    GrantedFact {
        amounts: granted.money.iter().take(LISTED_CURRENCIES).map(amount).collect(),
        service_days: granted.service_days,
    }
}

/// The facts that a statement states, to reckon its credits again under this agreement.
///
/// Where the agreement grants no credits, nothing depends on what they name, and it is not looked at.
///
/// # Errors
/// Names the field that can not be read, is less than nothing, or names what the agreement does not have.
pub fn stated(facts: &CreditFacts, spec: &AgreementSpec) -> Result<Facts, InvalidSpec> {
    names(facts, spec)?;
    let deliveries = facts.deliveries.iter().enumerate().map(|(index, d)| {
        let field = |name: &str| format!("spec.credits.facts.deliveries[{index}].{name}");
        let (due, done) = (civil_day(&field("due"), &d.due)?, civil_day(&field("done"), &d.done)?);
        Ok(Delivery { objective: d.objective.clone(), due, done })
    });
    let rewarded = facts.rewarded_this_period.as_deref().map(|r| figure("rewardedThisPeriod", r));
    Ok(Facts {
        volume: facts.volume.as_deref().map(|v| figure("volume", v)).transpose()?,
        deliveries: deliveries.collect::<Result<_, _>>()?,
        granted_this_period: granted_before("grantedThisPeriod", &facts.granted_this_period)?,
        rewarded_this_period: rewarded.transpose()?.unwrap_or_default(),
        granted_this_year: granted_before("grantedThisYear", &facts.granted_this_year)?,
        granted_before: granted_before("grantedBefore", &facts.granted_before)?,
        missed_in_a_row: facts.missed_in_a_row.iter().map(missed).collect::<Result<_, _>>()?,
        chosen: facts.chosen.clone(),
        // That the statement says elsewhere.
        ends: false,
    })
}

/// Whether everything that is named is there.
fn names(facts: &CreditFacts, spec: &AgreementSpec) -> Result<(), InvalidSpec> {
    let Some(table) = &spec.credits else { return Ok(()) };
    let is_objective = |name: &String| spec.objectives.iter().any(|objective| objective.name == *name);
    let is_remedy = |name: &String| table.remedies.iter().any(|remedy| remedy.name == *name);
    let deliveries = facts.deliveries.iter().enumerate().map(|(i, d)| (format!("deliveries[{i}]"), &d.objective));
    let missed = facts.missed_in_a_row.iter().enumerate().map(|(i, m)| (format!("missedInARow[{i}]"), &m.objective));
    if let Some((place, name)) = deliveries.chain(missed).find(|(_, name)| !is_objective(name)) {
        let field = format!("spec.credits.facts.{place}.objective");
        return Err(InvalidSpec::new(field, format!("{name:?} is none of the agreement's objectives")));
    }
    match &facts.chosen {
        Some(name) if !is_objective(name) && !is_remedy(name) => {
            let message = format!("{name:?} is none of the agreement's objectives or remedies");
            Err(InvalidSpec::new("spec.credits.facts.chosen", message))
        }
        _ => Ok(()),
    }
}

fn missed(missed: &MissedFact) -> Result<(String, u32), InvalidSpec> {
    let periods = u32::try_from(missed.periods).map_err(|_| {
        let message = format!("{} is no number of periods", missed.periods);
        InvalidSpec::new("spec.credits.facts.missedInARow", message)
    })?;
    Ok((missed.objective.clone(), periods))
}

fn granted_before(name: &str, granted: &GrantedFact) -> Result<Granted, InvalidSpec> {
    let amounts = granted.amounts.iter().enumerate().map(|(index, amount)| {
        Ok((amount.currency.clone(), figure(&format!("{name}.amounts[{index}].amount"), &amount.amount)?))
    });
    let money = amounts.collect::<Result<BTreeMap<_, _>, InvalidSpec>>()?;
    if granted.service_days < 0 {
        let field = format!("spec.credits.facts.{name}.serviceDays");
        return Err(InvalidSpec::new(field, format!("{} is less than nothing", granted.service_days)));
    }
    Ok(Granted { money, service_days: granted.service_days })
}

fn figure(name: &str, text: &str) -> Result<BigRational, InvalidSpec> {
    decimal(text).map_err(|e| InvalidSpec::new(format!("spec.credits.facts.{name}"), e.to_string()))
}
