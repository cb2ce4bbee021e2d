//! So much for each day of delay, up to a cap, and something else for a long one. Percentages are of the fee of the whole
//! period, also where an amendment splits it: a delay costs the same in each part.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;

use crate::api::Percent;
use crate::api::remedy::{DayCount, PerDayLate};

use super::super::super::calendar::WorkingDays;
use super::super::super::exact::whole;
use super::super::super::invalid::InvalidSpec;
use super::super::entitlement::{Entitlement, Grant, Portion, Rights};
use super::super::figure;
use super::super::outcome::{Delivery, Facts};
use super::super::tariff::Tariff;

/// A delivery that was late.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LateDelivery {
    /// The last day that was in time.
    pub due: Date,
    /// The day on which it was made.
    pub done: Date,
    /// By how many days it was late, as they are counted.
    pub days: u32,
    /// Whether it was late for so long that the daily sum does not hold.
    pub is_long: bool,
    /// What it costs before the cap on one delivery.
    pub before_cap: Portion,
    /// What it costs.
    pub cost: Portion,
}

/// What the late deliveries of an objective cost together.
pub(super) fn owed(
    field: &str,
    rule: &PerDayLate,
    calendar: &WorkingDays,
    tariff: &Tariff,
    objective: &str,
    facts: &Facts,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let late = late(field, rule, calendar, tariff, objective, facts)?;
    let ends = rule.escalation.as_ref().is_some_and(|long| long.terminates);
    let terminates = ends && late.iter().any(|delivery| delivery.is_long);
    let sum = late.iter().fold(Portion::default(), |sum, delivery| Portion {
        share: sum.share + &delivery.cost.share,
        amount: sum.amount + &delivery.cost.amount,
    });
    let days: Vec<u32> = late.iter().map(|delivery| delivery.days).collect();
    Ok((!late.is_empty()).then(|| Entitlement {
        grant: Some(Grant::Money(sum)),
        rights: Rights { terminates, ..Rights::default() },
        reckoning: words(&days, rule.days),
    }))
}

/// The deliveries of an objective that were late, and what each costs.
///
/// # Errors
/// Names the field below `field` that is no number, or that both or none of a share and an amount are given.
pub fn late(
    field: &str,
    rule: &PerDayLate,
    calendar: &WorkingDays,
    tariff: &Tariff,
    objective: &str,
    facts: &Facts,
) -> Result<Vec<LateDelivery>, InvalidSpec> {
    let share = |field: String, percent: &Percent| {
        Ok::<_, InvalidSpec>(tariff.of_all_parts(&figure::share(|| field, percent)?))
    };
    let daily = match (&rule.percent_of_fee, &rule.amount) {
        (Some(percent), None) => {
            Portion { share: share(format!("{field}.percentOfFee"), percent)?, ..Portion::default() }
        }
        (None, Some(amount)) => {
            Portion { amount: figure::money(|| format!("{field}.amount"), amount)?, ..Portion::default() }
        }
        _ => return Err(InvalidSpec::new(field, "must have exactly one of percentOfFee and amount")),
    };
    let cap = rule.cap_percent_of_fee.as_ref();
    let cap = cap.map(|p| share(format!("{field}.capPercentOfFee"), p)).transpose()?;
    let mut found = Vec::new();
    for delivery in facts.deliveries.iter().filter(|d| d.objective == objective) {
        let days = late_days(delivery, rule.days, calendar);
        if days == 0 {
            continue;
        }
        let long = rule.escalation.as_ref().filter(|long| i64::from(days) > i64::from(long.after_days));
        let before_cap = match long {
            Some(long) => {
                let field = format!("{field}.escalation.percentOfFee");
                Portion { share: share(field, &long.percent_of_fee)?, ..Portion::default() }
            }
            None => Portion { share: &daily.share * whole(days), amount: &daily.amount * whole(days) },
        };
        found.push(LateDelivery {
            due: delivery.due,
            done: delivery.done,
            days,
            is_long: long.is_some(),
            cost: capped(before_cap.clone(), cap.as_ref(), &tariff.fee.amount),
            before_cap,
        });
    }
    Ok(found)
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

/// One delivery costs no more than the cap.
fn capped(cost: Portion, cap: Option<&BigRational>, fee: &BigRational) -> Portion {
    match cap {
        Some(cap) if &cost.share * fee + &cost.amount > cap * fee || cost.share > *cap => {
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
