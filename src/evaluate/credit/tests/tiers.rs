use proptest::prelude::*;

use super::*;

fn percent(tiers: &Value, attainment: BigRational) -> String {
    let table = json!({"fee": fee("4000.00", "EUR"), "tiers": tiers});
    status(table, &[attained("availability", attainment, ratio(999, 1000))]).percent_of_fee
}

#[test]
fn a_tier_is_strict_and_the_deepest_that_applies_is_granted() {
    let cases = [
        (ratio(1, 1), "0.000000"),
        (ratio(999, 1000), "0.000000"),
        (ratio(998_999_999, 1_000_000_000), "10.000000"),
        (ratio(99, 100), "10.000000"),
        (ratio(9899, 10_000), "25.000000"),
        (ratio(95, 100), "25.000000"),
        (ratio(9499, 10_000), "50.000000"),
        (ratio(0, 1), "50.000000"),
    ];
    for (attainment, expected) in cases {
        let text = attainment.to_string();
        assert_eq!(percent(&three_tiers(), attainment), expected, "{text}");
    }
    let mut upside_down = three_tiers();
    upside_down.as_array_mut().unwrap().reverse();
    assert_eq!(percent(&upside_down, ratio(98, 100)), "25.000000", "the order in the table does not matter");
}

#[test]
fn bounds_that_belong_to_the_tier_and_lower_bounds_are_read_to_the_letter() {
    // GitHub 2021: at most 99.9 and above 99.0; below 99.0. Exactly 99.0 lies in neither.
    let github = json!([
        {"objective": "availability", "atMost": "99.9", "above": "99.0", "percentOfFee": "10"},
        {"objective": "availability", "below": "99.0", "percentOfFee": "25"}
    ]);
    let cases = [
        (ratio(99_901, 100_000), "0.000000"),
        (ratio(999, 1000), "10.000000"),
        (ratio(99_001, 100_000), "10.000000"),
        (ratio(99, 100), "0.000000"),
        (ratio(98_999, 100_000), "25.000000"),
    ];
    for (attainment, expected) in cases {
        let text = attainment.to_string();
        assert_eq!(percent(&github, attainment), expected, "{text}");
    }
    let closed = json!([
        {"objective": "availability", "below": "99.9", "atLeast": "99.0", "percentOfFee": "10"},
        {"objective": "availability", "atMost": "99.0", "percentOfFee": "20"},
        {"objective": "availability", "below": "99.0", "percentOfFee": "30"}
    ]);
    assert_eq!(percent(&closed, ratio(99, 100)), "20.000000");
    assert_eq!(percent(&closed, ratio(98, 100)), "30.000000", "below 99 is lower than at most 99");
}

#[test]
fn a_tier_grants_days_usage_or_an_amount_as_well() {
    let tier = |grant: &str, value: Value| {
        let mut tier = json!({"objective": "availability", "below": "99.9"});
        tier[grant] = value;
        json!({"fee": fee("600.00", "USD"), "dailyUsage": {"amount": "120", "unit": "credits"}, "tiers": [tier]})
    };
    let days = status(tier("serviceDays", json!(3)), &[missed("availability")]);
    assert_eq!((days.service_days, days.amount.as_str()), (3, "0.00"));
    assert_eq!((days.lines[0].service_days, days.lines[0].granted), (3, true));
    let amount = status(tier("amount", json!("12.345")), &[missed("availability")]);
    assert_eq!((amount.amount.as_str(), amount.amounts[0].unrounded.as_str()), ("12.35", "12.345000"));
    assert_eq!(amount.percent_of_fee, "2.057500");
    let usage = status(tier("multipleOfDailyUsage", json!("1.5")), &[missed("availability")]);
    let usage = usage.daily_usage.unwrap();
    assert_eq!((usage.unit.as_str(), usage.multiple.as_str(), usage.amount.as_str()), ("credits", "1.5", "180"));
}

#[test]
fn usage_in_the_currency_of_the_fee_is_money_like_any_other() {
    let table = json!({
        "fee": fee("600.00", "USD"),
        "dailyUsage": {"amount": "19.99", "unit": "USD"},
        "tiers": [{"objective": "availability", "below": "99.9", "multipleOfDailyUsage": "3"}],
        "cap": {"amount": "50.00"}
    });
    let status = status(table, &[missed("availability")]);
    assert_eq!((status.amounts[0].before_cap.as_str(), status.amount.as_str()), ("59.970000", "50.00"));
    assert_eq!(status.daily_usage, None);
}

#[test]
fn what_is_not_determined_or_not_covered_neither_grants_nor_denies_and_says_so() {
    let table = || json!({"fee": fee("4000.00", "EUR"), "tiers": three_tiers()});
    let open = status(table(), &[not_determined("availability")]);
    assert_eq!((open.amount.as_str(), open.lines.len(), open.lines[0].granted), ("0.00", 1, false));
    assert!(open.lines[0].not_granted.contains("not determined"), "{:?}", open.lines);
    let uncovered = Outcome { covered: false, ..missed("availability") };
    let uncovered = status(table(), &[uncovered]);
    assert_eq!(uncovered.amount, "0.00");
    assert!(uncovered.lines[0].not_granted.contains("does not cover"), "{:?}", uncovered.lines);
    let other = status(table(), &[not_determined("latency")]);
    assert_eq!(other.lines, [], "nothing is owed on it anyhow");
    let quiet = Outcome { settles_on: None, at_least: None, ..attained("availability", ratio(1, 1), ratio(9, 10)) };
    assert_eq!(status(table(), &[quiet]).lines, []);
}

#[test]
fn what_is_owed_for_certain_is_granted_and_the_line_says_to_what_the_unknown_could_lead() {
    let table = || json!({"fee": fee("4000.00", "EUR"), "tiers": three_tiers()});
    let between = |worst: i64, best: i64| Outcome {
        at_least: Some(ratio(worst, 1000)),
        ..attained("availability", ratio(best, 1000), ratio(9995, 10_000))
    };
    for (worst, best, amount, words) in [
        (991, 998, "400.00", "below 99.9"),
        (985, 998, "400.00", "below 99.9 for certain; below 99.0 if all that is unknown was bad"),
        (940, 985, "1000.00", "below 99.0 for certain; below 95.0 if all that is unknown was bad"),
        (998, 999, "0.00", "no tier applies for certain; below 99.9 would if all that is unknown was bad"),
    ] {
        let status = status(table(), &[between(worst, best)]);
        let line = &status.lines[0];
        assert_eq!(status.amount, amount, "{line:?}");
        assert!([&line.reckoning, &line.not_granted].iter().any(|told| *told == words), "{line:?}");
    }
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
    for (amount, currency, percent, rounded) in cases {
        let table = json!({
            "fee": fee(amount, currency),
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": percent}],
        });
        assert_eq!(status(table, &[missed("availability")]).amount, rounded, "{amount} {currency}");
    }
}

#[test]
fn the_exact_figure_stands_beside_the_rounded_one() {
    let table = json!({
        "fee": {"amount": "100.00", "currency": "EUR", "prepaidMonths": 7, "base": "the mailbox"},
        "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "10"}],
    });
    let status = status(table, &[missed("availability")]);
    let amount = &status.amounts[0];
    assert_eq!((amount.fee.as_str(), amount.base.as_str()), ("14.285714", "the mailbox"));
    assert_eq!(
        (amount.exact.as_str(), amount.unrounded.as_str(), amount.amount.as_str()),
        ("10/7", "1.428571", "1.43")
    );
    assert_eq!((status.fraction_of_fee.as_str(), status.percent_of_fee.as_str()), ("1/10", "10.000000"));
    assert_eq!(status.lines[0].amounts[0].exact, "10/7");
}

#[test]
fn a_prepayment_is_divided_by_its_months() {
    let amount = |period: &str, prepaid: i32| {
        let mut spec = spec(json!({
            "fee": {"amount": "1200.00", "currency": "USD", "prepaidMonths": prepaid},
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "10"}],
        }));
        spec.period = serde_json::from_value(json!({"calendar": period})).unwrap();
        owed(&spec, june(), june(), &[missed("availability")], &Facts::default()).unwrap().unwrap().amount.issued_text()
    };
    assert_eq!(amount("Month", 12), "10.00");
    assert_eq!(amount("Quarter", 12), "30.00");
    assert_eq!(amount("Year", 12), "120.00");
    assert_eq!(amount("Month", 1), "120.00");
}

#[test]
fn only_a_prorated_fee_is_shared_by_a_period_that_is_cut_short() {
    let ten_days = Bounds { start: at("2025-06-21T00:00:00Z"), ..june() };
    let amount = |prorated: bool| {
        let spec = spec(json!({
            "fee": {"amount": "300.00", "currency": "EUR", "prorated": prorated},
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "10"}],
        }));
        let credits = owed(&spec, ten_days, june(), &[missed("availability")], &Facts::default()).unwrap().unwrap();
        (credits.amount.issued_text(), credits.fraction_of_fee)
    };
    assert_eq!(amount(true), ("10.00".to_owned(), ratio(1, 10)));
    assert_eq!(amount(false), ("30.00".to_owned(), ratio(1, 10)));
}

#[test]
fn an_agreement_that_is_deleted_is_charged_as_if_its_validity_had_ended() {
    let ten_days = Bounds { end: at("2025-06-11T00:00:00Z"), ..june() };
    let deleted = Facts { ends: true, ..Facts::default() };
    let amount = |prorated: bool| {
        let mut spec = spec(json!({
            "fee": {"amount": "300.00", "currency": "EUR", "prorated": prorated},
            "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "10"}],
        }));
        spec.validity = serde_json::from_value(json!({"from": "2025-01-01"})).unwrap();
        owed(&spec, ten_days, june(), &[missed("availability")], &deleted).unwrap().unwrap().amount.issued_text()
    };
    assert_eq!([true, false].map(amount), ["10.00", "30.00"]);
}

#[test]
fn what_can_not_be_worked_with_is_named() {
    let tier = |field: &str, text: &str| {
        let mut tier = json!({"objective": "availability", "below": "99.9", "percentOfFee": "10"});
        tier[field] = json!(text);
        json!({"fee": fee("1", "EUR"), "tiers": [tier]})
    };
    let bare = |tier: Value| json!({"fee": fee("1", "EUR"), "tiers": [tier]});
    let with = |key: &str, value: Value| {
        let mut table = json!({"fee": fee("1", "EUR"), "tiers": three_tiers()});
        table[key] = value;
        table
    };
    let cases = [
        (with("fee", fee("1", "XYZ")), "spec.credits.fee.currency"),
        (with("fee", fee("1", "XAU")), "spec.credits.fee.currency"),
        (with("fee", fee("1,5", "EUR")), "spec.credits.fee.amount"),
        (with("furtherFees", json!([fee("1", "USD"), fee("x", "CHF")])), "spec.credits.furtherFees[1].amount"),
        (with("dailyUsage", json!({"amount": "-1", "unit": "x"})), "spec.credits.dailyUsage.amount"),
        (with("issuedAbove", json!("one")), "spec.credits.issuedAbove"),
        (with("cap", json!({"percentOfFee": ""})), "spec.credits.cap.percentOfFee"),
        (with("capPerYear", json!({"amount": "."})), "spec.credits.capPerYear.amount"),
        (with("capPerContract", json!({"percentOfFee": "101"})), "spec.credits.capPerContract.percentOfFee"),
        (tier("below", "x"), "spec.credits.tiers[0].below"),
        (tier("above", "x"), "spec.credits.tiers[0].above"),
        (tier("atLeast", "x"), "spec.credits.tiers[0].atLeast"),
        (tier("percentOfFee", "101"), "spec.credits.tiers[0].percentOfFee"),
        (tier("atMost", "99"), "spec.credits.tiers[0]"),
        (tier("amount", "1"), "spec.credits.tiers[0]"),
        (
            bare(json!({"objective": "availability", "below": "99.9", "amount": "1.2.3"})),
            "spec.credits.tiers[0].amount",
        ),
        (
            bare(json!({"objective": "availability", "below": "99.9", "multipleOfDailyUsage": "two"})),
            "spec.credits.tiers[0].multipleOfDailyUsage",
        ),
        (bare(json!({"objective": "availability", "atMost": "y", "amount": "1"})), "spec.credits.tiers[0].atMost"),
    ];
    for (table, field) in cases {
        let error = owed(&spec(table), june(), june(), &[missed("availability")], &Facts::default()).unwrap_err();
        assert_eq!(error.field, field, "{error}");
    }
}

#[test]
fn an_agreement_without_credits_owes_nothing() {
    let spec = AgreementSpec { credits: None, ..agreement() };
    assert_eq!(owed(&spec, june(), june(), &[missed("availability")], &Facts::default()), Ok(None));
}

proptest! {
    #[test]
    fn a_worse_attainment_never_costs_less(a in 0i64..=100_000, b in 0i64..=100_000) {
        let cost = |n| {
            let table = json!({"fee": fee("4000.00", "EUR"), "tiers": three_tiers()});
            granted(table, &[attained("availability", ratio(n, 100_000), ratio(999, 1000))]).amount.minor_units
        };
        prop_assert!(cost(a.min(b)) >= cost(a.max(b)));
    }
}
