//! Cases about dates and what follows a breach: claims, cure, the end of the agreement, payment, deposit, detection.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic;
use crate::money::{lost_month, objective};
use crate::phrases;
use crate::rules::{calendar, first_instant, input_and_expected, minutes, moment, plain_month, zone_of};
use crate::scenario::{Miss, Outcome, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn claim_deadline(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let terms = phrases::deadlines(&text(case, "source")?, input.get("eligible_at").is_some())?;
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}));
    scenario.set("period", billed(input, terms.quarterly)?);
    let mut settlement = json!({"grant": "OnClaim", "deadlines": terms.deadlines});
    if let Some(open) = terms.open {
        settlement["claimsOpen"] = open;
    }
    scenario.set("settlement", settlement);
    if let Some(calendar) = calendar(input) {
        scenario.set("calendar", calendar);
    }
    let given =
        ["eligible_at", "incident", "incident_at", "aware_at", "month", "period_end", "month_end", "quarter_end"];
    let given = given.iter().find_map(|name| input.get(*name)).map(plain);
    let given = given.ok_or_else(|| Miss::NotExpressible("no incident".to_owned()))?;
    let zone = match ["tz", "time_zone", "zone"].iter().find_map(|name| input.get(*name)) {
        Some(zone) => plain(zone),
        None => zone_of(&given)?,
    };
    let day = |day: String| Ok::<_, Miss>(first_instant(&day, &zone)?.to_string());
    let from = match given.len() {
        7 => day(format!("{given}-01"))?,
        10 => day(given.clone())?,
        _ => given.clone(),
    };
    scenario.set("timeZone", json!(zone));
    scenario.period = given.get(..7).map(|month| format!("{month}{}", given.get(7..10).unwrap_or("-01")));
    let mut incident = json!({"from": from});
    if input.get("aware_at").is_some() {
        let aware = text(input, "aware_at")?;
        incident["awareAt"] = json!(if aware.len() == 10 { day(aware)? } else { aware });
    }
    scenario.measurements = json!({"incidents": [incident]});
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/incidents/0").cloned().unwrap_or_default();
    let deadlines = found["deadlines"].as_array().cloned().unwrap_or_default();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let due = if is(&["open", "earliest", "from", "start", "begin"]) {
            found["claimsOpen"].clone()
        } else {
            let wanted = match () {
                () if is(&["ticket"]) => "ticket",
                () if is(&["notify", "notice"]) => "notice",
                () => "claim",
            };
            match deadlines.as_slice() {
                // Whatever it is called, there is no other.
                [only] => only.clone(),
                several => several.iter().find(|d| d["name"] == wanted).cloned().unwrap_or_default(),
            }
        };
        moment(name, &due, wanted)?;
    }
    Ok(())
}

/// The settlement period in which claims are reckoned: what is billed, or a quarter of the year that the case implies.
fn billed(input: &Value, quarterly: bool) -> Result<Value, Miss> {
    if quarterly {
        let end = ["quarter_end", "period_end"].iter().find_map(|name| input.get(*name)).map(plain);
        let last: Option<jiff::civil::Date> = end.and_then(|end| end.get(..10)?.parse().ok());
        // A quarter that ends with April belongs to a year that begins with February, May, August or November.
        return Ok(json!({"calendar": "Quarter", "yearStartsIn": last.map_or(1, |last| last.month() % 12 + 1)}));
    }
    let cycle = input.get("billing_cycle").map(plain).unwrap_or_default();
    let anchor = input.get("billing_anchor_day").or(input.get("anchor_day")).map(plain);
    let day = anchor.or_else(|| cycle.split(|c: char| !c.is_alphanumeric()).find_map(place));
    match day {
        Some(day) => {
            let day: i64 = day.parse().map_err(|_| Miss::NotExpressible(format!("billing from the {day}")))?;
            Ok(json!({"billing": {"anchorDay": day}}))
        }
        None if cycle.is_empty() || cycle.contains("month") => Ok(json!({"calendar": "Month"})),
        None => Err(Miss::NotExpressible(format!("billing cycle {cycle}"))),
    }
}

fn place(word: &str) -> Option<String> {
    crate::numerals::ordinal(word).or_else(|| word.parse().ok()).map(|day: i64| day.to_string())
}

pub fn cure_period(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let demanded = text(input, "notice_at")?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"cureDays": field(input, "cure_days")?}));
    let zone = input.get("tz").map_or_else(|| zone_of(&demanded), |zone| Ok(plain(zone)))?;
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
            _ => moment(name, &json!({"at": found["cureBy"]}), wanted)?,
        }
    }
    Ok(())
}

pub fn termination(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"terminationNoticeDays": field(input, "notice_days")?}));
    scenario.measurements = json!({"terminationNotice": text(input, "notice_on")?});
    let settled = scenario.settle(folder)?;
    same("earliest_end", settled["termination"]["earliestEnd"].clone(), field(expected, "earliest_end")?.clone())
}

pub fn offset(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    let mut payment = json!({"offset": true});
    match input.get("pay_within_days") {
        Some(days) => payment["withinDays"] = days.clone(),
        None => payment["withinWorkingDays"] = field(input, "pay_within_working_days")?.clone(),
    }
    scenario.set("settlement", json!({"payment": payment}));
    if let Some(calendar) = calendar(input) {
        scenario.set("calendar", calendar);
    }
    let paid = input.get("paid").and_then(Value::as_bool).unwrap_or_default();
    scenario.measurements = json!({
        "notified": [{"on": text(input, "notified_on")?, "amount": text(input, "penalty")?, "paid": paid}],
        "nextSettlement": {"gross": text(input, "next_settlement_gross")?},
    });
    let settled = scenario.settle(folder)?;
    same("pay_by", settled.pointer("/payments/0/payBy").cloned(), field(expected, "pay_by")?.clone())?;
    let next = settled.pointer("/nextSettlement").cloned().unwrap_or_default();
    same("next_settlement_net", next["net"].clone(), field(expected, "next_settlement_net")?.clone())?;
    match ["carried", "carried_over", "carried_forward"].iter().find_map(|name| expected.get(*name)) {
        Some(carried) => same("carried", next["carried"].clone(), carried.clone()),
        None => Ok(()),
    }
}

pub fn deposit(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let given = text(input, "deposit")?;
    let (amount, currency) = given.split_once(' ').unwrap_or((&given, "CNY"));
    let mut scenario = plain_month();
    let deposit = json!({"amount": amount, "currency": currency, "holdMonths": field(input, "hold_months")?,
                         "refundWithinDays": field(input, "refund_within_days")?});
    scenario.set("settlement", json!({"deposit": deposit}));
    let severe = input.get("severe_breach").and_then(Value::as_bool).unwrap_or_default();
    scenario.measurements = json!({"ended": text(input, "cooperation_end")?, "severeBreach": severe});
    let found = scenario.settle(folder)?["deposit"].clone();
    if let Some(between) = expected.get("refund_between").filter(|b| b.is_array()) {
        same("refund_between", json!([found["refundFrom"], found["refundUntil"]]), between.clone())?;
    }
    same("refund", format!("{} {}", plain(&found["refund"]), plain(&found["currency"])), text(expected, "refund")?)
}

pub fn detection(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let allowed = text(input, "allowed_minutes")?;
    let mut scenario = plain_month();
    // At 99.9 a thousand times as long is what allows it.
    scenario.set("objectives", json!([objective(OBJECTIVE, "99.9")]));
    let seconds = arithmetic::seconds(&arithmetic::thousandfold(&allowed))
        .ok_or_else(|| Miss::NotExpressible(format!("an allowance of {allowed} minutes")))?;
    scenario.set("period", json!({"rolling": format!("{}m{}s", seconds / 60, seconds % 60)}));
    scenario.set("validity", json!({"from": "2025-06-10"}));
    let from = "2025-06-10T00:00:00Z";
    let until = minutes(from, &text(input, "outage_minutes")?)?;
    let by = if text(input, "detected_by")?.starts_with("provider") { "Provider" } else { "Customer" };
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
