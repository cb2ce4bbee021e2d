//! Several uptimes of one agreement: each by a profile of its own, settled and credited together.

use std::path::Path;

use serde_json::{Value, json};

use crate::known::only;
use crate::scenario::{Miss, Outcome, Scenario, field, same, text};
use crate::{credits, measures, money, periods, uptime};

/// `input` has a policy for the credits and, under `uptimes`, the profile of each name with its measurements; so has
/// `expected` the figures of each.
pub fn run(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = (field(case, "input")?, field(case, "expected")?);
    only("input", input, &["policy", "uptimes"])?;
    only("expected", expected, &["uptimes", "credit"])?;
    let period = periods::of(case)?;
    let uptimes = field(input, "uptimes")?.as_object().cloned().unwrap_or_default();
    let (mut objectives, mut measured, mut tiers) = (Vec::new(), Vec::new(), Vec::new());
    for (name, given) in &uptimes {
        let profile = field(profiles, &text(given, "profile")?)?;
        let (mut objective, mut told) = measures::measured(field(profile, "measure")?, given, &period)?;
        objective["name"] = json!(name);
        objective["target"] = json!(uptime::promise(case, profile)?);
        for told in &mut told {
            told["name"] = json!(name);
        }
        objectives.push(objective);
        measured.extend(told);
        tiers.extend(credits::tiers(profile.get("tiers"), "percentOfFee", name)?);
    }
    let first = objectives.first().ok_or_else(|| Miss::NotExpressible("no uptime".to_owned()))?;
    let mut scenario = Scenario::new(first, &period.spec, &period.zone);
    let combine = money::combine(&text(input, "policy")?)?;
    let fee = json!({"amount": "1000.00", "currency": "USD"});
    scenario.set("credits", json!({"fee": fee, "tiers": tiers, "combine": combine}));
    scenario.set("objectives", json!(objectives));
    if let Some(validity) = period.validity {
        scenario.set("validity", validity);
    }
    scenario.period = Some(period.day);
    scenario.measurements = json!({"objectives": measured});
    let settled = scenario.settle(folder)?;
    let statement = settled.pointer("/periods/0/statement").cloned().unwrap_or_default();
    let wanted = field(expected, "uptimes")?;
    only("expected uptimes", wanted, &uptimes.keys().map(String::as_str).collect::<Vec<_>>())?;
    let found = statement["objectives"].as_array().cloned().unwrap_or_default();
    same("number of uptimes", found.len(), uptimes.len())?;
    for objective in &found {
        let wanted = field(wanted, &text(objective, "name")?)?;
        only("expected", wanted, &["uptime_ratio", "uptime_percent_trunc6", "breached"])?;
        uptime::attained(objective, wanted)?;
    }
    credits::credit_is(&statement["credits"], field(expected, "credit")?)
}
