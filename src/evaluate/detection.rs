//! Detection: who noticed an incident first, and what that makes of it.
//!
//! An objective allows so much downtime: (1 - target) x the time that counts. An interruption within it is normal
//! execution. One that goes beyond is a violation, and where the customer noticed it first, a violation with a claim.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;
use num_traits::One;

use crate::api::agreement_status::{DetectedBy, Violation};

use super::exact::whole;
use super::period::Bounds;

/// An incident as it was reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incident {
    /// The objective; `None` is every one.
    pub objective: Option<String>,
    /// Its beginning.
    pub start: Timestamp,
    /// When the service was restored.
    pub end: Timestamp,
    /// Who noticed it first.
    pub detected_by: DetectedBy,
    /// When the customer noticed it. `None`: nobody said.
    pub noticed_at: Option<Timestamp>,
}

impl Incident {
    /// Whether a violation lies in its time and is of an objective that it is about.
    #[must_use]
    pub fn touches(&self, violation: &Violation) -> bool {
        let end = violation.end.as_ref().map_or(Timestamp::MAX, |end| end.0);
        self.objective.as_ref().is_none_or(|o| *o == violation.objective)
            && self.start < end
            && violation.start.0 < self.end
    }
}

/// What an incident is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Classification {
    /// The service was restored within the allowed time: normal execution, with an interruption.
    InterruptionWithinSla,
    /// The allowed time was exceeded, and the provider noticed first.
    Violation,
    /// The allowed time was exceeded, and the customer noticed first.
    ViolationWithClaim,
}

impl Classification {
    /// Whether the objective is violated.
    #[must_use]
    pub fn is_violation(self) -> bool {
        self != Self::InterruptionWithinSla
    }
}

/// The downtime that a target (0 to 1) allows of the time that counts, in the same unit.
#[must_use]
pub fn allowed(target: &BigRational, counted: &BigRational) -> BigRational {
    (BigRational::one() - target) * counted
}

/// What each incident of an objective and period is, in the order in which they are given.
///
/// The incidents share what is allowed: one is a violation when the time lost up to its end is more than that; exactly as
/// much is not more. Time in which two incidents overlap is lost once. `counted` is the bad time that counts, after
/// exclusions and run lengths, ordered and disjoint; `None`: all the time of the incidents does.
#[must_use]
pub fn classify(
    incidents: &[Incident],
    counted: Option<&[Bounds]>,
    allowed_seconds: &BigRational,
) -> Vec<Classification> {
    incidents
        .iter()
        .map(|incident| {
            let lost = lost_seconds(incidents, counted, incident.end);
            match incident.detected_by {
                _ if whole(lost) <= *allowed_seconds => Classification::InterruptionWithinSla,
                DetectedBy::Provider => Classification::Violation,
                DetectedBy::Customer => Classification::ViolationWithClaim,
            }
        })
        .collect()
}

/// Whole seconds lost in all incidents up to an instant.
fn lost_seconds(incidents: &[Incident], counted: Option<&[Bounds]>, until: Timestamp) -> i64 {
    let mut spans: Vec<_> = incidents.iter().map(|i| (i.start, i.end.min(until))).collect();
    spans.sort_unstable();
    let mut lost = 0;
    let mut reached = Timestamp::MIN;
    for (start, end) in spans {
        let span = Bounds { start: start.max(reached), end };
        if span.start < span.end {
            lost += match counted {
                None => span.seconds(),
                Some(counted) => counted.iter().filter_map(|c| c.overlap(&span)).map(|c| c.seconds()).sum(),
            };
            reached = span.end;
        }
    }
    lost
}

/// Enters into violations who noticed them first, and when the customer did: by the first incident of the same objective that overlaps with it.
pub fn enter(violations: &mut [Violation], incidents: &[Incident]) {
    for violation in violations {
        let first = incidents.iter().filter(|incident| incident.touches(violation)).min_by_key(|i| i.start);
        violation.detected_by = first.map(|incident| incident.detected_by);
        violation.detected_at = first.and_then(|incident| incident.noticed_at).map(Time);
    }
}

/// Enters the provider where the operator saw the danger itself and no incident was reported: its monitoring noticed first.
/// When, the episode tells.
pub fn enter_seen(violations: &mut [Violation]) {
    for violation in violations.iter_mut().filter(|violation| violation.episode.is_some()) {
        violation.detected_by.get_or_insert(DetectedBy::Provider);
    }
}

/// Whether it follows from the account itself who noticed it: the operator saw the danger, and nobody else is named.
#[must_use]
pub fn is_seen(violation: &Violation) -> bool {
    violation.episode.is_some() && violation.detected_by == Some(DetectedBy::Provider)
}

/// What violations as a statement lists them say of who reported them, so that a statement can be made again from itself.
#[must_use]
pub fn told(violations: &[Violation]) -> Vec<Incident> {
    let of = |violation: &Violation| {
        Some(Incident {
            objective: Some(violation.objective.clone()),
            start: violation.start.0,
            end: violation.end.as_ref().map_or(Timestamp::MAX, |end| end.0),
            detected_by: violation.detected_by?,
            noticed_at: violation.detected_at.as_ref().map(|at| at.0),
        })
    };
    violations.iter().filter(|violation| !is_seen(violation)).filter_map(of).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
