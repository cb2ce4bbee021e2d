//! Uptime and credit: a profile's way of measuring, its tiers, and a period of measurements.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::trimmed;
use crate::known::only;
use crate::periods;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same};
use crate::{credits, exempt, measures};

/// The name of the one objective.
pub const OBJECTIVE: &str = "uptime";

pub fn run(case: &Value, profile: &Value, folder: &Path) -> Outcome {
    as_expected(scenario(case, profile)?, field(case, "expected")?, folder)
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
    as_expected(scenario, field(case, "expected")?, folder)
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
    for name in ["amount", "currency", "prepaidMonths"] {
        copy("/spec/credits/fee", name);
    }
    copy("/spec/credits/dailyUsage", "amount");
}

/// Settles, and compares. What days of service are worth is asked for by those who are billed by the month: that is settled
/// for them.
fn as_expected(mut scenario: Scenario, expected: &Value, folder: &Path) -> Outcome {
    let mut settled = scenario.settle(folder)?;
    compare(expected, &settled)?;
    let Some(amount) = expected.get("amount") else { return Ok(()) };
    if expected.pointer("/credit/kind").is_some_and(|kind| kind == "service_days") {
        scenario.agreement["spec"]["credits"]["serviceDays"] = json!("MonetaryValue");
        settled = scenario.settle(folder)?;
    }
    credits::amount_is(&settled["periods"][0]["statement"]["credits"], amount)
}

fn compare(expected: &Value, settled: &Value) -> Outcome {
    let known = ["uptime_ratio", "uptime_percent_trunc6", "slo_percent", "breached", "credit", "display", "amount"];
    only("expected", expected, &known)?;
    let statement = settled.pointer("/periods/0/statement").cloned().unwrap_or_default();
    let objective = statement.pointer("/objectives/0").cloned().unwrap_or_default();
    attained(&objective, expected)?;
    if let Some(slo) = expected.get("slo_percent") {
        same("slo_percent", trimmed(&plain(&objective["target"])), trimmed(&plain(slo)))?;
    }
    let credits = &statement["credits"];
    if let Some(credit) = expected.get("credit") {
        credits::credit_is(credits, credit)?;
    }
    if let Some(display) = expected.get("display") {
        only("expected display", display, &["decimals", "text"])?;
        same("display", objective["displayed"].clone(), field(display, "text")?.clone())?;
    }
    Ok(())
}

/// Compares what a statement says of an objective.
pub fn attained(objective: &Value, expected: &Value) -> Outcome {
    same("uptime_ratio", objective["attainmentRatio"].clone(), field(expected, "uptime_ratio")?.clone())?;
    same("uptime_percent_trunc6", objective["attainment"].clone(), field(expected, "uptime_percent_trunc6")?.clone())?;
    same("breached", objective["state"] == "Violated", field(expected, "breached")?.clone())
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
    scenario.measurements = json!({"objectives": measured});
    if let Some(credits) = credits::credits(case, profile)? {
        scenario.set("credits", credits);
    }
    exempt::exclude(&mut scenario, measure, input)?;
    Ok(scenario)
}

/// The promised figure: what the profile calls its objective, else the bound of its best tier.
pub fn promise(case: &Value, profile: &Value) -> Result<String, Miss> {
    if let Some(slo) = profile.get("slo").or_else(|| case.pointer("/expected/slo_percent")) {
        return Ok(plain(slo));
    }
    credits::best(profile.get("tiers")).ok_or_else(|| Miss::NotExpressible("no slo and no tier".to_owned()))
}
