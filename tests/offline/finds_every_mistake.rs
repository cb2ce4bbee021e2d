//! Every mistake that the API server refuses is found without it, in the same field.

use serde_json::Value;

use crate::command::check_text;
use crate::mistakes::{self, Mistake, broken};

/// The codes of what a definition says.
const OF_THE_DEFINITION: [&str; 3] = ["schema", "rule", "unknown_field"];

fn every_mistake_is_found(sound: &Value, mistakes: &[Mistake]) {
    let mut faults = Vec::new();
    for mistake in mistakes {
        let answer = check_text(&broken(sound, mistake).to_string());
        let (pointer, value, field, words) = mistake;
        let report = answer.json();
        let findings = report["findings"].as_array().unwrap();
        let named = findings.iter().find(|finding| {
            finding["field"] == *field
                && finding["severity"] == "Error"
                && OF_THE_DEFINITION.iter().any(|code| finding["code"] == *code)
        });
        match named {
            None => faults.push(format!("{pointer} = {value}: {field} is not named in {findings:?}")),
            // A rule says the same wherever it is checked.
            Some(rule) if rule["code"] == "rule" => {
                let message = rule["message"].as_str().unwrap();
                let missing = words.iter().filter(|words| !message.contains(**words));
                faults.extend(missing.map(|words| format!("{pointer} = {value}: {words:?} is missing in {message:?}")));
            }
            Some(_) => {}
        }
        if answer.code != 1 {
            faults.push(format!("{pointer} = {value}: exit code {}", answer.code));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn finds_every_mistake_in_an_agreement() {
    every_mistake_is_found(&mistakes::agreement(), &mistakes::of_agreements());
}

#[test]
fn finds_every_mistake_in_a_metrics_source() {
    every_mistake_is_found(&mistakes::source(), &mistakes::of_metrics_sources());
}

#[test]
fn finds_every_mistake_in_an_exclusion() {
    every_mistake_is_found(&mistakes::exclusion(), &mistakes::of_exclusions());
}

#[test]
fn finds_every_mistake_in_a_claim() {
    every_mistake_is_found(&mistakes::claim(), &mistakes::of_claims());
}

#[test]
fn finds_all_mistakes_of_a_file_at_once() {
    let lines = |manifests: Vec<Value>| manifests.iter().map(Value::to_string).collect::<Vec<_>>().join("\n---\n");
    let all =
        |sound: Value, mistakes: Vec<Mistake>| -> Vec<Value> { mistakes.iter().map(|m| broken(&sound, m)).collect() };
    let mut manifests = all(mistakes::agreement(), mistakes::of_agreements());
    manifests.extend(all(mistakes::source(), mistakes::of_metrics_sources()));
    let report = check_text(&lines(manifests.clone())).json();
    assert_eq!(report["checked"], manifests.len());
    let mut seen: Vec<u64> =
        report["findings"].as_array().unwrap().iter().map(|f| f["line"].as_u64().unwrap()).collect();
    seen.dedup();
    // Each manifest stands on one line, and the lines between them are separators.
    let expected: Vec<u64> = (0..manifests.len() as u64).map(|n| 2 * n + 1).collect();
    assert_eq!(seen, expected);
}
