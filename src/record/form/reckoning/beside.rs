//! What is granted and is no money of a fee: days, usage, hours, and the right to end the agreement.

use k8s_openapi::jiff::civil::DateTime;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::credit_status::CreditStatus;
use crate::record::form::figure::{counted, cut_money};
use crate::record::form::legible::legible;

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
pub(super) fn beside(credits: &CreditStatus) -> Vec<Beside> {
    let days = (credits.service_days != 0).then(|| Beside {
        name: "Days of service",
        figure: counted(credits.service_days, "day", "days"),
        note: "After combination and caps. They are added to the end of the agreement.".to_owned(),
    });
    let usage = credits.daily_usage.as_ref().map(|usage| Beside {
        name: "Daily usage",
        figure: cut_money(&legible(&usage.amount), &usage.exact, &legible(&usage.unit)),
        note: format!("{} × what a day costs on average. It is not rounded.", legible(&usage.multiple)),
    });
    let hours = (credits.free_hours_total != 0).then(|| Beside {
        name: "Free hours",
        figure: counted(credits.free_hours_total, "hour", "hours"),
        note: hours(credits),
    });
    let right = credits.termination_right.then(|| Beside {
        name: "Right to terminate",
        figure: "Yes".to_owned(),
        note: "The customer may end the agreement. The line of the remedy says why.".to_owned(),
    });
    [days, usage, hours, right].into_iter().flatten().collect()
}

/// The hours that are not charged, those that follow each other together.
fn hours(credits: &CreditStatus) -> String {
    const HOUR: SignedDuration = SignedDuration::from_hours(1);
    let mut runs: Vec<(Timestamp, Timestamp)> = Vec::new();
    for hour in &credits.free_hours {
        let end = hour.0.saturating_add(HOUR).unwrap_or(hour.0);
        match runs.last_mut() {
            Some((_, until)) if *until == hour.0 => *until = end,
            _ => runs.push((hour.0, end)),
        }
    }
    let listed: Vec<_> = runs.into_iter().map(|(from, until)| between(from, until)).collect();
    let more = credits.free_hours_total.saturating_sub(i64::try_from(credits.free_hours.len()).unwrap_or(i64::MAX));
    let more = if more > 0 { format!(" {more} more are not listed.") } else { String::new() };
    format!("Not charged, by the clock in UTC: {}.{more}", listed.join("; "))
}

fn between(from: Timestamp, until: Timestamp) -> String {
    let civil = |at: Timestamp| -> DateTime { at.to_zoned(TimeZone::UTC).datetime() };
    let (from, until) = (civil(from), civil(until));
    let end = if from.date() == until.date() { "%H:%M" } else { "%-d %b %Y, %H:%M" };
    format!("{} to {}", from.strftime("%-d %b %Y, %H:%M"), until.strftime(end))
}
