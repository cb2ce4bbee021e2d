//! Exclusions applied: what a series looks like once the agreement's exclusions are taken out of it.
//!
//! Exclusions are united first, so that time that two of them cover leaves once. Where one excludes and another counts
//! as good, the time is excluded: that is never the better figure for the provider, since what is excluded makes the
//! rest weigh more.
//!
//! Time-based methods apply them to the second, and take [`Exemptions::stretches`]. Methods that count events or slots
//! can tell no part of a slot from the rest: there a slot is exempt only when it lies wholly inside
//! ([`Exemptions::by_slot`]). Excluded *events* leave the earliest slots of their window, never more than those have: the
//! bad ones first that leave the total too, then those that stay in it as good ones, then further events of the total.
//! Where the rule counts as good, none leaves the total.

pub mod applied;

use crate::api::exclusion_rules::ExclusionEffect;

use super::count::Count;
use super::due_slots::DueSlots;
use super::exclusion::{EventsLeft, Exclusions};
use super::run::Runs;
use super::slot::{Slot, SlotState, Tally};
use super::stretch::{Stretch, intersection, union};

/// The exclusions of one objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exemptions {
    /// Everything that is exempt.
    all: Vec<Stretch>,
    /// The part of it that is excluded.
    excluded: Vec<Stretch>,
    events: Vec<(Vec<Stretch>, EventsLeft)>,
}

/// Slots as the ledger has them, or with exclusions applied.
#[derive(Clone, Debug)]
pub enum Record<'a> {
    /// As they are.
    AsRead(DueSlots<'a>),
    /// Exclusions applied.
    Exempted(Runs),
}

impl Record<'_> {
    /// The slots.
    #[must_use]
    pub fn slots(&self) -> DueSlots<'_> {
        match self {
            Self::AsRead(slots) => *slots,
            Self::Exempted(runs) => DueSlots::of_runs(runs, runs.count()),
        }
    }
}

impl Exemptions {
    /// What is exempt for an objective.
    #[must_use]
    pub fn of(exclusions: &Exclusions, objective: &str) -> Self {
        let (mut all, mut excluded, mut events) = (Vec::new(), Vec::new(), Vec::new());
        let concerned = |names: &[String]| names.is_empty() || names.iter().any(|name| name == objective);
        for honoured in exclusions.honoured.iter().filter(|h| concerned(&h.objectives)) {
            let stretches = honoured.spans.iter().copied().map(Stretch::of);
            if let Some(left) = honoured.events {
                let stays = honoured.effect == ExclusionEffect::CountAsGood;
                let total = if stays { Count::ZERO } else { left.total };
                events.push((union(stretches.collect()), EventsLeft { total, ..left }));
                continue;
            }
            all.extend(stretches.clone());
            if honoured.effect == ExclusionEffect::Exclude {
                excluded.extend(stretches);
            }
        }
        Self { all: union(all), excluded: union(excluded), events }
    }

    /// The exempt time, and the part of it that leaves the denominator.
    #[must_use]
    pub fn stretches(&self) -> (&[Stretch], &[Stretch]) {
        (&self.all, &self.excluded)
    }

    /// The slots without the excluded events. Excluded time is still in them.
    #[must_use]
    pub fn without_events<'a>(&self, slots: DueSlots<'a>) -> Record<'a> {
        if self.events.is_empty() {
            return Record::AsRead(slots);
        }
        let mut runs = copied(slots);
        self.take_events(&mut runs);
        Record::Exempted(runs)
    }

    /// Takes the excluded events off these slots, and says of each exclusion of events how many it found.
    fn take_events(&self, runs: &mut Runs) -> Vec<EventsLeft> {
        let mut found = Vec::with_capacity(self.events.len());
        for (stretches, left) in &self.events {
            let leaving = left.bad.min(left.total);
            let forgiven = left.bad.minus(leaving).unwrap_or_default();
            let beside = left.total.minus(leaving).unwrap_or_default();
            let leaving = take(runs, stretches, leaving, Leaving::Bad);
            let forgiven = take(runs, stretches, forgiven, Leaving::Forgiven);
            let beside = take(runs, stretches, beside, Leaving::Good);
            found.push(EventsLeft { bad: leaving + forgiven, total: leaving + beside });
        }
        found
    }

    /// The slots without the excluded events, and with every slot that lies wholly inside exempt time left out or good.
    #[must_use]
    pub fn by_slot<'a>(&self, slots: DueSlots<'a>) -> Record<'a> {
        let record = self.without_events(slots);
        if self.all.is_empty() {
            return record;
        }
        let mut runs = match record {
            Record::AsRead(slots) => copied(slots),
            Record::Exempted(runs) => runs,
        };
        let inside: Vec<Stretch> = self.all.iter().map(|s| wholly(&runs, *s)).collect();
        let touched = union(self.excluded.iter().map(|s| touching(&runs, *s)).collect());
        for stretch in &inside {
            change(&mut runs, *stretch, forgiven);
        }
        for stretch in intersection(&touched, &inside) {
            change(&mut runs, stretch, |slot| Slot::excluded(slot.generation()));
        }
        Record::Exempted(runs)
    }
}

impl Exemptions {
    /// The exempt time of which slots have something: of those that lie wholly inside.
    fn inside(&self, slots: DueSlots<'_>) -> Vec<Stretch> {
        let edges = Runs::collect(slots.start(), slots.slot_seconds(), []);
        self.all.iter().map(|stretch| wholly(&edges, *stretch)).filter(|s| s.from < s.until).collect()
    }
}

/// A slot that counts as good. What nobody knows is left out: it can not be held against anybody, and weighs nothing.
fn forgiven(slot: &Slot) -> Slot {
    match slot.state() {
        SlotState::Measured => slot.recounted(Tally { bad: Count::ZERO, ..slot.counted() }),
        SlotState::Unknown(_) => Slot::excluded(slot.generation()),
        SlotState::NoTraffic | SlotState::Excluded | SlotState::NotDeployed => slot.clone(),
    }
}

fn copied(slots: DueSlots<'_>) -> Runs {
    Runs::collect(slots.start(), slots.slot_seconds(), slots.runs().map(|run| (run.count, run.slot.clone())))
}

/// The seconds of the slots that lie wholly inside.
fn wholly(runs: &Runs, stretch: Stretch) -> Stretch {
    Stretch { from: edge_from(runs, stretch.from), until: edge_until(runs, stretch.until) }
}

/// The seconds of the slots that have any part inside.
fn touching(runs: &Runs, stretch: Stretch) -> Stretch {
    Stretch { from: edge_until(runs, stretch.from), until: edge_from(runs, stretch.until) }
}

/// The first edge of a slot at or after a second.
fn edge_from(runs: &Runs, second: i64) -> i64 {
    second.saturating_add(runs.start().saturating_sub(second).rem_euclid(runs.slot_seconds()))
}

/// The last edge of a slot at or before a second.
fn edge_until(runs: &Runs, second: i64) -> i64 {
    second.saturating_sub(second.saturating_sub(runs.start()).rem_euclid(runs.slot_seconds()))
}

fn change(runs: &mut Runs, stretch: Stretch, to: impl FnMut(&Slot) -> Slot) {
    if stretch.from < stretch.until {
        runs.change(runs.index_from(stretch.from), runs.index_from(stretch.until), to);
    }
}

/// What excluded events leave.
#[derive(Clone, Copy)]
enum Leaving {
    /// Bad events leave numerator and denominator.
    Bad,
    /// Bad events become good ones.
    Forgiven,
    /// Good events leave the total.
    Good,
}

impl Leaving {
    /// How many a slot has of them.
    fn available(self, tally: Tally) -> Count {
        match self {
            Self::Bad | Self::Forgiven => tally.bad,
            Self::Good => tally.good(),
        }
    }

    /// What is left of a slot that has lost so many.
    fn taken(self, tally: Tally, n: Count) -> Tally {
        let less = |from: Count| from.minus(n).unwrap_or_default();
        match self {
            Self::Bad => Tally { total: less(tally.total), bad: less(tally.bad) },
            Self::Forgiven => Tally { bad: less(tally.bad), ..tally },
            Self::Good => Tally { total: less(tally.total), ..tally },
        }
    }
}

/// Takes events off the earliest slots that have any part in these stretches, and says how many it found there.
fn take(runs: &mut Runs, stretches: &[Stretch], amount: Count, leaving: Leaving) -> Count {
    let mut left = amount;
    for stretch in stretches.iter().map(|s| touching(runs, *s)).collect::<Vec<_>>() {
        let mut changes = Vec::new();
        for run in runs.between(runs.index_from(stretch.from), runs.index_from(stretch.until)) {
            let each = leaving.available(run.slot.counted());
            let (Some(emptied), SlotState::Measured) = (left.holds(each), run.slot.state()) else { continue };
            let (first, emptied) = (runs.index_from(run.start), emptied.min(run.count));
            changes.push((first, first + emptied, each));
            left = left.minus(each.times(emptied)).unwrap_or_default();
            if emptied < run.count {
                changes.push((first + emptied, first + emptied + 1, left));
                left = Count::ZERO;
            }
        }
        for (from, until, n) in changes {
            runs.change(from, until, |slot| slot.recounted(leaving.taken(slot.counted(), n)));
        }
    }
    amount.minus(left).unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests;
