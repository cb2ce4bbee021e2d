//! The ledger: the slots of one agreement and one period, per objective.
//!
//! Takes slots in any order and gives them back in the order of time. Slots are aligned to UTC multiples of their
//! length; a slot belongs to the period in which it *starts*, so that two periods never share one.
//!
//! What is known stays: evaluating a slot twice gives the same ledger, an unknown slot may become known later, a known
//! one never becomes unknown, and when two readings of a slot disagree the first is kept and the caller is told.
//! The slot's length is that of the ledger for the whole period: a change of the spec takes effect with the next one.
//!
//! What the operator measures is held slot by slot. What was measured elsewhere ([`super::timeline`]) is held as runs,
//! each series with slots of its own length, and takes no slots any more.

mod reach;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::due_slots::{DueSlots, instant};
use super::period::Bounds;
use super::run::Runs;
use super::slot::{Slot, UnknownCause};

/// The most slots of one series, or runs of equal ones where it is held so: a leap year in minutes (527,040). An operator
/// agrees on fewer ([`super::validate::size`]).
pub const MAX_SERIES_SLOTS: usize = 540_000;

/// The most slots or runs of all series together: a leap year in minutes of 32 members (16,865,280), 24 bytes each.
pub const MAX_SLOTS: usize = 17_000_000;

/// Room for so many slots more is taken at once when a ledger grows.
const GROWTH: usize = 512;

/// Why a ledger can not be made, or a slot not be entered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Not a length of time.
    #[error("a slot of {0} seconds is not between one second and one hour")]
    SlotLength(i64),
    /// The period ends before it begins.
    #[error("the period ends before it begins")]
    EmptyPeriod,
    /// More slots than one ledger can hold.
    #[error(
        "{0} slots are more than a ledger can hold ({MAX_SLOTS}); use longer slots, a shorter period or fewer objectives"
    )]
    TooManySlots(usize),
    /// More slots than one series can have.
    #[error("{0} slots are more than a series can have ({MAX_SERIES_SLOTS}); use longer slots or a shorter period")]
    SeriesTooLong(usize),
    /// No such objective.
    #[error("the ledger has no objective {0:?}")]
    NoSuchObjective(String),
    /// The series was measured elsewhere and is complete.
    #[error("the slots of {0:?} were measured elsewhere and are complete; a single slot can not be entered")]
    Complete(String),
    /// The instant is not the beginning of a slot of this period.
    #[error("{0} is not the beginning of a slot of this period")]
    NoSuchSlot(Timestamp),
}

/// What became of a slot that was entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// It is in the ledger now.
    Entered,
    /// The ledger said the same already, or knew more.
    Unchanged,
    /// The ledger holds other counts for this slot; they are kept.
    Conflict,
}

/// How the slots of a series are held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Held {
    /// One by one, from the first slot of the period on, as far as they were entered.
    OneByOne(Vec<Slot>),
    /// As runs, complete.
    AsRuns(Runs),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Series {
    name: String,
    held: Held,
    /// How many of them were read before the first one that was not. Kept, because it is asked for several times in
    /// every evaluation, and a ledger may hold a hundred thousand.
    read: usize,
}

impl Series {
    /// Goes on from where the slots were read so far: what was read stays read.
    fn count_read(&mut self) {
        let is_read = |slot: &Slot| slot.unknown_cause() != Some(UnknownCause::NotRead);
        match &self.held {
            Held::OneByOne(slots) => {
                self.read += slots.iter().skip(self.read).take_while(|slot| is_read(slot)).count();
            }
            Held::AsRuns(_) => self.read = usize::MAX,
        }
    }
}

/// The slots of one agreement and period.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ledger {
    bounds: Bounds,
    slot_seconds: i64,
    series: Vec<Series>,
    /// How far it was read, where it reaches back over other ledgers: as far as the last of them. What those before it
    /// lack is not read any more.
    read_through: Option<Timestamp>,
}

impl Ledger {
    /// An empty ledger for the objectives of these names.
    ///
    /// # Errors
    /// The slot or the period has no length, or there would be too many slots.
    pub fn new<'a>(
        bounds: Bounds,
        slot_seconds: i64,
        objectives: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, LedgerError> {
        if !(1..=3600).contains(&slot_seconds) {
            return Err(LedgerError::SlotLength(slot_seconds));
        }
        if bounds.end <= bounds.start {
            return Err(LedgerError::EmptyPeriod);
        }
        let mut ledger = Self { bounds, slot_seconds, series: Vec::new(), read_through: None };
        ledger.add_objectives(objectives)?;
        Ok(ledger)
    }

    /// Makes room for objectives that the agreement gained; those it has already stay as they are.
    ///
    /// # Errors
    /// There would be too many slots.
    pub fn add_objectives<'a>(&mut self, objectives: impl IntoIterator<Item = &'a str>) -> Result<(), LedgerError> {
        for name in objectives {
            if self.series(name).is_none() {
                self.has_room_for(self.slot_count(), name)?;
                self.series.push(Series { name: name.to_owned(), held: Held::OneByOne(Vec::new()), read: 0 });
            }
        }
        Ok(())
    }

    /// The same ledger of a period that ends earlier: the slots that begin after that are gone from it.
    ///
    /// # Errors
    /// The period would end before it begins.
    pub fn until(&self, end: Timestamp) -> Result<Self, LedgerError> {
        let bounds = Bounds { start: self.bounds.start, end };
        let mut shorter = Self::new(bounds, self.slot_seconds, self.objectives())?;
        for Series { name, held, .. } in &self.series {
            match held {
                Held::OneByOne(slots) => {
                    let kept = slots.iter().take(shorter.slot_count()).cloned().collect();
                    shorter.set_slots(name, kept)?;
                }
                // Complete as it was delivered, whatever the period.
                Held::AsRuns(runs) => shorter.set_runs(name, runs.clone())?,
            }
        }
        Ok(shorter)
    }

    /// The period.
    #[must_use]
    pub fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// The length of a slot in seconds.
    #[must_use]
    pub fn slot_seconds(&self) -> i64 {
        self.slot_seconds
    }

    /// The names of the objectives, in the order in which they were added.
    pub fn objectives(&self) -> impl Iterator<Item = &str> {
        self.series.iter().map(|s| s.name.as_str())
    }

    /// How many slots start in the period.
    #[must_use]
    pub fn slot_count(&self) -> usize {
        let span = ceil_second(self.bounds.end).saturating_sub(self.first_second());
        usize::try_from(span.saturating_add(self.slot_seconds - 1) / self.slot_seconds).unwrap_or(0)
    }

    /// The slots of an objective from the beginning of the period on, as far as they were entered one by one.
    #[must_use]
    pub fn slots(&self, objective: &str) -> &[Slot] {
        match self.series(objective).map(|s| &s.held) {
            Some(Held::OneByOne(slots)) => slots,
            Some(Held::AsRuns(_)) | None => &[],
        }
    }

    /// How the slots of an objective are held.
    pub(super) fn held(&self, objective: &str) -> Option<&Held> {
        self.series(objective).map(|s| &s.held)
    }

    /// The slots before this instant were read, for every objective.
    #[must_use]
    pub fn measured_through(&self) -> Timestamp {
        if let Some(read) = self.read_through {
            return read;
        }
        let read = self.series.iter().map(|s| s.read).min().unwrap_or(0);
        if read == 0 { self.bounds.start } else { self.start_of(read).min(self.bounds.end) }
    }

    /// From the first to the last slot that ends within a time, was read, and may say something else when it is read again.
    #[must_use]
    pub fn in_doubt(&self, within: Bounds) -> Option<Bounds> {
        let doubtful = |slot: &Slot| slot.unknown_cause().is_some_and(UnknownCause::may_pass);
        let before = within.start.as_second().saturating_sub(self.first_second()) / self.slot_seconds;
        let before = usize::try_from(before).unwrap_or(0);
        let slot = SignedDuration::from_secs(self.slot_seconds);
        let spans = self.series.iter().flat_map(|series| {
            let slots: &[Slot] = if let Held::OneByOne(slots) = &series.held { slots } else { &[] };
            let doubtful = slots.iter().enumerate().skip(before).filter(|(_, slot)| doubtful(slot));
            doubtful.filter_map(|(index, _)| {
                let start = self.start_of(index);
                Some(Bounds { start, end: start.checked_add(slot).ok()? })
            })
        });
        spans
            .filter(|span| within.start < span.end && span.end <= within.end)
            .reduce(|all, span| Bounds { start: all.start.min(span.start), end: all.end.max(span.end) })
    }

    /// When the last slot of the period can be read: the earliest instant at which the period can be settled.
    #[must_use]
    pub fn settles_at(&self, settle: SignedDuration) -> Timestamp {
        self.start_of(self.slot_count()).max(self.bounds.end).saturating_add(settle).unwrap_or(Timestamp::MAX)
    }

    /// How many slots have ended at least `settle` ago.
    #[must_use]
    pub fn due_count(&self, now: Timestamp, settle: SignedDuration) -> usize {
        ended(now, settle, self.first_second(), self.slot_seconds).min(self.slot_count())
    }

    /// The slots of an objective that are due.
    #[must_use]
    pub fn due_slots(&self, objective: &str, now: Timestamp, settle: SignedDuration) -> DueSlots<'_> {
        match self.held(objective) {
            Some(Held::AsRuns(runs)) => {
                DueSlots::of_runs(runs, ended(now, settle, runs.start(), runs.slot_seconds()).min(runs.count()))
            }
            _ => DueSlots::new(
                self.slots(objective),
                self.due_count(now, settle),
                self.first_second(),
                self.slot_seconds,
            ),
        }
    }

    /// Enters a slot. What is known stays, see the module.
    ///
    /// # Errors
    /// The objective is unknown, or no slot of this period starts then.
    pub fn insert(&mut self, objective: &str, start: Timestamp, slot: Slot) -> Result<Insertion, LedgerError> {
        let index = self.index_of(start)?;
        let series = self.series.iter_mut().find(|s| s.name == objective);
        let series = series.ok_or_else(|| LedgerError::NoSuchObjective(objective.to_owned()))?;
        let Held::OneByOne(slots) = &mut series.held else {
            return Err(LedgerError::Complete(objective.to_owned()));
        };
        if slots.len() <= index {
            if slots.capacity() <= index {
                // Doubling would leave up to half of the memory of a long period unused.
                slots.reserve_exact((index + 1 - slots.len()).saturating_add(GROWTH));
            }
            slots.resize(index + 1, Slot::unknown(UnknownCause::NotRead, 0));
        }
        let Some(held) = slots.get_mut(index) else { return Err(LedgerError::NoSuchSlot(start)) };
        let outcome = match (held.unknown_cause(), slot.unknown_cause()) {
            (Some(_), Some(UnknownCause::NotRead)) | (None, Some(_)) => Insertion::Unchanged,
            (Some(before), Some(after)) if before == after => Insertion::Unchanged,
            (Some(_), _) => Insertion::Entered,
            (None, None) if same_content(held, &slot) => Insertion::Unchanged,
            (None, None) => Insertion::Conflict,
        };
        if outcome == Insertion::Entered {
            *held = slot;
            series.count_read();
        }
        Ok(outcome)
    }

    pub(super) fn set_slots(&mut self, objective: &str, slots: Vec<Slot>) -> Result<(), LedgerError> {
        if slots.len() > self.slot_count() {
            return Err(LedgerError::TooManySlots(slots.len()));
        }
        self.hold(objective, Held::OneByOne(slots))
    }

    /// Takes a complete series, whatever its slot length.
    pub(super) fn set_runs(&mut self, objective: &str, runs: Runs) -> Result<(), LedgerError> {
        self.has_room_for(runs.runs(), objective)?;
        if self.series(objective).is_none() {
            self.series.push(Series { name: objective.to_owned(), held: Held::OneByOne(Vec::new()), read: 0 });
        }
        self.hold(objective, Held::AsRuns(runs))
    }

    /// Whether a series of this name may have so many slots or runs beside the others.
    fn has_room_for(&self, count: usize, name: &str) -> Result<(), LedgerError> {
        if count > MAX_SERIES_SLOTS {
            return Err(LedgerError::SeriesTooLong(count));
        }
        let others = self.series.iter().filter(|series| series.name != name).map(|series| match &series.held {
            Held::OneByOne(_) => self.slot_count(),
            Held::AsRuns(runs) => runs.runs(),
        });
        let all = others.fold(count, usize::saturating_add);
        if all > MAX_SLOTS { Err(LedgerError::TooManySlots(all)) } else { Ok(()) }
    }

    fn hold(&mut self, objective: &str, held: Held) -> Result<(), LedgerError> {
        let series = self.series.iter_mut().find(|s| s.name == objective);
        let series = series.ok_or_else(|| LedgerError::NoSuchObjective(objective.to_owned()))?;
        (series.held, series.read) = (held, 0);
        series.count_read();
        Ok(())
    }

    fn series(&self, objective: &str) -> Option<&Series> {
        self.series.iter().find(|s| s.name == objective)
    }

    /// The beginning of the first slot that starts in the period.
    fn first_second(&self) -> i64 {
        let start = ceil_second(self.bounds.start);
        let rest = start.rem_euclid(self.slot_seconds);
        if rest == 0 { start } else { start.saturating_add(self.slot_seconds - rest) }
    }

    fn start_of(&self, index: usize) -> Timestamp {
        let offset = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(self.slot_seconds);
        instant(self.first_second().saturating_add(offset))
    }

    fn index_of(&self, start: Timestamp) -> Result<usize, LedgerError> {
        let offset = start.as_second().saturating_sub(self.first_second());
        let aligned = start.subsec_nanosecond() == 0 && offset % self.slot_seconds == 0;
        let index = usize::try_from(offset / self.slot_seconds).ok().filter(|i| aligned && *i < self.slot_count());
        index.filter(|_| offset >= 0).ok_or(LedgerError::NoSuchSlot(start))
    }
}

/// How many slots of a series have ended at least `settle` ago.
fn ended(now: Timestamp, settle: SignedDuration, start: i64, slot_seconds: i64) -> usize {
    let settled = now.saturating_sub(settle).unwrap_or(Timestamp::MIN);
    usize::try_from(settled.as_second().saturating_sub(start) / slot_seconds).unwrap_or(0)
}

/// Whether two known slots say the same; the generation is only the reader's mark.
fn same_content(a: &Slot, b: &Slot) -> bool {
    a.state() == b.state() && a.counted() == b.counted() && a.births() == b.births()
}

/// The first whole second at or after an instant.
pub(super) fn ceil_second(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
