//! Cases about rules: missing data, restatement, force majeure; and what the cases about dates share.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::arithmetic::{first_number, seconds};
use crate::credits;
use crate::money::{lost_month, objective};
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::{self, OBJECTIVE};

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
        _ => Err(Miss::NotExpressible(format!("no zone for {instant}; say which one"))),
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
    let number = |name: &str| input.get(name).and_then(Value::as_i64).unwrap_or_default();
    let (slots, bad, unknown) = (number("slots"), number("bad"), number("no_data"));
    let mut objective = objective(OBJECTIVE, &text(input, "slo")?);
    objective["measurement"]["partialMinutes"] = json!("Drop");
    let mut scenario = Scenario::new(&objective, &json!({"rolling": format!("{slots}m")}), "UTC");
    scenario.set("validity", json!({"from": "2025-06-01"}));
    scenario.period = Some("2025-06-01".to_owned());
    let policy = ["policy", "missing_data", "treat_as"].iter().find_map(|name| input.get(*name)).map(plain);
    let policy = policy.unwrap_or_default().to_lowercase();
    let treat_as = match policy.as_str() {
        p if p.contains("good") || p.contains("up") => "Good",
        p if p.contains("bad") || p.contains("down") => "Bad",
        p if p.is_empty() || p.contains("exclu") || p.contains("ignore") => "Exclude",
        p if p.contains("hold") => "Exclude",
        other => return Err(Miss::NotExpressible(format!("missing data is {other}"))),
    };
    // Without a policy nothing is said while anything is missing that could matter.
    let floor = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("coverage"));
    let floor = floor.map_or_else(
        || if policy.is_empty() || policy.contains("hold") { "100" } else { "0" }.to_owned(),
        |(_, floor)| plain(floor),
    );
    scenario.set("missingData", json!({"treatAs": treat_as, "minimumCoverage": floor}));
    let run = |repeat: i64, bad: &str| json!({"every": "1m", "repeat": repeat, "total": "1", "bad": bad});
    let mut runs = Vec::new();
    if bad > 0 {
        runs.push(run(bad, "1"));
    }
    if unknown > 0 {
        runs.push(json!({"every": "1m", "repeat": unknown, "state": "Unknown"}));
    }
    runs.push(run(slots - bad - unknown, "0"));
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

/// A month that was settled, and is settled again. What it was at first and what it is now differ by an exclusion: one
/// that was approved after the statement was issued, or one that was taken back then.
pub fn restatement(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let profile = field(profiles, &text(input, "profile")?)?;
    let lost = |name: &str| -> Result<i64, Miss> {
        let version = field(input, name)?;
        let excluded = version.get("approved_exclusion_minutes").map_or_else(|| "0".to_owned(), plain);
        let whole =
            |minutes: String| seconds(&minutes).ok_or_else(|| Miss::NotExpressible(format!("{minutes} minutes")));
        Ok(whole(text(version, "downtime_minutes")?)? - whole(excluded)?)
    };
    let (first, then) = (lost("v1")?, lost("v2")?);
    if profile.pointer("/measure/denominator").is_some_and(|d| plain(d).contains("minus")) {
        return Err(Miss::NotExpressible(
            "an exclusion that leaves the denominator is more than less downtime".to_owned(),
        ));
    }
    let after = |seconds: i64| -> String {
        let from: Timestamp = "2025-06-10T00:00:00Z".parse().unwrap_or_default();
        (from + SignedDuration::from_secs(seconds)).to_string()
    };
    let month = |lost: i64| {
        let outages = if lost > 0 { json!([{"start": after(0), "end": after(lost)}]) } else { json!([]) };
        json!({
            "period": {"start": "2025-06-01T00:00:00Z", "end": "2025-07-01T00:00:00Z", "tz": "UTC"},
            "input": {"outages": outages},
            "expected": {"amount": {"paid": input.get("fee").map_or_else(|| "1000.00".to_owned(), plain)}},
        })
    };
    let mut scenario = uptime::scenario(&month(first.max(then)), profile)?;
    scenario.period = Some("2025-06-01".to_owned());
    scenario.set("exclusions", json!({"rules": [{"reason": "Agreed", "effect": "CountAsGood"}]}));
    // After the first statement was issued.
    let late = json!({"by": "customer-manager", "at": "2025-07-20T00:00:00Z"});
    let mut spec = Map::new();
    spec.insert("reason".to_owned(), json!("Agreed"));
    spec.insert("window".to_owned(), json!({"from": after(first.min(then)), "until": after(first.max(then))}));
    if then < first {
        spec.insert("approval".to_owned(), late);
    } else {
        spec.insert("revoked".to_owned(), late);
    }
    if first != then {
        scenario.exclude(spec, true);
    }
    let mut revisions = revisions(&scenario.settle(folder)?);
    let issued = input.get("v1_issued").and_then(Value::as_bool).unwrap_or(true);
    if !issued {
        // What nobody issued is not restated: each is settled by itself.
        revisions = Vec::new();
        for lost in [first, then] {
            let scenario = uptime::scenario(&month(lost), profile)?;
            revisions.extend(self::revisions(&scenario.settle(folder)?));
        }
    }
    for (index, name) in ["v1", "v2"].iter().enumerate() {
        let revision = revisions.get(index).or(revisions.last()).cloned().unwrap_or_default();
        let wanted = field(expected, name)?;
        let ratio = revision.pointer("/objectives/0/attainmentRatio").cloned();
        same(&format!("{name}.uptime_ratio"), ratio, field(wanted, "uptime_ratio")?.clone())?;
        if let Some(percent) = wanted.get("credit_percent") {
            credits::credit_is(&revision["credits"], &json!({"kind": "percent", "value": plain(percent)}))?;
        }
    }
    let Some(wanted) = expected.get("adjustment") else { return Ok(()) };
    let adjustment = revisions.last().and_then(|r| r.pointer("/adjustment/amounts/0/amount")).map(plain);
    same("adjustment", adjustment.unwrap_or_else(|| "0.00".to_owned()), plain(wanted).trim_start_matches('+'))
}

fn revisions(settled: &Value) -> Vec<Value> {
    settled.pointer("/periods/0/revisions").and_then(Value::as_array).cloned().unwrap_or_default()
}

pub fn force_majeure(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let instant = |name: &str| -> Option<Timestamp> { input.get(name)?.as_str()?.parse().ok() };
    let start = instant("event_start").or_else(|| Some(instant("event_end")? - SignedDuration::from_hours(24)));
    let start = start.ok_or_else(|| Miss::NotExpressible("no event_start and no event_end".to_owned()))?;
    let end = instant("event_end").unwrap_or(start + SignedDuration::from_hours(1));
    let mut rule = json!({});
    if let Some(hours) = input.get("notice_within_hours") {
        rule["noticeWithin"] = json!(format!("{}h", plain(hours)));
    }
    if input.get("notice_within").is_some() {
        rule["noticeWithin"] =
            json!(text(input, "notice_within")?.replace(" hours", "h").replace(" h", "h").replace(" days", "d"));
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
