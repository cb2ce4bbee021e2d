//! The yardstick that knows the future: the fewest pods that carry, at a known safe utilisation, the highest load until
//! pods asked for now can have followed.

use super::{Order, Policy, pods};
use crate::simulate::load::Load;
use crate::simulate::view::View;

/// Seconds of the centred mean of the load. With the raw second it would provision for noise.
const SMOOTHING: usize = 60;

/// Knows the load.
#[derive(Debug)]
pub struct Clairvoyant {
    load: Load,
    /// Requests per second a pod carries safely.
    per_pod: f64,
    /// Seconds from a decision until its pods take requests, at worst.
    reach: usize,
    label: String,
}

impl Clairvoyant {
    /// `per_pod` is the rate a pod carries safely; `reach` the longest start in seconds, plus one decision.
    #[must_use]
    pub fn new(load: &Load, per_pod: f64, reach: usize, label: impl Into<String>) -> Self {
        Self { load: load.smoothed(SMOOTHING), per_pod, reach, label: label.into() }
    }

    fn need(&self, now: f64) -> u32 {
        // The cast saturates; now is not negative.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let from = now as usize;
        let ahead = (from..=from.saturating_add(self.reach)).map(|second| self.load.rate(second));
        pods(ahead.fold(0.0, f64::max) / self.per_pod).max(1)
    }
}

impl Policy for Clairvoyant {
    fn name(&self) -> String {
        format!("clairvoyant {}", self.label)
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        Order::replicas(self.need(view.now))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn it_is_ready_before_the_jump() {
        let mut rates = vec![100.0; 300];
        rates.extend(vec![200.0; 300]);
        let policy = Clairvoyant::new(&Load::new(rates).unwrap(), 10.0, 45, "");
        assert_eq!([0.0, 220.0, 290.0, 400.0].map(|now| policy.need(now)), [10, 10, 20, 20]);
    }
}
