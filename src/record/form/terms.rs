//! What was agreed for the period, in words: for the page and the terminal. It tells every figure that a credit is reckoned
//! by, so that a reader with nothing but the paper can reckon it again. Expressions stand with the evidence.

mod calendar;
mod caps;
mod deadline;
mod exclusion;
mod fee;
mod promise;
mod remedy;
mod reward;
mod settlement;
mod tier;

use crate::api::agreement::{MissingData, TreatAs};
use crate::api::amendment::AmendmentRule;
use crate::api::credits::Credits;
use crate::api::exclusion_rules::ApprovalRule;
use crate::api::settlement::GrantMode;
use crate::api::statement::StatementSpec;
use crate::evaluate::exact::{decimal, hundred};

use super::figure::percent;
use super::instant::day;
use super::legible::legible;

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
    tell("Settled", promise::settled(terms));
    if let Some(rule) = terms.amendment_rule {
        tell("Amended", amended(rule).to_owned());
    }
    for objective in &terms.objectives {
        tell("Promised", promise::promise(objective));
        tell("Counted", promise::counting(objective, terms.slot.seconds()));
    }
    tell("Unknown time", unknown_time(&terms.missing_data));
    for rule in &terms.exclusions.rules {
        tell("May be excluded", exclusion::rule(rule));
    }
    if !terms.exclusions.rules.is_empty() {
        tell("Approval", approval(terms.exclusions.approval).to_owned());
    }
    if let Some(credits) = &terms.credits {
        credit_terms(credits, &mut tell);
    }
    if terms.credits.is_some() || terms.settlement.grant == GrantMode::OnClaim {
        tell("Granted", settlement::granted(&terms.settlement));
    }
    settlement::consequences(&terms.settlement, &mut tell);
    if calendar::counts(terms) {
        tell("Working days", calendar::working_days(&terms.calendar));
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
        tell("Fee", fee::fee(charged));
    }
    if let Some(usage) = &credits.daily_usage {
        tell("Daily usage", fee::daily_usage(usage));
    }
    for step in &credits.tiers {
        tell("Credit", tier::tier(step, credits));
    }
    if !credits.tiers.is_empty() {
        tell("Tiers", tier::RULE.to_owned());
    }
    for remedy in &credits.remedies {
        tell("Remedy", remedy::remedy(remedy, credits));
    }
    if credits.tiers.len() + credits.remedies.len() > 1 {
        tell("Of several", caps::combination(credits));
    }
    if let Some(days) = fee::service_days(credits) {
        tell("Days", days.to_owned());
    }
    caps::caps(credits, tell);
    tell("Rounded", caps::rounding(credits));
    if let Some(rewards) = &credits.rewards {
        for agreed in reward::reward(rewards, &credits.fee.currency) {
            tell("Reward", agreed);
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

fn approval(rule: ApprovalRule) -> &'static str {
    match rule {
        ApprovalRule::Required => "whoever asks for an exclusion, another person approves it",
        ApprovalRule::NotRequired => "an exclusion needs nobody's approval",
    }
}

fn amended(rule: AmendmentRule) -> &'static str {
    match rule {
        AmendmentRule::Split => {
            "an amendment splits the period in which it takes effect; the parts share its fee and its fixed amounts of tiers \
             by their seconds"
        }
        AmendmentRule::NextPeriod => "an amendment takes effect with the next period",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
