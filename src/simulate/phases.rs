//! When what happens at a fixed distance happens for the first time.
//!
//! Where a rise falls between two scrapes, two readings of the metrics server and two looks of an autoscaler is chance, and
//! often decides whether one minute more is bad. What is compared with a cluster, or is to say what a real service would have
//! owed, draws it with the seed. Policies that are compared with each other alone are better told apart where they are all as
//! lucky as can be.

use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64Mcg;

/// The stream of random numbers that they are drawn from; the plant and the arrivals have those below.
const STREAM: u64 = 7;

/// By how much of its distance each is later than soonest: from 0 to below 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Phases {
    /// The scrapes.
    pub scrape: f64,
    /// The readings of the metrics server.
    pub pod_metrics: f64,
    /// The decisions of the policy; where the operator is beside an autoscaler, those of that.
    pub decide: f64,
    /// The looks of the operator at the last minute.
    pub pulse: f64,
}

impl Phases {
    /// Those of a seed.
    #[must_use]
    pub fn drawn(seed: u64) -> Self {
        let mut random = Pcg64Mcg::seed_from_u64(seed.wrapping_mul(8).wrapping_add(STREAM));
        let mut part = || random.random_range(0.0..1.0);
        Self { scrape: part(), pod_metrics: part(), decide: part(), pulse: part() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_draws_its_own_and_always_the_same() {
        let all: Vec<Phases> = (0..200).map(Phases::drawn).collect();
        assert_eq!(all, (0..200).map(Phases::drawn).collect::<Vec<_>>());
        let parts = |of: fn(&Phases) -> f64| all.iter().map(of).collect::<Vec<_>>();
        for parts in [parts(|p| p.scrape), parts(|p| p.pod_metrics), parts(|p| p.decide), parts(|p| p.pulse)] {
            assert!(parts.iter().all(|part| (0.0..1.0).contains(part)));
            let mean = parts.iter().sum::<f64>() / 200.0;
            assert!((mean - 0.5).abs() < 0.1, "{mean}");
        }
    }
}
