//! A mean of thousands of different rates is no fraction that anybody could read, and what stands in its place says so.

use serde_json::{Value, json};

use crate::settlement::{Settlement, objective};

#[test]
fn a_mean_to_sixty_places_is_marked() {
    let slot = |index: u32| json!({"every": "5m", "total": 1000 + index, "bad": u32::from(index.is_multiple_of(3))});
    let mut slots: Vec<Value> = (0..8928).map(slot).collect();
    slots[0]["from"] = json!("2026-10-01T00:00:00Z");
    let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
    let mean = json!([objective("99.9", json!({"method": "MeanOfSlots"}))]);
    let settlement =
        Settlement::of(&mean, measured).with("metrics", json!({"sourceRef": {"name": "main"}, "slot": "5m"}));
    for form in ["table", "html"] {
        let text = settlement.printed(form).0;
        assert!(text.contains('≈') && text.contains("sixty places"), "{form}");
    }
}
