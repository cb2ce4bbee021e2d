//! By which terms a window is judged: those of the period in which it lies. What was honoured under earlier terms stays
//! honoured, and uses up the allowance of the year.

use std::borrow::Cow;

use k8s_openapi::jiff::Timestamp;

use crate::api::agreement::AgreementSpec;
use crate::api::amendment::AmendmentRule;
use crate::evaluate::amendment::{amended, instants, terms_at};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::{Bounds, Schedule};

use super::rules::{Rule, rules};

/// The terms of some time.
#[derive(Clone, Debug)]
pub struct InForce<'a> {
    /// When.
    pub when: Bounds,
    /// The agreement as it is then.
    pub spec: Cow<'a, AgreementSpec>,
    /// Its rules for exclusions.
    pub rules: Vec<Rule>,
}

/// The terms of a period, which are the last, and before them those of the time from `first` on, in order.
///
/// # Errors
/// Names the field of the terms that can not be worked with.
pub fn in_force(spec: &AgreementSpec, first: Timestamp, period: Bounds) -> Result<Vec<InForce<'_>>, InvalidSpec> {
    let beginnings = beginnings(spec, period)?;
    let mut edges: Vec<Timestamp> =
        beginnings.iter().copied().filter(|at| first < *at && *at < period.start).chain([first]).collect();
    edges.retain(|at| *at < period.start);
    edges.sort_unstable();
    edges.dedup();
    let ends = edges.iter().skip(1).copied().chain([period.start]);
    let mut found = Vec::new();
    for (start, end) in edges.iter().copied().zip(ends) {
        let count = beginnings.iter().filter(|at| **at <= start).count();
        found.push(of(amended(spec, count)?, Bounds { start, end })?);
    }
    found.push(of(terms_at(spec, period.start)?, period)?);
    Ok(found)
}

fn of(spec: Cow<'_, AgreementSpec>, when: Bounds) -> Result<InForce<'_>, InvalidSpec> {
    let rules = rules(&spec.exclusions)?;
    Ok(InForce { when, spec, rules })
}

/// When the first period begins for which each amendment is in force.
fn beginnings(spec: &AgreementSpec, period: Bounds) -> Result<Vec<Timestamp>, InvalidSpec> {
    if spec.amendments.is_empty() {
        return Ok(Vec::new());
    }
    let schedule = Schedule::new(spec, period.start)?;
    let in_force_by = |at: Timestamp| spec.validity.is_some() && at <= schedule.from();
    let begins = |at: Timestamp| match (spec.amendment_rule, schedule.whole(at)) {
        (Some(AmendmentRule::NextPeriod), Some(whole)) if whole.start < at && !in_force_by(at) => whole.end,
        _ => at,
    };
    Ok(instants(spec)?.into_iter().map(begins).collect())
}
