//! Hand-built outcomes, and what is owed for them.

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;
use serde_json::{Value, json};

use super::super::example::{agreement, at, ratio};
use super::*;
use crate::api::credit_status::{CreditState, CreditStatus};

mod caps;
mod combining;
mod facts;
mod oracle;
mod parts;
mod published;
mod remedies;
mod rewards;
mod tiers;

/// The agreement of the tests with this credit table; the objectives are called as the outcomes are.
fn spec(credits: Value) -> AgreementSpec {
    let mut value = serde_json::to_value(agreement()).unwrap();
    value["timeZone"] = json!("UTC");
    value["credits"] = credits;
    serde_json::from_value(value).unwrap()
}

fn june() -> Bounds {
    Bounds { start: at("2025-06-01T00:00:00Z"), end: at("2025-07-01T00:00:00Z") }
}

/// An objective with this attainment, missed where `target` is not reached.
fn attained(objective: &str, attainment: BigRational, target: BigRational) -> Outcome<'_> {
    let state = if attainment < target { State::Violated } else { State::Fulfilled };
    Outcome {
        objective,
        covered: true,
        state,
        settles_on: Some(attainment.clone()),
        at_least: Some(attainment),
        downtime: &[],
        violations: 0,
    }
}

fn missed(objective: &str) -> Outcome<'_> {
    attained(objective, ratio(998, 1000), ratio(999, 1000))
}

fn not_determined(objective: &str) -> Outcome<'_> {
    Outcome { state: State::NotDetermined, settles_on: None, at_least: None, ..missed(objective) }
}

fn granted_with(credits: Value, outcomes: &[Outcome<'_>], facts: &Facts) -> CreditAssessment {
    owed(&spec(credits), june(), june(), outcomes, facts).unwrap().unwrap()
}

fn granted(credits: Value, outcomes: &[Outcome<'_>]) -> CreditAssessment {
    granted_with(credits, outcomes, &Facts::default())
}

fn status(credits: Value, outcomes: &[Outcome<'_>]) -> CreditStatus {
    shown(&granted(credits, outcomes), CreditState::Determined)
}

fn day(text: &str) -> Date {
    text.parse().unwrap()
}

/// `10`, `25` and `50` percent below 99.9, 99 and 95 of `availability`.
fn three_tiers() -> Value {
    json!([
        {"objective": "availability", "below": "99.9", "percentOfFee": "10"},
        {"objective": "availability", "below": "99.0", "percentOfFee": "25"},
        {"objective": "availability", "below": "95.0", "percentOfFee": "50"}
    ])
}

fn fee(amount: &str, currency: &str) -> Value {
    json!({"amount": amount, "currency": currency})
}
