//! The slot: the smallest time that is counted, and what is known about it.

use super::count::Count;

/// All events and the bad ones among them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// All events.
    pub total: Count,
    /// The bad ones.
    pub bad: Count,
}

impl std::ops::Add for Tally {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self { total: self.total + other.total, bad: self.bad + other.bad }
    }
}

/// Events that series brought along when they were born inside the slot.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Births {
    /// Part of the slot's counted events: the series' target was there, so the events happened in the slot.
    pub born: Tally,
    /// Not counted, for nobody: they may have happened at any time before.
    pub unattributed: Tally,
}

/// Why nobody knows what happened in a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum UnknownCause {
    /// Not asked yet.
    NotRead,
    /// No sample of the total lies in the slot.
    NoSamples,
    /// There are samples, but the total's expression gave no series.
    Absent,
    /// The histogram has requests but no bucket at the threshold.
    BucketAbsent,
    /// NaN or an infinity.
    NonFinite,
    /// A negative figure.
    Negative,
    /// More events than is credible.
    TooLarge,
    /// Several series where one was expected.
    TooManySeries,
    /// The store warned that its answer may be incomplete.
    Partial,
    /// No answer in time.
    TimedOut,
    /// No connection.
    Unreachable,
    /// The store refused the request.
    Refused,
    /// The store failed.
    StoreFailed,
    /// The answer had another type than asked for.
    WrongType,
    /// The expression can not be asked.
    Expression,
    /// A part is larger than the whole it belongs to. Never clamped: something is wrong with the indicator.
    PartAboveTotal,
    /// Older than what the store keeps.
    BeyondRetention,
}

impl UnknownCause {
    /// Every cause, in the order of the codes under which [`super::codec`] writes them: append only.
    pub const ALL: [Self; 17] = [
        Self::NotRead,
        Self::NoSamples,
        Self::Absent,
        Self::BucketAbsent,
        Self::NonFinite,
        Self::Negative,
        Self::TooLarge,
        Self::TooManySeries,
        Self::Partial,
        Self::TimedOut,
        Self::Unreachable,
        Self::Refused,
        Self::StoreFailed,
        Self::WrongType,
        Self::Expression,
        Self::PartAboveTotal,
        Self::BeyondRetention,
    ];

    /// In words, with what to do about it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::NotRead => "not read yet",
            Self::NoSamples => "the store has no sample of the total in this slot; check that the service is scraped",
            Self::Absent => "the total's expression gave no series although there are samples; check its labels",
            Self::BucketAbsent => "the histogram has no bucket at the threshold; use one of its bucket bounds",
            Self::NonFinite => "the expression gave NaN or an infinity; ask for counts, not for quotients",
            Self::Negative => "the expression gave a negative count; use increase() on a counter",
            Self::TooLarge => "the expression gave more events than is credible",
            Self::TooManySeries => "the expression gave several series; add them up with sum()",
            Self::Partial => "the store warned that its answer may be incomplete",
            Self::TimedOut => "the store did not answer in time",
            Self::Unreachable => "the store can not be reached",
            Self::Refused => "the store refused the request; check credentials and tenant of the metrics source",
            Self::StoreFailed => "the store failed to answer",
            Self::WrongType => "the store's answer was no instant vector; check the expression and the source's URL",
            Self::Expression => "the expression can not be asked; check its syntax and its [$slot] range",
            Self::PartAboveTotal => "the part is larger than the total; both must count the same events",
            Self::BeyondRetention => "the slot is older than what the store keeps",
        }
    }
}

/// What is known about a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotState {
    /// Counted, with events.
    Measured,
    /// Known to have no event that counts.
    NoTraffic,
    /// Nobody knows.
    Unknown(UnknownCause),
    /// Left out by agreement.
    Excluded,
}

/// One slot of one objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    state: SlotState,
    counted: Tally,
    /// Rare, and most of a slot's size: hence out of line.
    births: Option<Box<Births>>,
    generation: i64,
}

impl Slot {
    /// A slot whose counts are known: `Measured`, or `NoTraffic` when the total is zero.
    ///
    /// `counted` includes `births.born`; `generation` is that of the spec it was measured under.
    #[must_use]
    pub fn known(counted: Tally, births: Births, generation: i64) -> Self {
        let state = if counted.total.is_zero() { SlotState::NoTraffic } else { SlotState::Measured };
        let births = (births != Births::default()).then(|| Box::new(births));
        Self { state, counted, births, generation }
    }

    /// A slot of which nobody knows what happened.
    #[must_use]
    pub fn unknown(cause: UnknownCause, generation: i64) -> Self {
        Self { state: SlotState::Unknown(cause), counted: Tally::default(), births: None, generation }
    }

    /// A slot that is left out by agreement.
    #[must_use]
    pub fn excluded(generation: i64) -> Self {
        Self { state: SlotState::Excluded, counted: Tally::default(), births: None, generation }
    }

    /// What is known about it.
    #[must_use]
    pub fn state(&self) -> SlotState {
        self.state
    }

    /// The events that count, births included. Zero unless `Measured`.
    #[must_use]
    pub fn counted(&self) -> Tally {
        self.counted
    }

    /// What was born in it.
    #[must_use]
    pub fn births(&self) -> Births {
        self.births.as_deref().copied().unwrap_or_default()
    }

    /// The generation of the spec it was measured under.
    #[must_use]
    pub fn generation(&self) -> i64 {
        self.generation
    }

    /// Why it is unknown, if it is.
    #[must_use]
    pub fn unknown_cause(&self) -> Option<UnknownCause> {
        match self.state {
            SlotState::Unknown(cause) => Some(cause),
            SlotState::Measured | SlotState::NoTraffic | SlotState::Excluded => None,
        }
    }
}
