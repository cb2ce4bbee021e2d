//! So much for each day of delay, up to a cap, and something else for a long one.

use num_rational::BigRational;

use crate::api::remedy::{DayCount, PerDayLate};

use super::super::super::calendar::WorkingDays;
use super::super::super::exact::whole;
use super::super::super::invalid::InvalidSpec;
use super::super::entitlement::{Entitlement, Grant, Portion, Rights};
use super::super::fee::BaseFee;
use super::super::figure;
use super::super::outcome::{Delivery, Facts};

/// What the late deliveries of an objective cost together.
pub(super) fn owed(
    field: &str,
    rule: &PerDayLate,
    calendar: &WorkingDays,
    fee: &BaseFee,
    objective: &str,
    facts: &Facts,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let daily = daily(field, rule)?;
    let cap = rule.cap_percent_of_fee.as_ref();
    let cap = cap.map(|p| figure::share(|| format!("{field}.capPercentOfFee"), p)).transpose()?;
    let mut sum = Portion::default();
    let mut terminates = false;
    let mut reckoned = Vec::new();
    for delivery in facts.deliveries.iter().filter(|d| d.objective == objective) {
        let late = late_days(delivery, rule.days, calendar);
        if late == 0 {
            continue;
        }
        let long = rule.escalation.as_ref().filter(|long| i64::from(late) > i64::from(long.after_days));
        let cost = match long {
            Some(long) => {
                terminates |= long.terminates;
                let field = || format!("{field}.escalation.percentOfFee");
                Portion { share: figure::share(field, &long.percent_of_fee)?, amount: BigRational::default() }
            }
            None => Portion { share: &daily.share * whole(late), amount: &daily.amount * whole(late) },
        };
        let cost = capped(cost, cap.as_ref(), fee);
        sum = Portion { share: sum.share + cost.share, amount: sum.amount + cost.amount };
        reckoned.push(late);
    }
    Ok((!reckoned.is_empty()).then(|| Entitlement {
        grant: Some(Grant::Money(sum)),
        rights: Rights { terminates, ..Rights::default() },
        reckoning: words(&reckoned, rule.days),
    }))
}

/// The days after the due day, up to and with the day of delivery; a delivery in time has none.
fn late_days(delivery: &Delivery, days: DayCount, calendar: &WorkingDays) -> u32 {
    match days {
        DayCount::Calendar => {
            let span = delivery.due.until(delivery.done);
            span.ok().and_then(|span| u32::try_from(span.get_days()).ok()).unwrap_or_default()
        }
        DayCount::Working => calendar.between(delivery.due, delivery.done),
    }
}

fn daily(field: &str, rule: &PerDayLate) -> Result<Portion, InvalidSpec> {
    let none = BigRational::default;
    match (&rule.percent_of_fee, &rule.amount) {
        (Some(percent), None) => {
            Ok(Portion { share: figure::share(|| format!("{field}.percentOfFee"), percent)?, amount: none() })
        }
        (None, Some(amount)) => {
            Ok(Portion { share: none(), amount: figure::money(|| format!("{field}.amount"), amount)? })
        }
        _ => Err(InvalidSpec::new(field, "must have exactly one of percentOfFee and amount")),
    }
}

/// One delivery costs no more than the cap.
fn capped(cost: Portion, cap: Option<&BigRational>, fee: &BaseFee) -> Portion {
    match cap {
        Some(cap) if &cost.share * &fee.amount + &cost.amount > cap * &fee.amount || cost.share > *cap => {
            Portion { share: cap.clone(), amount: BigRational::default() }
        }
        _ => cost,
    }
}

fn words(late: &[u32], days: DayCount) -> String {
    let kind = match days {
        DayCount::Calendar => "day(s)",
        DayCount::Working => "working day(s)",
    };
    let listed: Vec<_> = late.iter().take(8).map(ToString::to_string).collect();
    let more = if late.len() > listed.len() { " and more" } else { "" };
    format!("{} late delivery(s), by {}{more} {kind}", late.len(), listed.join(", "))
}
