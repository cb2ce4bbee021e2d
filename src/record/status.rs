//! Builds the next status of an agreement from what the stages found. Pure; writing it is [`super::writer`]'s part.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

use crate::api::agreement_status::{
    AgreementStatus, BurnRate, CreditLine, CreditState, CreditStatus, KEPT, ObjectiveStatus, PeriodStatus, Summary,
    Violation,
};
use crate::evaluate::assessment::{Assessment, CreditAssessment, ObjectiveAssessment, ViolationSpan};
use crate::evaluate::exact;

/// Places of a percentage in the status; what is beyond is cut, never rounded up.
const PLACES: u32 = 6;

/// Enters the account of the running period into `status`.
///
/// Conditions, enforcement, actions and statement references are left as they are: they are other stages' to say.
/// Violations of earlier periods stay in the list until newer ones push them out.
pub fn enter_account(status: &mut AgreementStatus, assessment: &Assessment) {
    status.period = Some(PeriodStatus { start: Time(assessment.period_start), end: Time(assessment.period_end) });
    status.measured_through = Some(Time(assessment.measured_through));
    status.objectives = assessment.objectives.iter().map(objective).collect();
    status.credits = assessment.credits.as_ref().map(|c| credit(c, CreditState::Accruing));
    let mut violations: Vec<Violation> = assessment.violations.iter().rev().map(violation).collect();
    violations
        .extend(status.violations.iter().filter(|old| old.start.0 < assessment.period_start).map(|old| closed(old, assessment)));
    violations.truncate(KEPT);
    status.violations = violations;
    let summary = status.summary.get_or_insert_default();
    *summary = Summary { enforcement: summary.enforcement.clone(), ..columns(assessment) };
}

/// A violation still open when its period closed ended with that period: its continuation is listed in the next one.
fn closed(old: &Violation, assessment: &Assessment) -> Violation {
    let end = old.end.clone().or_else(|| Some(Time(assessment.period_start)));
    Violation { end, ..old.clone() }
}

fn columns(assessment: &Assessment) -> Summary {
    let attainment = assessment
        .objectives
        .iter()
        .map(|o| {
            let attained = o.attainment.as_ref().map_or_else(|| "-".to_owned(), |a| exact::percent(a, 3));
            format!("{attained}/{}", exact::percent(&o.target, PLACES))
        })
        .collect::<Vec<_>>()
        .join(" ");
    let budget = assessment.objectives.iter().filter_map(|o| o.budget_remaining.as_ref()).min();
    Summary {
        state: assessment.state,
        attainment,
        budget_remaining: budget.map_or_else(|| "-".to_owned(), |b| format!("{}%", exact::percent(b, 1))),
        credits_at_stake: assessment
            .credits
            .as_ref()
            .map_or_else(|| "-".to_owned(), |c| format!("{} {}", exact::amount(&c.minor_units, c.exponent), c.currency)),
        enforcement: String::new(),
    }
}

fn objective(o: &ObjectiveAssessment) -> ObjectiveStatus {
    ObjectiveStatus {
        name: o.name.clone(),
        state: o.state,
        target: exact::percent(&o.target, 9),
        attainment: percent_or_empty(o.attainment.as_ref()),
        total_events: exact::decimal(&o.total_events),
        bad_events: exact::decimal(&o.bad_events),
        coverage: percent_or_empty(o.coverage.as_ref()),
        budget_remaining: percent_or_empty(o.budget_remaining.as_ref()),
        burn_rates: o
            .burn_rates
            .iter()
            .map(|w| BurnRate {
                window: window_text(w.window_seconds),
                rate: w.rate.as_ref().map_or_else(|| "-".to_owned(), |r| exact::truncated(r, 2)),
            })
            .collect(),
        problem: o.problem.clone(),
    }
}

fn percent_or_empty(share: Option<&BigRational>) -> String {
    share.map_or_else(String::new, |s| exact::percent(s, PLACES))
}

/// `90` as `1m30s`, `3600` as `1h`.
fn window_text(seconds: i64) -> String {
    let (h, m, s) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    [(h, "h"), (m, "m"), (s, "s")].iter().filter(|(n, _)| *n > 0).map(|(n, unit)| format!("{n}{unit}")).collect()
}

/// A violation as users read it.
#[must_use]
pub fn violation(v: &ViolationSpan) -> Violation {
    Violation {
        objective: v.objective.clone(),
        start: Time(v.start),
        end: v.end.map(Time),
        depth: exact::percent(&v.depth, PLACES),
        bad_events: exact::decimal(&v.bad_events),
        total_events: exact::decimal(&v.total_events),
    }
}

/// Credits as users read them.
#[must_use]
pub fn credit(c: &CreditAssessment, state: CreditState) -> CreditStatus {
    CreditStatus {
        state,
        percent_of_fee: exact::decimal(&c.percent_of_fee),
        amount: exact::amount(&c.minor_units, c.exponent),
        currency: c.currency.clone(),
        lines: c
            .lines
            .iter()
            .map(|line| CreditLine {
                objective: line.objective.clone(),
                below: line.below.clone(),
                percent_of_fee: line.percent_of_fee.clone(),
                granted: line.granted,
            })
            .collect(),
    }
}

/// When a status was written that said `measured_through`, in whole seconds as the wire carries it.
#[must_use]
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}
