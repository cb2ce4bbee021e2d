//! Windows that come again: an RFC 5545 rule on the clock of a zone.
//!
//! The crate rrule gives the days and times as digits on the wall and nothing else: it is asked in UTC, and the bundled
//! zone data turns each pair of digits into instants. Its own zones are another edition of the data and wrong where
//! clocks change. What RFC 5545 says of such a night is kept: a time that the clock shows twice is its first occurrence,
//! one that it skips is moved on by what is skipped. A window from two to four so lasts three hours in autumn and one in
//! spring.

use k8s_openapi::jiff::civil::DateTime;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};
use rrule::RRuleSet;

use crate::api::exclusion::Recurrence;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::{Bounds, named_zone};

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

/// A rule with its windows.
pub struct Series {
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
        let rule = digits_of(&recurrence.rule, &zone)?;
        let text = format!("DTSTART:{}Z\nRRULE:{rule}", start.strftime("%Y%m%dT%H%M%S"));
        let set: RRuleSet = text.parse().map_err(|e: rrule::RRuleError| InvalidSpec::new(RULE, e.to_string()))?;
        Ok(Self { set, length, zone })
    }

    /// The windows that lie in the range or reach into it, whole, in order.
    ///
    /// # Errors
    /// They are too many.
    pub fn windows(self, range: Bounds) -> Result<Vec<Bounds>, InvalidSpec> {
        let Self { set, length, zone } = self;
        let last = range.end.to_zoned(zone.clone()).datetime();
        let mut windows = Vec::new();
        for (count, occurrence) in set.limit().into_iter().enumerate() {
            let Some(start) = Timestamp::from_second(occurrence.timestamp()).ok().map(|t| t.to_zoned(TimeZone::UTC))
            else {
                break;
            };
            let start = start.datetime();
            // By the digits: a clock that goes back shows the digits after the range's end again within it.
            if start.duration_since(last) > SignedDuration::from_hours(24) {
                break;
            }
            if count >= MOST_WINDOWS {
                let message = format!("gives more than {MOST_WINDOWS} windows; make it rarer, or let it start later");
                return Err(InvalidSpec::new(RULE, message));
            }
            windows.extend(window(start, length, &zone).filter(|w| w.overlap(&range).is_some()));
        }
        Ok(windows)
    }
}

/// The window that begins at these digits on the wall. `None`: the clock skips so much of it that nothing is left.
fn window(start: DateTime, length: SignedDuration, zone: &TimeZone) -> Option<Bounds> {
    let end = start.checked_add(length).ok()?;
    let instant = |digits: DateTime| digits.to_zoned(zone.clone()).ok().map(|z| z.timestamp());
    Some(Bounds { start: instant(start)?, end: instant(end)? }).filter(|w| w.start < w.end)
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
    let (digits, utc) = value.strip_suffix('Z').map_or((value, false), |digits| (digits, true));
    let read = DateTime::strptime("%Y%m%dT%H%M%S", digits).map_err(|_| refuse())?;
    let on_the_wall = if utc {
        let instant = read.to_zoned(TimeZone::UTC).map_err(|_| refuse())?;
        instant.timestamp().to_zoned(zone.clone()).datetime()
    } else {
        read
    };
    Ok(on_the_wall.strftime("%Y%m%dT%H%M%SZ").to_string())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use super::super::super::example::at;
    use super::*;
    use crate::evaluate::period::zone;

    fn series(rule: &str, start: &str, end: &str) -> Recurrence {
        let (rule, start, end) = (rule.to_owned(), start.to_owned(), end.to_owned());
        Recurrence { rule, start, end, time_zone: None }
    }

    fn windows(recurrence: &Recurrence, place: &str, from: &str, until: &str) -> Vec<(String, String)> {
        let range = Bounds { start: at(from), end: at(until) };
        let windows = Series::new(recurrence, &zone(place).unwrap()).unwrap().windows(range).unwrap();
        windows.into_iter().map(|w| (w.start.to_string(), w.end.to_string())).collect()
    }

    fn pair(start: &str, end: &str) -> (String, String) {
        (start.to_owned(), end.to_owned())
    }

    #[test]
    fn a_window_from_two_to_four_lasts_three_hours_in_autumn_and_one_in_spring() {
        let sundays = series("FREQ=WEEKLY;BYDAY=SU", "2025-01-05T02:00", "2025-01-05T04:00");
        let of = |from, until| windows(&sundays, "Europe/Berlin", from, until);
        let autumn = of("2025-10-25T22:00:00Z", "2025-10-27T00:00:00Z");
        assert_eq!(autumn, [pair("2025-10-26T00:00:00Z", "2025-10-26T03:00:00Z")]);
        let spring = of("2025-03-29T00:00:00Z", "2025-03-31T00:00:00Z");
        assert_eq!(spring, [pair("2025-03-30T01:00:00Z", "2025-03-30T02:00:00Z")]);
        let plain = of("2025-06-01T00:00:00Z", "2025-06-02T00:00:00Z");
        assert_eq!(plain, [pair("2025-06-01T00:00:00Z", "2025-06-01T02:00:00Z")]);
    }

    #[test]
    fn a_day_whose_midnight_is_skipped_keeps_its_window() {
        // Cairo, 2025-04-25: from 00:00 to 01:00 there is no time.
        let daily = series("FREQ=DAILY", "2025-04-20T00:00", "2025-04-20T02:00");
        let found = windows(&daily, "Africa/Cairo", "2025-04-24T21:00:00Z", "2025-04-25T12:00:00Z");
        assert_eq!(found, [pair("2025-04-24T22:00:00Z", "2025-04-24T23:00:00Z")]);
    }

    #[test]
    fn a_window_that_reaches_into_the_range_is_one_of_it_and_whole() {
        let monthly = series("FREQ=MONTHLY;BYMONTHDAY=-1", "2025-01-31T22:00", "2025-02-01T02:00");
        let found = windows(&monthly, "UTC", "2025-03-01T00:00:00Z", "2025-03-31T22:00:00Z");
        assert_eq!(found, [pair("2025-02-28T22:00:00Z", "2025-03-01T02:00:00Z")]);
    }

    #[test]
    fn the_end_of_a_rule_is_an_instant_of_utc_or_digits_on_the_wall() {
        // The windows begin at 22:30 UTC, half past midnight of the next day in Berlin.
        for (until, expected) in [("20250602T223000Z", 3), ("20250602T222959Z", 2), ("20250603T003000", 3)] {
            let rule = format!("FREQ=DAILY;UNTIL={until}");
            let daily = series(&rule, "2025-06-01T00:30", "2025-06-01T01:00");
            let found = windows(&daily, "Europe/Berlin", "2025-05-01T00:00:00Z", "2025-07-01T00:00:00Z");
            assert_eq!(found.len(), expected, "{until}");
        }
        let counted = series("FREQ=DAILY;COUNT=3", "2025-06-01T00:30", "2025-06-01T01:00");
        assert_eq!(windows(&counted, "UTC", "2025-06-02T00:00:00Z", "2025-07-01T00:00:00Z").len(), 2);
    }

    #[test]
    fn a_zone_of_its_own_decides() {
        let own = Recurrence {
            time_zone: Some("Asia/Tokyo".to_owned()),
            ..series("FREQ=DAILY", "2025-06-01T09:00", "2025-06-01T10:00")
        };
        let found = windows(&own, "Europe/Berlin", "2025-06-10T00:00:00Z", "2025-06-10T12:00:00Z");
        assert_eq!(found, [pair("2025-06-10T00:00:00Z", "2025-06-10T01:00:00Z")]);
    }

    #[test]
    fn what_is_not_supported_is_refused_by_its_field() {
        let plain = series("FREQ=DAILY", "2025-06-01T00:00", "2025-06-01T01:00");
        let rule = |rule: &str| Recurrence { rule: rule.to_owned(), ..plain.clone() };
        let cases = [
            (rule("FREQ=HOURLY"), "spec.recurrence.rule", "HOURLY"),
            (rule("FREQ=SECONDLY"), "spec.recurrence.rule", "SECONDLY"),
            (rule("BYDAY=SU"), "spec.recurrence.rule", "FREQ"),
            (rule("FREQ=DAILY;BYSECOND=1"), "spec.recurrence.rule", "BYSECOND"),
            (rule("FREQ=YEARLY;BYEASTER=0"), "spec.recurrence.rule", "BYEASTER"),
            (rule("FREQ=DAILY\nEXDATE:20250601T000000Z"), "spec.recurrence.rule", "EXDATE"),
            (rule("FREQ=DAILY;UNTIL=20261231"), "spec.recurrence.rule", "UNTIL"),
            (rule("FREQ=MONTHLY;BYMONTHDAY=32"), "spec.recurrence.rule", "32"),
            (rule("nonsense"), "spec.recurrence.rule", "nonsense"),
            (
                Recurrence { start: "2025-02-30T00:00".to_owned(), ..plain.clone() },
                "spec.recurrence.start",
                "2025-02-30",
            ),
            (Recurrence { end: "2025-06-01T00:00".to_owned(), ..plain.clone() }, "spec.recurrence.end", "later"),
            (Recurrence { end: "2025-08-01T00:00".to_owned(), ..plain.clone() }, "spec.recurrence.end", "31 days"),
            (
                Recurrence { time_zone: Some("Berlin".to_owned()), ..plain.clone() },
                "spec.recurrence.timeZone",
                "Berlin",
            ),
        ];
        for (recurrence, field, word) in cases {
            let fault = Series::new(&recurrence, &TimeZone::UTC).err().expect(field);
            assert!(fault.field == field && fault.message.contains(word), "{fault}");
        }
    }

    #[test]
    fn a_hostile_rule_ends_all_the_same() {
        let minutes: Vec<String> = (0..60).map(|m| m.to_string()).collect();
        let dense = format!("FREQ=DAILY;BYHOUR=1,2,3,4;BYMINUTE={}", minutes.join(","));
        let never = "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30";
        for (rule, expected) in [(dense.as_str(), None), (never, Some(0))] {
            let range = Bounds { start: at("2025-06-01T00:00:00Z"), end: at("2025-07-01T00:00:00Z") };
            let series = Series::new(&series(rule, "1900-01-01T00:00", "1900-01-01T00:30"), &TimeZone::UTC).unwrap();
            assert_eq!(series.windows(range).ok().map(|w| w.len()), expected, "{rule}");
        }
    }
}
