//! `guarantor settle` over agreements in which one rule decides: the figure is done by hand.

use std::path::PathBuf;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

static NEXT: AtomicUsize = AtomicUsize::new(0);

/// The agreement that the tests start from: a month in UTC, time that is bad when everything fails.
fn agreement(changes: &[(&str, Value)]) -> Value {
    let mut agreement = json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelAgreement",
        "metadata": {"name": "a", "namespace": "n"},
        "spec": {
            "service": {"name": "s"}, "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
            "period": {"calendar": "Month"}, "validity": {"from": "2026-01-01"}, "timeZone": "UTC",
            "objectives": [time("99.9")],
            "credits": {
                "fee": {"amount": "1000.00", "currency": "EUR"},
                "tiers": [
                    {"objective": "o", "below": "99.9", "percentOfFee": "10"},
                    {"objective": "o", "below": "99.0", "percentOfFee": "25"}
                ]
            }
        }
    });
    for (field, value) in changes {
        agreement["spec"][*field] = value.clone();
    }
    agreement
}

fn time(target: &str) -> Value {
    json!({
        "name": "o", "target": target,
        "indicator": {"ratio": {"bad": "sum(increase(b[$slot]))", "total": "sum(increase(t[$slot]))"}},
        "measurement": {"method": "BadMinutes", "badWhen": {"allFail": true}}
    })
}

/// Settles outages of the objective `o`, and gives the statements.
fn outages(agreement: &Value, outages: &[(&str, &str)], exclusions: &[Value]) -> Vec<Value> {
    let outages: Vec<_> = outages.iter().map(|(from, until)| json!({"from": from, "until": until})).collect();
    settle(agreement, &json!({"objectives": [{"name": "o", "outages": outages}]}), exclusions)
}

/// Settles what was measured, and gives the statements that stand.
fn settle(agreement: &Value, measurements: &Value, exclusions: &[Value]) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&printed("json", agreement, measurements, exclusions)).unwrap();
    answer["periods"].as_array().unwrap().iter().map(|period| period["statement"].clone()).collect()
}

/// What the command prints in this form.
fn printed(form: &str, agreement: &Value, measurements: &Value, exclusions: &[Value]) -> String {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("letter-{}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let documents: Vec<_> = exclusions.iter().map(Value::to_string).collect();
    let mut command = Command::new(env!("CARGO_BIN_EXE_guarantor"));
    command.current_dir(&folder).args(["settle", "-o", form]);
    for (flag, text) in [
        ("agreement", agreement.to_string()),
        ("measurements", measurements.to_string()),
        ("exclusions", documents.join("\n---\n")),
    ] {
        if text.is_empty() {
            continue;
        }
        let file = format!("{flag}.yaml");
        std::fs::write(folder.join(&file), text).unwrap();
        command.arg(format!("--{flag}")).arg(file);
    }
    let Output { status, stdout, stderr } = command.output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    std::fs::remove_dir_all(&folder).unwrap();
    String::from_utf8(stdout).unwrap()
}

fn amounts(statements: &[Value]) -> Vec<&str> {
    statements.iter().map(|statement| statement["credits"]["amount"].as_str().unwrap()).collect()
}

/// What an amendment that changes nothing of the credits makes of October: two parts.
fn split() -> [(&'static str, Value); 2] {
    let amendment = json!([{"effective": "2026-10-16", "missingData": {"treatAs": "Good"}}]);
    [("amendmentRule", json!("Split")), ("amendments", amendment)]
}

/// A whole day in each half of October, and one in November.
const DAYS: [(&str, &str); 3] = [
    ("2026-10-05T00:00:00Z", "2026-10-06T00:00:00Z"),
    ("2026-10-20T00:00:00Z", "2026-10-21T00:00:00Z"),
    ("2026-11-05T00:00:00Z", "2026-11-06T00:00:00Z"),
];

#[test]
fn a_month_that_is_split_costs_one_fee() {
    let statements = outages(&agreement(&split()), &DAYS, &[]);
    // 15 and 16 days of 31, a quarter of 1000 each.
    assert_eq!(amounts(&statements), ["120.97", "129.03", "250.00"]);
}

#[test]
fn the_caps_of_a_month_hold_over_its_parts() {
    let credits = json!({
        "fee": {"amount": "1000.00", "currency": "EUR"}, "combine": "Sum",
        "cap": {"amount": "200.00", "serviceDays": 15},
        "tiers": [{"objective": "o", "below": "99.0", "percentOfFee": "25"}, {"objective": "p", "below": "99.0", "serviceDays": 10}]
    });
    let mut p = time("99.9");
    p["name"] = json!("p");
    let objectives = json!([time("99.9"), p]);
    let agreement = agreement(&[&split()[..], &[("credits", credits), ("objectives", objectives)]].concat());
    let outages: Vec<_> = DAYS.iter().map(|(from, until)| json!({"from": from, "until": until})).collect();
    let measured = json!({"objectives": [{"name": "o", "outages": outages}, {"name": "p", "outages": outages}]});
    let statements = settle(&agreement, &measured, &[]);
    assert_eq!(amounts(&statements), ["120.97", "79.03", "200.00"]);
    let days: Vec<_> = statements.iter().map(|s| s["credits"]["serviceDays"].as_i64()).collect();
    assert_eq!(days, [Some(10), Some(5), Some(10)]);
}

#[test]
fn a_month_that_is_split_is_missed_once() {
    let credits = json!({
        "fee": {"amount": "1000.00", "currency": "EUR"},
        "remedies": [{"name": "end", "objective": "o", "terminationRight": {"missedPeriods": 2}}]
    });
    let statements = outages(&agreement(&[&split()[..], &[("credits", credits)]].concat()), &DAYS, &[]);
    let rights: Vec<_> = statements.iter().map(|s| s["credits"]["terminationRight"].as_bool()).collect();
    assert_eq!(rights, [None, None, Some(true)]);
}

#[test]
fn days_that_are_paid_use_up_the_days_of_the_year() {
    let table = |rule: &str| {
        json!({
            "fee": {"amount": "310.00", "currency": "EUR"}, "serviceDays": rule, "capPerYear": {"serviceDays": 15},
            "tiers": [{"objective": "o", "below": "99.0", "serviceDays": 10}]
        })
    };
    let days = [
        ("2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"),
        ("2026-02-05T00:00:00Z", "2026-02-06T00:00:00Z"),
        ("2026-03-05T00:00:00Z", "2026-03-06T00:00:00Z"),
    ];
    let paid = outages(&agreement(&[("credits", table("MonetaryValue"))]), &days, &[]);
    // Ten days of 31, then five of 28.
    assert_eq!(amounts(&paid), ["100.00", "55.36", "0.00"]);
    let added = outages(&agreement(&[("credits", table("ExtendTerm"))]), &days, &[]);
    let granted: Vec<_> = added.iter().map(|s| s["credits"]["serviceDays"].as_i64()).collect();
    assert_eq!(granted, [Some(10), Some(5), None]);
}

fn per_incident(amount: &str) -> (&'static str, Value) {
    let remedies = json!([{"name": "each", "objective": "o", "perIncident": {"amount": amount}}]);
    ("credits", json!({"fee": {"amount": "1000.00", "currency": "EUR"}, "remedies": remedies}))
}

fn maintenance(from: &str, until: &str) -> Value {
    json!({
        "apiVersion": "guarantor.dev/v1alpha1", "kind": "ServiceLevelExclusion",
        "metadata": {"name": "e", "namespace": "n"},
        "spec": {
            "agreement": "a", "reason": "Maintenance", "window": {"from": from, "until": until}, "declaredBy": "x",
            "approval": {"by": "y", "at": "2026-01-01T00:00:00Z"}
        }
    })
}

#[test]
fn each_late_value_is_a_violation_however_close_they_are() {
    let value = json!({
        "name": "o", "target": "90", "indicator": {"value": {"limit": "4h"}}, "measurement": {"method": "Value"}
    });
    let agreement = agreement(&[per_incident("250.00"), ("objectives", json!([value]))]);
    for second in ["10:00:00", "10:00:01", "10:00:02"] {
        let values = ["10:00:00", second].map(|time| json!({"at": format!("2026-10-05T{time}Z"), "value": "5h"}));
        let statements = settle(&agreement, &json!({"objectives": [{"name": "o", "values": values}]}), &[]);
        assert_eq!(amounts(&statements), ["500.00"], "{second}");
    }
}

#[test]
fn an_exclusion_within_an_outage_makes_no_second_one_of_it() {
    for effect in ["Exclude", "CountAsGood"] {
        let rules = json!({"rules": [{"reason": "Maintenance", "effect": effect}]});
        let agreement = agreement(&[per_incident("1000.00"), ("exclusions", rules)]);
        let outage = [("2026-10-10T00:00:00Z", "2026-10-10T00:19:00Z")];
        // The second one leaves parts of two minutes of the clock, which do not count.
        for (from, until) in [("00:09:00", "00:10:00"), ("00:09:20", "00:10:40")] {
            let day = "2026-10-10T";
            let excluded = maintenance(&format!("{day}{from}Z"), &format!("{day}{until}Z"));
            let statements = outages(&agreement, &outage, &[excluded]);
            assert_eq!(amounts(&statements), ["1000.00"], "{effect} {from}");
            assert_eq!(statements[0]["violations"].as_array().unwrap().len(), 1, "{effect} {from}");
        }
        let apart =
            [("2026-10-10T00:00:00Z", "2026-10-10T00:05:00Z"), ("2026-10-10T00:12:00Z", "2026-10-10T00:19:00Z")];
        let excluded = maintenance("2026-10-10T00:09:00Z", "2026-10-10T00:10:00Z");
        assert_eq!(amounts(&outages(&agreement, &apart, &[excluded])), ["2000.00"], "{effect}");
    }
}

#[test]
fn a_run_ends_with_the_period_and_the_statement_says_so() {
    let mut objective = time("99.9");
    objective["measurement"]["minimumConsecutive"] = json!("10m");
    let agreement = agreement(&[("objectives", json!([objective]))]);
    let bad = |until: &str| {
        let statements = outages(&agreement, &[("2026-10-31T23:51:00Z", until)], &[]);
        let seconds = |s: &Value| {
            let of = |name: &str| s["objectives"][0]["counted"][name].as_str().unwrap().parse::<u64>().unwrap();
            of("total") - of("good")
        };
        let counting = statements[0]["objectives"][0]["counting"].as_str().unwrap();
        assert!(counting.ends_with("runs shorter than 10m within the period do not count"), "{counting}");
        statements.iter().map(seconds).collect::<Vec<_>>()
    };
    assert_eq!(bad("2026-11-01T00:09:00Z"), [0, 0], "nine minutes in each");
    assert_eq!(bad("2026-11-01T00:10:00Z"), [0, 600]);
}

#[test]
fn what_has_to_be_done_for_a_claim_is_told_with_its_day() {
    let settlement = json!({"grant": "OnClaim", "deadlines": [
        {"name": "ticket", "after": "Awareness", "workingDays": 5}, {"name": "claim", "after": "PeriodEnd", "days": 30}]});
    let agreement = agreement(&[("settlement", settlement), ("timeZone", json!("Europe/Berlin"))]);
    let measured = json!({
        "objectives": [{"name": "o", "outages": [{"from": "2026-10-12T09:00:00Z", "until": "2026-10-12T12:00:00Z"}]}],
        "incidents": [{"from": "2026-10-12T09:00:00Z", "until": "2026-10-12T12:00:00Z"}]
    });
    let table = printed("table", &agreement, &measured, &[]).replace(['\u{a0}', '\u{202f}'], " ");
    for told in ["ticket by 19 Oct 2026 (20 Oct 2026, 00:00 CEST)", "claim by 30 Nov 2026 (1 Dec 2026, 00:00 CET)"] {
        assert!(table.contains(told), "{told}\n{table}");
    }
}
