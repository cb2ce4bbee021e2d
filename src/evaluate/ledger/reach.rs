//! A ledger that reaches back over the ledgers of earlier periods: what is judged where trailing days are.

use k8s_openapi::jiff::Timestamp;

use super::{Held, Ledger, LedgerError, Series};
use crate::evaluate::due_slots::DueSlots;
use crate::evaluate::period::Bounds;
use crate::evaluate::slot::{NOT_READ, Slot};

/// The most slots that are judged together, over all objectives: those of four ledgers, and of 366 days in minutes
/// (527,040). They take 24 bytes each.
pub const MAX_JUDGED_SLOTS: usize = 540_000;

impl Ledger {
    /// The slots from `start` on up to the end of this ledger's period, those before it from the ledgers of `earlier`
    /// periods, for the objectives of this one.
    ///
    /// What no ledger tells is unknown. A series that an earlier ledger does not have was not agreed on then, and its
    /// slots are left out; so are this ledger's slots before `start`. A ledger with slots of another length tells
    /// nothing. The result is to be judged, and takes no slots any more.
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
        let slots = whole.slot_count().saturating_mul(self.series.len());
        if slots > MAX_JUDGED_SLOTS {
            return Err(LedgerError::TooManyJudged(slots));
        }
        let place = Place { first: whole.first_second(), slot_seconds: self.slot_seconds, count: whole.slot_count() };
        for Series { name, .. } in &self.series {
            let mut slots = Vec::new();
            for ledger in earlier.iter().copied().chain([self]) {
                place.enter(ledger, name, &mut slots);
            }
            whole.series.push(Series { name: name.clone(), held: Held::OneByOne(slots), read: 0 });
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
    /// Puts the slots of a series in their place.
    fn enter(&self, ledger: &Ledger, name: &str, into: &mut Vec<Slot>) {
        let Some(entered) = ledger.entered(name) else {
            return self.put(ledger.first_second(), ledger.slot_count(), ledger.slot_seconds, &Slot::excluded(0), into);
        };
        for run in entered.runs() {
            self.put(run.start, run.count, entered.slot_seconds(), run.slot, into);
        }
    }

    /// Puts equal slots in their place, as far as it is one.
    fn put(&self, start: i64, count: usize, slot_seconds: i64, slot: &Slot, into: &mut Vec<Slot>) {
        let offset = start.saturating_sub(self.first);
        if slot_seconds != self.slot_seconds || offset.rem_euclid(self.slot_seconds) != 0 {
            return;
        }
        let index = |at: i64| usize::try_from(at.max(0)).unwrap_or(usize::MAX).min(self.count);
        let at = offset.div_euclid(self.slot_seconds);
        let (from, until) = (index(at), index(at.saturating_add(i64::try_from(count).unwrap_or(i64::MAX))));
        if from >= until {
            return;
        }
        if into.len() < until {
            into.resize(until, NOT_READ.clone());
        }
        into.iter_mut().take(until).skip(from).for_each(|held| held.clone_from(slot));
    }
}
