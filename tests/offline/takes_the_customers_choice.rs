//! Where one credit of several is the customer's to choose, the measurements file says which they chose.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

/// A month in which the tier comes to 250 EUR and the remedy to 100 EUR.
fn settlement(combine: &str, chosen: Value) -> Settlement {
    let outage = json!({"from": "2026-10-05T00:00:00Z", "until": "2026-10-05T12:00:00Z"});
    let mut measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    measured["chosen"] = chosen;
    Settlement::of(&json!([objective("99.9", all_fail())]), measured).with(
        "credits",
        json!({
            "fee": {"amount": "1000.00", "currency": "EUR"},
            "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "25"}],
            "remedies": [{"name": "fixed", "objective": "o", "perIncident": {"amount": "100.00"}}],
            "combine": combine,
        }),
    )
}

#[test]
fn what_was_chosen_is_granted() {
    for (chosen, amount) in [
        (json!([]), "250.00"),
        (json!([{"at": "2026-10-31T00:00:00Z", "name": "fixed"}]), "100.00"),
        (json!([{"at": "2026-10-31T00:00:00Z", "name": "o"}]), "250.00"),
    ] {
        let credits = settlement("CustomersChoice", chosen.clone()).statement()["credits"].clone();
        assert_eq!(credits["amount"], amount, "{chosen}");
        let told = chosen[0].get("name").cloned().unwrap_or_default();
        assert_eq!(credits["facts"].get("chosen").cloned().unwrap_or_default(), told);
    }
}

#[test]
fn what_cannot_be_chosen_is_refused() {
    let choice = |name: &str| json!({"at": "2026-10-31T00:00:00Z", "name": name});
    for (combine, chosen, told) in [
        ("CustomersChoice", json!([choice("typo")]), "chosen[0].name: \"typo\" is neither"),
        ("CustomersChoice", json!([choice("o"), choice("fixed")]), "chosen[1]: is a second choice"),
        ("Highest", json!([choice("o")]), "chosen[0]: spec.credits.combine is not CustomersChoice"),
    ] {
        let fault = settlement(combine, chosen).fault();
        assert!(fault.starts_with(told), "{fault}");
    } // Whatever period is settled.
    let mut later = settlement("CustomersChoice", json!([{"at": "2026-12-01T00:00:00Z", "name": "typo"}]));
    later.flags = vec!["--period", "2026-10"];
    assert!(later.fault().starts_with("chosen[0].name: \"typo\" is neither"));
}
