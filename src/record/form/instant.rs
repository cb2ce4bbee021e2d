//! Instants as people of the agreement's zone write them, and lengths of time.

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{Timestamp, ToSpan, Zoned};

use crate::api::statement::StatementPeriod;
use crate::evaluate::credit::clock_hour;
use crate::evaluate::period::zone;

/// Writes instants in one zone.
#[derive(Clone, Debug)]
pub struct Clock {
    zone: TimeZone,
    name: String,
}

impl Clock {
    /// The clock of a period's zone; in UTC where there is no such zone.
    #[must_use]
    pub fn of(period: &StatementPeriod) -> Self {
        match zone(&period.time_zone) {
            Ok(zone) => Self { zone, name: period.time_zone.clone() },
            Err(_) => Self { zone: TimeZone::UTC, name: "UTC".to_owned() },
        }
    }

    /// The zone's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// `1 Oct 2026, 00:00 CEST`; with seconds where there are any.
    #[must_use]
    pub fn long(&self, at: Timestamp) -> String {
        let zoned = self.zoned(at);
        let time = if zoned.second() == 0 { "%H:%M" } else { "%H:%M:%S" };
        zoned.strftime(&format!("%-d %b %Y, {time} %Z")).to_string()
    }

    /// `2026-10-01 00:00:00`, which a spreadsheet takes as a time.
    #[must_use]
    pub fn civil(&self, at: Timestamp) -> String {
        self.zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// `1 Oct 2026, 09:00 to 11:00`, by this clock.
    #[must_use]
    pub fn between(&self, from: Timestamp, until: Timestamp) -> String {
        let (from, until) = (self.zoned(from), self.zoned(until));
        // Of two hours of the same name, only the offset tells which one is meant.
        let offset = if from.offset() == until.offset() { "" } else { " %Z" };
        let end = if from.date() == until.date() { "%H:%M" } else { "%-d %b %Y, %H:%M" };
        let text = |zoned: &Zoned, form: &str| zoned.strftime(&format!("{form}{offset}")).to_string();
        format!("{} to {}", text(&from, "%-d %b %Y, %H:%M"), text(&until, end))
    }

    /// When the hour by this clock ends that begins at an instant.
    #[must_use]
    pub fn hour_end(&self, start: Timestamp) -> Timestamp {
        clock_hour(start, &self.zone).end
    }

    /// What people call the period: `October 2026`, `Q4 2026`, `2026`; otherwise its first and its last instant.
    #[must_use]
    pub fn title(&self, period: &StatementPeriod) -> String {
        let start = self.zoned(period.start.0);
        if self.lasts(period, 1) {
            start.strftime("%B %Y").to_string()
        } else if self.lasts(period, 3) && start.month() % 3 == 1 {
            format!("Q{} {}", start.month() / 3 + 1, start.year())
        } else if self.lasts(period, 12) && start.month() == 1 {
            start.year().to_string()
        } else {
            format!("{} to {}", self.long(period.start.0), self.long(period.end.0))
        }
    }

    /// Whether the period is so many whole months of this zone.
    fn lasts(&self, period: &StatementPeriod, months: i32) -> bool {
        let first = self.zoned(period.start.0).date();
        let midnight = |day: Date| day.to_zoned(self.zone.clone()).map(|midnight| midnight.timestamp());
        let end = first.checked_add(months.months()).and_then(midnight);
        first.day() == 1
            && midnight(first).is_ok_and(|start| start == period.start.0)
            && end.is_ok_and(|e| e == period.end.0)
    }

    fn zoned(&self, at: Timestamp) -> Zoned {
        at.to_zoned(self.zone.clone())
    }
}

/// A day `2026-10-01` as people write it, `1 Oct 2026`; any other text as it is.
#[must_use]
pub fn day(text: &str) -> String {
    text.parse::<Date>().map_or_else(|_| text.to_owned(), |day| day.strftime("%-d %b %Y").to_string())
}

/// A length of time in hours, minutes and seconds: `3 h 10 min`. Never in days, which have 23 to 25 hours.
#[must_use]
pub fn length(start: Timestamp, end: Timestamp) -> String {
    length_of(end.as_second().saturating_sub(start.as_second()))
}

/// The same for a number of seconds.
#[must_use]
pub fn length_of(seconds: i64) -> String {
    let parts = [(seconds / 3600, "h"), (seconds / 60 % 60, "min"), (seconds % 60, "s")];
    let shown: Vec<String> =
        parts.iter().filter(|(count, _)| *count != 0).map(|(count, unit)| format!("{count}\u{a0}{unit}")).collect();
    if shown.is_empty() { "0\u{a0}s".to_owned() } else { shown.join(" ") }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

    use super::*;

    fn period(start: &str, end: &str, zone: &str) -> StatementPeriod {
        let time = |text: &str| Time(text.parse().unwrap());
        StatementPeriod { start: time(start), end: time(end), time_zone: zone.to_owned() }
    }

    #[test]
    fn a_period_is_called_what_people_call_it() {
        let cases = [
            ("2026-09-30T22:00:00Z", "2026-10-31T23:00:00Z", "Europe/Berlin", "October 2026"),
            ("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "UTC", "October 2026"),
            ("2026-03-31T22:00:00Z", "2026-06-30T22:00:00Z", "Europe/Berlin", "Q2 2026"),
            ("2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", "UTC", "2026"),
            // A month of another zone, a month that begins late, three months that are no quarter.
            (
                "2026-10-01T00:00:00Z",
                "2026-11-01T00:00:00Z",
                "Europe/Berlin",
                "1 Oct 2026, 02:00 CEST to 1 Nov 2026, 01:00 CET",
            ),
            ("2026-10-05T00:00:00Z", "2026-11-01T00:00:00Z", "UTC", "5 Oct 2026, 00:00 UTC to 1 Nov 2026, 00:00 UTC"),
            ("2026-02-01T00:00:00Z", "2026-05-01T00:00:00Z", "UTC", "1 Feb 2026, 00:00 UTC to 1 May 2026, 00:00 UTC"),
            (
                "2026-10-01T00:00:10Z",
                "2026-10-01T00:00:40Z",
                "No/Where",
                "1 Oct 2026, 00:00:10 UTC to 1 Oct 2026, 00:00:40 UTC",
            ),
        ];
        for (start, end, zone, title) in cases {
            let period = period(start, end, zone);
            assert_eq!(Clock::of(&period).title(&period), title);
        }
    }

    #[test]
    fn the_hour_that_comes_twice_can_be_told_apart() {
        let clock = Clock::of(&period("2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "Europe/Berlin"));
        assert_eq!(clock.long("2026-10-25T00:30:00Z".parse().unwrap()), "25 Oct 2026, 02:30 CEST");
        assert_eq!(clock.long("2026-10-25T01:30:00Z".parse().unwrap()), "25 Oct 2026, 02:30 CET");
        assert_eq!(clock.civil("2026-10-25T01:30:05Z".parse().unwrap()), "2026-10-25 02:30:05");
    }

    #[test]
    fn a_day_is_written_as_people_write_it() {
        assert_eq!((day("2026-10-01"), day("<b>")), ("1 Oct 2026".to_owned(), "<b>".to_owned()));
    }

    #[test]
    fn lengths_are_elapsed_time() {
        let at = |second| Timestamp::from_second(second).unwrap();
        for (seconds, shown) in
            [(0, "0 s"), (59, "59 s"), (11_400, "3 h 10 min"), (2_682_000, "745 h"), (3_601, "1 h 1 s")]
        {
            assert_eq!(length(at(1_000), at(1_000 + seconds)).replace('\u{a0}', " "), shown);
        }
    }
}
