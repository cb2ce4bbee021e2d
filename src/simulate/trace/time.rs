//! When a row begins: the first column of a CSV.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Unix seconds: of 1973 to 5138. Less counts from some beginning, more are milliseconds.
const UNIX: (f64, f64) = (1e8, 1e11);

/// How the first column says when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Clock {
    /// From the beginning of the recording, in units of so many seconds.
    Since(f64),
    /// By the calendar.
    Calendar,
}

impl Clock {
    /// The clock that the column's name says.
    pub(super) fn of(name: &str) -> Self {
        match name.to_lowercase().as_str() {
            "second" | "seconds" | "sec" | "s" => Self::Since(1.0),
            "minute" | "minutes" | "min" => Self::Since(60.0),
            "hour" | "hours" | "h" => Self::Since(3600.0),
            _ => Self::Calendar,
        }
    }

    /// The time of a row in seconds, and by the calendar if it says so.
    pub(super) fn read(self, text: &str) -> Result<(f64, Option<Timestamp>), String> {
        let number = text.parse::<f64>().ok();
        match (self, number) {
            (Self::Since(unit), Some(number)) if (number * unit).is_finite() => Ok((number * unit, None)),
            (Self::Since(_), _) => {
                Err(format!("{text:?} is no number, and the first column counts from the beginning"))
            }
            (Self::Calendar, Some(number)) => of_unix(number).map_err(|why| format!("{text:?} {why}")),
            (Self::Calendar, None) => {
                let at = calendar(text).ok_or_else(|| format!("{text:?} {NO_TIME}"))?;
                Ok((at.as_duration().as_secs_f64(), Some(at)))
            }
        }
    }
}

const NO_TIME: &str = "is no time; write it as in 2026-10-01T00:00:00Z, or as Unix seconds";

fn of_unix(seconds: f64) -> Result<(f64, Option<Timestamp>), &'static str> {
    let (first, last) = UNIX;
    if !seconds.is_finite() {
        return Err(NO_TIME);
    }
    if seconds < first {
        return Err("is no time; call the first column minute or second, or write times");
    }
    if seconds > last {
        return Err("is no time, but looks like milliseconds; write Unix seconds");
    }
    // The cast saturates.
    #[allow(clippy::cast_possible_truncation)]
    let whole = seconds as i64;
    Ok((seconds, Timestamp::from_second(whole).ok()))
}

fn calendar(text: &str) -> Option<Timestamp> {
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp());
    text.parse::<Timestamp>().ok().or_else(civil)
}

/// Says when, or how much: what stands in a row, and in no header.
pub(super) fn is_of_a_row(cell: &str) -> bool {
    cell.parse::<f64>().is_ok() || calendar(cell).is_some()
}
