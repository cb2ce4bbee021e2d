//! How much is asked for now, and how fast that grows.

use super::constants::Constants;
use super::sample::{Interval, Samples};

/// The demand at an instant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// Requests per second over the rate window.
    pub rate: f64,
    /// Requests per second now: the rate carried from the middle of its window to its end by the growth.
    pub level: f64,
    /// Requests per second gained each second, never negative: what is left of the slope after its doubt.
    pub growth: f64,
    /// It has been rising for a while.
    pub rises: bool,
    /// Seconds over which the rate was counted.
    pub window: f64,
}

impl Demand {
    /// Requests per second after so many seconds, if it goes on.
    #[must_use]
    pub fn after(&self, seconds: f64, constants: &Constants) -> f64 {
        (self.level + self.growth * seconds).min(self.level * constants.forecast_cap)
    }

    /// Seconds for which it has been rising at least; 0 where it has not.
    #[must_use]
    pub fn rising(&self, constants: &Constants) -> f64 {
        if self.rises { constants.rising_window } else { 0.0 }
    }
}

/// How much more the rate varies from one block of time to the next than a Poisson process of that rate does: 1 if it is
/// one. The second difference of three neighbours cancels any even slope, and has six times the variance of one of them.
/// Loads waver on several scales, so it is taken over single intervals and over whole rate windows, and the larger counts.
#[derive(Clone, Debug)]
pub struct Dispersion {
    fine: Ratio,
    coarse: Ratio,
}

#[derive(Clone, Debug)]
struct Ratio {
    sum: f64,
    weight: f64,
}

impl Dispersion {
    /// Believes in a Poisson process.
    #[must_use]
    pub fn new(constants: &Constants) -> Self {
        let prior = Ratio { sum: constants.poisson_prior, weight: constants.poisson_prior };
        Self { fine: prior.clone(), coarse: prior }
    }

    /// Takes the newest interval, which `samples` ends with.
    pub fn observe(&mut self, samples: &Samples, scrape: f64, constants: &Constants) {
        let Some(newest) = samples.within(0.0).next() else { return };
        self.fine.observe(samples, newest.seconds, newest.seconds, constants);
        self.coarse.observe(samples, constants.rate_window.max(2.0 * scrape), newest.seconds, constants);
    }

    /// The ratio, at least 1.
    #[must_use]
    pub fn value(&self, constants: &Constants) -> f64 {
        self.fine.value().max(self.coarse.value() * constants.coarse_dispersion)
    }
}

impl Ratio {
    fn observe(&mut self, samples: &Samples, block: f64, passed: f64, constants: &Constants) {
        let rates = [0.0, 1.0, 2.0].map(|age| samples.rate_between(age * block, (age + 1.0) * block));
        let [Some(a), Some(b), Some(c)] = rates else { return };
        let mean = (a + b + c) / 3.0;
        if mean <= 0.0 {
            return;
        }
        let ratio = (a - 2.0 * b + c).powi(2) / 6.0 * block / mean;
        let keep = (-passed / constants.dispersion_memory).exp();
        self.sum = self.sum * keep + ratio * passed;
        self.weight = self.weight * keep + passed;
    }

    fn value(&self) -> f64 {
        if self.weight > 0.0 { (self.sum / self.weight).max(1.0) } else { 1.0 }
    }
}

/// The demand as of the newest sample; `scrape` is the usual interval in seconds. `None` before the first interval.
#[must_use]
pub fn now(samples: &Samples, scrape: f64, dispersion: &Dispersion, constants: &Constants) -> Option<Demand> {
    let window = constants.rate_window.max(2.0 * scrape);
    let rate = samples.rate_over(window)?;
    let growth =
        |window: f64| growth(samples.within(window.max(4.0 * scrape)), dispersion.value(constants), constants.doubt);
    let rises = growth(constants.rising_window) > 0.0;
    let growth = growth(constants.slope_window);
    Some(Demand { rate, level: rate + growth * window / 2.0, growth, rises, window })
}

/// Weighted least squares through the intervals' rates, shrunk by its doubt without a step: just above the doubt it is
/// nearly nothing, far above it whole.
///
/// The way back from a dip counts too. It often ends where the dip began, and then a few pods come for nothing; where it goes
/// on, those that were only asked for beyond that were late.
fn growth<'a>(intervals: impl Iterator<Item = &'a Interval>, dispersion: f64, doubt: f64) -> f64 {
    let points: Vec<(f64, f64, f64)> = intervals.map(|i| (i.at - i.seconds / 2.0, i.rate(), i.seconds)).collect();
    let weight: f64 = points.iter().map(|(.., w)| w).sum();
    if points.len() < 3 || weight <= 0.0 {
        return 0.0;
    }
    let mean_of = |part: fn(&(f64, f64, f64)) -> f64| points.iter().map(|p| part(p) * p.2).sum::<f64>() / weight;
    let (middle, mean) = (mean_of(|p| p.0), mean_of(|p| p.1));
    let spread: f64 = points.iter().map(|(x, _, w)| w * (x - middle).powi(2)).sum();
    let slope = points.iter().map(|(x, y, w)| w * (x - middle) * (y - mean)).sum::<f64>() / spread;
    let error = (mean * dispersion / spread).sqrt();
    if slope > 0.0 { slope * (1.0 - (doubt * error / slope).powi(2)).max(0.0) } else { 0.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::sample::{Sample, Warm};
    use super::*;

    /// Ten minutes of samples of a load, with what the law makes of them.
    fn demand(rate: impl Fn(f64) -> f64) -> (Demand, f64) {
        let constants = Constants::default();
        let (mut samples, mut dispersion) = (Samples::default(), Dispersion::new(&constants));
        let (mut answered, mut last) = (0.0, None);
        for step in 0..=40_u32 {
            let at = f64::from(step) * 15.0;
            answered += 15.0 * rate(at - 7.5);
            let (buckets, cpu_seconds, warm) = (Vec::new(), answered / 20.0, Warm::default());
            let sample = Sample { at, answered, errors: 0.0, in_flight: 0.0, cpu_seconds, buckets, ready: 4.0, warm };
            samples.take(sample, 45.0);
            dispersion.observe(&samples, 15.0, &constants);
            last = now(&samples, 15.0, &dispersion, &constants);
        }
        (last.unwrap(), dispersion.value(&constants))
    }

    #[test]
    fn an_even_load_has_no_growth_and_a_ramp_has_its_slope() {
        let (even, dispersion) = demand(|_| 100.0);
        assert!(even.growth.abs() < 1e-9 && (even.level - 100.0).abs() < 1e-6 && !even.rises);
        assert!((dispersion - 1.0).abs() < 1e-9);
        let (ramp, _) = demand(|at| 100.0 + at.max(0.0));
        assert!(ramp.growth > 0.95 && ramp.growth <= 1.0 && ramp.rises, "{ramp:?}");
        assert!((ramp.level - 700.0).abs() < 4.0, "{ramp:?}");
        let constants = Constants::default();
        assert!((ramp.after(100.0, &constants) - 800.0).abs() < 8.0);
        assert!((ramp.after(1e4, &constants) - 1.5 * ramp.level).abs() < 1e-6, "capped");
    }

    #[test]
    fn the_way_back_from_a_dip_is_growth_until_it_has_ended() {
        let back = |at: f64| if at < 420.0 { 200.0 } else { 50.0 + (at - 450.0).max(0.0) };
        let (dip, _) = demand(back);
        // The fall was a noise to it, which hides a part.
        assert!(dip.growth > 0.3 && dip.rises, "{dip:?}");
        let (ended, _) = demand(|at| back(at).min(if at > 500.0 { 100.0 } else { 200.0 }));
        assert!(ended.growth < 0.05 && ended.rises, "{ended:?}");
    }

    #[test]
    fn noise_is_measured_and_hides_a_small_slope() {
        let noise = |at: f64| if (at / 15.0).floor() % 2.0 == 0.0 { 20.0 } else { -20.0 };
        let (hidden, dispersion) = demand(|at| 100.0 + 0.1 * at + noise(at));
        assert!(dispersion > 20.0, "{dispersion}");
        assert!(hidden.growth.abs() < 1e-9, "{hidden:?}");
    }
}
