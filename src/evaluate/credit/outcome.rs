//! What the credits of a period rest on: how each objective came out, and what else is known.

use std::collections::BTreeMap;

use k8s_openapi::jiff::civil::Date;
use num_rational::BigRational;

use crate::api::agreement_status::State;

use super::super::assessment::Assessment;
use super::super::period::Bounds;

/// How one objective came out.
#[derive(Clone, Debug)]
pub struct Outcome<'a> {
    /// Its name.
    pub objective: &'a str,
    /// Whether the promise covers this instance.
    pub covered: bool,
    /// The verdict on it.
    pub state: State,
    /// The attainment on which credits are owed, 0 to 1. `None`: nothing is.
    pub settles_on: Option<BigRational>,
    /// The attainment that is reached for certain, 0 to 1, on which rewards are owed. `None`: nothing is.
    pub at_least: Option<BigRational>,
    /// The bad time that counts.
    pub downtime: &'a [Bounds],
    /// How many violations began in the period, of values that are reported how many were late in it.
    pub violations: usize,
}

/// What else is known about the period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// What was turned over, in the fee's currency. `None`: nobody said.
    pub volume: Option<BigRational>,
    /// Deliveries that were made in the period.
    pub deliveries: Vec<Delivery>,
    /// What was granted for earlier parts of the same period, where an amendment splits it.
    pub granted_this_period: Granted,
    /// The reward for those parts, in the fee's currency.
    pub rewarded_this_period: BigRational,
    /// What was granted for earlier periods of the same contract year.
    pub granted_this_year: Granted,
    /// What was granted for all earlier periods, those of this year included.
    pub granted_before: Granted,
    /// Per objective, how many whole periods right before this one were missed in a row. The parts of a period that an
    /// amendment splits are one, which is missed when any of them is.
    pub missed_in_a_row: BTreeMap<String, u32>,
    /// The objective (for a tier) or the remedy that the customer chose.
    pub chosen: Option<String>,
    /// Whether the agreement ends with the period, whatever its validity says: then the fee is for no more than that.
    pub ends: bool,
}

/// A delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The objective that promises it.
    pub objective: String,
    /// The last day that was in time.
    pub due: Date,
    /// The day on which it was made.
    pub done: Date,
}

/// Credits of earlier periods.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Granted {
    /// By currency, in major units, as they were issued.
    pub money: BTreeMap<String, BigRational>,
    /// Days of service, added to the agreement or paid.
    pub service_days: i64,
}

/// The outcomes of an assessment.
#[must_use]
pub fn outcomes(assessment: &Assessment) -> Vec<Outcome<'_>> {
    assessment
        .objectives
        .iter()
        .map(|o| Outcome {
            objective: &o.name,
            covered: o.covered,
            state: o.verdict,
            settles_on: o.settles_on.clone(),
            at_least: o.at_least.clone(),
            downtime: &o.downtime,
            violations: o.incidents,
        })
        .collect()
}
