//! Windows that recur with exceptions, and two rules for one reason.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};
use crate::verifies_what_was_settled::verify;

/// An exclusion of maintenance, approved when it was announced.
fn exclusion(name: &str, rule: &str, announced: &str, time: (&str, Value)) -> Value {
    let mut spec = json!({
        "agreement": "a", "reason": "Maintenance", "ruleName": rule, "declaredBy": "ann",
        "announcedAt": announced, "approval": {"by": "bob", "at": announced},
    });
    spec[time.0] = time.1;
    json!({"apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelExclusion",
        "metadata": {"name": name, "namespace": "n"}, "spec": spec})
}

fn settlement() -> Settlement {
    // From two to three in the night, on the first five days of October.
    let outage = json!({"from": "2026-10-01T02:00:00Z", "until": "2026-10-01T03:00:00Z", "repeat": 5, "every": "24h"});
    let rules = json!({"rules": [
        {"reason": "Maintenance", "name": "planned", "effect": "Exclude", "minimumNotice": "7d"},
        {"reason": "Maintenance", "name": "short", "effect": "CountAsGood", "minimumNotice": "24h",
            "yearlyAllowance": "30m"},
    ]});
    let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
    let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured).with("exclusions", rules);
    let nightly = json!({"rule": "FREQ=DAILY;COUNT=5", "start": "2026-10-01T02:00", "end": "2026-10-01T03:00",
        "exdates": ["2026-10-03T02:00"], "rdates": ["2026-10-10T02:00"]});
    let night = json!({"from": "2026-10-03T02:00:00Z", "until": "2026-10-03T03:00:00Z"});
    settlement.exclusions = vec![
        exclusion("nightly", "planned", "2026-09-01T00:00:00Z", ("recurrence", nightly)),
        exclusion("one-night", "short", "2026-10-01T00:00:00Z", ("window", night)),
    ];
    settlement
}

#[test]
fn each_window_counts_by_the_rule_that_its_exclusion_names() {
    let settlement = settlement();
    let answer = settlement.answer();
    let period = &answer["periods"][0];
    let objective = &period["statement"]["objectives"][0];
    // Five hours are left out; of the third night half an hour counts as good, and the rest is lost.
    let seconds = 739 * 3_600;
    let counted = json!({"unit": "seconds", "good": (seconds - 1_800).to_string(), "total": seconds.to_string()});
    assert_eq!(objective["counted"], counted);
    let lines = period["statement"]["exclusions"].as_array().unwrap();
    let told = |line: &Value| {
        let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} {}{}", text("name"), text("ruleName"), &text("from")[5..10], text("effect"), text("code"))
    };
    let told: Vec<String> = lines.iter().map(told).collect();
    let expected = [
        "nightly planned 10-01 Exclude",
        "nightly planned 10-02 Exclude",
        "nightly planned 10-04 Exclude",
        "nightly planned 10-05 Exclude",
        "nightly planned 10-10 Exclude",
        "one-night short 10-03 CountAsGood",
        "one-night short 10-03 allowance_exceeded",
    ];
    assert_eq!(told, expected);
    let agreement = settlement.agreement.to_string();
    for agreement in [Some(agreement.as_str()), None] {
        let (code, told) = verify(agreement, &period["objects"]);
        assert!(code == Some(0) && told.contains("\nVerified: "), "{told}");
    }
    assert!(settlement.printed("html").0.contains("Maintenance (short)"));
}

#[test]
fn an_exception_that_changes_nothing_is_refused() {
    let mut settlement = settlement();
    settlement.exclusions[0]["spec"]["recurrence"]["exdates"] = json!(["2026-10-03T02:30"]);
    let fault = settlement.fault();
    assert!(fault.contains("spec.recurrence.exdates[0]") && fault.contains("no window that begins at"), "{fault}");
}

#[test]
fn a_window_that_the_clock_skips_is_said_not_to_take_place() {
    // Berlin, 2026-03-29: from 02:00 to 03:00 there is no time.
    let of = |start: &str, end: &str, rule: &str| {
        let outage = json!({"from": "2026-03-29T00:30:00Z", "until": "2026-03-29T02:30:00Z"});
        let measured = json!({"objectives": [{"name": "o", "outages": [outage]}]});
        let mut settlement = Settlement::of(&json!([objective("99.9", all_fail())]), measured)
            .with("timeZone", json!("Europe/Berlin"))
            .with("exclusions", json!({"rules": [{"reason": "Maintenance", "name": "planned", "effect": "Exclude"}]}));
        let night = json!({"rule": rule, "start": start, "end": end});
        settlement.exclusions = vec![exclusion("night", "planned", "2026-01-01T00:00:00Z", ("recurrence", night))];
        settlement.flags = vec!["--period", "2026-03"];
        let answer = settlement.answer();
        let row = answer["exclusions"][0].clone();
        let lines = answer["periods"][0]["statement"]["exclusions"].as_array().map_or(0, Vec::len);
        (row["exempt"].as_bool().unwrap(), row["why"].as_str().unwrap_or_default().to_owned(), lines)
    };
    let told = |start: &str| format!("the window from {start} on the wall does not take place: the clock skips it");
    let once = "FREQ=DAILY;COUNT=1";
    for (start, end) in [("02:00", "03:00"), ("02:15", "02:45")] {
        let day = |time: &str| format!("2026-03-29T{time}");
        assert_eq!(of(&day(start), &day(end), once), (false, told(&format!("2026-03-29T{start}:00")), 0));
    }
    // The other thirty nights of March count.
    let nightly = of("2026-03-01T02:15", "2026-03-01T02:45", "FREQ=DAILY;COUNT=31");
    assert_eq!(nightly, (true, told("2026-03-29T02:15:00"), 30));
    assert_eq!(of("2026-03-28T02:15", "2026-03-28T02:45", once), (true, String::new(), 1));
    let elsewhere = of("2026-04-01T02:15", "2026-04-01T02:45", once);
    assert_eq!(elsewhere, (false, "it has no window in the time that is settled".to_owned(), 0));
}

/// An hour of October without a good event, given in slots of this length, and this exclusion of it; and what is said.
fn one_bad_hour(every: (&str, u32), changes: &Value) -> (Value, String, String) {
    let (length, per_hour) = every;
    let run = |hours: u32, bad: u32| json!({"every": length, "repeat": hours * per_hour, "total": 100, "bad": bad});
    let mut slots = vec![run(10, 0), run(1, 100), run(733, 0)];
    slots[0]["from"] = json!("2026-10-01T00:00:00Z");
    let measured = json!({"objectives": [{"name": "o", "slots": slots}]});
    let rules = json!({"rules": [{"reason": "Maintenance", "effect": "Exclude"}]});
    let events = json!([objective("99.9", json!({"method": "Events"}))]);
    let mut settlement = Settlement::of(&events, measured).with("exclusions", rules);
    let mut asked = exclusion("works", "", "2026-09-01T00:00:00Z", ("window", json!(null)));
    asked["spec"].as_object_mut().unwrap().remove("ruleName");
    for (field, value) in changes.as_object().unwrap() {
        asked["spec"][field] = value.clone();
    }
    settlement.exclusions = vec![asked];
    settlement.flags = vec!["--period", "2026-10"];
    let said = settlement.printed("json").1.replace(['\u{a0}', '\u{202f}'], " ");
    let [table, page] = ["table", "html"].map(|form| settlement.printed(form).0.replace(['\u{a0}', '\u{202f}'], " "));
    let line = settlement.statement()["exclusions"][0].clone();
    let told = said.trim_end().strip_prefix("guarantor: exclusion works from ").unwrap_or_default();
    let told = told.split_once(": ").map_or("", |(_, told)| told).to_owned();
    assert!(table.contains(&told), "{told}: {table}");
    assert!(page.contains(&told), "{told}: {page}");
    (line, told, said)
}

#[test]
fn slots_that_lie_only_partly_in_a_window_stay_and_it_is_said() {
    let window = |from: &str, until: &str| json!({"window": {"from": format!("2026-10-01T{from}:00Z"), "until": format!("2026-10-01T{until}:00Z")}});
    let (line, told, _) = one_bad_hour(("5m", 12), &window("10:01", "10:59"));
    assert_eq!((&line["seconds"], &line["applied"]), (&json!(3480), &json!([{"objective": "o", "seconds": 3000}])));
    assert_eq!(told, "50 min of it applied to o, whose slots count where they lie wholly inside");
    let (line, told, _) = one_bad_hour(("1h", 1), &window("10:00", "10:59"));
    assert_eq!(line["applied"], json!([{"objective": "o", "seconds": 0}]));
    assert_eq!(told, "has no effect on o: no slot lies wholly inside it");
    let (line, _, said) = one_bad_hour(("5m", 12), &window("10:00", "11:00"));
    assert_eq!((&line["applied"], said.as_str()), (&json!(null), ""), "all of it was applied");
}

#[test]
fn no_more_events_are_taken_than_a_window_has_and_it_is_said() {
    let asked = |bad: &str, total: &str| {
        json!({"window": {"from": "2026-10-01T10:00:00Z", "until": "2026-10-01T10:10:00Z"},
            "events": {"bad": bad, "total": total}})
    };
    let (line, told, _) = one_bad_hour(("5m", 12), &asked("10000", "10000"));
    assert_eq!(line["applied"], json!([{"objective": "o", "events": {"total": "200", "bad": "200"}}]));
    assert_eq!(told, "of o 200 bad ones were not held against the service, and 200 left the total");
    let (line, _, said) = one_bad_hour(("5m", 12), &asked("150", "50"));
    assert_eq!((&line["applied"], said.as_str()), (&json!(null), ""), "there were so many");
}
