//! How a profile measures, and what a case says was measured, as an objective and a measurements file.

use serde_json::{Value, json};

use crate::arithmetic::{percent, seconds};
use crate::periods::Period;
use crate::scenario::{Miss, field, plain, text};
use crate::uptime::OBJECTIVE;

/// The objective of a profile, still without a name and a target, and what was measured of it.
pub fn measured(measure: &Value, input: &Value, period: &Period) -> Result<(Value, Vec<Value>), Miss> {
    match text(measure, "method")?.as_str() {
        "interval_mean_error" => mean_of_slots(measure, input),
        "downtime" => bad_minutes(measure, input, period),
        "all_zones_down" => pool("AllDown", measure, zones(input, period)?),
        "summed_deployment_minutes" => pool("Sum", measure, resources(input, period)?),
        "request_ratio" => requests(input, period),
        "user_minutes" => user_minutes(input),
        other => Err(Miss::NotExpressible(format!("method {other}"))),
    }
}

fn ratio_indicator() -> Value {
    json!({"ratio": {"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"}})
}

fn mean_of_slots(measure: &Value, input: &Value) -> Result<(Value, Vec<Value>), Miss> {
    let every = format!("{}s", text(measure, "slot_seconds")?);
    let empty = match word(measure, "empty_slot") {
        "" | "error_rate_0" | "available_100" | "good" => "Good",
        w if ["skip", "exclu", "omit", "ignore", "not_counted"].iter().any(|s| w.contains(s)) => "Skip",
        other => return Err(Miss::NotExpressible(format!("an empty slot is {other}"))),
    };
    let measurement = match word(measure, "weighting") {
        "" | "none" => json!({"method": "MeanOfSlots", "rateOver": every, "emptySlot": empty}),
        w if w.contains("request") => json!({"method": "Events"}),
        other => return Err(Miss::NotExpressible(format!("slots weighted by {other}"))),
    };
    let objective = json!({"indicator": ratio_indicator(), "measurement": measurement});
    let mut slots = Vec::new();
    let given = field(input, "intervals")?.as_array().into_iter().flatten();
    // A run of no slot is none.
    for interval in given.filter(|interval| interval.get("n") != Some(&json!(0))) {
        if interval.get("no_data").and_then(Value::as_bool).unwrap_or_default() {
            slots.push(json!({"every": every, "repeat": field(interval, "n")?, "state": "Unknown"}));
            continue;
        }
        let mut slot = json!({"every": every, "repeat": field(interval, "n")?, "total": text(interval, "requests")?,
                              "bad": text(interval, "errors")?});
        for (given, name) in [("excluded_errors", "excludedBad"), ("excluded_requests", "excludedTotal")] {
            if interval.get(given).is_some() {
                slot[name] = json!(text(interval, given)?);
            }
        }
        slots.push(slot);
    }
    Ok((objective, vec![json!({"name": OBJECTIVE, "slots": slots})]))
}

fn bad_minutes(measure: &Value, input: &Value, period: &Period) -> Result<(Value, Vec<Value>), Miss> {
    let mut measurement = json!({"method": "BadMinutes"});
    measurement["badWhen"] = match measure.get("error_rate_gt") {
        Some(rate) => json!({"errorRateAbove": percent(&plain(rate))}),
        None => json!({"allFail": true}),
    };
    measurement["partialMinutes"] = json!(partial_minutes(measure)?);
    if let Some(minutes) = measure.get("min_consecutive_minutes") {
        measurement["minimumConsecutive"] = json!(format!("{}m", plain(minutes)));
    }
    if let Some(minimum) = measure.get("min_requests_per_minute") {
        measurement["minimumEvents"] = minimum.clone();
    }
    measurement["denominator"] = match word(measure, "denominator") {
        d if d.starts_with("deployed") => json!("Deployed"),
        "" | "calendar" | "calendar_minus_exclusions" => json!("Calendar"),
        other => return Err(Miss::NotExpressible(format!("denominator {other}"))),
    };
    let objective = json!({"indicator": ratio_indicator(), "measurement": measurement});
    let mut measured = json!({"name": OBJECTIVE, "outages": in_force(outages(input.get("outages"), measure)?, period)});
    if let Some(deployed) = input.get("deployed") {
        measured["deployed"] = json!(in_force(intervals(deployed)?, period));
    }
    if let Some(unknown) = input.get("no_data").filter(|v| v.is_array()) {
        measured["unknown"] = json!(in_force(intervals(unknown)?, period));
    }
    told_once(&mut measured);
    Ok((objective, vec![measured]))
}

fn word<'a>(measure: &'a Value, name: &str) -> &'a str {
    measure.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// What becomes of parts of minutes: nothing is dropped of which the profile does not say so.
fn partial_minutes(measure: &Value) -> Result<&'static str, Miss> {
    match word(measure, "partial_minutes") {
        "drop_partial" => Ok("Drop"),
        "" | "count_seconds" => Ok("Count"),
        other => Err(Miss::NotExpressible(format!("partial minutes: {other}"))),
    }
}

/// Outages as the measurements file has them.
pub fn outages(given: Option<&Value>, measure: &Value) -> Result<Vec<Value>, Miss> {
    let mut outages = Vec::new();
    for outage in given.and_then(Value::as_array).into_iter().flatten() {
        let (from, until) = (text(outage, "start")?, text(outage, "end")?);
        // What ended as it began was none.
        if from == until {
            continue;
        }
        let mut written = json!({"from": from, "until": until});
        if outage.get("error_rate").is_some() {
            written["errorRate"] = json!(text(outage, "error_rate")?);
        }
        if let Some(events) = outage.get("requests_per_minute").or(measure.get("min_requests_per_minute")) {
            written["eventsPerMinute"] = json!(plain(events));
        }
        if let (Some(repeat), Some(every)) = (outage.get("repeat"), outage.get("every_seconds")) {
            written["repeat"] = repeat.clone();
            written["every"] = json!(format!("{}s", plain(every)));
        }
        outages.push(written);
    }
    Ok(outages)
}

/// Those of these times that reach into the time in which the agreement is in force: of others no statement tells, and a
/// measurements file has none. Only a period that is reckoned from its first day says when that is.
fn in_force(mut times: Vec<Value>, period: &Period) -> Vec<Value> {
    let last_end = |time: &Value| -> Option<jiff::Timestamp> {
        let end: jiff::Timestamp = time["until"].as_str()?.parse().ok()?;
        let every: i64 = time["every"].as_str().unwrap_or("0s").trim_end_matches('s').parse().ok()?;
        let more = time["repeat"].as_i64().unwrap_or(1) - 1;
        Some(end + jiff::SignedDuration::from_secs(every * more.max(0)))
    };
    times.retain(|time| period.validity.is_none() || last_end(time).is_none_or(|end| end > period.start));
    times
}

/// Leaves of the outages what was deployed and known. A case may tell of them beside, where a measurements file tells of
/// one time once: what nobody knew is unknown, and what was not deployed did not fail.
fn told_once(measured: &mut Value) {
    type Span = (jiff::Timestamp, jiff::Timestamp);
    let at = |time: &Value, name: &str| -> jiff::Timestamp { time[name].as_str().unwrap().parse().unwrap() };
    let spans = |list: &Value| -> Vec<Span> {
        list.as_array().into_iter().flatten().map(|time| (at(time, "from"), at(time, "until"))).collect()
    };
    let (unknown, deployed) = (spans(&measured["unknown"]), spans(&measured["deployed"]));
    if unknown.is_empty() && measured.get("deployed").is_none() {
        return;
    }
    let mut kept: Vec<Value> = Vec::new();
    for outage in measured["outages"].as_array().into_iter().flatten() {
        let every: i64 = outage["every"].as_str().unwrap_or("0s").trim_end_matches('s').parse().unwrap();
        for n in 0..outage["repeat"].as_i64().unwrap_or(1) {
            let shift = jiff::SignedDuration::from_secs(every * n);
            let mut parts = vec![(at(outage, "from") + shift, at(outage, "until") + shift)];
            if measured.get("deployed").is_some() {
                let within = |part: &Span| -> Vec<Span> {
                    deployed
                        .iter()
                        .map(|d| (part.0.max(d.0), part.1.min(d.1)))
                        .filter(|(from, until)| from < until)
                        .collect()
                };
                parts = parts.iter().flat_map(within).collect();
            }
            for (from, until) in &unknown {
                let beside = |part: Span| [(part.0, part.1.min(*from)), (part.0.max(*until), part.1)];
                parts = parts.into_iter().flat_map(beside).filter(|(from, until)| from < until).collect();
            }
            for (from, until) in parts {
                let mut one = outage.clone();
                one.as_object_mut().unwrap().retain(|name, _| name != "repeat" && name != "every");
                (one["from"], one["until"]) = (json!(from.to_string()), json!(until.to_string()));
                kept.push(one);
            }
        }
    }
    measured["outages"] = json!(kept);
}

fn intervals(given: &Value) -> Result<Vec<Value>, Miss> {
    let mut written = Vec::new();
    for interval in given.as_array().into_iter().flatten() {
        written.push(json!({"from": text(interval, "start")?, "until": text(interval, "end")?}));
    }
    Ok(written)
}

fn pool(pool: &str, measure: &Value, members: Vec<(String, bool, Value)>) -> Result<(Value, Vec<Value>), Miss> {
    let indicators: Vec<Value> = members
        .iter()
        .map(|(name, covered, _)| {
            let mut member = ratio_indicator();
            member["name"] = json!(name);
            member["covered"] = json!(covered);
            member
        })
        .collect();
    let measured = members.into_iter().map(|(name, _, mut measured)| {
        measured["name"] = json!(OBJECTIVE);
        measured["member"] = json!(name);
        measured
    });
    let denominator = if pool == "Sum" { "Deployed" } else { "Calendar" };
    let objective = json!({
        "indicator": {"members": indicators},
        "measurement": {"method": "Pooled", "pool": pool, "badWhen": {"allFail": true}, "denominator": denominator,
                        "partialMinutes": partial_minutes(measure)?},
    });
    Ok((objective, measured.collect()))
}

/// A name as members may have it.
fn label(name: &str) -> String {
    let name = name.to_lowercase().replace(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit(), "-");
    name.trim_matches('-').to_owned()
}

fn zones(input: &Value, period: &Period) -> Result<Vec<(String, bool, Value)>, Miss> {
    let zones = field(input, "az_outages")?.as_object().cloned().unwrap_or_default();
    zones
        .into_iter()
        .map(|(name, given)| {
            let outages = in_force(outages(Some(&given), &Value::Null)?, period);
            Ok((label(&name), true, json!({"outages": outages})))
        })
        .collect()
}

fn resources(input: &Value, period: &Period) -> Result<Vec<(String, bool, Value)>, Miss> {
    let mut members: Vec<(String, bool, Value)> = Vec::new();
    for resource in field(input, "resources")?.as_array().into_iter().flatten() {
        let minutes = |name| -> Result<i64, Miss> {
            let given = text(resource, name)?;
            seconds(&given).ok_or_else(|| Miss::NotExpressible(format!("{name}: {given} minutes are no whole seconds")))
        };
        let from = period.start;
        let after = |seconds: i64| from + jiff::SignedDuration::from_secs(seconds);
        let mut outages = Vec::new();
        if minutes("down_minutes")? > 0 {
            outages.push(json!({"from": from.to_string(), "until": after(minutes("down_minutes")?).to_string()}));
        }
        let mut deployed = Vec::new();
        if minutes("deployed_minutes")? > 0 {
            deployed.push(json!({"from": from.to_string(), "until": after(minutes("deployed_minutes")?).to_string()}));
        }
        let covered = resource.get("covered").and_then(Value::as_bool).unwrap_or(true);
        let mut measured = json!({"outages": outages, "deployed": deployed});
        told_once(&mut measured);
        let name = label(&text(resource, "name")?);
        // Names may differ only by what members' names have not.
        let is_taken = members.iter().any(|(other, _, _)| *other == name);
        members.push((if is_taken { format!("{name}-{}", members.len()) } else { name }, covered, measured));
    }
    Ok(members)
}

/// All requests in the first hour, and none after it: no figure of this method depends on when they were.
fn requests(input: &Value, period: &Period) -> Result<(Value, Vec<Value>), Miss> {
    let objective = json!({"indicator": ratio_indicator(), "measurement": {"method": "Events"}});
    let mut slot = json!({"every": "1h", "total": text(input, "total")?, "bad": text(input, "failed")?});
    for (given, name) in [
        ("trimmed", "excludedTotal"),
        ("excluded_requests", "excludedTotal"),
        ("excluded_errors", "excludedBad"),
        ("excluded_failed", "excludedBad"),
    ] {
        if input.get(given).is_some() {
            slot[name] = json!(text(input, given)?);
        }
    }
    let rest = json!({"every": "1h", "repeat": period.hours - 1, "state": "NoTraffic"});
    Ok((objective, vec![json!({"name": OBJECTIVE, "slots": [slot, rest]})]))
}

/// A minute counts once for every user.
fn user_minutes(input: &Value) -> Result<(Value, Vec<Value>), Miss> {
    let objective = json!({"indicator": ratio_indicator(), "measurement": {"method": "Events"}});
    let users = text(input, "users")?;
    let whole = |value: &Value| value.as_i64().ok_or_else(|| Miss::NotExpressible("minutes must be whole".to_owned()));
    let mut left = whole(field(input, "minutes")?)?;
    let mut slots = Vec::new();
    for incident in field(input, "incidents")?.as_array().into_iter().flatten() {
        let minutes = whole(field(incident, "minutes")?)?;
        if minutes == 0 {
            continue;
        }
        slots.push(json!({"every": "1m", "repeat": minutes, "total": users, "bad": text(incident, "users")?}));
        left -= minutes;
    }
    if left != 0 {
        slots.push(json!({"every": "1m", "repeat": left, "total": users, "bad": "0"}));
    }
    Ok((objective, vec![json!({"name": OBJECTIVE, "slots": slots})]))
}
