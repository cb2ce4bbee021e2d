//! Without `rateOver`, a rate is taken over one of the agreement's own slots, in whatever slots the file tells it.

use serde_json::{Value, json};

use crate::settlement::{Settlement, objective};

fn mean(rate_over: Option<&str>, slot: &str, entry: &Value) -> Settlement {
    let mut measurement = json!({"method": "MeanOfSlots"});
    if let Some(over) = rate_over {
        measurement["rateOver"] = json!(over);
    }
    Settlement::of(&json!([objective("99.9", measurement)]), json!({"objectives": [entry]}))
        .with("metrics", json!({"sourceRef": {"name": "main"}, "slot": slot}))
}

#[test]
fn the_length_of_the_files_slots_changes_nothing() {
    // 540 bad events in one minute, and one a second in the four others: 540 of 780 in one slot of 8928.
    let outage = |until: &str| {
        json!({"name": "o", "outages": [
            {"from": "2026-10-10T10:00:00Z", "until": until, "errorRate": 1, "eventsPerMinute": 540}]})
    };
    let ratio = |over, entry: &Value| mean(over, "5m", entry).statement()["objectives"][0]["attainmentRatio"].clone();
    let minute = outage("2026-10-10T10:01:00Z");
    assert_eq!(ratio(Some("5m"), &minute), "12895/12896");
    assert_eq!(ratio(None, &minute), "12895/12896");
    // A second more, and the file is told by the second.
    let longer = outage("2026-10-10T10:01:01Z");
    assert_eq!(ratio(None, &longer), ratio(Some("5m"), &longer));
}

#[test]
fn slots_that_no_rate_is_made_of_are_refused() {
    let entry = json!({"name": "o", "slots": [
        {"from": "2026-10-01T00:00:00Z", "every": "5m", "repeat": 8928, "total": 100, "bad": 0}]});
    assert_eq!(
        mean(None, "1m", &entry).fault(),
        "objectives[0].slots[0].every: one rate is taken over 1m, which is no whole number of slots of 5m"
    );
    assert_eq!(mean(None, "5m", &entry).statement()["objectives"][0]["attainmentRatio"], "1/1");
}
