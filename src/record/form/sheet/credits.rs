//! The rows of the credits: lines, one total for each currency, and what else a credit holds.
//!
//! A column means one thing: what a line comes to, what a total comes to and what is owed the other way stand in columns of
//! their own, so that each can be summed. A line with several currencies has a row for each; what has no currency stands
//! in the first of them alone.

use crate::api::credit_status::{CreditAmount, CreditLine, CreditStatus};
use crate::api::statement::StatementSpec;
use crate::record::form::instant::Clock;
use crate::record::form::reckoning::{Line, Reckoning, Step};
use crate::record::form::words;

use super::columns::spaced;

/// One row. The first eight columns are those of the first version.
#[derive(Default)]
struct Row {
    kind: &'static str,
    objective: String,
    below: String,
    percent_of_fee: String,
    granted: &'static str,
    amount: String,
    currency: String,
    state: &'static str,
    at_most: String,
    remedy: String,
    reckoning: String,
    service_days: String,
    multiple_of_daily_usage: String,
    by_itself: String,
    in_sum: String,
    in_sum_exact: String,
    not_granted: String,
    base: String,
    fee: String,
    before_cap: String,
    capped_by: String,
    unrounded: String,
    exact: String,
    rounded: String,
    issued: &'static str,
    not_issued: String,
    form: &'static str,
    since: String,
    reason: String,
    granted_service_days: String,
    daily_usage: String,
    daily_usage_unit: String,
    free_hours: String,
    termination_right: &'static str,
    reward_reached: String,
    reward_unrounded: String,
    reward_exact: String,
    reward_amount: String,
    deadline: String,
    deadline_last_day: String,
    deadline_utc: String,
    adjustment: String,
    adjustment_service_days: String,
    calculation: String,
}

/// What stands in a column.
type Cell = fn(&Row) -> &str;

/// The columns in their order.
const COLUMNS: [(&str, Cell); 47] = [
    ("row", |r| r.kind),
    ("objective", |r| &r.objective),
    ("tier_below_percent", |r| &r.below),
    ("percent_of_fee", |r| &r.percent_of_fee),
    ("granted", |r| r.granted),
    ("amount", |r| &r.amount),
    ("currency", |r| &r.currency),
    ("state", |r| r.state),
    ("tier_at_most_percent", |r| &r.at_most),
    ("remedy", |r| &r.remedy),
    ("reckoning", |r| &r.reckoning),
    ("service_days", |r| &r.service_days),
    ("multiple_of_daily_usage", |r| &r.multiple_of_daily_usage),
    ("by_itself", |r| &r.by_itself),
    ("in_sum", |r| &r.in_sum),
    ("in_sum_numerator", |r| numerator(&r.in_sum_exact)),
    ("in_sum_denominator", |r| denominator(&r.in_sum_exact)),
    ("not_granted_because", |r| &r.not_granted),
    ("fee_base", |r| &r.base),
    ("fee", |r| &r.fee),
    ("before_cap", |r| &r.before_cap),
    ("capped_by", |r| &r.capped_by),
    ("unrounded", |r| &r.unrounded),
    ("unrounded_numerator", |r| numerator(&r.exact)),
    ("unrounded_denominator", |r| denominator(&r.exact)),
    ("rounded", |r| &r.rounded),
    ("issued", |r| r.issued),
    ("not_issued_because", |r| &r.not_issued),
    ("given_as", |r| r.form),
    ("state_since_utc", |r| &r.since),
    ("state_because", |r| &r.reason),
    ("granted_service_days", |r| &r.granted_service_days),
    ("daily_usage", |r| &r.daily_usage),
    ("daily_usage_unit", |r| &r.daily_usage_unit),
    ("free_hours", |r| &r.free_hours),
    ("termination_right", |r| r.termination_right),
    ("reward_reached", |r| &r.reward_reached),
    ("reward_unrounded", |r| &r.reward_unrounded),
    ("reward_numerator", |r| numerator(&r.reward_exact)),
    ("reward_denominator", |r| denominator(&r.reward_exact)),
    ("reward_amount", |r| &r.reward_amount),
    ("deadline", |r| &r.deadline),
    ("deadline_last_day", |r| &r.deadline_last_day),
    ("deadline_utc", |r| &r.deadline_utc),
    ("adjustment", |r| &r.adjustment),
    ("adjustment_service_days", |r| &r.adjustment_service_days),
    ("calculation", |r| &r.calculation),
];

/// The names of the columns.
pub(super) fn names() -> Vec<&'static str> {
    COLUMNS.iter().map(|(name, _)| *name).collect()
}

/// The cells of every row.
pub(super) fn rows(statement: &StatementSpec, clock: &Clock) -> Vec<Vec<String>> {
    let Some(credits) = &statement.credits else { return Vec::new() };
    let way = Reckoning::new(credits, statement, clock);
    let lines = credits.lines.iter().zip(&way.lines);
    let of_line = |(line, way): (&CreditLine, &Line)| of_line(line, &credits.currency, &spaced(&way.steps.join("; ")));
    let mut rows: Vec<Row> = lines.flat_map(of_line).collect();
    let calculations = way.amounts.iter().map(|amount| calculation(&amount.steps));
    rows.extend(
        totals(credits)
            .into_iter()
            .zip(calculations.chain(std::iter::repeat(String::new())))
            .map(|(row, calculation)| Row { calculation, ..row }),
    );
    rows.extend(credits.reward.iter().map(|reward| Row {
        kind: "reward",
        currency: reward.currency.clone(),
        reward_reached: reward.reached.clone(),
        reward_unrounded: reward.unrounded.clone(),
        reward_exact: reward.exact.clone(),
        reward_amount: reward.amount.clone(),
        reason: reward.problem.clone(),
        calculation: way.reward.iter().map(|reward| calculation(&reward.steps)).collect(),
        ..Row::default()
    }));
    rows.extend(credits.deadlines.iter().map(|due| Row {
        kind: "deadline",
        deadline: due.name.clone(),
        deadline_last_day: due.last_day.clone(),
        deadline_utc: due.by.0.to_string(),
        ..Row::default()
    }));
    if let Some(adjustment) = &statement.adjustment {
        rows.extend(adjustment.amounts.iter().map(|change| Row {
            kind: "adjustment",
            currency: change.currency.clone(),
            adjustment: change.amount.clone(),
            ..Row::default()
        }));
        if adjustment.service_days != 0 {
            let adjustment_service_days = adjustment.service_days.to_string();
            rows.push(Row { kind: "adjustment", adjustment_service_days, ..Row::default() });
        }
    }
    let state = words::credit_state(credits.state);
    for row in &mut rows {
        row.state = state;
    }
    rows.iter().map(|row| COLUMNS.iter().map(|(_, cell)| cell(row).to_owned()).collect()).collect()
}

/// The steps of a calculation in one cell.
fn calculation(steps: &[Step]) -> String {
    let told = steps.iter().map(|step| format!("{}: {} {}", step.name, step.rule, step.figure).trim_end().to_owned());
    spaced(&told.collect::<Vec<_>>().join(" | "))
}

/// A line: a row for each of its currencies, one where it has none.
fn of_line(line: &CreditLine, currency: &str, calculation: &str) -> Vec<Row> {
    let first = Row {
        kind: "line",
        objective: line.objective.clone(),
        below: line.below.clone(),
        at_most: line.at_most.clone(),
        remedy: line.remedy.clone(),
        reckoning: line.reckoning.clone(),
        percent_of_fee: line.percent_of_fee.clone(),
        granted: yes(line.granted),
        not_granted: line.not_granted.clone(),
        service_days: some(line.service_days),
        multiple_of_daily_usage: line.multiple_of_daily_usage.clone(),
        currency: currency.to_owned(),
        calculation: calculation.to_owned(),
        ..Row::default()
    };
    let mut rows = vec![first];
    for (place, amount) in line.amounts.iter().enumerate() {
        if place > 0 {
            rows.push(Row {
                kind: "line",
                objective: line.objective.clone(),
                remedy: line.remedy.clone(),
                granted: yes(line.granted),
                ..Row::default()
            });
        }
        if let Some(row) = rows.last_mut() {
            row.currency.clone_from(&amount.currency);
            row.by_itself.clone_from(&amount.by_itself);
            row.in_sum.clone_from(&amount.granted);
            row.in_sum_exact.clone_from(&amount.exact);
        }
    }
    rows
}

/// A total for each currency; what has no currency stands in the first, that of the fee.
fn totals(credits: &CreditStatus) -> Vec<Row> {
    let fee = credits.amounts.first().cloned().unwrap_or_default();
    let first = Row {
        percent_of_fee: credits.percent_of_fee.clone(),
        amount: credits.amount.clone(),
        currency: credits.currency.clone(),
        form: words::credit_form(credits.form),
        since: credits.since.as_ref().map(|since| since.0.to_string()).unwrap_or_default(),
        reason: credits.reason.clone(),
        granted_service_days: some(credits.service_days),
        daily_usage: credits.daily_usage.as_ref().map(|usage| usage.amount.clone()).unwrap_or_default(),
        daily_usage_unit: credits.daily_usage.as_ref().map(|usage| usage.unit.clone()).unwrap_or_default(),
        free_hours: some(credits.free_hours_total),
        termination_right: if credits.termination_right { "yes" } else { "" },
        ..total(&fee)
    };
    let further = credits.amounts.iter().skip(1);
    let further = further.map(|a| Row { amount: a.amount.clone(), currency: a.currency.clone(), ..total(a) });
    [first].into_iter().chain(further).collect()
}

fn total(amount: &CreditAmount) -> Row {
    Row {
        kind: "total",
        base: amount.base.clone(),
        fee: amount.fee.clone(),
        before_cap: amount.before_cap.clone(),
        capped_by: amount.capped_by.clone(),
        unrounded: amount.unrounded.clone(),
        exact: amount.exact.clone(),
        rounded: amount.amount.clone(),
        issued: yes(amount.issued),
        not_issued: amount.not_issued.clone(),
        ..Row::default()
    }
}

fn yes(is: bool) -> &'static str {
    if is { "yes" } else { "no" }
}

/// A number where there is one.
fn some(count: i64) -> String {
    if count == 0 { String::new() } else { count.to_string() }
}

fn numerator(fraction: &str) -> &str {
    fraction.split_once('/').unwrap_or_default().0
}

fn denominator(fraction: &str) -> &str {
    fraction.split_once('/').unwrap_or_default().1
}
