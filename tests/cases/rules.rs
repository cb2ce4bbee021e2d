//! Cases about missing data, and what the cases about dates share.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::amounts::whole;
use crate::arithmetic::seconds;
use crate::known::only;
use crate::money::objective;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn input_and_expected(case: &Value) -> Result<(&Value, &Value), Miss> {
    Ok((field(case, "input")?, field(case, "expected")?))
}

/// So many minutes after an instant.
pub fn minutes(from: &str, count: &str) -> Result<String, Miss> {
    let from: Timestamp = from.parse().map_err(|e| Miss::NotExpressible(format!("{from}: {e}")))?;
    let count = seconds(count).ok_or_else(|| Miss::NotExpressible(format!("{count} minutes are no whole seconds")))?;
    Ok((from + SignedDuration::from_secs(count)).to_string())
}

/// The zone of an instant that is written with its distance from UTC. A day has none: it is one of UTC.
pub fn zone_of(instant: &str) -> Result<String, Miss> {
    let (Some(clock), Ok(_)) = (instant.get(10..), instant.parse::<Timestamp>()) else { return Ok("UTC".to_owned()) };
    let Some((sign, distance)) = ["+", "-"].iter().find_map(|sign| Some((*sign, clock.split_once(sign)?.1))) else {
        return Ok("UTC".to_owned());
    };
    match distance.split_once(':') {
        Some(("00", "00")) => Ok("UTC".to_owned()),
        // These zones count the other way: what is ahead of UTC has a minus.
        Some((hours, "00")) => {
            let sign = if sign == "+" { "-" } else { "+" };
            Ok(format!("Etc/GMT{sign}{}", hours.trim_start_matches('0')))
        }
        _ => between_hours(sign, distance)
            .map(str::to_owned)
            .ok_or_else(|| Miss::NotExpressible(format!("no zone for {instant}; say which one"))),
    }
}

/// Zones that are not whole hours from UTC and that keep the same distance all year.
fn between_hours(sign: &str, distance: &str) -> Option<&'static str> {
    match (sign, distance) {
        ("+", "03:30") => Some("Asia/Tehran"),
        ("+", "04:30") => Some("Asia/Kabul"),
        ("+", "05:30") => Some("Asia/Kolkata"),
        ("+", "05:45") => Some("Asia/Kathmandu"),
        ("+", "06:30") => Some("Asia/Yangon"),
        ("+", "08:45") => Some("Australia/Eucla"),
        ("+", "09:30") => Some("Australia/Darwin"),
        ("-", "09:30") => Some("Pacific/Marquesas"),
        _ => None,
    }
}

/// The first instant of a day in a zone.
pub fn first_instant(day: &str, zone: &str) -> Result<Timestamp, Miss> {
    let refuse = |e: jiff::Error| Miss::NotExpressible(format!("{day} in {zone}: {e}"));
    let day: jiff::civil::Date = day.parse().map_err(refuse)?;
    Ok(day.in_tz(zone).map_err(refuse)?.timestamp())
}

pub fn missing_data(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["uptime_min_percent", "uptime_max_percent", "state"])?;
    let number = |name: &str| input.get(name).map_or(Ok(0), |_| whole(input, name));
    let (slots, bad, unknown) = (number("slots")?, number("bad")?, number("no_data")?);
    let mut objective = objective(OBJECTIVE, &text(input, "slo")?);
    objective["measurement"]["partialMinutes"] = json!("Drop");
    let mut scenario = Scenario::new(&objective, &json!({"rolling": format!("{slots}m")}), "UTC");
    scenario.set("validity", json!({"from": "2025-06-01"}));
    scenario.period = Some("2025-06-01".to_owned());
    let policy = ["policy", "missing_data", "treat_as"].iter().find_map(|name| input.get(*name)).map(plain);
    let policy = policy.unwrap_or_default().to_lowercase();
    let treat_as = match policy.as_str() {
        p if p.contains("good") || p.contains("up") => Some("Good"),
        p if p.contains("bad") || p.contains("down") => Some("Bad"),
        p if p.contains("exclu") || p.contains("ignore") => Some("Exclude"),
        // The verdict is held while anything is missing that could matter: what holds where nothing is agreed.
        p if p.is_empty() || p.contains("hold") => None,
        other => return Err(Miss::NotExpressible(format!("missing data is {other}"))),
    };
    let floor = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("coverage"));
    match (treat_as, floor) {
        (None, None) => {}
        (Some(treat_as), None) => scenario.set("missingData", json!({"treatAs": treat_as})),
        (treat_as, Some((_, floor))) => {
            let treat_as = treat_as.unwrap_or("Exclude");
            scenario.set("missingData", json!({"treatAs": treat_as, "minimumCoverage": plain(floor)}));
        }
    }
    let run = |repeat: i64, bad: &str| json!({"every": "1m", "repeat": repeat, "total": "1", "bad": bad});
    let mut runs = Vec::new();
    if bad > 0 {
        runs.push(run(bad, "1"));
    }
    if unknown > 0 {
        runs.push(json!({"every": "1m", "repeat": unknown, "state": "Unknown"}));
    }
    if slots != bad + unknown {
        runs.push(run(slots - bad - unknown, "0"));
    }
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "slots": runs}]});
    let settled = scenario.settle(folder)?;
    let statement = settled.pointer("/periods/0/statement/objectives/0").cloned().unwrap_or_default();
    for (index, name) in ["uptime_min_percent", "uptime_max_percent"].iter().enumerate() {
        if let Some(bound) = expected.get(*name) {
            same(name, statement["attainmentBounds"][index].clone(), bound.clone())?;
        }
    }
    let words = match text(expected, "state")?.to_lowercase().replace('_', "").as_str() {
        "met" | "fulfilled" => "Fulfilled".to_owned(),
        "breached" | "missed" | "violated" => "Violated".to_owned(),
        "notdetermined" | "undetermined" | "unknown" => "NotDetermined".to_owned(),
        other => other.to_owned(),
    };
    same("state", statement["state"].clone(), words)
}

/// The days off of a case, and the days off on which people work all the same.
pub fn calendar(input: &Value) -> Option<Value> {
    let mut calendar = json!({});
    for (given, name) in
        [("holidays", "holidays"), ("make_up_days", "workingDays"), ("extra_working_days", "workingDays")]
    {
        if let Some(days) = input.get(given).filter(|days| days.is_array()) {
            calendar[name] = days.clone();
        }
    }
    calendar.as_object().is_some_and(|c| !c.is_empty()).then_some(calendar)
}

/// Compares a moment with an instant or, where the case gives only a day, with that day.
pub fn moment(name: &str, found: &Value, wanted: &Value) -> Outcome {
    let wanted_text = plain(wanted);
    if let Ok(at) = wanted_text.parse::<Timestamp>() {
        let found: Option<Timestamp> = found["at"].as_str().and_then(|t| t.parse().ok());
        return same(name, found.map(|t| t.to_string()), at.to_string());
    }
    same(name, found["day"].clone(), wanted.clone())
}

/// A month in which nothing went wrong.
pub fn plain_month() -> Scenario {
    let mut scenario = Scenario::new(&objective(OBJECTIVE, "99.9"), &json!({"calendar": "Month"}), "UTC");
    scenario.period = Some("2025-06-01".to_owned());
    scenario
}
