//! A ledger that reaches back over the ledgers of earlier periods: what is judged where trailing days are.

use k8s_openapi::jiff::Timestamp;

use super::{Held, Ledger, LedgerError, Series, ceil_second};
use crate::evaluate::due_slots::DueSlots;
use crate::evaluate::period::Bounds;
use crate::evaluate::run::Runs;
use crate::evaluate::slot::{NOT_READ, Slot};

impl Ledger {
    /// The slots from `start` on up to the end of this ledger's period, those before it from the ledgers of `earlier`
    /// periods in the order of time, for the objectives of this one.
    ///
    /// What no ledger tells is unknown. A series that an earlier ledger does not have was not agreed on then, and its
    /// slots are left out; so are this ledger's slots before `start`. Slots of another length than this ledger has for
    /// the series tell nothing. The result is to be judged, and takes no slots any more.
    ///
    /// # Errors
    /// There would be too many slots, or none.
    pub fn reaching_back(&self, start: Timestamp, earlier: &[&Self]) -> Result<Self, LedgerError> {
        let bounds = Bounds { start, end: self.bounds.end };
        if bounds.end <= bounds.start {
            return Err(LedgerError::EmptyPeriod);
        }
        let read_through = Some(self.measured_through());
        let mut whole = Self { bounds, slot_seconds: self.slot_seconds, series: Vec::new(), read_through };
        let one_by_one = self.series.iter().filter(|series| matches!(series.held, Held::OneByOne(_)));
        // Room is taken for them here; runs are there already.
        Self::new(bounds, self.slot_seconds, one_by_one.map(|series| series.name.as_str()))?;
        let place = Place { first: whole.first_second(), slot_seconds: self.slot_seconds, count: whole.slot_count() };
        for Series { name, held, .. } in &self.series {
            let ledgers = earlier.iter().copied().chain([self]);
            let held = match held {
                Held::OneByOne(_) => Held::OneByOne(place.one_by_one(ledgers, name)),
                Held::AsRuns(own) => Held::AsRuns(Place::of(own, start).as_runs(ledgers, name)),
            };
            whole.series.push(Series { name: name.clone(), held, read: 0 });
        }
        Ok(whole)
    }

    /// What was entered of a series.
    fn entered(&self, name: &str) -> Option<DueSlots<'_>> {
        Some(match self.held(name)? {
            Held::OneByOne(slots) => DueSlots::new(slots, slots.len(), self.first_second(), self.slot_seconds),
            Held::AsRuns(runs) => DueSlots::of_runs(runs, runs.count()),
        })
    }
}

/// Where slots come to lie.
struct Place {
    /// When the first begins, in seconds of the epoch.
    first: i64,
    slot_seconds: i64,
    count: usize,
}

impl Place {
    /// From an instant on up to where these runs end, on their grid.
    fn of(runs: &Runs, start: Timestamp) -> Self {
        let slot_seconds = runs.slot_seconds();
        let start = ceil_second(start);
        let first = start.saturating_add(runs.start().saturating_sub(start).rem_euclid(slot_seconds));
        let end = i64::try_from(runs.count()).unwrap_or(i64::MAX).saturating_mul(slot_seconds);
        let seconds = runs.start().saturating_add(end).saturating_sub(first).max(0);
        Self { first, slot_seconds, count: usize::try_from(seconds / slot_seconds).unwrap_or(0) }
    }

    /// The slots of a series as far as any ledger has them.
    fn one_by_one<'a>(&self, ledgers: impl Iterator<Item = &'a Ledger>, name: &str) -> Vec<Slot> {
        let mut slots: Vec<Slot> = Vec::new();
        for ledger in ledgers {
            self.each(ledger, name, |from, until, slot| {
                if slots.len() < until {
                    slots.resize(until, NOT_READ.clone());
                }
                slots.iter_mut().take(until).skip(from).for_each(|held| held.clone_from(slot));
            });
        }
        slots
    }

    /// All slots of a series, those that no ledger has as not read.
    fn as_runs<'a>(&self, ledgers: impl Iterator<Item = &'a Ledger>, name: &str) -> Runs {
        let mut all = Runs::new(self.first, self.slot_seconds, 0, NOT_READ.clone());
        for ledger in ledgers {
            self.each(ledger, name, |from, until, slot| {
                all.push(from.saturating_sub(all.count()), NOT_READ.clone());
                all.push(until.saturating_sub(all.count()), slot.clone());
            });
        }
        all.push(self.count.saturating_sub(all.count()), NOT_READ.clone());
        all
    }

    /// Gives each run of equal slots that a ledger has of a series, as the index of its first and the one behind its last.
    fn each(&self, ledger: &Ledger, name: &str, mut put: impl FnMut(usize, usize, &Slot)) {
        let mut place = |start: i64, count: usize, slot_seconds: i64, slot: &Slot| {
            let offset = start.saturating_sub(self.first);
            if slot_seconds != self.slot_seconds || offset.rem_euclid(self.slot_seconds) != 0 {
                return;
            }
            let index = |at: i64| usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(self.count);
            let at = offset.div_euclid(self.slot_seconds);
            let (from, until) = (index(at), index(at.saturating_add(i64::try_from(count).unwrap_or(i64::MAX))));
            if from < until {
                put(from, until, slot);
            }
        };
        if let Some(entered) = ledger.entered(name) {
            entered.runs().for_each(|run| place(run.start, run.count, entered.slot_seconds(), run.slot));
        } else {
            let (start, end) = (ceil_second(ledger.bounds.start), ceil_second(ledger.bounds.end));
            place(self.at_or_after(start), self.slots_between(start, end), self.slot_seconds, &Slot::excluded(0));
        }
    }

    /// When the first slot begins that does so at this second or later.
    fn at_or_after(&self, second: i64) -> i64 {
        second.saturating_add(self.first.saturating_sub(second).rem_euclid(self.slot_seconds))
    }

    /// How many slots begin from one second on until another.
    fn slots_between(&self, start: i64, end: i64) -> usize {
        let seconds = self.at_or_after(end).saturating_sub(self.at_or_after(start)).max(0);
        usize::try_from(seconds / self.slot_seconds).unwrap_or(0)
    }
}
