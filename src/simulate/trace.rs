//! Recorded loads: the formats of the repository's traces and the CSV of one's own service.
//!
//! - one number a line, no header: requests per second in each second;
//! - a CSV with a header. The first column says when: `minute` or `second` (a number), or a timestamp (RFC 3339, civil, or
//!   Unix seconds). Another column, the second one unless named, says how much: requests in the time until the next row,
//!   or requests per second if its name is `rate` or ends in `_per_second`.
//!
//! A row is taken for the middle of its time, and between two middles the rate changes evenly: a recording by the minute
//! does not say that the load jumps at every full minute. A time that is missing keeps the rate before it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use thiserror::Error;

use super::load::{Load, Unusable, number};

/// Unix seconds that are none: they count from the beginning of the recording, or are milliseconds.
const UNIX: (f64, f64) = (1e8, 1e11);
/// Longest recording in seconds: three years.
const LONGEST: usize = 3 * 366 * 86_400;

/// A recording that cannot be used.
#[derive(Debug, Error, PartialEq)]
pub enum Unreadable {
    /// A row says something else than it should.
    #[error("row {row} of the trace: {problem}")]
    Row {
        /// Counted from 1, the header included.
        row: usize,
        /// What is wrong.
        problem: String,
    },
    /// The column that was asked for is not there.
    #[error("the trace has no column {name:?}; it has {has}")]
    Column {
        /// Asked for.
        name: String,
        /// What there is.
        has: String,
    },
    /// There are too few rows to know how long each of them lasts.
    #[error("the trace must have at least two rows")]
    Short,
    /// Longer than three years.
    #[error("the trace spans more than three years; cut it")]
    Long,
    /// A rate that cannot be offered.
    #[error(transparent)]
    Rate(#[from] Unusable),
}

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// The load.
    pub load: Load,
    /// When it begins, where its rows say so by the calendar.
    pub begins: Option<Timestamp>,
}

/// A row: when it begins, in seconds since the first one, and what it says.
pub type Row = (f64, f64);

/// Reads a recording; `column` names the one to take of several.
///
/// # Errors
/// Names the row or column that does not fit.
pub fn read(text: &str, column: Option<&str>) -> Result<Load, Unreadable> {
    Ok(recording(text, column)?.load)
}

/// The same, with when it begins.
///
/// # Errors
/// As for [`read`].
pub fn recording(text: &str, column: Option<&str>) -> Result<Recording, Unreadable> {
    let first = text.lines().find(|line| !line.trim().is_empty()).ok_or(Unreadable::Short)?;
    if first.trim().parse::<f64>().is_ok() {
        let values = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let rates = values.map(|(index, line)| cell(line, index + 1)).collect::<Result<Vec<f64>, _>>()?;
        return Ok(Recording { load: Load::new(rates)?, begins: None });
    }
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let unreadable = |row: usize, error: &csv::Error| Unreadable::Row { row, problem: error.to_string() };
    let header = reader.headers().map_err(|error| unreadable(1, &error))?.clone();
    let place = match column {
        None => 1,
        Some(name) => {
            header.iter().skip(1).position(|other| other == name).map(|place| place + 1).ok_or_else(|| {
                Unreadable::Column { name: name.to_owned(), has: header.iter().skip(1).collect::<Vec<_>>().join(", ") }
            })?
        }
    };
    let unit = header.get(0).unwrap_or_default().to_ascii_lowercase();
    let name = header.get(place).unwrap_or_default().to_ascii_lowercase();
    let mut rows: Vec<Row> = Vec::new();
    let mut begins = None;
    for (index, record) in reader.records().enumerate() {
        let row = index + 2;
        let record = record.map_err(|error| unreadable(row, &error))?;
        let (at, instant) = time(record.get(0).unwrap_or_default(), &unit, row)?;
        let value = record.get(place).ok_or_else(|| Unreadable::Row { row, problem: "it is too short".to_owned() })?;
        if rows.last().is_some_and(|(before, _)| *before >= at) {
            return Err(Unreadable::Row { row, problem: "times must rise".to_owned() });
        }
        if rows.is_empty() {
            begins = instant;
        }
        rows.push((at, cell(value, row)?));
    }
    let is_rate = name == "rate" || name.ends_with("_per_second");
    Ok(Recording { load: Load::new(by_second(&rows, is_rate)?)?, begins })
}

/// Makes a load of rates: when each begins, in seconds, and requests per second until the next one.
///
/// # Errors
/// When there are fewer than two, or they span too long.
pub fn of_rates(rates: &[Row]) -> Result<Load, Unreadable> {
    Ok(Load::new(by_second(rates, true)?)?)
}

fn cell(text: &str, row: usize) -> Result<f64, Unreadable> {
    let text = text.trim();
    text.parse().map_err(|_| Unreadable::Row { row, problem: format!("{text:?} is not a number") })
}

/// The time of a row in seconds, and by the calendar if it says so.
fn time(text: &str, unit: &str, row: usize) -> Result<(f64, Option<Timestamp>), Unreadable> {
    match unit {
        "minute" => return Ok((cell(text, row)? * 60.0, None)),
        "second" => return Ok((cell(text, row)?, None)),
        _ => {}
    }
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    if let Some(at) = text.parse::<Timestamp>().ok().or_else(civil) {
        return Ok((at.as_duration().as_secs_f64(), Some(at)));
    }
    let no_time = || Unreadable::Row { row, problem: format!("{text:?} is no time (RFC 3339 or Unix seconds)") };
    let seconds = cell(text, row).map_err(|_| no_time())?;
    let (first, last) = UNIX;
    if seconds > last {
        return Err(no_time());
    }
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation)]
    let instant = Timestamp::from_second(seconds as i64).ok().filter(|_| seconds >= first);
    Ok((seconds, instant))
}

/// The rate in every second.
fn by_second(rows: &[Row], is_rate: bool) -> Result<Vec<f64>, Unreadable> {
    let [(start, _), .., (last, _)] = rows else { return Err(Unreadable::Short) };
    // The usual distance is the median one: rows may be missing.
    let mut steps: Vec<f64> = rows.windows(2).filter_map(|pair| Some(pair.get(1)?.0 - pair.first()?.0)).collect();
    steps.sort_by(f64::total_cmp);
    let step = steps.get(steps.len().saturating_sub(1) / 2).copied().ok_or(Unreadable::Short)?;
    let seconds = whole(last - start + step);
    if seconds > LONGEST {
        return Err(Unreadable::Long);
    }
    let middles: Vec<Row> =
        rows.iter().map(|(at, value)| (at - start + step / 2.0, if is_rate { *value } else { value / step })).collect();
    let mut rates = Vec::with_capacity(seconds);
    let mut next = 0;
    for second in 0..seconds {
        let at = number(second) + 0.5;
        while middles.get(next).is_some_and(|(middle, _)| *middle <= at) {
            next += 1;
        }
        let before = next.checked_sub(1).and_then(|index| middles.get(index));
        rates.push(match (before, middles.get(next)) {
            (Some((from, low)), Some((to, high))) => {
                // Over a hole the rate stays until the last step before its end.
                let from = from.max(to - step);
                low + (high - low) * ((at - from) / (to - from)).clamp(0.0, 1.0)
            }
            (Some((_, rate)), None) | (None, Some((_, rate))) => *rate,
            (None, None) => 0.0,
        });
    }
    Ok(rates)
}

fn whole(seconds: f64) -> usize {
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let whole = seconds.round().max(0.0) as usize;
    whole
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn the_formats_are_read() {
        assert_eq!(read("1\n2\n3\n", None).unwrap().rates(), [1.0, 2.0, 3.0]);
        let jobs = "minute,job0,job1\n0,60,120\n1,60,240\n";
        let load = read(jobs, Some("job1")).unwrap();
        assert_eq!(load.seconds(), 120);
        assert!((load.rate(0) - 2.0).abs() < 1e-9 && (load.rate(119) - 4.0).abs() < 1e-9);
        // Half-way between the two middles.
        assert!((load.rate(59) + load.rate(60) - 6.0).abs() < 1e-9);
        let elb = "timestamp,value\n2014-04-10 00:04:00,300\n2014-04-10 00:09:00,300\n2014-04-10 00:19:00,600.0\n";
        let load = read(elb, None).unwrap();
        assert_eq!(load.seconds(), 1200);
        assert!((load.rate(700) - 1.0).abs() < 1e-9, "a hole keeps the rate before it");
        assert!((load.rate(1199) - 2.0).abs() < 1e-9);
        let own = "time,rate\n2026-01-01T00:00:00Z,5\n2026-01-01T00:01:00Z,5\n";
        assert!((read(own, None).unwrap().mean() - 5.0).abs() < 1e-9);
    }

    #[test]
    fn a_recording_says_when_it_begins_if_its_rows_do() {
        let begins = |text: &str| recording(text, None).unwrap().begins.map(|at| at.to_string());
        let july = Some("2026-07-01T00:00:00Z".to_owned());
        assert_eq!(begins("time,rate\n2026-07-01T00:00:00Z,5\n2026-07-01T00:01:00Z,5\n"), july);
        assert_eq!(
            begins("time,rate\n2026-07-01 00:00:00,5\n2026-07-01 00:01:00,5\n"),
            july,
            "civil time is that of UTC"
        );
        assert_eq!(begins("time,rate\n1782864000,5\n1782864060,5\n"), july, "Unix seconds");
        for text in ["1\n2\n", "minute,a\n0,1\n1,2\n", "second,a\n1782864000,1\n1782864001,2\n", "t,a\n0,1\n60,2\n"] {
            assert_eq!(begins(text), None, "{text}");
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let cases = [
            ("1\nx\n", None, "row 2"),
            ("minute,a\n0,1\n1,x\n", None, "row 3"),
            ("minute,a\n0,1\n0,1\n", None, "must rise"),
            ("minute,a\n0,1\n1,2\n", Some("b"), "no column \"b\"; it has a"),
            ("time,a\nyesterday,1\n", None, "no time"),
            ("time,a\n1782864000000,1\n1782864060000,1\n", None, "no time"),
            ("minute,a\n0,1\n", None, "at least two"),
            ("1\n-1\n", None, "second 1"),
            ("", None, "at least two"),
            ("minute,a\n0,1\n9999999,1\n", None, "three years"),
        ];
        for (text, column, expected) in cases {
            let error = read(text, column).unwrap_err().to_string();
            assert!(error.contains(expected), "{text:?}: {error}");
        }
    }
}
