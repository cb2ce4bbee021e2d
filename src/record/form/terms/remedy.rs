//! Remedies that are no tiers, each as a sentence of a contract.

use crate::api::credits::Credits;
use crate::api::remedy::{DayCount, DelayEscalation, PerDayLate, Remedy};
use crate::record::form::figure::{counted, money, percent};

use super::fee::of_the_fee;

/// What counts as one violation.
const VIOLATION: &str = "each unbroken time in which it was missed is one, also where it goes on over the end of the period, \
                         and what only excluded time separates is one; unknown time is part of it where it counts as bad, and where nothing \
                         is agreed of it, what only it separates is one; of reported values each that was late is one";

/// A remedy with its rule.
pub(super) fn remedy(remedy: &Remedy, credits: &Credits) -> String {
    let of_the_fee = of_the_fee(credits);
    let the_fee = if credits.further_fees.is_empty() { "fee" } else { "of each fee" };
    let rules = [
        remedy.proportional.as_ref().map(|rule| {
            format!(
                "where it was missed, {} times the share {of_the_fee} that was lost, which is 100\u{a0}% less the attainment",
                rule.multiple
            )
        }),
        remedy.per_incident.as_ref().map(|rule| {
            format!("{} for each violation; {VIOLATION}", money(rule.amount.as_str(), &credits.fee.currency))
        }),
        remedy.per_day_late.as_ref().map(|rule| per_day_late(rule, credits)),
        remedy.multiple_of_fee.as_ref().map(|rule| {
            format!("{} times the whole {the_fee} for each violation; {VIOLATION}", rule.multiple)
        }),
        remedy.free_hours.as_ref().map(|rule| {
            let down = &rule.unavailable_for;
            format!(
                "an hour by the clock of the agreement's zone is not charged where the service was down for longer than \
                 {down} within it; exactly {down} is not longer; unknown time is down where it counts as bad"
            )
        }),
        remedy.termination_right.as_ref().map(|rule| {
            let row = counted(rule.missed_periods, "period", "periods in a row");
            format!(
                "the customer may end the agreement after {row} in which it was missed; a period for which nothing can be \
                 said neither counts nor ends the row"
            )
        }),
    ];
    let rules = rules.into_iter().flatten().collect::<Vec<_>>().join("; ");
    format!("{}, for {}: {rules}", remedy.name, remedy.objective)
}

fn per_day_late(rule: &PerDayLate, credits: &Credits) -> String {
    let of_the_fee = of_the_fee(credits);
    let percentage = rule.percent_of_fee.as_ref().map(|share| format!("{} {of_the_fee}", percent(share.as_str())));
    let amount = rule.amount.as_ref().map(|amount| money(amount.as_str(), &credits.fee.currency));
    let each = percentage.into_iter().chain(amount).collect::<Vec<_>>().join(" and ");
    let day = match rule.days {
        DayCount::Calendar => "day",
        DayCount::Working => "working day",
    };
    let mut told = vec![format!(
        "{each} for each {day} by which a delivery was late, from the day after the last one in time up to that of the \
         delivery; deliveries count by these dates alone, and for no attainment"
    )];
    told.extend(rule.escalation.as_ref().map(|long| escalation(long, day, of_the_fee)));
    told.extend(
        rule.cap_percent_of_fee.as_ref().map(|cap| {
            format!("for one delivery at most {} {of_the_fee}, a long delay included", percent(cap.as_str()))
        }),
    );
    told.join("; ")
}

fn escalation(long: &DelayEscalation, day: &str, of_the_fee: &str) -> String {
    let days = counted(long.after_days, day, &format!("{day}s"));
    let ends = if long.terminates { ", and the customer may then end the agreement" } else { "" };
    format!(
        "a delay of more than {days} costs {} {of_the_fee} in place of that{ends}",
        percent(long.percent_of_fee.as_str())
    )
}
