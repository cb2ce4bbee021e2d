//! The method `MeanOfSlots`: one less the mean of the error rates of equal stretches of time, each with the same weight.
//!
//! What Amazon S3, Azure Storage and Cloudflare promise: the error rate of every five minutes (or every hour), and the
//! mean of those. A stretch without any event has the error rate 0 or is no part of the mean, as the agreement says. A
//! stretch of which a slot is unknown is unknown: half of it says nothing about its rate.

use crate::api::measurement::{EmptySlot, Measurement};

use super::super::due_slots::DueSlots;
use super::super::exact::{divide, whole};
use super::super::exemption::Record;
use super::super::invalid::InvalidSpec;
use super::super::rate_sum::RateSum;
use super::super::slot::{SlotState, Tally};
use super::super::span;
use super::by_slot::BySlot;
use super::events::tallies;
use super::groups::{Group, groups};
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
    sum: RateSum,
    known: usize,
    unknown: usize,
    /// Known ones that are no part of the mean.
    skipped: usize,
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
            match rate(&group) {
                Rate::LeftOut => {}
                Rate::Unknown => rates.unknown += group.times,
                Rate::Of(events) if events.total.is_zero() && self.rule.empty == EmptySlot::Skip => {
                    rates.skipped += group.times;
                }
                Rate::Of(events) => {
                    rates.known += group.times;
                    rates.sum.add(events, group.times);
                }
            }
        }
        rates
    }
}

/// Violations are told slot by slot, whatever the length of the stretches.
impl BySlot for MeanOfSlots<'_> {
    fn record(&self) -> &Record<'_> {
        &self.record
    }

    fn account_of(&self, slots: DueSlots<'_>) -> Account {
        let (counted, born, unattributed) = tallies(slots);
        let rates = self.rates(slots);
        let (known, expected) = (rates.known, rates.known + rates.unknown);
        let attainment = rates.sum.mean_good(known, known);
        let worst = rates.sum.mean_good(known, expected);
        let best = rates.sum.mean_good(expected, expected);
        let heard = known + rates.skipped;
        let good = attainment.as_ref().map(|mean| mean * whole(known)).unwrap_or_default();
        Account {
            census: slots.census(),
            counted,
            born,
            unattributed,
            coverage: divide(&whole(heard), &whole(heard + rates.unknown)),
            good,
            total: whole(known),
            attainment,
            bounds: worst.zip(best),
            unknown: Some(UnknownUnits { total: whole(rates.unknown), bad: whole(rates.unknown) }),
        }
    }
}

/// What is known of a stretch.
enum Rate {
    /// Wholly left out by agreement.
    LeftOut,
    Unknown,
    /// Of these events, which are those of all its groups together.
    Of(Tally),
}

fn rate(group: &Group<'_>) -> Rate {
    let mut events = Tally::default();
    let mut counts = false;
    for run in &group.runs {
        match run.slot.state() {
            SlotState::Unknown(_) => return Rate::Unknown,
            SlotState::Excluded => {}
            SlotState::Measured | SlotState::NoTraffic | SlotState::NotDeployed => {
                counts = true;
                events = events + run.slot.counted().times(run.count);
            }
        }
    }
    if counts { Rate::Of(events) } else { Rate::LeftOut }
}
