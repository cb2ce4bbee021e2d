//! A published case as the series that a store would hold of it: counters scraped every minute for a whole month, or
//! single values.
//!
//! Takes the measurements file that the case comes to offline. Counters are whole numbers: a case whose events are not
//! is refused here.

use anyhow::{Context, Result, ensure};
use guarantor_testbed::Series;
use jiff::Timestamp;
use serde_json::Value;

/// The time between two scrapes, in seconds.
const SCRAPE: i64 = 60;
/// The moment of a minute at which it is scraped, in seconds: what happened in the minute did so before.
const OFFSET: i64 = 20;
/// The counters stood still for so many minutes before the month.
const BEFORE: i64 = 10;
/// Requests of a minute of which the case says nothing else. A second's share of a percent of them is whole.
const REQUESTS: u64 = 6000;

/// All and bad events of a minute.
type Minute = (u64, u64);

/// The two counters of one objective or member, with these labels.
pub fn counters(labels: &[(&str, &str)], measured: &Value, start: Timestamp, end: Timestamp) -> Result<[Series; 2]> {
    let (start, end) = (start.as_second(), end.as_second());
    let minutes = minutes(measured, start, end)?;
    let series = |name: &str, of: fn(&Minute) -> u64| -> Result<Series> {
        let mut series = Series::new(name);
        for (label, value) in labels {
            series = series.label(label, value);
        }
        let mut sum = 0_u64;
        for minute in -BEFORE..0 {
            series.push(Timestamp::from_second(start + SCRAPE * minute + OFFSET)?, 0.0);
        }
        for (minute, events) in (0..).zip(&minutes) {
            sum += of(events);
            // Exact up to 2^53.
            let value = u32::try_from(sum).context("the counter outgrows 32 bits")?;
            series.push(Timestamp::from_second(start + SCRAPE * minute + OFFSET)?, f64::from(value));
        }
        Ok(series)
    };
    Ok([series("requests_total", |minute| minute.0)?, series("errors_total", |minute| minute.1)?])
}

/// The values of one objective, with these labels: each is there for one scrape, as what is pushed is.
pub fn values(labels: &[(&str, &str)], measured: &Value) -> Result<Series> {
    let mut series = Series::new("observed_seconds");
    for (label, value) in labels {
        series = series.label(label, value);
    }
    for value in measured["values"].as_array().context("no values")? {
        let at: Timestamp = value["at"].as_str().context("a value without an instant")?.parse()?;
        let observed = u32::try_from(seconds(&value["value"])?)?;
        series.push(Timestamp::from_second(at.as_second() + OFFSET)?, f64::from(observed));
    }
    Ok(series)
}

fn minutes(measured: &Value, start: i64, end: i64) -> Result<Vec<Minute>> {
    let count = usize::try_from((end - start) / SCRAPE)?;
    let minutes = match measured.get("slots").and_then(Value::as_array) {
        Some(slots) => from_slots(slots)?,
        None => from_outages(measured["outages"].as_array().context("neither slots nor outages")?, start, count)?,
    };
    ensure!(minutes.len() == count, "{} minutes are given of a month of {count}", minutes.len());
    Ok(minutes)
}

/// Equal slots in a row, each spread over its minutes; only their sums are given.
fn from_slots(slots: &[Value]) -> Result<Vec<Minute>> {
    let mut minutes = Vec::new();
    for slot in slots {
        let number = |name: &str| -> Result<u64> {
            slot.get(name).map_or(Ok(0), |value| Ok(value.as_str().unwrap_or(&value.to_string()).parse()?))
        };
        let (total, bad) = (number("total")? - number("excludedTotal")?, number("bad")? - number("excludedBad")?);
        let repeat = slot.get("repeat").and_then(Value::as_u64).unwrap_or(1);
        let parts = seconds(&slot["every"])? / SCRAPE.unsigned_abs();
        for _ in 0..repeat {
            let share = |all: u64, part: u64| all * (part + 1) / parts - all * part / parts;
            minutes.extend((0..parts).map(|part| (share(total, part), share(bad, part))));
        }
    }
    Ok(minutes)
}

fn from_outages(outages: &[Value], start: i64, count: usize) -> Result<Vec<Minute>> {
    let mut minutes = vec![(REQUESTS, 0); count];
    for outage in outages {
        let at = |name: &str| -> Result<i64> {
            let instant: Timestamp = outage[name].as_str().context("an outage without bounds")?.parse()?;
            Ok(instant.as_second())
        };
        let (from, until) = (at("from")?, at("until")?);
        let requests = match &outage["eventsPerMinute"] {
            Value::Null => REQUESTS,
            given => given.as_str().unwrap_or(&given.to_string()).parse()?,
        };
        let (share, of) = fraction(outage["errorRate"].as_str().unwrap_or("1"))?;
        let repeat = outage.get("repeat").and_then(Value::as_i64).unwrap_or(1);
        let every = if repeat > 1 { i64::try_from(seconds(&outage["every"])?)? } else { 0 };
        for shift in (0..repeat).map(|n| n * every) {
            for (minute, events) in (0..).zip(&mut minutes) {
                let first = start + SCRAPE * minute;
                let touched = (until + shift).min(first + SCRAPE) - (from + shift).max(first);
                let Some(touched) = u64::try_from(touched).ok().filter(|seconds| *seconds > 0) else { continue };
                let (bad, over) = (requests * touched * share, SCRAPE.unsigned_abs() * of);
                ensure!(bad % over == 0, "{bad}/{over} bad requests are no whole number");
                *events = (requests, bad / over);
            }
        }
    }
    Ok(minutes)
}

/// `0.05` as 5 of 100.
fn fraction(decimal: &str) -> Result<(u64, u64)> {
    let (whole, places) = decimal.split_once('.').unwrap_or((decimal, ""));
    Ok((format!("{whole}{places}").parse()?, 10_u64.pow(u32::try_from(places.len())?)))
}

/// `300s`, `5m` or `1h`.
fn seconds(length: &Value) -> Result<u64> {
    let length = length.as_str().context("no length")?;
    let (digits, unit) = length.split_at(length.len() - 1);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        other => anyhow::bail!("{other} is no unit"),
    };
    Ok(digits.parse::<u64>()? * unit)
}
