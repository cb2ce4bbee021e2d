//! Whether a part of a service is worse than the rest by more than chance.
//!
//! The question is asked of many parts at every look, and a wrong answer blames a healthy pod. The usual z of two
//! proportions is told, but not trusted alone: where bad events are rare its tail is far too short (of a hundred requests
//! at one failure in a thousand, two failures are six standard deviations, and happen once in two hundred). What decides
//! is a bound that holds for every share and every number: if the bad events had fallen on requests by chance alone, a
//! part of `n` requests would have a share of at least `x` of them with a probability of at most `exp(-n KL(x || p))`,
//! `p` being the share of all (Chvátal 1979, for drawing without replacement). The same seen from the bad ones: of `k` that
//! are bad in all a share of at least `y` falls on a part that has a share `f` of the requests with a probability of at most
//! `exp(-k KL(y || f))`, which says far more where nothing else is bad and the part is large. The smaller of the two counts.
//! Requests do not fail one by one: a queue or a pause makes neighbours slow together. So `n` and `k` count runs of [`RUN`].
//! Times the number of comparisons made, the bound must stay below [`FALSE_ALARM`].
//!
//! So a service whose requests fail by chance, in runs no longer than that and whatever pod serves them, is blamed at most
//! once in ten thousand looks, for however many pods. Where requests are not alike (a pod that serves one heavy
//! customer, a pod near its limit with a long queue) there is no such bound; against that stand the ratio, and that half
//! of all that is bad must be the part's doing.

/// The chance at which all comparisons of one look together blame a part of a healthy service, at most.
pub const FALSE_ALARM: f64 = 1e-4;
/// Requests that fail together, as if they were one.
pub const RUN: f64 = 3.0;
/// Events a side of a comparison must have.
pub const FEWEST_EVENTS: f64 = 100.0;
/// Standard deviations by which a part must be worse.
const Z: f64 = 3.0;
/// A part is to blame only if at least this much of all that is bad would not be, were it as the rest.
const BLAME: f64 = 0.5;

/// Events, and the bad ones among them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sample {
    /// All.
    pub total: f64,
    /// The bad ones.
    pub bad: f64,
}

impl Sample {
    /// The share of the bad ones; none of nothing.
    #[must_use]
    pub fn share(self) -> f64 {
        if self.total > 0.0 { self.bad / self.total } else { 0.0 }
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { total: self.total + other.total, bad: self.bad + other.bad }
    }

    /// This without `part`.
    #[must_use]
    pub fn without(self, part: Self) -> Self {
        Self { total: (self.total - part.total).max(0.0), bad: (self.bad - part.bad).max(0.0) }
    }
}

/// By how many standard deviations `part` is worse than `rest`, if it is by at least `ratio` and not by chance, of so many
/// comparisons in one look.
#[must_use]
pub fn worse(part: Sample, rest: Sample, ratio: f64, comparisons: usize) -> Option<f64> {
    if part.total < FEWEST_EVENTS || rest.total < FEWEST_EVENTS || part.bad <= 0.0 {
        return None;
    }
    let z = z(part, rest)?;
    let many = u32::try_from(comparisons.max(1)).map_or(f64::MAX, f64::from);
    let by_chance = chance(part, rest) * many;
    (part.share() >= ratio * rest.share() && z > Z && by_chance <= FALSE_ALARM).then_some(z)
}

/// Whether half of all that is bad would not be, if the part were as the rest.
#[must_use]
pub fn to_blame(part: Sample, rest: Sample, all_bad: f64) -> bool {
    part.bad - rest.share() * part.total >= BLAME * all_bad
}

/// The z of two proportions, pooled. Nothing where both are all good, or all bad.
fn z(part: Sample, rest: Sample) -> Option<f64> {
    let pooled = part.and(rest).share();
    let variance = pooled * (1.0 - pooled) * (1.0 / part.total + 1.0 / rest.total);
    (variance > 0.0).then(|| (part.share() - rest.share()) / variance.sqrt())
}

/// An upper bound of the probability that chance alone makes `part` this bad or worse.
fn chance(part: Sample, rest: Sample) -> f64 {
    let all = part.and(rest);
    // The same chance, seen from the bad events: so many of them fell on a part of that size.
    let of_the_bad = Sample { total: all.bad, bad: part.bad };
    let size = if all.total > 0.0 { part.total / all.total } else { 1.0 };
    by_chance(part, all.share()).min(by_chance(of_the_bad, size))
}

/// An upper bound of the probability that chance alone makes a sample this bad or worse, of events of which that share is
/// bad: also where they are not drawn from so many, but happen each by itself (Hoeffding 1963, theorem 1).
#[must_use]
pub fn by_chance(sample: Sample, expected: f64) -> f64 {
    let share = sample.share();
    if share <= expected {
        return 1.0;
    }
    if expected <= 0.0 {
        return 0.0;
    }
    let good = if share < 1.0 { (1.0 - share) * ((1.0 - share) / (1.0 - expected)).ln() } else { 0.0 };
    (-sample.total / RUN * (share * (share / expected).ln() + good)).exp()
}

/// Whether more than `share` of a sample is bad, and not by chance, of so many samples in one look.
#[must_use]
pub fn exceeds(sample: Sample, share: f64, samples: usize) -> bool {
    let many = u32::try_from(samples.max(1)).map_or(f64::MAX, f64::from);
    by_chance(sample, share) * many <= FALSE_ALARM
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn sample(bad: f64, total: f64) -> Sample {
        Sample { total, bad }
    }

    #[test]
    fn worse_is_by_events_ratio_deviations_and_chance() {
        let cases = [
            ("a sick pod", sample(120.0, 600.0), sample(6.0, 5400.0), true),
            ("as the others", sample(6.0, 600.0), sample(54.0, 5400.0), false),
            ("better", sample(0.0, 600.0), sample(500.0, 5400.0), false),
            ("too few events", sample(50.0, 99.0), sample(0.0, 5400.0), false),
            ("nothing to compare with", sample(50.0, 600.0), sample(0.0, 99.0), false),
            ("surely worse, but not twice as bad", sample(3000.0, 10_000.0), sample(18_000.0, 90_000.0), false),
            ("six deviations, and yet chance", sample(2.0, 100.0), sample(1.0, 900.0), false),
            ("all bad beside all good", sample(100.0, 100.0), sample(0.0, 900.0), true),
            ("all bad", sample(100.0, 100.0), sample(900.0, 900.0), false),
            ("all good", sample(0.0, 100.0), sample(0.0, 900.0), false),
        ];
        for (case, part, rest, expected) in cases {
            assert_eq!(worse(part, rest, 2.0, 10).is_some(), expected, "{case}");
        }
    }

    #[test]
    fn more_comparisons_ask_for_more() {
        let (part, rest) = (sample(30.0, 200.0), sample(18.0, 1800.0));
        assert!(worse(part, rest, 2.0, 1).is_some());
        assert!(worse(part, rest, 2.0, 1000).is_none());
    }

    #[test]
    fn a_part_is_to_blame_for_half_of_what_is_bad() {
        assert!(to_blame(sample(120.0, 600.0), sample(6.0, 5400.0), 126.0));
        assert!(!to_blame(sample(12.0, 600.0), sample(54.0, 5400.0), 66.0), "the others burn the budget");
        assert!(!to_blame(sample(120.0, 600.0), sample(6.0, 5400.0), 500.0), "most of it happens elsewhere");
    }

    #[test]
    fn a_share_is_exceeded_beyond_chance() {
        for (bad, total, samples, expected) in [
            (150.0, 600.0, 4, true),
            (30.0, 600.0, 4, false),
            (25.0, 100.0, 4, false),
            (60.0, 100.0, 4, true),
            (0.0, 0.0, 4, false),
        ] {
            assert_eq!(exceeds(sample(bad, total), 0.05, samples), expected, "{bad} of {total}");
        }
    }

    #[test]
    fn a_large_part_that_alone_is_bad_is_told_by_few_events() {
        // A revision on all pods, one request in twenty failing, against the minute before it came.
        assert!(worse(sample(180.0, 3600.0), sample(0.0, 3600.0), 3.0, 20).is_some());
        assert!(worse(sample(60.0, 3600.0), sample(0.0, 3600.0), 3.0, 20).is_some());
        assert!(worse(sample(24.0, 3600.0), sample(0.0, 3600.0), 3.0, 20).is_none(), "eight runs, all on one half");
    }

    #[test]
    fn the_bound_of_chance_is_above_the_exact_tail() {
        // Of 20 balls 5 are red, 8 are drawn: the hypergeometric tail from 4 on.
        let choose = |n: u32, k: u32| (0..k).fold(1.0, |product, i| product * f64::from(n - i) / f64::from(i + 1));
        let exact: f64 = (4..=5).map(|red| choose(5, red) * choose(15, 8 - red) / choose(20, 8)).sum();
        // As runs they are three times as many requests.
        let bound = chance(sample(4.0 * RUN, 8.0 * RUN), sample(RUN, 12.0 * RUN));
        assert!(exact < bound && bound < 1.0, "{exact} {bound}");
    }
}
