//! The offered load: requests per second, second by second.

use thiserror::Error;

/// A load that cannot be offered.
#[derive(Debug, Error, PartialEq)]
#[error("the load's rate at second {second} must be a number of at least 0, not {rate}")]
pub struct Unusable {
    /// Which second, from 0.
    pub second: usize,
    /// What it is.
    pub rate: f64,
}

/// Requests per second for every second of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    rates: Vec<f64>,
}

impl Load {
    /// One rate for each second.
    ///
    /// # Errors
    /// Names the first second whose rate is negative or not a number.
    pub fn new(rates: Vec<f64>) -> Result<Self, Unusable> {
        match rates.iter().enumerate().find(|(_, rate)| !rate.is_finite() || **rate < 0.0) {
            Some((second, rate)) => Err(Unusable { second, rate: *rate }),
            None => Ok(Self { rates }),
        }
    }

    /// Seconds it lasts.
    #[must_use]
    pub fn seconds(&self) -> usize {
        self.rates.len()
    }

    /// All rates.
    #[must_use]
    pub fn rates(&self) -> &[f64] {
        &self.rates
    }

    /// The rate in a second; 0 after the end.
    #[must_use]
    pub fn rate(&self, second: usize) -> f64 {
        self.rates.get(second).copied().unwrap_or(0.0)
    }

    /// The mean rate; 0 if empty.
    #[must_use]
    pub fn mean(&self) -> f64 {
        mean(&self.rates)
    }

    /// The part between two seconds, the second one excluded.
    #[must_use]
    pub fn part(&self, from: usize, to: usize) -> Self {
        let to = to.min(self.rates.len());
        Self { rates: self.rates.get(from.min(to)..to).unwrap_or_default().to_vec() }
    }

    /// The same shape, `factor` times as high.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        Self { rates: self.rates.iter().map(|rate| rate * factor.max(0.0)).collect() }
    }

    /// Means over a window centred on each second: what is left of the load when its noise is taken out.
    #[must_use]
    pub fn smoothed(&self, window: usize) -> Self {
        let half = window / 2;
        let mut sums = Vec::with_capacity(self.rates.len() + 1);
        sums.push(0.0);
        let mut sum = 0.0;
        for rate in &self.rates {
            sum += rate;
            sums.push(sum);
        }
        let at = |index: usize| sums.get(index.min(self.rates.len())).copied().unwrap_or(sum);
        let rates = (0..self.rates.len()).map(|second| {
            let (from, to) = (second.saturating_sub(half), (second + half.max(1)).min(self.rates.len()));
            (at(to) - at(from)) / number(to - from)
        });
        Self { rates: rates.collect() }
    }
}

fn mean(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().sum::<f64>() / number(values.len()) }
}

/// A count as a number. Loads are far shorter than 2^52 seconds.
#[allow(clippy::cast_precision_loss)]
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn a_load_is_cut_scaled_and_smoothed() {
        let load = Load::new(vec![0.0, 10.0, 20.0, 30.0]).unwrap();
        assert_eq!(load.part(1, 3).rates(), [10.0, 20.0]);
        assert_eq!(load.part(3, 9).rates(), [30.0]);
        assert_eq!(load.scaled(2.0).rates(), [0.0, 20.0, 40.0, 60.0]);
        assert_eq!(load.smoothed(2).rates(), [0.0, 5.0, 15.0, 25.0]);
        assert!((load.mean() - 15.0).abs() < 1e-12);
        assert!(load.rate(99).abs() < 1e-12);
        assert_eq!(Load::new(vec![1.0, f64::NAN]).unwrap_err().second, 1);
    }
}
