//! Numbers of the measurements file are held exactly, or refused by their path.

use serde_json::{Value, json};

use crate::settlement::{Settlement, objective};

fn outage(error_rate: &str, events: Value) -> Settlement {
    let measurement = json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "partialMinutes": "Count"});
    let mut outage = json!({"from": "2026-10-10T10:00:01Z", "until": "2026-10-10T12:00:00Z", "errorRate": error_rate});
    outage["eventsPerMinute"] = events;
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    Settlement::of(&json!([objective("99.9", measurement)]), measured)
}

#[test]
fn a_rate_of_exactly_the_limit_is_not_above_it_and_the_least_more_is() {
    for (rate, events, good) in [
        ("0.05", json!(11), "2678400"),
        ("0.05", json!(7), "2678400"),
        ("0.05", json!("0.7"), "2678400"),
        ("0.05", Value::Null, "2678400"),
        ("0.0500001", Value::Null, "2671201"),
        ("0.05000001", Value::Null, "2671201"),
        ("0.0500001", json!(11), "2671201"),
        ("0.0499999", json!(11), "2678400"),
    ] {
        let counted = outage(rate, events.clone()).statement()["objectives"][0]["counted"].clone();
        assert_eq!(counted["good"], good, "{rate} of {events}");
    }
}

#[test]
fn what_cannot_be_held_exactly_is_refused() {
    let told = outage("0.0500000001", Value::Null).fault();
    assert!(told.starts_with("objectives[0].outages[0].errorRate: ") && told.contains("more places"), "{told}");
    let told = outage("0.05", json!("0.000000001")).fault();
    assert!(told.starts_with("objectives[0].outages[0].eventsPerMinute: "), "{told}");
}

#[test]
fn the_smallest_counts_are_counts() {
    let of = |total: &str, bad: &str| {
        let slots =
            json!([{"from": "2026-10-01T00:00:00Z", "every": "5m", "repeat": 8928, "total": total, "bad": bad}]);
        let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
        Settlement::of(&json!([objective("99.9", json!({"method": "Events"}))]), measured)
    };
    assert_eq!(of("0.0000004", "0.0000001").statement()["objectives"][0]["attainmentRatio"], "3/4");
    assert_eq!(of("1.0000004", "0.0000004").statement()["objectives"][0]["attainmentRatio"], "2500000/2500001");
    let told = of("1", "0.0000000001").fault();
    assert!(told.starts_with("objectives[0].slots[0].bad: has more places"), "{told}");
}
