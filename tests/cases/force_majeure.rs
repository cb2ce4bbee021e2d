//! Cases about events that nobody could help: whether they were notified and proved in time.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::arithmetic::first_number;
use crate::money::lost_month;
use crate::numerals::cardinal;
use crate::phrases::words;
use crate::rules::{calendar, input_and_expected, moment, zone_of};
use crate::scenario::{Miss, Outcome, plain, same};
use crate::uptime::OBJECTIVE;

pub fn force_majeure(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let instant = |name: &str| -> Option<Timestamp> { input.get(name)?.as_str()?.parse().ok() };
    let start = instant("event_start").or_else(|| Some(instant("event_end")? - SignedDuration::from_hours(24)));
    let start = start.ok_or_else(|| Miss::NotExpressible("no event_start and no event_end".to_owned()))?;
    let end = instant("event_end").unwrap_or(start + SignedDuration::from_hours(1));
    let mut rule = json!({});
    let notice = input.as_object().into_iter().flatten().find(|(key, _)| key.starts_with("notice_within"));
    if let Some((key, within)) = notice {
        rule["noticeWithin"] = json!(length(key, &plain(within))?);
    }
    let proof = input.as_object().into_iter().flatten().find(|(key, _)| key.starts_with("proof_within"));
    if let Some((_, within)) = proof {
        let days = plain(within);
        if days.contains('h') || (days.contains("day") && !days.contains("working") && !days.contains("business")) {
            return Err(Miss::NotExpressible(format!("proof within {days}, which are not working days")));
        }
        rule["proofWithinWorkingDays"] = json!(first_number(&days).and_then(|d| d.parse::<i64>().ok()));
    }
    let mut record = json!({});
    // Where only the outcome of a clock is given, the clock is one that it comes to this under.
    let told = |name: &str| input.get(name).and_then(Value::as_bool);
    if let Some(valid) = told("notice_valid") {
        rule["noticeWithin"] = json!("24h");
        record["noticeAt"] = json!((start + SignedDuration::from_hours(if valid { 1 } else { 25 })).to_string());
    }
    if let Some(valid) = told("proof_valid") {
        rule["proofWithinWorkingDays"] = json!(3);
        record["proofAt"] = json!((end + SignedDuration::from_hours(if valid { 1 } else { 24 * 30 })).to_string());
    }
    for (given, name) in
        [("notice_at", "noticeAt"), ("proof_at", "proofAt"), ("already_in_default_since", "inDefaultSince")]
    {
        if let Some(at) = instant(given) {
            record[name] = json!(at.to_string());
        }
    }
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "CNY"},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}));
    let clock =
        ["event_start", "event_end", "notice_at", "proof_at"].iter().find_map(|name| input.get(*name)).map(plain);
    let zone = match input.get("tz").map(plain) {
        Some(zone) => zone,
        None => zone_of(&clock.unwrap_or_default())?,
    };
    scenario.set("timeZone", json!(zone));
    scenario.set(
        "exclusions",
        json!({"rules": [{"reason": "ForceMajeure", "effect": "CountAsGood", "forceMajeure": rule}]}),
    );
    if let Some(calendar) = calendar(input) {
        scenario.set("calendar", calendar);
    }
    scenario.period = start.in_tz(&zone).ok().map(|start| start.date().to_string());
    let mut spec = Map::new();
    spec.insert("reason".to_owned(), json!("ForceMajeure"));
    spec.insert("window".to_owned(), json!({"from": start.to_string(), "until": end.to_string()}));
    spec.insert("forceMajeure".to_owned(), record);
    scenario.exclude(spec, true);
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/exclusions/0").cloned().unwrap_or_default();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        match (wanted, name.as_str()) {
            (Value::Bool(_), n) if n.contains("notice") => same(name, found["noticeValid"].clone(), wanted.clone())?,
            (Value::Bool(_), n) if n.contains("proof") => same(name, found["proofValid"].clone(), wanted.clone())?,
            (Value::Bool(_), _) => same(name, found["exempt"].clone(), wanted.clone())?,
            (_, n) if n.contains("notice") || n.contains("notify") => moment(name, &found["noticeBy"], wanted)?,
            (_, n) if n.contains("proof") || n.contains("deadline") => moment(name, &found["proofBy"], wanted)?,
            (_, other) => return Err(Miss::NotExpressible(format!("expected {other}"))),
        }
    }
    Ok(())
}

/// A length of time in the unit that it or its name says: `24h`, `24 hours`, `1 day`.
fn length(key: &str, given: &str) -> Result<String, Miss> {
    let words = words(&format!("{given} {}", key.replace('_', " ")).to_lowercase());
    let unit = words.iter().find_map(|word| match word.as_str() {
        "h" | "hr" | "hrs" | "hour" | "hours" => Some("h"),
        "d" | "day" | "days" => Some("d"),
        "m" | "min" | "mins" | "minute" | "minutes" => Some("m"),
        _ => None,
    });
    let count = words.iter().find_map(|word| cardinal(word));
    match (count, unit) {
        (Some(count), Some(unit)) => Ok(format!("{count}{unit}")),
        _ => Err(Miss::NotExpressible(format!("{key}: {given} is no length of time"))),
    }
}
