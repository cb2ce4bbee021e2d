//! Credits: what is owed for a period, by the agreement's tiers and remedies.
//!
//! In this order, all of it exact: each objective that is covered and determined gives the [`tier`] that applies and what
//! its [`remedy`]s come to; these [`combine`] as agreed; the [`cap`]s take from the last lines first; the sum is rounded
//! once, half up, to the currency's minor unit; and a sum that does not exceed the agreed minimum, before it is rounded,
//! is not issued. Money stays in the currency of the [`fee`] it is a share of. A [`reward`] is reckoned by itself.
//!
//! An objective that is not determined, or that the promise does not cover, neither grants nor denies; a line says so.

mod amount;
mod assessment;
mod cap;
mod combine;
mod entitlement;
mod facts;
mod fee;
mod figure;
mod line;
mod outcome;
mod remedy;
mod reward;
mod shown;
mod tariff;
mod tier;

pub use amount::Amount;
pub use assessment::{CreditAssessment, UsageAmount};
pub use cap::{CappedBy, Limit, day_limits, limits};
pub use entitlement::{Grant, Portion};
pub use facts::stated;
pub use fee::{BaseFee, Charged, exponent};
pub use line::{Line, LineMoney, Source};
pub use outcome::{Delivery, Facts, Granted, Outcome, outcomes};
pub use remedy::{LateDelivery, clock_hour, late};
pub use reward::{RewardAssessment, VolumePart, volume_parts};
pub use shown::{at_stake, in_words, shown};
pub use tariff::{DailyRate, Tariff};
pub use tier::bounds;

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;

use super::invalid::InvalidSpec;
use super::period::Bounds;
use entitlement::{Entitlement, Rights};

/// What is owed for `period`, which is `whole_period` unless the agreement begins or ends within it.
///
/// `None`: the agreement grants no credits. The outcomes are in the order of the spec's objectives.
///
/// # Errors
/// Names the field of the credit table that can not be worked with.
pub fn owed(
    spec: &AgreementSpec,
    period: Bounds,
    whole_period: Bounds,
    outcomes: &[Outcome<'_>],
    facts: &Facts,
) -> Result<Option<CreditAssessment>, InvalidSpec> {
    let Some(table) = &spec.credits else { return Ok(None) };
    let tariff = Tariff::new(spec, table, period, whole_period, facts.ends)?;
    let mut lines = Vec::new();
    let mut rights = Rights::default();
    for outcome in outcomes {
        lines.extend(judged(spec, &tariff, outcome, period, facts, &mut rights)?);
    }
    combine::combine(&mut lines, table.combine, facts.chosen.as_deref(), &tariff);
    let service_days = cap::service_days(table, &mut lines, facts);
    let amount = amount::in_currency(table, &tariff, &tariff.fee, &mut lines, facts)?;
    let further = tariff
        .further
        .iter()
        .map(|fee| amount::in_currency(table, &tariff, fee, &mut lines, facts))
        .collect::<Result<_, _>>()?;
    Ok(Some(CreditAssessment {
        fraction_of_fee: tariff.fraction(&amount.exact, &lines),
        daily_usage: tariff.usage(&lines),
        reward: table.rewards.as_ref().map(|r| reward::reward(r, &tariff.fee, outcomes, facts)).transpose()?,
        service_days: if tariff.days_are_money { 0 } else { service_days },
        paid_days: if tariff.days_are_money { service_days } else { 0 },
        form: table.form,
        free_hours: rights.free_hours,
        terminates: rights.terminates,
        facts: facts.clone(),
        amount,
        further,
        lines,
    }))
}

/// The lines of one objective: its tier, then its remedies in the order in which they are listed.
fn judged(
    spec: &AgreementSpec,
    tariff: &Tariff,
    outcome: &Outcome<'_>,
    period: Bounds,
    facts: &Facts,
    rights: &mut Rights,
) -> Result<Vec<Line>, InvalidSpec> {
    let Some(table) = &spec.credits else { return Ok(Vec::new()) };
    let remedies = || table.remedies.iter().enumerate().filter(|(_, r)| r.objective == outcome.objective);
    let is_named = table.tiers.iter().any(|t| t.objective == outcome.objective) || remedies().next().is_some();
    if !is_named {
        return Ok(Vec::new());
    }
    if !outcome.covered {
        return Ok(vec![Line::silent(outcome.objective, "the promise does not cover this instance")]);
    }
    let mut lines = Vec::new();
    if outcome.state == State::NotDetermined {
        let why = "it is not determined, so that its attainment neither grants nor denies";
        lines.push(Line::silent(outcome.objective, why));
    }
    lines.extend(tier::applying(table, tariff, outcome)?);
    for (index, remedy) in remedies() {
        let field = format!("spec.credits.remedies[{index}]");
        let Some(found) = remedy::entitlement(&field, remedy, spec, tariff, outcome, period, facts)? else { continue };
        let Entitlement { grant, rights: found_rights, reckoning } = found;
        lines.push(Line::of_remedy(outcome.objective, &remedy.name, grant, !found_rights.is_empty(), reckoning));
        rights.add(found_rights);
    }
    Ok(lines)
}

#[cfg(test)]
#[allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value
)]
mod tests;
