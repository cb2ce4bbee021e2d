//! What an objective counts of the simulated requests.

use super::Unfit;
use crate::api::objective::Objective;
use crate::evaluate::count::Count;
use crate::evaluate::slot::Tally;
use crate::evaluate::span::elapsed;

/// What is bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Of all requests those that failed.
    Errors,
    /// Of the answers those that are not within the bucket at this place.
    Slower(usize),
}

impl Measure {
    /// That of an objective: on latency by its threshold, which has to be a bound of the histogram; any other counts errors.
    ///
    /// # Errors
    /// The threshold is none.
    pub fn of(objective: &Objective, bounds: &[f64]) -> Result<Self, Unfit> {
        let Some(latency) = &objective.indicator.latency else { return Ok(Self::Errors) };
        let threshold = elapsed(&latency.threshold).map_err(|_| Unfit::Threshold(objective.name.clone()))?;
        let place = bounds.iter().position(|bound| (bound - threshold.as_secs_f64()).abs() < 1e-9);
        place.map(Self::Slower).ok_or_else(|| Unfit::Threshold(objective.name.clone()))
    }

    /// What it counts of requests, their errors, and the answers by cumulative bucket.
    #[must_use]
    pub fn count(self, requests: u64, errors: u64, buckets: &[u64]) -> (u64, u64) {
        match self {
            Self::Errors => (requests, errors),
            Self::Slower(place) => {
                let all = buckets.last().copied().unwrap_or(0);
                (all, all - buckets.get(place).copied().unwrap_or(0).min(all))
            }
        }
    }
}

/// Events, and the bad ones among them, between two readings of counters.
#[must_use]
pub fn increase(before: (u64, u64), after: (u64, u64)) -> Tally {
    let events =
        |before: u64, after: u64| Count::events(u32::try_from(after.saturating_sub(before)).unwrap_or(u32::MAX));
    Tally { total: events(before.0, after.0), bad: events(before.1, after.1) }
}
