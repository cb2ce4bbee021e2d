//! Cases about single values, as manifests and measurements: recovery times and points, times to deliver, to respond, to
//! resolve.

use serde_json::{Value, json};

use crate::arithmetic::first_number;
use crate::scenario::{Miss, Scenario, field, plain, text};
use crate::uptime::OBJECTIVE;

/// The month in which the values were observed, and when.
const MONTH: &str = "2025-06-01";
const AT: &str = "2025-06-10T00:00:00Z";

fn value_objective(name: &str, target: &str, limit: &str) -> Value {
    let indicator = json!({"value": {"limit": limit}});
    json!({"name": name, "target": target, "indicator": indicator, "measurement": {"method": "Value"}})
}

/// The manifests and measurements of such a case.
pub fn scenario(case: &Value) -> Result<Scenario, Miss> {
    let input = field(case, "input")?;
    match input.as_object().into_iter().flatten().find(|(key, _)| key.starts_with("failover")) {
        Some((key, took)) => failover(input, key, took),
        None => observed(input),
    }
}

/// What was observed, each with the limit of the same name.
fn observed(input: &Value) -> Result<Scenario, Miss> {
    let mut objectives = Vec::new();
    let mut measured = Vec::new();
    let target = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("conformance"));
    let target = target.map_or_else(|| "100".to_owned(), |(_, target)| plain(target));
    for (key, limit) in input.as_object().into_iter().flatten().filter(|(key, _)| key.contains("limit")) {
        let name = key.split("limit").next().unwrap_or_default().trim_matches('_');
        let has_all = |other: &str| name.split('_').all(|word| word.is_empty() || other.split('_').any(|w| w == word));
        let is_observed = |other: &str| other != key && !other.contains("limit") && has_all(other);
        let observed =
            input.as_object().into_iter().flatten().find(|(other, value)| {
                is_observed(other) && unit(other).or(unit(&plain(value))).or(unit(key)).is_some()
            });
        let (of, observed) = observed.ok_or_else(|| Miss::NotExpressible(format!("nothing observed for {key}")))?;
        let of_both = unit(key).or(unit(&plain(limit))).or(unit(of));
        let limit = length(&plain(limit), of_both)?;
        let observed = observed.as_array().cloned().unwrap_or_else(|| vec![observed.clone()]);
        let values = observed.iter().enumerate().map(|(hour, value)| {
            let value = length(&plain(value), unit(of).or(of_both))?;
            Ok(json!({"at": format!("2025-06-{:02}T{:02}:00:00Z", 10 + hour / 24, hour % 24), "value": value}))
        });
        let name = if name.is_empty() { OBJECTIVE.to_owned() } else { name.replace('_', "-") };
        measured.push(json!({"name": name, "values": values.collect::<Result<Vec<_>, Miss>>()?}));
        objectives.push(value_objective(&name, &target, &limit));
    }
    let credit = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("credit"));
    let credit = credit.map_or_else(|| "10".to_owned(), |(_, percent)| plain(percent));
    let tiers: Vec<Value> =
        objectives.iter().map(|o| json!({"objective": o["name"], "below": target, "percentOfFee": credit})).collect();
    promised(&objectives, &measured, &tiers)
}

/// Four hours, six where data is encrypted, and one more for every 25 GB above 100.
fn failover(input: &Value, key: &str, took: &Value) -> Result<Scenario, Miss> {
    let encrypted = input.get("encrypted").and_then(Value::as_bool).unwrap_or_default();
    let mut objective = value_objective(OBJECTIVE, "100", if encrypted { "6h" } else { "4h" });
    objective["indicator"]["value"]["allowance"] = json!({"adds": "1h", "every": "25", "above": "100"});
    let tier = json!({"objective": OBJECTIVE, "below": "100", "percentOfFee": "100"});
    let took = length(&plain(took), unit(key).or(unit(&plain(took))))?;
    let value = json!({"at": AT, "value": took, "size": text(input, "size_gb")?});
    promised(&[objective], &[json!({"name": OBJECTIVE, "values": [value]})], &[tier])
}

fn promised(objectives: &[Value], measured: &[Value], tiers: &[Value]) -> Result<Scenario, Miss> {
    let first = objectives.first().ok_or_else(|| Miss::NotExpressible("nothing was observed".to_owned()))?;
    let mut scenario = Scenario::new(first, &json!({"calendar": "Month"}), "UTC");
    scenario.set("credits", json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
    scenario.set("objectives", json!(objectives));
    scenario.measurements = json!({"objectives": measured});
    scenario.period = Some(MONTH.to_owned());
    Ok(scenario)
}

/// Milliseconds of the unit that a name or a text speaks of.
fn unit(text: &str) -> Option<i64> {
    let words = text.split(|c: char| !c.is_ascii_alphabetic());
    words.into_iter().find_map(|word| match word {
        "ms" | "milliseconds" | "millis" => Some(1),
        "s" | "sec" | "secs" | "second" | "seconds" => Some(1_000),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60_000),
        "h" | "hour" | "hours" => Some(3_600_000),
        "d" | "day" | "days" => Some(86_400_000),
        _ => None,
    })
}

/// A number of a unit as a length: `1.5` hours are `5400000ms`.
fn length(text: &str, unit: Option<i64>) -> Result<String, Miss> {
    let refuse = || Miss::NotExpressible(format!("{text} is no length of time"));
    let unit = unit.ok_or_else(refuse)?;
    let number = first_number(text).ok_or_else(refuse)?;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let of = 10_i64.checked_pow(u32::try_from(fraction.len()).map_err(|_| refuse())?).ok_or_else(refuse)?;
    let parts = fraction.parse::<i64>().map_err(|_| refuse())? * unit;
    if parts % of != 0 {
        return Err(refuse());
    }
    let all = whole.parse::<i64>().map_err(|_| refuse())? * unit + parts / of;
    // A length has few digits, so it is written in seconds and the rest of one.
    Ok(if all % 1_000 == 0 { format!("{}s", all / 1_000) } else { format!("{}s{}ms", all / 1_000, all % 1_000) })
}
