//! Cases about dates and what follows a breach: claims, cure, the end of the agreement, payment, deposit, detection.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::trimmed;
use crate::money::{lost_month, objective};
use crate::phrases;
use crate::rules::{input_and_expected, minutes, moment, plain_month};
use crate::scenario::{Miss, Outcome, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn claim_deadline(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let terms = phrases::deadlines(&text(case, "source")?)?;
    let quarter = terms.quarterly;
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}));
    scenario.set("period", json!({"calendar": if quarter { "Quarter" } else { "Month" }}));
    let mut settlement = json!({"grant": "OnClaim", "deadlines": terms.deadlines});
    if let Some(open) = terms.open {
        settlement["claimsOpen"] = open;
    }
    scenario.set("settlement", settlement);
    if let Some(holidays) = input.get("holidays") {
        scenario.set("calendar", json!({"holidays": holidays}));
    }
    let given = ["incident", "aware_at", "incident_at", "eligible_at", "month", "period_end", "quarter_end"];
    let given = given.iter().find_map(|name| input.get(*name)).map(plain);
    let given = given.ok_or_else(|| Miss::NotExpressible("no incident".to_owned()))?;
    let from = match given.len() {
        7 => format!("{given}-01T00:00:00Z"),
        10 => format!("{given}T00:00:00Z"),
        _ => given,
    };
    scenario.period = from.get(..10).map(str::to_owned);
    let mut incident = json!({"from": from});
    if input.get("aware_at").is_some() {
        incident["awareAt"] = json!(text(input, "aware_at")?);
    }
    scenario.measurements = json!({"incidents": [incident]});
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/incidents/0").cloned().unwrap_or_default();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        let due = match name.as_str() {
            "opens" | "claims_open" | "earliest" | "earliest_claim" | "window_opens" | "from" => {
                found["claimsOpen"].clone()
            }
            name => {
                let wanted_name = if name.contains("ticket") {
                    "ticket"
                } else if name.contains("notify") || name.contains("notice") {
                    "notice"
                } else {
                    "claim"
                };
                let list = found["deadlines"].as_array().into_iter().flatten();
                list.into_iter().find(|d| d["name"] == wanted_name).cloned().unwrap_or_default()
            }
        };
        moment(name, &due, wanted)?;
    }
    Ok(())
}

pub fn cure_period(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    scenario.set("settlement", json!({"cureDays": field(input, "cure_days")?}));
    scenario.set("timeZone", json!("Asia/Shanghai"));
    scenario.measurements = json!({"demands": [{"at": text(input, "notice_at")?}]});
    let settled = scenario.settle(folder)?;
    let by = settled.pointer("/demands/0/cureBy").cloned().unwrap_or_default();
    moment("cure_deadline", &json!({"at": by}), field(expected, "cure_deadline")?)
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
    let days = field(input, "pay_within_days")?;
    scenario.set("settlement", json!({"payment": {"withinDays": days, "offset": true}}));
    let paid = input.get("paid").and_then(Value::as_bool).unwrap_or_default();
    scenario.measurements = json!({
        "notified": [{"on": text(input, "notified_on")?, "amount": text(input, "penalty")?, "paid": paid}],
        "nextSettlement": {"gross": text(input, "next_settlement_gross")?},
    });
    let settled = scenario.settle(folder)?;
    same("pay_by", settled.pointer("/payments/0/payBy").cloned(), field(expected, "pay_by")?.clone())?;
    let net = settled.pointer("/nextSettlement/net").cloned();
    same("next_settlement_net", net, field(expected, "next_settlement_net")?.clone())
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
    // 43.2 minutes are 0.1 percent of 30 days; any allowance in minutes is its hundredth over 432 in percent.
    let allowed = text(input, "allowed_minutes")?;
    let target = match trimmed(&allowed) {
        "43.2" => "99.9",
        "21.6" => "99.95",
        "4.32" => "99.99",
        "216" => "99.5",
        "432" => "99",
        other => return Err(Miss::NotExpressible(format!("an allowance of {other} minutes is no plain target"))),
    };
    let mut scenario = plain_month();
    scenario.set("objectives", json!([objective(OBJECTIVE, target)]));
    let from = "2025-06-10T00:00:00Z";
    let until = minutes(from, &text(input, "outage_minutes")?)?;
    let by = if text(input, "detected_by")?.starts_with("provider") { "Provider" } else { "Customer" };
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
