//! Whatever is wrong with a measurements file, the answer names the field, with and without a period.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

const FROM: &str = "2026-10-05T00:00:00Z";

/// What `settle` says of such a file without being told the period.
fn fault(method: Value, measured: Value) -> String {
    Settlement::of(&json!([objective("99.9", method)]), measured).fault()
}

fn events(slot: &Value) -> String {
    let mut own = json!({"from": FROM, "every": "5m", "total": 100});
    for (field, value) in slot.as_object().unwrap() {
        own[field] = value.clone();
    }
    let slots = json!([{"from": "2026-10-04T00:00:00Z", "every": "5m", "total": 100, "bad": 0}, own]);
    fault(json!({"method": "Events"}), json!({"objectives": [{"name": "o", "slots": slots}]}))
}

#[test]
fn where_no_period_is_named() {
    let outages = |outages: Value| json!({"objectives": [{"name": "o", "outages": outages}]});
    let ended = outages(json!([{"from": FROM, "until": FROM}]));
    assert_eq!(fault(all_fail(), ended), "objectives[0].outages[0].until: must be later than from");
    let never = outages(json!([{"from": "2026-10-06T00:00:00Z", "until": FROM}]));
    assert_eq!(fault(all_fail(), never), "objectives[0].outages[0].until: must be later than from");
    let part = outages(json!([{"from": FROM, "until": "2026-10-05T00:00:00.5Z"}]));
    assert_eq!(fault(all_fail(), part), "objectives[0].outages[0].until: must be a whole second");
    let twice = json!({"objectives": [{"name": "o", "outages": []}, {"name": "o", "outages": []}]});
    assert_eq!(fault(all_fail(), twice), "objectives[1]: stands there twice; put both into one entry");
    let both = json!({"objectives": [{"name": "o", "outages": [], "slots": [{"every": "1m", "total": 1, "bad": 0}]}]});
    assert_eq!(fault(all_fail(), both), "objectives[0].slots: stands beside outages; give slots or outages, not both");
    let other = json!({"objectives": [{"name": "p", "outages": []}]});
    assert_eq!(fault(all_fail(), other), "objectives[0].name: \"p\" is none of the agreement's objectives");
    let nameless = json!({"objectives": [{"outages": []}]});
    assert_eq!(fault(all_fail(), nameless), "objectives[0].name: is missing: say which objective was measured");
    let none = json!({"objectives": [{"name": "o", "slots": [{"from": FROM, "every": "5m", "repeat": 0, "total": 1, "bad": 0}]}]});
    assert!(fault(json!({"method": "Events"}), none).starts_with("--period: is missing: the measurements name no"));
}

#[test]
fn of_counts_the_one_that_is_too_many() {
    for (slot, told) in [
        (json!({"good": 101}), "good: is more than the total"),
        (json!({"bad": 101}), "bad: is more than the total"),
        (json!({"bad": 1, "excludedBad": 2}), "excludedBad: is more than what was bad"),
        (json!({"bad": 0, "excludedTotal": 101}), "excludedTotal: is more than the total"),
        (
            json!({"bad": 90, "excludedTotal": 20}),
            "excludedTotal: leaves fewer events than were bad; say in excludedBad how many of these leave with it",
        ),
        (json!({"good": "99.123456789"}), "good: has more places than a count keeps, which are eight; write fewer"),
    ] {
        assert_eq!(events(&slot), format!("objectives[0].slots[1].{told}"));
    }
}

/// The path comes first, then the line, for whoever looks for it in an editor.
#[test]
fn what_can_not_be_read_with_its_path() {
    let at = |told: &str, path: &str, words: &str| {
        let (file, rest) = told.split_once(": ").unwrap();
        assert!(file.ends_with("measurements.yaml"), "{told}");
        assert!(rest.starts_with(&format!("{path}: ")) && rest.contains(words) && rest.contains("line 1"), "{told}");
    };
    let slot = "objectives[0].slots[1]";
    for repeat in [json!(-1), json!("x"), json!(1.5), json!(5_000_000_000_u64)] {
        let told = events(&json!({"bad": 0, "repeat": repeat}));
        at(&told, &format!("{slot}.repeat"), "must be a whole number from 0 to 4294967295");
    }
    at(&events(&json!({"bad": 0, "repeet": 1})), &format!("{slot}.repeet"), "unknown field `repeet`");
    at(&events(&json!({"bad": 0, "state": "Measurd"})), &format!("{slot}.state"), "unknown variant `Measurd`");
    at(&events(&json!({"bad": 0, "from": "2026-10-1"})), &format!("{slot}.from"), "day");
    let outage = json!({"objectives": [{"name": "o", "outages": [{"from": FROM}]}]});
    at(&fault(all_fail(), outage), "objectives[0].outages[0]", "missing field `until`");
    let who = json!({"incidents": [{"from": FROM, "detectedBy": "Me"}]});
    at(&fault(all_fail(), who), "incidents[0].detectedBy", "unknown variant `Me`");
    at(&fault(all_fail(), json!({"objectives": {"name": "o"}})), "objectives", "expected sequence start");
}
