//! What nobody knows takes nothing away from what is known.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

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

/// 50 EUR for each violation.
fn each_violation() -> Value {
    json!({"fee": {"amount": "1000.00", "currency": "EUR"},
        "remedies": [{"name": "r", "objective": "o", "perIncident": {"amount": "50.00"}}]})
}

/// The amount, and when the violations begin and end.
fn violations(settlement: &Settlement) -> (String, Vec<String>) {
    let statement = settlement.statement();
    let at = |value: &Value| value.as_str().unwrap_or("on")["2026-10-".len()..].to_owned();
    let all = statement["violations"].as_array().map_or(&[][..], Vec::as_slice);
    let told = all.iter().map(|v| format!("{} {}", at(&v["start"]), at(&v["end"])));
    let amount = statement["credits"]["amounts"][0]["amount"].as_str().unwrap_or("none").to_owned();
    (amount, told.collect())
}

/// `b` bad, `u` unknown, `g` good: minutes of 3 October, everything else good.
fn minutes(pattern: &str) -> Value {
    let slot = |kind: char| match kind {
        'u' => json!({"every": "1m", "repeat": 1, "state": "Unknown"}),
        _ => json!({"every": "1m", "repeat": 1, "total": 10, "bad": if kind == 'b' { 10 } else { 0 }}),
    };
    let mut slots: Vec<Value> = pattern.chars().map(slot).collect();
    slots.insert(0, json!({"from": "2026-10-01T00:00:00Z", "every": "1m", "repeat": 2880, "total": 10, "bad": 0}));
    let rest = 44_640 - 2_880 - pattern.len();
    slots.push(json!({"every": "1m", "repeat": rest, "total": 10, "bad": 0}));
    json!({"objectives": [{"name": "o", "slots": slots}]})
}

#[test]
fn a_violation_has_the_unknown_time_that_was_agreed_whatever_the_method() {
    type Case = (&'static str, Option<&'static str>, &'static str, &'static [&'static str]);
    let cases: [Case; 9] = [
        ("bub", Some("Bad"), "50.00", &["03T00:00:00Z 03T00:03:00Z"]),
        ("bub", Some("Good"), "100.00", &["03T00:00:00Z 03T00:01:00Z", "03T00:02:00Z 03T00:03:00Z"]),
        ("bub", Some("Exclude"), "100.00", &["03T00:00:00Z 03T00:01:00Z", "03T00:02:00Z 03T00:03:00Z"]),
        // Certainly one, and perhaps two.
        ("bub", None, "50.00", &["03T00:00:00Z 03T00:03:00Z"]),
        ("bugub", None, "100.00", &["03T00:00:00Z 03T00:01:00Z", "03T00:04:00Z 03T00:05:00Z"]),
        ("guug", Some("Bad"), "50.00", &["03T00:01:00Z 03T00:03:00Z"]),
        ("guug", Some("Exclude"), "0.00", &[]),
        ("guug", None, "0.00", &[]),
        ("gubg", Some("Bad"), "50.00", &["03T00:01:00Z 03T00:03:00Z"]),
    ];
    let pool = json!({"method": "Pooled", "badWhen": {"allFail": true}});
    let methods = [json!({}), json!({"method": "MeanOfSlots"}), all_fail(), pool];
    for (pattern, treat_as, amount, expected) in cases {
        for method in &methods {
            // A minute in a month decides no verdict: the target is far from what is attained.
            let mut objective = objective("90", method.clone());
            let mut measured = minutes(pattern);
            if method["method"] == "Pooled" {
                let ratio = objective["indicator"]["ratio"].clone();
                objective["indicator"] = json!({"members": [{"name": "m", "ratio": ratio}]});
                measured["objectives"][0]["member"] = json!("m");
            }
            let settlement = Settlement::of(&json!([objective]), measured).with("credits", each_violation());
            let found = violations(&treated(settlement, treat_as));
            let expected: Vec<String> = expected.iter().map(|&span| span.to_owned()).collect();
            assert_eq!(found, (amount.to_owned(), expected), "{pattern} {treat_as:?} {method}");
        }
    }
}

/// What a mean of rates promises is the rate of a stretch: a minute within one that kept the target is no violation.
#[test]
fn a_violation_of_mean_rates_is_a_stretch_that_missed_the_target() {
    for (over, pattern, treat_as, amount, expected) in [
        ("1h", "bbb", None, "0.00", &[][..]),
        ("5m", "b", None, "50.00", &["03T00:00:00Z 03T00:05:00Z"]),
        ("5m", "bgggggggbb", None, "50.00", &["03T00:00:00Z 03T00:10:00Z"]),
        ("5m", "ggggu", Some("Bad"), "50.00", &["03T00:00:00Z 03T00:05:00Z"]),
        ("5m", "ggggu", Some("Exclude"), "0.00", &[]),
        ("5m", "ggggu", None, "0.00", &[]),
        ("5m", "bbggu", None, "50.00", &["03T00:00:00Z 03T00:05:00Z"]),
    ] {
        let objective = objective("90", json!({"method": "MeanOfSlots", "rateOver": over}));
        let settlement = Settlement::of(&json!([objective]), minutes(pattern)).with("credits", each_violation());
        let found = violations(&treated(settlement, treat_as));
        let expected: Vec<String> = expected.iter().map(|&span| span.to_owned()).collect();
        assert_eq!(found, (amount.to_owned(), expected), "{over} {pattern} {treat_as:?}");
    }
}

#[test]
fn an_hour_is_free_for_unknown_time_that_counts_as_bad() {
    // Five minutes failed, and of 25 nobody knows.
    let measured = json!({"objectives": [{"name": "o",
        "outages": [{"from": "2026-10-03T00:00:00Z", "until": "2026-10-03T00:05:00Z"}],
        "unknown": [{"from": "2026-10-03T00:05:00Z", "until": "2026-10-03T00:30:00Z"}]}]});
    let credits = json!({"fee": {"amount": "744.00", "currency": "EUR"},
        "remedies": [{"name": "h", "objective": "o", "freeHours": {"unavailableFor": "6m"}}]});
    let settlement = Settlement::of(&json!([objective("90", all_fail())]), measured).with("credits", credits);
    for (treat_as, free) in [(Some("Bad"), 1), (Some("Good"), 0), (Some("Exclude"), 0), (None, 0)] {
        let statement = treated(settlement.clone(), treat_as).statement();
        let hours = statement["credits"]["freeHours"].as_array().map_or(0, Vec::len);
        assert_eq!(hours, free, "{treat_as:?}");
    }
}
