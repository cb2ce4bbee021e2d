//! From the bounds of a case's period to what an agreement says of periods.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::scenario::{Miss, text};

/// A case's period, or the trailing days that are judged with it.
pub struct Period {
    pub start: Timestamp,
    /// Its length in whole hours.
    pub hours: i64,
    pub zone: String,
    /// `spec.period`.
    pub spec: Value,
    /// `spec.validity`, where the period is reckoned from it.
    pub validity: Option<Value>,
    /// A day of it, for `--period`.
    pub day: String,
}

/// Reads a period and finds the words for it: a month, a quarter of a calendar or fiscal year, a year, else so many days.
/// With `every` (`Month`, `Quarter`, `Year`) it is the trailing days that are judged with the last of these.
pub fn of(case: &Value) -> Result<Period, Miss> {
    let period = crate::scenario::field(case, "period")?;
    let zone = period.get("tz").and_then(Value::as_str).unwrap_or("UTC").to_owned();
    let at = |name| -> Result<Timestamp, Miss> {
        text(period, name)?.parse().map_err(|e| Miss::NotExpressible(format!("period.{name}: {e}")))
    };
    let (start, end) = (at("start")?, at("end")?);
    let tz = TimeZone::get(&zone).map_err(|e| Miss::NotExpressible(e.to_string()))?;
    let first = start.to_zoned(tz.clone());
    let last = end.to_zoned(tz);
    let whole_days = first.time() == jiff::civil::Time::midnight() && last.time() == jiff::civil::Time::midnight();
    if !whole_days {
        return Err(Miss::NotExpressible("the period does not begin and end with a day of its zone".to_owned()));
    }
    let (first, last) = (first.date(), last.date());
    let (spec, validity, day) = match period.get("every") {
        Some(every) => (json!({"trailing": {"days": days(first, last)?, "every": every}}), None, last - 1.day()),
        None => words(first, last).map(|(spec, validity)| (spec, validity, first))?,
    };
    Ok(Period {
        start,
        hours: (end.as_second() - start.as_second()) / 3600,
        zone,
        spec,
        validity,
        day: day.to_string(),
    })
}

fn words(first: Date, last: Date) -> Result<(Value, Option<Value>), Miss> {
    let after = |months: i32| first.checked_add(months.months()).ok() == Some(last);
    if first.day() == 1 && after(1) {
        return Ok((json!({"calendar": "Month"}), None));
    }
    if first.day() == 1 && after(3) {
        return Ok((json!({"calendar": "Quarter", "yearStartsIn": first.month()}), None));
    }
    if first.day() == 1 && after(12) {
        return Ok((json!({"calendar": "Year", "yearStartsIn": first.month()}), None));
    }
    if after(1) {
        return Ok((json!({"billing": {"anchorDay": first.day()}}), None));
    }
    let days = days(first, last)?;
    Ok((json!({"rolling": format!("{days}d")}), Some(json!({"from": first.to_string()}))))
}

fn days(first: Date, last: Date) -> Result<i32, Miss> {
    Ok(first.until(last).map_err(|e| Miss::NotExpressible(e.to_string()))?.get_days())
}
