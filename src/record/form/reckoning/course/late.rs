//! The line of late deliveries: each with its days, its rate, and what the limit on one delivery takes.

use num_traits::Signed;

use crate::api::credit_status::CreditLine;
use crate::api::remedy::{DayCount, PerDayLate};
use crate::evaluate::credit::{BaseFee, LateDelivery, Portion, late};
use crate::record::form::figure::{counted, exact_money, money, percent};
use crate::record::form::instant::day;
use crate::record::form::reckoning::ground::Ground;

use super::{Course, is_stated, stated, worth};

/// The way from the deliveries that a statement tells to the line.
pub(super) fn course(rule: &PerDayLate, line: &CreditLine, ground: &Ground) -> Option<Course> {
    let Ground { tariff, calendar, facts, .. } = ground;
    let late = late("perDayLate", rule, calendar, tariff, &line.objective, facts).ok()?;
    let sum = late.iter().fold(Portion::default(), |sum, delivery| Portion {
        share: sum.share + &delivery.cost.share,
        amount: sum.amount + &delivery.cost.amount,
    });
    let mut course = Course { share: Some(sum.share.clone()), ..Course::default() };
    for (_, fee) in ground.fees().filter(|(_, fee)| stated(line, fee).is_some()) {
        course.steps.extend(late.iter().map(|delivery| step(rule, delivery, fee, ground)));
        let together = worth(&sum, fee);
        if !is_stated(line, fee, &together) {
            course.steps.push("the statement does not list every delivery".to_owned());
            continue;
        }
        if late.len() > 1 {
            course.steps.push(format!("together {}", exact_money(&together, &fee.currency)));
        }
        course.by_itself.push((fee.currency.clone(), together));
    }
    Some(course)
}

fn step(rule: &PerDayLate, delivery: &LateDelivery, fee: &BaseFee, ground: &Ground) -> String {
    let (one, many) = match rule.days {
        DayCount::Calendar => ("day", "days"),
        DayCount::Working => ("working day", "working days"),
    };
    let days = counted(delivery.days, one, many);
    let dates = format!("due {}, made {}", day(&delivery.due.to_string()), day(&delivery.done.to_string()));
    let base = exact_money(&ground.of_all_parts(fee), &fee.currency);
    let rate = match (&rule.percent_of_fee, &rule.amount) {
        (Some(share), _) => format!("{} × {base}", percent(share.as_str())),
        (None, Some(amount)) => money(amount.as_str(), &fee.currency),
        (None, None) => String::new(),
    };
    let (before, cost) = (worth(&delivery.before_cap, fee), worth(&delivery.cost, fee));
    let comes_to = exact_money(&before, &fee.currency);
    let way = match rule.escalation.as_ref().filter(|_| delivery.is_long) {
        Some(long) => {
            let share = percent(long.percent_of_fee.as_str());
            format!("{days} late, which is more than {}: {share} × {base} = {comes_to}", long.after_days)
        }
        None => format!("{days} late × {rate} = {comes_to}"),
    };
    let taken = &before - &cost;
    let cut = rule.cap_percent_of_fee.as_ref().filter(|_| taken.is_positive()).map(|cap| {
        let (cap, left) = (percent(cap.as_str()), exact_money(&cost, &fee.currency));
        format!("; cut by {} to {cap} × {base} = {left}", exact_money(&taken, &fee.currency))
    });
    format!("{dates}: {way}{}", cut.unwrap_or_default())
}
