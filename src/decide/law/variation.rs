//! How much demand differs from what was foreseen of it a minute before.
//!
//! It is what is believed of errors over a whole horizon as long as few of those were seen: a horizon is minutes long, an hour
//! has a score of them, and sixty minutes. So a calm load has a small reserve before long, and one that is restless has a
//! large one before its first error has cost anything.

use std::collections::VecDeque;

use super::constants::Constants;
use super::demand::Demand;

/// Seconds in a minute.
const MINUTE: f64 = 60.0;
/// A change counts as no more than this: more within a minute is a jump, for which no reserve is kept.
const LARGEST: f64 = 0.2;

/// What the minutes have shown.
#[derive(Clone, Debug, Default)]
pub struct Variation {
    /// What was foreseen of the rate that would be counted next: when, how many requests per second.
    foreseen: VecDeque<(f64, f64)>,
    squares: f64,
    minutes: f64,
}

impl Variation {
    /// Notes the demand of an interval of `seconds` that ends `at`.
    pub fn observe(&mut self, (at, seconds): (f64, f64), demand: &Demand, constants: &Constants) {
        // A minute later, or when a whole window has passed where the rate needs more than that: of two windows that overlap the
        // one tells of the other.
        let later = demand.window.max(MINUTE);
        let then = at - later;
        while self.foreseen.get(1).is_some_and(|(since, _)| *since <= then) {
            self.foreseen.pop_front();
        }
        // What was foreseen before a gap says nothing of a minute.
        let of_then = self.foreseen.front().filter(|(since, _)| *since <= then && *since > then - 2.0 * seconds);
        if let Some((_, foreseen)) = of_then.filter(|(_, foreseen)| *foreseen > 0.0 && demand.rate > 0.0) {
            let error = (demand.rate / foreseen).ln().clamp(-LARGEST, LARGEST);
            let keep = (-std::f64::consts::LN_2 * seconds / constants.error_half_life).exp();
            let of_a_minute = error * (MINUTE / later).powf(constants.prior_growth);
            self.squares = self.squares * keep + seconds / MINUTE * of_a_minute.powi(2);
            self.minutes = self.minutes * keep + seconds / MINUTE;
        }
        // A rate is that of the middle of its window, and the level is that of its end.
        let ahead = later - demand.window / 2.0;
        self.foreseen.push_back((at, demand.level + demand.growth * ahead));
    }

    /// The relative standard deviation of demand over a minute.
    #[must_use]
    pub fn deviation(&self, constants: &Constants) -> f64 {
        let believed = constants.prior_minutes * constants.prior_deviation.powi(2);
        ((believed + self.squares) / (constants.prior_minutes + self.minutes)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is believed after so many minutes of a rate.
    fn deviation(minutes: u32, rate: impl Fn(u32) -> f64) -> f64 {
        let (constants, mut variation) = (Constants::default(), Variation::default());
        for minute in 0..minutes {
            let (at, rate) = (f64::from(minute) * 60.0, rate(minute));
            let demand = Demand { rate, level: rate, growth: 0.0, rises: false, window: 60.0 };
            variation.observe((at, 60.0), &demand, &constants);
        }
        variation.deviation(&constants)
    }

    #[test]
    fn the_belief_gives_way_to_what_is_seen() {
        let believed = Constants::default().prior_deviation;
        assert!((deviation(0, |_| 100.0) - believed).abs() < 1e-12);
        // Ten minutes without any error weigh as much as the belief.
        let calm = deviation(11, |_| 100.0);
        assert!((calm - believed / 2.0_f64.sqrt()).abs() < 0.002, "{calm}");
        // ln(1.1) up and down.
        let restless = deviation(181, |minute| if minute % 2 == 0 { 100.0 } else { 110.0 });
        assert!((restless - 0.0953).abs() < 0.005, "{restless}");
    }

    /// Of a service that is scraped once a minute the rate is that of two: it is compared with the one before those.
    #[test]
    fn a_longer_window_is_compared_with_the_one_before_it() {
        let (constants, mut variation) = (Constants::default(), Variation::default());
        for minute in 0..181_u32 {
            let growth = 0.5;
            let level = 1000.0 + growth * 60.0 * f64::from(minute);
            let demand = Demand { rate: level - 60.0 * growth, level, growth, rises: true, window: 120.0 };
            variation.observe((f64::from(minute) * 60.0, 60.0), &demand, &constants);
        }
        let calm = variation.deviation(&constants);
        assert!(calm < 0.02, "a ramp is foreseen: {calm}");
    }

    #[test]
    fn a_jump_counts_as_a_fifth_and_a_gap_not_at_all() {
        let jumps = |size: f64| deviation(31, |minute| if minute < 15 { 100.0 } else { size * 100.0 });
        assert!((jumps(1.3) - jumps(9.0)).abs() < 1e-9 && jumps(1.3) > jumps(1.1));
        let (constants, mut variation) = (Constants::default(), Variation::default());
        for (at, rate) in [(0.0, 100.0), (600.0, 200.0)] {
            let demand = Demand { rate, level: rate, growth: 0.0, rises: false, window: 60.0 };
            variation.observe((at, 15.0), &demand, &constants);
        }
        assert!((variation.deviation(&constants) - constants.prior_deviation).abs() < 1e-12);
    }
}
