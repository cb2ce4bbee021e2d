//! Bands: the tiers of one objective as ranges of attainment, each with what it grants.
//!
//! The one place of the lint that knows how a tier is written. Percentages stay percentages here, from 0 to 100, so that
//! what is said of them can be found in the manifest.

use num_rational::BigRational;

use crate::api::Percent;
use crate::api::credits::{Credits, Tier};
use crate::evaluate::exact::decimal;

/// One end of a band.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Edge {
    /// The attainment in percent.
    pub at: BigRational,
    /// As it was written.
    pub text: String,
    /// Whether the band holds for exactly this.
    pub included: bool,
    /// The tier's field that says so.
    pub field: &'static str,
}

/// The attainments that a tier holds for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Band {
    /// Its place in `spec.credits.tiers`.
    pub tier: usize,
    /// Where it ends below. `None`: it holds down to 0, as far as no deeper tier does.
    pub lower: Option<Edge>,
    /// Where it ends above.
    pub upper: Edge,
    /// What it grants.
    pub credit: BigRational,
    /// The tier's field that says so. Credits under different fields are not compared.
    pub unit: &'static str,
}

impl Band {
    /// Whether it holds for an attainment.
    pub(super) fn holds(&self, at: &BigRational) -> bool {
        let under = *at < self.upper.at || (self.upper.included && *at == self.upper.at);
        let over = self.lower.as_ref().is_none_or(|l| *at > l.at || (l.included && *at == l.at));
        under && over
    }

    /// Whether it is the deeper of two: of several tiers that hold, the one with the lowest upper end is granted.
    pub(super) fn is_deeper_than(&self, other: &Self) -> bool {
        (&self.upper.at, self.upper.included) < (&other.upper.at, other.upper.included)
    }

    /// The path of one of its fields.
    pub(super) fn field(&self, name: &str) -> String {
        format!("{}.{name}", self.path())
    }

    /// Its own path.
    pub(super) fn path(&self) -> String {
        format!("spec.credits.tiers[{}]", self.tier)
    }
}

/// The bands of one objective, in the order of the tiers. `None` when a number of them cannot be read, or the schema's
/// rules refuse a tier already.
pub(super) fn bands(credits: &Credits, objective: &str) -> Option<Vec<Band>> {
    let tiers = credits.tiers.iter().enumerate().filter(|(_, tier)| tier.objective == objective);
    tiers
        .map(|(index, tier)| {
            let (credit, unit) = credit(tier)?;
            let upper = edge(tier.below.as_ref(), false, "below")?.or(edge(tier.at_most.as_ref(), true, "atMost")?)?;
            let lower = edge(tier.above.as_ref(), false, "above")?.or(edge(tier.at_least.as_ref(), true, "atLeast")?);
            Some(Band { tier: index, lower, upper, credit, unit })
        })
        .collect()
}

/// What a tier grants, and the field that says so.
fn credit(tier: &Tier) -> Option<(BigRational, &'static str)> {
    if let Some(percent) = &tier.percent_of_fee {
        return Some((decimal(percent.as_str()).ok()?, "percentOfFee"));
    }
    if let Some(days) = tier.service_days {
        return Some((BigRational::from_integer(days.into()), "serviceDays"));
    }
    if let Some(multiple) = &tier.multiple_of_daily_usage {
        return Some((decimal(multiple.as_str()).ok()?, "multipleOfDailyUsage"));
    }
    tier.amount.as_ref().and_then(|amount| Some((decimal(amount.as_str()).ok()?, "amount")))
}

/// The outer `None` is a number that cannot be read; the inner one, no such end.
#[allow(clippy::option_option, reason = "both say something else, and neither is an error to be told here")]
fn edge(percent: Option<&Percent>, included: bool, field: &'static str) -> Option<Option<Edge>> {
    let Some(percent) = percent else { return Some(None) };
    let text = percent.as_str();
    Some(Some(Edge { at: decimal(text).ok()?, text: text.to_owned(), included, field }))
}
