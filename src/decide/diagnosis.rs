//! The diagnosis as the status tells it: cause, evidence, what was ruled out, what is done, and what would change that.
//!
//! It is of the present alone; what was told before is kept by [`record`]. The words are all that is made here: nothing is
//! found out and nothing decided by them.

pub mod record;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;

use crate::api::diagnosis::{Diagnosis, HeldBy, MOST_EVIDENCE, Observed, ObservedPulse, Review};
use crate::api::enforcement_status::EnforcementStatus;
use crate::sense::signals::Signals;

use super::cause::{Found, Remedy, is_unexplained};
use super::choice::Choice;
use super::danger::health::Danger;
use super::danger::pulse::Proof;
use super::decision::Decision;
use super::guard::{Answers, Hold};
use super::situation::facts::Facts;

/// The longest text kept of one sentence, in characters: the words of stores and controllers stand in them.
const LONGEST: usize = 1000;

/// What is told. Nothing while nothing is in danger and no cause holds anything back. `answer`: what is done, or why not.
#[must_use]
pub(super) fn told(facts: &Facts<'_>, found: &Found, choice: &Choice, answer: &str) -> Option<Diagnosis> {
    let cause = &found.cause;
    if facts.health.danger == Danger::None && cause.remedy != Remedy::Hold {
        return None;
    }
    let situation = facts.situation;
    // Whether what no part of the service explains is told as more load goes with the load: that is no new cause.
    let unexplained = is_unexplained(cause.kind, &cause.evidence);
    let same = |before: &&Diagnosis| {
        before.cause == cause.kind || unexplained && is_unexplained(before.cause, &before.evidence)
    };
    let before = situation.status.diagnosis.as_ref().filter(same);
    Some(Diagnosis {
        cause: cause.kind,
        since: before.map_or(Time(situation.now), |before| before.since.clone()),
        objectives: facts.health.endangered.clone(),
        message: short(&cause.message),
        evidence: cause.evidence.iter().take(MOST_EVIDENCE).cloned().collect(),
        ruled_out: found
            .ruled_out
            .iter()
            .map(|ruled_out| crate::api::diagnosis::RuledOut { cause: ruled_out.cause, why: short(&ruled_out.why) })
            .collect(),
        guards_passed: passed(&choice.answers),
        held_by: held_by(&choice.answers),
        answer: short(answer),
        would_change: either(&choice.would_change, &cause.would_change),
        observed: observed(facts),
    })
}

/// What is told in calm. Nothing where nothing is to be done, and nothing is waited for.
#[must_use]
pub(super) fn review(facts: &Facts<'_>, choice: &Choice) -> Option<Review> {
    let acts = matches!(choice.decision, Decision::Act(_));
    let would_change = if acts { "an objective gets into danger" } else { &choice.would_change };
    (!would_change.is_empty()).then(|| Review {
        guards_passed: passed(&choice.answers),
        held_by: held_by(&choice.answers),
        would_change: short(would_change),
        observed: observed(facts),
    })
}

/// Enters a hold that came after the decision, or before any: what was seen stands as it was.
pub fn hold(enforcement: &mut EnforcementStatus, hold: &Hold) {
    let own = hold.would_change();
    if let Some(diagnosis) = &mut enforcement.diagnosis {
        diagnosis.answer = short(&hold.message);
        // What was told of another hold before is not told twice.
        if !diagnosis.would_change.starts_with(&own) {
            diagnosis.would_change = either(&own, &diagnosis.would_change);
        }
    }
    if let Some(review) = &mut enforcement.review {
        review.would_change = short(&own);
    }
}

fn passed(answers: &Answers) -> Vec<String> {
    answers.passed.iter().map(ToString::to_string).collect()
}

fn held_by(answers: &Answers) -> Option<HeldBy> {
    let (guard, message) = answers.held.as_ref()?;
    Some(HeldBy { guard: (*guard).to_owned(), message: short(message) })
}

/// What changes the hold, and then what changes the cause.
fn either(hold: &str, cause: &str) -> String {
    let parts = [hold, cause].into_iter().filter(|part| !part.is_empty());
    short(&parts.collect::<Vec<_>>().join("; or "))
}

fn observed(facts: &Facts<'_>) -> Observed {
    let situation = facts.situation;
    Observed {
        decided_at: Time(situation.now),
        account_through: Time(situation.assessment.measured_through),
        pulse: seen_by_pulse(situation.pulse).map(Box::new),
        workload_read_at: Time(facts.workload.read_at),
        pods_through: newest(situation.signals).map(Time),
        pods_problem: short(&situation.signals.trouble().unwrap_or_default()),
        throttling_through: newest(situation.throttling).map(Time),
        room_problem: short(&situation.supply.headroom.trouble().unwrap_or_default()),
    }
}

/// The newest sample of what was read by pod.
fn newest(signals: &Signals) -> Option<Timestamp> {
    let Signals::ByPod(vector) = signals else { return None };
    Some(vector.newest)
}

/// The outage that burns fastest.
fn seen_by_pulse(pulse: &[Proof]) -> Option<ObservedPulse> {
    let worst = pulse.iter().max_by(|a, b| a.pace().total_cmp(&b.pace()))?;
    let percent = |share: f64| format!("{:.2}", share * 100.0);
    Some(ObservedPulse {
        objective: worst.objective.clone(),
        since: Time(worst.since),
        at: Time(worst.at),
        bad: format!("{:.0}", worst.events.bad),
        total: format!("{:.0}", worst.events.total),
        share: percent(worst.events.share()),
        outage: percent(worst.outage),
    })
}
fn short(text: &str) -> String {
    text.chars().take(LONGEST).collect()
}
