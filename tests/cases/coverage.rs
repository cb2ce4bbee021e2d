//! Cases about what a promise covers: the facts of an instance against the words of the agreement.

use std::path::Path;

use serde_json::{Value, json};

use crate::arithmetic::first_number;
use crate::credits;
use crate::known::only;
use crate::measures;
use crate::money::{lost_month, objective};
use crate::rules::{input_and_expected, minutes};
use crate::scenario::{Outcome, field, plain, same, text};
use crate::uptime::OBJECTIVE;

pub fn coverage(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["covered", "credit_percent"])?;
    let source = case.get("source").map(plain).unwrap_or_default();
    let words = source.split_once(": ").map_or(source.as_str(), |(_, words)| words);
    let profile = profile(case, profiles, words);
    let demands =
        ["not_covered", "eligibility"].map(|name| profile["measure"].get(name).map(plain).unwrap_or_default());
    let demands = format!("{words}, {}", demands.join(", ")).to_lowercase();
    let (target, tiers) = match profile.get("tiers") {
        Some(tiers) => {
            (credits::best(Some(tiers)).unwrap_or_default(), credits::tiers(Some(tiers), "percentOfFee", OBJECTIVE)?)
        }
        None => ("99.9".to_owned(), vec![json!({"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"})]),
    };
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"}, "tiers": tiers}));
    scenario.set("objectives", json!([objective(OBJECTIVE, &target)]));
    let mut parameters = Vec::new();
    let mut conditions = Vec::new();
    for (name, value) in field(input, "instance")?.as_object().into_iter().flatten() {
        let (value, rule) = demand(name, value, &demands);
        parameters.push(json!({"name": name, "value": value}));
        conditions.extend(rule.map(|rule| json!({"message": format!("not covered: {rule}"), "rule": rule})));
    }
    scenario.set("parameters", json!(parameters));
    scenario.set("coveredWhen", json!(conditions));
    let from = "2025-06-10T00:00:00Z";
    let down = text(input, "downtime_minutes")?;
    let outage = json!({"start": from, "end": minutes(from, &down)?});
    let outages = measures::outages(Some(&json!([outage])), &Value::Null)?;
    scenario.measurements = json!({"objectives": [{"name": OBJECTIVE, "outages": outages}]});
    let settled = scenario.settle(folder)?;
    // A statement says so only where it is not.
    let covered = settled.pointer("/periods/0/statement/objectives/0/covered").and_then(Value::as_bool).unwrap_or(true);
    same("covered", covered, field(expected, "covered")?.clone())?;
    let credits = settled.pointer("/periods/0/statement/credits").cloned().unwrap_or_default();
    match expected.get("credit_percent") {
        Some(percent) => credits::credit_is(&credits, &json!({"kind": "percent", "value": plain(percent)})),
        None => Ok(()),
    }
}

/// The profile that the case names, else the one that leaves out what the case's source leaves out.
fn profile(case: &Value, profiles: &Value, source: &str) -> Value {
    let all = || profiles.as_object().into_iter().flatten();
    let named = case.get("profile").map(plain);
    let source = words(&source.to_lowercase());
    let is_meant = |profile: &Value| {
        let left_out = ["not_covered", "eligibility"].iter().find_map(|name| profile["measure"].get(*name));
        left_out.is_some_and(|text| words(&plain(text).to_lowercase()).iter().all(|w| source.contains(w)))
    };
    let found = match named {
        Some(named) => all().find(|(name, _)| **name == named),
        None => all().find(|(_, profile)| is_meant(profile)),
    };
    found.map(|(_, profile)| profile.clone()).unwrap_or_default()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric()).filter(|w| !w.is_empty()).map(str::to_owned).collect()
}

/// A fact of the instance as a parameter, and what is demanded of it.
///
/// A truth that the agreement leaves out by its name must not be so, and any other must be. A number, or the number of a
/// size such as `M10`, must reach the one that the agreement names with it; a text must not be one that is left out.
fn demand(name: &str, value: &Value, demands: &str) -> (String, Option<String>) {
    let known = words(demands);
    let says = |text: &str| words(&text.to_lowercase().replace('_', " ")).iter().all(|w| known.contains(w));
    let single = says("single zone");
    let text = plain(value);
    match value {
        Value::Bool(_) if says(name) && left_out(demands) => (text, Some(format!("!{name}"))),
        Value::Bool(_) => (text, Some(name.to_owned())),
        Value::Number(_) if single && name.contains("zone") => (text, Some(format!("{name} >= 2"))),
        Value::Number(_) => {
            let least = demands.split(">=").nth(1).or(demands.split("at least").nth(1)).and_then(first_number);
            (text, least.map(|least| format!("{name} >= {least}")))
        }
        _ if says(&text) && left_out(demands) => {
            let rule = format!("{name} != '{text}'");
            (text, Some(rule))
        }
        _ => match (size(&text), least_size(demands)) {
            (Some((kind, number)), Some((of, least))) if kind.eq_ignore_ascii_case(of) => {
                (number.to_owned(), Some(format!("{name} >= {least}")))
            }
            _ => (text.clone(), None),
        },
    }
}

/// Whether the words are about what is left out, and not about what is covered.
fn left_out(demands: &str) -> bool {
    ["exclu", "not covered", "outside", "no sla", "instances", "tiers"].iter().any(|word| demands.contains(word))
}

/// The least size that is covered: `M10+`, `M10 or larger`, `at least M10`.
fn least_size(demands: &str) -> Option<(&str, &str)> {
    let words: Vec<&str> = demands.split([' ', ',']).filter(|word| !word.is_empty()).collect();
    let at = |index: usize| words.get(index).copied().unwrap_or_default();
    let is_least = |index: usize| {
        let after =
            ["larger", "above", "higher", "bigger", "greater", "up"].iter().any(|w| at(index + 2).starts_with(w));
        let before = index.checked_sub(1).is_some_and(|before| ["least", ">="].contains(&at(before)));
        before || (after && ["or", "and"].contains(&at(index + 1)))
    };
    words.iter().enumerate().find_map(|(index, word)| match word.strip_suffix('+') {
        Some(word) => size(word),
        None => size(word).filter(|_| is_least(index)),
    })
}

/// A size in two parts: `M10` is `M` and `10`.
fn size(text: &str) -> Option<(&str, &str)> {
    let digits = text.find(|c: char| c.is_ascii_digit())?;
    let (kind, number) = text.split_at(digits);
    (!kind.is_empty() && number.bytes().all(|b| b.is_ascii_digit())).then_some((kind, number))
}
