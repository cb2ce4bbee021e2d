//! The assessment: what the ledger says about an agreement at one instant.
//!
//! Takes the spec, the ledger of the period, the time and the settle delay (slots that ended less than that ago are not
//! due); gives the [`Assessment`] that status, decisions and statements rest on.
//!
//! States while the period runs: `Violated` when the attainment so far is below the target, `AtRisk` when it is not but
//! a pair of burn-rate windows fires or less than a tenth of the budget is left, `NotDetermined` when the coverage does
//! not carry a verdict or nothing is known yet, otherwise `Fulfilled`. Once the period is over, nothing is at risk any
//! more: `Fulfilled`, `Violated` or `NotDetermined`.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;
use crate::api::objective::Objective;

use super::assessment::{Assessment, ObjectiveAssessment, ViolationSpan};
use super::budget;
use super::burn_rate::{burn, recent};
use super::coverage::{MissingDataRule, coverage, judge};
use super::credit::{self, CreditAssessment, Facts};
use super::exact::{divide, share, whole};
use super::invalid::InvalidSpec;
use super::ledger::Ledger;
use super::method::{CountingMethod, counting};
use super::period::{Bounds, Schedule};
use super::slot::UnknownCause;
use super::violation::violations;

/// Assesses an agreement.
///
/// # Errors
/// Names the field of the spec that can not be worked with.
pub fn assess(
    spec: &AgreementSpec,
    ledger: &Ledger,
    now: Timestamp,
    settle: SignedDuration,
) -> Result<Assessment, InvalidSpec> {
    let rule = missing_data_rule(spec)?;
    let moment = Moment { ledger, rule: &rule, now, settle };
    let mut objectives = Vec::with_capacity(spec.objectives.len());
    let mut spans = Vec::new();
    for (index, objective) in spec.objectives.iter().enumerate() {
        let target = target(index, objective)?;
        let (assessment, violations) = moment.objective(objective, target);
        objectives.push(assessment);
        spans.extend(violations);
    }
    spans.sort_by_key(|span: &ViolationSpan| span.start);
    let mut assessment = Assessment {
        period_start: ledger.bounds().start,
        period_end: ledger.bounds().end,
        measured_through: ledger.measured_through(),
        state: objectives.iter().map(|o| o.state).max().unwrap_or_default(),
        objectives,
        violations: spans,
        credits: None,
    };
    assessment.credits = credits(spec, &assessment, &Facts::default())?;
    Ok(assessment)
}

/// What is owed by an assessment, and by what else is known. `None`: the agreement grants no credits.
///
/// # Errors
/// Names the field of the spec that can not be worked with.
pub fn credits(
    spec: &AgreementSpec,
    assessment: &Assessment,
    facts: &Facts,
) -> Result<Option<CreditAssessment>, InvalidSpec> {
    if spec.credits.is_none() {
        return Ok(None);
    }
    let period = Bounds { start: assessment.period_start, end: assessment.period_end };
    // The period in which it ends: one that looks back on trailing days begins in another.
    let last = period.end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(period.end);
    let whole = Schedule::new(spec, period.start)?.whole(last).unwrap_or(period);
    credit::owed(spec, period, whole, &credit::outcomes(assessment), facts)
}

/// The agreement's rule for unknown slots.
///
/// # Errors
/// The minimum coverage is no percentage.
pub fn missing_data_rule(spec: &AgreementSpec) -> Result<MissingDataRule, InvalidSpec> {
    let minimum = share(&spec.missing_data.minimum_coverage)
        .map_err(|e| InvalidSpec::new("spec.missingData.minimumCoverage", e.to_string()))?;
    Ok(MissingDataRule { treat_as: spec.missing_data.treat_as, minimum })
}

/// The target of the objective at this place of the spec, as a share.
///
/// # Errors
/// The target is no percentage.
pub fn target(index: usize, objective: &Objective) -> Result<BigRational, InvalidSpec> {
    share(&objective.target).map_err(|e| InvalidSpec::new(format!("spec.objectives[{index}].target"), e.to_string()))
}

struct Moment<'a> {
    ledger: &'a Ledger,
    rule: &'a MissingDataRule,
    now: Timestamp,
    settle: SignedDuration,
}

impl Moment<'_> {
    /// The account of one objective, and its violations.
    fn objective(&self, objective: &Objective, target: BigRational) -> (ObjectiveAssessment, Vec<ViolationSpan>) {
        let method = counting(objective.measurement.method);
        let slots = self.ledger.due_slots(&objective.name, self.now, self.settle);
        let bounds = self.ledger.bounds();
        let closed = self.now >= bounds.end;

        let account = method.account(slots);
        let finding = judge(&account, &target, self.rule);
        let attainment = account.attainment_treating(self.rule.treat_as);
        let budget_remaining = attainment.as_ref().and_then(|a| budget::remaining(a, &target));
        let burn = burn(method, slots, &target, bounds.seconds());
        let nearly_spent = budget_remaining.as_ref().is_some_and(|left| *left < tenth());
        let state = match finding.state {
            State::Fulfilled if !closed && (burn.burning || nearly_spent) => State::AtRisk,
            state => state,
        };

        let recent = self.recent(method, objective);
        let spans = violations(method, &objective.name, slots, &target, closed);
        let assessment = ObjectiveAssessment {
            name: objective.name.clone(),
            state,
            target,
            attainment,
            settles_on: finding.settles_on,
            total_events: account.counted.total.ratio(),
            bad_events: account.counted.bad.ratio(),
            coverage: coverage(&account.census),
            bounds: account.bounds,
            budget_remaining,
            burn_rates: burn.rates,
            burning: burn.burning,
            recent_coverage: recent.coverage,
            recent_rate: recent.rate,
            recent_bad_share: recent.bad_share,
            problem: slots.latest_problem().map(UnknownCause::words).unwrap_or_default().to_owned(),
        };
        (assessment, spans)
    }

    fn recent(&self, method: &dyn CountingMethod, objective: &Objective) -> Recent {
        let n = recent(self.ledger.bounds().seconds(), self.ledger.slot_seconds());
        let slots = self.ledger.due_slots(&objective.name, self.now, self.settle).last(n);
        let account = method.account(slots);
        let (total, bad) = (account.counted.total.ratio(), account.counted.bad.ratio());
        let seconds = whole(account.census.known()) * whole(slots.slot_seconds());
        Recent { coverage: coverage(&account.census), rate: divide(&total, &seconds), bad_share: divide(&bad, &total) }
    }
}

/// What the most recent slots say.
struct Recent {
    coverage: Option<BigRational>,
    rate: Option<BigRational>,
    bad_share: Option<BigRational>,
}

/// An objective with less of its budget left is at risk.
fn tenth() -> BigRational {
    BigRational::new(1.into(), 10.into())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
