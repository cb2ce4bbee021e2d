use crate::api::credit_status::{CreditAmount, UsageCredit};

use super::*;

fn credits(amounts: &[(&str, &str, bool)], days: i64) -> CreditStatus {
    let amount = |(currency, amount, issued): &(&str, &str, bool)| CreditAmount {
        currency: (*currency).to_owned(),
        amount: (*amount).to_owned(),
        issued: *issued,
        ..CreditAmount::default()
    };
    CreditStatus { amounts: amounts.iter().map(amount).collect(), service_days: days, ..CreditStatus::default() }
}

fn changes(granted: Option<&CreditStatus>, now: Option<&CreditStatus>) -> Vec<(String, String)> {
    adjustment(granted, now).unwrap().amounts.into_iter().map(|a| (a.currency, a.amount)).collect()
}

fn change(currency: &str, amount: &str) -> (String, String) {
    (currency.to_owned(), amount.to_owned())
}

#[test]
fn a_reversal_is_negative() {
    let first = credits(&[("EUR", "100.00", true)], 0);
    let none = credits(&[("EUR", "0.00", false)], 0);
    assert_eq!(changes(Some(&first), Some(&none)), [change("EUR", "-100.00")]);
    assert_eq!(changes(Some(&none), Some(&first)), [change("EUR", "100.00")]);
    assert_eq!(changes(Some(&first), Some(&first)), [change("EUR", "0.00")]);
    assert_eq!(changes(Some(&first), None), [change("EUR", "-100.00")]);
}

#[test]
fn what_was_never_granted_or_issued_is_not_reversed() {
    let second = credits(&[("EUR", "25.01", true)], 0);
    assert_eq!(changes(None, Some(&second)), [change("EUR", "25.01")]);
    let too_small = credits(&[("EUR", "0.90", false)], 0);
    assert_eq!(changes(Some(&too_small), Some(&second)), [change("EUR", "25.01")]);
    assert_eq!(changes(Some(&second), Some(&too_small)), [change("EUR", "-25.01")]);
}

#[test]
fn every_currency_changes_by_itself() {
    let first = credits(&[("EUR", "100.00", true), ("JPY", "500", true)], 7);
    let second = credits(&[("EUR", "40.50", true), ("USD", "10.00", true)], 3);
    let adjusted = adjustment(Some(&first), Some(&second)).unwrap();
    let expected = [change("EUR", "-59.50"), change("USD", "10.00"), change("JPY", "-500")];
    assert_eq!(changes(Some(&first), Some(&second)), expected);
    assert_eq!(adjusted.service_days, -4);
    assert_eq!((adjusted.daily_usage.as_str(), adjusted.reward.as_str()), ("", ""));
}

#[test]
fn usage_changes_in_its_unit() {
    let mut first = credits(&[], 0);
    let unit = "credits".to_owned();
    first.daily_usage = Some(UsageCredit { unit, multiple: "3".into(), amount: "360".into(), exact: "360/1".into() });
    assert_eq!(adjustment(Some(&first), None).unwrap().daily_usage, "-360");
    assert_eq!(adjustment(Some(&first), Some(&first)).unwrap().daily_usage, "");
}

#[test]
fn a_statement_without_figures_is_refused() {
    assert!(adjustment(Some(&credits(&[("EUR", "1,00", true)], 0)), None).is_err());
}

#[test]
fn a_credit_is_the_same_whatever_it_rests_on() {
    let one = credits(&[("EUR", "25.01", true)], 0);
    let mut other = CreditStatus { state: CreditState::Granted, reason: "granted".to_owned(), ..one.clone() };
    other.facts.granted_before.service_days = 3;
    assert!(same_outcome(Some(&one), Some(&other)) && same_outcome(None, None));
    other.amounts[0].capped_by = "Year".to_owned();
    assert!(!same_outcome(Some(&one), Some(&other)) && !same_outcome(Some(&one), None));
}
