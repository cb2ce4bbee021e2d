//! Consecutive slots on the clock's grid.

use k8s_openapi::jiff::Timestamp;

/// Slots of equal length, one after the other. Their edges are whole seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SlotRange {
    /// The first slot's start in seconds since 1970.
    start: i64,
    /// The slots' length in seconds, above zero.
    seconds: u32,
    /// How many, above zero.
    count: u32,
}

/// Slots that nobody could read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlotRangeError {
    /// Nothing to read, or slots without length.
    #[error("a range of slots needs at least one slot of at least one second")]
    Empty,
    /// Not on the grid that is fixed by the clock.
    #[error("the first slot does not start at a multiple of its length")]
    OffGrid,
    /// Beyond what a timestamp can say.
    #[error("the slots end beyond the last instant that can be named")]
    OutOfTime,
}

impl SlotRange {
    /// `count` slots of this length, the first starting at `start`.
    ///
    /// # Errors
    /// When there is none, when the start is not a multiple of the length, or the end cannot be named.
    pub fn new(start: Timestamp, seconds: u32, count: u32) -> Result<Self, SlotRangeError> {
        if seconds == 0 || count == 0 {
            return Err(SlotRangeError::Empty);
        }
        if start.as_millisecond().rem_euclid(i64::from(seconds) * 1000) != 0 || start.subsec_nanosecond() != 0 {
            return Err(SlotRangeError::OffGrid);
        }
        let range = Self { start: start.as_second(), seconds, count };
        Timestamp::from_second(range.end(count)).map_err(|_| SlotRangeError::OutOfTime)?;
        Ok(range)
    }

    /// One window of this length that ends then, in whole seconds, wherever it lies on the grid: not for the account.
    ///
    /// # Errors
    /// When it has no length or cannot be named.
    pub fn window(end: Timestamp, seconds: u32) -> Result<Self, SlotRangeError> {
        if seconds == 0 {
            return Err(SlotRangeError::Empty);
        }
        let start = end.as_second().saturating_sub(i64::from(seconds));
        Timestamp::from_second(start).map_err(|_| SlotRangeError::OutOfTime)?;
        Ok(Self { start, seconds, count: 1 })
    }

    /// How many slots.
    #[must_use]
    pub const fn count(self) -> u32 {
        self.count
    }

    /// The start of every slot, in order.
    pub fn starts(self) -> impl Iterator<Item = Timestamp> {
        (0..self.count).filter_map(move |index| Timestamp::from_second(self.end(index)).ok())
    }

    /// The length of each in seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.seconds
    }

    pub(super) fn slot_ms(self) -> u64 {
        u64::from(self.seconds) * 1000
    }

    /// The end of the slot before this one, which is where this one starts.
    fn end(self, index: u32) -> i64 {
        self.start.saturating_add(i64::from(self.seconds) * i64::from(index))
    }

    pub(super) fn first_end(self) -> i64 {
        self.end(1)
    }

    pub(super) fn last_end(self) -> i64 {
        self.end(self.count)
    }

    pub(super) fn last_end_ms(self) -> i64 {
        self.last_end() * 1000
    }

    pub(super) fn span_ms(self) -> u64 {
        self.slot_ms() * u64::from(self.count)
    }

    /// The end of every slot in milliseconds, in order.
    pub(super) fn ends_ms(self) -> impl Iterator<Item = i64> {
        (1..=self.count).map(move |index| self.end(index) * 1000)
    }

    /// Which slot ends at this instant.
    pub(super) fn ending_at(self, at_ms: i64) -> Option<usize> {
        let past = at_ms.checked_sub(self.first_end() * 1000)?;
        let slot = i64::from(self.seconds) * 1000;
        let index = u32::try_from(past.div_euclid(slot)).ok().filter(|index| *index < self.count)?;
        (past.rem_euclid(slot) == 0).then(|| usize::try_from(index).ok()).flatten()
    }

    /// The first and the last slot, each by itself.
    pub(super) fn ends(self) -> [Self; 2] {
        [0, self.count.saturating_sub(1)].map(|index| Self { start: self.end(index), count: 1, ..self })
    }

    /// The same slots in pieces of at most so many.
    pub(super) fn chunks(self, most: u32) -> impl Iterator<Item = Self> {
        let most = most.max(1);
        (0..self.count.div_ceil(most)).map(move |piece| {
            let before = piece * most;
            Self { start: self.end(before), count: most.min(self.count - before), ..self }
        })
    }
}
