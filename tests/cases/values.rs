//! Cases about single values: what is settled of them, beside what is expected.

use std::path::Path;

use serde_json::{Value, json};

use crate::amounts::whole;
use crate::credits;
use crate::known::only_where;
use crate::recovery::scenario;
use crate::rules::input_and_expected;
use crate::scenario::{Miss, Outcome, plain, same};

pub fn recovery_objective(case: &Value, folder: &Path) -> Outcome {
    let (_, expected) = input_and_expected(case)?;
    only_where("expected", expected, |name| {
        name.ends_with("breached") || ["limit_minutes", "credit_percent"].contains(&name)
    })?;
    let settled = scenario(case)?.settle(folder)?;
    let objectives = settled.pointer("/periods/0/statement/objectives").and_then(Value::as_array);
    let objectives: Vec<&Value> = objectives.into_iter().flatten().collect();
    for (key, breached) in expected.as_object().into_iter().flatten().filter(|(key, _)| key.ends_with("breached")) {
        let name = key.trim_end_matches("breached").trim_end_matches('_').replace('_', "-");
        let of = |o: &&&Value| if name.is_empty() { true } else { o["name"] == name.as_str() };
        let mut those = objectives.iter().filter(of).peekable();
        if those.peek().is_none() {
            return Err(Miss::NotExpressible(format!("expected {key}, and nothing of it was observed")));
        }
        same(key, those.any(|objective| objective["state"] == "Violated"), breached.clone())?;
    }
    if expected.get("limit_minutes").is_some() {
        let seconds = whole(expected, "limit_minutes")? * 60;
        let limit = settled.pointer("/values/0/limitSeconds").map(plain).unwrap_or_default();
        same("limit_seconds", limit, seconds.to_string())?;
    }
    let credits = settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default();
    match expected.get("credit_percent") {
        Some(percent) => credits::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
        None => Ok(()),
    }
}
