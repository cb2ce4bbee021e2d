use std::collections::BTreeMap;

use super::*;

fn summed(tiers: &[(&str, &str)], cap: Option<Value>) -> Value {
    let tiers: Vec<_> = tiers
        .iter()
        .map(|(objective, percent)| json!({"objective": objective, "below": "99.9", "percentOfFee": percent}))
        .collect();
    json!({"fee": fee("1000.00", "USD"), "combine": "Sum", "tiers": tiers, "cap": cap})
}

fn all_missed() -> [Outcome<'static>; 3] {
    [missed("a"), missed("b"), missed("c")]
}

fn paid(currency: &str, amount: i64, days: i64) -> Granted {
    Granted { money: BTreeMap::from([(currency.to_owned(), ratio(amount, 1))]), service_days: days }
}

#[test]
fn a_cap_takes_from_the_last_lines_first() {
    let cap = json!({"percentOfFee": "30"});
    let status = status(summed(&[("a", "20"), ("b", "20"), ("c", "5")], Some(cap)), &all_missed());
    assert_eq!((status.amount.as_str(), status.amounts[0].capped_by.as_str()), ("300.00", "Period"));
    assert_eq!(status.amounts[0].before_cap, "450.000000");
    let parts: Vec<_> = status.lines.iter().map(|l| l.amounts[0].granted.as_str()).collect();
    assert_eq!(parts, ["200.000000", "100.000000", "0.000000"]);
    assert!(status.lines.iter().all(|line| line.granted));
}

#[test]
fn tiers_grant_no_more_than_the_whole_fee_unless_a_cap_of_money_is_agreed() {
    let tiers = [("a", "70"), ("b", "70")];
    let credit = |cap: Option<Value>| {
        let status = status(summed(&tiers, cap), &all_missed());
        (status.amount, status.amounts[0].capped_by.clone())
    };
    assert_eq!(credit(None), ("1000.00".to_owned(), "Fee".to_owned()));
    assert_eq!(credit(Some(json!({"serviceDays": 5}))), ("1000.00".to_owned(), "Fee".to_owned()));
    assert_eq!(credit(Some(json!({"amount": "1200.00"}))), ("1200.00".to_owned(), "Period".to_owned()));
    assert_eq!(credit(Some(json!({"amount": "1400.00"}))), ("1400.00".to_owned(), String::new()));
    assert_eq!(credit(Some(json!({"amount": "1400.00", "percentOfFee": "50"}))).0, "500.00", "each limits");
}

#[test]
fn other_rules_than_tiers_have_no_cap_unless_one_is_agreed() {
    let table = |cap: Option<Value>| {
        json!({
            "fee": fee("100.00", "EUR"), "combine": "Sum", "cap": cap,
            "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "100"}],
            "remedies": [{"name": "price", "objective": "a", "multipleOfFee": {"multiple": "10"}}]
        })
    };
    let outcome = || Outcome { violations: 1, ..missed("a") };
    assert_eq!(status(table(None), &[outcome()]).amount, "1100.00");
    assert_eq!(status(table(Some(json!({"percentOfFee": "100"}))), &[outcome()]).amount, "100.00");
}

#[test]
fn what_was_granted_before_uses_up_the_caps_of_the_year_and_the_contract() {
    let table = || {
        let mut table = summed(&[("a", "40")], None);
        table["capPerYear"] = json!({"percentOfFee": "100"});
        table["capPerContract"] = json!({"amount": "1500.00"});
        table
    };
    let credit = |this_year: i64, before: i64| {
        let facts = Facts {
            granted_this_year: paid("USD", this_year, 0),
            granted_before: paid("USD", before, 0),
            ..Facts::default()
        };
        let credits = granted_with(table(), &[missed("a")], &facts);
        (credits.amount.issued_text(), credits.amount.capped_by)
    };
    assert_eq!(credit(0, 0), ("400.00".to_owned(), None));
    assert_eq!(credit(600, 600), ("400.00".to_owned(), None));
    assert_eq!(credit(601, 601), ("399.00".to_owned(), Some(CappedBy::Year)));
    assert_eq!(credit(601, 1200), ("300.00".to_owned(), Some(CappedBy::Contract)));
    assert_eq!(credit(2000, 2000), ("0.00".to_owned(), Some(CappedBy::Year)));
    let elsewhere = Facts { granted_this_year: paid("EUR", 1000, 0), ..Facts::default() };
    assert_eq!(granted_with(table(), &[missed("a")], &elsewhere).amount.issued_text(), "400.00");
}

#[test]
fn a_year_is_capped_by_the_fee_of_a_whole_period_and_a_period_by_its_own() {
    let half = Bounds { start: at("2025-06-16T00:00:00Z"), ..june() };
    let credit = |key: &str| {
        let mut table = summed(&[("a", "100")], None);
        table["fee"]["prorated"] = json!(true);
        table["remedies"] = json!([{"name": "each", "objective": "a", "perIncident": {"amount": "900.00"}}]);
        table[key] = json!({"percentOfFee": "100"});
        let outcome = Outcome { violations: 1, ..missed("a") };
        owed(&spec(table), half, june(), &[outcome], &Facts::default()).unwrap().unwrap().amount.issued_text()
    };
    assert_eq!(credit("cap"), "500.00");
    assert_eq!(credit("capPerYear"), "1000.00");
}

#[test]
fn days_of_service_have_caps_of_their_own() {
    let days = |cap: Value, before: i64| {
        let table = json!({
            "fee": fee("600.00", "USD"), "combine": "Sum", "cap": cap, "capPerYear": {"serviceDays": 30},
            "tiers": [
                {"objective": "a", "below": "99.9", "serviceDays": 7},
                {"objective": "b", "below": "99.9", "serviceDays": 15}
            ]
        });
        let facts = Facts { granted_this_year: paid("USD", 0, before), ..Facts::default() };
        let credits = granted_with(table, &[missed("a"), missed("b")], &facts);
        (credits.service_days, credits.lines.iter().map(|l| l.service_days).collect::<Vec<_>>())
    };
    assert_eq!(days(json!({"serviceDays": 15}), 0), (15, vec![7, 8]));
    assert_eq!(days(json!({"amount": "1.00"}), 0), (22, vec![7, 15]), "a cap of money is none of days");
    assert_eq!(days(json!({"serviceDays": 15}), 20), (10, vec![7, 3]));
    assert_eq!(days(json!({"serviceDays": 15}), 31), (0, vec![0, 0]));
}

#[test]
fn days_that_are_paid_are_capped_as_days_and_then_as_money() {
    let table = |cap: Value| {
        json!({
            "fee": fee("600.00", "USD"), "cap": cap, "serviceDays": "MonetaryValue",
            "tiers": [{"objective": "a", "below": "99.9", "serviceDays": 20}]
        })
    };
    let credit = |cap: Value| {
        let status = status(table(cap), &[missed("a")]);
        (status.amount, status.service_days, status.paid_days)
    };
    assert_eq!(credit(json!({"serviceDays": 15})), ("300.00".to_owned(), 0, 15));
    assert_eq!(credit(json!({"serviceDays": 15, "amount": "299.00"})), ("299.00".to_owned(), 0, 15));
}

#[test]
fn a_minimum_is_compared_before_rounding_and_exactly_it_is_too_little() {
    let credit = |bill: &str| {
        let table = json!({
            "fee": fee(bill, "USD"), "issuedAbove": "1.00",
            "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}]
        });
        let status = status(table, &[missed("a")]);
        (status.amounts[0].amount.clone(), status.amounts[0].issued, status.amount)
    };
    let shown = |amount: &str, issued, granted: &str| (amount.to_owned(), issued, granted.to_owned());
    assert_eq!(credit("9.00"), shown("0.90", false, "0.00"));
    assert_eq!(credit("10.00"), shown("1.00", false, "0.00"));
    assert_eq!(credit("10.01"), shown("1.00", true, "1.00"));
    assert_eq!(credit("10.10"), shown("1.01", true, "1.01"));
    assert_eq!(credit("0.00"), shown("0.00", false, "0.00"));
    let table = json!({
        "fee": fee("9.00", "USD"), "furtherFees": [fee("9.00", "EUR")], "issuedAbove": "1.00",
        "tiers": [{"objective": "a", "below": "99.9", "percentOfFee": "10"}]
    });
    let both = status(table, &[missed("a")]);
    assert_eq!(both.amounts[0].not_issued, "0.9 USD is not more than 1.00 USD");
    assert_eq!((both.amounts[1].issued, in_words(&both).as_str()), (true, "0.90 EUR"), "the minimum is one in USD");
}

#[test]
fn what_is_granted_is_told_in_a_few_words() {
    let table = json!({
        "fee": fee("600.00", "USD"), "furtherFees": [fee("100.00", "EUR")], "combine": "Sum",
        "tiers": [
            {"objective": "a", "below": "99.9", "percentOfFee": "10"},
            {"objective": "b", "below": "99.9", "serviceDays": 3}
        ]
    });
    let credits = granted(table.clone(), &[missed("a"), missed("b")]);
    assert_eq!(at_stake(&credits), "60.00 USD + 10.00 EUR + 3 service day(s)");
    assert!(credits.grants());
    let nothing = granted(table, &[]);
    assert_eq!((at_stake(&nothing), nothing.grants()), ("0.00 USD".to_owned(), false));
    assert_eq!(in_words(&shown(&nothing, CreditState::Determined)), "");
}
