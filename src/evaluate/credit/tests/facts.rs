use super::*;
use crate::api::credit_facts::CreditFacts;

fn agreed() -> AgreementSpec {
    spec(json!({
        "fee": fee("1000.00", "EUR"),
        "tiers": three_tiers(),
        "remedies": [{"name": "delay", "objective": "availability", "perDayLate": {"amount": "10.00"}}],
    }))
}

/// The facts of a statement, read back.
fn read(facts: &Value) -> Result<Facts, InvalidSpec> {
    let facts: CreditFacts = serde_json::from_value(facts.clone()).unwrap();
    stated(&facts, &agreed())
}

#[test]
fn what_a_statement_states_is_read_back() {
    let facts = read(&json!({
        "volume": "350000.00",
        "deliveries": [{"objective": "availability", "due": "2025-06-02", "done": "2025-06-05"}],
        "grantedThisYear": {"amounts": [{"currency": "EUR", "amount": "12.50"}], "serviceDays": 3},
        "missedInARow": [{"objective": "availability", "periods": 2}],
        "chosen": "delay",
    }))
    .unwrap();
    assert_eq!(facts.volume, Some(ratio(350_000, 1)));
    assert_eq!(facts.deliveries[0].done, day("2025-06-05"));
    assert_eq!((&facts.granted_this_year.money["EUR"], facts.granted_this_year.service_days), (&ratio(25, 2), 3));
    assert_eq!((facts.missed_in_a_row["availability"], facts.chosen.as_deref()), (2, Some("delay")));
    assert_eq!(read(&json!({"chosen": "availability"})).unwrap().chosen.as_deref(), Some("availability"));
    assert_eq!(read(&json!({})).unwrap(), Facts::default());
}

/// Somebody who edits a statement is told which field can not be.
#[test]
fn facts_that_can_not_be_are_refused_by_their_field() {
    for (facts, field) in [
        (json!({"volume": "-350000.00"}), "volume"),
        (json!({"volume": "much"}), "volume"),
        (
            json!({"grantedBefore": {"amounts": [{"currency": "EUR", "amount": "-1.00"}]}}),
            "grantedBefore.amounts[0].amount",
        ),
        (
            json!({"grantedThisYear": {"amounts": [{"currency": "EUR", "amount": ""}]}}),
            "grantedThisYear.amounts[0].amount",
        ),
        (json!({"grantedThisYear": {"serviceDays": -1}}), "grantedThisYear.serviceDays"),
        (json!({"grantedBefore": {"serviceDays": -1}}), "grantedBefore.serviceDays"),
        (json!({"missedInARow": [{"objective": "availability", "periods": -1}]}), "missedInARow"),
        (json!({"missedInARow": [{"objective": "latency", "periods": 1}]}), "missedInARow[0].objective"),
        (
            json!({"deliveries": [{"objective": "latency", "due": "2025-06-02", "done": "2025-06-02"}]}),
            "deliveries[0].objective",
        ),
        (
            json!({"deliveries": [{"objective": "availability", "due": "2025-06-31", "done": "2025-06-02"}]}),
            "deliveries[0].due",
        ),
        (json!({"chosen": "latency"}), "chosen"),
        (json!({"chosen": ""}), "chosen"),
    ] {
        assert_eq!(read(&facts).unwrap_err().field, format!("spec.credits.facts.{field}"), "{facts}");
    }
}

/// Without its agreement a statement is computed from what it says was promised; what it names can not be looked up.
#[test]
fn names_are_looked_up_where_there_is_a_table() {
    let facts: CreditFacts = serde_json::from_value(json!({"chosen": "delay"})).unwrap();
    let nothing = AgreementSpec { credits: None, ..agreed() };
    assert_eq!(stated(&facts, &nothing).unwrap().chosen.as_deref(), Some("delay"));
}
