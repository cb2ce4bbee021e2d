//! How often a period begins anew, before validity or amendments cut anything.

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Span, Timestamp, Zoned};

use super::{Bounds, first_instant_of, within};
use crate::api::agreement::AgreementSpec;
use crate::api::period::{CalendarUnit, Period};
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::span::{self, Length};

/// When periods begin.
#[derive(Clone, Copy, Debug)]
pub enum Rhythm {
    /// Every so many months.
    Months(Months),
    /// Windows of this length, from the first instant in force on.
    Rolling(Length),
}

/// Periods of whole months.
#[derive(Clone, Copy, Debug)]
pub struct Months {
    /// How many months one has: 1, 3 or 12.
    length: i64,
    /// The first month of the year that begins one, January being 0.
    phase: i64,
    /// The day of the month on which it begins; in a month without that day, on the last one.
    anchor: i8,
}

impl Rhythm {
    /// The rhythm of an agreement's period.
    ///
    /// # Errors
    /// Names the field that is missing, out of range, or not for this kind of period.
    pub fn of(spec: &AgreementSpec) -> Result<Self, InvalidSpec> {
        let Period { calendar, year_starts_in, billing, rolling, trailing } = &spec.period;
        let year_starts_in = match (year_starts_in, calendar) {
            (None, _) => 1,
            (Some(_), None | Some(CalendarUnit::Month)) => {
                let message = "belongs to spec.period.calendar Quarter or Year; remove it";
                return Err(InvalidSpec::new("spec.period.yearStartsIn", message));
            }
            (Some(month), Some(_)) => within("spec.period.yearStartsIn", *month, 1, 12)?,
        };
        match (calendar, billing, rolling, trailing) {
            (Some(unit), None, None, None) => Ok(Self::Months(Months::calendar(*unit, i64::from(year_starts_in)))),
            (None, Some(billing), None, None) => {
                let anchor = within("spec.period.billing.anchorDay", billing.anchor_day, 1, 31)?;
                Ok(Self::Months(Months { length: 1, phase: 0, anchor }))
            }
            (None, None, Some(length), None) => Ok(Self::Rolling(windows(length, spec.metrics.slot.seconds())?)),
            (None, None, None, Some(trailing)) => Ok(Self::Months(Months::calendar(trailing.every, 1))),
            _ => {
                let message = "give exactly one of calendar, billing, rolling and trailing";
                Err(InvalidSpec::new("spec.period", message))
            }
        }
    }

    /// The whole period in which an instant lies. Windows have none before the first instant in force.
    pub fn whole(&self, at: Timestamp, from: Timestamp, zone: &TimeZone) -> Option<Bounds> {
        match self {
            Self::Months(months) => months.whole(at, zone),
            Self::Rolling(length) => window(*length, at, from, zone),
        }
    }
}

impl Months {
    fn calendar(unit: CalendarUnit, year_starts_in: i64) -> Self {
        let length = match unit {
            CalendarUnit::Month => 1,
            CalendarUnit::Quarter => 3,
            CalendarUnit::Year => 12,
        };
        Self { length, phase: (year_starts_in - 1) % length, anchor: 1 }
    }

    fn whole(&self, at: Timestamp, zone: &TimeZone) -> Option<Bounds> {
        let day = at.to_zoned(zone.clone()).date();
        let month = i64::from(day.year()) * 12 + i64::from(day.month()) - 1;
        let k = (month - self.phase).div_euclid(self.length);
        // The one before where the anchor is later in the month than the day; the one after where clocks go back across
        // midnight: the old day then returns after the new one began.
        (k - 1..=k + 1).find_map(|k| {
            let bounds = Bounds { start: self.start(k, zone)?, end: self.start(k + 1, zone)? };
            Some(bounds).filter(|b| b.contains(at))
        })
    }

    /// The beginning of period `k`, always reckoned from the anchor: after the 28th of February comes the 31st of March.
    fn start(&self, k: i64, zone: &TimeZone) -> Option<Timestamp> {
        let month = k.checked_mul(self.length)?.checked_add(self.phase)?;
        let year = i16::try_from(month.div_euclid(12)).ok()?;
        let first = Date::new(year, i8::try_from(month.rem_euclid(12)).ok()? + 1, 1).ok()?;
        let day = Date::new(year, first.month(), self.anchor.min(first.days_in_month())).ok()?;
        first_instant_of(day, zone)
    }
}

fn window(length: Length, at: Timestamp, from: Timestamp, zone: &TimeZone) -> Option<Bounds> {
    let origin = from.to_zoned(zone.clone());
    let nominal = length.nominal().as_secs();
    let elapsed = at.as_second().checked_sub(from.as_second())?;
    // Civil days are off the nominal ones by a day at most (Samoa left one out), which is one window.
    let guess = elapsed.checked_div(nominal)?;
    (guess.saturating_sub(2)..=guess.saturating_add(2)).filter(|k| *k >= 0).find_map(|k| {
        let start = window_start(&origin, length, k)?;
        let end = window_start(&origin, length, k.checked_add(1)?)?;
        Some(Bounds { start, end }).filter(|b| b.contains(at))
    })
}

/// The beginning of window `k`, always reckoned from the first one so that nothing adds up: days by the calendar, the
/// rest as elapsed time.
fn window_start(origin: &Zoned, length: Length, k: i64) -> Option<Timestamp> {
    let days = Span::new().try_days(length.days.checked_mul(k)?).ok()?;
    let seconds = length.elapsed.as_secs().checked_mul(k)?;
    let day = origin.checked_add(days).ok()?;
    day.timestamp().checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn windows(length: &crate::api::Span, slot: i64) -> Result<Length, InvalidSpec> {
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
