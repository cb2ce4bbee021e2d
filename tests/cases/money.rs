//! Cases about amounts: free hours, proportions, combinations, minimums, service days, currencies, penalties, rewards.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::{first_number, percent, trimmed};
use crate::rules::minutes;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::{self, OBJECTIVE};

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

fn credits_of(settled: &Value) -> Value {
    settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default()
}

fn input_and_expected(case: &Value) -> Result<(&Value, &Value), Miss> {
    Ok((field(case, "input")?, field(case, "expected")?))
}

pub fn free_hours(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let free = json!({"name": "free-hours", "objective": OBJECTIVE, "freeHours": {"unavailableFor": "6m"}});
    let mut scenario = lost_month(json!({"fee": {"amount": "1000.00", "currency": "USD"}, "remedies": [free]}));
    let outages = uptime::outages(input.get("outages"), &Value::Null)?;
    scenario.period = outages.first().and_then(|o| o["from"].as_str()?.get(..10)).map(str::to_owned);
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
    let settled = scenario.settle(folder)?;
    let credits = credits_of(&settled);
    same("hours_not_charged", credits["freeHours"].clone(), field(expected, "hours_not_charged")?.clone())?;
    let ratio = settled.pointer("/periods/0/statement/objectives/0/attainmentRatio").cloned();
    same("monthly_uptime_ratio", ratio, field(expected, "monthly_uptime_ratio")?.clone())?;
    let credit = json!({"kind": "percent", "value": text(expected, "credit_percent")?});
    uptime::credit_is(&credits, &credit)
}

pub fn proportional(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let remedy = json!({"name": "lost-time", "objective": OBJECTIVE, "proportional": {"multiple": "1"}});
    let fee = |key: &String| key.strip_prefix("of_fee_").map(|digits| digits.replace('_', "."));
    let fees: Vec<(String, Value)> = expected
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(key, value)| Some((fee(key)?, value.clone())))
        .collect();
    let amount = fees.first().map_or("1000.00", |(amount, _)| amount.as_str());
    let mut scenario = lost_month(json!({"fee": {"amount": amount, "currency": "USD"}, "remedies": [remedy]}));
    let events = json!({"name": OBJECTIVE, "target": "100", "measurement": {"method": "Events"},
        "indicator": {"ratio": {"bad": "sum(increase(errors_total[$slot]))", "total": "sum(increase(requests_total[$slot]))"}}});
    scenario.set("objectives", json!([events]));
    scenario.set("period", json!({"rolling": format!("{}m", text(input, "scheduled_minutes")?)}));
    scenario.set("validity", json!({"from": MONTH}));
    let until = minutes("2025-06-01T00:00:00Z", &text(input, "outage_minutes")?)?;
    let outage = json!({"from": "2025-06-01T00:00:00Z", "until": until, "affected": text(input, "affected_ratio")?});
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": [outage]}]});
    let credits = credits_of(&scenario.settle(folder)?);
    same("credit_ratio", credits["fractionOfFee"].clone(), field(expected, "credit_ratio")?.clone())?;
    match fees.first() {
        Some((_, exact)) => same("exact amount", credits["amounts"][0]["unrounded"].clone(), exact.clone()),
        None => Ok(()),
    }
}

pub fn multi_objective(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let percents: Vec<String> = field(input, "credits_percent")?.as_array().into_iter().flatten().map(plain).collect();
    let policy = text(input, "policy")?;
    let combine = match policy.as_str() {
        p if p.contains("choice") || p.contains("choose") => "CustomersChoice",
        p if ["sum", "cumulative", "additive", "add"].iter().any(|w| p.contains(w)) => "Sum",
        p if p.contains("first") => "FirstListed",
        p if p.contains("highest") || p.contains("stack") => "Highest",
        other => return Err(Miss::NotExpressible(format!("policy {other}"))),
    };
    let names: Vec<String> = (0..percents.len()).map(|i| format!("objective-{i}")).collect();
    let tiers: Vec<Value> =
        names.iter().zip(&percents).filter(|(_, p)| trimmed(p) != "0").map(|(n, p)| tier(n, p)).collect();
    let mut credits = json!({"fee": {"amount": "1000.00", "currency": "USD"}, "tiers": tiers, "combine": combine});
    if let Some(cap) = ["cap_percent", "cap", "monthly_cap_percent"].iter().find_map(|name| input.get(*name)) {
        let cap = plain(cap);
        credits["cap"] = json!({"percentOfFee": first_number(&cap).unwrap_or(&cap)});
    }
    let mut scenario = lost_month(credits);
    let objectives: Vec<Value> = names.iter().map(|name| objective(name, "99.9")).collect();
    scenario.set("objectives", json!(objectives));
    let outage = json!({"from": "2025-06-10T00:00:00Z", "until": "2025-06-11T00:00:00Z"});
    let measured: Vec<Value> = names.iter().map(|name| json!({"name": name, "outages": [outage]})).collect();
    scenario.measurements = json!({"objectives": measured});
    let credit = json!({"kind": "percent", "value": text(expected, "credit_percent")?});
    uptime::credit_is(&credits_of(&scenario.settle(folder)?), &credit)
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
        "fee": {"amount": text(input, "monthly_fee")?, "currency": "USD"},
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
pub fn service_days_term(case: &Value, folder: &Path) -> Outcome {
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
    let why = case.get("why").and_then(Value::as_str).unwrap_or_default();
    let mut credits = json!({"fee": {"amount": "1000.00", "currency": "USD"}, "tiers": tiers});
    if let Some(days) = why.split("-day cap").next().filter(|_| why.contains("-day cap")).and_then(first_number) {
        credits["cap"] = json!({"serviceDays": days.parse::<i64>().unwrap_or_default()});
    }
    let mut scenario = lost_month(credits);
    let until = end.tomorrow().map_err(|e| Miss::NotExpressible(e.to_string()))?;
    scenario.set("validity", json!({"from": format!("{first}-01"), "until": until.to_string()}));
    scenario.period = None;
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": measured}]});
    let settled = scenario.settle(folder)?;
    same("new_term_end", settled["term"]["lastDay"].clone(), field(expected, "new_term_end")?.clone())
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

/// `1000.00 CNY`.
fn amount_and_currency(text: &str) -> (String, String) {
    let mut words = text.split_whitespace();
    let amount = words.next().unwrap_or_default().to_owned();
    (amount, words.next().unwrap_or("CNY").to_owned())
}

pub fn penalty(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let (penalty, currency) = amount_and_currency(&text(expected, "penalty")?);
    let named = |names: &[&str]| {
        let fields = input.as_object()?;
        fields
            .iter()
            .find(|(key, _)| names.iter().any(|n| key.contains(n)))
            .map(|(key, value)| (key.clone(), plain(value)))
    };
    let fee = named(&["value", "price", "order_", "fee"])
        .map_or_else(|| "0.00".to_owned(), |(_, v)| amount_and_currency(&v).0);
    let fee = json!({"amount": fee, "currency": currency});
    let mut scenario;
    if let Some(amount) = input.get("per_incident") {
        let amount = amount_and_currency(&plain(amount)).0;
        let remedy = json!({"name": "penalty", "objective": OBJECTIVE, "perIncident": {"amount": amount}});
        scenario = lost_month(json!({"fee": fee, "remedies": [remedy]}));
        incidents(&mut scenario, input);
    } else if let Some((_, multiple)) = named(&["multiple", "times", "factor"]) {
        let remedy = json!({"name": "penalty", "objective": OBJECTIVE, "multipleOfFee": {"multiple": multiple}});
        scenario = lost_month(json!({"fee": fee, "remedies": [remedy]}));
        incidents(&mut scenario, input);
    } else if let Some((key, days)) = named(&["days_late", "late_days", "days"]) {
        scenario = late(input, &fee, &key, &days)?;
    } else {
        return Err(Miss::NotExpressible("a penalty of another kind".to_owned()));
    }
    scenario.set("missingData", json!({"minimumCoverage": "0"}));
    let credits = credits_of(&scenario.settle(folder)?);
    same("penalty", credits["amount"].clone(), penalty)?;
    same("currency", credits["currency"].clone(), currency)?;
    match expected.get("cancellation").or_else(|| expected.get("cancel")) {
        Some(ends) => same("cancellation", credits["terminationRight"].as_bool().unwrap_or_default(), ends.clone()),
        None => Ok(()),
    }
}

/// So many outages of a minute, a day apart; one where the case does not count them.
fn incidents(scenario: &mut Scenario, input: &Value) {
    let count = input.get("incidents").and_then(Value::as_u64).unwrap_or(1);
    let outage =
        json!({"from": "2025-06-02T00:00:00Z", "until": "2025-06-02T06:00:00Z", "repeat": count, "every": "24h"});
    let outages = if count == 0 { Vec::new() } else { vec![outage] };
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
}

/// A delivery so many days late, from a Monday on.
fn late(input: &Value, fee: &Value, key: &str, days: &str) -> Result<Scenario, Miss> {
    let days: i64 = days.parse().map_err(|_| Miss::NotExpressible(format!("{key}: {days}")))?;
    let working = key.contains("working") || key.contains("business");
    let rate = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("rate") || key.contains("percent"));
    let (rate_key, rate) = rate.ok_or_else(|| Miss::NotExpressible("no daily rate".to_owned()))?;
    let rate = plain(rate);
    let rate = if rate_key.contains("percent") || rate.contains('%') {
        first_number(&rate).unwrap_or_default().to_owned()
    } else {
        percent(&rate)
    };
    let mut per_day = json!({"percentOfFee": rate, "days": if working { "Working" } else { "Calendar" }});
    per_day["escalation"] = json!({"afterDays": 5, "percentOfFee": "5", "terminates": true});
    let remedy = json!({"name": "delay", "objective": OBJECTIVE, "perDayLate": per_day});
    let mut scenario = lost_month(json!({"fee": fee, "remedies": [remedy]}));
    let delivery = json!({"name": OBJECTIVE, "target": "100", "indicator": {"value": {"limit": "24h"}},
        "measurement": {"method": "Value"}});
    scenario.set("objectives", json!([delivery]));
    let due = jiff::civil::date(2025, 6, 2);
    let mut done = due;
    let mut left = days;
    while left > 0 {
        done = done.tomorrow().map_err(|e| Miss::NotExpressible(e.to_string()))?;
        let off = matches!(done.weekday(), jiff::civil::Weekday::Saturday | jiff::civil::Weekday::Sunday);
        left -= i64::from(!(working && off));
    }
    scenario.measurements =
        json!({"deliveries": [{"objective": OBJECTIVE, "due": due.to_string(), "done": done.to_string()}]});
    Ok(scenario)
}

pub fn reward(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let tiers: Vec<Value> = field(input, "tiers")?
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| Ok(json!({"atLeast": text(t, "gte")?, "percent": percent(&text(t, "rate")?)})))
        .collect::<Result<_, Miss>>()?;
    let marginal = input.get("marginal").and_then(Value::as_bool).unwrap_or_default();
    let mut rewards = json!({"basis": "Volume", "tiers": tiers, "scale": if marginal { "Marginal" } else { "Whole" }});
    if input.get("unconditional_rate").is_some() {
        rewards["unconditionalPercent"] = json!(percent(&text(input, "unconditional_rate")?));
    }
    let mut scenario = lost_month(json!({"fee": {"amount": "0.00", "currency": "CNY"}, "rewards": rewards}));
    let (_, sales) = input
        .as_object()
        .into_iter()
        .flatten()
        .find(|(key, _)| key.contains("sales") || key.contains("volume"))
        .ok_or_else(|| Miss::NotExpressible("no volume".to_owned()))?;
    scenario.measurements = json!({"volumes": [{"at": "2025-06-15T00:00:00Z", "amount": plain(sales)}]});
    let credits = credits_of(&scenario.settle(folder)?);
    if expected.get("tier_rate").is_some() {
        let rate = percent(&text(expected, "tier_rate")?);
        same("tier_rate", trimmed(&plain(&credits["reward"]["stepPercent"])), rate)?;
    }
    same("reward", credits["reward"]["amount"].clone(), field(expected, "reward")?.clone())
}
