//! What lies wholly outside the time in which the agreement is in force: nothing was promised then, and no statement
//! could tell of it.

use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::consequences::day;
use super::fault::Fault;
use super::measurements::{Delivery, Measured, Measurements};
use super::periods::{reach_of, runs};
use crate::evaluate::period::{Bounds, Schedule, first_instant_of};

/// Whether everything lies in that time, or reaches into it.
///
/// # Errors
/// Names the first entry that does not.
pub(super) fn of_force(measurements: &Measurements, schedule: &Schedule) -> Result<(), Fault> {
    let force = Bounds { start: schedule.from(), end: schedule.until().unwrap_or(Timestamp::MAX) };
    for (index, measured) in measurements.objectives.iter().enumerate() {
        objective(measured, &force, &format!("objectives[{index}]"))?;
    }
    for (index, incident) in measurements.incidents.iter().enumerate() {
        let bounds = Bounds { start: incident.from, end: incident.until.unwrap_or(Timestamp::MAX) };
        time(&bounds, &force, || format!("incidents[{index}]"))?;
    }
    let volumes = measurements.volumes.iter().enumerate();
    let chosen = measurements.chosen.iter().enumerate();
    let moments = volumes
        .map(|(index, volume)| (format!("volumes[{index}].at"), volume.at))
        .chain(chosen.map(|(index, choice)| (format!("chosen[{index}].at"), choice.at)));
    for (path, at) in moments {
        moment(at, &force, path)?;
    }
    for (index, delivery) in measurements.deliveries.iter().enumerate() {
        let path = format!("deliveries[{index}]");
        if let Some(at) = made_at(delivery, schedule.zone(), &path)? {
            moment(at, &force, format!("{path}.done"))?;
        }
    }
    Ok(())
}

fn objective(measured: &Measured, force: &Bounds, path: &str) -> Result<(), Fault> {
    for (index, bounds) in runs(measured.runs(), path)? {
        time(&bounds, force, || format!("{path}.slots[{index}]"))?;
    }
    for (index, outage) in measured.outages.iter().flatten().enumerate() {
        let path = format!("{path}.outages[{index}]");
        time(&reach_of(outage, &path)?, force, || path)?;
    }
    let unknown = measured.unknown.iter().enumerate().map(|(index, interval)| ("unknown", index, interval));
    let deployed = measured.deployed.iter().flatten().enumerate();
    for (name, index, interval) in unknown.chain(deployed.map(|(index, interval)| ("deployed", index, interval))) {
        let bounds = Bounds { start: interval.from, end: interval.until };
        time(&bounds, force, || format!("{path}.{name}[{index}]"))?;
    }
    for (index, value) in measured.values.iter().flatten().enumerate() {
        moment(value.at, force, format!("{path}.values[{index}].at"))?;
    }
    Ok(())
}

fn moment(at: Timestamp, force: &Bounds, path: String) -> Result<(), Fault> {
    let end = at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX);
    time(&Bounds { start: at, end }, force, || path)
}

/// What takes no time lies nowhere.
fn time(bounds: &Bounds, force: &Bounds, path: impl FnOnce() -> String) -> Result<(), Fault> {
    if bounds.start >= bounds.end || bounds.overlap(force).is_some() {
        return Ok(());
    }
    let message = if bounds.start < force.start {
        format!("lies before the agreement is in force, which is from {} on; leave it out", force.start)
    } else {
        format!("lies after the agreement is in force, which is until {}; leave it out", force.end)
    };
    Err(Fault::new(path(), message))
}

/// When a delivery was made. `None`: nobody said.
pub(super) fn made_at(delivery: &Delivery, zone: &TimeZone, path: &str) -> Result<Option<Timestamp>, Fault> {
    let done = delivery.done.as_deref().map(|done| day(done, &format!("{path}.done"))).transpose()?;
    Ok(done.and_then(|done| first_instant_of(done, zone)))
}
