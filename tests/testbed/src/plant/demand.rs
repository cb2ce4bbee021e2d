//! How much work a request asks for.
//!
//! Takes a mean and a spread, gives seeded draws in core-seconds. Lognormal, the usual shape of measured service times: many
//! short requests, few long ones. Never knows of queues: how long a request takes also depends on its neighbours.

use std::time::Duration;

use anyhow::{Result, anyhow, ensure};
use rand::Rng;
use rand_distr::{Distribution, LogNormal};

/// A lognormal distribution of work whose mean does not move with its spread.
#[derive(Debug, Clone)]
pub struct Demand {
    mean: f64,
    shape: LogNormal<f64>,
}

impl Demand {
    /// `mean` is the work of the average request on one core at full speed; `sigma` is the standard deviation of the work's
    /// logarithm (0 makes all requests equal, 0.6 is a common web service).
    ///
    /// # Errors
    /// When the mean is zero, or the spread is negative or not a number.
    pub fn new(mean: Duration, sigma: f64) -> Result<Self> {
        ensure!(!mean.is_zero(), "service_time must be longer than zero");
        ensure!(sigma.is_finite() && sigma >= 0.0, "sigma must be a number of at least 0, not {sigma}");
        // exp(N(-s^2/2, s)) has mean 1, so `mean` stays the mean for every spread.
        let shape = LogNormal::new(-sigma * sigma / 2.0, sigma).map_err(|error| anyhow!("sigma {sigma}: {error}"))?;
        Ok(Self { mean: mean.as_secs_f64(), shape })
    }

    /// The work of one request, in core-seconds.
    pub fn sample(&self, rng: &mut impl Rng) -> f64 {
        self.mean * self.shape.sample(rng)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    #[test]
    fn the_mean_is_the_mean_whatever_the_spread() {
        for sigma in [0.0, 0.6, 1.2] {
            let demand = Demand::new(Duration::from_millis(50), sigma).unwrap();
            let mut rng = Pcg64::seed_from_u64(7);
            let sum: f64 = (0..400_000).map(|_| demand.sample(&mut rng)).sum();
            let mean = sum / 400_000.0;
            assert!((mean / 0.05 - 1.0).abs() < 0.01, "sigma {sigma}: mean {mean}");
        }
    }

    #[test]
    fn a_bad_distribution_is_refused_by_name() {
        assert!(Demand::new(Duration::ZERO, 0.6).unwrap_err().to_string().contains("service_time"));
        for sigma in [-0.1, f64::NAN, f64::INFINITY] {
            assert!(Demand::new(Duration::from_millis(1), sigma).unwrap_err().to_string().contains("sigma"));
        }
    }
}
