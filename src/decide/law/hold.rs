//! The highest value of the last while: demand that is held, wishes that are not taken back at once.

use std::collections::VecDeque;

/// Values with their times.
#[derive(Clone, Debug, Default)]
pub struct Highest {
    values: VecDeque<(f64, f64)>,
}

impl Highest {
    /// Notes a value and gives the highest of the last `window` seconds.
    pub fn hold(&mut self, at: f64, value: f64, window: f64) -> f64 {
        self.values.retain(|(since, _)| *since > at - window);
        self.values.push_back((at, value));
        self.values.iter().map(|(_, value)| *value).fold(value, f64::max)
    }

    /// The highest value noted in the `window` seconds until `at`.
    #[must_use]
    pub fn until(&self, at: f64, window: f64) -> Option<f64> {
        let noted = self.values.iter().filter(|(since, _)| *since <= at && *since > at - window);
        noted.map(|(_, value)| *value).reduce(f64::max)
    }
}

/// The highest need of the last while, which stands on while the load rises.
#[derive(Clone, Debug, Default)]
pub struct Needs {
    highest: Highest,
    /// Since when, and what.
    standing: Option<(f64, f64)>,
}

impl Needs {
    /// Notes a need and gives what stands: the highest of the last `window` seconds, and no less than stood within the last
    /// `rising` seconds, in which the load rose; 0 where it did not.
    pub fn hold(&mut self, at: f64, need: f64, window: f64, rising: f64) -> f64 {
        let stood = self.standing.filter(|(since, _)| at - since < rising).map_or(0.0, |(_, stood)| stood);
        let stands = self.highest.hold(at, need, window).max(stood);
        self.standing = Some((at, stands));
        stands
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn a_peak_stands_for_its_window() {
        let mut highest = Highest::default();
        for (at, value, expected) in
            [(0.0, 5.0, 5.0), (10.0, 3.0, 5.0), (29.0, 1.0, 5.0), (30.0, 2.0, 3.0), (90.0, 1.0, 1.0)]
        {
            assert!((highest.hold(at, value, 30.0) - expected).abs() < 1e-12, "at {at}");
        }
        assert_eq!(highest.until(89.0, 30.0), None);
        assert_eq!(highest.until(90.0, 30.0), Some(1.0));
        assert_eq!(highest.until(120.0, 30.0), None, "though nothing was noted since");
    }

    #[test]
    fn a_rise_releases_nothing() {
        let mut needs = Needs::default();
        for (at, need, rising, expected) in [
            (0.0, 9.0, 0.0, 9.0),
            (15.0, 5.0, 0.0, 9.0),
            (30.0, 5.0, 150.0, 9.0),
            (45.0, 6.0, 150.0, 9.0),
            (60.0, 7.0, 0.0, 7.0),
            (75.0, 8.0, 150.0, 8.0),
            // What was needed before a gap is not known to be needed again.
            (300.0, 3.0, 150.0, 3.0),
        ] {
            assert_eq!(needs.hold(at, need, 30.0, rising), expected, "at {at}");
        }
    }
}
