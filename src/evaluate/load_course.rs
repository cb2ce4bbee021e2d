//! The load before and in a danger, slot by slot: what was asked of a service, and what of it was bad.
//!
//! Takes the ledger and an instant, gives the counts of the known slots from then on. It costs the store nothing, as they are
//! in the account already; and it says nothing of slots that are not.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use super::due_slots::DueSlots;
use super::ledger::Ledger;
use super::slot::{SlotState, Tally};

/// The load of every objective.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoadCourse {
    /// The length of a slot in seconds.
    pub slot_seconds: i64,
    /// By objective, in the order of the ledger.
    pub objectives: Vec<ObjectiveLoad>,
}

/// The load of one objective.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectiveLoad {
    /// Its name.
    pub name: String,
    /// The slots that are known, oldest first: when each begins, in seconds since 1970, and what was counted.
    pub slots: Vec<(i64, Tally)>,
}

/// What was counted in a stretch of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// The seconds of it that are known.
    pub seconds: i64,
    /// All events.
    pub total: BigRational,
    /// The bad ones.
    pub bad: BigRational,
}

impl LoadCourse {
    /// The load from an instant on.
    #[must_use]
    pub fn since(ledger: &Ledger, from: Timestamp, now: Timestamp, settle: SignedDuration) -> Self {
        let slot_seconds = ledger.slot_seconds().max(1);
        let load = |name: &str| ObjectiveLoad {
            name: name.to_owned(),
            slots: known(&ledger.due_slots(name, now, settle), from.as_second()),
        };
        Self { slot_seconds, objectives: ledger.objectives().map(load).collect() }
    }

    /// The same, with what was counted before by an earlier ledger. Slots of another length tell nothing.
    #[must_use]
    pub fn after(mut self, earlier: &Self) -> Self {
        if earlier.slot_seconds == self.slot_seconds {
            for load in &mut self.objectives {
                let before = earlier.objectives.iter().filter(|before| before.name == load.name);
                load.slots.splice(0..0, before.flat_map(|before| before.slots.iter().copied()));
            }
        }
        self
    }

    /// What an objective counted between two instants, in slots that lie wholly within. `None`: less than `percent` of that
    /// time is known.
    #[must_use]
    pub fn between(&self, objective: &str, from: Timestamp, to: Timestamp, percent: i64) -> Option<Counted> {
        let load = self.objectives.iter().find(|load| load.name == objective)?;
        let (from, to) = (from.as_second(), to.as_second());
        let within = |start: i64| from <= start && start.saturating_add(self.slot_seconds) <= to;
        let slots: Vec<&Tally> =
            load.slots.iter().filter(|(start, _)| within(*start)).map(|(_, counted)| counted).collect();
        let seconds = i64::try_from(slots.len()).unwrap_or(0).saturating_mul(self.slot_seconds);
        let enough = seconds > 0 && seconds.saturating_mul(100) >= to.saturating_sub(from).saturating_mul(percent);
        let sum = slots.into_iter().fold(Tally::default(), |sum, counted| sum + *counted);
        enough.then(|| Counted { seconds, total: sum.total.ratio(), bad: sum.bad.ratio() })
    }
}

fn known(due: &DueSlots<'_>, from: i64) -> Vec<(i64, Tally)> {
    let slot_seconds = due.slot_seconds().max(1);
    let wanted = due.end().saturating_sub(from).max(0) / slot_seconds;
    let last = due.last(usize::try_from(wanted).unwrap_or(usize::MAX));
    let counted = last.runs().filter(|run| matches!(run.slot.state(), SlotState::Measured | SlotState::NoTraffic));
    let slots = counted.flat_map(|run| {
        let starts = (0..run.count).map_while(move |index| {
            let after = i64::try_from(index).ok()?.saturating_mul(slot_seconds);
            Some(run.start.saturating_add(after))
        });
        starts.map(move |start| (start, run.slot.counted()))
    });
    slots.collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing)]
mod tests {
    use super::*;
    use crate::evaluate::count::Count;
    use crate::evaluate::period::Bounds;
    use crate::evaluate::slot::{Births, Slot, UnknownCause};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn what_is_known_is_told_slot_by_slot_and_nothing_is_read_as_zero() {
        let bounds = Bounds { start: at(0), end: at(6000) };
        let mut ledger = Ledger::new(bounds, 60, ["latency"]).unwrap();
        for (index, slot) in [Some(600), Some(600), None, Some(0), Some(1200)].into_iter().enumerate() {
            let start = at(60 * i64::try_from(index).unwrap());
            let slot = match slot {
                Some(total) => {
                    let counted = Tally { total: Count::events(total), bad: Count::events(total / 2) };
                    Slot::known(counted, Births::default(), 1)
                }
                None => Slot::unknown(UnknownCause::NoSamples, 1),
            };
            ledger.insert("latency", start, slot).unwrap();
        }
        let course = LoadCourse::since(&ledger, at(60), at(300), SignedDuration::ZERO);
        let slots = &course.objectives.first().unwrap().slots;
        assert_eq!(slots.iter().map(|(start, _)| *start).collect::<Vec<_>>(), [60, 180, 240]);
        let whole = |number: i64| BigRational::from_integer(number.into());
        let counted = |from, to, percent| course.between("latency", at(from), at(to), percent);
        let all = Counted { seconds: 180, total: whole(1800), bad: whole(900) };
        assert_eq!(counted(60, 300, 75), Some(all));
        assert_eq!(counted(60, 300, 76), None, "three of four slots are known");
        assert_eq!(counted(120, 180, 1), None, "nothing is");
        assert_eq!(
            counted(61, 240, 1),
            Some(Counted { seconds: 60, total: whole(0), bad: whole(0) }),
            "whole slots only"
        );
        assert_eq!(course.between("other", at(0), at(300), 1), None);
    }

    #[test]
    fn what_an_earlier_period_counted_comes_before_and_slots_of_another_length_tell_nothing() {
        let of = |name: &str, starts: &[i64], slot_seconds| {
            let slots = starts.iter().map(|start| (*start, Tally { total: Count::events(10), bad: Count::ZERO }));
            let objectives = vec![ObjectiveLoad { name: name.into(), slots: slots.collect() }];
            LoadCourse { slot_seconds, objectives }
        };
        for (earlier, expected) in [
            (of("latency", &[0, 60], 60), vec![0, 60, 120]),
            (of("latency", &[0], 300), vec![120]),
            (of("availability", &[0, 60], 60), vec![120]),
            (LoadCourse::default(), vec![120]),
        ] {
            let whole = of("latency", &[120], 60).after(&earlier);
            let starts: Vec<i64> = whole.objectives[0].slots.iter().map(|(start, _)| *start).collect();
            assert_eq!((starts, whole.objectives.len()), (expected, 1), "{earlier:?}");
        }
    }
}
