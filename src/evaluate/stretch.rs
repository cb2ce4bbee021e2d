//! Stretches of time in whole seconds: ordered, disjoint, half open. What downtime and exclusions are added up in.
//!
//! Times are POSIX seconds, as everywhere in Kubernetes and Prometheus: leap seconds do not exist. Crates for intervals
//! hold trees or bit maps; a sweep over two short lists is all that is asked for here.

use super::due_slots::instant;
use super::ledger::ceil_second;
use super::period::Bounds;

/// A stretch of time, half open, in seconds of the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Counts.
    pub from: i64,
    /// Does not count.
    pub until: i64,
}

impl Stretch {
    /// The length in seconds.
    #[must_use]
    pub fn seconds(self) -> i64 {
        self.until.saturating_sub(self.from).max(0)
    }

    /// The part of it within another.
    #[must_use]
    pub fn within(self, other: Self) -> Self {
        Self { from: self.from.max(other.from), until: self.until.min(other.until) }
    }

    /// The whole seconds of these bounds.
    #[must_use]
    pub fn of(bounds: Bounds) -> Self {
        Self { from: ceil_second(bounds.start), until: bounds.end.as_second() }
    }

    /// As instants.
    #[must_use]
    pub fn bounds(self) -> Bounds {
        Bounds { start: instant(self.from), end: instant(self.until) }
    }
}

/// The union: what overlaps or touches becomes one.
#[must_use]
pub fn union(mut stretches: Vec<Stretch>) -> Vec<Stretch> {
    stretches.retain(|s| s.from < s.until);
    stretches.sort_unstable();
    let mut union: Vec<Stretch> = Vec::with_capacity(stretches.len());
    for stretch in stretches {
        match union.last_mut() {
            Some(last) if stretch.from <= last.until => last.until = last.until.max(stretch.until),
            _ => union.push(stretch),
        }
    }
    union
}

/// What lies in both. Both are ordered and disjoint.
#[must_use]
pub fn intersection(a: &[Stretch], b: &[Stretch]) -> Vec<Stretch> {
    let (mut a, mut b) = (a.iter().copied().peekable(), b.iter().copied().peekable());
    let mut common = Vec::new();
    while let (Some(left), Some(right)) = (a.peek().copied(), b.peek().copied()) {
        let both = left.within(right);
        if both.from < both.until {
            common.push(both);
        }
        if left.until <= right.until {
            a.next()
        } else {
            b.next()
        };
    }
    common
}

/// The seconds of all of them within one.
#[must_use]
pub fn seconds_within(stretches: &[Stretch], window: Stretch) -> i64 {
    stretches.iter().map(|s| s.within(window).seconds()).fold(0, i64::saturating_add)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn any_stretches() -> impl Strategy<Value = Vec<Stretch>> {
        let one = (0i64..60, -3i64..20).prop_map(|(from, length)| Stretch { from, until: from + length });
        proptest::collection::vec(one, 0..8)
    }

    fn seconds(stretches: &[Stretch]) -> Vec<i64> {
        let mut seconds: Vec<i64> = stretches.iter().flat_map(|s| s.from..s.until).collect();
        seconds.sort_unstable();
        seconds.dedup();
        seconds
    }

    proptest! {
        #[test]
        fn union_and_intersection_agree_with_looking_at_every_second(a in any_stretches(), b in any_stretches()) {
            let (left, right) = (union(a.clone()), union(b.clone()));
            prop_assert_eq!(seconds(&left), seconds(&a));
            prop_assert!(left.windows(2).all(|w| w[0].until < w[1].from));
            let common = intersection(&left, &right);
            let expected: Vec<i64> = seconds(&a).into_iter().filter(|s| seconds(&b).contains(s)).collect();
            prop_assert_eq!(seconds(&common), expected);
            let window = Stretch { from: 10, until: 30 };
            let inside = seconds(&a).into_iter().filter(|s| (10..30).contains(s)).count();
            prop_assert_eq!(seconds_within(&left, window), i64::try_from(inside).unwrap());
        }
    }
}
