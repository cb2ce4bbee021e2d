//! Cases about when a credit is to be claimed: the words of an agreement, and one date.

use std::path::Path;

use jiff::civil::Date;
use serde_json::{Value, json};

use crate::money::lost_month;
use crate::phrases::{self, Given};
use crate::rules::{calendar, first_instant, input_and_expected, moment, zone_of};
use crate::scenario::{Miss, Outcome, plain, text};
use crate::uptime::OBJECTIVE;

pub fn claim_deadline(case: &Value, folder: &Path) -> Outcome {
    let (input, expected) = input_and_expected(case)?;
    let told = told(input)?;
    let terms = phrases::deadlines(&text(case, "source")?, told.given)?;
    let mut scenario = lost_month(json!({"fee": {"amount": "100.00", "currency": "USD"},
        "tiers": [{"objective": OBJECTIVE, "below": "99.9", "percentOfFee": "10"}]}));
    scenario.set("period", billed(input, terms.quarterly || told.is_quarter)?);
    let mut settlement = json!({"grant": "OnClaim", "deadlines": terms.deadlines});
    if let Some(open) = terms.open {
        settlement["claimsOpen"] = open;
    }
    scenario.set("settlement", settlement);
    if let Some(calendar) = calendar(input) {
        scenario.set("calendar", calendar);
    }
    let zone = match ["tz", "time_zone", "zone"].iter().find_map(|name| input.get(*name)) {
        Some(zone) => plain(zone),
        None => zone_of(&told.at)?,
    };
    let instant = |at: String| match at.len() {
        10 => Ok::<_, Miss>(first_instant(&at, &zone)?.to_string()),
        _ => Ok(at),
    };
    scenario.set("timeZone", json!(zone));
    scenario.period = told.at.get(..10).map(str::to_owned);
    let mut incident = json!({"from": instant(told.at)?});
    if let Some(aware) = told.aware {
        incident["awareAt"] = json!(instant(aware)?);
    }
    scenario.measurements = json!({"incidents": [incident]});
    let settled = scenario.settle(folder)?;
    let found = settled.pointer("/incidents/0").cloned().unwrap_or_default();
    let deadlines = found["deadlines"].as_array().cloned().unwrap_or_default();
    for (name, wanted) in expected.as_object().into_iter().flatten() {
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let due = if is(&["open", "earliest", "from", "start", "begin", "not_before"]) {
            found["claimsOpen"].clone()
        } else {
            let wanted = match () {
                () if is(&["ticket"]) => "ticket",
                () if is(&["notify", "notice"]) => "notice",
                () => "claim",
            };
            match deadlines.as_slice() {
                // Whatever it is called, there is no other.
                [only] => only.clone(),
                several => several.iter().find(|d| d["name"] == wanted).cloned().unwrap_or_default(),
            }
        };
        moment(name, &due, wanted)?;
    }
    Ok(())
}

/// What a case says happened, and when: an instant or a day.
struct Told {
    at: String,
    given: Given,
    is_quarter: bool,
    aware: Option<String>,
}

/// The date of a case, whatever it is called. Of several, that of becoming eligible comes first, then that of what
/// happened, of becoming aware of it, and of the period.
fn told(input: &Value) -> Result<Told, Miss> {
    let mut found: Vec<(u8, Told)> = Vec::new();
    for (name, value) in input.as_object().into_iter().flatten() {
        let Some((at, is_quarter, is_period)) = value.as_str().and_then(date) else { continue };
        let is = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let (rank, given) = match () {
            () if is(&["eligib"]) => (0, Given::Eligible),
            () if is(&["aware", "discover", "knowledge", "noticed"]) => (2, Given::Incident),
            () if is_period || is(&["month", "quarter", "period", "cycle"]) => (3, Given::Period),
            () => (1, Given::Incident),
        };
        let aware = (rank == 2).then(|| at.clone());
        found.push((rank, Told { at, given, is_quarter, aware }));
    }
    let aware = found.iter().find_map(|(_, told)| told.aware.clone());
    let first = found.into_iter().min_by_key(|(rank, _)| *rank).map(|(_, told)| told);
    let first = first.ok_or_else(|| Miss::NotExpressible("no date of anything".to_owned()))?;
    Ok(Told { aware, ..first })
}

/// An instant, a day, the first day of a month, or the last day of a quarter: `2025-Q3`. With whether it is a quarter,
/// and whether it is a period at all.
fn date(text: &str) -> Option<(String, bool, bool)> {
    if let Some((year, quarter)) = text.split_once("-Q").or_else(|| text.split_once(" Q")) {
        let first: Date = format!("{year}-{:02}-01", 3 * quarter.parse::<u8>().ok()?).parse().ok()?;
        return Some((first.last_of_month().to_string(), true, true));
    }
    if text.len() == 7 {
        let first: Date = format!("{text}-01").parse().ok()?;
        return Some((first.to_string(), false, true));
    }
    let day: Date = text.get(..10)?.parse().ok()?;
    if text.len() == 10 {
        return Some((day.to_string(), false, false));
    }
    text.parse::<jiff::Timestamp>().ok().map(|_| (text.to_owned(), false, false))
}

/// The settlement period in which claims are reckoned: what is billed, or a quarter of the year that the case implies.
fn billed(input: &Value, quarterly: bool) -> Result<Value, Miss> {
    if quarterly {
        let end = ["quarter_end", "period_end", "quarter"].iter().find_map(|name| date(input.get(*name)?.as_str()?));
        let last: Option<Date> = end.and_then(|(end, _, _)| end.get(..10)?.parse().ok());
        // A quarter that ends with April belongs to a year that begins with February, May, August or November.
        return Ok(json!({"calendar": "Quarter", "yearStartsIn": last.map_or(1, |last| last.month() % 12 + 1)}));
    }
    let cycle = input.get("billing_cycle").map(plain).unwrap_or_default();
    let anchor = input.get("billing_anchor_day").or(input.get("anchor_day")).map(plain);
    let day = anchor.or_else(|| cycle.split(|c: char| !c.is_alphanumeric()).find_map(place));
    match day {
        Some(day) => {
            let day: i64 = day.parse().map_err(|_| Miss::NotExpressible(format!("billing from the {day}")))?;
            Ok(json!({"billing": {"anchorDay": day}}))
        }
        None if cycle.is_empty() || cycle.contains("month") => Ok(json!({"calendar": "Month"})),
        None => Err(Miss::NotExpressible(format!("billing cycle {cycle}"))),
    }
}

fn place(word: &str) -> Option<String> {
    crate::numerals::ordinal(word).or_else(|| word.parse().ok()).map(|day: i64| day.to_string())
}

/// Checked before any case is run: this program has no other tests.
pub fn check() {
    for (text, expected) in [
        ("2025-Q3", Some(("2025-09-30", true, true))),
        ("2025-02", Some(("2025-02-01", false, true))),
        ("2025-06-10", Some(("2025-06-10", false, false))),
        ("2025-06-10T09:00:00+08:00", Some(("2025-06-10T09:00:00+08:00", false, false))),
        ("calendar month", None),
        ("2025-Q9", None),
    ] {
        assert_eq!(date(text), expected.map(|(at, quarter, period)| (at.to_owned(), quarter, period)), "{text}");
    }
}
