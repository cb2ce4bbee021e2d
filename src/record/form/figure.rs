//! Figures as they are set in print: groups of three digits, and a mark where digits were cut off.

use num_rational::BigRational;
use num_traits::Zero;

use crate::evaluate::exact::{PERCENT_PLACES, hundred, ten_to, whole};

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

/// Whether a share has more digits than a displayed percentage.
fn is_cut(ratio: &str) -> bool {
    let scale = hundred() * whole(ten_to(PERCENT_PLACES));
    ratio.parse::<BigRational>().is_ok_and(|share| !(share * scale).fract().is_zero())
}

/// An exact fraction `19991/20000` in groups; a dash where there is none.
#[must_use]
pub fn fraction(ratio: &str) -> String {
    match ratio.split_once('/') {
        Some((numerator, denominator)) => format!("{}{SPACE}/{SPACE}{}", grouped(numerator), grouped(denominator)),
        None => "–".to_owned(),
    }
}

/// An amount with its currency.
#[must_use]
pub fn money(amount: &str, currency: &str) -> String {
    format!("{}{SPACE}{currency}", grouped(amount))
}

/// A plural where there is not exactly one: `1 slot`, `3 slots`.
#[must_use]
pub fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
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
        assert_eq!(plain(&money("12345.60", "EUR")), "12 345.60 EUR");
        assert_eq!(counted(1, "slot", "slots") + ", " + &counted(0, "slot", "slots"), "1 slot, 0 slots");
    }
}
