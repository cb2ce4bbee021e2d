//! Runs: consecutive equal slots as one entry.
//!
//! What was measured elsewhere is told in spells ("down from ten to ten past, otherwise up"), and at one-second slots a
//! year is 31 million of them. As runs it is a handful. The ledger of a service that is measured here holds its slots
//! one by one instead ([`super::ledger`]): there hardly two are alike.

use super::slot::{NOT_READ, Slot};

/// Slots of one length, without a gap, as runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runs {
    start: i64,
    slot_seconds: i64,
    count: usize,
    /// The index of each run's first slot, ascending from zero; neighbours differ.
    entries: Vec<(usize, Slot)>,
}

/// A run as it is read: `count` equal slots, the first of which begins at `start`, in seconds of the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// When its first slot begins.
    pub start: i64,
    /// How many slots it has.
    pub count: usize,
    /// Each of them.
    pub slot: &'a Slot,
}

impl Runs {
    /// `count` slots that are all the same, the first of which begins at `start`.
    #[must_use]
    pub fn new(start: i64, slot_seconds: i64, count: usize, slot: Slot) -> Self {
        let entries = if count == 0 { Vec::new() } else { vec![(0, slot)] };
        Self { start, slot_seconds: slot_seconds.max(1), count, entries }
    }

    /// Runs put together one after the other.
    #[must_use]
    pub fn collect(start: i64, slot_seconds: i64, runs: impl IntoIterator<Item = (usize, Slot)>) -> Self {
        let mut all = Self::new(start, slot_seconds, 0, NOT_READ.clone());
        for (count, slot) in runs {
            all.push(count, slot);
        }
        all
    }

    /// Adds slots at the end.
    pub fn push(&mut self, count: usize, slot: Slot) {
        if count > 0 {
            if self.entries.last().is_none_or(|(_, last)| *last != slot) {
                self.entries.push((self.count, slot));
            }
            self.count = self.count.saturating_add(count);
        }
    }

    /// When the first slot begins, in seconds of the epoch.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    /// The length of a slot in seconds.
    #[must_use]
    pub fn slot_seconds(&self) -> i64 {
        self.slot_seconds
    }

    /// How many slots there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.count
    }

    /// How many runs there are.
    #[must_use]
    pub fn runs(&self) -> usize {
        self.entries.len()
    }

    /// The runs of the slots from this index up to that one, which is not among them.
    pub fn between(&self, from: usize, until: usize) -> impl Iterator<Item = Run<'_>> + use<'_> {
        let until = until.min(self.count);
        let first = self.entries.partition_point(|(at, _)| *at <= from).saturating_sub(1);
        let ends = self.entries.iter().skip(first + 1).map(|(at, _)| *at).chain([self.count]);
        self.entries.iter().skip(first).zip(ends).take_while(move |((at, _), _)| *at < until).filter_map(
            move |((at, slot), end)| {
                let (at, end) = ((*at).max(from), end.min(until));
                (at < end).then(|| Run { start: self.second(at), count: end - at, slot })
            },
        )
    }

    /// Changes the slots from this index up to that one, which is not among them, run by run.
    pub fn change(&mut self, from: usize, until: usize, mut change: impl FnMut(&Slot) -> Slot) {
        let until = until.min(self.count);
        if from >= until {
            return;
        }
        let first = self.entries.partition_point(|(at, _)| *at <= from).saturating_sub(1);
        let behind = self.entries.partition_point(|(at, _)| *at < until);
        let touched = self.entries.get(first..behind).unwrap_or_default();
        let mut made: Vec<(usize, Slot)> = Vec::with_capacity(touched.len() + 2);
        let mut put = |at: usize, slot: Slot| match made.last() {
            Some((_, last)) if *last == slot => {}
            _ => made.push((at, slot)),
        };
        // The neighbour before takes part, so that the changed slots can become one run with it.
        let before = first.saturating_sub(usize::from(touched.first().is_some_and(|(at, _)| *at == from)));
        for (at, slot) in self.entries.get(before..first).unwrap_or_default() {
            put(*at, slot.clone());
        }
        for (at, slot) in touched {
            if *at < from {
                put(*at, slot.clone());
            }
            put((*at).max(from), change(slot));
        }
        let ends_at = self.entries.get(behind).map_or(self.count, |(at, _)| *at);
        let rest = if ends_at > until { touched.last().map(|(_, slot)| (until, slot)) } else { None };
        let mut behind = behind;
        match rest {
            Some((at, slot)) => put(at, slot.clone()),
            None => {
                if let Some((at, slot)) = self.entries.get(behind) {
                    put(*at, slot.clone());
                    behind += 1;
                }
            }
        }
        self.entries.splice(before..behind, made);
    }

    /// The index of the first slot that begins at this second or later.
    #[must_use]
    pub fn index_from(&self, second: i64) -> usize {
        let offset = second.saturating_sub(self.start).max(0);
        let index = offset.saturating_add(self.slot_seconds - 1) / self.slot_seconds;
        usize::try_from(index).unwrap_or(usize::MAX).min(self.count)
    }

    fn second(&self, index: usize) -> i64 {
        second(self.start, index, self.slot_seconds)
    }
}

/// When the slot of this index begins, in seconds of the epoch.
pub(super) fn second(start: i64, index: usize, slot_seconds: i64) -> i64 {
    let offset = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(slot_seconds);
    start.saturating_add(offset)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::super::example::measured;
    use super::*;

    fn one_by_one(runs: &Runs, from: usize, until: usize) -> Vec<Slot> {
        runs.between(from, until).flat_map(|run| vec![run.slot.clone(); run.count]).collect()
    }

    proptest! {
        #[test]
        fn changing_runs_is_changing_slot_by_slot(
            changes in proptest::collection::vec((0usize..40, 0usize..40, 0u32..3), 0..20),
            window in (0usize..40, 0usize..40),
        ) {
            let mut slots = vec![measured(1, 0); 30];
            let mut runs = Runs::new(600, 5, 30, measured(1, 0));
            for (a, b, bad) in changes {
                let (from, until) = (a.min(b), a.max(b));
                runs.change(from, until, |held| if bad == 2 { held.recounted(held.counted().times(2)) } else { measured(3, bad) });
                for slot in slots.iter_mut().take(until).skip(from) {
                    *slot = if bad == 2 { slot.recounted(slot.counted().times(2)) } else { measured(3, bad) };
                }
            }
            prop_assert_eq!(&one_by_one(&runs, 0, 30), &slots);
            prop_assert!(runs.entries.windows(2).all(|w| w[0].1 != w[1].1 && w[0].0 < w[1].0));
            let (from, until) = (window.0.min(window.1), window.0.max(window.1));
            let part: Vec<Slot> = slots.iter().take(until).skip(from).cloned().collect();
            prop_assert_eq!(one_by_one(&runs, from, until), part);
            let starts: Vec<_> = runs.between(from, until).map(|r| (r.start - 600) / 5).collect();
            prop_assert!(starts.first().is_none_or(|s| *s == i64::try_from(from).unwrap()));
            let again = Runs::collect(600, 5, slots.into_iter().map(|s| (1, s)));
            prop_assert_eq!(again, runs);
        }
    }
}
