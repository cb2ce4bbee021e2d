//! How long pods take to start.

use std::collections::VecDeque;

use super::constants::Constants;

/// Starts that are remembered: enough for a tenth of them to be two.
const REMEMBERED: usize = 20;

/// The last starts.
#[derive(Clone, Debug, Default)]
pub struct Starts {
    seconds: VecDeque<f64>,
}

impl Starts {
    /// A pod took so many seconds from its creation until it was ready. What is not a positive number is left out.
    pub fn observe(&mut self, seconds: f64) {
        if !seconds.is_finite() || seconds < 0.0 {
            return;
        }
        if self.seconds.len() >= REMEMBERED {
            self.seconds.pop_front();
        }
        self.seconds.push_back(seconds);
    }

    /// The start to plan with, and whether one was ever seen.
    #[must_use]
    pub fn delay(&self, constants: &Constants) -> (f64, bool) {
        let mut seconds: Vec<f64> = self.seconds.iter().copied().collect();
        seconds.sort_by(f64::total_cmp);
        let number = u32::try_from(seconds.len()).map_or(0.0, f64::from);
        // The cast saturates.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let place = (number * constants.start_quantile) as usize;
        let delay = seconds.get(place).or(seconds.last());
        (delay.copied().unwrap_or(constants.unknown_start), delay.is_some())
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn nine_of_ten_starts_are_planned_for() {
        let constants = Constants::default();
        let mut starts = Starts::default();
        assert_eq!(starts.delay(&constants), (90.0, false));
        for seconds in [f64::NAN, -1.0] {
            starts.observe(seconds);
        }
        assert!(!starts.delay(&constants).1);
        starts.observe(40.0);
        assert_eq!(starts.delay(&constants), (40.0, true));
        for second in 0..30_u32 {
            starts.observe(f64::from(second));
        }
        // The last twenty are 10 to 29.
        assert_eq!(starts.delay(&constants), (28.0, true));
    }
}
