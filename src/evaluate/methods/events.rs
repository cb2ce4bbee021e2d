//! The methods `Events` and `Value`: good events over all events, each event with the same weight.
//!
//! Sums first and divides once: the mean of the slots' own rates would weigh an event at night a thousand times an
//! event at noon. A value that was compared with its limit is an event as well; the two methods differ in what may have
//! happened in a slot that nobody knows: events at the mean traffic of the others, or one value.

use num_rational::BigRational;
use num_traits::One;

use super::super::due_slots::{Census, DueSlots};
use super::super::exact::{divide, whole};
use super::super::exemption::Record;
use super::super::slot::Tally;
use super::by_slot::BySlot;
use super::{Account, UnknownUnits};

/// What an unknown slot may have held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weight {
    /// As many events as the known slots have in the mean.
    MeanTraffic,
    /// One value.
    OneValue,
}

/// Slots whose events are counted.
#[derive(Clone, Debug)]
pub struct Events<'a> {
    record: Record<'a>,
    weight: Weight,
}

impl<'a> Events<'a> {
    /// The method `Events`.
    #[must_use]
    pub fn of(record: Record<'a>) -> Self {
        Self { record, weight: Weight::MeanTraffic }
    }

    /// The method `Value`.
    #[must_use]
    pub fn of_values(record: Record<'a>) -> Self {
        Self { record, weight: Weight::OneValue }
    }
}

impl BySlot for Events<'_> {
    fn record(&self) -> &Record<'_> {
        &self.record
    }

    fn account_of(&self, slots: DueSlots<'_>) -> Account {
        let census = slots.census();
        let (counted, born, unattributed) = tallies(slots);
        let (good, total) = (counted.good().ratio(), counted.total.ratio());
        let attainment = divide(&good, &total);
        let bounds = match self.weight {
            Weight::MeanTraffic => mean_traffic(attainment.as_ref(), &census),
            Weight::OneValue => {
                let unknown = whole(census.unknown);
                let all = &total + &unknown;
                divide(&good, &all).zip(divide(&(&good + unknown), &all))
            }
        };
        let coverage = divide(&whole(census.known()), &whole(census.expected()));
        let weight = match self.weight {
            Weight::MeanTraffic => divide(&(&total * whole(census.unknown)), &whole(census.known())),
            Weight::OneValue => Some(whole(census.unknown)),
        };
        let unknown =
            weight.map(|weight| UnknownUnits { total: weight.clone(), bad: weight, ..UnknownUnits::default() });
        Account { census, counted, born, unattributed, coverage, good, total, attainment, bounds, unknown }
    }
}

/// Counted, born and unattributed events.
pub(super) fn tallies(slots: DueSlots<'_>) -> (Tally, Tally, Tally) {
    slots.runs().fold(<(Tally, Tally, Tally)>::default(), |(counted, born, unattributed), run| {
        let births = run.slot.births();
        (
            counted + run.slot.counted().times(run.count),
            born + births.born.times(run.count),
            unattributed + births.unattributed.times(run.count),
        )
    })
}

/// Both extremes of what the unknown slots may have held, each at the mean traffic of the known ones.
///
/// With total events E in k known slots, u unknown ones hold u E / k. All bad, the attainment a becomes
/// a E / (E + u E / k) = a k / (k + u); all good, it gains u / (k + u). Where no slot is known, anything may have been.
/// Where the known ones had no traffic, the unknown ones have no weight and there is nothing to say.
fn mean_traffic(attainment: Option<&BigRational>, census: &Census) -> Option<(BigRational, BigRational)> {
    let known_share = divide(&whole(census.known()), &whole(census.expected()))?;
    match attainment {
        Some(attainment) => {
            let worst = attainment * &known_share;
            let best = &worst + (BigRational::one() - known_share);
            Some((worst, best))
        }
        None if census.known() == 0 => Some((whole(0), whole(1))),
        None => None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
