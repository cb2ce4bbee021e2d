//! What was notified is in its own currency, and is set off against an invoice in the same one only.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

fn settlement(notified: &Value, invoice: &Value) -> Settlement {
    let measured = json!({
        "objectives": [{"name": "o", "outages": []}],
        "notified": notified,
        "nextSettlement": invoice,
    });
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured)
        .with(
            "credits",
            json!({
                "fee": {"amount": "1000.00", "currency": "EUR"},
                "furtherFees": [{"amount": "100000", "currency": "JPY"}],
                "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "25"}],
            }),
        )
        .with("settlement", json!({"payment": {"withinDays": 10, "offset": true}}));
    settlement.flags = vec!["--period", "2026-10"];
    settlement
}

fn notified(amount: &str, currency: Option<&str>) -> Value {
    let mut notified = json!({"on": "2026-10-05", "amount": amount, "paid": false});
    if let Some(currency) = currency {
        notified["currency"] = currency.into();
    }
    notified
}

#[test]
fn an_amount_keeps_its_own_currency() {
    let all = json!([notified("120.00", None), notified("4000", Some("JPY")), notified("80.5", Some("USD"))]);
    for (invoice, set_off, told) in [
        (json!({"gross": "1000.00"}), ["120.00", "0", "0.00"], ("EUR", "880.00", "0.00")),
        (json!({"gross": "3000", "currency": "JPY"}), ["0.00", "3000", "0.00"], ("JPY", "0", "1000")),
    ] {
        let answer = settlement(&all, &invoice).answer();
        let payments: Vec<_> = answer["payments"].as_array().unwrap().iter().collect();
        let field = |name: &str| payments.iter().map(|p| p[name].as_str().unwrap()).collect::<Vec<_>>();
        assert_eq!(field("currency"), ["EUR", "JPY", "USD"]);
        assert_eq!(field("amount"), ["120.00", "4000", "80.50"]);
        assert_eq!(field("setOff"), set_off);
        let next = &answer["nextSettlement"];
        assert_eq!(
            (&next["currency"], &next["net"], &next["carried"]),
            (&json!(told.0), &json!(told.1), &json!(told.2))
        );
    }
}

#[test]
fn what_was_paid_too_much_is_added_to_the_next_settlement() {
    let all = json!([notified("120.00", None), notified("-20.00", None), notified("-5", Some("JPY"))]);
    let answer = settlement(&all, &json!({"gross": "1000.00", "on": "2026-10-10"})).answer();
    let set_off: Vec<_> = answer["payments"].as_array().unwrap().iter().map(|p| &p["setOff"]).collect();
    assert_eq!(set_off, ["0.00", "-20.00", "0"], "what is taken back is due at once, and what is owed is not yet");
    assert_eq!(answer["nextSettlement"]["net"], "1020.00");
    let answer = settlement(&all, &json!({"gross": "1000.00"})).answer();
    assert_eq!(answer["nextSettlement"]["net"], "900.00");
    let mut returned = notified("-20.00", None);
    returned["paid"] = json!(true);
    let answer = settlement(&json!([returned]), &json!({"gross": "1000.00"})).answer();
    assert_eq!(answer["nextSettlement"]["net"], "1000.00");
}

#[test]
fn a_currency_that_does_not_exist_and_digits_that_it_does_not_have_are_refused() {
    for (amount, currency, told) in [
        ("1.00", "EURO", "notified[0].currency: \"EURO\" is no currency of ISO 4217"),
        ("1.5", "JPY", "notified[0].amount: 1.5 has more than the 0 places of JPY"),
    ] {
        let fault = settlement(&json!([notified(amount, Some(currency))]), &json!({"gross": "1"})).fault();
        assert!(fault.starts_with(told), "{fault}");
    }
}

#[test]
fn the_table_says_what_was_paid_and_whether_a_breach_was_cured_in_time() {
    let mut paid = notified("5000.00", None);
    paid["paid"] = json!(true);
    let mut settlement = settlement(&json!([paid, notified("120.00", None)]), &json!({"gross": "1000.00"}));
    settlement.measurements["demands"] = json!([
        {"at": "2026-10-01T09:00:00Z", "curedAt": "2026-10-05T09:00:00Z"},
        {"at": "2026-10-02T09:00:00Z", "curedAt": "2026-10-10T09:00:00Z"},
        {"at": "2026-10-03T09:00:00Z"},
    ]);
    let settlement =
        settlement.with("settlement", json!({"payment": {"withinDays": 10, "offset": true}, "cureDays": 7}));
    let table = settlement.printed("table").0.replace(['\u{a0}', '\u{202f}'], " ");
    for told in [
        "5 000.00 EUR notified on 5 Oct 2026: to be paid by 15 Oct 2026; paid",
        "120.00 EUR notified on 5 Oct 2026: to be paid by 15 Oct 2026; 120.00 EUR set off",
        "to be cured by 8 Oct 2026, 09:00 UTC, which it was on 5 Oct 2026, 09:00 UTC",
        "to be cured by 9 Oct 2026, 09:00 UTC, and cured on 10 Oct 2026, 09:00 UTC, too late: the agreement may be ended",
        "to be cured by 10 Oct 2026, 09:00 UTC, else the agreement may be ended; nobody said that it was cured",
    ] {
        assert!(table.contains(told), "{told}\n{table}");
    }
}
