//! Slots by groups of a fixed length: the minutes and the hours that methods judge as one.
//!
//! Groups are counted from an instant: minutes from the epoch, so that they are those of the clock; longer ones from the
//! beginning of the period, since a day of a zone that is off the hour does not begin with an hour of UTC. A slot belongs
//! to the group in which it begins. At the edges of a period a group has only the slots of this period.
//! Slots that are as long as a group, or longer, are groups by themselves, wherever they begin. Whole groups of equal
//! slots come as one entry, so that a month of seconds is read in a few steps.

use super::super::due_slots::DueSlots;
use super::super::run::Run;

/// Some groups that are alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group<'a> {
    /// How many groups.
    pub times: usize,
    /// The runs of all of them together.
    pub runs: Vec<Run<'a>>,
}

/// The groups of these slots, in the order of time, counted from a second of the epoch.
pub fn groups(slots: DueSlots<'_>, seconds: i64, from: i64) -> impl Iterator<Item = Group<'_>> {
    let length = slots.slot_seconds();
    let mut runs = slots.runs();
    let mut next: Option<Run<'_>> = runs.next();
    std::iter::from_fn(move || {
        let run = next.take()?;
        if length >= seconds {
            next = runs.next();
            return Some(Group { times: run.count, runs: vec![run] });
        }
        let slots_until = |start: i64, end: i64| usize::try_from((end - start + length - 1) / length).unwrap_or(0);
        let edge = run.start - (run.start - from).rem_euclid(seconds) + seconds;
        let per_group = usize::try_from(seconds / length).unwrap_or(1).max(1);
        let whole = if seconds % length == 0 && edge - run.start == seconds { run.count / per_group } else { 0 };
        if whole > 0 {
            let (head, rest) = split(run, whole * per_group, length);
            next = rest.or_else(|| runs.next());
            return Some(Group { times: whole, runs: vec![head] });
        }
        let mut found = Vec::new();
        let mut current = Some(run);
        while let Some(run) = current {
            if run.start >= edge {
                next = Some(run);
                break;
            }
            let (head, rest) = split(run, slots_until(run.start, edge), length);
            found.push(head);
            current = rest.or_else(|| runs.next());
        }
        Some(Group { times: 1, runs: found })
    })
}

/// The first `count` slots of a run, and the others.
fn split(run: Run<'_>, count: usize, slot_seconds: i64) -> (Run<'_>, Option<Run<'_>>) {
    let count = count.min(run.count);
    let rest = run.count - count;
    let start = super::super::run::second(run.start, count, slot_seconds);
    (Run { count, ..run }, (rest > 0).then_some(Run { start, count: rest, slot: run.slot }))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::super::example::measured;
    use super::*;

    proptest! {
        #[test]
        fn every_slot_is_in_the_group_in_which_it_begins(
            bad in proptest::collection::vec((1usize..200, 0u32..2), 1..12),
            offset in 0i64..50, length in prop::sample::select(vec![1i64, 5, 30, 60, 300]),
            seconds in prop::sample::select(vec![60i64, 300]), from in 0i64..1_000,
        ) {
            let slots: Vec<_> = bad.iter().flat_map(|(n, bad)| vec![measured(1, *bad); *n]).collect();
            let start = offset * length;
            let due = DueSlots::new(&slots, slots.len(), start, length);
            let mut expected: BTreeMap<i64, Vec<u32>> = BTreeMap::new();
            for (i, slot) in (0i64..).zip(&slots) {
                let at = start + i * length;
                let key = if length >= seconds { at } else { (at - from).div_euclid(seconds) };
                expected.entry(key).or_default().push(u32::from(!slot.counted().bad.is_zero()));
            }
            let mut found = Vec::new();
            for group in groups(due, seconds, from) {
                let all: Vec<u32> = group.runs.iter()
                    .flat_map(|r| vec![u32::from(!r.slot.counted().bad.is_zero()); r.count]).collect();
                prop_assert_eq!(all.len() % group.times, 0);
                found.extend(all.chunks(all.len() / group.times).map(<[u32]>::to_vec));
            }
            prop_assert_eq!(found, expected.into_values().collect::<Vec<_>>());
        }
    }
}
