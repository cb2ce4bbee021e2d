//! What a profile grants, and what a case expects of it.

use serde_json::{Map, Value, json};

use crate::amounts::{amount, same_amount};
use crate::arithmetic::{first_number, trimmed};
use crate::known::only;
use crate::scenario::{Miss, Outcome, plain, same, text};
use crate::uptime::OBJECTIVE;

/// The granted credit in the unit of the case.
pub fn credit_is(credits: &Value, expected: &Value) -> Outcome {
    only("expected credit", expected, &["kind", "value"])?;
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

pub fn credits(case: &Value, profile: &Value) -> Result<Option<Value>, Miss> {
    let kind = profile.get("credit_kind").and_then(Value::as_str).unwrap_or("percent");
    let mut credits = json!({"fee": fee(case)});
    if let Some(base) = profile.get("fee_base") {
        credits["fee"]["base"] = base.clone();
    }
    if let Some((multiple, _)) = kind.split_once('x').filter(|_| kind.contains("paid during downtime")) {
        let multiple = multiple.trim();
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

/// Words in the names of what was paid, and of what is owed.
const PAID: [&str; 9] = ["paid", "fee", "bill", "charges", "invoice", "prepaid", "prepayment", "total", "price"];
const OWED: [&str; 3] = ["credit", "voucher", "refund"];

fn speaks_of(name: &str, words: &[&str]) -> bool {
    name.split('_').any(|word| words.contains(&word))
}

/// What the customer paid: for the period, or for so many months in advance.
fn fee(case: &Value) -> Value {
    let given = || case.pointer("/expected/amount").and_then(Value::as_object).into_iter().flatten();
    let named = |words: &[&str]| given().find(|(name, _)| speaks_of(name, words)).map(|(_, value)| value);
    let is_money = |name: &str| speaks_of(name, &PAID) && !speaks_of(name, &["months"]);
    let paid = given().find(|(name, _)| is_money(name)).map(|(_, paid)| amount(paid));
    let owed = named(&OWED).and_then(|owed| amount(owed).currency);
    let currency = paid.as_ref().and_then(|paid| paid.currency.clone()).or(named(&["currency"]).map(plain)).or(owed);
    let number = paid.map_or_else(|| "1000.00".to_owned(), |paid| paid.number);
    let mut fee = json!({"amount": number, "currency": currency.unwrap_or_else(|| "USD".to_owned())});
    if let Some(months) = named(&["months"]).and_then(|months| plain(months).parse::<u32>().ok()) {
        fee["prepaidMonths"] = json!(months);
    }
    fee
}

/// Compares what a credit comes to in money, or in units of the daily usage.
pub fn amount_is(credits: &Value, expected: &Value) -> Outcome {
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        match name.as_str() {
            "credits" => same(name, trimmed(&plain(&credits["dailyUsage"]["amount"])), trimmed(&plain(wanted)))?,
            "average_daily_credits" => {}
            n if speaks_of(n, &OWED) => {
                let nothing = json!("0.00");
                let found = credits.get("amount").unwrap_or(&nothing);
                same_amount(name, found, &credits["currency"], wanted)?;
            }
            n if speaks_of(n, &PAID) || speaks_of(n, &["months"]) => {}
            "currency" => same(name, credits["currency"].clone(), wanted.clone())?,
            _ => return Err(Miss::NotExpressible(format!("expected amount.{name}"))),
        }
    }
    Ok(())
}

/// The highest upper bound of a table: what the agreement promises.
pub fn best(tiers: Option<&Value>) -> Option<String> {
    let bounds = tiers?.as_array()?.iter().filter_map(|t| t.get("lt").or(t.get("lte"))).map(plain);
    // As many digits before the point, and as many behind it: then the order of texts is that of numbers.
    bounds.max_by_key(|bound| {
        let (whole, fraction) = bound.split_once('.').unwrap_or((bound, ""));
        format!("{whole:0>3}.{fraction:0<9}")
    })
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
        // "credit 0 = none".
        if trimmed(&credit) == "0" {
            continue;
        }
        let credit =
            if grant == "serviceDays" { json!(credit.parse::<i32>().unwrap_or_default()) } else { json!(credit) };
        written.insert(grant.to_owned(), credit);
        tiers.push(Value::Object(written));
    }
    Ok(tiers)
}
