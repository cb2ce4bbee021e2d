//! A line of the measurements that would have no effect is refused by its path: somebody believes in it.

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

fn events() -> Value {
    json!([objective("99.9", json!({"method": "Events"}))])
}

fn bad_minutes() -> Value {
    json!([objective("99.9", all_fail())])
}

/// What `settle` says of one entry of an objective, for October.
fn fault(objectives: &Value, mut entry: Value) -> String {
    entry["name"] = json!("o");
    let mut settlement = Settlement::of(objectives, json!({"objectives": [entry]}));
    settlement.flags = vec!["--period", "2026-10"];
    settlement.fault()
}

const MONTH: &str = "2026-10-01T00:00:00Z";

#[test]
fn counts_of_slots_that_were_not_measured() {
    for state in ["NoTraffic", "Unknown", "Excluded", "NotDeployed"] {
        let slots = json!([{"from": MONTH, "every": "5m", "repeat": 8927, "total": 100, "bad": 0},
            {"every": "5m", "total": 100_000, "bad": 100_000, "state": state}]);
        let told = format!(
            "objectives[0].slots[1].total: slots of the state {state} have no counts; leave it or the state out"
        );
        assert_eq!(fault(&events(), json!({"slots": slots})), told);
    }
}

#[test]
fn time_that_is_told_twice() {
    let run = |from: Option<&str>, repeat: u32| json!({"from": from, "every": "5m", "repeat": repeat, "total": 100, "bad": 0});
    let told = "tells of time that slots[0] tells of as well, from 2026-10-01T00:00:00Z";
    let twice = json!({"slots": [run(Some(MONTH), 8928), run(Some(MONTH), 8928)]});
    assert_eq!(fault(&events(), twice), format!("objectives[0].slots[1]: {told}"));
    // The third goes on where the second ends, and that is where the first begins.
    let chained = json!({"slots": [run(Some(MONTH), 12), run(Some("2026-09-30T23:00:00Z"), 12), run(None, 1)]});
    assert_eq!(fault(&events(), chained), format!("objectives[0].slots[2]: {told}"));
}

#[test]
fn an_outage_of_time_that_is_told_of_in_another_way() {
    let span =
        |from: &str, until: &str| json!({"from": format!("2026-10-{from}Z"), "until": format!("2026-10-{until}Z")});
    let with =
        |outage: Value, field: &str, times: Value| fault(&bad_minutes(), json!({"outages": [outage], field: times}));
    let outage = || span("03T00:00:00", "03T08:00:00");
    let beside = with(outage(), "deployed", json!([span("05T00:00:00", "10T00:00:00")]));
    let told =
        "objectives[0].outages[0]: tells of time that objectives[0].deployed leaves out, from 2026-10-03T00:00:00Z: ";
    assert!(beside.starts_with(told), "{beside}");
    let reaches_out = with(outage(), "deployed", json!([span("01T00:00:00", "03T07:59:59")]));
    assert!(reaches_out.contains("leaves out, from 2026-10-03T07:59:59Z: "), "{reaches_out}");
    assert!(with(outage(), "deployed", json!([])).contains("deployed leaves out"), "it never was");
    let lost =
        with(outage(), "unknown", json!([span("01T00:00:00", "03T00:00:00"), span("03T04:00:00", "03T10:00:00")]));
    let told = "objectives[0].outages[0]: tells of time that objectives[0].unknown tells of as well, from 2026-10-03T04:00:00Z: ";
    assert!(lost.starts_with(told), "{lost}");
    // The second time that it came.
    let mut daily = outage();
    (daily["repeat"], daily["every"]) = (json!(2), json!("24h"));
    let again = with(daily, "unknown", json!([span("04T07:00:00", "04T09:00:00")]));
    assert!(again.contains("from 2026-10-04T07:00:00Z: "), "{again}");
    // They touch and tell of no time twice.
    let apart = json!({"name": "o", "outages": [outage()], "unknown": [span("03T08:00:00", "03T10:00:00")],
        "deployed": [span("01T00:00:00", "03T03:00:00"), span("03T03:00:00", "09T00:00:00")]});
    let mut settlement = Settlement::of(&bad_minutes(), json!({"objectives": [apart]}));
    settlement.flags = vec!["--period", "2026-10"];
    assert_eq!(settlement.statement()["state"], json!("Violated"));
}

#[test]
fn slots_in_which_the_objective_cannot_be_counted() {
    let slots = |every: &str| json!({"slots": [{"from": MONTH, "every": every, "repeat": 10, "total": 100, "bad": 0}]});
    for every in ["5m", "90s", "7s"] {
        let told = fault(&bad_minutes(), slots(every));
        assert!(told.starts_with("objectives[0].slots[0].every: slots of "), "{told}");
    }
    let mean = json!([objective("99.9", json!({"method": "MeanOfSlots", "rateOver": "5m"}))]);
    assert!(
        fault(&mean, slots("1h")).starts_with("objectives[0].slots[0].every: 5m is no whole number of slots of 1h")
    );
}

#[test]
fn what_goes_with_outages_without_any() {
    let interval = json!([{"from": MONTH, "until": "2026-10-02T00:00:00Z"}]);
    for name in ["unknown", "deployed"] {
        let told = format!("objectives[0].{name}: goes with outages; where there were none, write outages: []");
        assert_eq!(fault(&bad_minutes(), json!({name: interval})), told);
    }
}

#[test]
fn an_objective_of_which_nothing_is_said_is_unknown_and_one_without_outages_is_good() {
    for (entry, state) in [(json!({"name": "o"}), "NotDetermined"), (json!({"name": "o", "outages": []}), "Fulfilled")]
    {
        let mut settlement = Settlement::of(&bad_minutes(), json!({"objectives": [entry]}));
        settlement.flags = vec!["--period", "2026-10"];
        assert_eq!(settlement.statement()["objectives"][0]["state"], state, "{entry}");
    }
}

#[test]
fn deliveries_sizes_and_ends_that_nothing_was_agreed_for() {
    let mut settlement = Settlement::of(&bad_minutes(), json!({"objectives": [{"name": "o", "outages": []}]}));
    settlement.flags = vec!["--period", "2026-10"];
    let told = |field: &str, value: Value| {
        let mut other = settlement.clone();
        other.measurements[field] = value;
        other.fault()
    };
    assert_eq!(
        told("deliveries", json!([{"objective": "typo", "due": "2026-10-01", "done": "2026-10-05"}])),
        "deliveries[0].objective: \"typo\" is none of the agreement's objectives"
    );
    let open = told("deliveries", json!([{"objective": "o", "due": "2026-10-01"}]));
    assert!(open.starts_with("deliveries[0].done: is missing: a delay is charged in the period"), "{open}");
    assert!(told("ended", json!("2026-10-31")).starts_with("ended: spec.settlement.deposit is not agreed"));
    assert!(told("severeBreach", json!(true)).starts_with("severeBreach: goes with ended"));
    let value = json!({"name": "o", "target": "90", "indicator": {"value": {"limit": "4h"}},
        "measurement": {"method": "Value"}});
    let entry = json!({"values": [{"at": MONTH, "value": "3h", "size": "200"}]});
    assert!(fault(&json!([value]), entry).starts_with("objectives[0].values[0].size: "));
}

#[test]
fn exclusions_of_another_agreement() {
    let mut settlement = Settlement::of(&bad_minutes(), json!({"objectives": [{"name": "o", "outages": []}]}));
    settlement.flags = vec!["--period", "2026-10"];
    let exclusion = |agreement: &str, namespace: &str| {
        json!({
            "apiVersion": "guarantor.dev/v1alpha1",
            "kind": "ServiceLevelExclusion",
            "metadata": {"name": "works", "namespace": namespace},
            "spec": {"agreement": agreement, "reason": "Maintenance", "declaredBy": "ann",
                "window": {"from": MONTH, "until": "2026-10-01T01:00:00Z"}},
        })
    };
    settlement.exclusions = vec![exclusion("typo", "n")];
    assert!(
        settlement.fault().starts_with("ServiceLevelExclusion works: spec.agreement: \"typo\" is not the agreement")
    );
    settlement.exclusions = vec![exclusion("a", "other")];
    assert!(settlement.fault().starts_with("ServiceLevelExclusion works: metadata.namespace: \"other\" is not"));
    settlement.exclusions = vec![exclusion("a", "n"), exclusion("a", "n")];
    assert!(settlement.fault().starts_with("ServiceLevelExclusion works: metadata.name: stands there twice"));
    settlement.exclusions = vec![exclusion("a", "n")];
    assert_eq!(settlement.answer()["exclusions"][0]["exempt"], false);
    // Who declares it approves it under a name that only looks like another one.
    settlement.exclusions[0]["spec"]["approval"] = json!({"by": "Ann ", "at": "2026-09-01T00:00:00Z"});
    let told = settlement.fault();
    assert!(told.starts_with("ServiceLevelExclusion works: spec.approval.by: \"Ann \" is the person of"), "{told}");
    settlement.exclusions = vec![settlement.agreement.clone()];
    let told = settlement.fault();
    assert!(told.starts_with("--agreement and --exclusions: their files have 2 agreements together"), "{told}");
}

fn outage(changes: &Value) -> Value {
    let mut outage = json!({"from": "2026-10-05T00:00:00Z", "until": "2026-10-05T01:00:00Z"});
    for (field, value) in changes.as_object().unwrap() {
        outage[field] = value.clone();
    }
    outage
}

#[test]
fn outages_that_are_none() {
    let of = |changes: &Value| fault(&bad_minutes(), json!({"outages": [outage(&json!({})), outage(changes)]}));
    for nobody in ["0", "0.00"] {
        let told = "objectives[0].outages[1].affected: is 0: an outage that reached nobody is none";
        assert!(of(&json!({"affected": nobody})).starts_with(told));
    }
    assert!(
        of(&json!({"every": "24h"})).starts_with("objectives[0].outages[1].every: goes with repeat: say how often")
    );
    assert_eq!(
        fault(&bad_minutes(), json!({"outages": [], "slots": []})),
        "objectives[0].slots: stands beside outages; give slots or outages, not both"
    );
}

#[test]
fn what_lies_out_of_force() {
    let value = json!([{"name": "o", "target": "90", "indicator": {"value": {"limit": "4h"}},
        "measurement": {"method": "Value"}}]);
    let (before, after) = ("2025-12-31T22:00:00Z", "2027-01-01T00:00:00Z");
    let time = |from: &str, until: &str| json!({"from": from, "until": until});
    let early = || time(before, "2026-01-01T00:00:00Z");
    let slots = json!([{"from": MONTH, "every": "5m", "total": 1, "bad": 0},
        {"from": before, "every": "5m", "repeat": 24, "total": 1, "bad": 0}]);
    let told = "lies before the agreement is in force, which is from 2026-01-01T00:00:00Z on; leave it out";
    let cases = [
        (bad_minutes(), json!({"outages": [early()]}), "outages[0]"),
        (bad_minutes(), json!({"outages": [], "unknown": [early()]}), "unknown[0]"),
        (bad_minutes(), json!({"outages": [], "deployed": [early()]}), "deployed[0]"),
        (events(), json!({"slots": slots}), "slots[1]"),
        (value, json!({"values": [{"at": before, "value": "3h"}]}), "values[0].at"),
    ];
    for (objectives, entry, place) in cases {
        assert_eq!(fault(&objectives, entry), format!("objectives[0].{place}: {told}"));
    }
    let late = fault(&bad_minutes(), json!({"outages": [time(after, "2027-01-01T01:00:00Z")]}));
    let told = "lies after the agreement is in force, which is until 2027-01-01T00:00:00Z; leave it out";
    assert_eq!(late, format!("objectives[0].outages[0]: {told}"));
    // What reaches into it, or comes again in it, is of it.
    let reaching = json!([{"from": before, "until": "2026-01-01T00:01:00Z"},
        {"from": before, "until": "2025-12-31T23:00:00Z", "every": "24h", "repeat": 2}]);
    let measured = json!({"objectives": [{"name": "o", "outages": reaching}]});
    let mut settlement = Settlement::of(&bad_minutes(), measured);
    settlement.flags = vec!["--period", "2026-01"];
    assert_eq!(settlement.statement()["objectives"][0]["counted"]["good"], json!("2674740"));
    settlement.measurements["incidents"] = json!([{"from": before, "until": "2025-12-31T23:00:00Z"}]);
    assert!(settlement.fault().starts_with("incidents[0]: lies before"));
}

#[test]
fn what_is_counted_for_a_rule_that_nobody_agreed_on() {
    let mut settlement = Settlement::of(&bad_minutes(), json!({"objectives": [{"name": "o", "outages": []}]}));
    settlement.flags = vec!["--period", "2026-10"];
    let told = |settlement: &Settlement, field: &str, value: Value| {
        let mut other = settlement.clone();
        other.measurements[field] = value;
        other.fault()
    };
    let volumes = json!([{"at": MONTH, "amount": 100}]);
    let by_volume = "volumes[0]: no reward by volume is agreed for its period";
    assert!(told(&settlement, "volumes", volumes.clone()).starts_with(by_volume));
    let of_attainment = settlement.clone().with(
        "credits",
        json!({"fee": {"amount": "1000.00", "currency": "EUR"},
            "rewards": {"basis": "Attainment", "objective": "o", "tiers": [{"atLeast": "99.99", "percent": "1"}]}}),
    );
    assert!(told(&of_attainment, "volumes", volumes).starts_with(by_volume));
    let delivery = json!([{"objective": "o", "due": "2026-10-01", "done": "2026-10-05"}]);
    let told_of = told(&settlement, "deliveries", delivery);
    assert!(told_of.starts_with("deliveries[0].objective: no remedy of \"o\" is perDayLate"), "{told_of}");
    let next = json!({"gross": "100.00"});
    let not_agreed = told(&settlement, "nextSettlement", next.clone());
    assert!(not_agreed.starts_with("nextSettlement: spec.settlement.payment is not agreed"), "{not_agreed}");
    let paid = settlement.clone().with("settlement", json!({"payment": {"withinDays": 30}}));
    assert!(told(&paid, "nextSettlement", next).starts_with("nextSettlement: spec.settlement.payment.offset is not"));
    let ends = json!([{"from": MONTH, "until": MONTH}]);
    assert_eq!(told(&settlement, "incidents", ends), "incidents[0].until: must be later than from");
}

#[test]
fn a_rule_is_one_of_the_period_it_was_agreed_for() {
    let measured = json!({"objectives": [{"name": "o", "outages": []}], "volumes": [{"at": MONTH, "amount": 100}]});
    let credits = json!({"fee": {"amount": "1000.00", "currency": "EUR"},
        "rewards": {"basis": "Volume", "tiers": [{"atLeast": "5", "percent": "10"}]}});
    let amended = |effective: &str| {
        Settlement::of(&bad_minutes(), measured.clone())
            .with("amendmentRule", json!("NextPeriod"))
            .with("amendments", json!([{"effective": effective, "credits": credits}]))
    };
    assert!(amended("2026-11-01").fault().starts_with("volumes[0]: no reward by volume is agreed for its period"));
    assert_eq!(amended("2026-10-01").statement()["credits"]["reward"]["amount"], json!("10.00"));
}

#[test]
fn objectives_that_are_read_from_a_store() {
    let mut settlement = Settlement::of(&bad_minutes(), json!({"objectives": [{"name": "o", "outages": []}]}));
    settlement.flags = vec!["--period", "2026-10", "--prometheus", "http://127.0.0.1:9"];
    assert!(settlement.fault().starts_with("objectives: are read from --prometheus"));
}
