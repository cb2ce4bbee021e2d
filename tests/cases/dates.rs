//! Cases about dates and what follows a breach: cure, the end of the agreement, payment, deposit, detection.

use std::path::Path;

use serde_json::{Value, json};

use crate::amounts::{amount, same_amount, whole};
use crate::arithmetic::{self, trimmed};
use crate::known::only;
use crate::money::objective;
use crate::rules::{calendar, first_instant, input_and_expected, minutes, moment, plain_month, zone_of};
use crate::scenario::{Miss, Outcome, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn cure_period(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let is_demand = |name: &str| ["notice", "demand"].iter().any(|word| name.contains(word));
    let demanded = input.as_object().into_iter().flatten().find(|(name, at)| is_demand(name) && at.is_string());
    let demanded = demanded.map(|(_, at)| plain(at));
    let demanded = demanded.ok_or_else(|| Miss::NotExpressible("no demand".to_owned()))?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"cureDays": whole(input, "cure_days")?}));
    let zone = input.get("tz").map_or_else(|| zone_of(&demanded), |zone| Ok(plain(zone)))?;
    let day_only = demanded.len() == 10;
    let demanded = if day_only { first_instant(&demanded, &zone)?.to_string() } else { demanded };
    scenario.set("timeZone", json!(zone));
    scenario.measurements = json!({"demands": [{"at": demanded}]});
    for name in ["cured_at", "remedied_at"] {
        if let Some(at) = input.get(name).filter(|at| at.is_string()) {
            scenario.measurements["demands"][0]["curedAt"] = at.clone();
        }
    }
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/demands/0").cloned().unwrap_or_default();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        match wanted {
            Value::Bool(_) if name.contains("terminat") => same(name, found["mayEnd"].clone(), wanted.clone())?,
            Value::Bool(cured) => same(name, found["mayEnd"].clone(), !cured)?,
            _ if day_only => same(name, day_in(&plain(&found["cureBy"]), &zone)?, wanted.clone())?,
            _ => moment(name, &json!({"at": found["cureBy"]}), wanted)?,
        }
    }
    Ok(())
}

/// The day of an instant in a zone.
fn day_in(instant: &str, zone: &str) -> Result<String, Miss> {
    let refuse = |e: jiff::Error| Miss::Failed(format!("{instant} in {zone}: {e}"));
    let at: jiff::Timestamp = instant.parse().map_err(refuse)?;
    Ok(at.in_tz(zone).map_err(refuse)?.date().to_string())
}

pub fn termination(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["earliest_end"])?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"terminationNoticeDays": whole(input, "notice_days")?}));
    scenario.measurements = json!({"terminationNotice": text(input, "notice_on")?});
    let settled = scenario.settle(folder)?;
    same("earliest_end", settled["termination"]["earliestEnd"].clone(), field(expected, "earliest_end")?.clone())
}

pub fn offset(case: &Value, folder: &Path) -> Outcome {
    const CARRIED: [&str; 3] = ["carried", "carried_over", "carried_forward"];
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &[&["pay_by", "next_settlement_net"], CARRIED.as_slice()].concat())?;
    let mut scenario = plain_month();
    let mut payment = json!({"offset": true});
    match input.get("pay_within_days") {
        Some(_) => payment["withinDays"] = json!(whole(input, "pay_within_days")?),
        None => payment["withinWorkingDays"] = json!(whole(input, "pay_within_working_days")?),
    }
    scenario.set("settlement", json!({"payment": payment}));
    let penalty = amount(field(input, "penalty")?);
    let gross = amount(field(input, "next_settlement_gross")?);
    // Amounts are in the currency of the fee.
    let currency = penalty.currency.or(gross.currency).or(input.get("currency").map(plain));
    let fee = json!({"amount": "1000.00", "currency": currency.unwrap_or_else(|| "CNY".to_owned())});
    scenario.set(
        "credits",
        json!({"fee": fee, "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}),
    );
    if let Some(calendar) = calendar(input) {
        scenario.set("calendar", calendar);
    }
    let mut settle = |paid: bool| {
        scenario.measurements = json!({
            "notified": [{"on": text(input, "notified_on")?, "amount": penalty.number, "paid": paid}],
            "nextSettlement": {"gross": gross.number},
        });
        scenario.settle(folder)
    };
    let mut settled = settle(input.get("paid").and_then(Value::as_bool).unwrap_or_default())?;
    // Whether it was paid in time is known when it is known by when it had to be.
    if let Some(on) = input.get("paid_on").or(input.get("paid_at")).filter(|on| on.is_string()) {
        let due = settled.pointer("/payments/0/payBy").map(plain).unwrap_or_default();
        settled = settle(plain(on).get(..10).is_some_and(|on| on <= due.as_str()))?;
    }
    same("pay_by", settled.pointer("/payments/0/payBy").cloned(), field(expected, "pay_by")?.clone())?;
    let next = settled.pointer("/nextSettlement").cloned().unwrap_or_default();
    let wanted = field(expected, "next_settlement_net")?;
    same_amount("next_settlement_net", &next["net"], &next["currency"], wanted)?;
    match CARRIED.iter().find_map(|name| expected.get(*name)) {
        Some(carried) => same_amount("carried", &next["carried"], &next["currency"], carried),
        None => Ok(()),
    }
}

pub fn deposit(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let given = amount(field(input, "deposit")?);
    let currency = given.currency.or(input.get("currency").map(plain)).unwrap_or_else(|| "CNY".to_owned());
    let mut scenario = plain_month();
    let deposit = json!({"amount": given.number, "currency": currency, "holdMonths": whole(input, "hold_months")?,
                         "refundWithinDays": whole(input, "refund_within_days")?});
    scenario.set("settlement", json!({"deposit": deposit}));
    let severe = input.get("severe_breach").and_then(Value::as_bool).unwrap_or_default();
    scenario.measurements = json!({"ended": text(input, "cooperation_end")?, "severeBreach": severe});
    let found = scenario.settle(folder)?["deposit"].clone();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        match name.as_str() {
            "refund" => same_amount(name, &found["refund"], &found["currency"], wanted)?,
            "currency" => same(name, found["currency"].clone(), wanted.clone())?,
            "refund_between" if wanted.is_array() => {
                same(name, json!([found["refundFrom"], found["refundUntil"]]), wanted.clone())?;
            }
            "refund_from" | "refund_not_before" | "refund_earliest" | "earliest_refund" => {
                same(name, found["refundFrom"].clone(), wanted.clone())?;
            }
            "refund_by" | "refund_until" | "refund_deadline" | "refund_latest" | "latest_refund" => {
                same(name, found["refundUntil"].clone(), wanted.clone())?;
            }
            // Where nothing is returned, there is no time for it.
            "refund_between" if wanted.is_null() => {}
            _ => return Err(Miss::NotExpressible(format!("expected {name}"))),
        }
    }
    Ok(())
}

pub fn detection(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["violation", "classification"])?;
    let allowed = text(input, "allowed_minutes")?;
    let mut scenario = plain_month();
    // At 99.9 a thousand times as long is what allows it.
    scenario.set("objectives", json!([objective(OBJECTIVE, "99.9")]));
    let seconds = arithmetic::seconds(&arithmetic::thousandfold(&allowed))
        .ok_or_else(|| Miss::NotExpressible(format!("an allowance of {allowed} minutes")))?;
    scenario.set("period", json!({"rolling": format!("{}m{}s", seconds / 60, seconds % 60)}));
    scenario.set("validity", json!({"from": "2025-06-10"}));
    let from = "2025-06-10T00:00:00Z";
    let lasted = text(input, "outage_minutes")?;
    // What took no time is written as a second, which is the least there is.
    let until = if trimmed(&lasted) == "0" { "2025-06-10T00:00:01Z".to_owned() } else { minutes(from, &lasted)? };
    let by = who(&text(input, "detected_by")?)?;
    scenario.period = None;
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

/// Whose eyes saw it first: the monitoring is the provider's.
fn who(words: &str) -> Result<&'static str, Miss> {
    let words = words.to_lowercase();
    let has =
        |starts: &[&str]| words.split(|c: char| !c.is_alphanumeric()).any(|w| starts.iter().any(|s| w.starts_with(s)));
    match () {
        () if has(&["customer", "client", "user", "consumer", "buyer", "subscriber"]) => Ok("Customer"),
        () if has(&["provider", "operat", "monitor", "supplier", "vendor", "seller", "alert"]) => Ok("Provider"),
        () => Err(Miss::NotExpressible(format!("detected by {words}"))),
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
