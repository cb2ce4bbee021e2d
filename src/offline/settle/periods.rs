//! Which periods are settled: those of a time that somebody names, or of all the time that the measurements reach over.
//!
//! One line of a file may tell a year, so that what counts is where runs and repetitions end, not only where they begin.
//! Whatever is chosen, every period that overlaps it is settled: a month that an amendment splits is two.

use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::consequences::day;
use super::fault::Fault;
use super::measurements::{Measurements, Outage, SlotRun};
use super::series::seconds;
use crate::evaluate::period::{Bounds, Schedule, first_instant_of};

/// Periods that one call settles at the most.
pub(super) const MOST_PERIODS: usize = 400;

/// All periods that overlap the day, month or year that a text names, or that the measurements reach into.
///
/// # Errors
/// The agreement was not in force, or nothing says which period is meant.
pub fn periods(measurements: &Measurements, schedule: &Schedule, named: Option<&str>) -> Result<Vec<Bounds>, Fault> {
    let refuse = |message: String| Fault::new("--period", message);
    let time = match named {
        Some(named) => time_of(named, schedule.zone())?,
        None => reach(measurements, schedule.zone())?.ok_or_else(|| {
            refuse("is missing: the measurements name no instant from which a period could be told".to_owned())
        })?,
    };
    let mut found = Vec::new();
    let mut next = schedule.containing(time.start.max(schedule.from()));
    while let Some(period) = next.filter(|period| period.start < time.end) {
        if found.len() == MOST_PERIODS {
            return Err(refuse(format!("more than {MOST_PERIODS} periods; name a shorter time")));
        }
        next = schedule.next(&period);
        found.push(period);
    }
    if found.is_empty() {
        let when = named.unwrap_or("the time that the measurements tell of");
        return Err(refuse(format!("the agreement was not in force in {when}")));
    }
    Ok(found)
}

/// The periods before those that are asked for that they rest on: the parts of the first one that lie before it, where an
/// amendment splits it, and where caps or misses in a row reach over periods all that the measurements tell of.
///
/// # Errors
/// They are too many, or the measurements cannot be worked with.
pub fn rested_on(
    measurements: &Measurements,
    schedule: &Schedule,
    asked: &[Bounds],
    matters: bool,
) -> Result<Vec<Bounds>, Fault> {
    let Some(first) = asked.first() else { return Ok(Vec::new()) };
    let told = if matters { reach(measurements, schedule.zone())? } else { None };
    let whole = schedule.whole(first.start).unwrap_or(*first);
    let from = told.map_or(whole.start, |told| told.start.min(whole.start)).max(schedule.from());
    let mut found = Vec::new();
    let mut next = schedule.containing(from);
    while let Some(period) = next.filter(|period| period.start < first.start) {
        if found.len() == MOST_PERIODS {
            let message = format!("rests on more than {MOST_PERIODS} periods before it; leave older measurements out");
            return Err(Fault::new("--period", message));
        }
        next = schedule.next(&period);
        found.push(period);
    }
    Ok(found)
}

/// The time that a text names: a day, a month or a year of the zone.
fn time_of(text: &str, zone: &TimeZone) -> Result<Bounds, Fault> {
    let day = |text: String| text.parse::<Date>().ok();
    let days = match text.len() {
        4 => day(format!("{text}-01-01")).map(|first| (first, first.last_of_year())),
        7 => day(format!("{text}-01")).map(|first| (first, first.last_of_month())),
        10 => day(text.to_owned()).map(|day| (day, day)),
        _ => None,
    };
    let (first, last) = days.ok_or_else(|| {
        let message = format!("{text:?} is no day, month or year of the calendar; write YYYY-MM-DD, YYYY-MM or YYYY");
        Fault::new("--period", message)
    })?;
    let end = last.tomorrow().ok().and_then(|next| first_instant_of(next, zone));
    let bounds = first_instant_of(first, zone).zip(end).map(|(start, end)| Bounds { start, end });
    bounds.ok_or_else(|| Fault::new("--period", format!("{text} is beyond what can be reckoned with")))
}

/// From the first instant that the measurements tell of to the last one. `None`: they tell of none.
fn reach(measurements: &Measurements, zone: &TimeZone) -> Result<Option<Bounds>, Fault> {
    let mut all = Vec::new();
    for (index, measured) in measurements.objectives.iter().enumerate() {
        let path = format!("objectives[{index}]");
        all.extend(runs(measured.runs(), &path)?.into_iter().map(|(_, bounds)| bounds));
        for (place, outage) in measured.outages.iter().flatten().enumerate() {
            all.push(reach_of(outage, &format!("{path}.outages[{place}]"))?);
        }
        let intervals = measured.unknown.iter().chain(measured.deployed.iter().flatten());
        all.extend(intervals.map(|interval| Bounds { start: interval.from, end: interval.until }));
        all.extend(measured.values.iter().flatten().map(|value| instant(value.at)));
    }
    all.extend(measurements.incidents.iter().map(|incident| instant(incident.from)));
    all.extend(measurements.volumes.iter().map(|volume| instant(volume.at)));
    all.extend(measurements.chosen.iter().map(|choice| instant(choice.at)));
    all.extend(measurements.demands.iter().map(|demand| instant(demand.at)));
    for (index, delivery) in measurements.deliveries.iter().enumerate() {
        let done = delivery.done.as_deref().map(|done| day(done, &format!("deliveries[{index}].done"))).transpose()?;
        all.extend(done.and_then(|done| first_instant_of(done, zone)).map(instant));
    }
    // A run of no slot tells of no time.
    all.retain(|bounds| bounds.start < bounds.end);
    let (first, last) = (all.iter().map(|b| b.start).min(), all.iter().map(|b| b.end).max());
    Ok(first.zip(last).map(|(start, end)| Bounds { start, end }))
}

/// What each run of slots covers, with its place. Those before the first that says when it begins are left out: nobody
/// said when they were.
pub(super) fn runs(runs: &[SlotRun], path: &str) -> Result<Vec<(usize, Bounds)>, Fault> {
    let (mut covered, mut next) = (Vec::new(), None);
    for (index, run) in runs.iter().enumerate() {
        let every = seconds(&run.every, &format!("{path}.slots[{index}].every"))?;
        let Some(start) = run.from.or(next) else { continue };
        let end = later(start, every.saturating_mul(run.repeat.into()));
        next = Some(end);
        covered.push((index, Bounds { start, end }));
    }
    Ok(covered)
}

/// From the first beginning of an outage to its last end; empty where it never came.
pub(super) fn reach_of(outage: &Outage, path: &str) -> Result<Bounds, Fault> {
    let every = outage.every.as_ref().map(|every| seconds(every, &format!("{path}.every"))).transpose()?;
    let Some(more) = outage.times().checked_sub(1) else {
        return Ok(Bounds { start: outage.from, end: outage.from });
    };
    let more = i64::from(more).saturating_mul(every.unwrap_or_default());
    Ok(Bounds { start: outage.from, end: later(outage.until, more) })
}

fn later(at: Timestamp, seconds: i64) -> Timestamp {
    at.checked_add(SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}

/// The shortest time that has this instant in it.
fn instant(at: Timestamp) -> Bounds {
    Bounds { start: at, end: at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX) }
}
