//! What was agreed for the period, in words: for the page and the terminal. How an objective is counted stands with it, and
//! what is not told here stands in the statement's own `spec.terms`.

use crate::api::agreement::{MissingData, TreatAs};
use crate::api::credits::{Cap, Combine, Credits, Fee, Tier};
use crate::api::exclusion_rules::ExclusionRule;
use crate::api::period::{CalendarUnit, Period};
use crate::api::settlement::{Deadline, GrantMode};
use crate::api::statement::StatementSpec;
use crate::evaluate::exact::{decimal, hundred};

use super::figure::{counted, money, percent};
use super::instant::day;
use super::legible::legible;
use super::words;

/// One term.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it is about.
    pub what: &'static str,
    /// What was agreed.
    pub agreed: String,
}

/// The terms of a statement, in the order in which one would read them.
#[must_use]
pub fn terms(statement: &StatementSpec) -> Vec<Term> {
    let terms = &statement.terms;
    let mut found = Vec::new();
    let mut tell = |what: &'static str, agreed: String| {
        found.push(Term { what, agreed: legible(&agreed).into_owned() });
    };
    if let Some(validity) = &terms.validity {
        let until = validity.until.as_ref().map(|until| format!(", before {}", day(until))).unwrap_or_default();
        tell("In force", format!("from {} on{until}", day(&validity.from)));
    }
    tell("Settled", format!("{}, counted in slots of {}", period(&terms.period), slot(terms.slot.seconds())));
    for objective in &terms.objectives {
        let description = objective.description.as_ref().map(|text| format!(": {text}")).unwrap_or_default();
        tell("Promised", format!("{} {}{description}", objective.name, percent(objective.target.as_str())));
    }
    tell("Unknown time", unknown_time(&terms.missing_data));
    for rule in &terms.exclusions.rules {
        tell("May be excluded", exclusion(rule));
    }
    if let Some(credits) = &terms.credits {
        credit_terms(credits, &mut tell);
    }
    if terms.settlement.grant == GrantMode::OnClaim {
        let deadlines = terms.settlement.deadlines.iter().map(deadline).collect::<Vec<_>>().join(", ");
        let by = if deadlines.is_empty() { String::new() } else { format!(": {deadlines}") };
        tell("Granted", format!("on a claim of the customer{by}"));
    }
    for parameter in &terms.parameters {
        tell("Parameter", format!("{} = {}", parameter.name, parameter.value));
    }
    for rule in &terms.covered_when {
        tell("Covered when", rule.rule.clone());
    }
    found
}

fn credit_terms(credits: &Credits, tell: &mut impl FnMut(&'static str, String)) {
    for charged in std::iter::once(&credits.fee).chain(&credits.further_fees) {
        tell("Fee", fee(charged));
    }
    for step in &credits.tiers {
        tell("Credit", tier(step, &credits.fee.currency));
    }
    for remedy in &credits.remedies {
        tell("Remedy", format!("{} for {}", remedy.name, remedy.objective));
    }
    if credits.rewards.is_some() {
        tell("Reward", "for more than was promised".to_owned());
    }
    let combined = match credits.combine {
        Combine::Highest => "the highest is granted",
        Combine::Sum => "they add up",
        Combine::CustomersChoice => "the customer chooses one",
        Combine::FirstListed => "that of the objective listed first is granted",
    };
    if credits.tiers.len() + credits.remedies.len() > 1 {
        tell("Of several", combined.to_owned());
    }
    let caps = [
        ("for one period", &credits.cap),
        ("in a year of the agreement", &credits.cap_per_year),
        ("as long as it lasts", &credits.cap_per_contract),
    ];
    for (span, cap) in caps {
        if let Some(cap) = cap {
            tell("At most", format!("{} {span}", limit(cap, &credits.fee.currency)));
        }
    }
}

/// What becomes of unknown time. Where all of it must be known, how it counts is never asked.
fn unknown_time(rule: &MissingData) -> String {
    let minimum = rule.minimum_coverage.as_str();
    if decimal(minimum).is_ok_and(|minimum| minimum >= hundred()) {
        return "there is a verdict only if it could not change it, all good or all bad".to_owned();
    }
    let treated = match rule.treat_as {
        TreatAs::Exclude => "counts for nobody",
        TreatAs::Good => "counts as good",
        TreatAs::Bad => "counts as bad",
    };
    let coverage = percent(minimum);
    format!(
        "{treated}; where less than {coverage} of the time is known, there is a verdict only if the rest could not change it"
    )
}

fn period(period: &Period) -> String {
    let unit = |unit: CalendarUnit| match unit {
        CalendarUnit::Month => "month",
        CalendarUnit::Quarter => "quarter",
        CalendarUnit::Year => "year",
    };
    match (period.calendar, &period.billing, &period.rolling, &period.trailing) {
        (Some(calendar), ..) => {
            let begins = period.year_starts_in.map(|month| format!(" of a year that begins with month {month}"));
            format!("every calendar {}{}", unit(calendar), begins.unwrap_or_default())
        }
        (_, Some(billing), ..) => format!("every month from day {} on", billing.anchor_day),
        (_, _, Some(rolling), _) => format!("every {rolling}"),
        (_, _, _, Some(trailing)) => {
            format!("the last {} at the end of every {}", counted(trailing.days, "day", "days"), unit(trailing.every))
        }
        (None, None, None, None) => "by no period".to_owned(),
    }
}

fn slot(seconds: i64) -> String {
    if seconds % 60 == 0 { counted(seconds / 60, "minute", "minutes") } else { counted(seconds, "second", "seconds") }
}

fn exclusion(rule: &ExclusionRule) -> String {
    let notice = rule.minimum_notice.as_ref().map(|length| format!("announced {length} before"));
    let working = rule
        .minimum_notice_working_days
        .map(|days| format!("announced {} before", counted(days, "working day", "working days")));
    let most = rule.yearly_allowance.as_ref().map(|length| format!("at most {length} in a year"));
    let told = [
        Some(words::exclusion_rule(rule.reason, &rule.name)),
        Some(words::exclusion_effect(Some(rule.effect)).to_lowercase()),
        notice,
        working,
        most,
    ];
    told.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn fee(fee: &Fee) -> String {
    let base = fee.base.as_ref().map(|base| format!(" ({base})")).unwrap_or_default();
    let span = match fee.prepaid_months {
        Some(months) => format!("paid in advance for {}", counted(months, "month", "months")),
        None => "for a period".to_owned(),
    };
    let share = if fee.prorated { ", a period that is cut short by its share" } else { "" };
    format!("{}{base} {span}{share}", money(fee.amount.as_str(), &fee.currency))
}

fn tier(tier: &Tier, currency: &str) -> String {
    let bound = |word: &str, bound: &Option<crate::api::Percent>| {
        bound.as_ref().map(|bound| format!("{word} {}", percent(bound.as_str())))
    };
    let bounds = [
        bound("below", &tier.below),
        bound("at most", &tier.at_most),
        bound("above", &tier.above),
        bound("at least", &tier.at_least),
    ];
    let grants = [
        tier.percent_of_fee.as_ref().map(|share| format!("{} of the fee", percent(share.as_str()))),
        tier.service_days.map(|days| counted(days, "day of service", "days of service")),
        tier.multiple_of_daily_usage.as_ref().map(|multiple| format!("{multiple} × the daily usage")),
        tier.amount.as_ref().map(|amount| money(amount.as_str(), currency)),
    ];
    let all = |texts: Vec<String>, between: &str| texts.join(between);
    format!(
        "{} {}: {}",
        tier.objective,
        all(bounds.into_iter().flatten().collect(), " and "),
        all(grants.into_iter().flatten().collect(), ", ")
    )
}

fn limit(cap: &Cap, currency: &str) -> String {
    let limits = [
        cap.percent_of_fee.as_ref().map(|share| format!("{} of the fee", percent(share.as_str()))),
        cap.amount.as_ref().map(|amount| money(amount.as_str(), currency)),
        cap.service_days.map(|days| counted(days, "day of service", "days of service")),
    ];
    limits.into_iter().flatten().collect::<Vec<_>>().join(" and ")
}

fn deadline(deadline: &Deadline) -> String {
    let lengths = [
        deadline.within.as_ref().map(ToString::to_string),
        deadline.days.map(|n| counted(n, "day", "days")),
        deadline.working_days.map(|n| counted(n, "working day", "working days")),
        deadline.months.map(|n| counted(n, "month", "months")),
        deadline.periods.map(|n| format!("the end of period {n}")),
    ];
    format!("{} within {}", deadline.name, lengths.into_iter().flatten().collect::<Vec<_>>().join(" and "))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use serde_json::json;

    use super::super::example::issued;
    use super::*;

    fn told(statement: &StatementSpec) -> Vec<String> {
        let line = |term: Term| format!("{}: {}", term.what, term.agreed).replace(['\u{a0}', '\u{202f}'], " ");
        terms(statement).into_iter().map(line).collect()
    }

    #[test]
    fn what_was_agreed_is_told_in_words() {
        assert_eq!(
            told(&issued().statement),
            [
                "In force: from 1 Jan 2026 on, before 1 Jan 2027",
                "Settled: every calendar month, counted in slots of 5 minutes",
                "Promised: availability 99.9 %",
                "Promised: latency 99 %",
                "Unknown time: counts for nobody; where less than 90 % of the time is known, there is a verdict only if \
                 the rest could not change it",
                "Fee: 4 000.00 EUR for a period",
                "Credit: availability below 99.9 %: 10 % of the fee",
            ]
        );
    }

    #[test]
    fn what_is_rarely_agreed_is_told_too() {
        let mut statement = serde_json::to_value(issued().statement).unwrap();
        let terms = &mut statement["terms"];
        terms["period"] = json!({"trailing": {"days": 365, "every": "Month"}});
        terms["slot"] = "30s".into();
        terms["missingData"] = json!({"treatAs": "Bad", "minimumCoverage": "100.0"});
        terms["credits"]["fee"] =
            json!({"amount": "4000.00", "currency": "EUR", "prepaidMonths": 12, "prorated": true});
        terms["credits"]["tiers"] = json!([{"objective": "latency", "atMost": "95", "above": "90", "serviceDays": 1}]);
        terms["credits"]["remedies"] =
            json!([{"name": "outage", "objective": "latency", "perIncident": {"amount": "5"}}]);
        terms["credits"]["combine"] = "Sum".into();
        terms["credits"]["capPerYear"] = json!({"percentOfFee": "50", "amount": "2500"});
        terms["settlement"] = json!({"grant": "OnClaim",
            "deadlines": [{"name": "claim", "after": "PeriodEnd", "workingDays": 10}]});
        terms["exclusions"]["rules"] = json!([{"reason": "Maintenance", "effect": "Exclude", "minimumNotice": "5d",
            "yearlyAllowance": "12h"}]);
        terms["parameters"] = json!([{"name": "zones", "value": "2"}]);
        terms["coveredWhen"] = json!([{"rule": "zones >= 2", "message": "two zones are needed"}]);
        let told = told(&serde_json::from_value(statement).unwrap());
        for line in [
            "Settled: the last 365 days at the end of every month, counted in slots of 30 seconds",
            "Unknown time: there is a verdict only if it could not change it, all good or all bad",
            "May be excluded: Maintenance, left out, announced 5d before, at most 12h in a year",
            "Fee: 4 000.00 EUR paid in advance for 12 months, a period that is cut short by its share",
            "Credit: latency at most 95 % and above 90 %: 1 day of service",
            "Remedy: outage for latency",
            "Of several: they add up",
            "At most: 50 % of the fee and 2 500 EUR in a year of the agreement",
            "Granted: on a claim of the customer: claim within 10 working days",
            "Parameter: zones = 2",
            "Covered when: zones >= 2",
        ] {
            assert!(told.iter().any(|told| told == line), "{line}: {told:#?}");
        }
    }
}
