//! Builds the next status of an agreement from what the stages found. Pure; writing it is [`super::writer`]'s part.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

use crate::api::agreement_status::{
    AgreementStatus, BurnRate, KEPT, ObjectiveStatus, PeriodStatus, Summary, Violation,
};
use crate::api::capacity::CapacityStatus;
use crate::api::credit_status::CreditState;
use crate::api::statement::StatementSpec;
use crate::decide::capacity::Need;
use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};
use crate::evaluate::{credit, exact, span, violation};

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
    status.credits = assessment.credits.as_ref().map(|c| credit::shown(c, CreditState::Accruing));
    let mut violations: Vec<Violation> = assessment.violations.iter().rev().map(violation::shown).collect();
    violations.extend(
        status.violations.iter().filter(|old| old.start.0 < assessment.judged_from).map(|old| closed(old, assessment)),
    );
    violations.truncate(KEPT);
    status.violations = violations;
    let summary = status.summary.get_or_insert_default();
    *summary = Summary { enforcement: summary.enforcement.clone(), ..columns(assessment) };
}

/// A violation still open when its period closed ended with that period: its continuation is listed in the next one.
fn closed(old: &Violation, assessment: &Assessment) -> Violation {
    let end = old.end.clone().or(Some(Time(assessment.judged_from)));
    Violation { end, ..old.clone() }
}

/// Enters the pods that the expected load needs, and when that was reckoned; `None`: nobody asks for that.
pub fn enter_need(status: &mut AgreementStatus, need: Option<(&Need, Timestamp)>) {
    let told = need.map(|(need, at)| CapacityStatus {
        pods: need.pods(),
        message: need.message().to_owned(),
        as_of: Time(whole_seconds(at)),
    });
    if told.is_some() || status.enforcement.is_some() {
        status.enforcement.get_or_insert_default().capacity = told;
    }
}

/// Enters a closed period: that it was the last one that was measured, and the violations of what was judged with it as its
/// statement tells them; the others stay.
pub fn enter_settled(status: &mut AgreementStatus, statement: &StatementSpec) {
    // Whatever the status said before: the next period is the one after it.
    status.period = Some(PeriodStatus { start: statement.period.start.clone(), end: statement.period.end.clone() });
    let judged = statement.judged_time();
    let (start, end) = (judged.start.0, judged.end.0);
    let others = status.violations.iter().filter(|v| v.start.0 < start || end <= v.start.0);
    let mut violations: Vec<Violation> = statement.violations.iter().rev().chain(others).cloned().collect();
    violations.truncate(KEPT);
    status.violations = violations;
}

fn columns(assessment: &Assessment) -> Summary {
    let attainment = assessment
        .objectives
        .iter()
        .map(|o| {
            let attained = o.attainment.as_ref().map_or_else(|| "-".to_owned(), |a| percent(a, 3));
            format!("{attained}/{}", plain(&exact::decimal_text(&(&o.target * exact::hundred()), PLACES)))
        })
        .collect::<Vec<_>>()
        .join(" ");
    let budget = assessment.objectives.iter().filter_map(|o| o.budget_remaining.as_ref()).min();
    Summary {
        state: assessment.state,
        attainment,
        budget_remaining: budget.map_or_else(|| "-".to_owned(), |b| format!("{}%", percent(b, 1))),
        credits_at_stake: assessment.credits.as_ref().map_or_else(|| "-".to_owned(), credit::at_stake),
        enforcement: String::new(),
    }
}

fn objective(o: &ObjectiveAssessment) -> ObjectiveStatus {
    ObjectiveStatus {
        name: o.name.clone(),
        state: o.state,
        target: plain(&exact::decimal_text(&(&o.target * exact::hundred()), 9)),
        attainment: percent_or_empty(o.attainment.as_ref()),
        total_events: count(&o.total_events),
        bad_events: count(&o.bad_events),
        coverage: percent_or_empty(o.coverage.as_ref()),
        budget_remaining: percent_or_empty(o.budget_remaining.as_ref()),
        burn_rates: o
            .burn_rates
            .iter()
            .map(|w| BurnRate {
                window: span::text(w.window_seconds),
                rate: w.rate.as_ref().map_or_else(|| "-".to_owned(), |r| exact::decimal_text(r, 2)),
            })
            .collect(),
        problem: o.problem.clone(),
    }
}

fn percent_or_empty(share: Option<&BigRational>) -> String {
    share.map_or_else(String::new, |s| percent(s, PLACES))
}

/// A share in percent, cut to `places`.
fn percent(share: &BigRational, places: u32) -> String {
    exact::decimal_text(&(share * exact::hundred()), places)
}

/// A decimal without the zeros at its end.
fn plain(decimal: &str) -> String {
    if decimal.contains('.') {
        decimal.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        decimal.to_owned()
    }
}

/// A count of events: whole where it is whole.
fn count(events: &BigRational) -> String {
    plain(&exact::decimal_text(events, PLACES))
}

/// An instant without its fraction of a second, as the wire carries it.
#[must_use]
pub fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        Time(Timestamp::from_second(second).unwrap())
    }

    fn violation(start: i64, end: Option<i64>) -> Violation {
        Violation {
            objective: "availability".to_owned(),
            start: at(start),
            end: end.map(at),
            depth: String::new(),
            bad_events: String::new(),
            total_events: String::new(),
            detected_by: None,
            detected_at: None,
            episode: None,
            causes: Vec::new(),
            actions: Vec::new(),
        }
    }

    #[test]
    fn a_settled_period_is_told_as_its_statement_tells_it() {
        let statement = serde_json::json!({
            "agreement": { "name": "a", "uid": "u" }, "generation": 1, "revision": 1, "service": "s", "digest": "",
            "terms": {
                "period": {}, "slot": "10s", "objectives": [], "missingData": {"treatAs": "Exclude"}, "exclusions": {}, "settlement": {},
                "calendar": {},
            },
            "period": { "start": "1970-01-01T00:01:00Z", "end": "1970-01-01T00:02:00Z", "timeZone": "UTC" },
            "state": "Violated", "objectives": [], "actions": [], "violationsOmitted": 0,
            "violations": [violation(60, Some(70)), violation(110, Some(115))],
            "evidence": {
                "source": "", "increase": "Raw", "ledger": "", "ledgerDigest": "", "operator": "", "timeZoneDatabase": ""
            }
        });
        let statement: StatementSpec = serde_json::from_value(statement).unwrap();
        // The status was made before the slot that ended the last violation was read.
        let known = vec![violation(110, None), violation(60, Some(70)), violation(10, Some(20))];
        let mut status = AgreementStatus { violations: known, ..AgreementStatus::default() };
        enter_settled(&mut status, &statement);
        assert_eq!(status.violations, [violation(110, Some(115)), violation(60, Some(70)), violation(10, Some(20))]);
        let period = status.period.map(|period| (period.start, period.end));
        assert_eq!(period, Some((at(60), at(120))), "whatever period the status was of before");
    }
}
