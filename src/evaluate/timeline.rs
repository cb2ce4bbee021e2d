//! A period that was measured elsewhere, put together from spells: up, down from here to there, not deployed until then.
//!
//! Takes spells in any order, laid over each other by a rule, and gives a [`Ledger`] that holds them as runs. Time is
//! counted in slots from the period's first instant on; at one-second slots every clock is met. Each series has slots of
//! its own length, because one objective was measured in five-minute sums and the next by the second.

use k8s_openapi::jiff::Timestamp;

use super::ledger::{Ledger, LedgerError, MAX_SERIES_SLOTS, ceil_second};
use super::period::Bounds;
use super::run::Runs;
use super::slot::{Slot, SlotState};

/// What becomes of a slot that is there already when another is laid over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// The later one stands.
    Replace,
    /// The one with more bad events in a hundred stands: two reports of the same outage are one outage. What is
    /// measured stands over what is not.
    Worse,
    /// The events of both are added up: values that were reported in the same slot.
    Add,
}

/// The slots of a period, being put together.
#[derive(Clone, Debug)]
pub struct Timeline {
    bounds: Bounds,
    slot_seconds: i64,
    series: Vec<(String, Runs)>,
}

impl Timeline {
    /// An empty timeline. Slots have this length where a series does not say otherwise.
    ///
    /// # Errors
    /// The slot or the period has no length.
    pub fn new(bounds: Bounds, slot_seconds: i64) -> Result<Self, LedgerError> {
        Ledger::new(bounds, slot_seconds, [])?;
        Ok(Self { bounds, slot_seconds, series: Vec::new() })
    }

    /// Adds a series of which every slot is this one, until something is laid over it.
    ///
    /// A series is an objective, or a member of a pool by the name that [`super::series::member`] gives it.
    ///
    /// # Errors
    /// See [`Timeline::add_in_slots_of`].
    pub fn add(&mut self, series: &str, every: Slot) -> Result<(), LedgerError> {
        self.add_in_slots_of(self.slot_seconds, series, every)
    }

    /// Adds a series with slots of another length.
    ///
    /// # Errors
    /// The slot is not between one second and one hour long.
    pub fn add_in_slots_of(&mut self, slot_seconds: i64, series: &str, every: Slot) -> Result<(), LedgerError> {
        if !(1..=3600).contains(&slot_seconds) {
            return Err(LedgerError::SlotLength(slot_seconds));
        }
        let start = ceil_second(self.bounds.start);
        let seconds = ceil_second(self.bounds.end).saturating_sub(start);
        let count = usize::try_from(seconds.saturating_add(slot_seconds - 1) / slot_seconds).unwrap_or(0);
        self.series.retain(|(name, _)| name != series);
        self.series.push((series.to_owned(), Runs::new(start, slot_seconds, count, every)));
        Ok(())
    }

    /// Lays a slot over all that begin from an instant on until another, as far as they are in the period.
    ///
    /// # Errors
    /// The series was not added, or has more runs than a ledger can hold.
    pub fn insert(
        &mut self,
        series: &str,
        from: Timestamp,
        until: Timestamp,
        slot: &Slot,
        overlap: Overlap,
    ) -> Result<(), LedgerError> {
        self.change(series, from, until, |held| match overlap {
            Overlap::Replace => slot.clone(),
            Overlap::Worse => worse(held, slot).clone(),
            Overlap::Add => sum(held, slot),
        })
    }

    /// Changes the slots that begin from an instant on until another, run by run: for rules that [`Overlap`] has not.
    ///
    /// # Errors
    /// The series was not added, or has more runs than a ledger can hold.
    pub fn change(
        &mut self,
        series: &str,
        from: Timestamp,
        until: Timestamp,
        change: impl FnMut(&Slot) -> Slot,
    ) -> Result<(), LedgerError> {
        let runs = self.series.iter_mut().find(|(name, _)| name == series).map(|(_, runs)| runs);
        let runs = runs.ok_or_else(|| LedgerError::NoSuchObjective(series.to_owned()))?;
        runs.change(runs.index_from(ceil_second(from)), runs.index_from(ceil_second(until)), change);
        if runs.runs() > MAX_SERIES_SLOTS { Err(LedgerError::SeriesTooLong(runs.runs())) } else { Ok(()) }
    }

    /// The ledger of what was put together.
    ///
    /// # Errors
    /// A series has more runs than a ledger can hold.
    pub fn into_ledger(self) -> Result<Ledger, LedgerError> {
        let mut ledger = Ledger::new(self.bounds, self.slot_seconds, [])?;
        for (name, runs) in self.series {
            ledger.set_runs(&name, runs)?;
        }
        Ok(ledger)
    }
}

/// The slot with the larger share of bad events; of equal ones the one with more events.
fn worse<'a>(held: &'a Slot, laid: &'a Slot) -> &'a Slot {
    match (held.state(), laid.state()) {
        (SlotState::Measured, SlotState::Measured) => {
            let (a, b) = (held.counted(), laid.counted());
            let (of_held, of_laid) = (a.bad.product(b.total), b.bad.product(a.total));
            if (of_held, a.total) > (of_laid, b.total) { held } else { laid }
        }
        (SlotState::Measured, _) => held,
        _ => laid,
    }
}

/// Both slots' events. What is not known stays unknown only as long as nothing is known.
fn sum(held: &Slot, laid: &Slot) -> Slot {
    match (held.state(), laid.state()) {
        (SlotState::Measured, SlotState::Measured | SlotState::NoTraffic) => {
            held.recounted(held.counted() + laid.counted())
        }
        (SlotState::Measured, _) => held.clone(),
        _ => laid.clone(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
