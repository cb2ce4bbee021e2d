//! The method `Events`: good events over all events, each event with the same weight.
//!
//! Sums first and divides once: the mean of the slots' own rates would weigh an event at night a thousand times an
//! event at noon.

use num_rational::BigRational;
use num_traits::One;

use super::due_slots::{Census, DueSlots};
use super::exact::{divide, whole};
use super::method::{Account, CountingMethod};
use super::slot::{Slot, SlotState, Tally};

/// The method `Events`.
#[derive(Clone, Copy, Debug)]
pub struct Events;

impl CountingMethod for Events {
    fn name(&self) -> &'static str {
        "Events"
    }

    fn account(&self, slots: DueSlots<'_>) -> Account {
        let census = slots.census();
        let (mut counted, mut born, mut unattributed) = (Tally::default(), Tally::default(), Tally::default());
        for slot in slots.entered() {
            counted = counted + slot.counted();
            born = born + slot.births().born;
            unattributed = unattributed + slot.births().unattributed;
        }
        let good = counted.total.minus(counted.bad).unwrap_or_default();
        let attainment = divide(&good.ratio(), &counted.total.ratio());
        let bounds = bounds(attainment.as_ref(), &census);
        Account { census, counted, born, unattributed, attainment, bounds }
    }

    /// The share of good events is below the target. A slot without traffic misses nothing.
    fn missed(&self, slot: &Slot, target: &BigRational) -> Option<bool> {
        match slot.state() {
            SlotState::Measured => {
                let Tally { total, bad } = slot.counted();
                let good = total.minus(bad).unwrap_or_default();
                Some(!bad.is_zero() && good.is_less_than(target, total))
            }
            SlotState::NoTraffic => Some(false),
            SlotState::Unknown(_) | SlotState::Excluded => None,
        }
    }
}

/// Both extremes of what the unknown slots may have held, each at the mean traffic of the known ones.
///
/// With total events E in k known slots, u unknown ones hold u E / k. All bad, the attainment a becomes
/// a E / (E + u E / k) = a k / (k + u); all good, it gains u / (k + u). Where no slot is known, anything may have been.
/// Where the known ones had no traffic, the unknown ones have no weight and there is nothing to say.
fn bounds(attainment: Option<&BigRational>, census: &Census) -> Option<(BigRational, BigRational)> {
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
