//! How much more than forecast is provided, from how wrong the forecasts were.

use std::collections::VecDeque;

use statrs::distribution::{ContinuousCDF, StudentsT};

use super::constants::Constants;
use super::demand::Demand;
use super::variation::Variation;

/// Errors of past forecasts.
#[derive(Clone, Debug, Default)]
pub struct Reserve {
    /// What was provided for: when, how many requests per second.
    provided: VecDeque<(f64, f64)>,
    squares: f64,
    observations: f64,
    /// What is believed of errors that were not seen yet.
    variation: Variation,
}

impl Reserve {
    /// Notes the demand of an interval of `seconds` that ends `at`, and what is provided for from now on.
    ///
    /// The error is scored against what really ran: the least that was provided during the horizon before. Scored against
    /// the bare forecast, every return from a dip would count, although the held peak carries it.
    pub fn observe(
        &mut self,
        (at, seconds): (f64, f64),
        demand: &Demand,
        provided: f64,
        horizon: f64,
        constants: &Constants,
    ) {
        let rate = demand.rate;
        self.variation.observe((at, seconds), demand, constants);
        let reaches_back = self.provided.front().is_some_and(|(since, _)| *since <= at - horizon + seconds);
        self.provided.retain(|(since, _)| *since >= at - horizon);
        if reaches_back && rate > 0.0 {
            let least = self.provided.iter().map(|(_, rate)| *rate).fold(f64::INFINITY, f64::min);
            if least.is_finite() && least > 0.0 {
                let keep = (-std::f64::consts::LN_2 * seconds / constants.error_half_life).exp();
                // Errors within one horizon are one error: each interval is that part of an observation.
                let share = seconds / horizon;
                let known = self.variance(horizon, constants).sqrt();
                let error = (rate / least).ln().clamp(0.0, constants.largest_error * known);
                // Only one side is seen, so it stands for both.
                self.squares = self.squares * keep + share * 2.0 * error.powi(2);
                self.observations = self.observations * keep + share;
            }
        }
        self.provided.push_back((at, provided));
    }

    /// What the forecast is multiplied with: the quantile of a Student distribution whose variance is estimated.
    #[must_use]
    pub fn factor(&self, horizon: f64, constants: &Constants) -> f64 {
        let freedom = constants.prior_weight + self.observations;
        let variance = self.variance(horizon, constants);
        let student = StudentsT::new(0.0, 1.0, freedom);
        let quantile = student.map_or(constants.most_reserve, |student| student.inverse_cdf(1.0 - constants.misses));
        (quantile * variance.sqrt()).exp().min(constants.most_reserve)
    }

    fn variance(&self, horizon: f64, constants: &Constants) -> f64 {
        let deviation = self.variation.deviation(constants) * (horizon / 60.0).powf(constants.prior_growth);
        (constants.prior_weight * deviation * deviation + self.squares) / (constants.prior_weight + self.observations)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two hours in which demand is `off` times what was provided, once in `every` horizons, and equal to it otherwise.
    fn factor(off: f64, every: u32, horizon: f64) -> f64 {
        let constants = Constants::default();
        let mut reserve = Reserve::default();
        let steps_of_horizon = 10;
        for step in 0..480_u32 {
            let rate = if step % (steps_of_horizon * every) < steps_of_horizon { off } else { 1.0 };
            let demand = Demand { rate: 100.0 * rate, level: 100.0 * rate, growth: 0.0, rises: false, window: 60.0 };
            reserve.observe((f64::from(step) * 15.0, 15.0), &demand, 100.0, horizon, &constants);
        }
        reserve.factor(horizon, &constants)
    }

    #[test]
    fn it_shrinks_while_forecasts_hold_and_grows_when_they_do_not() {
        let constants = Constants::default();
        let unknown = Reserve::default().factor(150.0, &constants);
        // Student's 90 % quantile at 3 degrees is 1.638; 0.05 * 2.5^0.75 = 0.0994.
        assert!((unknown - (1.638 * 0.0994_f64).exp()).abs() < 1e-3, "{unknown}");
        assert!(factor(1.0, 1, 150.0) < 1.08);
        assert!(factor(0.5, 1, 150.0) < 1.08, "less than provided is no error");
        assert!(factor(1.3, 2, 150.0) > 1.25);
    }

    #[test]
    fn one_jump_is_not_paid_for_afterwards_and_many_are() {
        assert!(factor(4.0, 48, 150.0) < 1.35, "{}", factor(4.0, 48, 150.0));
        assert!(factor(4.0, 2, 150.0) > 1.8);
    }
}
