//! Latency histograms by utilisation: what was seen when the pods were that busy.

use super::constants::Constants;
use super::sample::Interval;

/// Width of a bin of utilisation.
pub const WIDTH: f64 = 0.05;
/// Bins: up to full utilisation. A meter that reads more is counted in the last one.
const BINS: usize = 20;

/// What was seen at a utilisation.
#[derive(Clone, Debug, Default)]
pub struct Bin {
    /// Requests answered.
    pub requests: f64,
    /// Errors among them.
    pub errors: f64,
    within: Vec<f64>,
    busy: f64,
    work: f64,
}

/// The histograms, each forgetting with time.
#[derive(Clone, Debug)]
pub struct Histograms {
    bounds: Vec<f64>,
    bins: Vec<Bin>,
}

impl Histograms {
    /// `bounds` of the latency buckets in seconds, rising.
    #[must_use]
    pub fn new(bounds: &[f64]) -> Self {
        let bin = Bin { within: vec![0.0; bounds.len()], ..Bin::default() };
        Self { bounds: bounds.to_vec(), bins: vec![bin; BINS] }
    }

    /// Adds an interval in which the pods were busy to the share `utilisation`; a request took `work` core-seconds.
    pub fn observe(&mut self, interval: &Interval, utilisation: f64, work: f64, constants: &Constants) {
        // The cast saturates.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let current = ((utilisation / WIDTH).max(0.0) as usize).min(BINS - 1);
        for (index, bin) in self.bins.iter_mut().enumerate() {
            let half_life = if index == current { constants.bin_half_life } else { constants.idle_half_life };
            bin.fade((-std::f64::consts::LN_2 * interval.seconds / half_life).exp());
        }
        if let Some(bin) = self.bins.get_mut(current) {
            bin.requests += interval.answered;
            bin.errors += interval.errors;
            bin.busy += utilisation * interval.answered;
            bin.work += work * interval.answered;
            for (sum, count) in bin.within.iter_mut().zip(&interval.buckets) {
                *sum += count;
            }
        }
    }

    /// The bins with their lower edges, from the idlest to the busiest.
    pub fn bins(&self) -> impl Iterator<Item = (f64, &Bin)> {
        (0_u32..).map(|index| f64::from(index) * WIDTH).zip(&self.bins)
    }

    /// Share of a bin's served requests that took longer than `seconds`; between two bounds its logarithm is straight, as an
    /// exponential tail's is.
    #[must_use]
    pub fn slower(&self, bin: &Bin, seconds: f64) -> f64 {
        // Errors are judged on their own: those of a fault are no slowness that more pods would cure.
        let served = bin.requests - bin.errors;
        // Half a request stands for what was never seen.
        let least = 0.5 / served.max(1.0);
        let share = |count: f64| (1.0 - count / served.max(1e-9)).clamp(least, 1.0);
        let (mut from, mut above): (f64, f64) = (0.0, 1.0);
        for (bound, count) in self.bounds.iter().zip(&bin.within) {
            let below = share(*count);
            if *bound >= seconds {
                let part = (seconds - from) / (bound - from);
                return (above.ln() + (below.ln() - above.ln()) * part).exp();
            }
            (from, above) = (*bound, below);
        }
        above
    }
}

impl Bin {
    fn fade(&mut self, keep: f64) {
        for sum in [&mut self.requests, &mut self.errors, &mut self.busy, &mut self.work] {
            *sum *= keep;
        }
        for count in &mut self.within {
            *count *= keep;
        }
    }

    /// Mean utilisation.
    #[must_use]
    pub fn utilisation(&self) -> f64 {
        if self.requests > 0.0 { self.busy / self.requests } else { 0.0 }
    }

    /// Mean core-seconds of a request.
    #[must_use]
    pub fn work(&self) -> f64 {
        if self.requests > 0.0 { self.work / self.requests } else { 0.0 }
    }
}
