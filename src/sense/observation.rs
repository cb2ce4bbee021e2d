//! What was read for one objective and one slot, with the quality of every figure.
//!
//! Plain data: what a reading *means* is for `evaluate` to say.

use k8s_openapi::jiff::Timestamp;
use num_rational::BigRational;

/// One figure asked of the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// A finite figure that is not negative.
    Value(BigRational),
    /// The store knows no such series in the slot.
    Absent,
    /// NaN or an infinity.
    NonFinite,
    /// A negative figure, which no count can be.
    Negative,
    /// More than one series where one was expected.
    TooManySeries(usize),
    /// The store warned that its answer may be incomplete.
    Partial(String),
    /// No usable answer.
    Failed(Failure),
}

/// Why there is no usable answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The kind, for metrics and conditions.
    pub kind: FailureKind,
    /// What happened, in words, with what to do about it where that is known.
    pub message: String,
}

/// Kinds of failure, each its own case for the person who reads the condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FailureKind {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    TimedOut,
    /// The store refused the request (4xx): repeating it will not help.
    Refused,
    /// The store failed (5xx, or said so in its answer).
    StoreFailed,
    /// The answer had another type than asked for.
    WrongType,
    /// What came back was no answer of a store: a proxy's page, a body cut short, or one too large to be read.
    NoAnswer,
    /// The expression can not be asked: it could not be parsed, confined or limited to a slot, or the store refuses it.
    Expression,
    /// The slot is older than what the store keeps, so it was not asked for.
    BeyondRetention,
}

/// A total and the part of it that the indicator names (the good events, or the bad ones).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadingPair {
    /// All events.
    pub total: Reading,
    /// The named part.
    pub part: Reading,
}

/// Everything read for one objective and one slot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotReading {
    /// The slot's first instant.
    pub start: Timestamp,
    /// Events of series that already existed when the slot began (and, where the store's increase cannot tell, of
    /// those born in it).
    pub counted: ReadingPair,
    /// First values of series born inside the slot whose target is known to have been there, or to have started in it.
    /// `None`: the counted figures already include births, or births cannot be told on this source.
    pub born: Option<ReadingPair>,
    /// First values of *all* series born inside the slot.
    pub all_births: Option<ReadingPair>,
    /// How many samples of the total lie in the slot. `Absent` means that nobody looked.
    pub samples: Reading,
    /// How many instances there were in the slot. `None`: the indicator does not ask.
    pub deployed: Option<Reading>,
}

impl SlotReading {
    /// Every figure that was read.
    pub fn figures(&self) -> impl Iterator<Item = &Reading> {
        let pairs = [Some(&self.counted), self.born.as_ref(), self.all_births.as_ref()];
        pairs
            .into_iter()
            .flatten()
            .flat_map(|pair| [&pair.total, &pair.part])
            .chain([&self.samples])
            .chain(&self.deployed)
    }
}

impl Reading {
    /// Why there is no usable answer, if there is none.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}
