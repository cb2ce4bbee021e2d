//! Cases about rules and dates: recovery objectives, coverage, missing data, restatement, force majeure, claims, ends.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::arithmetic::{first_number, trimmed};
use crate::money::{lost_month, objective};
use crate::phrases;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::{self, OBJECTIVE};

fn input_and_expected(case: &Value) -> Result<(&Value, &Value), Miss> {
    Ok((field(case, "input")?, field(case, "expected")?))
}

/// So many minutes after an instant.
pub fn minutes(from: &str, count: &str) -> Result<String, Miss> {
    let from: Timestamp = from.parse().map_err(|e| Miss::NotExpressible(format!("{from}: {e}")))?;
    let count: i64 = count.parse().map_err(|_| Miss::NotExpressible(format!("{count} is no number of minutes")))?;
    Ok((from + SignedDuration::from_mins(count)).to_string())
}

fn value_objective(name: &str, limit: &str) -> Value {
    json!({"name": name, "target": "100", "indicator": {"value": {"limit": limit}}, "measurement": {"method": "Value"}})
}

pub fn recovery_objective(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let at = "2025-06-10T00:00:00Z";
    if input.get("failover_minutes").is_some() {
        let encrypted = input.get("encrypted").and_then(Value::as_bool).unwrap_or_default();
        let mut objective = value_objective(OBJECTIVE, if encrypted { "6h" } else { "4h" });
        objective["indicator"]["value"]["allowance"] = json!({"adds": "1h", "every": "25", "above": "100"});
        let tiers = json!([{"objective": OBJECTIVE, "below": "100", "percentOfFee": "100"}]);
        let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
        scenario.set("objectives", json!([objective]));
        let took = format!("{}m", text(input, "failover_minutes")?);
        let value = json!({"at": at, "value": took, "size": text(input, "size_gb")?});
        scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "values": [value]}]});
        let settled = scenario.settle(folder)?;
        if expected.get("limit_minutes").is_some() {
            let seconds = field(expected, "limit_minutes")?.as_i64().unwrap_or_default() * 60;
            let limit = settled.pointer("/values/0/limitSeconds").map(plain).unwrap_or_default();
            same("limit_seconds", limit, seconds.to_string())?;
        }
        same("breached", state(&settled, 0) == "Violated", field(expected, "breached")?.clone())?;
        let credits = settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default();
        return match expected.get("credit_percent") {
            Some(percent) => uptime::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
            None => Ok(()),
        };
    }
    let mut objectives = Vec::new();
    let mut measured = Vec::new();
    for name in ["rpo", "rto"] {
        let Some(observed) = input.get(format!("{name}_seconds_observed")) else { continue };
        objectives.push(value_objective(name, &format!("{}s", text(input, &format!("{name}_limit"))?)));
        measured.push(json!({"name": name, "values": [{"at": at, "value": format!("{}s", plain(observed))}]}));
    }
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"},
        "tiers": [{"objective": objectives.first().map(|o| o["name"].clone()), "below": "100", "percentOfFee": "10"}]}));
    scenario.set("objectives", json!(objectives));
    scenario.measurements = json!({"objectives": measured});
    let settled = scenario.settle(folder)?;
    for (index, objective) in objectives.iter().enumerate() {
        let name = plain(&objective["name"]);
        let key = format!("{name}_breached");
        if let Some(breached) = expected.get(&key) {
            same(&key, state(&settled, index) == "Violated", breached.clone())?;
        }
    }
    Ok(())
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
    let mut scenario = Scenario::new(objective, json!({"rolling": format!("{slots}m")}), "UTC");
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
fn moment(name: &str, found: &Value, wanted: &Value) -> Outcome {
    let wanted_text = plain(wanted);
    if let Ok(at) = wanted_text.parse::<Timestamp>() {
        let found: Option<Timestamp> = found["at"].as_str().and_then(|t| t.parse().ok());
        return same(name, found.map(|t| t.to_string()), at.to_string());
    }
    same(name, found["day"].clone(), wanted.clone())
}

pub fn claim_deadline(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let terms = phrases::deadlines(&text(case, "source")?)?;
    let quarter = terms.quarterly;
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}));
    scenario.set("period", json!({"calendar": if quarter { "Quarter" } else { "Month" }}));
    let mut settlement = json!({"grant": "OnClaim", "deadlines": terms.deadlines});
    if let Some(open) = terms.open {
        settlement["claimsOpen"] = open;
    }
    scenario.set("settlement", settlement);
    if let Some(holidays) = input.get("holidays") {
        scenario.set("calendar", json!({"holidays": holidays}));
    }
    let given = ["incident", "aware_at", "incident_at", "eligible_at", "month", "period_end", "quarter_end"];
    let given = given.iter().find_map(|name| input.get(*name)).map(plain);
    let given = given.ok_or_else(|| Miss::NotExpressible("no incident".to_owned()))?;
    let from = match given.len() {
        7 => format!("{given}-01T00:00:00Z"),
        10 => format!("{given}T00:00:00Z"),
        _ => given,
    };
    scenario.period = from.get(..10).map(str::to_owned);
    let mut incident = json!({"from": from});
    if input.get("aware_at").is_some() {
        incident["awareAt"] = json!(text(input, "aware_at")?);
    }
    scenario.measurements = json!({"incidents": [incident]});
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/incidents/0").cloned().unwrap_or_default();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        let due = match name.as_str() {
            "opens" | "claims_open" | "earliest" | "earliest_claim" | "window_opens" | "from" => {
                found["claimsOpen"].clone()
            }
            name => {
                let wanted_name = if name.contains("ticket") {
                    "ticket"
                } else if name.contains("notify") || name.contains("notice") {
                    "notice"
                } else {
                    "claim"
                };
                let list = found["deadlines"].as_array().into_iter().flatten();
                list.into_iter().find(|d| d["name"] == wanted_name).cloned().unwrap_or_default()
            }
        };
        moment(name, &due, wanted)?;
    }
    Ok(())
}

pub fn cure_period(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"cureDays": field(input, "cure_days")?}));
    scenario.set("timeZone", json!("Asia/Shanghai"));
    scenario.measurements = json!({"demands": [{"at": text(input, "notice_at")?}]});
    let settled = scenario.settle(folder)?;
    let by = settled.pointer("/demands/0/cureBy").cloned().unwrap_or_default();
    moment("cure_deadline", &json!({"at": by}), field(expected, "cure_deadline")?)
}

pub fn termination(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"terminationNoticeDays": field(input, "notice_days")?}));
    scenario.measurements = json!({"terminationNotice": text(input, "notice_on")?});
    let settled = scenario.settle(folder)?;
    same("earliest_end", settled["termination"]["earliestEnd"].clone(), field(expected, "earliest_end")?.clone())
}

pub fn offset(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    let days = field(input, "pay_within_days")?;
    scenario.set("settlement", json!({"payment": {"withinDays": days, "offset": true}}));
    let paid = input.get("paid").and_then(Value::as_bool).unwrap_or_default();
    scenario.measurements = json!({
        "notified": [{"on": text(input, "notified_on")?, "amount": text(input, "penalty")?, "paid": paid}],
        "nextSettlement": {"gross": text(input, "next_settlement_gross")?},
    });
    let settled = scenario.settle(folder)?;
    same("pay_by", settled.pointer("/payments/0/payBy").cloned(), field(expected, "pay_by")?.clone())?;
    let net = settled.pointer("/nextSettlement/net").cloned();
    same("next_settlement_net", net, field(expected, "next_settlement_net")?.clone())
}

pub fn deposit(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let given = text(input, "deposit")?;
    let (amount, currency) = given.split_once(' ').unwrap_or((&given, "CNY"));
    let mut scenario = plain_month();
    let deposit = json!({"amount": amount, "currency": currency, "holdMonths": field(input, "hold_months")?,
                         "refundWithinDays": field(input, "refund_within_days")?});
    scenario.set("settlement", json!({"deposit": deposit}));
    let severe = input.get("severe_breach").and_then(Value::as_bool).unwrap_or_default();
    scenario.measurements = json!({"ended": text(input, "cooperation_end")?, "severeBreach": severe});
    let found = scenario.settle(folder)?["deposit"].clone();
    if let Some(between) = expected.get("refund_between").filter(|b| b.is_array()) {
        same("refund_between", json!([found["refundFrom"], found["refundUntil"]]), between.clone())?;
    }
    same("refund", format!("{} {}", plain(&found["refund"]), plain(&found["currency"])), text(expected, "refund")?)
}

pub fn detection(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    // 43.2 minutes are 0.1 percent of 30 days; any allowance in minutes is its hundredth over 432 in percent.
    let allowed = text(input, "allowed_minutes")?;
    let target = match trimmed(&allowed) {
        "43.2" => "99.9",
        "21.6" => "99.95",
        "4.32" => "99.99",
        "216" => "99.5",
        "432" => "99",
        other => return Err(Miss::NotExpressible(format!("an allowance of {other} minutes is no plain target"))),
    };
    let mut scenario = plain_month();
    scenario.set("objectives", json!([objective(OBJECTIVE, target)]));
    let from = "2025-06-10T00:00:00Z";
    let until = minutes(from, &text(input, "outage_minutes")?)?;
    let by = if text(input, "detected_by")?.starts_with("provider") { "Provider" } else { "Customer" };
    scenario.measurements = json!({
        "objectives": [{"name": OBJECTIVE, "outages": [{"from": from, "until": until}]}],
        "incidents": [{"from": from, "until": until, "detectedBy": by}],
    });
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/incidents/0").cloned().unwrap_or_default();
    let violation = found["classification"] != "InterruptionWithinSla";
    same("violation", violation, field(expected, "violation")?.clone())?;
    match expected.get("classification") {
        Some(words) => same("classification", snake(&plain(&found["classification"])), words.clone()),
        None => Ok(()),
    }
}

fn snake(words: &str) -> String {
    let mut text = String::new();
    for c in words.chars() {
        if c.is_ascii_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.push(c.to_ascii_lowercase());
    }
    text
}

/// A month in which nothing went wrong.
fn plain_month() -> Scenario {
    let mut scenario = Scenario::new(objective(OBJECTIVE, "99.9"), json!({"calendar": "Month"}), "UTC");
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
