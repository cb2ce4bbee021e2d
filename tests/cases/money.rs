//! Cases about amounts: free hours, proportions, combinations, minimums, service days, currencies.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::{first_number, shows, trimmed};
use crate::periods;
use crate::rules::{input_and_expected, minutes};
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::OBJECTIVE;
use crate::{credits, measures};

const MONTH: &str = "2025-06-01";

/// An objective that counts bad time, in a month (or another period) of UTC.
pub fn objective(name: &str, target: &str) -> Value {
    json!({
        "name": name,
        "target": target,
        "indicator": {"ratio": {"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"}},
        "measurement": {"method": "BadMinutes", "badWhen": {"allFail": true}, "partialMinutes": "Count"},
    })
}

/// A month in which the objective is promised at 99.9 and lost by a day.
pub fn lost_month(credits: Value) -> Scenario {
    let mut scenario = Scenario::new(&objective(OBJECTIVE, "99.9"), &json!({"calendar": "Month"}), "UTC");
    scenario.set("credits", credits);
    scenario.period = Some(MONTH.to_owned());
    let outage = json!({"from": "2025-06-10T00:00:00Z", "until": "2025-06-11T00:00:00Z"});
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": [outage]}]});
    scenario
}

fn tier(objective: &str, percent: &str) -> Value {
    json!({"objective": objective, "below": "99.9", "percentOfFee": percent})
}

pub fn credits_of(settled: &Value) -> Value {
    settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default()
}

/// Under the profile that has a rule for free hours: the case's own, or the only one.
pub fn free_hours(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let profile = profile_with(case, profiles, "free_hour_rule")?;
    let rule = profile.get("free_hour_rule").and_then(Value::as_str).unwrap_or("more than 6 minutes").to_lowercase();
    let minutes = rule.split("more than").nth(1).and_then(first_number);
    let minutes = minutes.ok_or_else(|| Miss::NotExpressible(format!("free hours when {rule}")))?;
    let remedy =
        json!({"name": "free-hours", "objective": OBJECTIVE, "freeHours": {"unavailableFor": format!("{minutes}m")}});
    let tiers = credits::tiers(profile.get("tiers"), "percentOfFee", OBJECTIVE)?;
    let target = profile.pointer("/tiers/0/lt").map_or_else(|| "99.9".to_owned(), plain);
    let fee = json!({"amount": "1000.00", "currency": "USD"});
    let mut scenario = lost_month(json!({"fee": fee, "remedies": [remedy], "tiers": tiers}));
    let mut promised = objective(OBJECTIVE, &target);
    if let Some("drop_partial") = profile.pointer("/measure/partial_minutes").and_then(Value::as_str) {
        promised["measurement"]["partialMinutes"] = json!("Drop");
    }
    scenario.set("objectives", json!([promised]));
    let outages = measures::outages(input.get("outages"), &Value::Null)?;
    scenario.period = outages.first().and_then(|o| o["from"].as_str()?.get(..10)).map(str::to_owned);
    if case.get("period").is_some() {
        let period = periods::of(case)?;
        scenario.set("period", period.spec);
        scenario.set("timeZone", json!(period.zone));
        scenario.period = Some(period.day);
    }
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
    let settled = scenario.settle(folder)?;
    let credits = credits_of(&settled);
    let hours = credits.get("freeHours").cloned().unwrap_or_else(|| json!([]));
    same("hours_not_charged", hours, field(expected, "hours_not_charged")?.clone())?;
    if let Some(wanted) = expected.get("monthly_uptime_ratio").or(expected.get("uptime_ratio")) {
        let ratio = settled.pointer("/periods/0/statement/objectives/0/attainmentRatio").cloned();
        same("monthly_uptime_ratio", ratio, wanted.clone())?;
    }
    match expected.get("credit_percent") {
        Some(percent) => credits::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
        None => Ok(()),
    }
}

/// The profile that a case names, else the only one that has this field, else none.
pub fn profile_with(case: &Value, profiles: &Value, name: &str) -> Result<Value, Miss> {
    if case.get("profile").is_some() {
        return field(profiles, &text(case, "profile")?).cloned();
    }
    let all = profiles.as_object().into_iter().flat_map(|profiles| profiles.values());
    let mut those = all.filter(|p| p.get(name).is_some() || p.pointer(&format!("/measure/{name}")).is_some());
    match (those.next(), those.next()) {
        (Some(only), None) => Ok(only.clone()),
        _ => Ok(Value::Null),
    }
}

pub fn proportional(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let multiple = ["multiplier", "multiple", "factor"].iter().find_map(|name| input.get(*name));
    let multiple = multiple.map_or_else(|| "1".to_owned(), plain);
    let multiple = multiple.trim_end_matches(['x', ' ']);
    let remedy = json!({"name": "lost-time", "objective": OBJECTIVE, "proportional": {"multiple": multiple}});
    let fee = |key: &String| key.strip_prefix("of_fee_").map(|digits| digits.replace('_', "."));
    let fees: Vec<(String, Value)> = expected
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((fee(key)?, value.clone())))
        .collect();
    let given = ["monthly_fee", "fee"].iter().find_map(|name| input.get(*name)).map(plain);
    let amount = fees.first().map(|(amount, _)| amount.clone()).or(given).unwrap_or_else(|| "1000.00".to_owned());
    let mut scenario = lost_month(json!({"fee": {"amount": amount, "currency": "USD"}, "remedies": [remedy]}));
    if let Some(cap) = cap(input) {
        scenario.agreement["spec"]["credits"]["cap"] = json!({"percentOfFee": cap});
    }
    let events = json!({"name": OBJECTIVE, "target": "100", "measurement": {"method": "Events"},
        "indicator": {"ratio": {"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"}}});
    scenario.set("objectives", json!([events]));
    scenario.set("period", json!({"rolling": format!("{}m", text(input, "scheduled_minutes")?)}));
    scenario.set("validity", json!({"from": MONTH}));
    let from = "2025-06-01T00:00:00Z";
    let mut outages = Vec::new();
    if text(input, "outage_minutes")? != "0" {
        let until = minutes(from, &text(input, "outage_minutes")?)?;
        let affected = input.get("affected_ratio").map_or_else(|| "1".to_owned(), plain);
        outages.push(json!({"from": from, "until": until, "affected": affected}));
    }
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
    let credits = credits_of(&scenario.settle(folder)?);
    if let Some(ratio) = expected.get("credit_ratio") {
        let found = credits.get("fractionOfFee").map_or_else(|| "0/1".to_owned(), plain);
        same("credit_ratio", found.trim_end_matches("/1"), plain(ratio).trim_end_matches("/1"))?;
    }
    for (name, wanted) in fees.iter().map(|(fee, wanted)| (fee.as_str(), wanted)).take(1) {
        let found = plain(&credits["amounts"][0]["exact"]);
        if !shows(&found, &plain(wanted)) {
            return Err(Miss::Failed(format!("of a fee of {name}: expected {wanted}, found {found}")));
        }
    }
    match expected.get("credit").or(expected.get("credit_usd")) {
        Some(credit) => same("credit", credits["amount"].clone(), credit.clone()),
        None => Ok(()),
    }
}

/// The cap of a case, in percent, under any name.
fn cap(input: &Value) -> Option<String> {
    let (_, cap) = input.as_object()?.iter().find(|(name, _)| name.split('_').any(|word| word == "cap"))?;
    let cap = plain(cap);
    Some(first_number(&cap)?.to_owned())
}

pub fn multi_objective(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let percents: Vec<String> = field(input, "credits_percent")?.as_array().into_iter().flatten().map(plain).collect();
    let policy = text(input, "policy")?;
    let combine = combine(&policy)?;
    let names: Vec<String> = (0..percents.len()).map(|i| format!("objective-{i}")).collect();
    let tiers: Vec<Value> =
        names.iter().zip(&percents).filter(|(_, p)| trimmed(p) != "0").map(|(n, p)| tier(n, p)).collect();
    let mut credits = json!({"fee": {"amount": "1000.00", "currency": "USD"}, "tiers": tiers, "combine": combine});
    if let Some(cap) = cap(input) {
        credits["cap"] = json!({"percentOfFee": cap});
    }
    let mut scenario = lost_month(credits);
    let mut objectives: Vec<Value> = names.iter().map(|name| objective(name, "99.9")).collect();
    for objective in &mut objectives {
        // Slots may be longer for this than for minutes.
        objective["measurement"] = json!({"method": "Events"});
    }
    scenario.slots_for(31, objectives.len());
    scenario.set("objectives", json!(objectives));
    let outage = json!({"from": "2025-06-10T00:00:00Z", "until": "2025-06-11T00:00:00Z"});
    let measured: Vec<Value> = names.iter().map(|name| json!({"name": name, "outages": [outage]})).collect();
    scenario.measurements = json!({"objectives": measured});
    let credit = json!({"kind": "percent", "value": text(expected, "credit_percent")?});
    credits::credit_is(&credits_of(&scenario.settle(folder)?), &credit)
}

/// What a policy's words come to.
fn combine(policy: &str) -> Result<&'static str, Miss> {
    let words: Vec<String> = policy.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    let has = |starts: &[&str]| words.iter().any(|w| starts.iter().any(|s| w.starts_with(s)));
    let denied = has(&["not", "non", "no", "never", "without"]);
    match () {
        () if has(&["choice", "choose", "chosen", "choos"]) => Ok("CustomersChoice"),
        () if has(&["sum", "cumul", "addit", "add", "stack", "combin"]) => Ok(if denied { "Highest" } else { "Sum" }),
        () if has(&["first"]) => Ok("FirstListed"),
        () if has(&["highest", "largest", "max", "greatest", "single", "one"]) => Ok("Highest"),
        () => Err(Miss::NotExpressible(format!("policy {policy}"))),
    }
}

pub fn minimum_credit(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let minimum = text(input, "minimum")?;
    let above = first_number(&minimum).ok_or_else(|| Miss::NotExpressible(format!("minimum {minimum}")))?;
    if !minimum.trim_start().starts_with('>') || minimum.contains(">=") {
        return Err(Miss::NotExpressible(format!("minimum {minimum}")));
    }
    let bill = money_field(input, "bill_")?;
    let mut credits = json!({"fee": {"amount": bill.1, "currency": bill.0},
        "tiers": [tier(OBJECTIVE, &text(input, "credit_percent")?)]});
    credits["issuedAbove"] = json!(above);
    let credits = credits_of(&lost_month(credits).settle(folder)?);
    same("issued", credits["amounts"][0]["issued"].clone(), field(expected, "issued")?.clone())?;
    same("credit", credits["amounts"][0]["amount"].clone(), money_field(expected, "credit_")?.1)
}

/// A field like `bill_usd`: the currency and the amount.
fn money_field(value: &Value, prefix: &str) -> Result<(String, String), Miss> {
    let found = value.as_object().into_iter().flatten().find_map(|(key, amount)| {
        let currency = key.strip_prefix(prefix).filter(|c| c.len() == 3)?;
        Some((currency.to_uppercase(), plain(amount)))
    });
    found.ok_or_else(|| Miss::NotExpressible(format!("no {prefix}CURRENCY")))
}

pub fn service_days_value(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let month = match text(input, "days_in_month")?.as_str() {
        "28" => "2025-02-01",
        "29" => "2024-02-01",
        "30" => "2025-06-01",
        "31" => "2025-07-01",
        other => return Err(Miss::NotExpressible(format!("a month of {other} days"))),
    };
    let days = field(input, "service_days")?.clone();
    let mut scenario = lost_month(json!({
        "fee": {"amount": text(input, "monthly_fee")?, "currency": input.get("currency").map_or_else(|| "USD".to_owned(), plain)},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "serviceDays": days}],
        "serviceDays": "MonetaryValue",
    }));
    scenario.period = Some(month.to_owned());
    let from = format!("{month}T00:00:00Z");
    let outage = json!({"from": from, "until": minutes(&from, "1440")?});
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": [outage]}]});
    same("credit", credits_of(&scenario.settle(folder)?)["amount"].clone(), field(expected, "credit")?.clone())
}

/// Days that extend the term. Each month's days are granted by a tier of their own, reached by an outage of its own.
pub fn service_days_term(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let end: jiff::civil::Date =
        text(input, "term_end")?.parse().map_err(|e| Miss::NotExpressible(format!("term_end: {e}")))?;
    let credits: Vec<(String, i64)> = field(input, "credits")?
        .as_array()
        .into_iter()
        .flatten()
        .map(|c| Ok((text(c, "month")?, field(c, "days")?.as_i64().unwrap_or_default())))
        .collect::<Result<_, Miss>>()?;
    let mut steps: Vec<i64> = credits.iter().map(|(_, days)| *days).filter(|days| *days > 0).collect();
    steps.sort_unstable();
    steps.dedup();
    if steps.is_empty() {
        // A table needs a step, even one that nobody reached.
        steps.push(1);
    }
    // Each step one percent deeper than the one before; a day is more than three percent of any month.
    let tiers: Vec<Value> = steps
        .iter()
        .zip((1..=90).map(|i| 100 - 4 * i))
        .map(|(days, below)| json!({"objective": OBJECTIVE, "below": below.to_string(), "serviceDays": days}))
        .collect();
    let mut measured = Vec::new();
    for (month, days) in credits.iter().filter(|(_, days)| *days > 0) {
        let step = steps.iter().position(|s| s == days).unwrap_or_default();
        let from = format!("{month}-01T00:00:00Z");
        // 31 days lose 4.2 percent by this, 28 days 4.6 percent: below this step's bound and above the next one's.
        let until = minutes(&from, &(1875 * (step + 1)).to_string())?;
        measured.push(json!({"from": from, "until": until}));
    }
    let first =
        credits.iter().map(|(month, _)| month).min().ok_or_else(|| Miss::NotExpressible("no credits".to_owned()))?;
    let mut credits = json!({"fee": {"amount": "1000.00", "currency": "USD"}, "tiers": tiers});
    let grants_days = |profile: &&Value| profile["credit_kind"] == "service_days";
    let of_profiles = profiles.as_object().into_iter().flat_map(|p| p.values()).filter(grants_days);
    let caps: Vec<String> = of_profiles.filter_map(|p| p.get("cap")).map(plain).collect();
    let of_profile = caps.first().filter(|cap| caps.len() == 1 && cap.contains("days per month"));
    let days = cap(input).or(of_profile.and_then(|cap| first_number(cap).map(str::to_owned)));
    if let Some(days) = days {
        credits["cap"] = json!({"serviceDays": days.parse::<i64>().unwrap_or_default()});
    }
    let mut scenario = lost_month(credits);
    let until = end.tomorrow().map_err(|e| Miss::NotExpressible(e.to_string()))?;
    scenario.set("validity", json!({"from": format!("{first}-01"), "until": until.to_string()}));
    // Without an outage nothing tells which period is meant.
    scenario.period = measured.is_empty().then(|| format!("{first}-01"));
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": measured}]});
    let settled = scenario.settle(folder)?;
    // Without a day of service the term ends when it was agreed to.
    let end = settled.pointer("/term/lastDay").cloned().unwrap_or_else(|| json!(end.to_string()));
    same("new_term_end", end, field(expected, "new_term_end")?.clone())
}

pub fn currency(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut fees = field(input, "fees")?.as_array().cloned().unwrap_or_default().into_iter();
    let first = fees.next().ok_or_else(|| Miss::NotExpressible("no fees".to_owned()))?;
    let credits = json!({
        "fee": first,
        "furtherFees": fees.collect::<Vec<_>>(),
        "tiers": [tier(OBJECTIVE, &text(input, "credit_percent")?)],
    });
    let credits = credits_of(&lost_month(credits).settle(folder)?);
    let amounts = credits["amounts"].as_array().into_iter().flatten();
    let amounts: Vec<Value> = amounts.map(|a| json!({"currency": a["currency"], "amount": a["amount"]})).collect();
    same("credits", amounts, field(expected, "credits")?.clone())
}
