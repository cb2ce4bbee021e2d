//! The line of a tier.

use num_rational::BigRational;

use crate::api::credit_status::CreditLine;
use crate::api::credits::{Combine, Tier};
use crate::evaluate::credit::Portion;
use crate::evaluate::exact::{amount, decimal, share, whole};
use crate::record::form::figure::{counted, exact_money, exact_number, money, percent};
use crate::record::form::reckoning::ground::Ground;

use super::{Course, part, stated};

/// The way from a tier to its line.
pub(super) fn course(tier: &Tier, line: &CreditLine, ground: &Ground) -> Course {
    let course = match (&tier.percent_of_fee, &tier.amount, tier.service_days, &tier.multiple_of_daily_usage) {
        (Some(percentage), ..) => share(percentage).ok().map(|share| {
            let portion = Portion { share, ..Portion::default() };
            Course::of_portion(&portion, line, ground, |fee, comes_to| {
                let fee = exact_money(&fee.amount, &fee.currency);
                format!("{} × {fee} = {comes_to}", percent(percentage.as_str()))
            })
        }),
        (_, Some(agreed), ..) => amount(agreed).ok().map(|agreed| fixed(&agreed, line, ground)),
        (_, _, Some(days), _) => Some(service_days(days, line, ground)),
        (_, _, _, Some(multiple)) => decimal(multiple.as_str()).ok().map(|multiple| usage(&multiple, line, ground)),
        _ => None,
    };
    course.unwrap_or_default()
}

/// A fixed amount, of which a part of a period has its share.
fn fixed(agreed: &BigRational, line: &CreditLine, ground: &Ground) -> Course {
    let portion = Portion { amount: agreed * ground.tariff.charged.part(), ..Portion::default() };
    let part = part(ground);
    let course = Course::of_portion(&portion, line, ground, |fee, comes_to| {
        if part.is_empty() {
            return format!("{comes_to}, as agreed");
        }
        format!("{}{part} = {comes_to}", exact_money(agreed, &fee.currency))
    });
    Course { share: None, ..course }
}

/// Days, and where they are paid what they are worth.
fn service_days(days: i32, line: &CreditLine, ground: &Ground) -> Course {
    let mut course = Course { steps: worth(&whole(days), ground), ..Course::default() };
    for (_, fee) in ground.fees().filter(|(_, fee)| ground.tariff.days_are_money && stated(line, fee).is_some()) {
        let comes_to = whole(days) * &fee.day;
        course.steps.push(format!(
            "{} × {} / {} days = {}",
            counted(days, "day", "days"),
            exact_money(&fee.whole, &fee.currency),
            exact_number(&ground.tariff.charged.days),
            exact_money(&comes_to, &fee.currency),
        ));
        course.by_itself.push((fee.currency.clone(), comes_to));
    }
    course
}

/// A multiple of the daily usage, in money or in what the provider counts in.
fn usage(multiple: &BigRational, line: &CreditLine, ground: &Ground) -> Course {
    let Some(rate) = &ground.tariff.daily_usage else { return Course::default() };
    let comes_to = multiple * &rate.amount * ground.tariff.charged.part();
    let figure =
        if rate.is_money { exact_money(&comes_to, &rate.unit) } else { money(&exact_number(&comes_to), &rate.unit) };
    let each = money(&exact_number(&rate.amount), &rate.unit);
    let step = format!("{} × {each} a day{} = {figure}", exact_number(multiple), part(ground));
    let is_listed = rate.is_money && stated(line, &ground.tariff.fee).is_some();
    let by_itself = if is_listed { vec![(rate.unit.clone(), comes_to)] } else { Vec::new() };
    let compared = if rate.is_money { Vec::new() } else { worth(&(multiple * ground.tariff.charged.part()), ground) };
    Course { share: None, by_itself, steps: std::iter::once(step).chain(compared).collect() }
}

/// What so many days are worth where they are only compared with money.
fn worth(days: &BigRational, ground: &Ground) -> Vec<String> {
    let credits = &ground.credits;
    let compares = matches!(credits.combine, Combine::Highest | Combine::CustomersChoice);
    let several = credits.tiers.len() + credits.remedies.len() > 1;
    if ground.tariff.days_are_money || !compares || !several {
        return Vec::new();
    }
    let fee = &ground.tariff.fee;
    vec![format!(
        "compared as {} × {} / {} days = {}",
        exact_number(days),
        exact_money(&fee.whole, &fee.currency),
        exact_number(&ground.tariff.charged.days),
        exact_money(&(days * &fee.day), &fee.currency),
    )]
}
