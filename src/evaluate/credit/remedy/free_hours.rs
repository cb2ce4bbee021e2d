//! Hours by the clock that are not charged.

use std::collections::BTreeMap;

use k8s_openapi::jiff::tz::TimeZone;
use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::remedy::FreeHours;

use super::super::super::invalid::InvalidSpec;
use super::super::super::period::Bounds;
use super::super::super::span;
use super::super::entitlement::{Entitlement, Rights};

const HOUR: i64 = 3_600;

/// The hours by the clock of the agreement's zone in which the service was down for longer than agreed, by their first
/// instants; exactly as long is not longer. Time that is reported twice counts once, and time outside the period not at all.
pub(super) fn owed(
    field: &str,
    rule: &FreeHours,
    downtime: &[Bounds],
    period: Bounds,
    zone: &TimeZone,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let most = span::elapsed(&rule.unavailable_for)
        .map_err(|e| InvalidSpec::new(format!("{field}.unavailableFor"), e.to_string()))?;
    let down = down_by_hour(downtime, period, zone);
    let free_hours: Vec<Timestamp> = down.into_iter().filter(|(_, down)| *down > most).map(|(hour, _)| hour).collect();
    let reckoning = format!("{} hour(s) with more than {} of downtime", free_hours.len(), rule.unavailable_for);
    let is_none = free_hours.is_empty();
    let rights = Rights { free_hours, terminates: false };
    Ok((!is_none).then_some(Entitlement { grant: None, rights, reckoning }))
}

/// The hour by the clock of a zone in which an instant lies. It begins where the clock shows a full hour, or where it is
/// set, and ends with the next of these: in a zone that is half an hour off, hours begin at half past those of UTC.
#[must_use]
pub fn clock_hour(at: Timestamp, zone: &TimeZone) -> Bounds {
    let local = at.as_second().saturating_add(zone.to_offset(at).seconds().into());
    let full = at.as_second().saturating_sub(local.rem_euclid(HOUR));
    let instant = |second: i64, edge: Timestamp| Timestamp::from_second(second).unwrap_or(edge);
    let (start, end) = (instant(full, at), instant(full.saturating_add(HOUR), Timestamp::MAX));
    // What precedes the next nanosecond: the clock may be set at this very instant.
    let next = at.checked_add(SignedDuration::from_nanos(1)).unwrap_or(at);
    let set_before = zone.preceding(next).next().map(|set| set.timestamp());
    let set_after = zone.following(at).next().map(|set| set.timestamp());
    Bounds { start: set_before.map_or(start, |set| start.max(set)), end: set_after.map_or(end, |set| end.min(set)) }
}

/// The downtime in every hour by the clock that has any.
fn down_by_hour(downtime: &[Bounds], period: Bounds, zone: &TimeZone) -> BTreeMap<Timestamp, SignedDuration> {
    let mut spans: Vec<_> = downtime.iter().map(|s| (s.start.max(period.start), s.end.min(period.end))).collect();
    spans.sort_unstable();
    let mut hours = BTreeMap::new();
    let mut counted_until = period.start;
    for (start, end) in spans {
        let mut at = start.max(counted_until);
        while at < end {
            let hour = clock_hour(at, zone);
            let until = hour.end.min(end);
            let down: &mut SignedDuration = hours.entry(hour.start).or_default();
            *down = down.saturating_add(at.duration_until(until));
            at = until;
        }
        counted_until = counted_until.max(end);
    }
    hours
}
