//! The sum of many rates, and the mean that is made of it, without a fraction of a hundred thousand digits.
//!
//! A month has 8,640 five-minute rates, and the exact sum of so many fractions can have a denominator of as many digits
//! as there are rates: adding them one after the other takes half a minute, and nobody could read it. So:
//!
//! - Rates of equal denominators are added first, in lowest terms. Where the common denominator of all stays below
//!   2^512, the sum is the exact fraction.
//! - Otherwise the mean is put between two multiples of 10^-60 that are neighbours, by a bracket of 10^-80, and given as
//!   their middle. It is then on the same side of every decimal of up to sixty places as the true mean, so that no
//!   comparison and no figure that is shown can differ.
//! - Where the bracket can not decide that (the true mean may be such a decimal itself), the sum is made exactly after
//!   all, as a tree of products without bringing anything to lowest terms.

use std::collections::BTreeMap;

use num_bigint::{BigInt, BigUint};
use num_integer::Integer;
use num_rational::BigRational;
use num_traits::{One, Zero};

use super::exact::ten_to;
use super::slot::Tally;

/// The largest common denominator under which a sum is kept as a fraction.
const EXACT_BITS: u64 = 512;

/// Places of a mean that is no longer kept as a fraction.
const PLACES: u32 = 60;

/// Places of the bracket around it.
const BRACKET: u32 = 80;

/// Whether a mean is the middle of such a bracket and not the mean itself. It shows: only the middle between two multiples
/// of 10^-60 has all their halves in its denominator and one more.
#[must_use]
pub fn is_bracketed(mean: &BigRational) -> bool {
    let halves = mean.denom().trailing_zeros().unwrap_or_default();
    halves == u64::from(PLACES) + 1 && (ten_to(PLACES) * 2u32).is_multiple_of(mean.denom())
}

/// A sum of error rates.
#[derive(Clone, Debug, Default)]
pub struct RateSum {
    /// The sum of the numerators per denominator, in lowest terms.
    parts: BTreeMap<BigUint, BigUint>,
}

impl RateSum {
    /// Adds the error rate of these events, so many times.
    pub fn add(&mut self, events: Tally, times: usize) {
        let (bad, total) = (events.bad.parts(), events.total.parts());
        let common = bad.gcd(&total);
        if let (Some(bad), Some(total)) = (bad.checked_div(common), total.checked_div(common)) {
            self.add_lowest(bad.into(), total.into(), times);
        }
    }

    /// Adds `part` out of `all` once. What is out of nothing is no rate.
    pub fn add_part(&mut self, part: &BigUint, all: &BigUint) {
        let common = part.gcd(all);
        if !common.is_zero() {
            self.add_lowest(part / &common, all / &common, 1);
        }
    }

    fn add_lowest(&mut self, numerator: BigUint, denominator: BigUint, times: usize) {
        if !numerator.is_zero() && !denominator.is_zero() {
            *self.parts.entry(denominator).or_default() += numerator * times;
        }
    }

    /// Both sums together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut both = self.clone();
        for (denominator, sum) in &other.parts {
            *both.parts.entry(denominator.clone()).or_default() += sum;
        }
        both
    }

    /// The sum itself, as exact as a mean is.
    #[must_use]
    pub fn total(&self) -> BigRational {
        -self.mean_good(0, 1).unwrap_or_default()
    }

    /// The mean of `count` shares of good events, of which the known ones are one less each rate added and make up
    /// `known`: (known - sum) / count. `None` where `count` is zero.
    #[must_use]
    pub fn mean_good(&self, known: usize, count: usize) -> Option<BigRational> {
        if count == 0 {
            return None;
        }
        let (known, count) = (BigInt::from(known), BigInt::from(count));
        if let Some((sum, denominator)) = self.exact() {
            let good = known * &denominator - sum;
            return Some(BigRational::new(good, denominator * count));
        }
        let scale = ten_to(BRACKET);
        let (low, high) = self.bracket(&scale);
        let on_grid =
            |sum: &BigInt, scale: &BigInt| ((&known * scale - sum) * ten_to(PLACES)).div_mod_floor(&(&count * scale));
        let ((below, _), (above, rest)) = (on_grid(&high, &scale), on_grid(&low, &scale));
        if low < high && (below == above || (rest.is_zero() && above == &below + 1)) {
            return Some(between(&below));
        }
        let (sum, denominator) = if low == high { (low, scale) } else { self.tree() };
        let (below, rest) = on_grid(&sum, &denominator);
        Some(if rest.is_zero() { BigRational::new(below, ten_to(PLACES)) } else { between(&below) })
    }

    /// The sum over its common denominator, where that is small.
    fn exact(&self) -> Option<(BigInt, BigInt)> {
        let mut common = BigUint::one();
        for denominator in self.parts.keys() {
            common = common.lcm(denominator);
            if common.bits() > EXACT_BITS {
                return None;
            }
        }
        let sum: BigUint = self.parts.iter().map(|(denominator, sum)| sum * (&common / denominator)).sum();
        Some((sum.into(), common.into()))
    }

    /// The whole numbers between which the sum lies when multiplied by `scale`; it is neither of them unless they are
    /// equal.
    fn bracket(&self, scale: &BigInt) -> (BigInt, BigInt) {
        let scale = scale.magnitude();
        let (mut low, mut inexact) = (BigUint::zero(), 0u64);
        for (denominator, sum) in &self.parts {
            let (quotient, rest) = (sum * scale).div_rem(denominator);
            low += quotient;
            inexact += u64::from(!rest.is_zero());
        }
        let high = &low + inexact;
        (low.into(), high.into())
    }

    /// The sum as one fraction, not in lowest terms.
    fn tree(&self) -> (BigInt, BigInt) {
        let mut level: Vec<(BigUint, BigUint)> = self.parts.iter().map(|(d, n)| (n.clone(), d.clone())).collect();
        while level.len() > 1 {
            level = level
                .chunks(2)
                .map(|pair| match pair {
                    [(a, b), (c, d)] => (a * d + c * b, b * d),
                    _ => pair.first().cloned().unwrap_or_default(),
                })
                .collect();
        }
        let (sum, denominator) = level.pop().unwrap_or((BigUint::zero(), BigUint::one()));
        (sum.into(), denominator.into())
    }
}

/// The middle between two neighbours of the grid.
fn between(below: &BigInt) -> BigRational {
    BigRational::new(below * 2 + 1, ten_to(PLACES) * 2)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::super::exact::{decimal_text, whole};
    use super::super::example::{ratio, tally};
    use super::*;

    fn naive(rates: &[(u32, u32, usize)]) -> BigRational {
        rates.iter().map(|(bad, total, n)| ratio(i64::from(*bad), i64::from(*total)) * whole(*n)).sum()
    }

    fn sum(rates: &[(u32, u32, usize)]) -> RateSum {
        let mut sum = RateSum::default();
        for (bad, total, n) in rates {
            sum.add(tally(*total, *bad), *n);
        }
        sum
    }

    #[test]
    fn a_mean_that_is_given_as_it_is_is_no_bracket() {
        for (n, d) in [(1, 1), (1, 2), (8_927, 8_928), (1, 1_000_000)] {
            assert!(!is_bracketed(&ratio(n, d)), "{n}/{d}");
        }
        assert!(!is_bracketed(&BigRational::new(1.into(), ten_to(PLACES))));
    }

    #[test]
    fn a_mean_of_thousands_of_rates_is_on_the_right_side_of_every_decimal() {
        // Neighbouring denominators: a common denominator of thousands of digits.
        let rates: Vec<_> = (0..600).map(|i| (1 + i % 7, 10_000 + 17 * i, 1)).collect();
        let exact = (whole(8_640) - naive(&rates)) / whole(8_640);
        let mean = sum(&rates).mean_good(8_640, 8_640).unwrap();
        assert!(exact.denom().bits() > 1_000 && mean.denom().bits() < 256);
        assert!(is_bracketed(&mean) && !is_bracketed(&exact));
        for places in [6, 20, 40, 60] {
            assert_eq!(decimal_text(&mean, places), decimal_text(&exact, places));
            let shown = BigRational::new((&exact * whole(ten_to(places))).floor().to_integer(), ten_to(places));
            assert!(shown < mean && shown < exact);
        }
    }

    #[test]
    fn a_mean_that_is_a_decimal_is_that_decimal_whatever_it_is_made_of() {
        // Of a hundred odd p: 1/p + (p - 1)/p = 1, which the bracket sees, and 1/p + (p - 2)/2p = 1/2, which it can not.
        let odd = || (0..100u32).map(|i| 1_000_003 + 2 * i);
        let seen: Vec<_> = odd().flat_map(|p| [(1, p, 1), (p - 1, p, 1)]).collect();
        let unseen: Vec<_> = odd().flat_map(|p| [(1, p, 1), (p - 2, 2 * p, 1)]).collect();
        for (rates, total) in [(seen, 100), (unseen, 50)] {
            assert_eq!(sum(&rates).exact(), None);
            assert_eq!(sum(&rates).mean_good(100_000, 100_000), Some(ratio(100_000 - total, 100_000)));
            assert_eq!(sum(&rates).mean_good(99_999, 100_000), Some(ratio(99_999 - total, 100_000)));
        }
    }

    #[test]
    fn nothing_has_no_mean() {
        assert_eq!(RateSum::default().mean_good(0, 0), None);
        assert_eq!(RateSum::default().mean_good(3, 4), Some(ratio(3, 4)));
    }

    proptest! {
        #[test]
        fn small_sums_are_exact(rates in proptest::collection::vec((0u32..50, 1u32..60, 1usize..9), 0..20)) {
            let rates: Vec<_> = rates.into_iter().map(|(bad, good, n)| (bad, bad + good, n)).collect();
            let expected = (whole(200) - naive(&rates)) / whole(300);
            prop_assert_eq!(sum(&rates).mean_good(200, 300), Some(expected));
        }
    }
}
