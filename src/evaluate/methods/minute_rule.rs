//! When time is bad: the rules that `BadMinutes` and `Pooled` share, from slots to the downtime that counts.
//!
//! In this order, each on what the one before left:
//!
//! 1. A slot is *down* by its error rate, strictly above the limit, or when everything failed; its minute must have had
//!    enough events. Without traffic it is *idle*: no request failed, and none succeeded.
//! 2. Exclusions take their time out, to the second. What remains is judged: an exclusion in the middle of an outage
//!    leaves two shorter ones.
//! 3. `partialMinutes: Drop` keeps the whole minutes of the UTC clock in which nothing succeeded and something failed: all
//!    their slots are down, or idle beside one that is down. `Count` keeps every second that is down.
//! 4. Runs shorter than `minimumConsecutive` vanish; longer ones count whole. A run ends with the period: what goes on over
//!    its end, or over an amendment that splits it, is judged in each by what lies in it.
//!
//! All of it is monotone: more time that is down never makes less downtime. So the extremes of what nobody knows are
//! found by taking all unknown time as down, and none of it.

use num_rational::BigRational;
use num_traits::One;

use crate::api::measurement::{Denominator, Measurement, PartialMinutes};

use super::super::count::Count;
use super::super::due_slots::DueSlots;
use super::super::exact::share;
use super::super::exemption::Exemptions;
use super::super::invalid::InvalidSpec;
use super::super::run::second;
use super::super::slot::{Slot, SlotState};
use super::super::span;
use super::super::stretch::{Stretch, intersection, union};
use super::groups::{Group, groups};

const MINUTE: i64 = 60;

/// How the service did in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// It answered, or is taken to have.
    Up,
    /// Nobody asked.
    Idle,
    /// It failed.
    Down,
    /// It failed, but whether enough events for it came in that minute is not known.
    Doubtful,
    /// Nobody knows.
    Unknown,
    /// It was not deployed.
    NotDeployed,
    /// Left out by agreement.
    LeftOut,
}

/// A stretch of time in which the service did alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spell {
    /// When.
    pub when: Stretch,
    /// How.
    pub condition: Condition,
}

/// When time is bad.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MinuteRule {
    /// Bad is what has a smaller share of good events. `None`: only what has none at all.
    least_good: Option<BigRational>,
    minimum_events: Count,
    partial: PartialMinutes,
    minimum_seconds: i64,
    /// What is divided by, where the agreement says it.
    pub denominator: Option<Denominator>,
}

impl MinuteRule {
    /// The rule of the objective at this place of the spec.
    ///
    /// # Errors
    /// `badWhen` is missing or no percentage, or `minimumConsecutive` is no length of whole seconds.
    pub fn of(index: usize, measurement: &Measurement) -> Result<Self, InvalidSpec> {
        let field = |name: &str| format!("spec.objectives[{index}].measurement.{name}");
        let bad_when = measurement.bad_when.as_ref().ok_or_else(|| {
            InvalidSpec::new(field("badWhen"), "must say when a minute is bad; give errorRateAbove or allFail")
        })?;
        let least_good = match &bad_when.error_rate_above {
            Some(limit) => {
                let limit =
                    share(limit).map_err(|e| InvalidSpec::new(field("badWhen.errorRateAbove"), e.to_string()))?;
                Some(BigRational::one() - limit)
            }
            None => None,
        };
        let minimum = measurement.minimum_consecutive.as_ref();
        let minimum = minimum.map(|length| span::whole_seconds(length, &field("minimumConsecutive"))).transpose()?;
        Ok(Self {
            least_good,
            minimum_events: Count::events(u32::try_from(measurement.minimum_events.unwrap_or(0)).unwrap_or(u32::MAX)),
            partial: measurement.partial_minutes.unwrap_or_default(),
            minimum_seconds: minimum.unwrap_or(0),
            denominator: measurement.denominator,
        })
    }

    /// Whether a slot is bad by its own events, however few.
    #[must_use]
    pub fn is_bad(&self, slot: &Slot) -> bool {
        let tally = slot.counted();
        match &self.least_good {
            _ if slot.state() != SlotState::Measured => false,
            Some(least) => tally.good().is_less_than(least, tally.total),
            None => tally.good().is_zero(),
        }
    }

    /// How the service did over these slots, in the order of time and without a gap.
    #[must_use]
    pub fn spells(&self, slots: DueSlots<'_>, exemptions: &Exemptions) -> Vec<Spell> {
        let record = exemptions.without_events(slots);
        let slots = record.slots();
        let length = slots.slot_seconds();
        let mut spells = Vec::new();
        for group in groups(slots, MINUTE, 0) {
            let traffic = self.traffic(&group, length);
            for run in &group.runs {
                let condition = match run.slot.state() {
                    SlotState::Measured if !self.is_bad(run.slot) => Condition::Up,
                    SlotState::Measured => traffic,
                    SlotState::NoTraffic => Condition::Idle,
                    SlotState::Unknown(_) => Condition::Unknown,
                    SlotState::Excluded => Condition::LeftOut,
                    SlotState::NotDeployed => Condition::NotDeployed,
                };
                let when = Stretch { from: run.start, until: second(run.start, run.count, length) };
                append(&mut spells, Spell { when, condition });
            }
        }
        let (exempt, excluded) = exemptions.stretches();
        paint(paint(spells, exempt, forgiven), excluded, |_| Condition::LeftOut)
    }

    /// What a bad slot of this minute is: down only if the minute had enough events.
    fn traffic(&self, group: &Group<'_>, slot_seconds: i64) -> Condition {
        let all: Count = group.runs.iter().map(|run| run.slot.counted().total.times(run.count)).sum();
        // Of slots longer than a minute, every minute is taken to have its share.
        let minutes = usize::try_from(slot_seconds / MINUTE).unwrap_or(1).max(1).saturating_mul(group.times);
        let unknown = || group.runs.iter().any(|run| matches!(run.slot.state(), SlotState::Unknown(_)));
        match all >= self.minimum_events.times(minutes) {
            true => Condition::Down,
            false if unknown() => Condition::Doubtful,
            false => Condition::Up,
        }
    }

    /// The downtime that counts when these conditions are bad. A run that ends at `going_on` counts however short.
    #[must_use]
    pub fn downtime(
        &self,
        spells: &[Spell],
        is_bad: impl Fn(Condition) -> bool,
        going_on: Option<i64>,
    ) -> Vec<Stretch> {
        let those = |wanted: &dyn Fn(Condition) -> bool| {
            union(spells.iter().filter(|s| wanted(s.condition)).map(|s| s.when).collect())
        };
        let down = those(&is_bad);
        let (mut runs, going_on) = match self.partial {
            PartialMinutes::Count => (down, going_on),
            PartialMinutes::Drop => {
                let without_success = those(&|condition| is_bad(condition) || condition == Condition::Idle);
                let whole = without_success
                    .into_iter()
                    .map(|s| Stretch { from: minute_from(s.from), until: minute_until(s.until) })
                    .filter(|s| s.from < s.until)
                    .collect::<Vec<_>>();
                let touched =
                    down.into_iter().map(|s| Stretch { from: minute_until(s.from), until: minute_from(s.until) });
                (intersection(&whole, &union(touched.collect())), going_on.map(minute_until))
            }
        };
        runs.retain(|run| run.seconds() >= self.minimum_seconds || going_on == Some(run.until));
        runs
    }
}

fn forgiven(condition: Condition) -> Condition {
    match condition {
        Condition::NotDeployed | Condition::LeftOut => condition,
        _ => Condition::Up,
    }
}

/// Adds a spell behind the others; like ones become one.
pub(super) fn append(spells: &mut Vec<Spell>, spell: Spell) {
    match spells.last_mut() {
        _ if spell.when.from >= spell.when.until => {}
        Some(last) if last.condition == spell.condition && last.when.until == spell.when.from => {
            last.when.until = spell.when.until;
        }
        _ => spells.push(spell),
    }
}

/// Changes the conditions within some stretches.
fn paint(spells: Vec<Spell>, stretches: &[Stretch], to: impl Fn(Condition) -> Condition) -> Vec<Spell> {
    if stretches.is_empty() {
        return spells;
    }
    let mut painted = Vec::with_capacity(spells.len() + 2 * stretches.len());
    for spell in spells {
        let mut at = spell.when.from;
        let first = stretches.partition_point(|s| s.until <= spell.when.from);
        for stretch in stretches.iter().skip(first).take_while(|s| s.from < spell.when.until) {
            let inside = stretch.within(spell.when);
            append(&mut painted, Spell { when: Stretch { from: at, until: inside.from }, ..spell });
            append(&mut painted, Spell { when: inside, condition: to(spell.condition) });
            at = inside.until;
        }
        append(&mut painted, Spell { when: Stretch { from: at, ..spell.when }, ..spell });
    }
    painted
}

/// The first minute of the clock at or after a second.
fn minute_from(second: i64) -> i64 {
    minute_until(second.saturating_add(MINUTE - 1))
}

/// The last minute of the clock at or before a second.
fn minute_until(second: i64) -> i64 {
    second - second.rem_euclid(MINUTE)
}
