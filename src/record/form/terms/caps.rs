//! How credits come together, and the limits on them.

use crate::api::credits::{Cap, Combine, Credits};
use crate::record::form::figure::{counted, money, percent};
use crate::record::form::reckoning::minor_unit;

/// Which of several are granted.
pub(super) fn combination(credits: &Credits) -> String {
    let combined = match credits.combine {
        Combine::Highest => "the highest is granted, of equal ones the first",
        Combine::Sum => "they add up",
        Combine::CustomersChoice => "the customer chooses one; until then it is the highest, of equal ones the first",
        Combine::FirstListed => {
            "one line is granted, the first: of the objective that is listed first among those that earn something, its \
             tier, and where no tier applies the first of its remedies"
        }
    };
    let tiers = || credits.tiers.iter();
    let has_days = tiers().any(|tier| tier.service_days.is_some() || tier.multiple_of_daily_usage.is_some());
    let by_worth = matches!(credits.combine, Combine::Highest | Combine::CustomersChoice);
    let compared = match (by_worth, has_days) {
        (true, true) => {
            "; they are compared in money of the fee, and only for that a day of service or of usage is worth the fee of a \
             whole period over its days"
        }
        (true, false) => "; they are compared in money of the fee",
        (false, _) => "",
    };
    let stands_beside = credits.remedies.iter().any(|r| r.free_hours.is_some() || r.termination_right.is_some());
    let beside = if stands_beside { "; free hours and the right to end the agreement stand beside them" } else { "" };
    format!("{combined}{compared}{beside}")
}

/// What limits them.
pub(super) fn caps(credits: &Credits, tell: &mut impl FnMut(&'static str, String)) {
    let is_limited = credits.cap.as_ref().is_some_and(|cap| cap.percent_of_fee.is_some() || cap.amount.is_some());
    if !is_limited && credits.tiers.iter().any(|tier| tier.percent_of_fee.is_some()) {
        tell("At most", "the whole fee for one period, of tiers in percent of it".to_owned());
    }
    let agreed = [
        ("for one period", &credits.cap),
        ("in a year of the agreement", &credits.cap_per_year),
        ("as long as it lasts", &credits.cap_per_contract),
    ];
    for (span, cap) in agreed {
        if let Some(cap) = cap {
            tell("At most", format!("{} {span}", limit(cap, &credits.fee.currency)));
        }
    }
    if credits.cap_per_year.is_some() || credits.cap_per_contract.is_some() {
        let used = "what was granted before uses up the limits of the year and of the agreement, which are in percent of the \
                    fee of one whole period";
        let years = "; a year begins with the day on which the agreement came into force, and with each return of it, and a \
                     period belongs to the year in which it begins";
        let years = if credits.cap_per_year.is_some() { years } else { "" };
        tell("Limits", format!("{used}{years}"));
    }
}

fn limit(cap: &Cap, currency: &str) -> String {
    let limits = [
        cap.percent_of_fee.as_ref().map(|share| format!("{} of the fee", percent(share.as_str()))),
        cap.amount.as_ref().map(|amount| money(amount.as_str(), currency)),
        cap.service_days.map(|days| counted(days, "day of service", "days of service")),
    ];
    limits.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

/// How a credit is rounded, and from which amount on it is issued.
pub(super) fn rounding(credits: &Credits) -> String {
    let currency = &credits.fee.currency;
    let each = if credits.further_fees.is_empty() { "" } else { ", each currency to its own minor unit" };
    let minimum = credits.issued_above.as_ref().map(|minimum| {
        let minimum = money(minimum.as_str(), currency);
        format!("; issued only where it is more than {minimum} before that, and exactly so much is not")
    });
    format!("once, after the limits, half up, to {}{each}{}", minor_unit(currency), minimum.unwrap_or_default())
}
