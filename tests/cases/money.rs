//! Cases about amounts: proportions, combinations, minimums, currencies.

use std::path::Path;

use serde_json::{Value, json};

use crate::amounts::{amount, same_amount};
use crate::arithmetic::{first_number, shows, trimmed};
use crate::credits;
use crate::known::only;
use crate::rules::{input_and_expected, minutes};
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime::OBJECTIVE;

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

/// A table is not empty: where nothing is granted, there is none.
pub fn no_empty_table(scenario: &mut Scenario) {
    let tiers = scenario.agreement.pointer("/spec/credits/tiers").and_then(Value::as_array);
    if tiers.is_some_and(Vec::is_empty)
        && let Some(spec) = scenario.agreement["spec"].as_object_mut()
    {
        spec.remove("credits");
    }
}

fn tier(objective: &str, percent: &str) -> Value {
    json!({"objective": objective, "below": "99.9", "percentOfFee": percent})
}

pub fn credits_of(settled: &Value) -> Value {
    settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default()
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
    only("expected", expected, &["credit_ratio", "credit", "credit_usd", "of_fee_*"])?;
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
    let given = ["monthly_fee", "fee"].iter().find_map(|name| input.get(*name)).map(amount);
    let currency = given.as_ref().and_then(|fee| fee.currency.clone()).or(input.get("currency").map(plain));
    let currency = currency.unwrap_or_else(|| "USD".to_owned());
    let given = given.map_or_else(|| "1000.00".to_owned(), |fee| fee.number);
    let mut scenario = lost_month(json!({"fee": {"amount": given, "currency": currency}, "remedies": [remedy]}));
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
    let affected = input.get("affected_ratio").map_or_else(|| "1".to_owned(), plain);
    if trimmed(&text(input, "outage_minutes")?) != "0" && trimmed(&affected) != "0" {
        let until = minutes(from, &text(input, "outage_minutes")?)?;
        outages.push(json!({"from": from, "until": until, "affected": affected}));
    }
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
    let credits = credits_of(&scenario.settle(folder)?);
    if let Some(ratio) = expected.get("credit_ratio") {
        let found = credits.get("fractionOfFee").map_or_else(|| "0/1".to_owned(), plain);
        same("credit_ratio", found.trim_end_matches("/1"), plain(ratio).trim_end_matches("/1"))?;
    }
    if let Some(credit) = expected.get("credit").or(expected.get("credit_usd")) {
        let nothing = json!("0.00");
        let found = credits.get("amount").unwrap_or(&nothing);
        same_amount("credit", found, &json!(currency), credit)?;
    }
    for (fee, wanted) in &fees {
        scenario.agreement["spec"]["credits"]["fee"]["amount"] = json!(fee);
        let found = credits_of(&scenario.settle(folder)?).pointer("/amounts/0/exact").map(plain);
        let found = found.unwrap_or_else(|| "0/1".to_owned());
        if !shows(&found, &plain(wanted)) {
            return Err(Miss::Failed(format!("of a fee of {fee}: expected {wanted}, found {found}")));
        }
    }
    Ok(())
}

/// The cap of a case, in percent, under any name.
pub fn cap(input: &Value) -> Option<String> {
    let (_, cap) = input.as_object()?.iter().find(|(name, _)| name.split('_').any(|word| word == "cap"))?;
    let cap = plain(cap);
    Some(first_number(&cap)?.to_owned())
}

pub fn multi_objective(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["credit_percent"])?;
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
    let objectives: Vec<Value> = names.iter().map(|name| objective(name, "99.9")).collect();
    scenario.set("objectives", json!(objectives));
    let outage = json!({"from": "2025-06-10T00:00:00Z", "until": "2025-06-11T00:00:00Z"});
    let measured: Vec<Value> = names.iter().map(|name| json!({"name": name, "outages": [outage]})).collect();
    scenario.measurements = json!({"objectives": measured});
    no_empty_table(&mut scenario);
    let credit = json!({"kind": "percent", "value": text(expected, "credit_percent")?});
    credits::credit_is(&credits_of(&scenario.settle(folder)?), &credit)
}

/// What a policy's words come to.
pub fn combine(policy: &str) -> Result<&'static str, Miss> {
    let words: Vec<String> = policy.to_lowercase().split(|c: char| !c.is_alphanumeric()).map(str::to_owned).collect();
    let has = |starts: &[&str]| words.iter().any(|w| starts.iter().any(|s| w.starts_with(s)));
    let denied = has(&["not", "non", "no", "never", "without"]);
    match () {
        () if has(&["choice", "choose", "chosen", "choos"]) => Ok("CustomersChoice"),
        () if has(&["sum", "cumul", "addit", "add", "stack", "combin"]) => Ok(if denied { "Highest" } else { "Sum" }),
        () if has(&["first"]) => Ok("FirstListed"),
        () if has(&["high", "larg", "max", "great", "single", "one", "best", "better", "favo"]) => Ok("Highest"),
        () => Err(Miss::NotExpressible(format!("policy {policy}"))),
    }
}

pub fn minimum_credit(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["issued", "credit_*"])?;
    let minimum = text(input, "minimum")?.to_lowercase();
    let above = first_number(&minimum).ok_or_else(|| Miss::NotExpressible(format!("minimum {minimum}")))?;
    let before = minimum.split(above).next().unwrap_or_default().trim();
    // A minimum is passed. One that is reached already counts is another one.
    if !["", ">", "greater than", "more than", "above", "over", "exceeds", "exceeding", "must exceed"].contains(&before)
    {
        return Err(Miss::NotExpressible(format!("minimum {minimum}")));
    }
    let bill = money_field(input, "bill_")?;
    let percent = text(input, "credit_percent")?;
    let tiers: Vec<Value> = Some(tier(OBJECTIVE, &percent)).into_iter().filter(|_| trimmed(&percent) != "0").collect();
    let mut credits = json!({"fee": {"amount": bill.1, "currency": bill.0}, "tiers": tiers});
    credits["issuedAbove"] = json!(above);
    let mut scenario = lost_month(credits);
    no_empty_table(&mut scenario);
    let credits = credits_of(&scenario.settle(folder)?);
    let found = credits.pointer("/amounts/0").cloned().unwrap_or_else(|| json!({"issued": false, "amount": "0.00"}));
    same("issued", found["issued"].clone(), field(expected, "issued")?.clone())?;
    let wanted = money_field(expected, "credit_")?;
    same("currency of the credit", wanted.0, bill.0)?;
    same("credit", found["amount"].clone(), wanted.1)
}

/// A field like `bill_usd`: the currency and the amount.
fn money_field(value: &Value, prefix: &str) -> Result<(String, String), Miss> {
    let found = value.as_object().into_iter().flatten().find_map(|(key, amount)| {
        let currency = key.strip_prefix(prefix).filter(|c| c.len() == 3)?;
        Some((currency.to_uppercase(), plain(amount)))
    });
    found.ok_or_else(|| Miss::NotExpressible(format!("no {prefix}CURRENCY")))
}

pub fn currency(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["credits"])?;
    let fee = |given: &Value| {
        let sum = amount(field(given, "amount")?);
        let currency = sum.currency.map_or_else(|| text(given, "currency"), Ok)?;
        Ok(json!({"amount": sum.number, "currency": currency}))
    };
    let fees = field(input, "fees")?.as_array().into_iter().flatten().map(fee);
    let mut fees = fees.collect::<Result<Vec<Value>, Miss>>()?.into_iter();
    let first = fees.next().ok_or_else(|| Miss::NotExpressible("no fees".to_owned()))?;
    let credits = json!({
        "fee": first,
        "furtherFees": fees.collect::<Vec<_>>(),
        "tiers": [tier(OBJECTIVE, &text(input, "credit_percent")?)],
    });
    let credits = credits_of(&lost_month(credits).settle(folder)?);
    let found = credits["amounts"].as_array().cloned().unwrap_or_default();
    let wanted = field(expected, "credits")?.as_array().cloned().unwrap_or_default();
    same("number of credits", found.len(), wanted.len())?;
    for (found, wanted) in found.iter().zip(&wanted) {
        let what = plain(&found["currency"]);
        same("currency", what.as_str(), text(wanted, "currency")?)?;
        same_amount(&format!("credit in {what}"), &found["amount"], &found["currency"], field(wanted, "amount")?)?;
    }
    Ok(())
}
