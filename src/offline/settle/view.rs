//! The answer for people: statements as `guarantor statement show` prints them, and what follows from them.

use super::report::{Moment, PeriodReport, Report};
use crate::evaluate::detection::Classification;
use crate::evaluate::statement::name;
use crate::record::form::figure::{counted, grouped, money};
use crate::record::form::instant::{Clock, day, length_of};
use crate::record::form::legible::legible;
use crate::record::form::{Issued, page, terminal};

/// On a terminal.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    for period in &report.periods {
        text.push_str(&terminal::text(&issued(report, period)));
        text.push('\n');
    }
    text.push_str(&consequences(report).join("\n\n"));
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}

/// The statement of the last period as a page to print.
///
/// # Errors
/// There is no period, or the page can not be made.
pub fn page(report: &Report) -> Result<String, String> {
    let last = report.periods.last().ok_or("there is no period to show")?;
    page::html(&issued(report, last)).map_err(|e| e.to_string())
}

fn issued(report: &Report, period: &PeriodReport) -> Issued {
    let statement = period.statement.clone();
    Issued {
        name: name(&report.agreement, statement.period.start.0, statement.revision),
        namespace: String::new(),
        at: None,
        statement,
        computed: true,
        intact: true,
    }
}

/// What follows from the statements and the facts beside them, one part for each kind.
fn consequences(report: &Report) -> Vec<String> {
    let Some(clock) = report.periods.last().map(|last| Clock::of(&last.statement.period)) else { return Vec::new() };
    [exclusions(report, &clock), values(report, &clock), incidents(report, &clock), dates(report, &clock)]
        .into_iter()
        .flatten()
        .collect()
}

/// The clocks of exclusions; what they did stands in the statements.
fn exclusions(report: &Report, clock: &Clock) -> Option<String> {
    let mut table = terminal::table(&["EXCLUSION", "COUNTS", "NOTICE", "PROOF", "WHY NOT"]);
    let kept = |valid: Option<bool>| if valid == Some(true) { "in time" } else { "not in time" };
    let in_time = |due: Option<&Moment>, valid: Option<bool>| match due {
        Some(due) => format!("{}, due by {}", kept(valid), at(due, clock)),
        None => "–".to_owned(),
    };
    for exclusion in &report.exclusions {
        table.add_row(vec![
            legible(&exclusion.name).into_owned(),
            yes(exclusion.exempt).to_owned(),
            match (&exclusion.announced_at, exclusion.notice_valid) {
                (Some(announced), Some(_)) => {
                    format!("{}, given {}", kept(exclusion.notice_valid), instant(announced, clock))
                }
                (None, Some(_)) if exclusion.notice_by.is_none() => "not given".to_owned(),
                _ => in_time(exclusion.notice_by.as_ref(), exclusion.notice_valid),
            },
            in_time(exclusion.proof_by.as_ref(), exclusion.proof_valid),
            legible(&exclusion.why).into_owned(),
        ]);
    }
    (!report.exclusions.is_empty()).then(|| table.to_string())
}

fn values(report: &Report, clock: &Clock) -> Option<String> {
    let mut table = terminal::table(&["VALUE OF", "AT", "TOOK", "LIMIT", "KEPT"]);
    for value in &report.values {
        table.add_row(vec![
            legible(&value.objective).into_owned(),
            instant(&value.at, clock),
            seconds(&value.seconds),
            seconds(&value.limit_seconds),
            yes(value.kept).to_owned(),
        ]);
    }
    (!report.values.is_empty()).then(|| table.to_string())
}

fn incidents(report: &Report, clock: &Clock) -> Option<String> {
    let mut table = terminal::table(&["INCIDENT FROM", "IS", "CLAIMS ARE TAKEN FROM", "TO BE DONE"]);
    for incident in &report.incidents {
        let due = incident.deadlines.iter().map(|due| format!("{} by {}", legible(&due.name), at(&due.by, clock)));
        table.add_row(vec![
            instant(&incident.from, clock),
            incident.class.map_or("–", class).to_owned(),
            incident.claims_open.as_ref().map_or_else(|| "at once".to_owned(), |open| at(open, clock)),
            due.collect::<Vec<_>>().join("\n"),
        ]);
    }
    (!report.incidents.is_empty()).then(|| table.to_string())
}

/// What is a date or an amount, one line each.
fn dates(report: &Report, clock: &Clock) -> Option<String> {
    let mut lines = Vec::new();
    let demands = report.demands.iter();
    lines.extend(demands.map(|d| {
        let then = match (&d.cured_at, d.may_end) {
            (Some(cured), false) => format!("which it was on {}", instant(cured, clock)),
            (Some(cured), true) => {
                format!("and cured on {}, too late: the agreement may be ended", instant(cured, clock))
            }
            (None, _) => "else the agreement may be ended; nobody said that it was cured".to_owned(),
        };
        format!("Demand of {}: to be cured by {}, {then}", instant(&d.at, clock), instant(&d.cure_by, clock))
    }));
    lines.extend(report.payments.iter().map(|p| {
        if let (Some(back), added) = (p.amount.strip_prefix('-'), p.set_off.trim_start_matches('-')) {
            let [back, added] = [back, added].map(|figure| amount(figure, &p.currency));
            return format!("{back} taken back on {}: {added} added to the next settlement", day(&p.notified_on));
        }
        let became = if p.paid { "paid".to_owned() } else { format!("{} set off", amount(&p.set_off, &p.currency)) };
        format!(
            "{} notified on {}: to be paid by {}; {became}",
            amount(&p.amount, &p.currency),
            day(&p.notified_on),
            day(&p.pay_by)
        )
    }));
    lines.extend(report.next_settlement.iter().map(|s| {
        let [gross, net, carried] = [&s.gross, &s.net, &s.carried].map(|figure| amount(figure, &s.currency));
        format!("Next settlement: {gross} gross, {net} net; {carried} carried on")
    }));
    lines.extend(report.termination.iter().map(|t| {
        format!("Notice of {}: the agreement ends on {} at the earliest", day(&t.notice_on), day(&t.earliest_end))
    }));
    lines.extend(report.term.iter().map(|t| {
        let days = counted(t.service_days, "day of service is", "days of service are");
        let open = (t.not_granted_days > 0).then(|| {
            let days = counted(t.not_granted_days, "day has", "days have");
            format!("; {days} to be claimed, and nothing tells that they were granted")
        });
        let (agreed, last, open) = (day(&t.agreed_last_day), day(&t.last_day), open.unwrap_or_default());
        format!("Term: {days} added to {agreed}; the last day is {last}{open}")
    }));
    lines.extend(report.deposit.iter().map(|d| {
        format!(
            "Deposit: {} to be returned from {} to {}",
            amount(&d.refund, &d.currency),
            day(&d.refund_from),
            day(&d.refund_until)
        )
    }));
    (!lines.is_empty()).then(|| lines.join("\n"))
}

/// An amount with its currency, where one is agreed.
fn amount(figure: &str, currency: &str) -> String {
    if currency.is_empty() { grouped(figure) } else { money(figure, currency) }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

fn class(class: Classification) -> &'static str {
    match class {
        Classification::InterruptionWithinSla => "an interruption within the promise",
        Classification::Violation => "a violation",
        Classification::ViolationWithClaim => "a violation with a claim",
    }
}

/// An instant in the agreement's zone.
fn instant(text: &str, clock: &Clock) -> String {
    text.parse().map_or_else(|_| text.to_owned(), |at| clock.long(at))
}

/// The last day of something and when it is over; only that where it is over within the day.
fn at(moment: &Moment, clock: &Clock) -> String {
    let (day, over) = (day(&moment.day), instant(&moment.at, clock));
    if over.starts_with(&day) { over } else { format!("{day} ({over})") }
}

/// A number of seconds as a length of time where it is a whole one.
fn seconds(text: &str) -> String {
    text.parse().map_or_else(|_| format!("{text} s"), length_of)
}
