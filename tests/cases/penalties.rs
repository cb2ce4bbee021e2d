//! Cases about what is owed by other rules than tiers: penalties of a contract of sale, and rewards on what was sold.

use std::path::Path;

use serde_json::{Value, json};

use crate::amounts::{amount, has_currency, same_amount};
use crate::arithmetic::{first_number, percent, trimmed};
use crate::known::{only, only_where};
use crate::money::{credits_of, lost_month};
use crate::rules::input_and_expected;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn penalty(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only_where("expected", expected, |name| name == "penalty" || ends_it(name))?;
    let wanted = field(expected, "penalty")?;
    let currencies = input.as_object().into_iter().flatten().map(|(_, value)| value).chain([wanted]);
    let mut currencies = currencies.filter(|value| has_currency(value)).filter_map(|value| amount(value).currency);
    let given = input.get("currency").map(plain);
    let currency = given.or_else(|| currencies.next()).unwrap_or_else(|| "CNY".to_owned());
    let is_sum = |key: &str| {
        has(key, &["value", "price", "order", "fee", "contract", "total", "base"])
            && !has(key, &["count", "units", "quantity", "items", "pieces"])
    };
    let of_one =
        |key: &str| has(key, &["fixed", "amount", "penalty"]) || (key.contains("per_") && !key.contains("per_day"));
    let fee = |given: Option<(String, Value)>| {
        let number = given.map_or_else(|| "0.00".to_owned(), |(_, v)| amount(&v).number);
        json!({"amount": number, "currency": currency})
    };
    let sum = named(input, is_sum);
    let days_late = named(input, |key| has(key, &["late", "delay", "delayed", "overdue"]));
    let days_late =
        days_late.or_else(|| named(input, |key| has(key, &["days"]))).filter(|(_, days)| !has_currency(days));
    let multiple = named(input, |key| has(key, &["multiple", "multiplier", "times", "factor"]));
    let counted = named(input, |key| has(key, &COUNTED) && !is_sum(key) && !of_one(key));
    let mut scenario;
    if let Some((key, days)) = days_late {
        let base = sum.or_else(|| named(input, |key| has(key, &["amount"])));
        scenario = late(case, &fee(base), &key, &plain(&days))?;
    } else if let Some((_, multiple)) = multiple {
        let multiple = plain(&multiple);
        let multiple = multiple.trim_end_matches(['x', ' ']);
        let remedy = json!({"name": "penalty", "objective": OBJECTIVE, "multipleOfFee": {"multiple": multiple}});
        let base = sum.or_else(|| named(input, |key| has(key, &["amount"])));
        scenario = lost_month(json!({"fee": fee(base), "remedies": [remedy]}));
        incidents(&mut scenario, counted)?;
    } else if let Some((_, fixed)) = named(input, of_one) {
        let remedy =
            json!({"name": "penalty", "objective": OBJECTIVE, "perIncident": {"amount": amount(&fixed).number}});
        scenario = lost_month(json!({"fee": fee(sum), "remedies": [remedy], "combine": "Sum"}));
        incidents(&mut scenario, counted)?;
    } else {
        return Err(Miss::NotExpressible("a penalty of another kind".to_owned()));
    }
    scenario.set("missingData", json!({"treatAs": "Exclude", "minimumCoverage": "0"}));
    let credits = credits_of(&scenario.settle(folder)?);
    same_amount("penalty", &credits["amount"], &credits["currency"], wanted)?;
    for (name, wanted) in expected.as_object().into_iter().flatten().filter(|(name, _)| ends_it(name)) {
        same(name, credits["terminationRight"].as_bool().unwrap_or_default(), wanted.clone())?;
    }
    Ok(())
}

/// What is counted, where each is paid for.
const COUNTED: [&str; 10] =
    ["incidents", "failures", "events", "breaches", "count", "units", "quantity", "items", "pieces", "goods"];

/// Whether one of the words of a name is one of these.
fn has(name: &str, words: &[&str]) -> bool {
    name.split('_').any(|word| words.contains(&word))
}

/// The first field whose name is meant, unless it is about the end of the agreement.
fn named(input: &Value, is_meant: impl Fn(&str) -> bool) -> Option<(String, Value)> {
    let found = input.as_object()?.iter().find(|(key, _)| is_meant(key) && !ends_it(key));
    found.map(|(key, value)| (key.clone(), value.clone()))
}

/// Whether a field is about the end of the agreement.
fn ends_it(name: &str) -> bool {
    ["cancel", "terminat", "rescind", "rescission", "withdraw"].iter().any(|word| name.contains(word))
}

/// So many outages of an hour, two hours apart; one where the case does not count them.
fn incidents(scenario: &mut Scenario, counted: Option<(String, Value)>) -> Outcome {
    let count = match counted {
        Some((key, count)) => {
            let count = plain(&count);
            trimmed(&count).parse().map_err(|_| Miss::NotExpressible(format!("{key}: {count}")))?
        }
        None => 1_u32,
    };
    let outage =
        json!({"from": "2025-06-02T00:00:00Z", "until": "2025-06-02T01:00:00Z", "repeat": count, "every": "2h"});
    let outages = if count == 0 { Vec::new() } else { vec![outage] };
    if count > 12 * 28 {
        return Err(Miss::NotExpressible(format!("{count} incidents in a month")));
    }
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
    Ok(())
}

/// A delivery so many days late, from a Monday on. A case that speaks of the end of the contract has a step at which the
/// delay becomes a long one: its own, or that of the contract these cases come from.
fn late(case: &Value, fee: &Value, key: &str, days: &str) -> Result<Scenario, Miss> {
    let (input, expected) = input_and_expected(case)?;
    let days: i64 = trimmed(days).parse().map_err(|_| Miss::NotExpressible(format!("{key}: {days}")))?;
    let working = key.contains("working") || key.contains("business");
    let fields = || input.as_object().into_iter().flatten();
    let rate_of = |key: &str| ["rate", "percent", "share"].iter().any(|word| key.contains(word));
    let (rate_key, rate) = fields()
        .find(|(key, _)| (rate_of(key) || key.contains("per_day")) && !ends_it(key) && !key.contains("cap"))
        .ok_or_else(|| Miss::NotExpressible("no daily rate".to_owned()))?;
    let mut per_day = json!({"days": if working { "Working" } else { "Calendar" }});
    let is_share = plain(rate).contains('%') || (amount(rate).currency.is_none() && plain(rate).starts_with("0."));
    if rate_of(rate_key) || is_share {
        per_day["percentOfFee"] = json!(in_percent(rate_key, &plain(rate)));
    } else {
        per_day["amount"] = json!(amount(rate).number);
    }
    if let Some((key, cap)) = fields().find(|(key, _)| key.contains("cap")) {
        per_day["capPercentOfFee"] = json!(in_percent(key, &plain(cap)));
    }
    if fields().chain(expected.as_object().into_iter().flatten()).any(|(key, _)| ends_it(key)) {
        let after = fields()
            .find(|(key, _)| ends_it(key) && key.contains("days"))
            .map_or_else(|| "5".to_owned(), |(_, v)| plain(v));
        let costs = fields().find(|(key, _)| ends_it(key) && !key.contains("days"));
        let costs = costs.map_or_else(|| "5".to_owned(), |(key, costs)| in_percent(key, &plain(costs)));
        let after: i64 = after.parse().map_err(|_| Miss::NotExpressible(format!("a long delay after {after}")))?;
        per_day["escalation"] = json!({"afterDays": after, "percentOfFee": costs, "terminates": true});
    }
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
    scenario.period = Some(done.to_string());
    scenario.measurements =
        json!({"deliveries": [{"objective": OBJECTIVE, "due": due.to_string(), "done": done.to_string()}]});
    Ok(scenario)
}

/// A rate as a percentage: `0.5%`, a field that is called so, or else a share of one.
fn in_percent(key: &str, rate: &str) -> String {
    if key.contains("percent") || rate.contains('%') {
        return first_number(rate).unwrap_or_default().to_owned();
    }
    percent(rate)
}

pub fn reward(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["tier_rate", "reward"])?;
    let tiers: Vec<Value> = field(input, "tiers")?
        .as_array()
        .into_iter()
        .flatten()
        .map(|t| {
            let least = amount(field(t, "gte")?).number;
            Ok(json!({"atLeast": trimmed(&least), "percent": percent(&text(t, "rate")?)}))
        })
        .collect::<Result<_, Miss>>()?;
    let marginal = input.get("marginal").and_then(Value::as_bool).unwrap_or_default();
    let mut rewards = json!({"basis": "Volume", "tiers": tiers, "scale": if marginal { "Marginal" } else { "Whole" }});
    if input.get("unconditional_rate").is_some() {
        rewards["unconditionalPercent"] = json!(percent(&text(input, "unconditional_rate")?));
    }
    let (_, sales) = input
        .as_object()
        .into_iter()
        .flatten()
        .find(|(key, _)| ["sales", "volume", "turnover", "revenue"].iter().any(|word| key.contains(word)))
        .ok_or_else(|| Miss::NotExpressible("no volume".to_owned()))?;
    let sales = amount(sales);
    let currency = sales.currency.or(input.get("currency").map(plain)).unwrap_or_else(|| "CNY".to_owned());
    let mut scenario = lost_month(json!({"fee": {"amount": "0.00", "currency": currency}, "rewards": rewards}));
    if let Some((_, cap)) = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("cap")) {
        scenario.agreement["spec"]["credits"]["rewards"]["cap"] = json!(amount(cap).number);
    }
    scenario.measurements = json!({"volumes": [{"at": "2025-06-15T00:00:00Z", "amount": sales.number}]});
    let credits = credits_of(&scenario.settle(folder)?);
    if expected.get("tier_rate").is_some() {
        let rate = percent(&text(expected, "tier_rate")?);
        // Below the first step there is none.
        let found = credits["reward"].get("stepPercent").map(plain).filter(|found| !found.is_empty());
        same("tier_rate", trimmed(&found.unwrap_or_else(|| "0".to_owned())), rate)?;
    }
    same_amount("reward", &credits["reward"]["amount"], &json!(currency), field(expected, "reward")?)
}
