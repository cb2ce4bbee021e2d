//! Exact numbers out of the decimal text a store answers with.
//!
//! Stores send sample values as text because they are 64-bit floats. The shortest text that names
//! the float is read as the decimal it says, never through a float again. A count is exact below
//! 2^53; from there on the store itself has rounded, and that is a case of its own.

use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::{Signed, ToPrimitive};

/// An exact value: a count where the store counted, a fraction where it computed.
pub type Quantity = BigRational;

/// Floats hold every whole number below this.
const FIRST_INEXACT: i64 = 1 << 53;

const MILLION: i64 = 1_000_000;

/// Longer than any float is printed, with room for a sign and a fraction.
const MAX_DIGITS: usize = 800;

/// Larger than any float's exponent.
const MAX_EXPONENT: u32 = 400;

/// Why a value is not an exact number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuantityError {
    /// `NaN` or an infinity.
    #[error("{0} is not a finite number")]
    NonFinite(String),
    /// 2^53 or more: no longer exact in the store.
    #[error("{0} is too large to be exact in the store")]
    Inexact(String),
    /// Not a number at all.
    #[error("{0:?} is not a decimal number")]
    Unreadable(String),
}

/// Reads a sample value.
///
/// # Errors
/// What the text is instead of an exact number.
pub fn parse_quantity(text: &str) -> Result<Quantity, QuantityError> {
    let unsigned = text.trim_start_matches(['+', '-']).to_ascii_lowercase();
    if matches!(unsigned.as_str(), "nan" | "inf" | "infinity") {
        return Err(QuantityError::NonFinite(text.to_owned()));
    }
    let value = decimal(text).ok_or_else(|| QuantityError::Unreadable(text.to_owned()))?;
    if value.abs() >= BigRational::from_integer(BigInt::from(FIRST_INEXACT)) {
        return Err(QuantityError::Inexact(text.to_owned()));
    }
    Ok(value)
}

/// Reads a sample value in millionths, what is less of one left out: for figures that are estimated with and not accounted
/// for. `None`: not a finite number, or beyond nine million millions.
#[must_use]
pub fn millionths(text: &str) -> Option<i64> {
    if let Ok(whole) = text.parse::<i64>() {
        return whole.checked_mul(MILLION);
    }
    (decimal(text)? * BigRational::from_integer(MILLION.into())).to_integer().to_i64()
}

/// Reads a finite decimal number, with or without an exponent. `None` is anything else, or a number
/// no float could be.
pub(super) fn decimal(text: &str) -> Option<BigRational> {
    let (negative, unsigned) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let readable = !digits.is_empty()
        && digits.len() <= MAX_DIGITS
        && digits.bytes().all(|digit| digit.is_ascii_digit())
        && exponent.unsigned_abs() <= MAX_EXPONENT;
    if !readable {
        return None;
    }
    let number = BigRational::from_integer(digits.parse::<BigInt>().ok()?);
    let places = u32::try_from(fraction.len()).ok()?;
    let scaled = number / power_of_ten(places);
    let shift = power_of_ten(exponent.unsigned_abs());
    let value = if exponent < 0 { scaled / shift } else { scaled * shift };
    Some(if negative { -value } else { value })
}

fn power_of_ten(exponent: u32) -> BigRational {
    BigRational::from_integer(BigInt::from(10).pow(exponent))
}
