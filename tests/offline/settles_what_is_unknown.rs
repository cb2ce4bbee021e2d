//! What nobody knows takes nothing away from what is known.

use serde_json::{Value, json};

use crate::settlement::{Settlement, objective};

/// The credit, the state, and the attainment with its bounds.
fn settled(settlement: &Settlement) -> [String; 5] {
    let statement = settlement.statement();
    let text = |value: &Value| value.as_str().unwrap_or("none").to_owned();
    let o = &statement["objectives"][0];
    [
        text(&statement["credits"]["amounts"][0]["amount"]),
        text(&o["state"]),
        text(&o["attainment"]),
        text(&o["attainmentBounds"][0]),
        text(&o["attainmentBounds"][1]),
    ]
}

fn treated(settlement: Settlement, treat_as: Option<&str>) -> Settlement {
    match treat_as {
        Some(rule) => settlement.with("missingData", json!({"treatAs": rule})),
        None => settlement,
    }
}

#[test]
fn an_outage_of_which_one_minute_in_five_is_lost_is_an_outage() {
    // A hundred stretches of five minutes in which four failed and one is unknown, of the 8928 of October.
    let mut slots = vec![
        json!({"from": "2026-10-01T00:00:00Z", "every": "1m", "repeat": 4, "total": 10, "bad": 10}),
        json!({"every": "1m", "repeat": 1, "state": "Unknown"}),
    ];
    for _ in 1..100 {
        slots.push(json!({"every": "1m", "repeat": 4, "total": 10, "bad": 10}));
        slots.push(json!({"every": "1m", "repeat": 1, "state": "Unknown"}));
    }
    slots.push(json!({"every": "1m", "repeat": 44140, "total": 10, "bad": 0}));
    let mean = json!([objective("99.9", json!({"method": "MeanOfSlots", "rateOver": "5m"}))]);
    let settlement = Settlement::of(&mean, json!({"objectives": [{"name": "o", "slots": slots}]})).with(
        "credits",
        json!({"fee": {"amount": "1000.00", "currency": "EUR"},
            "tiers": [{"objective": "o", "below": "99.9", "percentOfFee": "10"}]}),
    );
    // 8828 of 8928; 8848 if the unknown minutes were good, each a fifth of its stretch.
    for (treat_as, attained) in
        [(None, "98.879928"), (Some("Exclude"), "98.879928"), (Some("Good"), "99.103942"), (Some("Bad"), "98.879928")]
    {
        let found = settled(&treated(settlement.clone(), treat_as));
        assert_eq!(found, ["100.00", "Violated", attained, "98.879928", "99.103942"], "{treat_as:?}");
    }
}
