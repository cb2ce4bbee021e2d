//! What happened in the time of a run, at as many instants as a plot can show.

use num_rational::BigRational;

use super::promised::Promised;
use super::scenario::PATIENCE;
use crate::evaluate::exact::{divide, whole};
use crate::simulate::load::Load;
use crate::simulate::run::Outcome;
use crate::simulate::score::Minute;

/// Most instants: more could not be told apart on a page.
const MOST: usize = 240;
/// Seconds of a minute, in which a run is counted.
const MINUTE: usize = 60;

/// A run over its time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Seconds it lasted.
    pub seconds: f64,
    /// One for each stretch of equally many minutes.
    pub stretches: Vec<Stretch>,
    /// Replicas asked for, whenever they changed: when, how many.
    pub replicas: Vec<(f64, u32)>,
}

/// A stretch of minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its end, in seconds since the beginning of the run.
    pub end: f64,
    /// Requests per second that came in.
    pub offered: f64,
    /// Seconds within which the promised share of its requests were answered: the bound of a bucket, or what clients wait
    /// at the most. None without requests.
    pub latency: Option<f64>,
    /// Good requests from the beginning of the run on.
    pub good: u64,
    /// All of them.
    pub total: u64,
}

impl Stretch {
    /// The attainment from the beginning of the run on, exactly. None before the first request.
    #[must_use]
    pub fn attainment(&self) -> Option<BigRational> {
        divide(&whole(self.good), &whole(self.total))
    }
}

impl Course {
    /// Takes from a run what a plot shows of it.
    #[must_use]
    pub fn new(outcome: &Outcome, load: &Load, promised: &Promised) -> Self {
        let each = outcome.minutes.len().div_ceil(MOST).max(1);
        let (mut good, mut total) = (0_u64, 0_u64);
        let stretches = outcome.minutes.chunks(each).enumerate().map(|(place, minutes)| {
            let from = place * each * MINUTE;
            let until = (from + minutes.len() * MINUTE).min(load.seconds());
            let served = served(minutes, outcome.bounds.len());
            let within = outcome.bounds.iter().filter(|bound| **bound <= promised.latency).count();
            good += served.iter().take(within).sum::<u64>();
            let requests = minutes.iter().map(|minute| minute.requests).sum::<u64>();
            total += requests;
            Stretch {
                end: seconds(until),
                offered: load.part(from, until).mean(),
                latency: latency(&served, &outcome.bounds, requests, promised.good),
                good,
                total,
            }
        });
        Self { seconds: outcome.seconds, stretches: stretches.collect(), replicas: outcome.replicas.clone() }
    }

    /// How often more replicas were asked for, and how often fewer.
    #[must_use]
    pub fn changes(&self) -> (usize, usize) {
        let (before, after) = (self.replicas.iter(), self.replicas.iter().skip(1));
        let pairs: Vec<_> = before.zip(after).map(|((_, before), (_, after))| (before, after)).collect();
        let more = pairs.iter().filter(|(before, after)| before < after).count();
        (more, pairs.len() - more)
    }
}

/// Served requests by bucket, the last one being what is above all bounds.
fn served(minutes: &[Minute], bounds: usize) -> Vec<u64> {
    let of = |bucket: usize| minutes.iter().filter_map(|minute| minute.served.get(bucket)).sum();
    (0..=bounds).map(of).collect()
}

fn latency(served: &[u64], bounds: &[f64], requests: u64, share: f64) -> Option<f64> {
    if requests == 0 {
        return None;
    }
    let enough = share * count(requests);
    let mut answered = 0_u64;
    for (bound, bucket) in bounds.iter().zip(served) {
        answered += bucket;
        if count(answered) >= enough {
            return Some(*bound);
        }
    }
    Some(PATIENCE)
}

fn count(requests: u64) -> f64 {
    usize::try_from(requests).map_or(f64::MAX, seconds)
}

/// Neither a run nor its requests come near 2^52.
#[allow(clippy::cast_precision_loss)]
fn seconds(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]
mod tests {
    use super::super::promised::promised;
    use super::*;
    use crate::api::ServiceLevelAgreement;

    fn outcome(minutes: Vec<Minute>) -> Outcome {
        Outcome {
            seconds: seconds(minutes.len() * MINUTE),
            minutes,
            bounds: vec![0.1, 0.5, 1.0],
            pod_seconds: 0.0,
            replicas: vec![(0.0, 4), (31.0, 6), (46.0, 5), (90.0, 7)],
            scrapes: Vec::new(),
            starts: Vec::new(),
        }
    }

    fn minute(served: [u64; 4], errors: u64) -> Minute {
        Minute { requests: served.iter().sum::<u64>() + errors, errors, served: served.to_vec() }
    }

    fn promise() -> Promised {
        let text = include_str!("../../../examples/simulate/agreement.yaml").replace("\"99\"", "\"90\"");
        promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&text).unwrap().spec, None).unwrap()
    }

    #[test]
    fn a_minute_tells_its_load_latency_and_what_came_before() {
        let run = outcome(vec![
            minute([80, 15, 5, 0], 0),
            minute([0; 4], 0),
            minute([50, 20, 20, 0], 10),
            minute([10, 0, 0, 40], 50),
        ]);
        let load = Load::new([vec![2.0; 60], vec![0.0; 60], vec![1.0; 110]].concat()).unwrap();
        let course = Course::new(&run, &load, &promise());
        let told: Vec<_> = course.stretches.iter().map(|s| (s.end, s.offered, s.latency, s.good, s.total)).collect();
        assert_eq!(
            told,
            [
                (60.0, 2.0, Some(0.5), 95, 100),
                (120.0, 0.0, None, 95, 100),
                (180.0, 1.0, Some(1.0), 165, 200),
                (230.0, 1.0, Some(PATIENCE), 175, 300),
            ]
        );
        assert_eq!(course.stretches[3].attainment(), divide(&whole(7), &whole(12)));
        assert_eq!(course.changes(), (2, 1));
    }

    #[test]
    fn a_long_run_is_told_in_stretches_that_lose_nothing() {
        let run = outcome(vec![minute([9, 0, 1, 0], 0); 1000]);
        let load = Load::new(vec![1.0; 60_000]).unwrap();
        let course = Course::new(&run, &load, &promise());
        assert!(course.stretches.len() <= MOST && course.stretches.len() > MOST / 2, "{}", course.stretches.len());
        let last = course.stretches.last().unwrap();
        assert_eq!((last.end, last.good, last.total), (60_000.0, 9_000, 10_000));
        assert!(course.stretches.iter().all(|s| s.latency == Some(0.1) && s.offered == 1.0));
    }
}
