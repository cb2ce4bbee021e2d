//! A step of the credit table.

use crate::api::Percent;
use crate::api::credits::{Credits, Tier};
use crate::record::form::figure::{counted, money, percent};

use super::fee::of_the_fee;

/// What tiers are compared with, and which of several applies.
pub(super) const RULE: &str = "compared with the exact attainment, before anything is rounded: exactly 99.9 is not below \
                               99.9; of several for one objective the one with the lowest upper bound applies";

/// A step with its bounds and its grant.
pub(super) fn tier(tier: &Tier, credits: &Credits) -> String {
    let bound =
        |word: &str, bound: &Option<Percent>| bound.as_ref().map(|bound| format!("{word} {}", percent(bound.as_str())));
    let bounds = [
        bound("below", &tier.below),
        bound("at most", &tier.at_most),
        bound("above", &tier.above),
        bound("at least", &tier.at_least),
    ];
    let grants = [
        tier.percent_of_fee.as_ref().map(|share| format!("{} {}", percent(share.as_str()), of_the_fee(credits))),
        tier.service_days.map(|days| counted(days, "day of service", "days of service")),
        tier.multiple_of_daily_usage.as_ref().map(|multiple| format!("{multiple} × the daily usage")),
        tier.amount.as_ref().map(|amount| money(amount.as_str(), &credits.fee.currency)),
    ];
    let bounds = bounds.into_iter().flatten().collect::<Vec<_>>().join(" and ");
    format!("{} {bounds}: {}", tier.objective, grants.into_iter().flatten().collect::<Vec<_>>().join(", "))
}
