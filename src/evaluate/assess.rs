//! The assessment: what the ledger says about an agreement at one instant.
//!
//! Takes the spec, the ledger of the period, what is excluded from it, the time and the settle delay (slots that ended
//! less than that ago are not due); gives the [`Assessment`] that status, decisions and statements rest on.
//!
//! States while the period runs: `Violated` when the attainment so far is below the target, `AtRisk` when it is not but
//! a pair of burn-rate windows fires or less than a tenth of the budget is left, `NotDetermined` when too little is known
//! to tell or nothing is yet, otherwise `Fulfilled`. Once the period is over, nothing is at risk any more: `Fulfilled`,
//! `Violated` or `NotDetermined`. That is the verdict, by the agreement's own rule for what is unknown; what is owed rests
//! on it at any time.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::One;

use crate::api::agreement::AgreementSpec;
use crate::api::agreement_status::State;
use crate::api::measurement::Method;
use crate::api::objective::Objective;
use crate::api::statement::FinalStatement;

use super::assessment::{Assessment, ObjectiveAssessment, ViolationSpan};
use super::budget;
use super::burn_rate::{self, burn};
use super::coverage::{MissingDataRule, judge};
use super::credit::{self, Facts};
use super::detection::Incident;
use super::exact::{divide, share, whole};
use super::exclusion::Exclusions;
use super::exemption::Exemptions;
use super::invalid::InvalidSpec;
use super::ledger::Ledger;
use super::methods::unknown_time::UnknownTime;
use super::methods::{CountingMethod, counting};
use super::parameter_rule;
use super::period::{Bounds, whole_of};
use super::slot::{Tally, UnknownCause};
use super::stretch::union;
use super::violation::joined;

/// What the account of a period rests on beside its ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circumstances {
    /// What of the judged time does not count.
    pub exclusions: Exclusions,
    /// The settled period, where the ledger is of the trailing days up to its end. `None`: it is the ledger's.
    pub period: Option<Bounds>,
    /// The period as it would be if the agreement had begun before it and ended after it. `None`: it is worked out.
    pub whole_period: Option<Bounds>,
    /// What else is known: volumes, deliveries, what was granted before.
    pub facts: Facts,
    /// What people reported, and who noticed it first.
    pub incidents: Vec<Incident>,
    /// Why the account ends with the period before the agreement's validity does. `None`: it does not.
    pub last: Option<FinalStatement>,
    /// When what the statement says was determined. `None`: with its last slot. Later where it takes the place of another
    /// one: then it is the instant at which what changes it took effect, so that making it twice makes one.
    pub determined_at: Option<Timestamp>,
}

/// Assesses an agreement.
///
/// # Errors
/// Names the field of the spec that can not be worked with.
pub fn assess(
    spec: &AgreementSpec,
    ledger: &Ledger,
    circumstances: &Circumstances,
    now: Timestamp,
    settle: SignedDuration,
) -> Result<Assessment, InvalidSpec> {
    let Circumstances { exclusions, period, whole_period, last, .. } = circumstances;
    let facts = Facts { ends: last.is_some(), ..circumstances.facts.clone() };
    let period = period.unwrap_or_else(|| ledger.bounds());
    let rule = missing_data_rule(spec)?;
    let not_covered: Vec<_> = parameter_rule::broken(&spec.covered_when, &spec.parameters).collect();
    let why = not_covered.iter().map(|(_, rule)| rule.message.as_str()).collect::<Vec<_>>().join("; ");
    let moment = Moment { ledger, period, exclusions, rule: &rule, now, settle };
    let mut objectives = Vec::with_capacity(spec.objectives.len());
    let mut spans = Vec::new();
    for (index, objective) in spec.objectives.iter().enumerate() {
        let (assessment, violations) = moment.objective(index, objective)?;
        if not_covered.is_empty() {
            objectives.push(assessment);
            spans.extend(violations);
        } else {
            objectives.push(without_verdict(assessment, &why));
        }
    }
    spans.sort_by_key(|span: &ViolationSpan| span.start);
    let mut assessment = Assessment {
        period_start: period.start,
        period_end: period.end,
        judged_from: ledger.bounds().start,
        measured_through: ledger.measured_through(),
        state: objectives.iter().map(|o| o.state).max().unwrap_or_default(),
        objectives,
        violations: spans,
        credits: None,
    };
    let whole = whole_period.or_else(|| whole_of(spec, &period).ok()).unwrap_or(period);
    assessment.credits = credit::owed(spec, period, whole, &credit::outcomes(&assessment), &facts)?;
    Ok(assessment)
}

/// What stands of an objective that the promise does not cover: the events, and that there is nothing to judge.
fn without_verdict(objective: ObjectiveAssessment, why: &str) -> ObjectiveAssessment {
    ObjectiveAssessment {
        name: objective.name,
        state: State::NotCovered,
        verdict: State::NotCovered,
        covered: false,
        not_covered_because: why.to_owned(),
        target: objective.target,
        allowed: objective.allowed,
        total_events: objective.total_events,
        bad_events: objective.bad_events,
        born: objective.born,
        unattributed: objective.unattributed,
        slots: objective.slots,
        coverage: objective.coverage,
        members: objective.members,
        recent_coverage: objective.recent_coverage,
        recent_rate: objective.recent_rate,
        recent_bad_share: objective.recent_bad_share,
        problem: objective.problem,
        ..ObjectiveAssessment::default()
    }
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

/// The share of bad events with which the promise of the objective at this place of the spec is just kept at any moment.
fn allowed(index: usize, objective: &Objective, target: &BigRational) -> Result<BigRational, InvalidSpec> {
    let measurement = &objective.measurement;
    let by_minutes = matches!(measurement.method, Method::BadMinutes | Method::Pooled);
    let Some(bad_when) = measurement.bad_when.as_ref().filter(|_| by_minutes) else {
        return Ok(BigRational::one() - target);
    };
    let limit = bad_when.error_rate_above.as_ref().map(share).transpose();
    let field = || format!("spec.objectives[{index}].measurement.badWhen.errorRateAbove");
    // Where all must fail, anything less is allowed.
    limit.map(|limit| limit.unwrap_or_else(BigRational::one)).map_err(|e| InvalidSpec::new(field(), e.to_string()))
}

struct Moment<'a> {
    ledger: &'a Ledger,
    /// The settled period: what lies before it in the ledger is looked back on.
    period: Bounds,
    exclusions: &'a Exclusions,
    rule: &'a MissingDataRule,
    now: Timestamp,
    settle: SignedDuration,
}

impl Moment<'_> {
    /// The account of one objective, and its violations.
    fn objective(
        &self,
        index: usize,
        objective: &Objective,
    ) -> Result<(ObjectiveAssessment, Vec<ViolationSpan>), InvalidSpec> {
        let target = target(index, objective)?;
        let method = counting(index, objective, self.ledger, self.exclusions, self.now, self.settle)?;
        let method = method.as_ref();
        let bounds = self.ledger.bounds();
        let closed = self.now >= bounds.end;

        let account = method.account();
        let finding = judge(&account, &target, self.rule);
        let attainment = account.attainment_treating(self.rule.treat_as);
        let budget_remaining = attainment.as_ref().and_then(|a| budget::remaining(a, &target));
        let burn = burn(method, &target, bounds.seconds());
        let nearly_spent = budget_remaining.as_ref().is_some_and(|left| *left < tenth());
        let so_far = if closed { finding.state } else { judge(&account, &target, &self.rule.so_far()).state };
        let state = match so_far {
            State::Fulfilled if !closed && (burn.burning || nearly_spent) => State::AtRisk,
            state => state,
        };

        let recent = recent(method, bounds.seconds());
        let unknown = self.rule.unknown_time(account.coverage.as_ref());
        let violations = method.violations(&objective.name, &target, closed, unknown);
        let violations = self.joined(objective, method, unknown, violations);
        let assessment = ObjectiveAssessment {
            name: objective.name.clone(),
            state,
            verdict: finding.state,
            covered: true,
            not_covered_because: String::new(),
            allowed: allowed(index, objective, &target)?,
            target,
            attainment,
            settles_on: finding.settles_on,
            at_least: finding.at_least,
            total_events: account.counted.total.ratio(),
            bad_events: account.counted.bad.ratio(),
            born: account.born,
            unattributed: account.unattributed,
            unknown_units: account.unknown_treated(self.rule.treat_as),
            good_units: account.good,
            total_units: account.total,
            slots: account.census,
            coverage: account.coverage,
            bounds: account.bounds,
            downtime: method.downtime(unknown),
            incidents: self.incidents(index, objective, &account.counted, &violations)?,
            members: method.members(),
            budget_remaining,
            burn_rates: burn.rates,
            burning: burn.burning,
            recent_coverage: recent.coverage,
            recent_rate: recent.rate,
            recent_bad_share: recent.bad_share,
            problem: method.latest_problem().map(UnknownCause::words).unwrap_or_default().to_owned(),
        };
        Ok((assessment, violations))
    }

    /// The violations, those as one that only excluded time separates, or unknown time that is open; in time that an exclusion
    /// cuts off, so that it is no whole minute any more, the service was down all the same.
    fn joined(
        &self,
        objective: &Objective,
        method: &dyn CountingMethod,
        unknown: UnknownTime,
        violations: Vec<ViolationSpan>,
    ) -> Vec<ViolationSpan> {
        let exemptions = Exemptions::of(self.exclusions, &objective.name);
        let (exempt, _) = exemptions.stretches();
        if (exempt.is_empty() && unknown != UnknownTime::Open) || violations.len() < 2 {
            return violations;
        }
        joined(violations, &union(exempt.iter().copied().chain(method.failing(unknown)).collect()))
    }

    /// How many violations a remedy counts: of values that are reported each that was late, of all else the unbroken times
    /// that began in the period. What trailing days look back on was counted with its own period.
    fn incidents(
        &self,
        index: usize,
        objective: &Objective,
        counted: &Tally,
        violations: &[ViolationSpan],
    ) -> Result<usize, InvalidSpec> {
        let is_reported = objective.indicator.value.as_ref().is_some_and(|value| value.expression.is_none());
        if !is_reported {
            return Ok(violations.iter().filter(|violation| violation.start >= self.period.start).count());
        }
        let late = |counted: &Tally| usize::try_from(counted.bad.ratio().to_integer()).unwrap_or(usize::MAX);
        if self.ledger.bounds().start >= self.period.start {
            return Ok(late(counted));
        }
        let own = self.ledger.reaching_back(self.period.start, &[]);
        let own = own.map_err(|e| InvalidSpec::new("spec.period.trailing", e.to_string()))?;
        let method = counting(index, objective, &own, self.exclusions, self.now, self.settle)?;
        Ok(late(&method.account().counted))
    }
}

/// What the most recent slots hold: their events, whatever the method counts.
fn recent(method: &dyn CountingMethod, period_seconds: i64) -> Recent {
    let account = method.recent(burn_rate::recent(period_seconds, method.slot_seconds()));
    let (total, bad) = (account.counted.total.ratio(), account.counted.bad.ratio());
    let seconds = whole(account.census.known()) * whole(method.slot_seconds());
    let coverage = divide(&whole(account.census.known()), &whole(account.census.expected()));
    Recent { coverage, rate: divide(&total, &seconds), bad_share: divide(&bad, &total) }
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
