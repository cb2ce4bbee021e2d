//! What is owed in money, by currency: exact, and written with the places it came with.
//!
//! A daily usage that is counted in a unit of its own stands beside the currencies under that unit. Amounts of different
//! currencies are never added.

use std::collections::BTreeMap;

use num_rational::BigRational;
use num_traits::{Signed, Zero};

use crate::api::credit_status::CreditStatus;

use super::exact::{NotANumber, decimal, decimal_text};

/// Amounts by currency. What is zero is not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owed(BTreeMap<String, Amount>);

/// An amount with the places it is written with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Amount {
    value: BigRational,
    places: u32,
}

impl Owed {
    /// What a credit comes to, as far as it is issued.
    ///
    /// # Errors
    /// An amount of it is no figure.
    pub fn of(credits: &CreditStatus) -> Result<Self, NotANumber> {
        let money = credits.amounts.iter().filter(|amount| amount.issued);
        let money = money.map(|amount| (amount.currency.as_str(), amount.amount.as_str()));
        let usage = credits.daily_usage.iter().map(|usage| (usage.unit.as_str(), usage.amount.as_str()));
        let mut owed = Self::default();
        for (currency, text) in money.chain(usage) {
            let places = text.split_once('.').map_or(0, |(_, places)| places.len());
            let places = u32::try_from(places).unwrap_or_default();
            owed.add(currency, &Amount { value: decimal(text)?, places });
        }
        Ok(owed)
    }

    /// Whether it is nothing.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        self.0.is_empty()
    }

    /// In words: `120.00 EUR + 5 JPY`. Empty: it is nothing.
    #[must_use]
    pub fn words(&self) -> String {
        let each = self.0.iter().map(|(currency, a)| format!("{} {currency}", decimal_text(&a.value, a.places)));
        each.collect::<Vec<_>>().join(" + ")
    }

    /// What this is more than `other` in each currency, and what it is less.
    #[must_use]
    pub fn against(&self, other: &Self) -> (Self, Self) {
        let mut difference = self.clone();
        for (currency, amount) in &other.0 {
            difference.add(currency, &Amount { value: -&amount.value, places: amount.places });
        }
        let (mut more, mut less) = (Self::default(), Self::default());
        for (currency, amount) in &difference.0 {
            let side = if amount.value.is_negative() { &mut less } else { &mut more };
            side.add(currency, &Amount { value: amount.value.abs(), places: amount.places });
        }
        (more, less)
    }

    /// Both together.
    #[must_use]
    pub fn and(&self, other: &Self) -> Self {
        let mut sum = self.clone();
        other.0.iter().for_each(|(currency, amount)| sum.add(currency, amount));
        sum
    }

    fn add(&mut self, currency: &str, amount: &Amount) {
        let held = self.0.entry(currency.to_owned()).or_default();
        held.value += &amount.value;
        held.places = held.places.max(amount.places);
        if held.value.is_zero() {
            self.0.remove(currency);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) mod tests {
    use serde_json::json;

    use super::*;

    /// Euros in decimal, and nothing else.
    pub fn euros(amount: &str) -> Owed {
        of(&json!({"amounts": [{"currency": "EUR", "amount": amount, "issued": true}]}))
    }

    fn of(credits: &serde_json::Value) -> Owed {
        Owed::of(&serde_json::from_value(credits.clone()).unwrap()).unwrap()
    }

    #[test]
    fn only_what_is_issued_is_owed() {
        let credits = json!({
            "amounts": [
                {"currency": "EUR", "amount": "120.00", "issued": true},
                {"currency": "USD", "amount": "0.00", "issued": true},
                {"currency": "JPY", "amount": "5", "issued": false},
            ],
            "serviceDays": 3,
            "dailyUsage": {"unit": "credits", "multiple": "3", "amount": "360", "exact": "360/1"},
        });
        assert_eq!(of(&credits).words(), "120.00 EUR + 360 credits");
        assert!(of(&json!({"serviceDays": 3})).is_nothing());
        assert!(
            Owed::of(&serde_json::from_value(json!({"amounts": [{"amount": "1,0", "issued": true}]})).unwrap())
                .is_err()
        );
    }

    #[test]
    fn every_currency_is_more_or_less_by_itself() {
        let amounts = |eur: &str, usd: &str| {
            of(&json!({"amounts": [
                {"currency": "EUR", "amount": eur, "issued": true}, {"currency": "USD", "amount": usd, "issued": true},
            ]}))
        };
        let (more, less) = amounts("100.5", "10.00").against(&amounts("40.50", "30.00"));
        assert_eq!((more.words().as_str(), less.words().as_str()), ("60.00 EUR", "20.00 USD"));
        assert_eq!(more.and(&less), amounts("60.00", "20.00"));
        let (more, less) = euros("5.00").against(&euros("5.00"));
        assert!(more.is_nothing() && less.is_nothing());
    }
}
