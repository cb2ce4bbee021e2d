//! The load offered to a service, and the instants its requests arrive.
//!
//! Takes the time since the load was set, gives a rate and, from it, seeded Poisson arrivals. Never reacts to what the service does
//! with the requests: users come regardless (an open system).

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use rand::Rng;
use rand_distr::{Distribution, Exp1};

use super::trace::Trace;

/// Requests per second over time, counted from the moment the load is set.
#[derive(Debug, Clone, PartialEq)]
pub enum Load {
    /// Always the same rate.
    Constant(f64),
    /// One jump, up or down.
    Step {
        /// Rate until the jump.
        before: f64,
        /// Rate from the jump on.
        after: f64,
        /// When the jump comes.
        at: Duration,
    },
    /// A recording, repeated for ever.
    Trace {
        /// The recording.
        trace: Arc<Trace>,
        /// Every rate is multiplied by this.
        scale: f64,
        /// Seconds of the recording in one second: 60 plays an hour in a minute. The rates stay what they are.
        compression: f64,
    },
}

impl Load {
    /// The recording as it was: its own rates at its own pace.
    #[must_use]
    pub fn recorded(trace: Trace) -> Self {
        Self::Trace { trace: Arc::new(trace), scale: 1.0, compression: 1.0 }
    }

    /// Requests per second at the time `since` the load was set.
    #[must_use]
    pub fn rate_at(&self, since: Duration) -> f64 {
        match self {
            Self::Constant(rate) => *rate,
            Self::Step { before, after, at } => *(if since < *at { before } else { after }),
            Self::Trace { trace, scale, compression } => {
                // Too far ahead for a Duration is centuries: the recording's beginning is as good as any place in it.
                let place = Duration::try_from_secs_f64(since.as_secs_f64() * compression).unwrap_or_default();
                trace.rate_at(place) * scale
            }
        }
    }

    /// Whether this load can be offered.
    ///
    /// # Errors
    /// Names the number that is negative, infinite or not a number; a compression of 0 would never move.
    pub fn check(&self) -> Result<()> {
        let rate = |name: &str, value: f64| {
            ensure!(value.is_finite() && value >= 0.0, "load: {name} must be a number of at least 0, not {value}");
            Ok(())
        };
        match self {
            Self::Constant(constant) => rate("the rate", *constant),
            Self::Step { before, after, .. } => rate("before", *before).and_then(|()| rate("after", *after)),
            Self::Trace { scale, compression, .. } => {
                rate("scale", *scale)?;
                ensure!(
                    compression.is_finite() && *compression > 0.0,
                    "load: compression must be a number above 0, not {compression}"
                );
                Ok(())
            }
        }
    }
}

/// A Poisson process whose rate may change at any time.
///
/// It walks in units of expected arrivals instead of seconds, where the gaps are exponential with mean 1 whatever the rate; so a new
/// rate takes effect at once and nothing has to be drawn again.
#[derive(Debug)]
pub struct Arrivals<R> {
    rng: R,
    /// Expected arrivals still to pass until the next one.
    left: f64,
}

impl<R: Rng> Arrivals<R> {
    /// A process that draws from `rng`.
    pub fn new(mut rng: R) -> Self {
        let left = Exp1.sample(&mut rng);
        Self { rng, left }
    }

    /// The next arrival after `from` and not after `until` (seconds), at a constant `rate` between the two. `None` has used up the
    /// whole time; after `Some(at)` go on from `at`.
    pub fn next(&mut self, from: f64, until: f64, rate: f64) -> Option<f64> {
        let expected = (until - from).max(0.0) * rate;
        if expected <= 0.0 || expected < self.left {
            self.left -= expected;
            return None;
        }
        let at = from + self.left / rate;
        self.left = Exp1.sample(&mut self.rng);
        Some(at.min(until))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    #[test]
    fn loads_follow_their_plan() {
        let trace = Arc::new(Trace::new(Duration::from_secs(60), vec![10.0, 20.0, 30.0]).unwrap());
        let squeezed = Load::Trace { trace: trace.clone(), scale: 0.5, compression: 60.0 };
        let jump = Load::Step { before: 5.0, after: 50.0, at: Duration::from_secs(2) };
        let cases = [
            (Load::Constant(7.0), [7.0, 7.0, 7.0, 7.0]),
            (jump, [5.0, 5.0, 50.0, 50.0]),
            (Load::Trace { trace, scale: 1.0, compression: 1.0 }, [10.0; 4]),
            (squeezed, [5.0, 10.0, 15.0, 5.0]),
        ];
        for (load, expected) in cases {
            load.check().unwrap();
            let rates = [0, 1, 2, 3].map(|second| load.rate_at(Duration::from_secs(second)));
            assert_eq!(rates, expected, "{load:?}");
        }
    }

    #[test]
    fn a_load_that_cannot_be_offered_is_refused_by_name() {
        let trace = Arc::new(Trace::new(Duration::from_secs(1), vec![1.0]).unwrap());
        let traced = |scale, compression| Load::Trace { trace: trace.clone(), scale, compression };
        let step = |before, after| Load::Step { before, after, at: Duration::ZERO };
        let cases = [
            (Load::Constant(-1.0), "the rate"),
            (step(f64::NAN, 1.0), "before"),
            (step(1.0, f64::INFINITY), "after"),
            (traced(-1.0, 1.0), "scale"),
            (traced(1.0, 0.0), "compression"),
        ];
        for (load, name) in cases {
            assert!(load.check().unwrap_err().to_string().contains(name), "{load:?}");
        }
    }

    /// Arrivals in each of `seconds`, the time cut in steps of 0.1 s.
    fn per_second(arrivals: &mut Arrivals<Pcg64>, seconds: u32, rate: f64) -> Vec<f64> {
        let count = |second: u32| {
            let mut found = 0.0;
            for tenth in 0..10 {
                let (mut from, until) =
                    (f64::from(second * 10 + tenth) / 10.0, f64::from(second * 10 + tenth + 1) / 10.0);
                while let Some(at) = arrivals.next(from, until, rate) {
                    assert!(at >= from && at <= until);
                    from = at;
                    found += 1.0;
                }
            }
            found
        };
        (0..seconds).map(count).collect()
    }

    #[test]
    fn arrivals_are_poisson() {
        let mut arrivals = Arrivals::new(Pcg64::seed_from_u64(3));
        let counts = per_second(&mut arrivals, 5_000, 40.0);
        let mean = counts.iter().sum::<f64>() / 5_000.0;
        let variance = counts.iter().map(|n| (n - mean).powi(2)).sum::<f64>() / 5_000.0;
        assert!((mean / 40.0 - 1.0).abs() < 0.01, "mean {mean}");
        // A Poisson count's variance is its mean; an even stream would have 0.
        assert!((variance / 40.0 - 1.0).abs() < 0.08, "variance {variance}");
        assert_eq!(per_second(&mut arrivals, 10, 0.0), [0.0; 10], "no load, no requests");
    }
}
