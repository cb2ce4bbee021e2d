use num_bigint::BigInt;
use proptest::prelude::*;
use serde_json::json;

use super::super::example::{agreement, ratio};
use super::*;

fn table() -> Credits {
    agreement().credits.unwrap()
}

fn with(changes: &serde_json::Value) -> Credits {
    let mut value = serde_json::to_value(table()).unwrap();
    for (key, change) in changes.as_object().unwrap() {
        value[key] = change.clone();
    }
    serde_json::from_value(value).unwrap()
}

fn granted(table: &Credits, attained: &[(&str, Option<BigRational>)]) -> (String, String) {
    let shown = shown(&credits(table, attained).unwrap(), CreditState::Determined);
    (shown.percent_of_fee, shown.amount)
}

fn availability(attainment: BigRational) -> [(&'static str, Option<BigRational>); 1] {
    [("availability", Some(attainment))]
}

#[test]
fn tiers_are_strict_and_the_deepest_applies() {
    let cases = [
        (ratio(1, 1), "0.000000", "0.00"),
        (ratio(999, 1000), "0.000000", "0.00"),
        (ratio(998_999_999, 1_000_000_000), "10.000000", "400.00"),
        (ratio(99, 100), "10.000000", "400.00"),
        (ratio(9899, 10_000), "25.000000", "1000.00"),
        (ratio(95, 100), "25.000000", "1000.00"),
        (ratio(9499, 10_000), "100.000000", "4000.00"),
        (ratio(0, 1), "100.000000", "4000.00"),
    ];
    for (attainment, percent, amount) in cases {
        let text = attainment.to_string();
        assert_eq!(granted(&table(), &availability(attainment)), (percent.to_owned(), amount.to_owned()), "{text}");
    }
}

#[test]
fn what_is_not_determined_neither_grants_nor_denies() {
    let nothing = credits(&table(), &[("availability", None)]).unwrap();
    assert_eq!((nothing.percent_of_fee, nothing.lines), (ratio(0, 1), Vec::new()));
}

fn two_objectives(combine: &str, cap: Option<&str>) -> Credits {
    with(&json!({
        "tiers": [
            {"objective": "a", "below": "99.9", "percentOfFee": "10"},
            {"objective": "b", "below": "99.9", "percentOfFee": "25"},
            {"objective": "c", "below": "99.9", "percentOfFee": "25"},
        ],
        "combine": combine,
        "cap": cap.map(|c| json!({"percentOfFee": c})),
    }))
}

/// How they combine, the cap, the objectives missed; then the percentage, and which lines are granted.
type Case = (&'static str, Option<&'static str>, &'static [&'static str], &'static str, &'static [bool]);

#[test]
fn several_objectives_combine_as_agreed_and_the_cap_comes_last() {
    let missed = |names: &[&'static str]| names.iter().map(|n| (*n, Some(ratio(99, 100)))).collect::<Vec<_>>();
    let cases: [Case; 6] = [
        ("Highest", None, &["a"], "10.000000", &[true]),
        ("Highest", None, &["a", "b", "c"], "25.000000", &[false, true, false]),
        ("Sum", None, &["a", "b", "c"], "60.000000", &[true, true, true]),
        ("Sum", Some("30"), &["a", "b"], "30.000000", &[true, true]),
        ("Highest", Some("20"), &["a", "b"], "20.000000", &[false, true]),
        ("Sum", Some("30"), &[], "0.000000", &[]),
    ];
    for (combine, cap, names, percent, lines) in cases {
        let credit = credits(&two_objectives(combine, cap), &missed(names)).unwrap();
        assert_eq!(percent_text(&(&credit.percent_of_fee / hundred())), percent, "{combine} {names:?}");
        assert_eq!(credit.lines.iter().map(|l| l.granted).collect::<Vec<_>>(), lines, "{combine} {names:?}");
    }
    let all = with(&json!({"combine": "Sum", "tiers": [
        {"objective": "a", "below": "99.9", "percentOfFee": "70"},
        {"objective": "b", "below": "99.9", "percentOfFee": "70"},
    ]}));
    assert_eq!(granted(&all, &missed(&["a", "b"])), ("100.000000".to_owned(), "4000.00".to_owned()));
}

#[test]
fn amounts_are_rounded_once_half_up_to_the_minor_unit() {
    let cases = [
        ("0.05", "EUR", "10", "0.01"),
        ("0.04", "EUR", "10", "0.00"),
        ("333.33", "EUR", "10", "33.33"),
        ("333.35", "EUR", "10", "33.34"),
        ("1005", "JPY", "10", "101"),
        ("1004", "JPY", "10", "100"),
        ("1.0005", "KWD", "100", "1.001"),
        ("1000.00", "USD", "10", "100.00"),
    ];
    for (fee, currency, percent, amount) in cases {
        let table = with(&json!({
            "fee": {"amount": fee, "currency": currency},
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": percent}],
        }));
        assert_eq!(granted(&table, &availability(ratio(1, 2))).1, amount, "{fee} {currency}");
    }
}

#[test]
fn what_can_not_be_worked_with_is_named() {
    let fee = |amount: &str, currency: &str| with(&json!({"fee": {"amount": amount, "currency": currency}}));
    let tier = |below: &str, percent: &str| {
        with(&json!({"tiers": [{"objective": "availability", "below": below, "percentOfFee": percent}]}))
    };
    let cases = [
        (fee("1", "XYZ"), "spec.credits.fee.currency"),
        (fee("1", "XAU"), "spec.credits.fee.currency"),
        (fee("1,5", "EUR"), "spec.credits.fee.amount"),
        (tier("x", "10"), "spec.credits.tiers[0].below"),
        (tier("99", "101"), "spec.credits.tiers[0].percentOfFee"),
        (with(&json!({"cap": {"percentOfFee": ""}})), "spec.credits.cap.percentOfFee"),
    ];
    for (table, field) in cases {
        assert_eq!(credits(&table, &availability(ratio(1, 2))).unwrap_err().field, field);
    }
}

proptest! {
    #[test]
    fn a_worse_attainment_never_costs_less(a in 0i64..=100_000, b in 0i64..=100_000) {
        let owed = |n| credits(&table(), &availability(ratio(n, 100_000))).unwrap().minor_units;
        prop_assert!(owed(a.min(b)) >= owed(a.max(b)));
        prop_assert!(owed(a) <= BigInt::from(400_000));
    }

    #[test]
    fn rounding_is_within_half_a_minor_unit(cents in 0i64..10_000_000, percent in 1i64..=100) {
        let fee = format!("{}.{:02}", cents / 100, cents % 100);
        let table = with(&json!({
            "fee": {"amount": fee, "currency": "EUR"},
            "tiers": [{"objective": "availability", "below": "99", "percentOfFee": percent.to_string()}],
        }));
        let owed = whole(credits(&table, &availability(ratio(0, 1))).unwrap().minor_units);
        let error = owed - ratio(cents * percent, 100);
        prop_assert!(ratio(-1, 2) < error && error <= ratio(1, 2));
    }
}
