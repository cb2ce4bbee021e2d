//! Second by second.

use num_rational::BigRational;

use super::super::exact::{divide, whole};
use super::super::slot::{Slot, SlotState};
use super::Window;
use crate::api::exclusion_rules::ExclusionEffect;
use crate::api::measurement::{Denominator, Measurement, PartialMinutes};

/// What a second was like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Second {
    LeftOut,
    NotDeployed,
    Down,
    Idle,
    /// Down, if the minute had enough events in its unknown slots.
    Perhaps,
    Unknown,
    Up,
}

/// Slots and exclusions.
#[derive(Clone, Copy)]
pub struct World<'a> {
    pub slots: &'a [Slot],
    pub slot_seconds: i64,
    pub start: i64,
    pub windows: &'a [Window],
}

impl World<'_> {
    fn inside(&self, second: i64, effect: Option<ExclusionEffect>) -> bool {
        self.windows.iter().any(|(from, until, e)| *from <= second && second < *until && effect.is_none_or(|f| f == *e))
    }

    fn seconds_of(&self, index: usize) -> std::ops::Range<i64> {
        let first = i64::try_from(index).unwrap() * self.slot_seconds;
        first..first + self.slot_seconds
    }

    /// Every second, exclusions applied.
    pub fn conditions(&self, measurement: &Measurement) -> Vec<Second> {
        let least = u128::from(measurement.minimum_events.unwrap_or(0).unsigned_abs());
        let minute_of = |index: usize| (self.start + self.seconds_of(index).start).div_euclid(60);
        let mut seconds = Vec::new();
        for (index, slot) in self.slots.iter().enumerate() {
            let minute: Vec<&Slot> = (0..self.slots.len())
                .skip(index.saturating_sub(60))
                .take(121)
                .filter(|other| minute_of(*other) == minute_of(index))
                .map(|other| &self.slots[other])
                .collect();
            let (total, bad) = events(slot);
            let failing = match measurement.bad_when.as_ref().unwrap().error_rate_above.as_ref() {
                Some(limit) => bad > 0 && above(bad, total, limit.as_str()),
                None => total > 0 && bad == total,
            };
            let own = match slot.state() {
                SlotState::Measured if !failing => Second::Up,
                SlotState::Measured if minute.iter().map(|s| events(s).0).sum::<u128>() >= least => Second::Down,
                SlotState::Measured if minute.iter().any(|s| s.unknown_cause().is_some()) => Second::Perhaps,
                SlotState::Measured => Second::Up,
                SlotState::NoTraffic => Second::Idle,
                SlotState::Unknown(_) => Second::Unknown,
                SlotState::Excluded => Second::LeftOut,
                SlotState::NotDeployed => Second::NotDeployed,
            };
            for second in self.seconds_of(index) {
                seconds.push(match own {
                    _ if self.inside(second, Some(ExclusionEffect::Exclude)) => Second::LeftOut,
                    Second::LeftOut | Second::NotDeployed => own,
                    _ if self.inside(second, None) => Second::Up,
                    own => own,
                });
            }
        }
        seconds
    }

    /// Every slot, exclusions applied to those that lie wholly inside. `None`: left out.
    fn by_slot(&self) -> Vec<Option<Slot>> {
        let slot = |(index, slot): (usize, &Slot)| {
            if !self.seconds_of(index).all(|second| self.inside(second, None)) {
                return (slot.state() != SlotState::Excluded).then(|| slot.clone());
            }
            let out = self.seconds_of(index).any(|second| self.inside(second, Some(ExclusionEffect::Exclude)));
            match slot.state() {
                _ if out => None,
                SlotState::Unknown(_) | SlotState::Excluded => None,
                _ => Some(super::measured(u32::try_from(events(slot).0).unwrap(), 0)),
            }
        };
        self.slots.iter().enumerate().map(slot).collect()
    }
}

fn events(slot: &Slot) -> (u128, u128) {
    let one = super::measured(1, 0).counted().total.parts();
    (slot.counted().total.parts() / one, slot.counted().bad.parts() / one)
}

/// bad / total > percent / 100, digit by digit.
fn above(bad: u128, total: u128, percent: &str) -> bool {
    let (left, right) = percent.split_once('.').unwrap_or((percent, ""));
    let digits: u128 = format!("{left}{right}").parse().unwrap();
    bad * 100 * 10u128.pow(u32::try_from(right.len()).unwrap()) > digits * total
}

/// The time of one service, second by second.
pub struct Minutes {
    seconds: Vec<Second>,
    certain: Vec<bool>,
    possible: Vec<bool>,
    deployed_only: bool,
}

impl Minutes {
    pub fn of(measurement: &Measurement, seconds: Vec<Second>) -> Self {
        let deployed_only = measurement.denominator == Some(Denominator::Deployed);
        let certain = counted(measurement, &seconds, |s| s == Second::Down);
        let possible =
            counted(measurement, &seconds, |s| matches!(s, Second::Down | Second::Perhaps | Second::Unknown));
        Self { seconds, certain, possible, deployed_only }
    }

    fn count(&self, which: impl Fn(Second) -> bool) -> usize {
        self.seconds.iter().filter(|s| which(**s)).count()
    }

    /// Known and divided by, unknown, bad for certain, bad at worst.
    fn sums(&self) -> [usize; 4] {
        let known = self.count(|s| match s {
            Second::LeftOut | Second::Unknown => false,
            Second::NotDeployed => !self.deployed_only,
            _ => true,
        });
        let marked = |marks: &[bool]| marks.iter().filter(|m| **m).count();
        [known, self.count(|s| s == Second::Unknown), marked(&self.certain), marked(&self.possible)]
    }

    pub fn figures(&self) -> (Option<BigRational>, Option<(BigRational, BigRational)>) {
        quotients(self.sums())
    }

    /// The downtime that counts, in seconds from the beginning: for certain, or at worst.
    pub fn runs(&self, at_worst: bool) -> Vec<(i64, i64)> {
        let marks = if at_worst { &self.possible } else { &self.certain };
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for second in (0i64..).zip(marks).filter(|(_, bad)| **bad).map(|(second, _)| second) {
            match runs.last_mut() {
                Some(run) if run.1 == second => run.1 += 1,
                _ => runs.push((second, second + 1)),
            }
        }
        runs
    }
}

fn quotients(
    [known, unknown, certain, possible]: [usize; 4],
) -> (Option<BigRational>, Option<(BigRational, BigRational)>) {
    let all = known + unknown;
    let over = |bad: usize, all: usize| divide(&(whole(all) - whole(bad)), &whole(all));
    (over(certain, known), over(possible, all).zip(over(certain, all)))
}

/// The seconds that count as bad when these are.
fn counted(measurement: &Measurement, seconds: &[Second], bad: impl Fn(Second) -> bool) -> Vec<bool> {
    let mut marks: Vec<bool> = seconds.iter().map(|s| bad(*s)).collect();
    if measurement.partial_minutes.unwrap_or_default() == PartialMinutes::Drop {
        for (mark, minute) in marks.chunks_mut(60).zip(seconds.chunks(60)) {
            let whole = minute.len() == 60 && minute.iter().all(|s| bad(*s) || *s == Second::Idle);
            let any = minute.iter().any(|s| bad(*s));
            mark.fill(whole && any);
        }
    }
    let least = match measurement.minimum_consecutive.as_ref().map(|run| run.as_str().to_owned()).as_deref() {
        None => 0,
        Some("90s") => 90,
        Some(minutes) => 60 * minutes.trim_end_matches('m').parse::<usize>().unwrap(),
    };
    let mut from = 0;
    while from < marks.len() {
        let length = marks[from..].iter().take_while(|m| **m == marks[from]).count();
        if marks[from] && length < least {
            marks[from..from + length].fill(false);
        }
        from += length;
    }
    marks
}

/// A pool of covered members.
pub fn pool(
    measurement: &Measurement,
    members: &[Vec<Second>],
    together: bool,
) -> (Option<BigRational>, Option<(BigRational, BigRational)>) {
    let mut measurement = measurement.clone();
    if together {
        let length = members.first().map_or(0, Vec::len);
        let at = |second: usize| {
            let all: Vec<Second> = members.iter().map(|m| m[second]).collect();
            let order = [Second::Up, Second::Unknown, Second::Perhaps, Second::Idle, Second::Down, Second::NotDeployed];
            order.into_iter().find(|s| all.contains(s)).unwrap_or(Second::LeftOut)
        };
        return Minutes::of(&measurement, (0..length).map(at).collect()).figures();
    }
    measurement.denominator = measurement.denominator.or(Some(Denominator::Deployed));
    let sums = members.iter().map(|seconds| Minutes::of(&measurement, seconds.clone()).sums());
    quotients(sums.fold([0; 4], |a, b| [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]))
}

/// The mean of the rates, fraction by fraction.
pub fn mean(
    world: &World<'_>,
    over: Option<i64>,
    skip: bool,
) -> (Option<BigRational>, Option<(BigRational, BigRational)>) {
    let over = over.unwrap_or(world.slot_seconds).max(world.slot_seconds);
    let slots = world.by_slot();
    let [mut good, mut worst, mut best] = [const { Vec::new() }; 3];
    let mut unknown = 0usize;
    let key = |index: usize| world.seconds_of(index).start.div_euclid(over);
    let mut index = 0;
    while index < slots.len() {
        let length = (index..slots.len()).take_while(|other| key(*other) == key(index)).count();
        let group: Vec<&Slot> = slots[index..index + length].iter().flatten().collect();
        index += length;
        let (total, bad) = group.iter().map(|s| events(s)).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1));
        match total {
            _ if group.is_empty() => {}
            _ if group.iter().all(|s| s.unknown_cause().is_some()) => unknown += 1,
            0 if skip => unknown += usize::from(group.iter().any(|s| s.unknown_cause().is_some())),
            _ => {
                // A known slot has the good share of all that are known, an unknown one none of it or all.
                let share = if total == 0 { whole(1) } else { BigRational::new((total - bad).into(), total.into()) };
                let with = |unknown: usize| {
                    let each = group.iter().map(|s| s.unknown_cause().map_or(share.clone(), |_| whole(unknown)));
                    each.sum::<BigRational>() / whole(group.len())
                };
                worst.push(with(0));
                best.push(with(1));
                good.push(share);
            }
        }
    }
    let mean = |shares: &[BigRational], more: usize, count: usize| {
        divide(&(shares.iter().sum::<BigRational>() + whole(more)), &whole(count))
    };
    let all = good.len() + unknown;
    (mean(&good, 0, good.len()), mean(&worst, 0, all).zip(mean(&best, unknown, all)))
}

/// All events and the bad ones.
pub fn requests(world: &World<'_>) -> (u128, u128) {
    world.by_slot().iter().flatten().map(events).fold((0, 0), |a, b| (a.0 + b.0, a.1 + b.1))
}
