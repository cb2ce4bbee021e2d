//! The slots of one objective that are due: what every figure of an account is calculated from.
//!
//! A view into the ledger. It ends where time says, not where the ledger's content ends: a slot that should be there
//! and is not counts as unknown, so that an outage of the operator never looks like a shorter period.

use k8s_openapi::jiff::Timestamp;

use super::slot::{Slot, SlotState, UnknownCause};

/// How many slots there are of each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Census {
    /// Counted, with events.
    pub measured: usize,
    /// Known to have had no event.
    pub no_traffic: usize,
    /// Nobody knows.
    pub unknown: usize,
    /// Left out by agreement.
    pub excluded: usize,
}

impl Census {
    /// Slots whose content is known and counts.
    #[must_use]
    pub fn known(&self) -> usize {
        self.measured + self.no_traffic
    }

    /// Slots that should be known.
    #[must_use]
    pub fn expected(&self) -> usize {
        self.known() + self.unknown
    }
}

/// Consecutive slots that are due.
#[derive(Clone, Copy, Debug)]
pub struct DueSlots<'a> {
    slots: &'a [Slot],
    due: usize,
    start: i64,
    slot_seconds: i64,
}

impl<'a> DueSlots<'a> {
    /// `due` slots of which the first `slots` are in the ledger; the first begins at `start`, in seconds of the epoch.
    #[must_use]
    pub fn new(slots: &'a [Slot], due: usize, start: i64, slot_seconds: i64) -> Self {
        Self { slots: slots.get(..due).unwrap_or(slots), due, start, slot_seconds }
    }

    /// How many are due.
    #[must_use]
    pub fn due(&self) -> usize {
        self.due
    }

    /// The length of a slot in seconds.
    #[must_use]
    pub fn slot_seconds(&self) -> i64 {
        self.slot_seconds
    }

    /// Those that are in the ledger, from the first on.
    pub fn entered(&self) -> std::slice::Iter<'a, Slot> {
        self.slots.iter()
    }

    /// Those in the ledger, each with its first instant.
    pub fn timed(&self) -> impl Iterator<Item = (Timestamp, &'a Slot)> + use<'a> {
        let (start, seconds) = (self.start, self.slot_seconds);
        (0i64..).zip(self.slots).map(move |(i, slot)| (instant(start.saturating_add(i.saturating_mul(seconds))), slot))
    }

    /// The last `n` of those that are due; all of them when there are fewer.
    #[must_use]
    pub fn last(&self, n: usize) -> Self {
        let from = self.due.saturating_sub(n);
        let skipped = i64::try_from(from).unwrap_or(i64::MAX).saturating_mul(self.slot_seconds);
        Self {
            slots: self.slots.get(from..).unwrap_or_default(),
            due: self.due - from,
            start: self.start.saturating_add(skipped),
            slot_seconds: self.slot_seconds,
        }
    }

    /// Counts the states. A slot that is due and missing from the ledger is unknown.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut census = Census { unknown: self.due.saturating_sub(self.slots.len()), ..Census::default() };
        for slot in self.slots {
            match slot.state() {
                SlotState::Measured => census.measured += 1,
                SlotState::NoTraffic => census.no_traffic += 1,
                SlotState::Unknown(_) => census.unknown += 1,
                SlotState::Excluded => census.excluded += 1,
            }
        }
        census
    }

    /// Why the latest slot that is due is unknown, if it is.
    #[must_use]
    pub fn latest_problem(&self) -> Option<UnknownCause> {
        match self.due.checked_sub(1).map(|last| self.slots.get(last)) {
            Some(Some(slot)) => slot.unknown_cause(),
            Some(None) => Some(UnknownCause::NotRead),
            None => None,
        }
    }
}

/// The instant of a second of the epoch.
pub(super) fn instant(second: i64) -> Timestamp {
    let edge = if second < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(second).unwrap_or(edge)
}
