//! Outages of a measurements file that overlap: what is bad by itself is not hidden by what is not.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// What a month of these outages comes to where more than 10 % of at least 100 events in a minute are bad.
fn attainment(outages: &Value) -> String {
    let objective = json!({
        "name": "availability",
        "target": "99.9",
        "indicator": {"ratio": {"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"}},
        "measurement": {"method": "BadMinutes", "badWhen": {"errorRateAbove": "10"}, "minimumEvents": 100},
    });
    let agreement = json!({
        "apiVersion": "guarantor.dev/v1alpha1",
        "kind": "ServiceLevelAgreement",
        "metadata": {"name": "overlapping", "namespace": "shop"},
        "spec": {
            "timeZone": "UTC",
            "service": {"name": "checkout"},
            "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
            "period": {"calendar": "Month"},
            "objectives": [objective],
        },
    });
    let measurements = json!({"objectives": [{"name": "availability", "outages": outages}]});
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, value: &Value| {
        let path = folder.path().join(name);
        fs::write(&path, value.to_string()).unwrap();
        path
    };
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.args(["settle", "--period", "2025-06-01", "-o", "json", "--agreement"]);
    command.arg(write("agreement.yaml", &agreement)).arg("--measurements");
    let output = command.arg(write("measurements.yaml", &measurements)).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let settled: Value = serde_json::from_slice(&output.stdout).unwrap();
    settled["periods"][0]["statement"]["objectives"][0]["attainmentRatio"].as_str().unwrap().to_owned()
}

fn outage(from: &str, until: &str, rate: &str, events: u32) -> Value {
    let at = |time: &str| format!("2025-06-10T{time}Z");
    json!({"from": at(from), "until": at(until), "errorRate": rate, "eventsPerMinute": events.to_string()})
}

/// An hour with a high rate of too few events, over 43 200 minutes.
#[test]
fn a_high_rate_of_few_events_hides_no_lower_one_of_many() {
    let few = outage("10:00:00", "11:00:00", "0.9", 50);
    let many = outage("10:10:00", "10:40:00", "0.2", 5000);
    assert_eq!(attainment(&json!([few])), "1/1", "too few events are never bad");
    assert_eq!(attainment(&json!([many])), "1439/1440");
    for both in [json!([few, many]), json!([many, few])] {
        assert_eq!(attainment(&both), "1439/1440", "30 minutes are bad, whatever else was reported of them");
    }
}

#[test]
fn of_two_with_enough_events_the_higher_rate_stands() {
    let low = outage("10:00:00", "11:00:00", "0.05", 5000);
    let high = outage("10:10:00", "10:40:00", "0.2", 100);
    for both in [json!([low, high]), json!([high, low])] {
        assert_eq!(attainment(&both), "1439/1440", "time is bad when one of the reports says so");
    }
}

/// Where one of them ends within a minute the other one may make up the events of that minute.
#[test]
fn what_is_left_of_the_quieter_one_is_judged_as_before() {
    let few = outage("10:00:00", "11:00:00", "1", 99);
    let many = outage("10:10:30", "10:40:00", "0.2", 5000);
    for both in [json!([few, many]), json!([many, few])] {
        // The minute 10:10 has 49.5 events of the one and 2500 of the other, and all of it is above 10 %.
        assert_eq!(attainment(&both), "1439/1440");
    }
}
