//! The error budget: how much may go wrong before the target is missed, and what is left of it.
//!
//! Budget so far = (1 - T) x total events; left = 1 - bad / budget, which is 1 - (1 - a) / (1 - T) for an attainment a.
//! In the second form it holds for every counting method, and it is negative exactly when a < T. Source: Google's SRE
//! workbook, chapter 2. The budget of a running period is "so far": more good traffic refills it.

use num_rational::BigRational;
use num_traits::One;

use super::exact::divide;

/// The share of the error budget that is left, 1 or less; negative when overspent.
///
/// `None` when the target is 100 %: there is no budget to have a share of, and the bad events speak for themselves.
#[must_use]
pub fn remaining(attainment: &BigRational, target: &BigRational) -> Option<BigRational> {
    let one = BigRational::one();
    divide(&(&one - attainment), &(&one - target)).map(|spent| one - spent)
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
    fn budgets_by_hand() {
        // Target 99.9 %, 1,000,000 events: 1,000 may be bad.
        let cases = [(0, ratio(1, 1)), (250, ratio(3, 4)), (1_000, ratio(0, 1)), (1_500, ratio(-1, 2))];
        for (bad, left) in cases {
            assert_eq!(remaining(&ratio(1_000_000 - bad, 1_000_000), &ratio(999, 1000)), Some(left));
        }
    }

    #[test]
    fn a_target_of_one_hundred_percent_has_no_budget_to_divide_by() {
        assert_eq!(remaining(&ratio(1, 1), &ratio(1, 1)), None);
        assert_eq!(remaining(&ratio(1, 2), &ratio(1, 1)), None);
    }

    proptest! {
        #[test]
        fn it_is_overspent_exactly_when_the_target_is_missed(
            bad in 0i64..10_000, good in 1i64..1_000_000, target in 1i64..100_000,
        ) {
            let (attainment, target) = (ratio(good, good + bad), ratio(target, 100_000));
            let left = remaining(&attainment, &target).unwrap();
            prop_assert_eq!(left < ratio(0, 1), attainment < target);
            // Against the definition over counts.
            let budget = (ratio(1, 1) - &target) * ratio(good + bad, 1);
            prop_assert_eq!(left, ratio(1, 1) - ratio(bad, 1) / budget);
        }
    }
}
