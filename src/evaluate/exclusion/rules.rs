//! The agreement's rules for exclusions, read into lengths of time.

use std::collections::BTreeSet;

use k8s_openapi::jiff::SignedDuration;

use crate::api::Span;
use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason, ExclusionRule, ExclusionRules, ForceMajeureRule};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period;
use crate::evaluate::span::{self, Length};

/// A rule for one reason.
#[derive(Clone, Debug)]
pub struct Rule {
    pub reason: ExclusionReason,
    pub name: String,
    pub effect: ExclusionEffect,
    pub minimum_notice: Option<Length>,
    pub minimum_notice_working_days: Option<u32>,
    pub yearly_allowance: Option<SignedDuration>,
    pub force_majeure: Option<Clocks>,
}

/// The conditions of force majeure.
#[derive(Clone, Debug)]
pub struct Clocks {
    pub notice_within: Option<Length>,
    pub proof_within_working_days: Option<u32>,
    pub void_in_default: bool,
}

/// Reads the rules.
pub fn rules(rules: &ExclusionRules) -> Result<Vec<Rule>, InvalidSpec> {
    let mut known = BTreeSet::new();
    let read = |(index, rule): (usize, &ExclusionRule)| {
        if !known.insert((rule.reason, rule.name.clone())) {
            let field = format!("spec.exclusions.rules[{index}].name");
            let message = format!("{:?} has such a rule already; give each a name of its own", rule.reason);
            return Err(InvalidSpec::new(field, message));
        }
        read(index, rule)
    };
    rules.rules.iter().enumerate().map(read).collect()
}

fn read(index: usize, rule: &ExclusionRule) -> Result<Rule, InvalidSpec> {
    let field = |rest: &str| format!("spec.exclusions.rules[{index}].{rest}");
    if rule.force_majeure.is_some() && rule.reason != ExclusionReason::ForceMajeure {
        return Err(InvalidSpec::new(field("forceMajeure"), "goes with the reason ForceMajeure; remove it"));
    }
    let allowance = length(&field("yearlyAllowance"), rule.yearly_allowance.as_ref())?;
    Ok(Rule {
        reason: rule.reason,
        name: rule.name.clone(),
        effect: rule.effect,
        minimum_notice: length(&field("minimumNotice"), rule.minimum_notice.as_ref())?,
        minimum_notice_working_days: days(&field("minimumNoticeWorkingDays"), rule.minimum_notice_working_days)?,
        yearly_allowance: allowance.map(|length| length.nominal()),
        force_majeure: rule.force_majeure.as_ref().map(|c| clocks(&field("forceMajeure"), c)).transpose()?,
    })
}

/// Reads the conditions of force majeure that stand in `field`.
pub fn clocks(field: &str, clocks: &ForceMajeureRule) -> Result<Clocks, InvalidSpec> {
    let proof = clocks.proof_within_working_days;
    Ok(Clocks {
        notice_within: length(&format!("{field}.noticeWithin"), clocks.notice_within.as_ref())?,
        proof_within_working_days: days(&format!("{field}.proofWithinWorkingDays"), proof)?,
        void_in_default: clocks.void_in_default,
    })
}

fn length(field: &str, span: Option<&Span>) -> Result<Option<Length>, InvalidSpec> {
    span.map(span::length).transpose().map_err(|e| InvalidSpec::new(field, e.to_string()))
}

fn days(field: &str, days: Option<i32>) -> Result<Option<u32>, InvalidSpec> {
    days.map(|days| period::within(field, days, 1, 60)).transpose()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests;
