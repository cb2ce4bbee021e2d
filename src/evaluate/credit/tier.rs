//! Tiers: the step of the credit table that an attainment falls into.
//!
//! `below` and `above` are strict, `atMost` and `atLeast` are not, and everything is compared before it is rounded:
//! exactly 99.9 is not below 99.9. Of several tiers that apply, the one with the lowest upper bound is granted.
//!
//! Where too little is known, and the target was missed whatever the rest was like, the tier is the one that applies for
//! certain. If the rest could have led to another one, the line says to which.

use num_rational::BigRational;

use crate::api::Percent;
use crate::api::credits::{Credits, Tier};

use super::super::invalid::InvalidSpec;
use super::entitlement::Grant;
use super::figure;
use super::line::{Line, Source};
use super::outcome::Outcome;
use super::tariff::Tariff;

/// An upper bound, ordered by how low it is: of equal figures, the one that does not belong to the tier.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UpperBound {
    at: BigRational,
    belongs: bool,
}

/// A tier with the name of its field.
struct Placed<'a> {
    field: String,
    tier: &'a Tier,
}

/// The tier that applies to an objective, with its grant.
pub(super) fn applying(table: &Credits, tariff: &Tariff, outcome: &Outcome<'_>) -> Result<Option<Line>, InvalidSpec> {
    let at = |attainment: &Option<BigRational>| {
        attainment.as_ref().map(|attainment| reached(table, outcome.objective, attainment)).transpose()
    };
    let (certain, at_worst) = (at(&outcome.settles_on)?.flatten(), at(&outcome.at_least)?.flatten());
    let is_another = |worst: &&Placed<'_>| certain.as_ref().is_none_or(|certain| certain.field != worst.field);
    let worse = at_worst.as_ref().filter(is_another).map(|worst| bounds(worst.tier));
    match (certain, worse) {
        (Some(Placed { field, tier }), None) => Ok(Some(line(tier, grant(&field, tier, tariff)?, bounds(tier)))),
        (Some(Placed { field, tier }), Some(worse)) => {
            let reckoning = format!("{} for certain; {worse} if all that is unknown was bad", bounds(tier));
            Ok(Some(line(tier, grant(&field, tier, tariff)?, reckoning)))
        }
        (None, Some(worse)) => {
            let why = format!("no tier applies for certain; {worse} would if all that is unknown was bad");
            Ok(Some(Line::silent(outcome.objective, &why)))
        }
        (None, None) => Ok(None),
    }
}

/// The lowest tier of an objective that an attainment falls into.
fn reached<'a>(
    table: &'a Credits,
    objective: &str,
    attainment: &BigRational,
) -> Result<Option<Placed<'a>>, InvalidSpec> {
    let mut lowest: Option<(UpperBound, Placed<'a>)> = None;
    for (index, tier) in table.tiers.iter().enumerate().filter(|(_, t)| t.objective == objective) {
        let field = format!("spec.credits.tiers[{index}]");
        let bound = upper(&field, tier)?;
        let applies = is_under(attainment, &bound) && is_over(attainment, &field, tier)?;
        if applies && lowest.as_ref().is_none_or(|(lowest, _)| bound < *lowest) {
            lowest = Some((bound, Placed { field, tier }));
        }
    }
    Ok(lowest.map(|(_, placed)| placed))
}

fn upper(field: &str, tier: &Tier) -> Result<UpperBound, InvalidSpec> {
    match (&tier.below, &tier.at_most) {
        (Some(below), None) => {
            Ok(UpperBound { at: figure::share(|| format!("{field}.below"), below)?, belongs: false })
        }
        (None, Some(most)) => Ok(UpperBound { at: figure::share(|| format!("{field}.atMost"), most)?, belongs: true }),
        _ => Err(InvalidSpec::new(field, "must have exactly one of below and atMost")),
    }
}

fn is_under(attainment: &BigRational, bound: &UpperBound) -> bool {
    *attainment < bound.at || (bound.belongs && *attainment == bound.at)
}

fn is_over(attainment: &BigRational, field: &str, tier: &Tier) -> Result<bool, InvalidSpec> {
    let above = tier.above.as_ref().map(|p| figure::share(|| format!("{field}.above"), p)).transpose()?;
    let least = tier.at_least.as_ref().map(|p| figure::share(|| format!("{field}.atLeast"), p)).transpose()?;
    Ok(above.is_none_or(|above| *attainment > above) && least.is_none_or(|least| *attainment >= least))
}

/// Between which bounds a tier applies, in words.
#[must_use]
pub fn bounds(tier: &Tier) -> String {
    let upper = |word: &str, bound: &Option<Percent>| bound.as_ref().map(|b| format!("{word} {b}"));
    let written = [
        upper("below", &tier.below),
        upper("at most", &tier.at_most),
        upper("above", &tier.above),
        upper("at least", &tier.at_least),
    ];
    written.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn line(tier: &Tier, grant: Grant, reckoning: String) -> Line {
    let source = match (&tier.below, &tier.at_most) {
        (Some(below), _) => Source::Below(below.to_string()),
        (None, most) => Source::AtMost(most.as_ref().map(ToString::to_string).unwrap_or_default()),
    };
    Line::of_tier(&tier.objective, source, grant, reckoning)
}

/// Amounts are for the whole period, and so is a multiple of the daily usage: a part of it has its share. Days are whole,
/// and only the caps know of parts.
fn grant(field: &str, tier: &Tier, tariff: &Tariff) -> Result<Grant, InvalidSpec> {
    match (&tier.percent_of_fee, tier.service_days, &tier.multiple_of_daily_usage, &tier.amount) {
        (Some(percent), None, None, None) => {
            Ok(Grant::share(figure::share(|| format!("{field}.percentOfFee"), percent)?))
        }
        (None, Some(days), None, None) => Ok(Grant::ServiceDays(days.into())),
        (None, None, Some(multiple), None) => {
            let multiple = figure::quantity(|| format!("{field}.multipleOfDailyUsage"), multiple)?;
            Ok(Grant::DailyUsage(tariff.for_this_part(&multiple)))
        }
        (None, None, None, Some(amount)) => {
            Ok(Grant::amount(tariff.for_this_part(&figure::money(|| format!("{field}.amount"), amount)?)))
        }
        _ => {
            let message = "must have exactly one of percentOfFee, serviceDays, multipleOfDailyUsage and amount";
            Err(InvalidSpec::new(field, message))
        }
    }
}
