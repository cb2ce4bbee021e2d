//! The answer for people: statements as `guarantor statement show` prints them, and what follows in a few lines.

use std::fmt::Write;

use super::report::{Moment, PeriodReport, Report};
use crate::evaluate::statement::name;
use crate::record::form::{Issued, page, terminal};

/// On a terminal.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut text = String::new();
    for period in &report.periods {
        text.push_str(&terminal::text(&issued(report, period)));
        text.push('\n');
    }
    for line in consequences(report) {
        // Writing into a string can not fail.
        let _ = writeln!(text, "{line}");
    }
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
        intact: true,
    }
}

/// One line for everything beside the statements.
fn consequences(report: &Report) -> Vec<String> {
    let mut lines = Vec::new();
    let by = |moment: &Moment| format!("{} ({})", moment.day, moment.at);
    for exclusion in &report.exclusions {
        let verdict = if exclusion.exempt { "counts" } else { "does not count" };
        lines.push(format!("exclusion {}: {verdict} {}", exclusion.name, exclusion.why).trim_end().to_owned());
    }
    for value in &report.values {
        let kept = if value.kept { "kept" } else { "not kept" };
        lines.push(format!(
            "{} at {}: {} s, limit {} s, {kept}",
            value.objective, value.at, value.seconds, value.limit_seconds
        ));
    }
    for incident in &report.incidents {
        let class = incident.classification.as_deref().unwrap_or("not classified");
        lines.push(format!("incident from {}: {class}", incident.from));
        lines.extend(incident.claims_open.iter().map(|open| format!("  claims are taken from {}", by(open))));
        lines.extend(incident.deadlines.iter().map(|due| format!("  {} by {}", due.name, by(&due.by))));
    }
    lines.extend(report.demands.iter().map(|d| format!("demand of {}: to be cured by {}", d.at, d.cure_by)));
    lines.extend(report.payments.iter().map(|p| {
        format!("{} notified on {}: to be paid by {}, {} set off", p.amount, p.notified_on, p.pay_by, p.set_off)
    }));
    lines.extend(report.next_settlement.iter().map(|s| format!("next settlement: {} gross, {} net", s.gross, s.net)));
    lines.extend(
        report
            .termination
            .iter()
            .map(|t| format!("notice of {}: the agreement ends on {} at the earliest", t.notice_on, t.earliest_end)),
    );
    lines.extend(
        report
            .term
            .iter()
            .map(|t| format!("term: {} days of service are added; the last day is {}", t.service_days, t.last_day)),
    );
    lines.extend(
        report
            .deposit
            .iter()
            .map(|d| format!("deposit: {} {} between {} and {}", d.refund, d.currency, d.refund_from, d.refund_until)),
    );
    lines
}
