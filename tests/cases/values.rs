//! Cases about single values: what is settled of them, beside what is expected.

use std::path::Path;

use serde_json::{Value, json};

use crate::credits;
use crate::recovery::scenario;
use crate::rules::input_and_expected;
use crate::scenario::{Outcome, field, plain, same};

pub fn recovery_objective(case: &Value, folder: &Path) -> Outcome {
    let (_, expected) = input_and_expected(case)?;
    let settled = scenario(case)?.settle(folder)?;
    let objectives = settled.pointer("/periods/0/statement/objectives").and_then(Value::as_array);
    for objective in objectives.into_iter().flatten() {
        let name = objective.get("name").map(plain).unwrap_or_default();
        let key = format!("{}_breached", name.replace('-', "_"));
        if let Some(breached) = expected.get(&key).or(expected.get("breached")) {
            let state = objective.get("state").map(plain).unwrap_or_default();
            same(&key, state == "Violated", breached.clone())?;
        }
    }
    if expected.get("limit_minutes").is_some() {
        let seconds = field(expected, "limit_minutes")?.as_i64().unwrap_or_default() * 60;
        let limit = settled.pointer("/values/0/limitSeconds").map(plain).unwrap_or_default();
        same("limit_seconds", limit, seconds.to_string())?;
    }
    let credits = settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default();
    match expected.get("credit_percent") {
        Some(percent) => credits::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
        None => Ok(()),
    }
}
