//! Exact numbers: decimal strings in, rationals inside, text cut (never rounded) out.
//!
//! Takes the percentages and amounts as somebody signed them and keeps every digit. Comparison happens on what these
//! functions return, never on what they print. Must never touch a float. The parser is written by hand because
//! num-rational reads only fractions (`1999/2000`), and decimal crates that read `99.95` round in their products.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{One, Pow, Signed, Zero};

use crate::api::{Money, Percent};

/// Digits after the point in every percentage that is shown.
pub const PERCENT_PLACES: u32 = 6;

/// Longest decimal that is read; far more than any schema lets through.
const LONGEST: usize = 48;

/// A text that is not the number asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotANumber {
    /// Not a plain decimal.
    #[error("{0:?} is not a decimal number; write digits with at most one point, for example 99.95")]
    Decimal(String),
    /// Above one hundred percent.
    #[error("{0:?} is more than 100 percent")]
    AboveHundred(String),
}

/// Reads a plain decimal without sign or exponent, exactly.
///
/// # Errors
/// Says which text is not such a number.
pub fn decimal(text: &str) -> Result<BigRational, NotANumber> {
    let refuse = || NotANumber::Decimal(text.chars().take(LONGEST).collect());
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => return Err(refuse()),
        Some(parts) => parts,
        None => (text, ""),
    };
    let is_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || text.len() > LONGEST || !is_digits(whole) || !is_digits(fraction) {
        return Err(refuse());
    }
    let digits: BigInt = format!("{whole}{fraction}").parse().map_err(|_| refuse())?;
    Ok(BigRational::new(digits, ten_to(u32::try_from(fraction.len()).map_err(|_| refuse())?)))
}

/// Reads a percentage as a share from 0 to 1.
///
/// # Errors
/// Says which text is no decimal, or lies above 100.
pub fn share(percent: &Percent) -> Result<BigRational, NotANumber> {
    let share = decimal(percent.as_str())? / hundred();
    if share > BigRational::one() {
        return Err(NotANumber::AboveHundred(percent.as_str().to_owned()));
    }
    Ok(share)
}

/// Reads an amount of money in major units.
///
/// # Errors
/// Says which text is no decimal.
pub fn amount(money: &Money) -> Result<BigRational, NotANumber> {
    decimal(money.as_str())
}

/// One hundred.
#[must_use]
pub fn hundred() -> BigRational {
    whole(100)
}

/// A whole number as a rational.
#[must_use]
pub fn whole(n: impl Into<BigInt>) -> BigRational {
    BigRational::from_integer(n.into())
}

/// Ten to the power of `places`.
#[must_use]
pub fn ten_to(places: u32) -> BigInt {
    Pow::pow(BigInt::from(10), places)
}

/// Divides, or says that there is nothing to divide by. (`/` on a rational panics at zero.)
#[must_use]
pub fn divide(numerator: &BigRational, denominator: &BigRational) -> Option<BigRational> {
    (!denominator.is_zero()).then(|| numerator / denominator)
}

/// A number with exactly `places` digits after the point, cut towards minus infinity: what is shown is never better
/// than what is.
#[must_use]
pub fn decimal_text(value: &BigRational, places: u32) -> String {
    let scaled = (value * whole(ten_to(places))).floor().to_integer();
    let digits = format!("{:0>width$}", scaled.abs().to_string(), width = places as usize + 1);
    let (left, right) = digits.split_at(digits.len().saturating_sub(places as usize));
    let sign = if scaled.is_negative() { "-" } else { "" };
    if right.is_empty() { format!("{sign}{left}") } else { format!("{sign}{left}.{right}") }
}

/// A share (0 to 1) in percent, cut to six places: `99.949614`.
#[must_use]
pub fn percent_text(share: &BigRational) -> String {
    decimal_text(&(share * hundred()), PERCENT_PLACES)
}

/// A fraction in lowest terms: `1295347/1296000`.
#[must_use]
pub fn ratio_text(value: &BigRational) -> String {
    format!("{}/{}", value.numer(), value.denom())
}

/// The nearest whole number; exactly halfway goes up.
#[must_use]
pub fn round_half_up(value: &BigRational) -> BigInt {
    (value + BigRational::new(BigInt::one(), BigInt::from(2))).floor().to_integer()
}

/// An amount in minor units as text in major units: 40000 with two places is `400.00`.
#[must_use]
pub fn money_text(minor_units: &BigInt, exponent: u16) -> String {
    decimal_text(&BigRational::new(minor_units.clone(), ten_to(exponent.into())), exponent.into())
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
    fn decimals_are_read_digit_by_digit() {
        assert_eq!(decimal("99.95").unwrap(), ratio(9995, 100));
        assert_eq!(decimal("0.000000001").unwrap(), ratio(1, 1_000_000_000));
        assert_eq!(share(&"99.95".into()).unwrap(), ratio(1999, 2000));
        assert_eq!(share(&"100.000".into()).unwrap(), ratio(1, 1));
    }

    #[test]
    fn a_text_that_is_no_number_is_named() {
        for text in ["", ".5", "5.", "1.2.3", "-1", "+1", "1e3", "NaN", "٣", "1 ", "0x1", "1,5", &"9".repeat(49)] {
            let error = decimal(text).expect_err(text).to_string();
            assert!(error.contains(&text.chars().take(40).collect::<String>()), "{error}");
        }
        assert_eq!(share(&"100.1".into()), Err(NotANumber::AboveHundred("100.1".to_owned())));
    }

    #[test]
    fn what_is_shown_is_cut_and_never_rounded() {
        let cases = [
            (ratio(1_295_347, 1_296_000), "99.949614"),
            (ratio(2, 3), "66.666666"),
            (ratio(1, 1), "100.000000"),
            (ratio(999_999_999, 1_000_000_000), "99.999999"),
            (ratio(0, 1), "0.000000"),
            (ratio(-1, 8), "-12.500000"),
            (ratio(-1, 3_000_000_000), "-0.000001"),
        ];
        for (value, text) in cases {
            assert_eq!(percent_text(&value), text);
        }
        assert_eq!(ratio_text(&ratio(2_590_694, 2_592_000)), "1295347/1296000");
    }

    #[test]
    fn halves_go_up() {
        let cases = [(ratio(1, 2), 1), (ratio(3, 2), 2), (ratio(5, 2), 3), (ratio(1249, 500), 2), (ratio(-1, 2), 0)];
        for (value, rounded) in cases {
            assert_eq!(round_half_up(&value), BigInt::from(rounded), "{value}");
        }
    }

    #[test]
    fn money_has_the_places_of_its_currency() {
        let cases = [(40_000, 2, "400.00"), (5, 2, "0.05"), (1234, 0, "1234"), (1, 3, "0.001"), (0, 2, "0.00")];
        for (minor, exponent, text) in cases {
            assert_eq!(money_text(&BigInt::from(minor), exponent), text);
        }
    }

    #[test]
    fn nothing_is_divided_by_zero() {
        assert_eq!(divide(&whole(1), &whole(0)), None);
        assert_eq!(divide(&whole(1), &whole(4)), Some(ratio(1, 4)));
    }

    proptest! {
        #[test]
        fn text_read_back_is_within_one_last_digit_below(n in 0i64..1_000_000_000, d in 1i64..1_000_000) {
            let value = ratio(n, d);
            let shown = decimal(&decimal_text(&value, 6)).unwrap();
            prop_assert!(shown <= value && &value - &shown < ratio(1, 1_000_000));
        }
    }
}
