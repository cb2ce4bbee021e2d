//! What `guarantor settle --help` shows of a measurements file is one.

use std::process::Command;

use serde_json::{Value, json};

use crate::settlement::{Settlement, all_fail, objective};

#[test]
fn the_file_in_the_help_can_be_settled() {
    let help = Command::new(env!("CARGO_BIN_EXE_guarantor")).args(["settle", "--help"]).output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let (_, file) = help.split_once("every part may be left out:\n").unwrap();
    let measured: Value = serde_saphyr::from_str(file).unwrap();
    let named = |name: &str, mut objective: Value| {
        objective["name"] = json!(name);
        objective
    };
    let indicator = objective("99", all_fail())["indicator"].clone();
    let member = json!({"name": "incoming", "ratio": indicator["ratio"]});
    let value = json!({"limit": "4h", "allowance": {"adds": "1h", "every": "25", "above": "100"}});
    let objectives = json!([
        named("availability", objective("99.9", json!({"method": "Events"}))),
        named("uptime", objective("99.9", all_fail())),
        {"name": "queues", "target": "99.9", "indicator": {"members": [member]},
            "measurement": {"method": "Pooled", "badWhen": {"allFail": true}}},
        {"name": "recovery", "target": "90", "indicator": {"value": value}, "measurement": {"method": "Value"}},
    ]);
    let credits = json!({
        "fee": {"amount": "4000.00", "currency": "EUR"},
        "tiers": [{"objective": "availability", "below": "99.9", "percentOfFee": "10"}],
        "remedies": [{"name": "delay", "objective": "recovery", "perDayLate": {"percentOfFee": "1"}}],
        "combine": "CustomersChoice",
        "rewards": {"basis": "Volume", "tiers": [{"atLeast": "100000", "percent": "1"}]},
    });
    let settlement = json!({
        "grant": "OnClaim",
        "cureDays": 30,
        "terminationNoticeDays": 30,
        "payment": {"withinDays": 30, "offset": true},
        "deposit": {"amount": "1000.00", "currency": "EUR", "holdMonths": 1, "refundWithinDays": 10},
    });
    let validity = json!({"from": "2026-10-01", "until": "2026-11-01"});
    let settled = Settlement::of(&objectives, measured).with("validity", validity);
    let settled = settled.with("credits", credits).with("settlement", settlement);
    let statement = settled.statement();
    assert_eq!(statement["period"]["start"], "2026-10-01T00:00:00Z");
    assert_eq!(statement["credits"]["facts"]["chosen"], "availability");
}
