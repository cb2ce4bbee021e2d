//! The exclusions of a case, and the rules for them in the words of its profile.

use serde_json::{Map, Value, json};

use crate::amounts::whole;
use crate::numerals::cardinal;
use crate::phrases;
use crate::scenario::{Miss, Outcome, Scenario, text};

/// What an exclusion does to the figure: it leaves the denominator only where the profile says so.
pub fn effect(measure: &Value) -> &'static str {
    let net = measure.get("denominator").and_then(Value::as_str).is_some_and(|d| d.ends_with("minus_exclusions"));
    if net { "Exclude" } else { "CountAsGood" }
}

/// The exclusions of a case, under the rules that the profile's words give.
pub fn exclude(scenario: &mut Scenario, measure: &Value, input: &Value) -> Outcome {
    let Some(given) = input.get("exclusions").and_then(Value::as_array) else { return Ok(()) };
    let effect = effect(measure);
    let words = measure.get("exclusion_rule").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let words = phrases::words(&words);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut maintenance = json!({"reason": "Maintenance", "effect": effect});
    let needed = hours_before(&words, &["notice", "ahead", "advance"]);
    if let Some(hours) = needed {
        maintenance["minimumNotice"] = json!(format!("{hours}h"));
    }
    if let Some(hours) = hours_before(&words, &["year", "yearly", "annually"]) {
        maintenance["yearlyAllowance"] = json!(format!("{hours}h"));
    }
    let others = ["ForceMajeure", "CustomerCaused", "ThirdParty", "Suspension", "Agreed"];
    let others = others.map(|r| json!({"reason": r, "effect": effect}));
    let rules: Vec<Value> = std::iter::once(maintenance).chain(others).collect();
    scenario.set("exclusions", json!({"rules": rules}));
    used_before(scenario, input, given)?;
    for exclusion in given {
        let start = text(exclusion, "start")?;
        let from: jiff::Timestamp = start.parse().map_err(|e| Miss::NotExpressible(format!("exclusion start: {e}")))?;
        let given = |name: &str| whole(exclusion, name).ok();
        let notice = given("notice_hours").or(given("notice_days").map(|days| 24 * days));
        let mut spec = Map::new();
        spec.insert("reason".to_owned(), json!(reason(exclusion)));
        spec.insert("window".to_owned(), json!({"from": start, "until": text(exclusion, "end")?}));
        let announced = from - jiff::SignedDuration::from_hours(notice.unwrap_or(24 * 365));
        spec.insert("announcedAt".to_owned(), json!(announced.to_string()));
        // A notice that is too short fails by the rule of the agreement. Where something else failed, which the case does
        // not put into figures, nobody approved.
        let valid = exclusion.get("valid").and_then(Value::as_bool).unwrap_or(true);
        let too_short = notice.zip(needed).is_some_and(|(given, needed)| given < needed);
        scenario.exclude(spec, valid || too_short);
    }
    Ok(())
}

/// The length of time that stands before one of these words, in hours: `48 h notice`, `at most 12 hours per calendar year`.
fn hours_before(words: &[&str], of: &[&str]) -> Option<i64> {
    let at = words.iter().position(|word| of.contains(word))?;
    let before = words.get(at.saturating_sub(6)..at)?;
    let mut lengths = before.windows(2).filter_map(|pair| {
        let count = cardinal(pair.first()?)?;
        match *pair.last()? {
            "d" | "day" | "days" => Some(24 * count),
            "h" | "hour" | "hours" => Some(count),
            _ => None,
        }
    });
    lengths.next_back()
}

/// What was excluded of a yearly allowance before: in the hours before the first of these exclusions.
fn used_before(scenario: &mut Scenario, input: &Value, given: &[Value]) -> Outcome {
    let is_used = |name: &str| name.contains("used") && name.contains("hours");
    let fields = given.iter().filter_map(Value::as_object).flatten().chain(input.as_object().into_iter().flatten());
    let Some((name, used)) = fields.into_iter().find(|(name, _)| is_used(name)) else { return Ok(()) };
    let first = given.iter().filter_map(|e| e.get("start")?.as_str()?.parse::<jiff::Timestamp>().ok()).min();
    let hours = used.as_i64().or_else(|| used.as_str()?.parse().ok());
    let (Some(first), Some(hours)) = (first, hours) else {
        return Err(Miss::NotExpressible(format!("{name}: {used} is no number of hours")));
    };
    if hours == 0 {
        return Ok(());
    }
    let until = first - jiff::SignedDuration::from_hours(24);
    let mut spec = Map::new();
    spec.insert("reason".to_owned(), json!("Maintenance"));
    let from = until - jiff::SignedDuration::from_hours(hours);
    spec.insert("window".to_owned(), json!({"from": from.to_string(), "until": until.to_string()}));
    spec.insert("announcedAt".to_owned(), json!((from - jiff::SignedDuration::from_hours(24 * 60)).to_string()));
    scenario.exclude(spec, true);
    Ok(())
}

fn reason(exclusion: &Value) -> &'static str {
    let words = exclusion.get("reason").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    match words {
        w if w.contains("force majeure") => "ForceMajeure",
        w if w.contains("customer") => "CustomerCaused",
        w if w.contains("third part") => "ThirdParty",
        w if w.contains("suspen") => "Suspension",
        w if ["maintenance", "scheduled", "window", "planned"].iter().any(|m| w.contains(m)) => "Maintenance",
        _ => "Agreed",
    }
}
