//! What the ledger says about an agreement at one instant: the input of every decision and of the status.

use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

use crate::api::agreement_status::State;

use super::credit::CreditAssessment;
use super::due_slots::Census;
use super::methods::{MemberAccount, UnknownUnits};
use super::period::Bounds;
use super::slot::Tally;

/// The account of an agreement in the running period, up to [`Assessment::measured_through`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// The period, half open.
    pub period_start: Timestamp,
    /// The period's end, which does not count.
    pub period_end: Timestamp,
    /// What is judged begins then: with the period, or with the trailing days up to its end.
    pub judged_from: Timestamp,
    /// Slots before this instant are in the ledger.
    pub measured_through: Timestamp,
    /// The worst state of the objectives.
    pub state: State,
    /// One entry per objective, in the order of the spec.
    pub objectives: Vec<ObjectiveAssessment>,
    /// Violations of this period, oldest first.
    pub violations: Vec<ViolationSpan>,
    /// What would be owed if the period closed now. `None`: the agreement grants no credits.
    pub credits: Option<CreditAssessment>,
}

/// The account of one objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ObjectiveAssessment {
    /// The objective's name.
    pub name: String,
    /// Its state, of a period that still runs as far as it can be told.
    pub state: State,
    /// What it would be if the period closed now. `NotDetermined`: what is unknown so far could change it.
    pub verdict: State,
    /// Whether the promise covers this instance. Where it does not, there is no verdict and nothing is owed.
    pub covered: bool,
    /// Why it does not, in words.
    pub not_covered_because: String,
    /// The target as a share, 0 to 1.
    pub target: BigRational,
    /// The share of bad events, 0 to 1, with which the promise is just kept at any moment: what the target leaves of events,
    /// or what does not make a minute bad yet where bad minutes are counted.
    pub allowed: BigRational,
    /// Good over all, 0 to 1, by the agreement's rule for unknown slots. `None`: nothing to divide by.
    pub attainment: Option<BigRational>,
    /// The attainment on which credits are owed, 0 to 1. `None`: nothing is.
    pub settles_on: Option<BigRational>,
    /// The attainment that is reached for certain, 0 to 1, on which rewards are owed. `None`: nothing is.
    pub at_least: Option<BigRational>,
    /// The attainment if all unknown slots had been bad, and good.
    pub bounds: Option<(BigRational, BigRational)>,
    /// All events and bad events counted.
    pub total_events: BigRational,
    /// Bad events counted.
    pub bad_events: BigRational,
    /// The part of the events that series brought along when they were born.
    pub born: Tally,
    /// Events that count for nobody.
    pub unattributed: Tally,
    /// What was good among the known, in the unit of the method: events, slots, seconds or values.
    pub good_units: BigRational,
    /// What that is divided by, in the same unit.
    pub total_units: BigRational,
    /// What the unknown adds to both by the agreement's rule for it. `None`: nothing.
    pub unknown_units: Option<UnknownUnits>,
    /// The slots by state.
    pub slots: Census,
    /// What is known of what is due and not excluded, 0 to 1. `None`: nothing is due yet.
    pub coverage: Option<BigRational>,
    /// The bad time that counts, after every rule and exclusion: ordered, disjoint. Of a pool, the time in which any
    /// covered member was bad (or all were, where that is the promise). Empty for methods that count no time.
    pub downtime: Vec<Bounds>,
    /// How many violations a remedy counts.
    pub incidents: usize,
    /// The members of a pool.
    pub members: Vec<MemberAccount>,
    /// Share of the error budget left; negative when overspent. `None`: no events yet, or a target of 100 % without a
    /// bad event's worth of budget.
    pub budget_remaining: Option<BigRational>,
    /// Burn rates per window. The rate is `None` when the window has no events or the target leaves no budget.
    pub burn_rates: Vec<WindowBurn>,
    /// A pair of windows burns above its threshold: the objective will be lost if nothing changes.
    pub burning: bool,
    /// Share of known slots among the most recent ones that decisions rest on, 0 to 1. `None`: none is due.
    pub recent_coverage: Option<BigRational>,
    /// Mean events per second over the most recent known slots. `None`: unknown.
    pub recent_rate: Option<BigRational>,
    /// Bad over all in the most recent known slots. `None`: unknown or no traffic.
    pub recent_bad_share: Option<BigRational>,
    /// Why the latest slot is unknown, in words; empty when it is known.
    pub problem: String,
}

/// A burn rate over one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WindowBurn {
    /// The window's length in seconds.
    pub window_seconds: i64,
    /// Multiples of the pace that would just use up the budget.
    pub rate: Option<BigRational>,
}

/// A maximal run of slots in which the objective's target was missed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationSpan {
    /// The objective.
    pub objective: String,
    /// Start of the first bad slot.
    pub start: Timestamp,
    /// End of the last bad slot; `None` while it goes on.
    pub end: Option<Timestamp>,
    /// The smallest share of good events in one of its slots.
    pub depth: BigRational,
    /// Bad events in it.
    pub bad_events: BigRational,
    /// All events in it.
    pub total_events: BigRational,
}
