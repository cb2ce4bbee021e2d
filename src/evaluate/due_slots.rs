//! The slots of one series that are due: what every figure of an account is calculated from.
//!
//! A view into the ledger, read as runs of equal slots whether it holds them one by one or as runs. It ends where time
//! says, not where the ledger's content ends: a slot that should be there and is not counts as unknown, so that an
//! outage of the operator never looks like a shorter period.

use k8s_openapi::jiff::Timestamp;

use super::run::{Run, Runs, second};
use super::slot::{NOT_READ, Slot, SlotState, UnknownCause};

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
    /// The service was not deployed.
    pub not_deployed: usize,
}

impl Census {
    /// Slots whose content is known and counts.
    #[must_use]
    pub fn known(&self) -> usize {
        self.measured + self.no_traffic + self.not_deployed
    }

    /// Slots that should be known.
    #[must_use]
    pub fn expected(&self) -> usize {
        self.known() + self.unknown
    }
}

impl std::ops::Add for Census {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            measured: self.measured + other.measured,
            no_traffic: self.no_traffic + other.no_traffic,
            unknown: self.unknown + other.unknown,
            excluded: self.excluded + other.excluded,
            not_deployed: self.not_deployed + other.not_deployed,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Held<'a> {
    OneByOne(&'a [Slot]),
    AsRuns(&'a Runs),
}

/// Consecutive slots that are due.
#[derive(Clone, Copy, Debug)]
pub struct DueSlots<'a> {
    held: Held<'a>,
    /// The first index, and the one behind the last.
    from: usize,
    until: usize,
    start: i64,
    slot_seconds: i64,
}

impl<'a> DueSlots<'a> {
    /// `due` slots of which the first `slots` are in the ledger; the first begins at `start`, in seconds of the epoch.
    #[must_use]
    pub fn new(slots: &'a [Slot], due: usize, start: i64, slot_seconds: i64) -> Self {
        Self { held: Held::OneByOne(slots), from: 0, until: due, start, slot_seconds }
    }

    /// The first `due` slots of these runs.
    #[must_use]
    pub fn of_runs(runs: &'a Runs, due: usize) -> Self {
        Self { held: Held::AsRuns(runs), from: 0, until: due, start: runs.start(), slot_seconds: runs.slot_seconds() }
    }

    /// How many are due.
    #[must_use]
    pub fn due(&self) -> usize {
        self.until - self.from
    }

    /// The length of a slot in seconds.
    #[must_use]
    pub fn slot_seconds(&self) -> i64 {
        self.slot_seconds
    }

    /// When the first of all begins, also of those that are looked past: the beginning of the period.
    #[must_use]
    pub fn origin(&self) -> i64 {
        self.start
    }

    /// When the first begins, in seconds of the epoch.
    #[must_use]
    pub fn start(&self) -> i64 {
        second(self.start, self.from, self.slot_seconds)
    }

    /// When the last ends, in seconds of the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        second(self.start, self.until, self.slot_seconds)
    }

    /// All that are due, in the order of time, as runs of equal slots. What is missing from the ledger comes as unknown.
    pub fn runs(&self) -> impl Iterator<Item = Run<'a>> + use<'a> {
        let Self { held, from, until, .. } = *self;
        let (slots, runs, entered) = match held {
            Held::OneByOne(slots) => (slots.get(from..until.min(slots.len())), None, slots.len()),
            Held::AsRuns(runs) => (None, Some(runs.between(from, until)), runs.count()),
        };
        let alike = slots.unwrap_or_default().chunk_by(PartialEq::eq);
        let mut at = self.start();
        let slot_seconds = self.slot_seconds;
        let dense = alike.filter_map(move |chunk| {
            let run = Run { start: at, count: chunk.len(), slot: chunk.first()? };
            at = second(at, chunk.len(), slot_seconds);
            Some(run)
        });
        let missing = from.max(entered);
        let missing = (missing < until).then(|| Run {
            start: second(self.start, missing, slot_seconds),
            count: until - missing,
            slot: &NOT_READ,
        });
        dense.chain(runs.into_iter().flatten()).chain(missing)
    }

    /// The last `n` of those that are due; all of them when there are fewer.
    #[must_use]
    pub fn last(&self, n: usize) -> Self {
        Self { from: self.from.max(self.until.saturating_sub(n)), ..*self }
    }

    /// Counts the states. A slot that is due and missing from the ledger is unknown.
    #[must_use]
    pub fn census(&self) -> Census {
        let mut census = Census::default();
        for run in self.runs() {
            let counted = match run.slot.state() {
                SlotState::Measured => &mut census.measured,
                SlotState::NoTraffic => &mut census.no_traffic,
                SlotState::Unknown(_) => &mut census.unknown,
                SlotState::Excluded => &mut census.excluded,
                SlotState::NotDeployed => &mut census.not_deployed,
            };
            *counted += run.count;
        }
        census
    }

    /// Why the latest slot that is due is unknown, if it is.
    #[must_use]
    pub fn latest_problem(&self) -> Option<UnknownCause> {
        self.last(1).runs().last().and_then(|run| run.slot.unknown_cause())
    }
}

/// The instant of a second of the epoch.
pub(super) fn instant(second: i64) -> Timestamp {
    let edge = if second < 0 { Timestamp::MIN } else { Timestamp::MAX };
    Timestamp::from_second(second).unwrap_or(edge)
}
