//! What of an agreement a run can judge: the objectives that count requests.
//!
//! Of an objective on latency a request is good that was answered in time, with an error or without, as in a histogram; of any
//! other ratio one that did not fail. A request without any answer is good of none.

use std::iter::Sum;
use std::ops::Range;

use num_rational::BigRational;

use super::scenario::PATIENCE;
use crate::api::measurement::Method;
use crate::api::objective::Objective;
use crate::evaluate::exact::{divide, share, whole};
use crate::evaluate::span::elapsed;
use crate::simulate::run::Outcome;
use crate::simulate::score::Minute;

/// An objective that is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Its name.
    pub name: String,
    /// The share that must be good, exactly.
    pub target: BigRational,
    /// What is good.
    pub good: Good,
}

/// Which requests are good.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Good {
    /// Those that were answered within so many seconds.
    Within(f64),
    /// Those that did not fail.
    Answered,
}

/// Requests that were counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// The good ones.
    pub good: u64,
    /// All.
    pub total: u64,
}

impl Judged {
    /// That of an objective. `None`: a run says nothing about it.
    #[must_use]
    pub fn of(objective: &Objective) -> Option<Self> {
        if objective.measurement.method != Method::Events {
            return None;
        }
        let good = match (&objective.indicator.latency, &objective.indicator.ratio) {
            (Some(latency), _) => Good::Within(elapsed(&latency.threshold).ok()?.as_secs_f64()),
            (None, Some(_)) => Good::Answered,
            (None, None) => return None,
        };
        // Beyond that clients have given up.
        let is_seen = !matches!(good, Good::Within(seconds) if seconds <= 0.0 || seconds >= PATIENCE);
        let target = share(&objective.target).ok().filter(|_| is_seen)?;
        Some(Self { name: objective.name.clone(), target, good })
    }

    /// The requests of these minutes of a run.
    #[must_use]
    pub fn counted(&self, outcome: &Outcome, minutes: &Range<usize>) -> Counted {
        let within = match self.good {
            Good::Within(seconds) => Some(outcome.bounds.iter().filter(|bound| **bound <= seconds).count()),
            Good::Answered => None,
        };
        let good = |minute: &Minute| match within {
            Some(buckets) => minute.answered.iter().take(buckets).sum::<u64>(),
            None => minute.requests.saturating_sub(minute.errors),
        };
        let minutes = outcome.minutes.iter().skip(minutes.start).take(minutes.len());
        minutes.map(|minute| Counted { good: good(minute), total: minute.requests }).sum()
    }
}

impl Counted {
    /// The share of the good ones, exactly. `None`: there were none at all.
    #[must_use]
    pub fn attainment(&self) -> Option<BigRational> {
        divide(&whole(self.good), &whole(self.total))
    }
}

impl Sum for Counted {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self::default(), |sum, one| Self { good: sum.good + one.good, total: sum.total + one.total })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::api::ServiceLevelAgreement;

    const EXAMPLE: &str = include_str!("../../../examples/simulate/enforced.yaml");

    fn judged(text: &str) -> Vec<Option<Good>> {
        let spec = serde_saphyr::from_str::<ServiceLevelAgreement>(text).unwrap().spec;
        spec.objectives.iter().map(|objective| Judged::of(objective).map(|judged| judged.good)).collect()
    }

    #[test]
    fn what_counts_requests_is_judged() {
        assert_eq!(judged(EXAMPLE), [Some(Good::Within(1.0)), Some(Good::Answered)]);
        assert_eq!(judged(&EXAMPLE.replace("threshold: 1s", "threshold: 5s")), [None, Some(Good::Answered)]);
        let by_time =
            EXAMPLE.replace("    target: \"99.9\"", "    measurement: {method: MeanOfSlots}\n    target: \"99.9\"");
        assert_eq!(judged(&by_time), [Some(Good::Within(1.0)), None]);
    }

    /// Of 110 requests ten got no answer, and of the hundred answers, ten of which were errors, twenty were late.
    #[test]
    fn an_error_in_time_is_in_time_and_no_answer_is_not() {
        let minute = Minute { requests: 110, errors: 20, answered: vec![50, 30, 20] };
        let outcome = Outcome {
            minutes: vec![Minute::default(), minute.clone(), minute],
            bounds: vec![0.5, 1.0],
            pod_seconds: 0.0,
            seconds: 180.0,
            replicas: Vec::new(),
            struck_nothing: Vec::new(),
        };
        let counted = |good, minutes| {
            let judged = Judged { name: "any".to_owned(), target: whole(1), good };
            let Counted { good, total } = judged.counted(&outcome, &minutes);
            (good, total)
        };
        assert_eq!(counted(Good::Within(1.0), 1..2), (80, 110));
        assert_eq!(counted(Good::Within(0.5), 0..3), (100, 220));
        assert_eq!(counted(Good::Answered, 2..9), (90, 110));
        assert_eq!(counted(Good::Answered, 0..1), (0, 0));
        assert_eq!(Counted::default().attainment(), None);
    }
}
