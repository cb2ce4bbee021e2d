//! Amounts as cases write them: `1000.00 CNY`, `CNY 1000.00`, `1000.00` or the number 1000.

use serde_json::Value;

use crate::arithmetic::trimmed;
use crate::scenario::{Miss, Outcome, plain, same};

/// An amount, with its currency where it says one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Amount {
    pub number: String,
    pub currency: Option<String>,
}

/// Reads an amount. Of two words the one with a digit is the number.
pub fn amount(value: &Value) -> Amount {
    let text = plain(value);
    let is_number = |word: &&str| word.contains(|c: char| c.is_ascii_digit());
    let (numbers, others): (Vec<&str>, Vec<&str>) = text.split_whitespace().partition(is_number);
    let number = numbers.first().copied().unwrap_or(&text).trim_start_matches('+').to_owned();
    Amount { number, currency: others.first().map(|word| word.to_uppercase()) }
}

/// Whether a field is an amount with its currency.
pub fn has_currency(value: &Value) -> bool {
    let currency = amount(value).currency;
    currency.is_some_and(|c| c.len() == 3 && c.bytes().all(|b| b.is_ascii_uppercase()))
}

/// Compares an amount that was found with the one expected: the digits where the case writes a text, the value where it
/// writes a number, and the currency where it says one.
pub fn same_amount(figure: &str, found: &Value, currency: &Value, expected: &Value) -> Outcome {
    let wanted = amount(expected);
    let found = if found.is_null() { "nothing".to_owned() } else { plain(found) };
    if expected.is_number() {
        same(figure, trimmed(&found), trimmed(&wanted.number))?;
    } else {
        same(figure, found, wanted.number)?;
    }
    wanted.currency.map_or(Ok(()), |wanted| same(&format!("{figure}, its currency"), currency.clone(), wanted))
}

/// A field that is a whole number, as a number or as digits.
pub fn whole(value: &Value, name: &str) -> Result<i64, Miss> {
    let given = crate::scenario::field(value, name)?;
    let text = plain(given);
    trimmed(&text).parse().map_err(|_| Miss::NotExpressible(format!("{name}: {text} is no whole number")))
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    for (text, number, currency) in [
        ("1000.00 CNY", "1000.00", Some("CNY")),
        ("eur 1000.00", "1000.00", Some("EUR")),
        ("+5", "5", None),
        ("-100.00 USD", "-100.00", Some("USD")),
    ] {
        let expected = Amount { number: number.to_owned(), currency: currency.map(str::to_owned) };
        assert_eq!(amount(&Value::from(text)), expected);
        assert_eq!(has_currency(&Value::from(text)), currency.is_some());
    }
}
