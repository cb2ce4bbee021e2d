//! Cases about rules and dates: recovery objectives, coverage, missing data, restatement, force majeure, claims, ends.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::arithmetic::{first_number, trimmed};
use crate::money::{lost_month, objective};
use crate::recovery;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::{self, OBJECTIVE};

pub fn input_and_expected(case: &Value) -> Result<(&Value, &Value), Miss> {
    Ok((field(case, "input")?, field(case, "expected")?))
}

/// So many minutes after an instant.
pub fn minutes(from: &str, count: &str) -> Result<String, Miss> {
    let from: Timestamp = from.parse().map_err(|e| Miss::NotExpressible(format!("{from}: {e}")))?;
    let count: i64 = count.parse().map_err(|_| Miss::NotExpressible(format!("{count} is no number of minutes")))?;
    Ok((from + SignedDuration::from_mins(count)).to_string())
}

pub fn recovery_objective(case: &Value, folder: &Path) -> Outcome {
    let (_, expected) = input_and_expected(case)?;
    let scenario = recovery::scenario(case)?;
    let settled = scenario.settle(folder)?;
    if expected.get("limit_minutes").is_some() {
        let seconds = field(expected, "limit_minutes")?.as_i64().unwrap_or_default() * 60;
        let limit = settled.pointer("/values/0/limitSeconds").map(plain).unwrap_or_default();
        same("limit_seconds", limit, seconds.to_string())?;
    }
    let objectives = scenario.measurements["objectives"].as_array().into_iter().flatten();
    for (index, name) in objectives.map(|o| plain(&o["name"])).enumerate() {
        let key = if name == OBJECTIVE { "breached".to_owned() } else { format!("{name}_breached") };
        if let Some(breached) = expected.get(&key) {
            same(&key, state(&settled, index) == "Violated", breached.clone())?;
        }
    }
    let credits = settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default();
    match expected.get("credit_percent") {
        Some(percent) => uptime::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
        None => Ok(()),
    }
}

fn state(settled: &Value, objective: usize) -> String {
    settled.pointer(&format!("/periods/0/statement/objectives/{objective}/state")).map(plain).unwrap_or_default()
}

/// Every fact of the instance that is a truth value must be true, as the covered service demands.
pub fn coverage(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let tiers = json!([{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]);
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
    let mut parameters = Vec::new();
    let mut conditions = Vec::new();
    for (name, value) in field(input, "instance")?.as_object().into_iter().flatten() {
        parameters.push(json!({"name": name, "value": plain(value)}));
        if value.is_boolean() {
            conditions.push(json!({"rule": name, "message": format!("the service is covered only with {name}")}));
        }
    }
    scenario.set("parameters", json!(parameters));
    scenario.set("coveredWhen", json!(conditions));
    let from = "2025-06-10T00:00:00Z";
    let outage = json!({"from": from, "until": minutes(from, &text(input, "downtime_minutes")?)?});
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": [outage]}]});
    let settled = scenario.settle(folder)?;
    let covered = settled.pointer("/periods/0/statement/objectives/0/covered").cloned();
    same("covered", covered, field(expected, "covered")?.clone())?;
    let credits = settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default();
    uptime::credit_is(&credits, &json!({"kind": "percent", "value": text(expected, "credit_percent")?}))
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
    let treat_as = match policy.unwrap_or_default().to_lowercase() {
        p if p.contains("good") || p.contains("up") => "Good",
        p if p.contains("bad") || p.contains("down") => "Bad",
        _ => "Exclude",
    };
    scenario.set("missingData", json!({"treatAs": treat_as, "minimumCoverage": "100"}));
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
    let words = match text(expected, "state")?.as_str() {
        "Met" | "met" => "Fulfilled".to_owned(),
        "Breached" | "breached" | "Missed" => "Violated".to_owned(),
        other => other.to_owned(),
    };
    same("state", statement["state"].clone(), words)
}

pub fn restatement(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let profile = field(profiles, &text(input, "profile")?)?;
    let down = text(field(input, "v1")?, "downtime_minutes")?;
    let from = "2025-06-10T00:00:00Z";
    let month = json!({
        "period": {"start": "2025-06-01T00:00:00Z", "end": "2025-07-01T00:00:00Z", "tz": "UTC"},
        "input": {"outages": [{"start": from, "end": minutes(from, &down)?}]},
        "expected": {"amount": {"paid": text(input, "fee")?}},
    });
    let mut scenario = uptime::scenario(&month, profile)?;
    let excluded = text(field(input, "v2")?, "approved_exclusion_minutes")?;
    scenario.set("exclusions", json!({"rules": [{"reason": "Agreed", "effect": "CountAsGood"}]}));
    let mut spec = Map::new();
    spec.insert("reason".to_owned(), json!("Agreed"));
    spec.insert("window".to_owned(), json!({"from": from, "until": minutes(from, &excluded)?}));
    // After the first statement was issued.
    spec.insert("approval".to_owned(), json!({"by": "customer-manager", "at": "2025-07-20T00:00:00Z"}));
    scenario.exclude(spec, true);
    let settled = scenario.settle(folder)?;
    for (index, name) in ["v1", "v2"].iter().enumerate() {
        let revision = settled.pointer(&format!("/periods/0/revisions/{index}")).cloned().unwrap_or_default();
        let wanted = field(expected, name)?;
        let ratio = revision.pointer("/objectives/0/attainmentRatio").cloned();
        same(&format!("{name}.uptime_ratio"), ratio, field(wanted, "uptime_ratio")?.clone())?;
        let credit = json!({"kind": "percent", "value": text(wanted, "credit_percent")?});
        uptime::credit_is(&revision["credits"], &credit)?;
    }
    let adjustment = settled.pointer("/periods/0/statement/adjustment/amounts/0/amount").map(plain).unwrap_or_default();
    same("adjustment", adjustment, field(expected, "adjustment")?.clone())
}

pub fn force_majeure(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let instant = |name: &str| -> Option<Timestamp> { input.get(name)?.as_str()?.parse().ok() };
    let start = instant("event_start").or_else(|| Some(instant("event_end")? - SignedDuration::from_hours(24)));
    let start = start.ok_or_else(|| Miss::NotExpressible("no event_start and no event_end".to_owned()))?;
    let end = instant("event_end").unwrap_or(start + SignedDuration::from_hours(1));
    let mut rule = json!({});
    if input.get("notice_within").is_some() {
        rule["noticeWithin"] = json!(text(input, "notice_within")?);
    }
    let proof = input.as_object().into_iter().flatten().find(|(key, _)| key.starts_with("proof_within"));
    if let Some((_, within)) = proof {
        let days = plain(within);
        rule["proofWithinWorkingDays"] = json!(first_number(&days).and_then(|d| d.parse::<i64>().ok()));
    }
    let mut record = json!({});
    for (given, name) in
        [("notice_at", "noticeAt"), ("proof_at", "proofAt"), ("already_in_default_since", "inDefaultSince")]
    {
        if let Some(at) = instant(given) {
            record[name] = json!(at.to_string());
        }
    }
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "CNY"},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}));
    scenario.set("timeZone", json!("Asia/Shanghai"));
    scenario.set(
        "exclusions",
        json!({"rules": [{"reason": "ForceMajeure", "effect": "CountAsGood", "forceMajeure": rule}]}),
    );
    if let Some(holidays) = input.get("holidays") {
        scenario.set("calendar", json!({"holidays": holidays}));
    }
    scenario.period = Some(start.to_string().get(..10).unwrap_or_default().to_owned());
    let mut spec = Map::new();
    spec.insert("reason".to_owned(), json!("ForceMajeure"));
    spec.insert("window".to_owned(), json!({"from": start.to_string(), "until": end.to_string()}));
    spec.insert("forceMajeure".to_owned(), record);
    scenario.exclude(spec, true);
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/exclusions/0").cloned().unwrap_or_default();
    for (name, figure) in [("notice_valid", "noticeValid"), ("proof_valid", "proofValid"), ("exempt", "exempt")] {
        if let Some(wanted) = expected.get(name) {
            same(name, found[figure].clone(), wanted.clone())?;
        }
    }
    for (name, figure) in [("proof_deadline", "proofBy"), ("proof_by", "proofBy"), ("notice_deadline", "noticeBy")] {
        if let Some(wanted) = expected.get(name) {
            moment(name, &found[figure], wanted)?;
        }
    }
    Ok(())
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

pub fn lint(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    if input.get("tiers").is_some() {
        let slo = ["slo", "target", "promise"].iter().find_map(|name| input.get(*name)).map(plain);
        // The promise is what the best tier is about, so that only the table itself can be wrong.
        let best = input.pointer("/tiers/0").and_then(|t| t.get("lt").or(t.get("lte"))).map(plain);
        let target = slo.or(best).ok_or_else(|| Miss::NotExpressible("no target".to_owned()))?;
        scenario.set("objectives", json!([objective(OBJECTIVE, &target)]));
        let tiers = uptime::tiers(input.get("tiers"), "percentOfFee", OBJECTIVE)?;
        scenario.set("credits", json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
    } else if let Some(slo) = ["slo", "target"].iter().find_map(|name| input.get(*name)) {
        scenario.set("objectives", json!([objective(OBJECTIVE, &plain(slo))]));
    }
    if let Some(parameters) = input.get("parameters").and_then(Value::as_object) {
        let listed: Vec<Value> = parameters.iter().map(|(n, v)| json!({"name": n, "value": plain(v)})).collect();
        scenario.set("parameters", json!(listed));
        let constraint = text(input, "constraint")?;
        let rule = match constraint.split_once(" implies ") {
            Some((if_this, then_that)) => format!("!({if_this}) || ({then_that})"),
            None => constraint.clone(),
        };
        scenario.set("constraints", json!([{"rule": rule, "message": constraint}]));
    }
    if let Some(suppliers) = ["suppliers", "dependencies", "components"].iter().find_map(|name| input.get(*name)) {
        let listed: Vec<Value> = suppliers
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(i, s)| {
                let target = ["slo", "target", "availability"].iter().find_map(|n| s.get(*n)).unwrap_or(s);
                json!({"name": format!("supplier-{i}"), "target": plain(target)})
            })
            .collect();
        scenario.set("dependencies", json!(listed));
    }
    let found = scenario.check(folder)?;
    let wanted = text(expected, "finding")?;
    let findings = found["findings"].as_array().cloned().unwrap_or_default();
    let codes: Vec<String> = findings.iter().map(|f| plain(&f["code"])).collect();
    if matches!(wanted.as_str(), "none" | "ok" | "null") {
        return same("findings", codes, Vec::<String>::new());
    }
    // One finding goes by several names among those who write of it.
    let composite = ["composite", "supplier", "serial", "dependenc"].iter().any(|word| wanted.contains(word));
    let is_meant = |code: &str| code == wanted || (composite && code == "promise_above_composite");
    let finding = findings.iter().find(|f| is_meant(f["code"].as_str().unwrap_or_default()));
    let finding = finding.ok_or_else(|| Miss::Failed(format!("expected {wanted}, found {codes:?}: {found}")))?;
    match expected.get("at") {
        Some(at) => same("at", trimmed(&plain(&finding["at"])), trimmed(&plain(at))),
        None => Ok(()),
    }
}
