//! Says whether a status differs from the last written one in a way a person would call a change.
//!
//! An agreement that is kept counts events in every slot. Writing each new figure would cost the API server a write
//! per agreement and slot, and wake every watcher, to say that nothing happened.

use k8s_openapi::jiff::SignedDuration;

use crate::api::agreement_status::{AgreementStatus, ObjectiveStatus, Violation};
use crate::api::capacity::CapacityStatus;
use crate::api::diagnosis::{CauseKind, Diagnosis};
use crate::evaluate::credit;

/// Percentages may move this much (in percent points) before they are worth a write.
const ATTAINMENT_STEP: Millionths = 50_000;
/// The error budget and the coverage are shown coarser.
const BUDGET_STEP: Millionths = 10_000_000;

/// The number of pods that a load needs is told anew after this.
const PODS_TOLD: SignedDuration = SignedDuration::from_mins(1);
/// The figures behind it are.
const FIGURES_TOLD: SignedDuration = SignedDuration::from_mins(10);

type Millionths = i64;

/// Whether `next` should be written over `last`.
#[must_use]
pub fn differs(last: &AgreementStatus, next: &AgreementStatus) -> bool {
    last.observed_generation != next.observed_generation
        || last.period != next.period
        || last.refused_amendment != next.refused_amendment
        || last.amended_through != next.amended_through
        || last.statements != next.statements
        || last.demands != next.demands
        || last.term != next.term
        || last.actions != next.actions
        || last.diagnoses != next.diagnoses
        || last.violations.len() != next.violations.len()
        || last.violations.iter().zip(&next.violations).any(|(a, b)| told(a) != told(b))
        || conditions_differ(last, next)
        || enforcement_differs(last, next)
        || summary_differs(last, next)
        || credits_differ(last, next)
        || last.objectives.len() != next.objectives.len()
        || last.objectives.iter().zip(&next.objectives).any(|(a, b)| objective_differs(a, b))
}

/// What is told of a violation; its figures grow while it goes on.
fn told(violation: &Violation) -> Violation {
    Violation { depth: String::new(), bad_events: String::new(), total_events: String::new(), ..violation.clone() }
}

/// Messages carry figures; a condition changed when its status, its reason or its generation did.
fn conditions_differ(last: &AgreementStatus, next: &AgreementStatus) -> bool {
    last.conditions.len() != next.conditions.len()
        || next.conditions.iter().any(|c| {
            !last.conditions.iter().any(|l| {
                l.type_ == c.type_
                    && l.status == c.status
                    && l.reason == c.reason
                    && l.observed_generation == c.observed_generation
            })
        })
}

fn enforcement_differs(last: &AgreementStatus, next: &AgreementStatus) -> bool {
    match (&last.enforcement, &next.enforcement) {
        // A recommendation is its message; elsewhere the message only carries figures.
        (Some(l), Some(n)) if n.reason == "Recommends" && l.message != n.message => true,
        (Some(l), Some(n)) => {
            l.reason != n.reason
                || l.floor != n.floor
                || l.rollout != n.rollout
                || l.reschedule != n.reschedule
                || l.bid != n.bid
                || l.refusals != n.refusals
                || l.episode != n.episode
                || suspects(l.diagnosis.as_ref()) != suspects(n.diagnosis.as_ref())
                || capacity_differs(l.capacity.as_ref(), n.capacity.as_ref())
        }
        (None, None) => false,
        _ => true,
    }
}

/// The load is reckoned anew every few seconds. Another number of pods is told at most once a minute, and the figures
/// behind it every ten.
fn capacity_differs(last: Option<&CapacityStatus>, next: Option<&CapacityStatus>) -> bool {
    let (Some(last), Some(next)) = (last, next) else { return last.is_some() != next.is_some() };
    let apart = next.as_of.0.duration_since(last.as_of.0);
    last.pods.is_some() != next.pods.is_some() || last.pods != next.pods && apart >= PODS_TOLD || apart >= FIGURES_TOLD
}

/// The cause of a danger and who is suspected; its figures move with every look.
fn suspects(diagnosis: Option<&Diagnosis>) -> Option<(CauseKind, Vec<&str>)> {
    let diagnosis = diagnosis?;
    Some((diagnosis.cause, diagnosis.evidence.iter().map(|evidence| evidence.name.as_str()).collect()))
}

fn summary_differs(last: &AgreementStatus, next: &AgreementStatus) -> bool {
    last.summary.as_ref().map(|s| s.state) != next.summary.as_ref().map(|s| s.state)
}

fn credits_differ(last: &AgreementStatus, next: &AgreementStatus) -> bool {
    let granted = |s: &AgreementStatus| s.credits.as_ref().map(credit::in_words);
    granted(last) != granted(next)
}

fn objective_differs(a: &ObjectiveStatus, b: &ObjectiveStatus) -> bool {
    a.name != b.name
        || a.state != b.state
        || a.target != b.target
        || a.problem.is_empty() != b.problem.is_empty()
        || moved(&a.attainment, &b.attainment, ATTAINMENT_STEP)
        || moved(&a.budget_remaining, &b.budget_remaining, BUDGET_STEP)
        || moved(&a.coverage, &b.coverage, BUDGET_STEP)
}

/// Whether a percentage moved by a step or appeared or vanished.
fn moved(a: &str, b: &str, step: Millionths) -> bool {
    match (millionths(a), millionths(b)) {
        (Some(a), Some(b)) => a.abs_diff(b) >= step.unsigned_abs(),
        (a, b) => a.is_some() != b.is_some(),
    }
}

/// `99.95` as 99,950,000. `None` for what is no number (an empty field).
fn millionths(text: &str) -> Option<Millionths> {
    let (negative, digits) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part: String = part.chars().chain(std::iter::repeat('0')).take(6).collect();
    let value = whole.parse::<Millionths>().ok()?.checked_mul(1_000_000)?.checked_add(part.parse().ok()?)?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::agreement_status::{State, Summary};

    fn status(attainment: &str, state: State) -> AgreementStatus {
        AgreementStatus {
            summary: Some(Summary { state, ..Summary::default() }),
            objectives: vec![ObjectiveStatus {
                name: "availability".to_owned(),
                state,
                attainment: attainment.to_owned(),
                ..ObjectiveStatus::default()
            }],
            ..AgreementStatus::default()
        }
    }

    #[test]
    fn jitter_is_no_change_and_a_step_is() {
        let last = status("99.990000", State::Fulfilled);
        assert!(!differs(&last, &status("99.990000", State::Fulfilled)));
        assert!(!differs(&last, &status("99.960001", State::Fulfilled)));
        assert!(differs(&last, &status("99.940000", State::Fulfilled)));
        assert!(differs(&last, &status("", State::Fulfilled)));
        assert!(differs(&last, &status("99.990000", State::AtRisk)));
    }

    #[test]
    fn another_cause_or_suspect_is_a_change_and_new_figures_are_none() {
        let told = |cause: &str, pod: &str, bad: &str| {
            let time = "2026-01-01T00:00:00Z";
            let diagnosis = serde_json::json!({
                "cause": cause, "since": time, "message": bad, "answer": "", "wouldChange": "",
                "evidence": [{"subject": "Pod", "name": pod, "bad": bad, "total": "600"}],
                "observed": {"decidedAt": time, "accountThrough": time, "workloadReadAt": time},
            });
            let mut status = status("99", State::AtRisk);
            status.enforcement.get_or_insert_default().diagnosis = serde_json::from_value(diagnosis).ok();
            assert!(status.enforcement.as_ref().is_some_and(|e| e.diagnosis.is_some()));
            status
        };
        let last = told("OutlierPod", "a", "100");
        assert!(!differs(&last, &told("OutlierPod", "a", "120")));
        assert!(differs(&last, &told("OutlierPod", "b", "100")));
        assert!(differs(&last, &told("OutlierNode", "a", "100")));
    }

    #[test]
    #[allow(clippy::large_stack_arrays, reason = "a few statuses")]
    fn the_pods_that_a_load_needs_are_told_now_and_then() {
        let told = |second: i64, pods: Option<i32>, message: &str| {
            let as_of = k8s_openapi::jiff::Timestamp::from_second(second).unwrap_or_default();
            let as_of = k8s_openapi::apimachinery::pkg::apis::meta::v1::Time(as_of);
            let mut status = status("99", State::Fulfilled);
            status.enforcement.get_or_insert_default().capacity =
                Some(CapacityStatus { pods, message: message.to_owned(), as_of });
            status
        };
        let last = told(0, Some(5), "5 pods");
        for (next, expected) in [
            (told(45, Some(5), "other figures"), false),
            (told(45, Some(6), "6 pods"), false),
            (told(60, Some(6), "6 pods"), true),
            (told(15, None, "the samples are too old"), true),
            (told(600, Some(5), "other figures"), true),
            (status("99", State::Fulfilled), true),
        ] {
            assert_eq!(differs(&last, &next), expected, "{:?}", next.enforcement);
        }
    }

    #[test]
    fn percentages_are_read_exactly() {
        for (text, expected) in
            [("99.95", Some(99_950_000)), ("-3.5", Some(-3_500_000)), ("0.000001", Some(1)), ("", None), ("x", None)]
        {
            assert_eq!(millionths(text), expected, "{text}");
        }
    }
}
