//! The answer for people: what was tried, a row for every way of scaling, and what the figures leave out.

use super::report::{PeriodReport, PolicyReport, Report};
use crate::api::credit_status::CreditStatus;
use crate::api::statement::StatementPeriod;
use crate::record::form::figure::{counted, fraction, grouped};
use crate::record::form::instant::{Clock, length_of};
use crate::record::form::legible::legible;
use crate::record::form::terminal;

/// The columns with figures.
const FIGURES: std::ops::RangeInclusive<usize> = 1..=6;

/// The columns of every answer.
pub(super) const HEADER: [&str; 8] =
    ["POLICY", "ATTAINED %", "GOOD / ALL", "KEPT", "BAD MIN", "PODS", "POD-HOURS", "OWED"];
/// The columns of the table by period.
pub(super) const PERIODS: [&str; 7] = ["PERIOD", "POLICY", "OBJECTIVE", "ATTAINED %", "GOOD / ALL", "KEPT", "OWED"];
/// Those of them with figures.
const PERIOD_FIGURES: std::ops::RangeInclusive<usize> = 3..=5;
/// Rows of it on a terminal.
const LISTED: usize = 60;
/// The column of what the operator did, where it is played.
const DONE: &str = "DONE";

/// On a terminal.
#[must_use]
pub fn table(report: &Report) -> String {
    let mut table = terminal::table(&header(report));
    for policy in &report.policies {
        table.add_row(row(policy).into_iter().chain(acts(report).then(|| done(policy))));
    }
    terminal::right(&mut table, FIGURES);
    let periods = periods(report).map_or_else(String::new, |periods| format!("{periods}\n\n"));
    let (name, promise, load, notes) = (name(report), promise(report), load(report), notes(report).join("\n"));
    let service = report.inputs.service();
    let faults = faults(report).map_or_else(String::new, |faults| format!("{faults}\n"));
    format!("{name}: {promise}\n{load}\n{service}\n{faults}\n{}\n\n{periods}{notes}\n", trimmed(&table.to_string()))
}

fn trimmed(table: &str) -> String {
    table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// How each period and objective came out, where there are several.
fn periods(report: &Report) -> Option<String> {
    let mut table = terminal::table(&PERIODS);
    let rows = by_period(report)?;
    for row in rows.iter().take(LISTED) {
        table.add_row(row.clone());
    }
    terminal::right(&mut table, PERIOD_FIGURES);
    let more = match rows.len().saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\n{more} more; the JSON has all."),
    };
    Some(format!("{}{more}", trimmed(&table.to_string())))
}

/// Whether there are several periods or objectives to tell of.
fn is_detailed(report: &Report) -> bool {
    let periods = report.policies.first().map(|policy| policy.periods.as_slice()).unwrap_or_default();
    periods.len() > 1 || periods.iter().any(|period| period.objectives.len() > 1)
}

/// A row for each period, way of scaling and objective. `None`: there is only one period and objective.
pub(super) fn by_period(report: &Report) -> Option<Vec<[String; 7]>> {
    if !is_detailed(report) {
        return None;
    }
    let periods = &report.policies.first()?.periods;
    let mut rows = Vec::new();
    for (place, period) in periods.iter().enumerate() {
        let mut title = title(report, period, place);
        for policy in &report.policies {
            let Some(period) = policy.periods.get(place) else { continue };
            let (mut name, mut owed) = (policy.policy.clone(), owed(period.owed.as_ref(), period.credits.as_ref()));
            for objective in &period.objectives {
                rows.push([
                    std::mem::take(&mut title),
                    std::mem::take(&mut name),
                    legible(&objective.name).into_owned(),
                    attained(&objective.attainment_percent),
                    fraction(&format!("{}/{}", objective.good, objective.total)),
                    yes(objective.kept).to_owned(),
                    std::mem::take(&mut owed),
                ]);
            }
        }
    }
    Some(rows)
}

/// What people call a period; of a load of no known time, its number.
fn title(report: &Report, period: &PeriodReport, place: usize) -> String {
    if report.trace.begins.is_none() {
        return format!("no. {}", place + 1);
    }
    let (start, end, time_zone) = (period.start.clone(), period.end.clone(), report.time_zone.clone());
    let period = StatementPeriod { start, end, time_zone };
    Clock::of(&period).title(&period)
}

/// Whether the operator is played by one of the policies.
fn acts(report: &Report) -> bool {
    report.policies.iter().any(|policy| policy.acts)
}

/// The columns of this answer.
fn header(report: &Report) -> Vec<&'static str> {
    HEADER.into_iter().chain(acts(report).then_some(DONE)).collect()
}

/// What went wrong. `None`: nothing.
pub(super) fn faults(report: &Report) -> Option<String> {
    let texts: Vec<_> = report.faults.iter().map(|fault| legible(&fault.fault)).collect();
    (!texts.is_empty()).then(|| format!("Faults: {}", texts.join("; ")))
}

/// The agreement and its objective.
pub(super) fn name(report: &Report) -> String {
    format!("{}, {}", legible(&report.agreement), legible(&report.objective))
}

pub(super) fn promise(report: &Report) -> String {
    format!(
        "{} % of all requests within {}, by {} to {} pods",
        report.target_percent, report.threshold, report.min_replicas, report.max_replicas
    )
}

pub(super) fn load(report: &Report) -> String {
    let trace = &report.trace;
    let length = |seconds: usize| length_of(i64::try_from(seconds).unwrap_or(i64::MAX));
    let past = trace.history_seconds;
    let past = if past > 0 { format!(" after {} that are known and not judged", length(past)) } else { String::new() };
    let seeds = report.policies.first().map_or(0, |policy| policy.runs.len());
    format!(
        "Load: {}{past}, {:.1} requests/s in the mean, {:.1} in the highest second; {}",
        length(trace.seconds),
        trace.mean_rate,
        trace.highest_rate,
        counted(seeds, "seed", "seeds, judged together")
    )
}

pub(super) fn row(policy: &PolicyReport) -> Vec<String> {
    vec![
        policy.policy.clone(),
        attained(&policy.attainment_percent),
        fraction(&format!("{}/{}", policy.good, policy.total)),
        kept(policy),
        bad_minutes(policy),
        format!("{:.1}", policy.mean_pods),
        grouped(&format!("{:.1}", policy.pod_hours)),
        match policy.periods.as_slice() {
            [one] => owed(one.owed.as_ref(), one.credits.as_ref()),
            _ => owed(policy.owed.as_ref(), None),
        },
    ]
}

fn attained(percent: &str) -> String {
    if percent.is_empty() { "–".to_owned() } else { percent.to_owned() }
}

fn yes(kept: Option<bool>) -> &'static str {
    kept.map_or("–", |kept| if kept { "yes" } else { "no" })
}

/// `yes`; of several periods `2 of 3`, of those with requests.
fn kept(policy: &PolicyReport) -> String {
    match policy.periods.len() {
        0 | 1 => yes(policy.kept).to_owned(),
        _ => {
            let judged: Vec<bool> = policy.periods.iter().filter_map(|period| period.kept).collect();
            format!("{} of {}", judged.iter().filter(|kept| **kept).count(), judged.len())
        }
    }
}

/// A line for each verb that the operator did, with how often it did it.
pub(super) fn done(policy: &PolicyReport) -> String {
    let verbs: Vec<String> = policy.verbs.iter().map(|done| format!("{} {:?}", done.times, done.verb)).collect();
    match (policy.acts, verbs.is_empty()) {
        (false, _) => "–".to_owned(),
        (true, true) => "nothing".to_owned(),
        (true, false) => verbs.join("\n"),
    }
}

/// `3 of 60`; of several seeds `3.4 of 60 (2 to 5)`.
fn bad_minutes(policy: &PolicyReport) -> String {
    match policy.runs.as_slice() {
        [run] => format!("{} of {}", run.bad_minutes, run.minutes),
        runs => {
            let fewest = runs.iter().map(|run| run.bad_minutes).min().unwrap_or_default();
            let most = runs.iter().map(|run| run.bad_minutes).max().unwrap_or_default();
            format!("{:.1} of {:.0} ({fewest} to {most})", policy.bad_minutes, policy.minutes)
        }
    }
}

/// What is owed; of one period, also which part of the fee.
fn owed(owed: Option<&String>, credits: Option<&CreditStatus>) -> String {
    let Some(owed) = owed else { return "no credits agreed".to_owned() };
    let Some(credits) = credits else { return owed.clone() };
    if let Some(amount) = credits.amounts.iter().find(|amount| !amount.not_issued.is_empty()) {
        return format!("{owed} ({})", amount.not_issued);
    }
    let percent = credits.percent_of_fee.trim_end_matches('0').trim_end_matches('.');
    let is_more = credits.amounts.iter().any(|amount| amount.issued);
    if is_more && !percent.is_empty() { format!("{owed} ({percent} % of the fee)") } else { owed.clone() }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| legible(name)).collect::<Vec<_>>().join(", ")
}

pub(super) fn notes(report: &Report) -> Vec<String> {
    let several = is_detailed(report);
    let mut notes = vec![
        format!("OWED: {}.{}", report.owed_is, if several { " KEPT: by every objective that is judged." } else { "" }),
        "PODS: in the mean, those that start and drain included. BAD MIN: fewer requests than promised were good."
            .to_owned(),
    ];
    if acts(report) {
        let runs =
            if report.policies.iter().any(|policy| policy.runs.len() > 1) { ", in all runs together" } else { "" };
        notes.push(format!("DONE: by the operator{runs}; the JSON and the page say when, to what and why."));
    }
    notes.push("Not simulated: cold caches, nodes that must be bought, retries.".to_owned());
    notes.extend(report.needs_more.iter().map(|why| (*why).to_owned()));
    if !report.not_played.is_empty() {
        notes.push(format!("Nor what follows from {}.", report.not_played.join(", ")));
    }
    notes.extend(report.inputs.trace());
    if let Some(since) = &report.terms_since {
        notes.push(format!(
            "Tried by the latest terms: those of the first whole period after all amendments, from {} on.",
            since.0
        ));
    }
    let failed: Vec<_> = report.policies.iter().filter(|policy| policy.failed > 0).collect();
    if !failed.is_empty() {
        let told = failed.iter().map(|policy| format!("{} {}", policy.policy, grouped(&policy.failed.to_string())));
        notes.push(format!("Failed or not answered at all: {}.", told.collect::<Vec<_>>().join(", ")));
    }
    if !report.not_judged.is_empty() {
        notes.push(format!("Not judged, as a run says nothing about it: {}.", listed(&report.not_judged)));
    }
    if !report.not_reckoned.is_empty() {
        notes.push(format!("Not in what is owed, though agreed: {}.", listed(&report.not_reckoned)));
    }
    for policy in &report.policies {
        for (place, runs) in &policy.struck_nothing {
            let Some(fault) = report.faults.get(*place) else { continue };
            let (fault, all) = (legible(&fault.fault), policy.runs.len());
            let often = if all > 1 { format!(" in {runs} of {all} runs") } else { String::new() };
            notes.push(format!("{}: {fault} found nothing to strike{often}; its pod or node was gone.", policy.policy));
        }
    }
    notes
}
