//! Cases about what is remarked on before an agreement is signed.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::trimmed;
use crate::credits;
use crate::money::objective;
use crate::rules::{input_and_expected, plain_month};
use crate::scenario::{Miss, Outcome, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn lint(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let mut scenario = plain_month();
    if input.get("tiers").is_some() {
        let slo = ["slo", "target", "promise"].iter().find_map(|name| input.get(*name)).map(plain);
        // The promise is what the best tier is about, so that only the table itself can be wrong.
        let best = best(input.get("tiers"));
        let target = slo.or(best).ok_or_else(|| Miss::NotExpressible("no target".to_owned()))?;
        scenario.set("objectives", json!([objective(OBJECTIVE, &target)]));
        let tiers = credits::tiers(input.get("tiers"), "percentOfFee", OBJECTIVE)?;
        scenario.set("credits", json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
    } else if let Some(slo) = ["slo", "target"].iter().find_map(|name| input.get(*name)) {
        scenario.set("objectives", json!([objective(OBJECTIVE, &plain(slo))]));
    }
    if let Some(parameters) = input.get("parameters").and_then(Value::as_object) {
        let listed: Vec<Value> = parameters.iter().map(|(n, v)| json!({"name": n, "value": plain(v)})).collect();
        scenario.set("parameters", json!(listed));
        let several = input.get("constraints").and_then(Value::as_array).cloned();
        let constraints = several.map_or_else(|| Ok(vec![field(input, "constraint")?.clone()]), Ok)?;
        let rule = |constraint: &Value| json!({"rule": rule(&plain(constraint)), "message": plain(constraint)});
        scenario.set("constraints", json!(constraints.iter().map(rule).collect::<Vec<_>>()));
    }
    if let Some(suppliers) = ["suppliers", "dependencies", "components"].iter().find_map(|name| input.get(*name)) {
        let listed: Vec<Value> = suppliers
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(i, s)| {
                let target = ["slo", "target", "availability"].iter().find_map(|n| s.get(*n)).unwrap_or(s);
                json!({"name": format!("supplier-{i}"), "target": plain(target)})
            })
            .collect();
        scenario.set("dependencies", json!(listed));
    }
    if let Some((_, keeps)) = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("retention")) {
        scenario.retention = Some(days(keeps)?);
    }
    if let Some((_, window)) = input.as_object().into_iter().flatten().find(|(key, _)| key.contains("window")) {
        scenario.set("period", json!({"rolling": days(window)?}));
        scenario.set("validity", json!({"from": "2025-06-01"}));
    }
    let found = scenario.check(folder)?;
    let wanted = text(expected, "finding")?;
    let findings = found["findings"].as_array().cloned().unwrap_or_default();
    let codes: Vec<String> = findings.iter().map(|f| plain(&f["code"])).collect();
    if matches!(wanted.as_str(), "none" | "ok" | "null") {
        return same("findings", codes, Vec::<String>::new());
    }
    let meant = meant(&wanted).ok_or_else(|| Miss::NotExpressible(format!("a finding called {wanted}")))?;
    let finding = findings.iter().find(|f| f["code"] == meant);
    let finding = finding.ok_or_else(|| Miss::Failed(format!("expected {wanted}, found {codes:?}: {found}")))?;
    match expected.get("at") {
        Some(at) => same("at", trimmed(&plain(&finding["at"])), trimmed(&plain(at))),
        None => Ok(()),
    }
}

/// The highest upper bound of a table.
fn best(tiers: Option<&Value>) -> Option<String> {
    let bounds = tiers?.as_array()?.iter().filter_map(|t| t.get("lt").or(t.get("lte"))).map(plain);
    // As many digits before the point, and as many behind it: then the order of texts is that of numbers.
    bounds.max_by_key(|bound| {
        let (whole, fraction) = bound.split_once('.').unwrap_or((bound, ""));
        format!("{whole:0>3}.{fraction:0<9}")
    })
}

/// A constraint in CEL, where it is written in the words of logic.
fn rule(constraint: &str) -> String {
    let words =
        constraint.replace(" and ", " && ").replace(" or ", " || ").replace(" AND ", " && ").replace(" OR ", " || ");
    let words = match words.strip_prefix("if ").and_then(|words| words.split_once(" then ")) {
        Some((if_this, then_that)) => format!("{if_this} => {then_that}"),
        None => words.replace(" implies ", " => ").replace(" -> ", " => "),
    };
    match words.split_once(" => ") {
        Some((if_this, then_that)) => format!("!({if_this}) || ({then_that})"),
        None => words,
    }
}

/// So many days, or a length that is written out.
fn days(given: &Value) -> Result<String, Miss> {
    let text = plain(given);
    let number = crate::arithmetic::first_number(&text).unwrap_or_default().to_owned();
    match text.trim_start_matches(&number).trim() {
        "" | "d" | "days" | "day" => Ok(format!("{number}d")),
        "h" | "hours" => Ok(format!("{number}h")),
        _ => Err(Miss::NotExpressible(format!("{text} is no number of days"))),
    }
}

/// One remark goes by several names among those who write of it: by what it is about, and what of it.
fn meant(finding: &str) -> Option<&'static str> {
    let has = |words: &[&str]| words.iter().any(|word| finding.contains(word));
    match () {
        () if has(&["composite", "supplier", "serial"]) => Some("promise_above_composite"),
        () if has(&["parameter", "constraint", "dependenc"]) => Some("parameter_dependency_violated"),
        () if has(&["retention", "window_beyond", "window_exceeds"]) => Some("period_beyond_retention"),
        () if has(&["100", "budget"]) => Some("target_not_below_100"),
        () if has(&["overlap"]) => Some("tier_overlap"),
        () if has(&["gap", "hole"]) => Some("tier_gap"),
        () if has(&["monoton", "decreas", "inverted"]) => Some("non_monotonic_credit"),
        () if has(&["unreachable", "dead", "shadow", "duplicate"]) => Some("unreachable_tier"),
        () if has(&["target", "promise", "slo", "met"]) => Some("tier_above_target"),
        () => None,
    }
}
