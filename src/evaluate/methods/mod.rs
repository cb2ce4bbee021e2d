//! Counting methods: how the slots of a period become one figure.
//!
//! Every method is a [`CountingMethod`]; the rest of the stage (budget, burn rates, coverage, violations, credits)
//! knows no other way to a figure, so that status, alert and credit can not disagree.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::Zero;

use crate::api::agreement::TreatAs;
use crate::api::measurement::Method;
use crate::api::objective::{Member, Objective};

use super::assessment::ViolationSpan;
use super::due_slots::{Census, DueSlots};
use super::exclusion::Exclusions;
use super::exemption::Exemptions;
use super::invalid::InvalidSpec;
use super::ledger::Ledger;
use super::period::Bounds;
use super::series;
use super::slot::{Tally, UnknownCause};
use super::stretch::Stretch;

pub mod bad_minutes;
mod by_slot;
pub mod events;
pub mod groups;
pub mod mean_of_slots;
pub mod minute_rule;
pub mod pooled;
pub mod unknown_time;
pub mod value;
pub mod words;

use bad_minutes::BadMinutes;
use events::Events;
use mean_of_slots::MeanOfSlots;
use pooled::Pooled;
use unknown_time::UnknownTime;

/// The account of one objective over some slots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// The slots by state.
    pub census: Census,
    /// Every event that counts.
    pub counted: Tally,
    /// The part of it that series brought along when they were born.
    pub born: Tally,
    /// What counts for nobody.
    pub unattributed: Tally,
    /// The share of what should be known that is, 0 to 1. `None`: nothing should be.
    pub coverage: Option<BigRational>,
    /// What was good, in the unit of the method.
    pub good: BigRational,
    /// What the attainment divides it by, in the same unit.
    pub total: BigRational,
    /// The attainment of the known slots, 0 to 1. `None`: nothing to divide by.
    pub attainment: Option<BigRational>,
    /// The attainment if every unknown slot had been all bad, and all good. `None`: even then nothing to divide by, or
    /// nothing known about how much an unknown slot weighs.
    pub bounds: Option<(BigRational, BigRational)>,
    /// What the unknown slots hold if all of it was bad. `None`: nothing is known about how much they weigh.
    pub unknown: Option<UnknownUnits>,
}

/// What unknown slots are taken to hold, in the unit of the method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnknownUnits {
    /// All of it.
    pub total: BigRational,
    /// What is bad by it. Of bad time it can be more than that, where known time makes a run that counts only together
    /// with it; of rates too, by what the unknown part of a stretch takes from the rate of its known part.
    pub bad: BigRational,
    /// What the rates of stretches that are known in part gain if their unknown part was good.
    pub gained: BigRational,
}

impl UnknownUnits {
    fn is_nothing(&self) -> bool {
        self.total.is_zero() && self.bad.is_zero() && self.gained.is_zero()
    }
}

impl Account {
    /// What the unknown slots add to the account by the agreement's rule for them. `None`: nothing.
    #[must_use]
    pub fn unknown_treated(&self, unknown_as: TreatAs) -> Option<UnknownUnits> {
        let unknown = self.unknown.clone()?;
        let added = match unknown_as {
            TreatAs::Exclude => return None,
            TreatAs::Good => UnknownUnits { bad: BigRational::zero(), ..unknown },
            TreatAs::Bad => UnknownUnits { gained: BigRational::zero(), ..unknown },
        };
        (!added.is_nothing()).then_some(added)
    }

    /// The attainment by the agreement's rule for unknown slots.
    #[must_use]
    pub fn attainment_treating(&self, unknown_as: TreatAs) -> Option<BigRational> {
        match (unknown_as, &self.bounds) {
            (TreatAs::Good, Some((_, best))) => Some(best.clone()),
            (TreatAs::Bad, Some((worst, _))) => Some(worst.clone()),
            _ => self.attainment.clone(),
        }
    }
}

/// The account of one member of a pool.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberAccount {
    /// Its name.
    pub name: String,
    /// Whether the promise covers it; what is not covered counts for nothing.
    pub covered: bool,
    /// The seconds it is divided by: those in which it was deployed, unless the agreement counts by the calendar.
    pub deployed_seconds: i64,
    /// Its bad seconds, by the rules of the measurement.
    pub down_seconds: i64,
}

/// The slots of an objective as its method counts them, with exclusions applied.
pub trait CountingMethod {
    /// The length of a slot in seconds.
    fn slot_seconds(&self) -> i64;

    /// The account of all slots that are due.
    fn account(&self) -> Account;

    /// The account of the last slots that are due, so many of them. Bad time that goes on counts even while it is
    /// shorter than the agreement's shortest outage: windows are looked at to act before it is too late.
    fn recent(&self, slots: usize) -> Account;

    /// The times in which the target was missed, oldest first. `closed`: the period is over, so that none goes on.
    fn violations(
        &self,
        objective: &str,
        target: &BigRational,
        closed: bool,
        unknown: UnknownTime,
    ) -> Vec<ViolationSpan>;

    /// The bad time that counts: ordered, disjoint. Empty for methods that count no time.
    fn downtime(&self, _: UnknownTime) -> Vec<Bounds> {
        Vec::new()
    }

    /// The time in which the service failed, whether it counts or not, as far as it is not excluded; with the time in which
    /// it may have, unless that is not bad. Empty for methods that count no time.
    fn failing(&self, _: UnknownTime) -> Vec<Stretch> {
        Vec::new()
    }

    /// The members of a pool.
    fn members(&self) -> Vec<MemberAccount> {
        Vec::new()
    }

    /// Why the latest slot is unknown, if it is.
    fn latest_problem(&self) -> Option<UnknownCause>;
}

/// The slots of the objective at this place of the spec, counted by the method it names.
///
/// # Errors
/// Names the field of the measurement that can not be worked with.
pub fn counting<'a>(
    index: usize,
    objective: &'a Objective,
    ledger: &'a Ledger,
    exclusions: &Exclusions,
    now: Timestamp,
    settle: SignedDuration,
) -> Result<Box<dyn CountingMethod + 'a>, InvalidSpec> {
    let exemptions = Exemptions::of(exclusions, &objective.name);
    let slots = |name: &str| ledger.due_slots(name, now, settle);
    let own = || slots(&objective.name);
    Ok(match objective.measurement.method {
        Method::Events => Box::new(Events::of(exemptions.by_slot(own()))),
        Method::Value => Box::new(Events::of_values(exemptions.by_slot(own()))),
        Method::MeanOfSlots => {
            let rule = mean_of_slots::Rule::of(index, &objective.measurement)?.or_over(ledger.slot_seconds());
            Box::new(MeanOfSlots::new(rule, exemptions.by_slot(own())))
        }
        Method::BadMinutes => {
            let rule = minute_rule::MinuteRule::of(index, &objective.measurement)?;
            Box::new(BadMinutes::new(&rule, own(), &exemptions))
        }
        Method::Pooled => {
            let rule = minute_rule::MinuteRule::of(index, &objective.measurement)?;
            let members = objective.indicator.members.as_deref().unwrap_or_default();
            let of = |m: &'a Member| (m, slots(&series::member(&objective.name, &m.name)));
            let members: Vec<(&Member, DueSlots<'a>)> = members.iter().map(of).collect();
            let pool = objective.measurement.pool.unwrap_or_default();
            Box::new(Pooled::new(&rule, pool, members, &exemptions))
        }
    })
}
