//! The method `BadMinutes`: time that was not bad over all time, to the second.
//!
//! What is divided by is the calendar (time in which the service was not deployed counts as good) or the time in which
//! it was deployed, each without what an exclusion takes out.

use num_rational::BigRational;

use crate::api::measurement::Denominator;

use super::super::assessment::ViolationSpan;
use super::super::due_slots::{Census, DueSlots};
use super::super::exact::{divide, whole};
use super::super::exemption::{Exemptions, Record};
use super::super::period::Bounds;
use super::super::slot::{Tally, UnknownCause};
use super::super::stretch::{Stretch, seconds_within};
use super::super::violation::of_downtime;
use super::events::tallies;
use super::minute_rule::{Condition, MinuteRule, Spell};
use super::unknown_time::UnknownTime;
use super::{Account, CountingMethod, UnknownUnits};

/// The time of one service, or of a pool that is down when all of it is.
#[derive(Clone, Debug)]
pub(super) struct Downtime {
    spells: Vec<Spell>,
    denominator: Denominator,
    /// What is bad for certain and counts.
    certain: Vec<Stretch>,
    /// What counts if all that is unknown was bad.
    possible: Vec<Stretch>,
    /// As `certain`, with a run that still goes on.
    going_on: Vec<Stretch>,
}

/// Seconds of some window.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seconds {
    /// What is known and divided by.
    pub(super) total: i64,
    /// What should be known and is not.
    unknown: i64,
    /// What is known, divided by or not.
    known: i64,
    /// Bad for certain.
    pub(super) certain: i64,
    /// Bad if all that is unknown was.
    possible: i64,
}

impl Downtime {
    pub(super) fn new(rule: &MinuteRule, spells: Vec<Spell>, denominator: Denominator) -> Self {
        let is_certain = |condition| condition == Condition::Down;
        let is_possible = |condition| matches!(condition, Condition::Down | Condition::Doubtful | Condition::Unknown);
        let end = spells.last().map(|s| s.when.until);
        Self {
            certain: rule.downtime(&spells, is_certain, None),
            possible: rule.downtime(&spells, is_possible, None),
            going_on: rule.downtime(&spells, is_certain, end),
            spells,
            denominator,
        }
    }

    /// What counts, where unknown time is this.
    pub(super) fn counting(&self, unknown: UnknownTime) -> &[Stretch] {
        match unknown {
            UnknownTime::Bad => &self.possible,
            UnknownTime::Good | UnknownTime::LeftOut | UnknownTime::Open => &self.certain,
        }
    }

    /// What failed, whether it counts or not; with what may have, unless that is not bad.
    pub(super) fn failing(&self, unknown: UnknownTime) -> impl Iterator<Item = Stretch> {
        let may_have = matches!(unknown, UnknownTime::Bad | UnknownTime::Open);
        let failed = move |condition| match condition {
            Condition::Down => true,
            Condition::Doubtful | Condition::Unknown => may_have,
            _ => false,
        };
        let possible = self.possible.iter().copied().filter(move |_| may_have);
        self.spells.iter().filter(move |spell| failed(spell.condition)).map(|spell| spell.when).chain(possible)
    }

    /// All of it.
    pub(super) fn all(&self) -> Seconds {
        self.seconds(Stretch { from: i64::MIN, until: i64::MAX }, &self.certain)
    }

    /// A window up to now, in which bad time counts as soon as it is bad.
    pub(super) fn window(&self, window: Stretch) -> Seconds {
        self.seconds(window, &self.going_on)
    }

    fn seconds(&self, window: Stretch, certain: &[Stretch]) -> Seconds {
        let mut seconds = Seconds {
            certain: seconds_within(certain, window),
            possible: seconds_within(&self.possible, window),
            ..Seconds::default()
        };
        for spell in &self.spells {
            let length = spell.when.within(window).seconds();
            match spell.condition {
                Condition::LeftOut => {}
                Condition::Unknown => seconds.unknown += length,
                Condition::NotDeployed if self.denominator == Denominator::Deployed => seconds.known += length,
                _ => {
                    seconds.known += length;
                    seconds.total += length;
                }
            }
        }
        seconds.possible = seconds.possible.max(seconds.certain);
        seconds
    }
}

impl std::ops::Add for Seconds {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            unknown: self.unknown + other.unknown,
            known: self.known + other.known,
            certain: self.certain + other.certain,
            possible: self.possible + other.possible,
        }
    }
}

/// The account of some seconds, with the slots and events that belong to them.
pub(super) fn account(
    seconds: Seconds,
    census: Census,
    (counted, born, unattributed): (Tally, Tally, Tally),
) -> Account {
    let (good, total) = (whole(seconds.total - seconds.certain), whole(seconds.total));
    let all = whole(seconds.total + seconds.unknown);
    let bounds = divide(&(&all - whole(seconds.possible)), &all).zip(divide(&(&all - whole(seconds.certain)), &all));
    Account {
        census,
        counted,
        born,
        unattributed,
        coverage: divide(&whole(seconds.known), &whole(seconds.known + seconds.unknown)),
        attainment: divide(&good, &total),
        good,
        total,
        bounds,
        unknown: Some(UnknownUnits {
            total: whole(seconds.unknown),
            bad: whole(seconds.possible - seconds.certain),
            ..UnknownUnits::default()
        }),
    }
}

/// The last `n` of these slots as a stretch of time.
pub(super) fn last(slots: DueSlots<'_>, n: usize) -> Stretch {
    Stretch { from: slots.last(n).start(), until: slots.end() }
}

/// Slots whose bad time is counted.
#[derive(Clone, Debug)]
pub struct BadMinutes<'a> {
    record: Record<'a>,
    downtime: Downtime,
}

impl<'a> BadMinutes<'a> {
    /// The bad time of these slots.
    #[must_use]
    pub fn new(rule: &MinuteRule, slots: DueSlots<'a>, exemptions: &Exemptions) -> Self {
        let spells = rule.spells(slots, exemptions);
        let downtime = Downtime::new(rule, spells, rule.denominator.unwrap_or_default());
        Self { record: exemptions.by_slot(slots), downtime }
    }
}

impl CountingMethod for BadMinutes<'_> {
    fn slot_seconds(&self) -> i64 {
        self.record.slots().slot_seconds()
    }

    fn account(&self) -> Account {
        let slots = self.record.slots();
        account(self.downtime.all(), slots.census(), tallies(slots))
    }

    fn recent(&self, slots: usize) -> Account {
        let all = self.record.slots();
        let recent = all.last(slots);
        account(self.downtime.window(last(all, slots)), recent.census(), tallies(recent))
    }

    fn violations(&self, objective: &str, _: &BigRational, closed: bool, unknown: UnknownTime) -> Vec<ViolationSpan> {
        of_downtime(objective, &[self.record.slots()], self.downtime.counting(unknown), closed)
    }

    fn downtime(&self, unknown: UnknownTime) -> Vec<Bounds> {
        self.downtime.counting(unknown).iter().map(|s| s.bounds()).collect()
    }

    fn failing(&self, unknown: UnknownTime) -> Vec<Stretch> {
        self.downtime.failing(unknown).collect()
    }

    fn latest_problem(&self) -> Option<UnknownCause> {
        self.record.slots().latest_problem()
    }
}
