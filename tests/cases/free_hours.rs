//! Cases about hours that are not charged.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::first_number;
use crate::known::only;
use crate::money::{credits_of, lost_month, objective, profile_with};
use crate::rules::input_and_expected;
use crate::scenario::{Miss, Outcome, field, plain, same};
use crate::uptime::OBJECTIVE;
use crate::{credits, exempt, measures, periods};

/// Under the profile that has a rule for free hours: the case's own, or the only one.
pub fn free_hours(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let known =
        ["hours_not_charged", "monthly_uptime_ratio", "uptime_ratio", "uptime_percent_trunc6", "credit_percent"];
    only("expected", expected, &known)?;
    let profile = profile_with(case, profiles, "free_hour_rule")?;
    let rule = profile.get("free_hour_rule").and_then(Value::as_str).unwrap_or("more than 6 minutes").to_lowercase();
    let minutes = rule.split("more than").nth(1).and_then(first_number);
    let minutes = minutes.ok_or_else(|| Miss::NotExpressible(format!("free hours when {rule}")))?;
    let remedy =
        json!({"name": "free-hours", "objective": OBJECTIVE, "freeHours": {"unavailableFor": format!("{minutes}m")}});
    let tiers = credits::tiers(profile.get("tiers"), "percentOfFee", OBJECTIVE)?;
    let target = credits::best(profile.get("tiers")).unwrap_or_else(|| "99.9".to_owned());
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
    exempt::exclude(&mut scenario, &profile["measure"], input)?;
    let settled = scenario.settle(folder)?;
    let credits = credits_of(&settled);
    let hours = credits.get("freeHours").cloned().unwrap_or_else(|| json!([]));
    same("hours_not_charged", hours, field(expected, "hours_not_charged")?.clone())?;
    if let Some(wanted) = expected.get("monthly_uptime_ratio").or(expected.get("uptime_ratio")) {
        let ratio = settled.pointer("/periods/0/statement/objectives/0/attainmentRatio").cloned();
        same("monthly_uptime_ratio", ratio, wanted.clone())?;
    }
    if let Some(wanted) = expected.get("uptime_percent_trunc6") {
        let percent = settled.pointer("/periods/0/statement/objectives/0/attainment").cloned();
        same("uptime_percent_trunc6", percent, wanted.clone())?;
    }
    match expected.get("credit_percent") {
        Some(percent) => credits::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
        None => Ok(()),
    }
}
