//! Cases about days of service: what they are worth, and how long they extend a term.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};

use crate::amounts::{amount, same_amount, whole};
use crate::arithmetic::first_number;
use crate::known::only;
use crate::money::{cap, credits_of, lost_month, no_empty_table};
use crate::rules::{input_and_expected, minutes};
use crate::scenario::{Miss, Outcome, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn value(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let month = match text(input, "days_in_month")?.as_str() {
        "28" => "2025-02-01",
        "29" => "2024-02-01",
        "30" => "2025-06-01",
        "31" => "2025-07-01",
        other => return Err(Miss::NotExpressible(format!("a month of {other} days"))),
    };
    only("expected", expected, &["credit"])?;
    let days = whole(input, "service_days")?;
    let fee = amount(field(input, "monthly_fee")?);
    let currency = fee.currency.or(input.get("currency").map(plain)).unwrap_or_else(|| "USD".to_owned());
    let tier = json!({"objective": OBJECTIVE, "below": "99.9", "serviceDays": days});
    let tiers: Vec<Value> = Some(tier).into_iter().filter(|_| days != 0).collect();
    let mut scenario = lost_month(json!({
        "fee": {"amount": fee.number, "currency": currency},
        "tiers": tiers,
        "serviceDays": "MonetaryValue",
    }));
    scenario.period = Some(month.to_owned());
    let from = format!("{month}T00:00:00Z");
    let outage = json!({"from": from, "until": minutes(&from, "1440")?});
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": [outage]}]});
    no_empty_table(&mut scenario);
    let credits = credits_of(&scenario.settle(folder)?);
    let nothing = json!("0.00");
    same_amount("credit", credits.get("amount").unwrap_or(&nothing), &json!(currency), field(expected, "credit")?)
}

/// Days that extend the term. Each month's days are granted by a tier of their own, reached by an outage of its own.
pub fn term(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["new_term_end"])?;
    let end: jiff::civil::Date =
        text(input, "term_end")?.parse().map_err(|e| Miss::NotExpressible(format!("term_end: {e}")))?;
    let mut credits: BTreeMap<String, i64> = BTreeMap::new();
    for credit in field(input, "credits")?.as_array().into_iter().flatten() {
        *credits.entry(text(credit, "month")?).or_default() += whole(credit, "days")?;
    }
    let mut steps: Vec<i64> = credits.values().copied().filter(|days| *days > 0).collect();
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
    for (month, days) in credits.iter().filter(|(_, days)| **days > 0) {
        let step = steps.iter().position(|s| s == days).unwrap_or_default();
        let from = format!("{month}-01T00:00:00Z");
        // 31 days lose 4.2 percent by this, 28 days 4.6 percent: below this step's bound and above the next one's.
        let until = minutes(&from, &(1875 * (step + 1)).to_string())?;
        measured.push(json!({"from": from, "until": until}));
    }
    let last_month = end.to_string().get(..7).map(str::to_owned).unwrap_or_default();
    let first = credits.keys().next().unwrap_or(&last_month);
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
