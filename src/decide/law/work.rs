//! How much work a request is, in core-seconds.

use super::constants::Constants;
use super::sample::Samples;

/// Requests that must have been served before the work of one is known: it then varies by a few percent.
const ENOUGH: f64 = 200.0;
/// The long window counts down to this part of the short one.
const CLOSE: f64 = 0.97;

/// The mean work of a request that a warm pod served: over the long window, but no less than the short one says. It rises
/// fast and falls slowly. `None` before enough were served.
#[must_use]
pub fn of_a_request(samples: &Samples, scrape: f64, constants: &Constants) -> Option<f64> {
    let over = |window: f64| {
        let (cpu, served) = samples
            .within(window)
            .fold((0.0, 0.0), |(cpu, served), i| (cpu + i.warm.cpu_seconds, served + i.warm.served));
        (served >= ENOUGH).then(|| cpu / served)
    };
    let long = over(constants.work_window)?;
    Some(over(constants.short_work.max(2.0 * scrape)).map_or(long, |short| long.max(CLOSE * short)))
}

/// The share of the answered requests that failed, over the long window.
#[must_use]
pub fn failed_share(samples: &Samples, constants: &Constants) -> f64 {
    let intervals = samples.within(constants.work_window);
    let (answered, errors) =
        intervals.fold((0.0, 0.0), |(answered, errors), i| (answered + i.answered, errors + i.errors));
    if answered > 0.0 { errors / answered } else { 0.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::sample::{Sample, Warm};
    use super::*;

    #[test]
    fn more_work_is_believed_at_once_and_less_slowly() {
        let constants = Constants::default();
        let work = |before: f64, after: f64, rate: f64| {
            let mut samples = Samples::default();
            let mut sample = Sample {
                at: 0.0,
                answered: 0.0,
                errors: 0.0,
                in_flight: 0.0,
                cpu_seconds: 0.0,
                buckets: Vec::new(),
                ready: 1.0,
                warm: Warm { pods: 1.0, ..Warm::default() },
            };
            for step in 0..=20_u32 {
                samples.take(sample.clone(), 45.0);
                sample.at += 15.0;
                sample.answered += 15.0 * rate;
                // All pods are warm, and others beside them burn.
                sample.cpu_seconds += 15.0 * rate;
                sample.warm.served = sample.answered;
                sample.warm.cpu_seconds += 15.0 * rate * if step < 16 { before } else { after };
            }
            of_a_request(&samples, 15.0, &constants)
        };
        assert!((work(0.05, 0.05, 100.0).unwrap() - 0.05).abs() < 1e-9);
        assert!(work(0.05, 0.10, 100.0).unwrap() > 0.095);
        assert!(work(0.10, 0.05, 100.0).unwrap() > 0.085);
        assert_eq!(work(0.05, 0.05, 0.5), None, "too few requests");
    }
}
