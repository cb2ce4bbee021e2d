//! Windows that come again: an RFC 5545 rule on the clock of a zone.
//!
//! The crate rrule gives the days and times as digits on the wall and nothing else: it is asked in UTC, and the bundled
//! zone data turns each pair of digits into instants. Its own zones are another edition of the data and wrong where
//! clocks change. What RFC 5545 says of such a night is kept: a time that the clock shows twice is its first occurrence,
//! one that it skips is moved on by what is skipped. A window from two to four so lasts three hours in autumn and one in
//! spring. A window of which the clock skips all digits is ignored (RFC 5545 3.3.10): there was no such time. Windows that are left out (`EXDATE`) or added (`RDATE`) are digits on the same wall.

mod exceptions;

use k8s_openapi::jiff::civil::DateTime;
use k8s_openapi::jiff::tz::{AmbiguousOffset, TimeZone};
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use rrule::{RRuleError, RRuleSet};

use crate::api::exclusion::Recurrence;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::{Bounds, named_zone};
use exceptions::Exceptions;

/// Windows that a rule may have given before and in the time that is looked at.
const MOST_WINDOWS: usize = 20_000;
/// The longest window.
const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
/// The parts of a rule that are understood. Frequencies below a day and seconds make millions of windows of a short text.
const PARTS: [&str; 12] = [
    "UNTIL",
    "COUNT",
    "INTERVAL",
    "BYMINUTE",
    "BYHOUR",
    "BYDAY",
    "BYMONTHDAY",
    "BYYEARDAY",
    "BYWEEKNO",
    "BYMONTH",
    "BYSETPOS",
    "WKST",
];
const FREQUENCIES: [&str; 4] = ["DAILY", "WEEKLY", "MONTHLY", "YEARLY"];
const RULE: &str = "spec.recurrence.rule";

/// What is wrong with a recurrence, whatever the zone of its agreement.
#[must_use]
pub fn fault(recurrence: &Recurrence) -> Option<InvalidSpec> {
    // Of a rule that ends at an instant, only the zone says which window is the last.
    let is_open = recurrence.time_zone.is_none() && recurrence.rule.contains('Z');
    let series = match Series::new(recurrence, &TimeZone::UTC) {
        Ok(series) => series,
        Err(fault) => return Some(fault),
    };
    if is_open { None } else { series.check_exceptions().err() }
}

/// A rule with its windows.
pub struct Series {
    rule: RRuleSet,
    exceptions: Exceptions,
    /// The rule with its exceptions.
    set: RRuleSet,
    /// By the clock on the wall.
    length: SignedDuration,
    zone: TimeZone,
}

impl Series {
    /// Reads a recurrence; `agreement` is the zone where it names none.
    ///
    /// # Errors
    /// Names the field that can not be worked with.
    pub fn new(recurrence: &Recurrence, agreement: &TimeZone) -> Result<Self, InvalidSpec> {
        let zone = match &recurrence.time_zone {
            Some(name) => named_zone("spec.recurrence.timeZone", name)?,
            None => agreement.clone(),
        };
        let start = wall("spec.recurrence.start", &recurrence.start)?;
        let end = wall("spec.recurrence.end", &recurrence.end)?;
        let length = end.duration_since(start);
        if !length.is_positive() || length > LONGEST {
            let message = "must be later than spec.recurrence.start, and at most 31 days";
            return Err(InvalidSpec::new("spec.recurrence.end", message));
        }
        let text = format!("DTSTART:{}\nRRULE:{}", digits(start), digits_of(&recurrence.rule, &zone)?);
        let exceptions = Exceptions::new(recurrence, start)?;
        let read = |text: &str| text.parse().map_err(|e: RRuleError| InvalidSpec::new(RULE, e.to_string()));
        Ok(Self { rule: read(&text)?, set: read(&format!("{text}{}", exceptions.lines()))?, exceptions, length, zone })
    }

    /// Whether everything that is left out is there, and nothing that is added.
    ///
    /// # Errors
    /// Names what would have no effect.
    pub fn check_exceptions(&self) -> Result<(), InvalidSpec> {
        self.exceptions.check(&self.rule)
    }

    /// The windows that lie in the range or reach into it, whole, in order.
    ///
    /// # Errors
    /// They are too many, or what is left out or added would have no effect.
    pub fn windows(self, range: Bounds) -> Result<Vec<Bounds>, InvalidSpec> {
        let all = self.all(range)?.into_iter().filter(|(_, window)| window.start < window.end);
        Ok(all.map(|(_, window)| window).filter(|window| window.overlap(&range).is_some()).collect())
    }

    /// When windows of the range would begin on the wall that do not take place, since the clock skips them whole; in
    /// order.
    ///
    /// # Errors
    /// As for [`Self::windows`].
    pub fn skipped(self, range: Bounds) -> Result<Vec<DateTime>, InvalidSpec> {
        let all = self.all(range)?.into_iter().filter(|(_, window)| window.start >= window.end);
        Ok(all.filter(|(_, window)| range.contains(window.start)).map(|(start, _)| start).collect())
    }

    /// All windows that begin before the range ends, by their digits; one of which nothing is left has no length.
    fn all(self, range: Bounds) -> Result<Vec<(DateTime, Bounds)>, InvalidSpec> {
        self.check_exceptions()?;
        let Self { set, length, zone, .. } = self;
        let last = range.end.to_zoned(zone.clone()).datetime();
        let mut windows = Vec::new();
        for (count, start) in beginnings(&set.limit()).enumerate() {
            // By the digits: a clock that goes back shows the digits after the range's end again within it.
            if start.duration_since(last) > SignedDuration::from_hours(24) {
                break;
            }
            if count >= MOST_WINDOWS {
                return Err(too_many());
            }
            windows.extend(window(start, length, &zone).map(|window| (start, window)));
        }
        Ok(windows)
    }
}

fn too_many() -> InvalidSpec {
    let message = format!("gives more than {MOST_WINDOWS} windows; make it rarer, or let it start later");
    InvalidSpec::new(RULE, message)
}

/// When the windows of a rule begin, by their digits on the wall.
fn beginnings(set: &RRuleSet) -> impl Iterator<Item = DateTime> + use<> {
    set.into_iter().map_while(|occurrence| {
        let instant = Timestamp::from_second(occurrence.timestamp()).ok()?;
        Some(instant.to_zoned(TimeZone::UTC).datetime())
    })
}

/// Digits on the wall as RFC 5545 writes an instant of UTC.
fn digits(wall: DateTime) -> String {
    wall.strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The window that begins at these digits on the wall; without length where the clock skips so much of it that nothing
/// is left. `None`: it lies beyond the calendar.
fn window(start: DateTime, length: SignedDuration, zone: &TimeZone) -> Option<Bounds> {
    let end = start.checked_add(length).ok()?;
    let instant = |digits: DateTime| digits.to_zoned(zone.clone()).ok().map(|z| z.timestamp());
    let begins = instant(start)?;
    let is_skipped = skips(start, zone).is_some_and(|gap| length < gap) && skips(end, zone).is_some();
    Some(Bounds { start: begins, end: if is_skipped { begins } else { instant(end)? } })
}

/// How much the clock skips where it skips these digits.
fn skips(digits: DateTime, zone: &TimeZone) -> Option<SignedDuration> {
    match zone.to_ambiguous_timestamp(digits).offset() {
        AmbiguousOffset::Gap { before, after } => {
            Some(SignedDuration::from_secs(i64::from(after.seconds()) - i64::from(before.seconds())))
        }
        AmbiguousOffset::Unambiguous { .. } | AmbiguousOffset::Fold { .. } => None,
    }
}

/// A date and time on the wall.
fn wall(field: &str, text: &str) -> Result<DateTime, InvalidSpec> {
    let plain = text.len() >= 16 && text.bytes().all(|b| b.is_ascii_digit() || b"-T:".contains(&b));
    let read = if plain { text.parse().ok() } else { None };
    read.ok_or_else(|| {
        InvalidSpec::new(field, format!("{text:?} is no date and time on the wall; write YYYY-MM-DDTHH:MM"))
    })
}

/// The rule with what it says of an end turned into digits on the wall.
fn digits_of(rule: &str, zone: &TimeZone) -> Result<String, InvalidSpec> {
    let refuse = |message: String| Err(InvalidSpec::new(RULE, message));
    let mut frequency = None;
    let mut parts = Vec::new();
    for part in rule.split(';') {
        let Some((key, value)) = part.split_once('=') else {
            return refuse(format!("{part:?} is not KEY=VALUE; write for example FREQ=WEEKLY;BYDAY=SU"));
        };
        match key {
            "FREQ" if FREQUENCIES.contains(&value) => frequency = Some(value),
            "FREQ" => {
                return refuse(format!("FREQ={value} is not supported; write one of {}", FREQUENCIES.join(", ")));
            }
            "UNTIL" => {
                parts.push(format!("UNTIL={}", until(value, zone)?));
                continue;
            }
            _ if PARTS.contains(&key) => {}
            _ => return refuse(format!("{key} is not supported; write FREQ and {}", PARTS.join(", "))),
        }
        if !value.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-,".contains(&b)) {
            return refuse(format!("{value:?} is no value of {key}"));
        }
        parts.push(part.to_owned());
    }
    if frequency.is_none() {
        return refuse(format!("has no FREQ; write one of {}", FREQUENCIES.join(", ")));
    }
    Ok(parts.join(";"))
}

/// The end of a rule in digits on the wall. RFC 5545 has it in UTC (`Z`) beside a zone; without the `Z` it is on the
/// wall already.
fn until(value: &str, zone: &TimeZone) -> Result<String, InvalidSpec> {
    let refuse = || {
        let message = format!("UNTIL={value} is no date with a time; write for example UNTIL=20261231T230000Z");
        InvalidSpec::new(RULE, message)
    };
    let (text, utc) = value.strip_suffix('Z').map_or((value, false), |text| (text, true));
    let read = DateTime::strptime("%Y%m%dT%H%M%S", text).map_err(|_| refuse())?;
    let on_the_wall = if utc {
        let instant = read.to_zoned(TimeZone::UTC).map_err(|_| refuse())?;
        instant.timestamp().to_zoned(zone.clone()).datetime()
    } else {
        read
    };
    Ok(digits(on_the_wall))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
