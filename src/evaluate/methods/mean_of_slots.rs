//! The method `MeanOfSlots`: one less the mean of the error rates of equal stretches of time, each with the same weight.
//!
//! What Amazon S3, Azure Storage and Cloudflare promise: the error rate of every five minutes (or every hour), and the
//! mean of those. A stretch without any event has the error rate 0 or is no part of the mean, as the agreement says.
//!
//! Of a stretch that is known in part, what is known stands. Its rate is that of its known slots. If the unknown ones were
//! all bad, or all good, they have the error rate 1 or 0, and each weighs as one of the known slots does: the rate is then
//! (known rate x known slots + 0 or 1 x unknown slots) / all slots. A stretch of which no slot is known is unknown, and so
//! is one whose known slots had no event where such a stretch is no part of the mean.

use num_bigint::BigUint;
use num_rational::BigRational;

use crate::api::measurement::{EmptySlot, Measurement};

use super::super::assessment::ViolationSpan;
use super::super::due_slots::{DueSlots, instant};
use super::super::exact::{divide, whole};
use super::super::exemption::Record;
use super::super::invalid::InvalidSpec;
use super::super::rate_sum::RateSum;
use super::super::run::{Run, Runs};
use super::super::slot::{Births, Slot, SlotState, Tally, UnknownCause};
use super::super::span;
use super::by_slot::{BySlot, missed_slots};
use super::events::tallies;
use super::groups::{Group, groups};
use super::unknown_time::UnknownTime;
use super::{Account, UnknownUnits};

/// How the rates are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// The length of the stretches in seconds, the first of which begins with the period; `None` is one slot.
    pub over_seconds: Option<i64>,
    /// What a stretch without any event is.
    pub empty: EmptySlot,
}

impl Rule {
    /// The rule of the objective at this place of the spec.
    ///
    /// # Errors
    /// `rateOver` is no length of whole seconds.
    pub fn of(index: usize, measurement: &Measurement) -> Result<Self, InvalidSpec> {
        let over = measurement.rate_over.as_ref();
        let field = || format!("spec.objectives[{index}].measurement.rateOver");
        let over_seconds = over.map(|length| span::whole_seconds(length, &field())).transpose()?;
        Ok(Self { over_seconds, empty: measurement.empty_slot.unwrap_or_default() })
    }

    /// The same where the agreement says no stretch: one of its own slots, whatever slots it was measured in.
    #[must_use]
    pub fn or_over(self, slot_seconds: i64) -> Self {
        Self { over_seconds: self.over_seconds.or(Some(slot_seconds)), ..self }
    }
}

/// Slots whose rates are averaged.
#[derive(Clone, Debug)]
pub struct MeanOfSlots<'a> {
    rule: Rule,
    record: Record<'a>,
}

/// What the stretches come to.
#[derive(Default)]
struct Rates {
    /// The rates of the stretches that are known throughout.
    whole: RateSum,
    /// The same of those that are known in part, by their known slots.
    partly: RateSum,
    /// Those again, if their unknown slots were all good.
    at_best: RateSum,
    /// By how much they are higher if their unknown slots were all bad.
    lost: RateSum,
    /// By how much they are lower if their unknown slots were all good.
    gained: RateSum,
    /// Stretches that have a rate.
    known: usize,
    /// Stretches that have none, and might.
    unknown: usize,
}

impl Rates {
    /// Adds the rate of a stretch of which some slots are unknown.
    fn add_partly(&mut self, events: Tally, known: usize, unknown: usize) {
        // Without an event the rate is 0, as a part of any total.
        let total = BigUint::from(events.total.parts().max(1));
        let bad = BigUint::from(events.bad.parts());
        let all = &total * (known + unknown);
        self.partly.add_part(&bad, &total);
        self.at_best.add_part(&(&bad * known), &all);
        self.gained.add_part(&(&bad * unknown), &all);
        self.lost.add_part(&((&total - &bad) * unknown), &all);
    }
}

impl<'a> MeanOfSlots<'a> {
    /// The rates of these slots.
    #[must_use]
    pub fn new(rule: Rule, record: Record<'a>) -> Self {
        Self { rule, record }
    }

    fn rates(&self, slots: DueSlots<'_>) -> Rates {
        let mut rates = Rates::default();
        let over = self.rule.over_seconds.unwrap_or_else(|| slots.slot_seconds());
        for group in groups(slots, over, slots.origin()) {
            let Heard { events, known, unknown } = heard(&group);
            let has_rate = known > 0 && (!events.total.is_zero() || self.rule.empty == EmptySlot::Good);
            match (has_rate, unknown) {
                // Left out by agreement, or without an event and no part of the mean.
                (false, 0) => {}
                (false, _) => rates.unknown += group.times,
                (true, 0) => {
                    rates.known += group.times;
                    rates.whole.add(events, group.times);
                }
                (true, _) => {
                    rates.known += group.times;
                    rates.add_partly(events, known, unknown);
                }
            }
        }
        rates
    }
}

impl BySlot for MeanOfSlots<'_> {
    fn record(&self) -> &Record<'_> {
        &self.record
    }

    /// Stretches that missed the target, which is one for their rates: a slot within one that kept it missed nothing. One
    /// that is not over yet may still keep it.
    fn missed(&self, objective: &str, target: &BigRational, closed: bool, unknown: UnknownTime) -> Vec<ViolationSpan> {
        let slots = self.record.slots();
        let over = self.rule.over_seconds.unwrap_or_else(|| slots.slot_seconds());
        if over <= slots.slot_seconds() {
            return missed_slots(objective, slots, target, closed, unknown);
        }
        let judged = |group: Group<'_>| (group.times, as_slot(&group, target, unknown));
        let stretches = Runs::collect(slots.origin(), over, groups(slots, over, slots.origin()).map(judged));
        let length = usize::try_from(over).unwrap_or(usize::MAX);
        let seconds = usize::try_from(slots.end() - slots.origin()).unwrap_or_default();
        let due = if closed { seconds.div_ceil(length) } else { seconds / length };
        let mut found = missed_slots(objective, DueSlots::of_runs(&stretches, due), target, closed, unknown);
        // The last stretch of a period may be a short one.
        let end = instant(slots.end());
        for violation in &mut found {
            violation.end = violation.end.map(|until| until.min(end));
        }
        found
    }

    fn account_of(&self, slots: DueSlots<'_>) -> Account {
        let (counted, born, unattributed) = tallies(slots);
        let census = slots.census();
        let rates = self.rates(slots);
        let (known, expected) = (rates.known, rates.known + rates.unknown);
        let as_known = rates.whole.and(&rates.partly);
        let attainment = as_known.mean_good(known, known);
        let worst = as_known.and(&rates.lost).mean_good(known, expected);
        let best = rates.whole.and(&rates.at_best).mean_good(expected, expected);
        let good = attainment.as_ref().map(|mean| mean * whole(known)).unwrap_or_default();
        let total = whole(rates.unknown);
        let (bad, gained) = (&total + rates.lost.total(), rates.gained.total());
        Account {
            coverage: divide(&whole(census.known()), &whole(census.expected())),
            census,
            counted,
            born,
            unattributed,
            good,
            total: whole(known),
            attainment,
            bounds: worst.zip(best),
            unknown: Some(UnknownUnits { total, bad, gained }),
        }
    }
}

/// What is known of some stretches that are alike.
#[derive(Default)]
struct Heard {
    /// Of these events, which are those of all of them together.
    events: Tally,
    /// Slots that are known and count.
    known: usize,
    unknown: usize,
}

fn heard(group: &Group<'_>) -> Heard {
    group.runs.iter().fold(Heard::default(), |found, run| match run.slot.state() {
        SlotState::Unknown(_) => Heard { unknown: found.unknown + run.count, ..found },
        SlotState::Excluded => found,
        SlotState::Measured | SlotState::NoTraffic | SlotState::NotDeployed => Heard {
            events: found.events + run.slot.counted().times(run.count),
            known: found.known + run.count,
            ..found
        },
    })
}

/// One of these stretches as if it was a slot, for whether it missed the target. One that is known in part is what its
/// known slots are, if the unknown ones cannot make another of it by what is agreed on them.
fn as_slot(group: &Group<'_>, target: &BigRational, rule: UnknownTime) -> Slot {
    let Heard { events, known, unknown } = heard(group);
    if known == 0 {
        return if unknown > 0 { Slot::unknown(UnknownCause::NotRead, 0) } else { Slot::excluded(0) };
    }
    let times = group.times.max(1);
    let of_one = |sum: Tally, run: &Run<'_>| match run.slot.state() {
        SlotState::Measured => sum + run.slot.counted().times(run.count / times),
        _ => sum,
    };
    let one = Slot::known(group.runs.iter().fold(Tally::default(), of_one), Births::default(), 0);
    if unknown == 0 || rule == UnknownTime::LeftOut {
        return one;
    }
    let total = whole(events.total.parts().max(1));
    let rate = whole(events.bad.parts()) / total;
    let (known, all) = (whole(known), whole(known + unknown));
    let misses = |rate: &BigRational| whole(1_u32) - rate < *target;
    let at_best = misses(&(&rate * &known / &all));
    let at_worst = misses(&((&rate * &known + whole(unknown)) / &all));
    match (rule, misses(&rate)) {
        // Bad time, whatever is known of the rest.
        (UnknownTime::Bad, false) if at_worst => Slot::unknown(UnknownCause::NotRead, 0),
        (UnknownTime::Good, true) if !at_best => Slot::known(Tally::default(), Births::default(), 0),
        (UnknownTime::Open, is_missed) if (is_missed && !at_best) || (!is_missed && at_worst) => {
            Slot::unknown(UnknownCause::NotRead, 0)
        }
        _ => one,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod missed;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::super::example::{measured, ratio};
    use super::super::CountingMethod;
    use super::*;
    use crate::api::agreement::TreatAs;

    /// A hundred stretches of five minutes: ten of these, and ninety without an error.
    fn account(stretch: &[Slot; 5], empty: EmptySlot) -> Account {
        let mut slots: Vec<Slot> = stretch.iter().cycle().take(50).cloned().collect();
        slots.resize(500, measured(10, 0));
        let rule = Rule { over_seconds: Some(300), empty };
        MeanOfSlots::new(rule, Record::AsRead(DueSlots::new(&slots, slots.len(), 0, 60))).account()
    }

    /// The attainment where unknown slots are left out, good, and bad.
    fn attained(account: &Account) -> [BigRational; 3] {
        [TreatAs::Exclude, TreatAs::Good, TreatAs::Bad].map(|rule| account.attainment_treating(rule).unwrap())
    }

    fn unknown() -> Slot {
        Slot::unknown(UnknownCause::NoSamples, 1)
    }

    #[test]
    fn of_a_stretch_that_is_known_in_part_what_is_known_stands() {
        let failed = || measured(10, 10);
        // Four minutes failed, and nobody knows the fifth: a rate of 1, or of 4/5 if it was good.
        let all = account(&[failed(), failed(), failed(), failed(), unknown()], EmptySlot::Good);
        assert_eq!(attained(&all), [ratio(90, 100), ratio(92, 100), ratio(90, 100)]);
        assert_eq!(all.coverage, Some(ratio(490, 500)));
        let gained = UnknownUnits { gained: ratio(2, 1), ..UnknownUnits::default() };
        assert_eq!((all.unknown_treated(TreatAs::Good), all.unknown_treated(TreatAs::Bad)), (Some(gained), None));
        // Half of the known events failed: a rate of 1/2, and of (1/2 x 2 + 0 or 1 x 3) / 5.
        let half = account(&[measured(10, 10), measured(10, 0), unknown(), unknown(), unknown()], EmptySlot::Good);
        assert_eq!(attained(&half), [ratio(95, 100), ratio(98, 100), ratio(92, 100)]);
        let lost = UnknownUnits { bad: ratio(3, 1), ..UnknownUnits::default() };
        assert_eq!(half.unknown_treated(TreatAs::Bad), Some(lost));
        // What is left out weighs nothing: a rate of 1/2, and of (1/2 x 2 + 0 or 1) / 3.
        let out = Slot::excluded(1);
        let less = account(&[measured(10, 10), measured(10, 0), unknown(), out.clone(), out], EmptySlot::Good);
        assert_eq!(attained(&less), [ratio(95, 100), ratio(290, 300), ratio(280, 300)]);
    }

    #[test]
    fn a_stretch_whose_known_part_has_no_rate_is_unknown() {
        let idle = || measured(0, 0);
        let slots = [idle(), idle(), idle(), idle(), unknown()];
        assert_eq!(attained(&account(&slots, EmptySlot::Good)), [ratio(1, 1), ratio(1, 1), ratio(98, 100)]);
        let none = account(&slots, EmptySlot::Skip);
        assert_eq!((attained(&none), none.total), ([ratio(1, 1), ratio(1, 1), ratio(90, 100)], ratio(90, 1)));
        let nothing = account(&[unknown(), unknown(), unknown(), unknown(), unknown()], EmptySlot::Good);
        assert_eq!((attained(&nothing), nothing.total), ([ratio(1, 1), ratio(1, 1), ratio(90, 100)], ratio(90, 1)));
    }
}
