//! Bands: the tiers of one objective as ranges of attainment, each with what it grants.
//!
//! The one place of the lint that knows how a tier is written. Percentages stay percentages here, from 0 to 100, so that
//! what is said of them can be found in the manifest.

use num_rational::BigRational;

use crate::api::credits::{Credits, Tier};
use crate::api::{Money, Percent, Quantity};
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

/// The bands of one objective, in the order of the tiers. `None` when one of them cannot be read: it is not as the schema
/// and its rules want it, which is said elsewhere.
pub(super) fn bands(credits: &Credits, objective: &str) -> Option<Vec<Band>> {
    let tiers = credits.tiers.iter().enumerate().filter(|(_, tier)| tier.objective == objective);
    tiers.map(|(index, tier)| band(index, tier)).collect()
}

fn band(index: usize, tier: &Tier) -> Option<Band> {
    let upper = one_of([(&tier.below, false, "below"), (&tier.at_most, true, "atMost")])?;
    let lower = match (&tier.above, &tier.at_least) {
        (None, None) => None,
        (above, at_least) => Some(one_of([(above, false, "above"), (at_least, true, "atLeast")])?),
    };
    let days = tier.service_days.map(|days| days.to_string());
    let grants = [
        ("percentOfFee", tier.percent_of_fee.as_ref().map(Percent::as_str)),
        ("serviceDays", days.as_deref()),
        ("multipleOfDailyUsage", tier.multiple_of_daily_usage.as_ref().map(Quantity::as_str)),
        ("amount", tier.amount.as_ref().map(Money::as_str)),
    ];
    let mut granted = grants.into_iter().filter_map(|(unit, text)| Some((unit, text?)));
    let (unit, text) = granted.next()?;
    let credit = decimal(text).ok()?;
    granted.next().is_none().then_some(Band { tier: index, lower, upper, credit, unit })
}

/// The one edge that is given of the two.
fn one_of(edges: [(&Option<Percent>, bool, &'static str); 2]) -> Option<Edge> {
    let mut given =
        edges.into_iter().filter_map(|(percent, included, field)| Some((percent.as_ref()?, included, field)));
    let (percent, included, field) = given.next()?;
    let edge = Edge { at: decimal(percent.as_str()).ok()?, text: percent.to_string(), included, field };
    given.next().is_none().then_some(edge)
}
