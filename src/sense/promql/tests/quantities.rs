//! Values are the decimals they say.

use crate::sense::promql::{QuantityError, parse_quantity};
use num_bigint::BigInt;
use num_rational::BigRational;
use proptest::prelude::*;

fn fraction(numerator: i64, denominator: i64) -> BigRational {
    BigRational::new(BigInt::from(numerator), BigInt::from(denominator))
}

#[test]
fn decimals_are_exact() {
    let table = [
        ("0", 0, 1),
        ("-0", 0, 1),
        ("20", 20, 1),
        ("+7", 7, 1),
        ("1.5e+06", 1_500_000, 1),
        ("1E2", 100, 1),
        ("25e-2", 1, 4),
        ("103.81", 10_381, 100),
        (".5", 1, 2),
        ("5.", 5, 1),
        ("-1.25", -5, 4),
        ("9007199254740991", 9_007_199_254_740_991, 1),
        ("9007199254740991.0", 9_007_199_254_740_991, 1),
    ];
    for (text, numerator, denominator) in table {
        assert_eq!(parse_quantity(text), Ok(fraction(numerator, denominator)), "{text}");
    }
}

#[test]
fn what_is_no_exact_number_is_named() {
    for text in ["NaN", "nan", "+Inf", "-Inf", "Inf", "inf"] {
        assert_eq!(parse_quantity(text), Err(QuantityError::NonFinite(text.to_owned())));
    }
    for text in ["9007199254740992", "-9007199254740992", "1e300", "1e16"] {
        assert_eq!(parse_quantity(text), Err(QuantityError::Inexact(text.to_owned())));
    }
    let endless = "1".repeat(801);
    for text in ["", ".", "-", "e5", "1e", "1e999999999", "1e401", "0x10", "1_0", "--1", "1.2.3", " 1", &endless] {
        assert_eq!(parse_quantity(text), Err(QuantityError::Unreadable(text.to_owned())));
    }
}

proptest! {
    #[test]
    fn every_count_below_two_to_the_53_is_itself(count in 0_i64..(1 << 53)) {
        prop_assert_eq!(parse_quantity(&count.to_string()), Ok(fraction(count, 1)));
        let printed_by_a_float = format!("{count}.0e0");
        prop_assert_eq!(parse_quantity(&printed_by_a_float), Ok(fraction(count, 1)));
    }
}
