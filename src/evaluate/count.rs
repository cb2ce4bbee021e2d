//! Counts: a number of events that is not negative, kept in whole parts of an event.
//!
//! Exact for whole numbers, which is what counters that are read exactly give, and for rates: there are 3,600 million
//! parts in an event, so that so many events a minute or an hour are a whole number of parts a second. A store that
//! extrapolates gives broken numbers (`44.197`); these are kept to the nearest millionth, far below their own error.
//! Integers, because a month of minutes is 44,640 additions per figure, and a sum of as many fractions costs seconds.

use std::iter::Sum;
use std::ops::Add;

use num_bigint::{BigInt, BigUint};
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

use super::exact::{decimal_text, round_half_up, whole};

/// Millionths in one event.
const MICRO: u128 = 1_000_000;

/// Parts in a millionth.
const PARTS_OF_MICRO: u128 = 3_600;

/// Parts in one event.
pub(super) const PARTS: u128 = MICRO * PARTS_OF_MICRO;

/// Parts that one count from outside may have (2^63 events). A year has fewer than 2^25 seconds, so that no sum over
/// slots comes near the width of the integer.
const MOST: u128 = PARTS << 63;

/// A number of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Count(u128);

/// A figure that is no count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotACount {
    /// Below zero.
    #[error("a count can not be negative")]
    Negative,
    /// Above 2^63 events.
    #[error("a count above 2^63 events is not credible")]
    TooLarge,
}

/// A figure that no count is exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotExact {
    /// It is no count at all.
    #[error(transparent)]
    NotACount(#[from] NotACount),
    /// It has parts of an event that are too small.
    #[error("has more places than a count keeps, which are eight; write fewer")]
    TooFine,
}

impl Count {
    /// No event.
    pub const ZERO: Self = Self(0);

    /// A whole number of events.
    #[must_use]
    pub fn events(n: u32) -> Self {
        Self(u128::from(n) * PARTS)
    }

    /// So many parts of an event, of which there are 3,600 million in one.
    ///
    /// # Errors
    /// The figure is above 2^63 events.
    pub fn from_parts(parts: u128) -> Result<Self, NotACount> {
        if parts > MOST { Err(NotACount::TooLarge) } else { Ok(Self(parts)) }
    }

    /// So many parts of an event, of which 64 bits can never be too many.
    #[must_use]
    pub fn from_small_parts(parts: u64) -> Self {
        Self(u128::from(parts))
    }

    /// A figure that somebody wrote down, with every digit: eight places after the point always fit.
    ///
    /// # Errors
    /// The figure is negative, above 2^63 events, or has more places than fit.
    pub fn exact(value: &BigRational) -> Result<Self, NotExact> {
        let parts = value * whole(PARTS);
        if parts.is_negative() {
            return Err(NotACount::Negative.into());
        }
        if !parts.is_integer() {
            return Err(NotExact::TooFine);
        }
        let parts = parts.to_integer().to_u128().ok_or(NotACount::TooLarge)?;
        Ok(Self::from_parts(parts)?)
    }

    /// A figure of the store, to the nearest millionth.
    ///
    /// # Errors
    /// The figure is negative, or above 2^63 events.
    pub fn from_ratio(value: &BigRational) -> Result<Self, NotACount> {
        nearest(value, MICRO)?.checked_mul(PARTS_OF_MICRO).ok_or(NotACount::TooLarge).and_then(Self::from_parts)
    }

    /// The events of a rate in so many seconds: 2,000 a minute for one second. Exact for rates a minute or an hour with
    /// up to six places, otherwise to the nearest part.
    ///
    /// # Errors
    /// The figure is negative, or above 2^63 events.
    pub fn of_rate(events: &BigRational, per_seconds: u32, seconds: u32) -> Result<Self, NotACount> {
        let share = BigRational::new(seconds.into(), per_seconds.max(1).into());
        nearest(&(events * share), PARTS).and_then(Self::from_parts)
    }

    /// In parts of an event.
    #[must_use]
    pub fn parts(self) -> u128 {
        self.0
    }

    /// So many times as much.
    #[must_use]
    pub fn times(self, n: usize) -> Self {
        Self(self.0.saturating_mul(n as u128))
    }

    /// How many times `part` goes into it; `None` when the part is zero.
    #[must_use]
    pub fn holds(self, part: Self) -> Option<usize> {
        self.0.checked_div(part.0).map(|n| usize::try_from(n).unwrap_or(usize::MAX))
    }

    /// Whether there is no event.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// What is left when `part` is taken away; `None` when the part is larger.
    #[must_use]
    pub fn minus(self, part: Self) -> Option<Self> {
        self.0.checked_sub(part.0).map(Self)
    }

    /// The exact number of events.
    #[must_use]
    pub fn ratio(self) -> BigRational {
        BigRational::new(self.0.into(), PARTS.into())
    }

    /// The number in decimal, cut to six places and without useless zeros: `44.197`, `1000`.
    #[must_use]
    pub fn text(self) -> String {
        let text = decimal_text(&self.ratio(), 6);
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    }

    /// Whether this part of `total` is less than `share` of it, without rounding anything.
    #[must_use]
    pub fn is_less_than(self, share: &BigRational, total: Self) -> bool {
        // A percentage of nine places has a denominator below 2^37, and a count is seldom above 2^90: this way is the rule.
        let small = share.numer().to_u128().zip(share.denom().to_u128());
        match small.and_then(|(n, d)| self.0.checked_mul(d).zip(total.0.checked_mul(n))) {
            Some((left, right)) => left < right,
            None => BigInt::from(self.0) * share.denom() < BigInt::from(total.0) * share.numer(),
        }
    }

    /// The product of two counts, to compare shares of different totals by cross multiplication.
    #[must_use]
    pub fn product(self, other: Self) -> BigUint {
        match self.0.checked_mul(other.0) {
            Some(product) => product.into(),
            None => BigUint::from(self.0) * other.0,
        }
    }
}

/// The nearest whole number of units of which there are so many in one.
fn nearest(value: &BigRational, units: u128) -> Result<u128, NotACount> {
    if value.is_negative() {
        return Err(NotACount::Negative);
    }
    round_half_up(&(value * whole(units))).to_u128().ok_or(NotACount::TooLarge)
}

impl Add for Count {
    type Output = Self;

    /// Adds. Can not saturate for counts of one ledger, see `MOST`.
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sum for Count {
    fn sum<I: Iterator<Item = Self>>(counts: I) -> Self {
        counts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ratio(n: i64, d: i64) -> BigRational {
        BigRational::new(n.into(), d.into())
    }

    #[test]
    fn broken_figures_are_kept_to_the_nearest_millionth() {
        let cases = [
            (ratio(44_197, 1000), "44.197"),
            (ratio(1, 3), "0.333333"),
            (ratio(2, 3), "0.666667"),
            (ratio(1, 2_000_000), "0.000001"),
            (ratio(1, 3_000_000), "0"),
            (ratio(1000, 1), "1000"),
        ];
        for (value, text) in cases {
            assert_eq!(Count::from_ratio(&value).unwrap().text(), text);
        }
    }

    #[test]
    fn what_is_no_count_is_refused() {
        assert_eq!(Count::from_ratio(&ratio(-1, 1_000_000_000)), Err(NotACount::Negative));
        assert_eq!(Count::from_ratio(&(whole(1u128 << 63) + whole(1))), Err(NotACount::TooLarge));
        assert_eq!(Count::from_ratio(&whole(1u128 << 120)), Err(NotACount::TooLarge));
        assert!(Count::from_ratio(&whole(1u128 << 63)).is_ok());
    }

    #[test]
    fn what_is_written_down_is_kept_to_the_last_digit_or_refused() {
        for value in [ratio(4, 10_000_000), ratio(99_999_999, 100_000_000), ratio(1, 3), ratio(7, 1)] {
            assert_eq!(Count::exact(&value).unwrap().ratio(), value);
        }
        assert_eq!(Count::exact(&ratio(1, 1_000_000_000)), Err(NotExact::TooFine));
        assert_eq!(Count::exact(&ratio(-1, 1_000_000_000)), Err(NotACount::Negative.into()));
        assert_eq!(Count::exact(&whole(1u128 << 64)), Err(NotACount::TooLarge.into()));
    }

    #[test]
    fn so_many_a_minute_are_exact_by_the_second() {
        for (events, per) in [(2_000, 60), (20, 60), (1, 60), (7, 3_600), (1, 300)] {
            let second = Count::of_rate(&ratio(events, 1), per, 1).unwrap();
            assert_eq!(second.times(per as usize).ratio(), ratio(events, 1));
        }
        assert_eq!(Count::of_rate(&ratio(-1, 1), 60, 1), Err(NotACount::Negative));
    }

    proptest! {
        #[test]
        fn whole_numbers_are_exact(n in 0u64..(1 << 63)) {
            prop_assert_eq!(Count::from_ratio(&whole(n)).unwrap().ratio(), whole(n));
        }

        #[test]
        fn comparing_shares_agrees_with_rationals(
            bad in 0u128..MOST, total in 1u128..MOST, n in 0u64..100_000_000_000, wide in any::<bool>(),
        ) {
            let (bad, total) = (Count::from_parts(bad).unwrap(), Count::from_parts(total).unwrap());
            let scale = if wide { 1u128 << 90 } else { 1 };
            let share = BigRational::new((u128::from(n) * scale).into(), (100_000_000_000u128 * scale + 1).into());
            prop_assert_eq!(bad.is_less_than(&share, total), bad.ratio() / total.ratio() < share);
        }
    }
}
