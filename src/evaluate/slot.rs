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

impl Tally {
    /// So many times as much.
    #[must_use]
    pub fn times(self, n: usize) -> Self {
        Self { total: self.total.times(n), bad: self.bad.times(n) }
    }

    /// The events that were not bad.
    #[must_use]
    pub fn good(self) -> Count {
        self.total.minus(self.bad).unwrap_or_default()
    }
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
    /// There was no event, and nothing says whether the service was deployed.
    DeployedAbsent,
    /// The ledger takes no more counts.
    LedgerFull,
}

impl UnknownCause {
    /// Every cause, in the order of the codes under which [`super::codec`] writes them: append only.
    pub const ALL: [Self; 19] = [
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
        Self::DeployedAbsent,
        Self::LedgerFull,
    ];

    /// Whether the same slot may say something else when it is read again: samples arrive late, and not all at once.
    #[must_use]
    pub fn may_pass(self) -> bool {
        matches!(self, Self::NoSamples | Self::Absent | Self::BucketAbsent | Self::Partial | Self::PartAboveTotal)
    }

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
            Self::DeployedAbsent => {
                "there was no event, and the expression `deployed` gave no series; let it say 0 where nothing runs"
            }
            Self::LedgerFull => "the ledger takes no more counts; agree on longer slots, or on fewer members",
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
    /// The service was not deployed, and owed nothing.
    NotDeployed,
}

/// One slot of one objective.
///
/// The leader holds every slot of every running period, so what most slots are fits into 24 bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot(Form);

/// A slot that nobody has read yet.
pub(super) static NOT_READ: Slot =
    Slot(Form::Narrow { state: SlotState::Unknown(UnknownCause::NotRead), generation: 0, total: 0, bad: 0 });

/// How a slot is held. [`Slot::new`] chooses, always the same for the same content.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Counts below 2^64 parts (five thousand million events), and nothing born.
    Narrow { state: SlotState, generation: u32, total: u64, bad: u64 },
    /// Anything.
    Wide(Box<Wide>),
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Wide {
    state: SlotState,
    counted: Tally,
    births: Births,
    generation: i64,
}

impl Slot {
    fn new(state: SlotState, counted: Tally, births: Births, generation: i64) -> Self {
        let narrow = || {
            Some(Form::Narrow {
                state,
                generation: u32::try_from(generation).ok()?,
                total: u64::try_from(counted.total.parts()).ok()?,
                bad: u64::try_from(counted.bad.parts()).ok()?,
            })
        };
        let narrow = if births == Births::default() { narrow() } else { None };
        Self(narrow.unwrap_or_else(|| Form::Wide(Box::new(Wide { state, counted, births, generation }))))
    }

    /// A slot whose counts are known: `Measured`, or `NoTraffic` when the total is zero.
    ///
    /// `counted` includes `births.born`; `generation` is that of the spec it was measured under.
    #[must_use]
    pub fn known(counted: Tally, births: Births, generation: i64) -> Self {
        let state = if counted.total.is_zero() { SlotState::NoTraffic } else { SlotState::Measured };
        Self::new(state, counted, births, generation)
    }

    /// A slot of which nobody knows what happened.
    #[must_use]
    pub fn unknown(cause: UnknownCause, generation: i64) -> Self {
        Self::new(SlotState::Unknown(cause), Tally::default(), Births::default(), generation)
    }

    /// A slot that is left out by agreement.
    #[must_use]
    pub fn excluded(generation: i64) -> Self {
        Self::new(SlotState::Excluded, Tally::default(), Births::default(), generation)
    }

    /// A slot in which the service was not deployed.
    #[must_use]
    pub fn not_deployed(generation: i64) -> Self {
        Self::new(SlotState::NotDeployed, Tally::default(), Births::default(), generation)
    }

    /// The same slot with other counts; what was born in it is told no more.
    #[must_use]
    pub fn recounted(&self, counted: Tally) -> Self {
        Self::known(
            counted,
            Births { unattributed: self.births().unattributed, ..Births::default() },
            self.generation(),
        )
    }

    /// What is known about it.
    #[must_use]
    pub fn state(&self) -> SlotState {
        match &self.0 {
            Form::Narrow { state, .. } => *state,
            Form::Wide(wide) => wide.state,
        }
    }

    /// The events that count, births included. Zero unless `Measured`.
    #[must_use]
    pub fn counted(&self) -> Tally {
        match &self.0 {
            Form::Narrow { total, bad, .. } => {
                Tally { total: Count::from_small_parts(*total), bad: Count::from_small_parts(*bad) }
            }
            Form::Wide(wide) => wide.counted,
        }
    }

    /// What was born in it.
    #[must_use]
    pub fn births(&self) -> Births {
        match &self.0 {
            Form::Narrow { .. } => Births::default(),
            Form::Wide(wide) => wide.births,
        }
    }

    /// The generation of the spec it was measured under.
    #[must_use]
    pub fn generation(&self) -> i64 {
        match &self.0 {
            Form::Narrow { generation, .. } => i64::from(*generation),
            Form::Wide(wide) => wide.generation,
        }
    }

    /// Why it is unknown, if it is.
    #[must_use]
    pub fn unknown_cause(&self) -> Option<UnknownCause> {
        match self.state() {
            SlotState::Unknown(cause) => Some(cause),
            SlotState::Measured | SlotState::NoTraffic | SlotState::Excluded | SlotState::NotDeployed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn tally() -> impl Strategy<Value = Tally> {
        let micro = || prop_oneof![0..1u128 << 40, (1u128 << 63)..(1u128 << 65)];
        let count = || micro().prop_map(|m| Count::from_parts(m).unwrap_or_default());
        (count(), count()).prop_map(|(total, bad)| Tally { total, bad })
    }

    fn births() -> impl Strategy<Value = Births> {
        let some = (tally(), tally()).prop_map(|(born, unattributed)| Births { born, unattributed });
        prop_oneof![Just(Births::default()), some]
    }

    #[test]
    fn a_month_of_minutes_of_two_hundred_agreements_is_two_hundred_megabytes() {
        assert_eq!(size_of::<Slot>(), 24);
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(counted in tally(), births in births(), generation in any::<i64>(), low in any::<bool>()) {
            let generation = if low { generation & 0xffff } else { generation };
            let slot = Slot::known(counted, births, generation);
            let state = if counted.total.is_zero() { SlotState::NoTraffic } else { SlotState::Measured };
            prop_assert_eq!(slot.state(), state);
            prop_assert_eq!(slot.counted(), counted);
            prop_assert_eq!(slot.births(), births);
            prop_assert_eq!(slot.generation(), generation);
            prop_assert_eq!(Slot::unknown(UnknownCause::Absent, generation).generation(), generation);
        }
    }
}
