//! What is granted and is no money of a fee: days, usage, hours, and the right to end the agreement.

use k8s_openapi::jiff::Timestamp;

use crate::api::credit_status::CreditStatus;
use crate::evaluate::credit;
use crate::record::form::figure::{counted, cut_money, exact_number, money};
use crate::record::form::instant::Clock;
use crate::record::form::legible::legible;

use super::ground::Ground;
use super::limit;

/// Something beside the money.
#[derive(Clone, Debug)]
pub struct Beside {
    /// What.
    pub name: &'static str,
    /// How much.
    pub figure: String,
    /// What that means, or where it lies.
    pub note: String,
}

/// Everything beside the money.
pub(super) fn beside(credits: &CreditStatus, ground: Option<&Ground>, clock: &Clock) -> Vec<Beside> {
    let usage = credits.daily_usage.as_ref().map(|usage| Beside {
        name: "Daily usage",
        figure: cut_money(&legible(&usage.amount), &usage.exact, &legible(&usage.unit)),
        note: format!("{} × {}. It is not rounded.", legible(&usage.multiple), daily_rate(ground)),
    });
    let hours = (credits.free_hours_total != 0).then(|| Beside {
        name: "Free hours",
        figure: counted(credits.free_hours_total, "hour", "hours"),
        note: hours(credits, clock),
    });
    let right = credits.termination_right.then(|| Beside {
        name: "Right to terminate",
        figure: "Yes".to_owned(),
        note: "The customer may end the agreement. The line of the remedy says why.".to_owned(),
    });
    service_days(credits, ground).into_iter().chain([usage, hours, right].into_iter().flatten()).collect()
}

/// Days of service, those that are added to the agreement and those that are paid; where a limit leaves none, that too.
fn service_days(credits: &CreditStatus, ground: Option<&Ground>) -> Vec<Beside> {
    let granted = credits.lines.iter().filter(|line| line.granted);
    let by_lines = granted.fold(0_i64, |sum, line| sum.saturating_add(line.service_days));
    let limits = ground.map(|ground| day_limits(ground, by_lines)).unwrap_or_default();
    let told = |figure: i64, what: &str| Beside {
        name: "Days of service",
        figure: counted(figure, "day", "days"),
        note: format!("After combination and caps. {what}{limits}"),
    };
    match (credits.service_days, credits.paid_days) {
        (0, 0) if by_lines == 0 => Vec::new(),
        (0, 0) => vec![told(0, "Nothing is left of them.")],
        (0, paid) => vec![told(paid, "They are paid, and part of the amounts.")],
        (added, _) => vec![told(added, "They are added to the end of the agreement.")],
    }
}

/// What the agreed limits leave of the days of the granted lines.
fn day_limits(ground: &Ground, by_lines: i64) -> String {
    let days = |n: i64| counted(n, "day", "days");
    let told = credit::day_limits(&ground.credits, &ground.facts).into_iter().map(|(kind, most, used)| {
        let used = if used == 0 { String::new() } else { format!(", of which {} before", days(used)) };
        format!("at most {} {}{used}", days(most), limit::span(kind))
    });
    let told: Vec<_> = told.collect();
    if told.is_empty() {
        return String::new();
    }
    format!(" The granted lines come to {}; {}.", days(by_lines), told.join("; "))
}

/// What a day costs on average.
fn daily_rate(ground: Option<&Ground>) -> String {
    let rate = ground.and_then(|ground| ground.tariff.daily_usage.as_ref());
    let rate = rate.map(|rate| format!("{}, ", money(&exact_number(&rate.amount), &legible(&rate.unit))));
    format!("{}what a day costs on average", rate.unwrap_or_default())
}

/// The hours that are not charged, those that follow each other together.
fn hours(credits: &CreditStatus, clock: &Clock) -> String {
    let mut runs: Vec<(Timestamp, Timestamp)> = Vec::new();
    for hour in &credits.free_hours {
        let end = clock.hour_end(hour.0);
        match runs.last_mut() {
            Some((_, until)) if *until == hour.0 => *until = end,
            _ => runs.push((hour.0, end)),
        }
    }
    let listed: Vec<_> = runs.into_iter().map(|(from, until)| clock.between(from, until)).collect();
    let more = credits.free_hours_total.saturating_sub(i64::try_from(credits.free_hours.len()).unwrap_or(i64::MAX));
    let more = if more > 0 { format!(" {more} more are not listed.") } else { String::new() };
    format!("Not charged, by the clock in {}: {}.{more}", legible(clock.name()), listed.join("; "))
}
