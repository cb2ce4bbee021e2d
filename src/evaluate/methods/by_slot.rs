//! What methods have in common that judge slot by slot: one series with exclusions applied, its account over any slots
//! of it, and a miss wherever the share of good events of a slot is below the target.

use num_rational::BigRational;

use super::super::assessment::ViolationSpan;
use super::super::due_slots::DueSlots;
use super::super::exemption::Record;
use super::super::slot::{Slot, SlotState, UnknownCause};
use super::super::violation::violations;
use super::unknown_time::UnknownTime;
use super::{Account, CountingMethod};

/// A method that judges slot by slot.
pub(super) trait BySlot {
    /// The slots.
    fn record(&self) -> &Record<'_>;

    /// The account of some of them.
    fn account_of(&self, slots: DueSlots<'_>) -> Account;

    /// The times in which the target was missed, oldest first.
    fn missed(&self, objective: &str, target: &BigRational, closed: bool, unknown: UnknownTime) -> Vec<ViolationSpan> {
        missed_slots(objective, self.record().slots(), target, closed, unknown)
    }
}

impl<M: BySlot> CountingMethod for M {
    fn slot_seconds(&self) -> i64 {
        self.record().slots().slot_seconds()
    }

    fn account(&self) -> Account {
        self.account_of(self.record().slots())
    }

    fn recent(&self, slots: usize) -> Account {
        self.account_of(self.record().slots().last(slots))
    }

    fn violations(
        &self,
        objective: &str,
        target: &BigRational,
        closed: bool,
        unknown: UnknownTime,
    ) -> Vec<ViolationSpan> {
        self.missed(objective, target, closed, unknown)
    }

    fn latest_problem(&self) -> Option<UnknownCause> {
        self.record().slots().latest_problem()
    }
}

/// The runs of slots that missed the target.
pub(super) fn missed_slots(
    objective: &str,
    slots: DueSlots<'_>,
    target: &BigRational,
    closed: bool,
    unknown: UnknownTime,
) -> Vec<ViolationSpan> {
    violations(objective, slots, closed, |slot| missed(slot, target, unknown))
}

/// Whether the share of good events of a slot is below the target. A slot without traffic misses nothing. `None`:
/// unknown and not agreed, or left out.
fn missed(slot: &Slot, target: &BigRational, unknown: UnknownTime) -> Option<bool> {
    match slot.state() {
        SlotState::Measured => {
            let tally = slot.counted();
            Some(!tally.bad.is_zero() && tally.good().is_less_than(target, tally.total))
        }
        SlotState::NoTraffic | SlotState::NotDeployed => Some(false),
        SlotState::Unknown(_) => match unknown {
            UnknownTime::Bad => Some(true),
            UnknownTime::Good | UnknownTime::LeftOut => Some(false),
            UnknownTime::Open => None,
        },
        SlotState::Excluded => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::example::{measured, ratio};
    use super::*;

    #[test]
    fn a_slot_misses_the_target_only_beyond_what_the_target_leaves() {
        let target = ratio(999, 1000);
        let cases = [
            (measured(1000, 0), Some(false)),
            (measured(1000, 1), Some(false)),
            (measured(1000, 2), Some(true)),
            (measured(999, 1), Some(true)),
            (measured(0, 0), Some(false)),
            (Slot::unknown(UnknownCause::Unreachable, 1), None),
            (Slot::excluded(1), None),
        ];
        for (slot, expected) in cases {
            assert_eq!(missed(&slot, &target, UnknownTime::Open), expected, "{slot:?}");
        }
        let open = UnknownTime::Open;
        assert_eq!(missed(&measured(1000, 1), &ratio(1, 1), open), Some(true), "of 100 % nothing may be bad");
        let nobody_knows = Slot::unknown(UnknownCause::Unreachable, 1);
        assert_eq!(missed(&nobody_knows, &target, UnknownTime::Bad), Some(true));
        for not_bad in [UnknownTime::Good, UnknownTime::LeftOut] {
            assert_eq!(missed(&nobody_knows, &target, not_bad), Some(false));
        }
    }
}
