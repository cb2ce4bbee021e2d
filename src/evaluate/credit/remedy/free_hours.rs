//! Hours by the clock that are not charged.

use std::collections::BTreeMap;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::api::remedy::FreeHours;

use super::super::super::invalid::InvalidSpec;
use super::super::super::period::Bounds;
use super::super::super::span;
use super::super::entitlement::{Entitlement, Rights};

const HOUR: i64 = 3_600;

/// The hours (UTC) in which the service was down for longer than agreed; exactly as long is not longer. Time that is
/// reported twice counts once, and time outside the period not at all.
pub(super) fn owed(
    field: &str,
    rule: &FreeHours,
    downtime: &[Bounds],
    period: Bounds,
) -> Result<Option<Entitlement>, InvalidSpec> {
    let most = span::elapsed(&rule.unavailable_for)
        .map_err(|e| InvalidSpec::new(format!("{field}.unavailableFor"), e.to_string()))?;
    let free_hours: Vec<Timestamp> = down_by_hour(downtime, period)
        .into_iter()
        .filter(|(_, down)| *down > most)
        .filter_map(|(hour, _)| Timestamp::from_second(hour.saturating_mul(HOUR)).ok())
        .collect();
    let reckoning = format!("{} hour(s) with more than {} of downtime", free_hours.len(), rule.unavailable_for);
    let is_none = free_hours.is_empty();
    let rights = Rights { free_hours, terminates: false };
    Ok((!is_none).then_some(Entitlement { grant: None, rights, reckoning }))
}

/// The downtime in every hour of the epoch that has any.
fn down_by_hour(downtime: &[Bounds], period: Bounds) -> BTreeMap<i64, SignedDuration> {
    let mut spans: Vec<_> = downtime.iter().map(|s| (s.start.max(period.start), s.end.min(period.end))).collect();
    spans.sort_unstable();
    let mut hours = BTreeMap::new();
    let mut counted_until = period.start;
    for (start, end) in spans {
        let mut at = start.max(counted_until);
        while at < end {
            let hour = at.as_second().div_euclid(HOUR);
            let next = hour.saturating_add(1).saturating_mul(HOUR);
            let until = Timestamp::from_second(next).map_or(end, |next| next.min(end));
            let down: &mut SignedDuration = hours.entry(hour).or_default();
            *down = down.saturating_add(at.duration_until(until));
            at = until;
        }
        counted_until = counted_until.max(end);
    }
    hours
}
