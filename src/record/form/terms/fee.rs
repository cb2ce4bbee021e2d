//! What the percentages are of, and what a day is worth.

use crate::api::credits::{Credits, DailyUsage, Fee, ServiceDaysRule};
use crate::record::form::figure::{counted, grouped, money};

/// A fee.
pub(super) fn fee(fee: &Fee) -> String {
    let base = fee.base.as_ref().map(|base| format!(" ({base})")).unwrap_or_default();
    let span = match fee.prepaid_months {
        Some(months) => format!("paid in advance for {}", counted(months, "month", "months")),
        None => "for a period".to_owned(),
    };
    let share = if fee.prorated { ", a period that is cut short by its share" } else { "" };
    format!("{}{base} {span}{share}", money(fee.amount.as_str(), &fee.currency))
}

/// What percentages are of: of one fee, or of each where there are several.
pub(super) fn of_the_fee(credits: &Credits) -> &'static str {
    if credits.further_fees.is_empty() { "of the fee" } else { "of each fee" }
}

/// What a day costs on average.
pub(super) fn daily_usage(usage: &DailyUsage) -> String {
    format!("{} {} a day on average", grouped(usage.amount.as_str()), usage.unit)
}

/// What becomes of days of service. `None`: no tier grants any.
pub(super) fn service_days(credits: &Credits) -> Option<&'static str> {
    let grants = credits.tiers.iter().any(|tier| tier.service_days.is_some());
    grants.then_some(match credits.service_days.unwrap_or_default() {
        ServiceDaysRule::ExtendTerm => "days of service are added to the end of the agreement",
        ServiceDaysRule::MonetaryValue => {
            "each day of service is paid, at the fee of a whole period over its days by the calendar"
        }
    })
}
