//! What is promised, over which time, and how it is counted.

use crate::api::objective::{Indicator, LimitAllowance, Member, Objective, ValueIndicator};
use crate::api::period::{CalendarUnit, Period};
use crate::api::terms::AgreedTerms;
use crate::evaluate::methods::words::sentence;
use crate::evaluate::span;
use crate::record::form::figure::{counted, percent};

/// The period that is settled, and its slots.
pub(super) fn settled(terms: &AgreedTerms) -> String {
    format!("{}, counted in slots of {}", period(&terms.period), slot(terms.slot.seconds()))
}

/// The target of an objective.
pub(super) fn promise(objective: &Objective) -> String {
    let description = objective.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{} {}{description}", objective.name, percent(objective.target.as_str()))
}

/// How an objective comes to its figure.
pub(super) fn counting(objective: &Objective, slot_seconds: i64) -> String {
    let counting = sentence(&objective.measurement, &span::text(slot_seconds));
    let shown = objective.display_decimals.map(|places| {
        let places = counted(places, "place", "places");
        format!("reports show it rounded to {places}, on which no verdict rests")
    });
    let parts = [Some(counting), indicator(&objective.indicator), shown];
    format!("{}: {}", objective.name, parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
}

/// What makes an event a good one, as far as it is no expression of the source's.
fn indicator(indicator: &Indicator) -> Option<String> {
    let latency = |threshold| format!("a request is good that took no longer than {threshold}");
    if let Some(rule) = &indicator.latency {
        return Some(latency(&rule.threshold));
    }
    if let Some(rule) = &indicator.value {
        return Some(value(rule));
    }
    let member = |member: &Member| {
        let threshold = member.latency.as_ref().map(|rule| format!("good up to {}", rule.threshold));
        let covered = (!member.covered).then(|| "not covered".to_owned());
        let told: Vec<_> = threshold.into_iter().chain(covered).collect();
        if told.is_empty() { member.name.clone() } else { format!("{} ({})", member.name, told.join(", ")) }
    };
    let members = indicator.members.as_ref()?;
    Some(format!("the members are {}", members.iter().map(member).collect::<Vec<_>>().join(", ")))
}

fn value(rule: &ValueIndicator) -> String {
    let allowance = |LimitAllowance { adds, every, above }: &LimitAllowance| {
        format!(", and {adds} more for every whole {every} of its size above {above}")
    };
    let allowance = rule.allowance.as_ref().map(allowance).unwrap_or_default();
    format!("a value keeps its limit up to and with {}{allowance}", rule.limit)
}

fn period(period: &Period) -> String {
    let unit = |unit: CalendarUnit| match unit {
        CalendarUnit::Month => "month",
        CalendarUnit::Quarter => "quarter",
        CalendarUnit::Year => "year",
    };
    match (period.calendar, &period.billing, &period.rolling, &period.trailing) {
        (Some(calendar), ..) => {
            let begins = period.year_starts_in.map(|month| format!(" of a year that begins with month {month}"));
            format!("every calendar {}{}", unit(calendar), begins.unwrap_or_default())
        }
        (_, Some(billing), ..) => format!("every month from day {} on", billing.anchor_day),
        (_, _, Some(rolling), _) => format!("every {rolling}"),
        (_, _, _, Some(trailing)) => {
            format!("the last {} at the end of every {}", counted(trailing.days, "day", "days"), unit(trailing.every))
        }
        (None, None, None, None) => "by no period".to_owned(),
    }
}

fn slot(seconds: i64) -> String {
    if seconds % 60 == 0 { counted(seconds / 60, "minute", "minutes") } else { counted(seconds, "second", "seconds") }
}
