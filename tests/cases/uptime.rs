//! Uptime and credit: a profile's way of measuring, its tiers, and a period of measurements.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::trimmed;
use crate::periods;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::{credits, exempt, measures};

/// The name of the one objective.
pub const OBJECTIVE: &str = "uptime";

pub fn run(case: &Value, profile: &Value, folder: &Path) -> Outcome {
    let expected = field(case, "expected")?;
    compare(expected, &scenario(case, profile)?.settle(folder)?)
}

/// The same case under an agreement that somebody wrote down for its profile.
pub fn under(agreement: &Value, case: &Value, profile: &Value, folder: &Path) -> Outcome {
    let mut scenario = scenario(case, profile)?;
    let name = agreement.pointer("/metadata/name").cloned().unwrap_or_default();
    for exclusion in &mut scenario.exclusions {
        exclusion["spec"]["agreement"] = name.clone();
        exclusion["metadata"]["namespace"] = agreement["metadata"]["namespace"].clone();
    }
    let own = std::mem::replace(&mut scenario.agreement, agreement.clone());
    theirs(&mut scenario.agreement, &own);
    compare(field(case, "expected")?, &scenario.settle(folder)?)
}

/// What an agreement leaves to each customer: where the clock hangs, when the service began, what is paid, which resources
/// there are.
fn theirs(agreement: &mut Value, own: &Value) {
    let mut copy = |path: &str, name: &str| {
        let value = own.pointer(path).and_then(|parent| parent.get(name)).cloned();
        let parent = agreement.pointer_mut(path).and_then(Value::as_object_mut);
        if let (Some(parent), Some(value)) = (parent, value) {
            parent.insert(name.to_owned(), value);
        }
    };
    copy("/spec", "timeZone");
    copy("/spec", "validity");
    copy("/spec/objectives/0/indicator", "members");
    copy("/spec/objectives/0", "displayDecimals");
    for name in ["amount", "prepaidMonths"] {
        copy("/spec/credits/fee", name);
    }
    copy("/spec/credits/dailyUsage", "amount");
}

fn compare(expected: &Value, settled: &Value) -> Outcome {
    let statement = settled.pointer("/periods/0/statement").cloned().unwrap_or_default();
    let objective = statement.pointer("/objectives/0").cloned().unwrap_or_default();
    same("uptime_ratio", objective["attainmentRatio"].clone(), field(expected, "uptime_ratio")?.clone())?;
    same("uptime_percent_trunc6", objective["attainment"].clone(), field(expected, "uptime_percent_trunc6")?.clone())?;
    if let Some(slo) = expected.get("slo_percent") {
        same("slo_percent", trimmed(&plain(&objective["target"])), trimmed(&plain(slo)))?;
    }
    let breached = objective["state"] == "Violated";
    same("breached", breached, field(expected, "breached")?.clone())?;
    let credits = &statement["credits"];
    if let Some(credit) = expected.get("credit") {
        credits::credit_is(credits, credit)?;
    }
    if let Some(display) = expected.get("display") {
        same("display", objective["displayed"].clone(), field(display, "text")?.clone())?;
    }
    match expected.get("amount") {
        Some(amount) => credits::amount_is(credits, amount),
        None => Ok(()),
    }
}

/// The manifests and measurements of an uptime case.
pub fn scenario(case: &Value, profile: &Value) -> Result<Scenario, Miss> {
    let input = field(case, "input")?;
    let period = periods::of(case)?;
    let measure = field(profile, "measure")?;
    let (mut objective, measured) = measures::measured(measure, input, &period)?;
    objective["name"] = json!(OBJECTIVE);
    objective["target"] = json!(promise(case, profile)?);
    if let Some(decimals) = case.pointer("/expected/display/decimals") {
        objective["displayDecimals"] = decimals.clone();
    }
    let mut scenario = Scenario::new(&objective, &period.spec, &period.zone);
    if let Some(validity) = period.validity.clone() {
        scenario.set("validity", validity);
    }
    scenario.period = Some(period.day.clone());
    scenario.slots_for(period.hours / 24, 1);
    scenario.measurements = json!({"objectives": measured});
    if let Some(credits) = credits::credits(case, profile)? {
        scenario.set("credits", credits);
    }
    exempt::exclude(&mut scenario, measure, input)?;
    Ok(scenario)
}

/// The promised figure: what the profile calls its objective, else the bound of its best tier.
fn promise(case: &Value, profile: &Value) -> Result<String, Miss> {
    if let Some(slo) = profile.get("slo").or_else(|| case.pointer("/expected/slo_percent")) {
        return Ok(plain(slo));
    }
    let first = profile.pointer("/tiers/0").ok_or_else(|| Miss::NotExpressible("no slo and no tier".to_owned()))?;
    text(first, "lt").or_else(|_| text(first, "lte"))
}
