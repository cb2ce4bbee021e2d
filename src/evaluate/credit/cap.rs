//! Caps: the most that is granted for a period, a year, or as long as the agreement lasts.
//!
//! They come after the combination and before anything is set off. A cap takes from the last lines first, so that the
//! lines always add up to the sum. What was granted before uses up the caps of the year and of the contract, and what was
//! granted for earlier parts of a period that an amendment splits uses up what the cap of the period has in days or as an
//! amount. In percent it is of the fee of each part, which needs no such rule.

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::api::Percent;
use crate::api::credits::{Cap, Credits};

use super::super::invalid::InvalidSpec;
use super::entitlement::Grant;
use super::fee::BaseFee;
use super::figure;
use super::line::{Line, LineMoney, Source};
use super::outcome::{Facts, Granted};

/// The cap that took something away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CappedBy {
    /// Tiers grant no more than the whole fee, where no other cap was agreed.
    Fee,
    /// The cap of the period.
    Period,
    /// The cap of the year.
    Year,
    /// The cap of the whole agreement.
    Contract,
}

impl CappedBy {
    /// Its name in the statement.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Fee => "Fee",
            Self::Period => "Period",
            Self::Year => "Year",
            Self::Contract => "Contract",
        }
    }
}

/// The caps of a table, with what was used of each.
fn caps<'a>(table: &'a Credits, facts: &'a Facts) -> impl Iterator<Item = (CappedBy, &'a Cap, &'a Granted)> {
    [
        (CappedBy::Period, &table.cap, &facts.granted_this_period),
        (CappedBy::Year, &table.cap_per_year, &facts.granted_this_year),
        (CappedBy::Contract, &table.cap_per_contract, &facts.granted_before),
    ]
    .into_iter()
    .filter_map(|(kind, cap, used)| Some((kind, cap.as_ref()?, used)))
}

/// Caps the money of one currency; `parts` are the parts of `lines`. The cap that took something away.
pub(super) fn money(
    table: &Credits,
    fee: &BaseFee,
    lines: &[Line],
    parts: &mut [LineMoney],
    facts: &Facts,
) -> Result<Option<CappedBy>, InvalidSpec> {
    let mut capped = None;
    let is_agreed = table.cap.as_ref().is_some_and(|cap| cap.percent_of_fee.is_some() || cap.amount.is_some());
    if !is_agreed {
        let of_tiers = parts.iter_mut().zip(lines).filter(|(_, line)| is_share_by_tier(line)).map(|(part, _)| part);
        if cut(of_tiers, fee.amount.clone()) {
            capped = Some(CappedBy::Fee);
        }
    }
    let mut tightest: Option<(CappedBy, BigRational)> = None;
    for limit in limits(table, fee, facts)? {
        let room = limit.left();
        if tightest.as_ref().is_none_or(|(_, least)| room < *least) {
            tightest = Some((limit.kind, room));
        }
    }
    if let Some((kind, room)) = tightest
        && cut(parts.iter_mut(), room)
    {
        capped = Some(kind);
    }
    Ok(capped)
}

fn is_share_by_tier(line: &Line) -> bool {
    let is_share = matches!(&line.grant, Some(Grant::Money(portion)) if portion.share.is_positive());
    is_share && matches!(line.source, Source::Below(_) | Source::AtMost(_))
}

/// What a cap leaves in one currency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The cap.
    pub kind: CappedBy,
    /// In percent of `base`. `None`: it is an amount.
    pub percent: Option<Percent>,
    /// The fee that the percentage is of.
    pub base: BigRational,
    /// The most that is granted.
    pub most: BigRational,
    /// What was granted of it before.
    pub used: BigRational,
}

impl Limit {
    /// What is left of it.
    #[must_use]
    pub fn left(&self) -> BigRational {
        (&self.most - &self.used).max(BigRational::zero())
    }
}

/// What the agreed caps say about the currency of a fee, those of the period first.
///
/// # Errors
/// Names the cap that is no number.
pub fn limits(table: &Credits, fee: &BaseFee, facts: &Facts) -> Result<Vec<Limit>, InvalidSpec> {
    let mut limits = Vec::new();
    for (kind, cap, used) in caps(table, facts) {
        let field = match kind {
            CappedBy::Fee | CappedBy::Period => "spec.credits.cap",
            CappedBy::Year => "spec.credits.capPerYear",
            CappedBy::Contract => "spec.credits.capPerContract",
        };
        let used = used.money.get(&fee.currency).cloned().unwrap_or_default();
        // A period that is cut short, or a part of one, is capped by its own fee; a year knows nothing of it.
        let is_of_period = kind == CappedBy::Period;
        let base = if is_of_period { &fee.amount } else { &fee.whole };
        if let Some(percent) = &cap.percent_of_fee {
            let most = figure::share(|| format!("{field}.percentOfFee"), percent)? * base;
            let used = if is_of_period { BigRational::zero() } else { used.clone() };
            limits.push(Limit { kind, percent: Some(percent.clone()), base: base.clone(), most, used });
        }
        if let Some(amount) = cap.amount.as_ref().filter(|_| fee.is_first) {
            let most = figure::money(|| format!("{field}.amount"), amount)?;
            limits.push(Limit { kind, percent: None, base: base.clone(), most, used });
        }
    }
    Ok(limits)
}

/// Takes what is beyond `most` from the last parts first. Whether anything was.
fn cut<'a>(parts: impl Iterator<Item = &'a mut LineMoney>, most: BigRational) -> bool {
    let mut room = most;
    let mut was_cut = false;
    for part in parts {
        if part.granted > room {
            part.granted = room.clone();
            was_cut = true;
        }
        room -= &part.granted;
    }
    was_cut
}

/// What the caps say in days of service: which, the most, and what was granted of it before.
#[must_use]
pub fn day_limits(table: &Credits, facts: &Facts) -> Vec<(CappedBy, i64, i64)> {
    caps(table, facts)
        .filter_map(|(kind, cap, used)| Some((kind, cap.service_days?.into(), used.service_days)))
        .collect()
}

/// Caps the days of service of the granted lines, and gives their sum.
pub(super) fn service_days(table: &Credits, lines: &mut [Line], facts: &Facts) -> i64 {
    let room = day_limits(table, facts).into_iter().map(|(_, most, used)| most.saturating_sub(used)).min();
    let mut sum: i64 = 0;
    for line in lines.iter_mut().filter(|line| line.granted) {
        if let Some(Grant::ServiceDays(days)) = &line.grant {
            let left = room.map_or(i64::MAX, |room| room.saturating_sub(sum).max(0));
            line.service_days = left.min(*days);
            sum = sum.saturating_add(line.service_days);
        }
    }
    sum
}
