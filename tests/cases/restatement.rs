//! Cases about a month that was settled, and is settled again.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::amounts::{amount, same_amount};
use crate::arithmetic::seconds;
use crate::credits;
use crate::exempt;
use crate::known::only;
use crate::rules::input_and_expected;
use crate::scenario::{Miss, Outcome, Scenario, field, plain, same, text};
use crate::uptime;

/// What one of the two versions knew: seconds of downtime, and of an exclusion within it.
#[derive(Clone, Copy)]
struct Version {
    down: i64,
    excluded: i64,
}

/// What the second version knew better, the first statement did not know. Downtime that was not there after all is agreed
/// on after that statement, or what was agreed on is taken back; and so are exclusions by the profile's rule.
pub fn restatement(case: &Value, profiles: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    only("expected", expected, &["v1", "v2", "adjustment"])?;
    let profile = field(profiles, &text(input, "profile")?)?;
    let fee = input.get("fee").map_or_else(|| json!("1000.00"), Clone::clone);
    let (first, then) = (version(field(input, "v1")?)?, version(field(input, "v2")?)?);
    let issued = input.get("v1_issued").and_then(Value::as_bool).unwrap_or(true);
    let found = if issued {
        revisions(&twice(profile, &fee, first, then)?.settle(folder)?)
    } else {
        // What nobody issued is not restated: each is settled by itself.
        let mut alone = Vec::new();
        for version in [first, then] {
            alone.extend(revisions(&twice(profile, &fee, version, version)?.settle(folder)?));
        }
        alone
    };
    for (index, name) in ["v1", "v2"].iter().enumerate() {
        let revision = found.get(index).or(found.last()).cloned().unwrap_or_default();
        is_as_expected(name, &revision, field(expected, name)?)?;
    }
    let Some(wanted) = expected.get("adjustment") else { return Ok(()) };
    let adjustment = found.last().and_then(|r| r.pointer("/adjustment/amounts/0")).cloned();
    let currency = amount(&fee).currency.unwrap_or_else(|| "USD".to_owned());
    let adjustment = adjustment.unwrap_or_else(|| json!({"amount": "0.00", "currency": currency}));
    same_amount("adjustment", &adjustment["amount"], &adjustment["currency"], wanted)
}

fn is_as_expected(name: &str, revision: &Value, expected: &Value) -> Outcome {
    let objective = &revision["objectives"][0];
    for (figure, wanted) in expected.as_object().into_iter().flatten() {
        let name = format!("{name}.{figure}");
        match figure.as_str() {
            "uptime_ratio" => same(&name, objective["attainmentRatio"].clone(), wanted.clone())?,
            "uptime_percent_trunc6" => same(&name, objective["attainment"].clone(), wanted.clone())?,
            "breached" => same(&name, objective["state"] == "Violated", wanted.clone())?,
            "credit_percent" => {
                credits::credit_is(&revision["credits"], &json!({"kind": "percent", "value": plain(wanted)}))?;
            }
            "credit" => {
                let credits = &revision["credits"];
                same_amount(&name, &credits["amount"], &credits["currency"], wanted)?;
            }
            _ => return Err(Miss::NotExpressible(format!("expected {name}"))),
        }
    }
    Ok(())
}

fn version(given: &Value) -> Result<Version, Miss> {
    let whole = |name: &str| {
        let minutes = given.get(name).map_or_else(|| "0".to_owned(), plain);
        seconds(&minutes).ok_or_else(|| Miss::NotExpressible(format!("{name}: {minutes} minutes")))
    };
    only("version", given, &["downtime_minutes", "approved_exclusion_minutes"])?;
    field(given, "downtime_minutes")?;
    Ok(Version { down: whole("downtime_minutes")?, excluded: whole("approved_exclusion_minutes")? })
}

/// June, settled twice.
fn twice(profile: &Value, fee: &Value, first: Version, then: Version) -> Result<Scenario, Miss> {
    let start: Timestamp = "2025-06-10T00:00:00Z".parse().unwrap_or_default();
    let after = |seconds: i64| (start + SignedDuration::from_secs(seconds)).to_string();
    let down = first.down.max(then.down);
    let outages = if down > 0 { json!([{"start": after(0), "end": after(down)}]) } else { json!([]) };
    let month = json!({
        "period": {"start": "2025-06-01T00:00:00Z", "end": "2025-07-01T00:00:00Z", "tz": "UTC"},
        "input": {"outages": outages},
        "expected": {"amount": {"paid": fee}},
    });
    let mut scenario = uptime::scenario(&month, profile)?;
    scenario.period = Some("2025-06-01".to_owned());
    let effect = exempt::effect(field(profile, "measure")?);
    let agreed = json!({"reason": "Agreed", "effect": "CountAsGood"});
    scenario.set("exclusions", json!({"rules": [{"reason": "Maintenance", "effect": effect}, agreed]}));
    let mut exclude = |reason: &str, from: i64, until: i64, state: State| {
        if from < until {
            let mut spec = Map::new();
            spec.insert("reason".to_owned(), json!(reason));
            spec.insert("window".to_owned(), json!({"from": after(from), "until": after(until)}));
            // After the first statement was issued.
            let late = json!({"by": "customer-manager", "at": "2025-07-20T00:00:00Z"});
            match state {
                State::Always => None,
                State::Later => spec.insert("approval".to_owned(), late),
                State::NoLonger => spec.insert("revoked".to_owned(), late),
            };
            scenario.exclude(spec, true);
        }
    };
    let state = |more: bool| if more { State::Later } else { State::NoLonger };
    exclude("Agreed", first.down.min(then.down), down, state(then.down < first.down));
    let both = first.excluded.min(then.excluded);
    exclude("Maintenance", 0, both, State::Always);
    exclude("Maintenance", both, first.excluded.max(then.excluded), state(then.excluded > first.excluded));
    Ok(scenario)
}

/// When an exclusion holds.
enum State {
    Always,
    Later,
    NoLonger,
}

fn revisions(settled: &Value) -> Vec<Value> {
    settled.pointer("/periods/0/revisions").and_then(Value::as_array).cloned().unwrap_or_default()
}
