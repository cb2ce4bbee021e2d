//! Figures as they are set in print: groups of three digits, and a mark where digits were cut off.

use std::fmt::Display;

use num_rational::BigRational;
use num_traits::{One, Zero};

use crate::evaluate::exact::{PERCENT_PLACES, decimal_text, hundred, ratio_text, ten_to, whole};
use crate::evaluate::rate_sum::is_bracketed;

/// Stands between groups of digits: narrow, and no line breaks at it (ISO 80000-1 wants a small space, no comma).
const GROUP: char = '\u{202f}';
/// Stands between a figure and its unit.
const SPACE: char = '\u{a0}';

/// A plain decimal with the digits before its point in groups of three. Anything else as it is.
#[must_use]
pub fn grouped(number: &str) -> String {
    let (left, rest) = number.split_at(number.find('.').unwrap_or(number.len()));
    let fraction = rest.strip_prefix('.').unwrap_or_default();
    let is_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(left) || !is_digits(fraction) || left.len() < 4 {
        return number.to_owned();
    }
    let mut text = String::with_capacity(number.len() * 2);
    for (place, digit) in left.chars().enumerate() {
        if place > 0 && (left.len() - place).is_multiple_of(3) {
            text.push(GROUP);
        }
        text.push(digit);
    }
    text + rest
}

/// A percentage with its unit; a dash where there is none.
#[must_use]
pub fn percent(text: &str) -> String {
    if text.is_empty() { "–".to_owned() } else { format!("{text}{SPACE}%") }
}

/// A displayed percentage with an ellipsis where the exact fraction goes on: `99.845437… %`.
#[must_use]
pub fn cut_percent(text: &str, ratio: &str) -> String {
    if is_cut(ratio) { format!("{text}…{SPACE}%") } else { percent(text) }
}

/// An amount that was cut at six places, with an ellipsis where the exact fraction goes on: `0.009722… EUR`.
#[must_use]
pub fn cut_money(text: &str, exact: &str, currency: &str) -> String {
    let more = if goes_on(exact, &BigRational::one()) { "…" } else { "" };
    format!("{}{more}{SPACE}{currency}", grouped(text))
}

/// Whether a share has more digits than a displayed percentage.
fn is_cut(ratio: &str) -> bool {
    goes_on(ratio, &hundred())
}

/// Whether an exact fraction, in the given unit, has more digits than are displayed.
fn goes_on(exact: &str, unit: &BigRational) -> bool {
    let scale = unit * whole(ten_to(PERCENT_PLACES));
    exact.parse::<BigRational>().is_ok_and(|exact| !(exact * scale).fract().is_zero())
}

/// An exact fraction `19991/20000` in groups; a dash where there is none.
#[must_use]
pub fn fraction(ratio: &str) -> String {
    match ratio.split_once('/') {
        Some((numerator, denominator)) => format!("{}{SPACE}/{SPACE}{}", grouped(numerator), grouped(denominator)),
        None => "–".to_owned(),
    }
}

/// What a figure that is only given to sixty places is told with.
pub const BRACKETED: &str =
    "≈: the exact mean has more digits than can be told; this fraction agrees with it to sixty places.";

/// Whether an attainment is not the exact one, but a fraction with the same first sixty places.
#[must_use]
pub fn is_near(ratio: &str) -> bool {
    ratio.parse::<BigRational>().is_ok_and(|ratio| is_bracketed(&ratio))
}

/// The fraction of an attainment, with a mark where it is not the exact one.
#[must_use]
pub fn attained(ratio: &str) -> String {
    let mark = if is_near(ratio) { format!("≈{SPACE}") } else { String::new() };
    mark + &fraction(ratio)
}

/// An amount with its currency.
#[must_use]
pub fn money(amount: &str, currency: &str) -> String {
    format!("{}{SPACE}{currency}", grouped(amount))
}

/// An exact amount, with two places at least, cut at six and marked where it goes on: `400.00 EUR`, `0.194444… EUR`.
#[must_use]
pub fn exact_money(value: &BigRational, currency: &str) -> String {
    format!("{}{SPACE}{currency}", exact(value, 2))
}

/// An exact number without useless zeros, cut at six places and marked where it goes on: `12.5`, `0.333333…`.
#[must_use]
pub fn exact_number(value: &BigRational) -> String {
    exact(value, 0)
}

/// An exact share in percent, in the same way: `0.5 %`, `0.004861… %`.
#[must_use]
pub fn exact_percent(share: &BigRational) -> String {
    percent(&exact_number(&(share * hundred())))
}

/// A cut figure that the statement states, marked where the exact one that it was cut from goes on.
#[must_use]
pub fn stated_money(stated: &str, value: Option<&BigRational>, currency: &str) -> String {
    let is_its = |value: &&BigRational| decimal_text(value, PERCENT_PLACES) == stated;
    match value.filter(is_its) {
        Some(value) => cut_money(stated, &ratio_text(value), currency),
        None => money(stated, currency),
    }
}

fn exact(value: &BigRational, places: usize) -> String {
    let text = decimal_text(value, PERCENT_PLACES);
    let more = goes_on(&ratio_text(value), &BigRational::one());
    let (units, fraction) = text.split_once('.').unwrap_or((&text, ""));
    let fraction = if more { fraction } else { fraction.trim_end_matches('0') };
    let fraction = format!("{fraction:0<places$}");
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{}{point}{fraction}{}", grouped(units), if more { "…" } else { "" })
}

/// A change with its sign: `+400.00`, `−1 250.00`.
#[must_use]
pub fn signed(change: &str) -> String {
    match change.strip_prefix('-') {
        Some(less) => format!("−{}", grouped(less)),
        None => format!("+{}", grouped(change)),
    }
}

/// A plural where there is not exactly one: `1 slot`, `3 slots`.
#[must_use]
pub fn counted<N: Display + One + PartialEq + Copy>(count: N, one: &str, many: &str) -> String {
    let noun = if count.is_one() { one } else { many };
    format!("{count} {noun}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    /// With spaces that can be read in a test.
    fn plain(text: &str) -> String {
        text.replace([GROUP, SPACE], " ")
    }

    #[test]
    fn digits_stand_in_groups_of_three() {
        let cases = [
            ("0", "0"),
            ("893", "893"),
            ("8931", "8 931"),
            ("89310", "89 310"),
            ("8931000", "8 931 000"),
            ("1234567.25", "1 234 567.25"),
            ("4000.00", "4 000.00"),
            ("", ""),
            ("-12345", "-12345"),
            ("12345 apples", "12345 apples"),
        ];
        for (number, shown) in cases {
            assert_eq!(plain(&grouped(number)), shown);
        }
    }

    #[test]
    fn what_is_cut_off_is_marked() {
        let cases = [
            ("99.949614", "1295347/1296000", "99.949614… %"),
            ("99.955000", "19991/20000", "99.955000 %"),
            ("100.000000", "1/1", "100.000000 %"),
            ("99.999999", "999999999/1000000000", "99.999999… %"),
            ("", "", "–"),
            ("99.9", "1/0", "99.9 %"),
        ];
        for (text, ratio, shown) in cases {
            assert_eq!(plain(&cut_percent(text, ratio)), shown);
        }
    }

    #[test]
    fn fractions_and_money_are_grouped() {
        assert_eq!(plain(&fraction("1295347/1296000")), "1 295 347 / 1 296 000");
        assert_eq!(plain(&fraction("")), "–");
        assert_eq!(plain(&attained("1295347/1296000")), "1 295 347 / 1 296 000");
        // (2 x 10^60 - 1) over 2 x 10^60: the middle of the last two multiples of 10^-60 below one.
        let near = format!("1{}/2{}", "9".repeat(60), "0".repeat(60));
        assert!(is_near(&near) && plain(&attained(&near)).starts_with("≈ 1 999 999"));
        assert_eq!(plain(&money("12345.60", "EUR")), "12 345.60 EUR");
        assert_eq!(counted(1, "slot", "slots") + ", " + &counted(0, "slot", "slots"), "1 slot, 0 slots");
    }

    #[test]
    fn exact_figures_are_cut_at_six_places_and_say_so() {
        let ratio = |n: i64, d: i64| BigRational::new(n.into(), d.into());
        assert_eq!(plain(&exact_money(&ratio(4000, 1), "EUR")), "4 000.00 EUR");
        assert_eq!(plain(&exact_money(&ratio(7, 36), "EUR")), "0.194444… EUR");
        assert_eq!(plain(&exact_money(&ratio(1, 8), "EUR")), "0.125 EUR");
        assert_eq!(exact_number(&ratio(25, 2)) + ", " + &exact_number(&ratio(10, 1)), "12.5, 10");
        assert_eq!(plain(&exact_percent(&ratio(7, 144_000))), "0.004861… %");
        assert_eq!(plain(&stated_money("0.194444", Some(&ratio(7, 36)), "EUR")), "0.194444… EUR");
        assert_eq!(plain(&stated_money("0.194445", Some(&ratio(7, 36)), "EUR")), "0.194445 EUR");
    }

    #[test]
    fn an_amount_that_was_cut_says_so_and_a_change_has_its_sign() {
        let cases = [
            ("0.009722", "7/720", "0.009722… EUR"),
            ("400.000000", "400/1", "400.000000 EUR"),
            ("1333.333333", "4000/3", "1 333.333333… EUR"),
            ("0.500000", "", "0.500000 EUR"),
        ];
        for (text, exact, shown) in cases {
            assert_eq!(plain(&cut_money(text, exact, "EUR")), shown);
        }
        for (amount, shown) in [("400.00", "+400.00"), ("-1250.00", "−1 250.00"), ("3", "+3")] {
            assert_eq!(plain(&signed(amount)), shown);
        }
    }
}
