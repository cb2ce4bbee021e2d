//! The clocks of force majeure: notice soon after the event began, proof some working days after it ended, and no
//! exemption for a party that was in default before.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use k8s_openapi::jiff::civil::Date;
use k8s_openapi::jiff::tz::TimeZone;

use crate::api::exclusion::ForceMajeureRecord;
use crate::api::exclusion_rules::ForceMajeureRule;
use crate::evaluate::calendar::WorkingDays;
use crate::evaluate::invalid::InvalidSpec;
use crate::evaluate::period::{Bounds, first_instant_of};

use super::conditions::{Fault, after};
use super::rules::{self, Clocks};

/// What the clocks of force majeure say of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Findings {
    /// The last instant for the notice, which is still in time. `None`: none is asked for.
    pub notice_by: Option<Timestamp>,
    /// Whether notice was given in time, or none is asked for.
    pub notice_valid: bool,
    /// The last day for the proof, in the agreement's zone. `None`: none is asked for.
    pub proof_by: Option<Date>,
    /// Whether proof was given in time, or none is asked for.
    pub proof_valid: bool,
    /// Whether the party was in default before the event began, and that voids the exemption.
    pub in_default: bool,
}

impl Findings {
    /// Whether the party is exempt.
    #[must_use]
    pub fn exempt(&self) -> bool {
        self.notice_valid && self.proof_valid && !self.in_default
    }

    /// Why it is not.
    pub(super) fn fault(&self, record: &ForceMajeureRecord, as_of: Timestamp) -> Result<(), Fault> {
        let by_then = |at: &Option<Time>| at.as_ref().map(|t| t.0).filter(|at| *at <= as_of);
        if self.in_default {
            let since = record.in_default_since.as_ref().map(|t| t.0.to_string()).unwrap_or_default();
            return Err(Fault::new("in_default", format!("the party was in default since {since}, before the event")));
        }
        if let Some(by) = self.notice_by.filter(|_| !self.notice_valid) {
            return Err(match by_then(&record.notice_at) {
                Some(at) => Fault::new("notice_too_late", format!("notice was given at {at}, and was due by {by}")),
                None => Fault::new("notice_missing", format!("spec.forceMajeure.noticeAt: notice is due by {by}")),
            });
        }
        if let Some(by) = self.proof_by.filter(|_| !self.proof_valid) {
            return Err(match by_then(&record.proof_at) {
                Some(at) => {
                    Fault::new("proof_too_late", format!("proof was given at {at}, and was due by the end of {by}"))
                }
                None => {
                    Fault::new("proof_missing", format!("spec.forceMajeure.proofAt: proof is due by the end of {by}"))
                }
            });
        }
        Ok(())
    }
}

/// Examines an event by an agreement's clocks, as far as was known at `as_of`.
///
/// # Errors
/// A clock is no length of time.
pub fn examine(
    rule: &ForceMajeureRule,
    record: &ForceMajeureRecord,
    event: Bounds,
    calendar: &WorkingDays,
    zone: &TimeZone,
    as_of: Timestamp,
) -> Result<Findings, InvalidSpec> {
    let clocks = rules::clocks("spec.exclusions.rules[].forceMajeure", rule)?;
    Ok(findings(&clocks, record, event, calendar, zone, as_of))
}

pub(super) fn findings(
    clocks: &Clocks,
    record: &ForceMajeureRecord,
    event: Bounds,
    calendar: &WorkingDays,
    zone: &TimeZone,
    as_of: Timestamp,
) -> Findings {
    let notice_by = clocks.notice_within.map(|within| after(event.start, within, zone).unwrap_or(Timestamp::MAX));
    let proof_by = clocks.proof_within_working_days.map(|count| {
        // The last day it touched: an event that ended at midnight ended with the day before.
        calendar.add(event.last_day(zone), count).unwrap_or(Date::MAX)
    });
    let notice_at = record.notice_at.as_ref().map(|t| t.0).filter(|at| *at <= as_of);
    let proof_at = record.proof_at.as_ref().map(|t| t.0).filter(|at| *at <= as_of);
    let day_is_over = |day: Date| day.tomorrow().ok().and_then(|next| first_instant_of(next, zone));
    let in_time = |at: Timestamp, by: Date| day_is_over(by).is_none_or(|over| at < over);
    Findings {
        notice_by,
        notice_valid: notice_by.is_none_or(|by| notice_at.is_some_and(|at| at <= by)),
        proof_by,
        proof_valid: proof_by.is_none_or(|by| proof_at.is_some_and(|at| in_time(at, by))),
        in_default: clocks.void_in_default && record.in_default_since.as_ref().is_some_and(|s| s.0 < event.start),
    }
}
