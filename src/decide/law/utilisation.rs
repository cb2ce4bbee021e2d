//! How busy pods may be, learned from the latency histograms at the utilisations that were seen.
//!
//! In processor sharing latency grows with `work / (1 - u)`, whatever the balancer: the histogram seen at u, stretched,
//! predicts the one at r, and the one of yesterday's work that of today's. At r = u the prediction is what was seen.

use super::constants::Constants;
use super::histogram::{Bin, Histograms, WIDTH};

/// Lowest utilisation that is considered, and highest.
const RANGE: (f64, f64) = (0.20, 0.92);
/// Steps in which it is sought.
const STEP: f64 = 0.01;
/// Fewer requests say nothing.
pub(super) const FEWEST: f64 = 50.0;
/// Above this utilisation latency is that of a queue that grows.
pub(super) const OVERLOADED: f64 = 0.95;
/// Lower edges of the bins that can prove that a little more than they is safe: from here, below there.
const PROVES: (f64, f64) = (0.75, 0.90);
/// Lower edges of the bins that can show errors by load.
const REFUTES: (f64, f64) = (0.70, 0.90);
/// Requests without too many errors that prove a bin, and with too many that refute it.
const PROOF: (f64, f64) = (3000.0, 1000.0);

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// A request is good if it takes at most this many seconds; best one of the bucket bounds.
    pub latency: f64,
    /// Share of the requests that must be good, 0 to 1.
    pub good: f64,
    /// Share of the requests that must be answered without an error, 0 to 1.
    pub available: f64,
}

/// The highest safe utilisation, with its reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Safe {
    /// The share of their cores that pods may be busy.
    pub utilisation: f64,
    /// What set it.
    pub limit: Limit,
}

/// What set the safe utilisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Too little was seen yet.
    Unknown,
    /// Above it too many requests would be slow.
    Latency,
    /// Nothing proves yet that more is safe.
    Unproven,
    /// Errors were seen above it.
    Errors,
}

/// The highest utilisation that keeps the promise, when a request takes `work` core-seconds.
#[must_use]
pub fn safe(histograms: &Histograms, promise: Promise, work: f64, constants: &Constants) -> Safe {
    if !histograms.bins().any(|(_, bin)| bin.requests >= constants.bin_requests) {
        return Safe { utilisation: constants.unknown_safe, limit: Limit::Unknown };
    }
    let usable: Vec<&Bin> = histograms
        .bins()
        .map(|(_, bin)| bin)
        .filter(|bin| bin.requests >= FEWEST && bin.utilisation() < OVERLOADED)
        .collect();
    let allowed = constants.margin * (1.0 - promise.good);
    let (cap, capped_by) = cap(histograms, 1.0 - promise.available, constants);
    let mut safe = Safe { utilisation: RANGE.0, limit: Limit::Latency };
    let mut value = RANGE.0;
    while value <= cap + 1e-9 {
        let slow = |bin: &Bin| {
            let stretch = (1.0 - value) / (1.0 - bin.utilisation()) * bin.work() / work;
            histograms.slower(bin, promise.latency * stretch)
        };
        if mean_near(&usable, value, constants, slow) > allowed {
            return safe;
        }
        safe.utilisation = value;
        value += STEP;
    }
    Safe { limit: capped_by, ..safe }
}

/// Mean of what the bins say, those near `value` first.
fn mean_near(bins: &[&Bin], value: f64, constants: &Constants, of: impl Fn(&Bin) -> f64) -> f64 {
    let (mut sum, mut weights) = (0.0, 0.0);
    for bin in bins {
        let nearness = (-((bin.utilisation() - value) / constants.nearness).powi(2)).exp();
        // Where nothing is near, all count alike rather than none.
        let weight = (bin.requests / constants.bin_requests).min(1.0) * nearness + 1e-9;
        sum += weight * of(bin);
        weights += weight;
    }
    if weights > 0.0 { sum / weights } else { 1.0 }
}

/// What is not exceeded because of errors, seen or possible; `budget` is the allowed share of them.
fn cap(histograms: &Histograms, budget: f64, constants: &Constants) -> (f64, Limit) {
    let within = |(from, below): (f64, f64), low: f64| low > from - 1e-9 && low < below - 1e-9;
    let (mut cap, mut refuted) = (constants.unproven, f64::INFINITY);
    for (low, bin) in histograms.bins() {
        let errors = bin.errors / bin.requests.max(1e-9);
        if within(PROVES, low) && bin.requests >= PROOF.0 && errors <= budget / 2.0 {
            cap = cap.max((low + 2.0 * WIDTH).min(RANGE.1));
        }
        if within(REFUTES, low) && bin.requests > PROOF.1 && errors > budget {
            refuted = refuted.min(low);
        }
    }
    if refuted < cap { (refuted, Limit::Errors) } else { (cap, Limit::Unproven) }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Interval, Warm};
    use super::*;

    const BOUNDS: [f64; 8] = [0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0];

    /// A minute of requests whose latencies are exponential with the mean of processor sharing, `work / (1 - u)`.
    fn minute(utilisation: f64, work: f64, errors: f64) -> Interval {
        let answered = 6000.0;
        let mean = work / (1.0 - utilisation);
        let served = answered - errors;
        Interval {
            at: 0.0,
            seconds: 60.0,
            arrived: answered,
            answered,
            errors,
            cpu_seconds: served * work,
            buckets: BOUNDS.iter().map(|bound| served * (1.0 - (-bound / mean).exp())).collect(),
            ready: 10.0,
            steady: true,
            warm: Warm::default(),
        }
    }

    fn learned(seen: &[(f64, f64, f64)], latency: f64, work_now: f64) -> Safe {
        let constants = Constants::default();
        let mut histograms = Histograms::new(&BOUNDS);
        for (utilisation, work, errors) in seen {
            histograms.observe(&minute(*utilisation, *work, *errors), *utilisation, *work, &constants);
        }
        safe(&histograms, Promise { latency, good: 0.95, available: 0.999 }, work_now, &constants)
    }

    /// 4.25 % are above the latency where `exp(-latency (1 - r) / work) = 0.0425`.
    #[test]
    fn one_histogram_predicts_the_others() {
        for seen in [0.32, 0.52, 0.72] {
            let safe = learned(&[(seen, 0.05, 0.0)], 0.5, 0.05);
            assert!((safe.utilisation - (1.0 + 0.0425_f64.ln() * 0.05 / 0.5)).abs() < 0.02, "{seen}: {safe:?}");
            assert_eq!(safe.limit, Limit::Latency);
        }
    }

    #[test]
    fn the_histogram_of_less_work_serves_for_more() {
        let safe = learned(&[(0.52, 0.05, 0.0)], 0.5, 0.075);
        assert!((safe.utilisation - (1.0 + 0.0425_f64.ln() * 0.075 / 0.5)).abs() < 0.02, "{safe:?}");
    }

    #[test]
    fn more_than_was_proven_is_not_believed() {
        let unseen = Safe { utilisation: 0.4, limit: Limit::Unknown };
        assert_eq!(learned(&[], 2.0, 0.05), unseen);
        let low = learned(&[(0.42, 0.05, 0.0)], 2.0, 0.05);
        assert!((low.utilisation - 0.80).abs() < 1e-6 && low.limit == Limit::Unproven, "{low:?}");
        let high = learned(&[(0.77, 0.05, 0.0)], 2.0, 0.05);
        assert!((high.utilisation - 0.85).abs() < 1e-6, "{high:?}");
        let failing = learned(&[(0.77, 0.05, 30.0)], 2.0, 0.05);
        assert!(failing.utilisation <= 0.75 + 1e-9 && failing.limit == Limit::Errors, "{failing:?}");
    }

    #[test]
    fn errors_are_no_slowness() {
        let clean = learned(&[(0.42, 0.05, 0.0)], 0.5, 0.05);
        let faulty = learned(&[(0.42, 0.05, 600.0)], 0.5, 0.05);
        assert!((clean.utilisation - faulty.utilisation).abs() < 0.011, "{clean:?} {faulty:?}");
    }
}
