//! The pulse: whether the last minute alone proves an outage, before any slot has closed.
//!
//! Danger is told by closed slots, exactly and late: the windows of [`burn_rate`] are some slots long, and a slot is read
//! a while after its end. The pulse is the objective's own indicator over the minute that ends now, asked every few
//! seconds. It proves an outage when two things hold:
//!
//! - It is one: the share of bad events reaches the rate at which the faster pair of burn windows fires, 14.4 times what
//!   the target allows in a month, or all of them where that is more than all. Where bad minutes are counted, it exceeds
//!   the share that makes a minute bad.
//! - It is no chance: a service whose requests fail at the rate it may, in runs of three and whatever the number, looks
//!   like that with a probability of at most [`FALSE_ALARM`]. That is the bound of [`comparison`]. In a day there are 5760
//!   looks at the default pace, so at most one false alarm in 475 years for an objective, and one in 170 days where a
//!   thousand are looked at.
//!
//! What it proves begins an episode and holds the floor; nothing that stands is given back for what it says: that only
//! slots tell. It is no part of the account. A look that says nothing (no samples, too few events, an answer in part, no
//! answer) changes nothing: a proof stands until a look disproves it, or for [`STANDS`].
//!
//! Asked are objectives on events, where slots would not tell of it within the same minute: they are long, or read long after
//! their end.
//! Pools, single values, and minutes that are bad only when everything fails are left to the slots.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;
use num_traits::{One, ToPrimitive};

use crate::api::agreement::SlotLength;
use crate::api::measurement::{Measurement, Method};
use crate::api::objective::Objective;
use crate::decide::cause::comparison::{self, Sample};
use crate::evaluate::assessment::{Assessment, ObjectiveAssessment};
use crate::evaluate::burn_rate;
use crate::evaluate::exact::share;
use crate::evaluate::exclusion::Exclusions;
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::{Slot, SlotState, UnknownCause};

use super::health::{Danger, danger, pace};

/// The time a look is about.
pub const WINDOW: SignedDuration = SignedDuration::from_mins(1);
/// The chance of a false alarm in one look at one objective, at most.
pub const FALSE_ALARM: f64 = 1e-9;
/// With fewer events a look says nothing.
pub const FEWEST_EVENTS: f64 = 20.0;
/// A proof that no look has confirmed for so long is none any more: by then slots tell.
pub const STANDS: SignedDuration = SignedDuration::from_secs(90);

/// What is proven for so long is no hiccup: one has left the minute by then, and a look has said so.
pub const LASTS: SignedDuration = SignedDuration::from_secs(90);
/// What is less long ago need not have been scraped by then.
const SCRAPED: SignedDuration = SignedDuration::from_secs(15);

/// The fewest slots of a window in which a burn is seen.
const FEWEST_SLOTS: i64 = 4;
/// A target of 100 % allows nothing; a millionth keeps the comparison of before and after meaningful.
const LEAST_BUDGET: f64 = 1e-6;

/// What an outage of an objective is.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// The objective's name.
    pub objective: String,
    /// The share of bad events that a service may have, from which chance is reckoned.
    allowed: f64,
    /// The share from which it is an outage.
    outage: f64,
    /// The events a look must have.
    fewest: f64,
    /// The share of bad events the target allows.
    budget: f64,
}

impl Rule {
    /// The rule of an objective whose slots have that length and are read so long after their end. `None`: it is left to them.
    #[must_use]
    pub fn of(
        objective: &Objective,
        account: &ObjectiveAssessment,
        judged: Bounds,
        slot: SlotLength,
        settle: SignedDuration,
    ) -> Option<Self> {
        let by_slots = SignedDuration::from_secs(slot.seconds().saturating_mul(FEWEST_SLOTS)).saturating_add(settle);
        if !account.covered || by_slots <= WINDOW {
            return None;
        }
        let budget = BigRational::one() - &account.target;
        let (allowed, outage, fewest) = match objective.measurement.method {
            Method::Events | Method::MeanOfSlots => {
                let pairs = burn_rate::pairs(judged.seconds(), slot.seconds());
                let fast = pairs.into_iter().map(|pair| pair.threshold).max()?;
                (budget.clone(), (fast * &budget).min(BigRational::one()), 0.0)
            }
            Method::BadMinutes => {
                let limit = bad_minute(&objective.measurement)?;
                (limit.clone(), limit, objective.measurement.minimum_events.unwrap_or(0).to_f64()?)
            }
            Method::Pooled | Method::Value => return None,
        };
        Some(Self {
            objective: objective.name.clone(),
            allowed: allowed.to_f64()?,
            outage: outage.to_f64()?,
            fewest: fewest.max(FEWEST_EVENTS),
            budget: budget.to_f64()?.max(LEAST_BUDGET),
        })
    }

    /// What a minute says that was read as a slot is.
    fn tell(&self, minute: &Slot) -> Result<(Sample, bool), Silence> {
        match minute.state() {
            SlotState::Measured => {}
            SlotState::Unknown(UnknownCause::NoSamples) => return Err(Silence::Gap),
            SlotState::Unknown(_) | SlotState::NoTraffic | SlotState::Excluded | SlotState::NotDeployed => {
                return Err(Silence::Nothing);
            }
        }
        let counted = minute.counted();
        let figures = counted.total.ratio().to_f64().zip(counted.bad.ratio().to_f64());
        let (total, bad) = figures.ok_or(Silence::Nothing)?;
        let events = Sample { total, bad };
        if total < self.fewest {
            return Err(Silence::Nothing);
        }
        let is_one = bad > 0.0 && events.share() >= self.outage;
        Ok((events, is_one && comparison::by_chance(events, self.allowed) <= FALSE_ALARM))
    }
}

/// The share above which a minute is bad.
fn bad_minute(measurement: &Measurement) -> Option<BigRational> {
    share(measurement.bad_when.as_ref()?.error_rate_above.as_ref()?).ok()
}

/// Why a look says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Silence {
    /// There is no sample.
    Gap,
    /// There is too little, or the answer is no use.
    Nothing,
}

/// What a look said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Beat {
    /// An outage is proven.
    Outage,
    /// None is.
    Calm,
    /// Nothing.
    Unknown,
}

/// A proven outage.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The objective.
    pub objective: String,
    /// The look that proved it first, without one since that did not.
    pub since: Timestamp,
    /// The latest look that proved it.
    pub at: Timestamp,
    /// What it saw.
    pub events: Sample,
    /// What the first look saw.
    first: Sample,
    /// The share of bad events from which it is an outage.
    pub outage: f64,
    /// The share of bad events that a service may have, from which chance is reckoned.
    allowed: f64,
    /// The share of bad events the target allows.
    budget: f64,
}

impl Proof {
    /// How fast the budget is being spent, in multiples of what it allows.
    #[must_use]
    pub fn pace(&self) -> f64 {
        self.events.share() / self.budget
    }

    /// What came since the first look is an outage by itself, and no chance: so it was no hiccup that was over when it was seen,
    /// unless one began so late before it that most of it was scraped only then. Of the bad events of the first look some may have
    /// left the minute since, so that no fewer have come than there are more now; of all events as many as come in such a time.
    #[must_use]
    pub fn goes_on(&self) -> bool {
        let since = self.at.duration_since(self.since);
        let part = since.as_secs_f64() / WINDOW.as_secs_f64();
        let is_late = since >= SCRAPED;
        let since = Sample { total: self.events.total * part.min(1.0), bad: self.events.bad - self.first.bad };
        let is_one = is_late && since.bad > 0.0 && since.share() >= self.outage;
        is_one && comparison::by_chance(since, self.allowed) <= FALSE_ALARM
    }

    /// The time it is about.
    #[must_use]
    pub fn minute(&self) -> Bounds {
        Bounds { start: self.at.saturating_sub(WINDOW).unwrap_or(self.at), end: self.at }
    }
}

/// The looks at an objective, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    proof: Option<Proof>,
    /// There was a gap in the samples; what came in it would be taken for the present until then.
    gap_until: Option<Timestamp>,
}

impl Course {
    /// Enters a look at the minute before `at`.
    pub fn enter(&mut self, rule: &Rule, minute: &Slot, at: Timestamp) -> Beat {
        let told = rule.tell(minute);
        if told == Err(Silence::Gap) {
            self.gap_until = at.checked_add(WINDOW).ok();
        }
        match told {
            Ok((events, proven)) if self.gap_until.is_none_or(|until| until <= at) => {
                self.gap_until = None;
                let before = self.proof.as_ref().filter(|proof| stands(proof, at));
                self.proof = proven.then(|| Proof {
                    objective: rule.objective.clone(),
                    since: before.map_or(at, |proof| proof.since),
                    at,
                    first: before.map_or(events, |proof| proof.first),
                    events,
                    outage: rule.outage,
                    allowed: rule.allowed,
                    budget: rule.budget,
                });
                if proven { Beat::Outage } else { Beat::Calm }
            }
            Ok(_) | Err(_) => {
                self.proof = self.proof.take().filter(|proof| stands(proof, at));
                Beat::Unknown
            }
        }
    }

    /// The outage that is proven at an instant.
    #[must_use]
    pub fn proof(&self, now: Timestamp) -> Option<&Proof> {
        self.proof.as_ref().filter(|proof| stands(proof, now))
    }
}

fn stands(proof: &Proof, now: Timestamp) -> bool {
    now.duration_since(proof.at) <= STANDS
}

/// Those of the outages that count: in time that does not, nothing is one.
#[must_use]
pub fn counting(proofs: Vec<Proof>, exclusions: &Exclusions) -> Vec<Proof> {
    let excluded = |proof: &Proof| {
        exclusions.honoured.iter().any(|honoured| {
            let about = honoured.objectives.is_empty() || honoured.objectives.contains(&proof.objective);
            about && honoured.spans.iter().any(|span| span.overlap(&proof.minute()).is_some())
        })
    };
    proofs.into_iter().filter(|proof| !excluded(proof)).collect()
}

/// The present state of an agreement: its account, and what the pulse has proven beside it.
#[derive(Clone, Copy, Debug)]
pub struct Present<'a> {
    /// The account.
    pub assessment: &'a Assessment,
    /// The outages that the last minute proves.
    pub pulse: &'a [Proof],
}

impl Present<'_> {
    /// Whether an objective burns, by its slots or by the pulse.
    #[must_use]
    pub fn burns(&self) -> bool {
        !self.pulse.is_empty() || self.assessment.objectives.iter().any(|objective| objective.burning)
    }

    /// The endangered objective whose budget is spent fastest just now: the one that is asked about by pod.
    #[must_use]
    pub fn worst(&self) -> Option<&str> {
        let endangered = self.assessment.objectives.iter().filter(|objective| danger(objective) > Danger::None);
        let paces = endangered.map(|objective| (objective.name.as_str(), pace(objective).unwrap_or_default()));
        let proven = self.pulse.iter().map(|proof| (proof.objective.as_str(), proof.pace()));
        paces.chain(proven).max_by(|(_, a), (_, b)| a.total_cmp(b)).map(|(worst, _)| worst)
    }
}
/// The outage is proven by a minute of which half lies after an instant, or more.
#[must_use]
pub fn is_felt_since(proofs: &[Proof], instant: Timestamp) -> bool {
    let half = WINDOW / 2;
    proofs.iter().any(|proof| proof.at.duration_since(instant) >= half)
}
