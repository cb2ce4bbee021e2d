//! What is too long for an operator is settled all the same, and can be verified.

use serde_json::{Value, json};

use crate::command::check_text;
use crate::settlement::{Settlement, all_fail, objective};
use crate::verifies_what_was_settled::verify;

fn outage(from: &str, until: &str) -> Value {
    json!({"from": from, "until": until})
}

/// Another objective of the same kind.
fn named(name: &str, mut objective: Value) -> Value {
    objective["name"] = json!(name);
    objective
}

/// What `guarantor check` says of the agreement.
fn findings(settlement: &Settlement) -> Vec<(String, String, String)> {
    check_text(&settlement.agreement.to_string()).findings()
}

fn only_offline(field: &str) -> (String, String, String) {
    ("only_offline".to_owned(), field.to_owned(), "Warning".to_owned())
}

/// Settles the only period, verifies its statement with and without the agreement, and gives it.
fn verified(settlement: &Settlement) -> Value {
    let answer = settlement.answer();
    let periods = answer["periods"].as_array().unwrap();
    assert_eq!(periods.len(), 1);
    let agreement = settlement.agreement.to_string();
    for agreement in [Some(agreement.as_str()), None] {
        let (code, told) = verify(agreement, &periods[0]["objects"]);
        assert!(code == Some(0) && told.contains("\nVerified: "), "{told}");
    }
    let mut altered = periods[0]["objects"].clone();
    altered["statement"]["spec"]["objectives"][0]["counted"]["good"] = json!("0");
    let (code, told) = verify(None, &altered);
    assert!(code == Some(1) && told.contains("spec.objectives[0].counted.good"), "{told}");
    periods[0]["statement"].clone()
}

fn counted(statement: &Value, index: usize) -> (&str, &str, &str) {
    let objective = &statement["objectives"][index];
    let text = |pointer: &str| objective.pointer(pointer).and_then(Value::as_str).unwrap();
    (text("/counted/good"), text("/counted/total"), text("/state"))
}

#[test]
fn a_year_of_two_objectives_by_the_minute() {
    // 526 of 525,600 minutes are more than 0.1 %, 525 are not.
    let lost = |minute: &str| json!([outage("2026-03-01T00:00:00Z", &format!("2026-03-01T08:{minute}:00Z"))]);
    let objectives = [objective("99.9", all_fail()), named("p", objective("99.9", all_fail()))];
    let measured = json!({"objectives": [{"name": "o", "outages": lost("46")}, {"name": "p", "outages": lost("45")}]});
    let settlement = Settlement::of(&json!(objectives), measured).with("period", json!({"calendar": "Year"}));
    assert_eq!(findings(&settlement), [only_offline("spec.metrics.slot")]);
    let statement = verified(&settlement);
    let year = (525_600 * 60).to_string();
    let good = |minutes: u32| ((525_600 - minutes) * 60).to_string();
    assert_eq!(counted(&statement, 0), (good(526).as_str(), year.as_str(), "Violated"));
    assert_eq!(counted(&statement, 1), (good(525).as_str(), year.as_str(), "Fulfilled"));
}

#[test]
fn a_year_of_a_pool_by_the_minute() {
    let mut pooled = objective("99.9", json!({"method": "Pooled", "badWhen": {"allFail": true}}));
    let ratio = pooled["indicator"]["ratio"].clone();
    let names: Vec<String> = (0..32).map(|n| format!("m{n}")).collect();
    let members: Vec<Value> = names.iter().map(|name| json!({"name": name, "ratio": ratio})).collect();
    pooled["indicator"] = json!({"members": members});
    // Each member is down for half an hour, one after the other.
    let down = |(n, name): (usize, &String)| {
        let outage =
            outage(&format!("2026-03-{:02}T10:00:00Z", n % 31 + 1), &format!("2026-03-{:02}T10:30:00Z", n % 31 + 1));
        json!({"name": "o", "member": name, "outages": [outage]})
    };
    let measured: Vec<Value> = names.iter().enumerate().map(down).collect();
    let settlement =
        Settlement::of(&json!([pooled]), json!({"objectives": measured})).with("period", json!({"calendar": "Year"}));
    assert_eq!(findings(&settlement), [only_offline("spec.metrics.slot")]);
    let all: u64 = 32 * 525_600 * 60;
    let (good, total) = ((all - 32 * 1_800).to_string(), all.to_string());
    assert_eq!(counted(&verified(&settlement), 0), (good.as_str(), total.as_str(), "Fulfilled"));
}

#[test]
fn trailing_days_of_three_objectives_by_the_minute() {
    let spring = outage("2026-03-31T23:00:00Z", "2026-04-01T01:00:00Z");
    let objectives = ["o", "p", "q"].map(|name| named(name, objective("99.9", all_fail())));
    let measured: Vec<Value> = ["o", "p", "q"].map(|name| json!({"name": name, "outages": [spring]})).to_vec();
    let mut settlement = Settlement::of(&json!(objectives), json!({"objectives": measured}))
        .with("period", json!({"trailing": {"days": 365, "every": "Month"}}));
    settlement.flags = vec!["--period", "2026-12"];
    assert_eq!(findings(&settlement), [only_offline("spec.period.trailing.days")]);
    let statement = verified(&settlement);
    assert_eq!(statement["judged"]["start"], json!("2026-01-01T00:00:00Z"));
    let (good, total) = ((365 * 86_400 - 7_200).to_string(), (365 * 86_400).to_string());
    for index in 0..3 {
        assert_eq!(counted(&statement, index), (good.as_str(), total.as_str(), "Fulfilled"));
    }
}

#[test]
fn a_minute_of_a_year_is_no_minute_of_a_month() {
    // Every minute for itself: what differs from minute to minute is counted as it is.
    let day: Vec<Value> = (0..1_440)
        .map(|minute| json!({"every": "1m", "total": (1_000 + minute).to_string(), "bad": (minute % 2 * 20).to_string()}))
        .collect();
    let from = json!("2026-12-31T00:00:00Z");
    let mut slots =
        vec![json!({"from": "2026-01-01T00:00:00Z", "every": "1m", "repeat": 524_160, "total": "1", "bad": "0"})];
    slots.extend(day);
    slots[1]["from"] = from;
    let measurement = json!({"method": "BadMinutes", "badWhen": {"errorRateAbove": "1"}});
    let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
    let settlement =
        Settlement::of(&json!([objective("99.9", measurement)]), measured).with("period", json!({"calendar": "Year"}));
    // 20 of 1,001 to 1,999 are more than 1 %, and 20 of 2,001 and later ones are not.
    let (good, total) = (((525_600 - 500) * 60).to_string(), (525_600 * 60).to_string());
    assert_eq!(counted(&verified(&settlement), 0), (good.as_str(), total.as_str(), "Fulfilled"));
}

#[test]
fn more_slots_than_a_command_reads_are_refused_by_their_field() {
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), json!({}))
        .with("period", json!({"calendar": "Year"}))
        .with("metrics", json!({"sourceRef": {"name": "main"}, "slot": "5s"}));
    settlement.flags = vec!["--period", "2026", "--prometheus", "http://127.0.0.1:9"];
    let fault = settlement.fault();
    assert!(fault.starts_with("spec.metrics.slot: slots of 5s make 6307200 slots"), "{fault}");
    assert!(fault.contains("there can be 540000 of each objective and member"), "{fault}");
}

#[test]
fn more_outages_than_a_year_has_minutes_are_refused_by_their_objective() {
    let every_five_minutes = |from: &str, until: &str| {
        json!({"from": format!("2026-01-01T00:{from}Z"), "until": format!("2026-01-01T00:{until}Z"),
            "repeat": 100_000, "every": "300s"})
    };
    let outages = [("00:00", "01:00"), ("02:00", "03:00"), ("04:00", "04:30")];
    let outages = outages.map(|(from, until)| every_five_minutes(from, until));
    let measured = json!({"objectives": [{"name": "o", "outages": outages}]});
    let mut settlement =
        Settlement::of(&json!([objective("99.9", all_fail())]), measured).with("period", json!({"calendar": "Year"}));
    settlement.flags = vec!["--period", "2026"];
    let fault = settlement.fault();
    assert!(fault.starts_with("objectives[0]: 540002 slots are more than a series can have (540000)"), "{fault}");
}
