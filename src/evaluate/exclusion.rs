//! Exclusions as the account applies them: what of a period does not count, and what was refused.

use k8s_openapi::jiff::Timestamp;

use crate::api::exclusion_rules::{ExclusionEffect, ExclusionReason};

use super::count::Count;
use super::period::Bounds;

/// The exclusions of one period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusions {
    /// Those that count, by their beginning.
    pub honoured: Vec<Honoured>,
    /// Those that do not, with the reason.
    pub refused: Vec<Refused>,
}

/// An exclusion that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Honoured {
    /// The name of the `ServiceLevelExclusion`.
    pub name: String,
    /// Why it does not count.
    pub reason: ExclusionReason,
    /// What it does to the account.
    pub effect: ExclusionEffect,
    /// The objectives it is about; empty is all.
    pub objectives: Vec<String>,
    /// The time it covers within the period: ordered, disjoint, half open. Reduced to what the allowance left.
    pub spans: Vec<Bounds>,
    /// Only so many events of that time, the earliest; `None` is the whole time.
    pub events: Option<EventsLeft>,
}

/// Events that leave the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventsLeft {
    /// Bad ones that are not held against the service.
    pub bad: Count,
    /// Events that leave the total.
    pub total: Count,
}

/// An exclusion that does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The name of the `ServiceLevelExclusion`.
    pub name: String,
    /// Why it was asked for.
    pub reason: ExclusionReason,
    /// The time it would have covered.
    pub from: Timestamp,
    /// Its end, which does not count.
    pub until: Timestamp,
    /// One word for the reason it is refused.
    pub code: &'static str,
    /// The reason in words, with the figures.
    pub why: String,
}
