//! Uptime and credit: a profile's way of measuring, its tiers, and a period of measurements.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::arithmetic::{first_number, percent, trimmed};
use crate::periods::{self, Period};
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};

/// The name of the one objective.
pub const OBJECTIVE: &str = "uptime";

pub fn run(case: &Value, profile: &Value, folder: &Path) -> Outcome {
    let expected = field(case, "expected")?;
    compare(expected, &scenario(case, profile)?.settle(folder)?)
}

/// The same case under an agreement that somebody wrote down for its profile.
pub fn under(agreement: &Value, case: &Value, profile: &Value, folder: &Path) -> Outcome {
    let mut scenario = scenario(case, profile)?;
    let name = agreement.pointer("/metadata/name").cloned().unwrap_or_default();
    for exclusion in &mut scenario.exclusions {
        exclusion["spec"]["agreement"] = name.clone();
        exclusion["metadata"]["namespace"] = agreement["metadata"]["namespace"].clone();
    }
    scenario.agreement = agreement.clone();
    compare(field(case, "expected")?, &scenario.settle(folder)?)
}

fn compare(expected: &Value, settled: &Value) -> Outcome {
    let statement = settled.pointer("/periods/0/statement").cloned().unwrap_or_default();
    let objective = statement.pointer("/objectives/0").cloned().unwrap_or_default();
    same("uptime_ratio", objective["attainmentRatio"].clone(), field(expected, "uptime_ratio")?.clone())?;
    same("uptime_percent_trunc6", objective["attainment"].clone(), field(expected, "uptime_percent_trunc6")?.clone())?;
    if let Some(slo) = expected.get("slo_percent") {
        same("slo_percent", trimmed(&plain(&objective["target"])), trimmed(&plain(slo)))?;
    }
    let breached = objective["state"] == "Violated";
    same("breached", breached, field(expected, "breached")?.clone())?;
    let credits = &statement["credits"];
    if let Some(credit) = expected.get("credit") {
        credit_is(credits, credit)?;
    }
    if let Some(display) = expected.get("display") {
        same("display", objective["displayed"].clone(), field(display, "text")?.clone())?;
    }
    if let Some(amount) = expected.get("amount") {
        if let Some(credit) = amount.get("credit") {
            same("amount", credits["amount"].clone(), credit.clone())?;
        }
        if let Some(units) = amount.get("credits") {
            same("credits", trimmed(&plain(&credits["dailyUsage"]["amount"])), trimmed(&plain(units)))?;
        }
    }
    Ok(())
}

/// The granted credit in the unit of the case.
pub fn credit_is(credits: &Value, expected: &Value) -> Outcome {
    let kind = text(expected, "kind")?;
    let value = text(expected, "value")?;
    let (name, found) = match kind.as_str() {
        "percent" => ("percentOfFee", &credits["percentOfFee"]),
        "service_days" => ("serviceDays", &credits["serviceDays"]),
        "multiple_of_average_daily_credits" => ("dailyUsage.multiple", &credits["dailyUsage"]["multiple"]),
        other => return Err(Miss::NotExpressible(format!("credit kind {other}"))),
    };
    let found = if found.is_null() { "0".to_owned() } else { plain(found) };
    let found = if found.is_empty() { "0" } else { found.as_str() };
    same(name, trimmed(found), trimmed(&value))
}

/// The manifests and measurements of an uptime case.
pub fn scenario(case: &Value, profile: &Value) -> Result<Scenario, Miss> {
    let input = field(case, "input")?;
    let period = periods::of(case)?;
    let measure = field(profile, "measure")?;
    let method = text(measure, "method")?;
    let (mut objective, measured) = match method.as_str() {
        "interval_mean_error" => mean_of_slots(measure, input)?,
        "downtime" => bad_minutes(measure, input)?,
        "all_zones_down" => pool("AllDown", zones(input)?),
        "summed_deployment_minutes" => pool("Sum", resources(input, &period)?),
        "request_ratio" => requests(input, &period)?,
        "user_minutes" => user_minutes(input)?,
        other => return Err(Miss::NotExpressible(format!("method {other}"))),
    };
    objective["name"] = json!(OBJECTIVE);
    objective["target"] = json!(promise(case, profile)?);
    if let Some(decimals) = case.pointer("/expected/display/decimals") {
        objective["displayDecimals"] = decimals.clone();
    }
    let mut scenario = Scenario::new(&objective, &period.spec, &period.zone);
    if let Some(validity) = period.validity.clone() {
        scenario.set("validity", validity);
    }
    scenario.period = Some(period.day.clone());
    scenario.measurements = json!({"objectives": measured});
    if let Some(credits) = credits(case, profile)? {
        scenario.set("credits", credits);
    }
    exclusions(&mut scenario, measure, input)?;
    Ok(scenario)
}

/// The promised figure: what the profile calls its objective, else the bound of its best tier.
fn promise(case: &Value, profile: &Value) -> Result<String, Miss> {
    if let Some(slo) = profile.get("slo").or_else(|| case.pointer("/expected/slo_percent")) {
        return Ok(plain(slo));
    }
    let first = profile.pointer("/tiers/0").ok_or_else(|| Miss::NotExpressible("no slo and no tier".to_owned()))?;
    text(first, "lt").or_else(|_| text(first, "lte"))
}

fn ratio_indicator() -> Value {
    json!({"ratio": {"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"}})
}

fn mean_of_slots(measure: &Value, input: &Value) -> Result<(Value, Vec<Value>), Miss> {
    let every = format!("{}s", text(measure, "slot_seconds")?);
    let empty = match measure.get("empty_slot").and_then(Value::as_str) {
        None | Some("error_rate_0") => "Good",
        Some(_) => "Skip",
    };
    let objective = json!({
        "indicator": ratio_indicator(),
        "measurement": {"method": "MeanOfSlots", "rateOver": every, "emptySlot": empty},
    });
    let mut slots = Vec::new();
    for interval in field(input, "intervals")?.as_array().into_iter().flatten() {
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

fn bad_minutes(measure: &Value, input: &Value) -> Result<(Value, Vec<Value>), Miss> {
    let mut measurement = json!({"method": "BadMinutes"});
    measurement["badWhen"] = match measure.get("error_rate_gt") {
        Some(rate) => json!({"errorRateAbove": percent(&plain(rate))}),
        None => json!({"allFail": true}),
    };
    let count = measure.get("partial_minutes").and_then(Value::as_str) == Some("count_seconds");
    measurement["partialMinutes"] = json!(if count { "Count" } else { "Drop" });
    if let Some(minutes) = measure.get("min_consecutive_minutes") {
        measurement["minimumConsecutive"] = json!(format!("{}m", plain(minutes)));
    }
    if let Some(minimum) = measure.get("min_requests_per_minute") {
        measurement["minimumEvents"] = minimum.clone();
    }
    let deployed = measure.get("denominator").and_then(Value::as_str) == Some("deployed");
    measurement["denominator"] = json!(if deployed { "Deployed" } else { "Calendar" });
    let objective = json!({"indicator": ratio_indicator(), "measurement": measurement});
    let mut measured = json!({"name": OBJECTIVE, "outages": outages(input.get("outages"), measure)?});
    if let Some(deployed) = input.get("deployed") {
        measured["deployed"] = intervals(deployed)?;
    }
    if let Some(unknown) = input.get("no_data").filter(|v| v.is_array()) {
        measured["unknown"] = intervals(unknown)?;
    }
    Ok((objective, vec![measured]))
}

/// Outages as the measurements file has them.
pub fn outages(given: Option<&Value>, measure: &Value) -> Result<Vec<Value>, Miss> {
    let mut outages = Vec::new();
    for outage in given.and_then(Value::as_array).into_iter().flatten() {
        let mut written = json!({"from": text(outage, "start")?, "until": text(outage, "end")?});
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

fn intervals(given: &Value) -> Result<Value, Miss> {
    let mut written = Vec::new();
    for interval in given.as_array().into_iter().flatten() {
        written.push(json!({"from": text(interval, "start")?, "until": text(interval, "end")?}));
    }
    Ok(Value::Array(written))
}

fn pool(pool: &str, members: Vec<(String, bool, Value)>) -> (Value, Vec<Value>) {
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
        "measurement": {"method": "Pooled", "pool": pool, "badWhen": {"allFail": true}, "denominator": denominator},
    });
    (objective, measured.collect())
}

fn zones(input: &Value) -> Result<Vec<(String, bool, Value)>, Miss> {
    let zones = field(input, "az_outages")?.as_object().cloned().unwrap_or_default();
    zones
        .into_iter()
        .map(|(name, given)| Ok((name, true, json!({"outages": outages(Some(&given), &Value::Null)?}))))
        .collect()
}

fn resources(input: &Value, period: &Period) -> Result<Vec<(String, bool, Value)>, Miss> {
    let mut members = Vec::new();
    for resource in field(input, "resources")?.as_array().into_iter().flatten() {
        let minutes = |name| -> Result<i64, Miss> {
            field(resource, name)?.as_i64().ok_or_else(|| Miss::NotExpressible(format!("{name} is no whole number")))
        };
        let from = period.start;
        let after = |minutes: i64| from + jiff::SignedDuration::from_mins(minutes);
        let mut outages = Vec::new();
        if minutes("down_minutes")? > 0 {
            outages.push(json!({"from": from.to_string(), "until": after(minutes("down_minutes")?).to_string()}));
        }
        let mut deployed = Vec::new();
        if minutes("deployed_minutes")? > 0 {
            deployed.push(json!({"from": from.to_string(), "until": after(minutes("deployed_minutes")?).to_string()}));
        }
        let covered = resource.get("covered").and_then(Value::as_bool).unwrap_or(true);
        let measured = json!({"outages": outages, "deployed": deployed});
        members.push((text(resource, "name")?.to_lowercase(), covered, measured));
    }
    Ok(members)
}

/// All requests in the first hour, and none after it: no figure of this method depends on when they were.
fn requests(input: &Value, period: &Period) -> Result<(Value, Vec<Value>), Miss> {
    let objective = json!({"indicator": ratio_indicator(), "measurement": {"method": "Events"}});
    let mut slot = json!({"every": "1h", "total": text(input, "total")?, "bad": text(input, "failed")?});
    if input.get("trimmed").is_some() {
        slot["excludedTotal"] = json!(text(input, "trimmed")?);
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
        slots.push(json!({"every": "1m", "repeat": minutes, "total": users, "bad": text(incident, "users")?}));
        left -= minutes;
    }
    slots.push(json!({"every": "1m", "repeat": left, "total": users, "bad": "0"}));
    Ok((objective, vec![json!({"name": OBJECTIVE, "slots": slots})]))
}

fn credits(case: &Value, profile: &Value) -> Result<Option<Value>, Miss> {
    let kind = profile.get("credit_kind").and_then(Value::as_str).unwrap_or("percent");
    let paid = case.pointer("/expected/amount/paid").map_or_else(|| "1000.00".to_owned(), plain);
    let mut credits = json!({"fee": {"amount": paid, "currency": "USD"}});
    if let Some(base) = profile.get("fee_base") {
        credits["fee"]["base"] = base.clone();
    }
    if let Some((multiple, _)) = kind.split_once(" x amount paid during downtime") {
        credits["remedies"] =
            json!([{"name": "downtime", "objective": OBJECTIVE, "proportional": {"multiple": multiple}}]);
        return Ok(Some(credits));
    }
    let grant = match kind {
        "percent" => "percentOfFee",
        "service_days" => "serviceDays",
        "multiple_of_average_daily_credits" => "multipleOfDailyUsage",
        other => return Err(Miss::NotExpressible(format!("credit kind {other}"))),
    };
    let tiers = tiers(profile.get("tiers"), grant, OBJECTIVE)?;
    if tiers.is_empty() {
        return Ok(None);
    }
    credits["tiers"] = json!(tiers);
    if grant == "multipleOfDailyUsage" {
        let amount = case.pointer("/expected/amount/average_daily_credits").map_or_else(|| "1".to_owned(), plain);
        credits["dailyUsage"] = json!({"amount": amount, "unit": "credits"});
    }
    if profile.get("credit_form").and_then(Value::as_str) == Some("voucher") {
        credits["form"] = json!("Voucher");
    }
    if let Some(cap) = profile.get("cap").and_then(Value::as_str) {
        let number = first_number(cap).ok_or_else(|| Miss::NotExpressible(format!("cap {cap}")))?;
        credits["cap"] = if cap.contains("day") {
            json!({"serviceDays": number.parse::<i32>().unwrap_or_default()})
        } else if cap.contains('%') {
            json!({"percentOfFee": number})
        } else {
            return Err(Miss::NotExpressible(format!("cap {cap}")));
        };
    }
    Ok(Some(credits))
}

/// A case's tier table as an agreement has it.
pub fn tiers(given: Option<&Value>, grant: &str, objective: &str) -> Result<Vec<Value>, Miss> {
    let mut tiers = Vec::new();
    for tier in given.and_then(Value::as_array).into_iter().flatten() {
        let mut written = Map::new();
        written.insert("objective".to_owned(), json!(objective));
        for (name, bound) in [("lt", "below"), ("lte", "atMost"), ("gt", "above"), ("gte", "atLeast")] {
            if tier.get(name).is_some() {
                written.insert(bound.to_owned(), json!(text(tier, name)?));
            }
        }
        let credit = text(tier, "credit")?;
        let credit =
            if grant == "serviceDays" { json!(credit.parse::<i32>().unwrap_or_default()) } else { json!(credit) };
        written.insert(grant.to_owned(), credit);
        tiers.push(Value::Object(written));
    }
    Ok(tiers)
}

/// The exclusions of a case, under the rules that the profile's words give.
fn exclusions(scenario: &mut Scenario, measure: &Value, input: &Value) -> Outcome {
    let Some(given) = input.get("exclusions").and_then(Value::as_array) else { return Ok(()) };
    let net = measure.get("denominator").and_then(Value::as_str) == Some("calendar_minus_exclusions");
    let effect = if net { "Exclude" } else { "CountAsGood" };
    let words = measure.get("exclusion_rule").and_then(Value::as_str).unwrap_or_default();
    let mut maintenance = json!({"reason": "Maintenance", "effect": effect});
    if let Some(days) = words.split(">=").nth(1).filter(|w| w.contains("days notice")).and_then(first_number) {
        maintenance["minimumNotice"] = json!(format!("{days}d"));
    }
    if let Some(hours) =
        words.split("at most").nth(1).filter(|w| w.contains("per calendar year")).and_then(first_number)
    {
        maintenance["yearlyAllowance"] = json!(format!("{hours}h"));
    }
    let others = ["ForceMajeure", "CustomerCaused", "Agreed"].map(|r| json!({"reason": r, "effect": effect}));
    let rules: Vec<Value> = std::iter::once(maintenance).chain(others).collect();
    scenario.set("exclusions", json!({"rules": rules}));
    for exclusion in given {
        let start = text(exclusion, "start")?;
        let from: jiff::Timestamp = start.parse().map_err(|e| Miss::NotExpressible(format!("exclusion start: {e}")))?;
        let days = exclusion.get("notice_days").and_then(Value::as_i64).unwrap_or(365);
        let mut spec = Map::new();
        spec.insert("reason".to_owned(), json!(reason(exclusion)));
        spec.insert("window".to_owned(), json!({"from": start, "until": text(exclusion, "end")?}));
        let announced = from - jiff::SignedDuration::from_hours(24 * days);
        spec.insert("announcedAt".to_owned(), json!(announced.to_string()));
        // What failed is a condition the rule names; where the case does not say which, nobody approved.
        let valid = exclusion.get("valid").and_then(Value::as_bool).unwrap_or(true);
        let named = exclusion.get("notice_days").is_some() && words.contains("days notice");
        scenario.exclude(spec, valid || named);
    }
    Ok(())
}

fn reason(exclusion: &Value) -> &'static str {
    let words = exclusion.get("reason").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    match words {
        w if w.contains("force majeure") => "ForceMajeure",
        w if w.contains("customer") => "CustomerCaused",
        w if ["maintenance", "scheduled", "weekly window", "planned"].iter().any(|m| w.contains(m)) => "Maintenance",
        _ => "Agreed",
    }
}
