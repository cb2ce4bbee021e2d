//! Burn rates: how fast the error budget goes, in multiples of the pace that would just use it up by the period's end.
//!
//! Multi-window alerts after Google's SRE workbook, chapter 5 ("Alerting on SLOs", approach 6): a pair fires when a
//! share of the *period's* budget is gone within a long window, and a short window of a twelfth of it still burns:
//! 2 % within 1/720 of the period (an hour of 30 days, rate 14.4) and 5 % within 1/120 (six hours, rate 6). For a period
//! of length P and a long window w, the rate is share x P / w. Three limits make it hold for any period and slot:
//!
//! - A window is whole slots: at least four for the long one and two for the short one, and the rate is taken from its
//!   true length, so that short periods do not fire at nothing.
//! - The rate is at least 1, the pace that uses up the budget.
//! - The rate is at most 1 / (1 - T), at which every event is bad: for lax targets a higher one could never fire.
//!
//! Windows look at the running period only: each period has its own budget, and one that has just begun has all of it.

use num_rational::BigRational;
use num_traits::One;

use super::assessment::WindowBurn;
use super::exact::{divide, whole};
use super::methods::CountingMethod;

/// Share of the budget in percent, and the part of the period within which it must be gone.
const PAIRS: [(i64, i64); 2] = [(2, 720), (5, 120)];

/// The short window's part of the long one.
const SHORT: i64 = 12;

/// The fewest slots of the long and of the short window.
const FEWEST: (i64, i64) = (4, 2);

/// A pair of windows and the rate from which both must burn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowPair {
    /// The long window in slots.
    pub long: usize,
    /// The short window in slots.
    pub short: usize,
    /// The rate at which the pair fires.
    pub threshold: BigRational,
}

/// The burn rates of an objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Burn {
    /// One rate per window, the shortest first.
    pub rates: Vec<WindowBurn>,
    /// A pair fires.
    pub burning: bool,
}

/// The pairs for a period and slot of these lengths, without the limit that the target sets.
#[must_use]
pub fn pairs(period_seconds: i64, slot_seconds: i64) -> Vec<WindowPair> {
    let (period, slot) = (period_seconds.max(1), slot_seconds.max(1));
    let slots = |seconds: i64, part: i64| seconds.div_euclid(part * slot) + i64::from(seconds % (part * slot) != 0);
    let mut pairs: Vec<WindowPair> = Vec::new();
    for (percent, part) in PAIRS {
        let long = slots(period, part).max(FEWEST.0);
        let short = slots(period, part * SHORT).max(FEWEST.1);
        let threshold = BigRational::new((percent * period).into(), (100 * long * slot).into());
        let pair = WindowPair {
            long: usize::try_from(long).unwrap_or(usize::MAX),
            short: usize::try_from(short).unwrap_or(usize::MAX),
            threshold: threshold.max(BigRational::one()),
        };
        // In short periods both pairs become the same windows; the lower rate of the two then decides alone.
        match pairs.iter_mut().find(|p| (p.long, p.short) == (pair.long, pair.short)) {
            Some(same) => same.threshold = pair.threshold.min(same.threshold.clone()),
            None => pairs.push(pair),
        }
    }
    pairs
}

/// The number of slots that count as "recent" where a decision rests on the present: the shortest window.
#[must_use]
pub fn recent(period_seconds: i64, slot_seconds: i64) -> usize {
    pairs(period_seconds, slot_seconds).iter().map(|p| p.short).min().unwrap_or(1)
}

/// The burn rates of an objective.
///
/// A target of 100 % has no rates (there is no budget to burn); it burns when any event of a short window was bad.
#[must_use]
pub fn burn(method: &dyn CountingMethod, target: &BigRational, period_seconds: i64) -> Burn {
    let pairs = pairs(period_seconds, method.slot_seconds());
    let budget = BigRational::one() - target;
    let mut windows: Vec<usize> = pairs.iter().flat_map(|p| [p.short, p.long]).collect();
    windows.sort_unstable();
    windows.dedup();
    // Each window is counted once, whichever pairs it belongs to.
    let losses: Vec<(usize, Option<BigRational>)> =
        windows.into_iter().map(|n| (n, method.recent(n).attainment.map(|a| BigRational::one() - a))).collect();
    let lost = |n: usize| losses.iter().find(|(window, _)| *window == n).and_then(|(_, lost)| lost.clone());
    let rate = |n: usize| lost(n).and_then(|lost| divide(&lost, &budget));
    let burning = match divide(&BigRational::one(), &budget) {
        Some(highest) => pairs.iter().any(|pair| {
            let threshold = pair.threshold.clone().min(highest.clone());
            let fires = |n| rate(n).is_some_and(|r| r >= threshold);
            fires(pair.short) && fires(pair.long)
        }),
        None => pairs.iter().any(|pair| lost(pair.short).is_some_and(|l| l > whole(0))),
    };
    let seconds = |n: usize| i64::try_from(n).unwrap_or(i64::MAX).saturating_mul(method.slot_seconds());
    let rates = losses.iter().map(|(n, _)| WindowBurn { window_seconds: seconds(*n), rate: rate(*n) }).collect();
    Burn { rates, burning }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
