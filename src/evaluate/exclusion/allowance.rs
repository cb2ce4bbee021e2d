//! A yearly allowance: what comes first counts first, and a window that crosses the limit is cut at it.

use k8s_openapi::jiff::SignedDuration;

use super::Bounds;
use super::spans::{parts, union};

/// What an allowance leaves of one window.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Cut {
    /// What may be excluded.
    pub allowed: Vec<Bounds>,
    /// What may not.
    pub beyond: Vec<Bounds>,
}

/// Shares the allowance of one year among its windows, given in the order in which they count, each with how much may be
/// excluded by the terms of its time. Time that several of them cover is charged once.
pub fn share<T>(windows: impl IntoIterator<Item = (T, Bounds, SignedDuration)>) -> Vec<(T, Cut)> {
    let mut used = SignedDuration::ZERO;
    let mut charged: Vec<Bounds> = Vec::new();
    let mut shared = Vec::new();
    for (key, window, most) in windows {
        let mut cut = Cut::default();
        for (part, paid) in parts(window, &charged) {
            if paid {
                cut.allowed.push(part);
                continue;
            }
            let left = most.saturating_sub(used).max(SignedDuration::ZERO);
            let granted = part.end.duration_since(part.start).min(left);
            // It lies within the part.
            let end = part.start.checked_add(granted).unwrap_or(part.end);
            used = used.saturating_add(granted);
            let (within, beyond) = (Bounds { end, ..part }, Bounds { start: end, ..part });
            cut.allowed.extend(Some(within).filter(|w| w.start < w.end));
            cut.beyond.extend(Some(beyond).filter(|b| b.start < b.end));
        }
        charged = union(charged.into_iter().chain(cut.allowed.iter().copied()));
        shared.push((key, cut));
    }
    shared
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::super::example::second;
    use super::*;

    fn span(start: i64, end: i64) -> Bounds {
        Bounds { start: second(start), end: second(end) }
    }

    #[test]
    fn the_window_that_crosses_the_allowance_is_cut_at_it() {
        let most = SignedDuration::from_secs(12);
        let shared = share([("a", span(0, 8), most), ("b", span(10, 18), most), ("c", span(20, 21), most)]);
        let expected = [
            ("a", Cut { allowed: vec![span(0, 8)], beyond: vec![] }),
            ("b", Cut { allowed: vec![span(10, 14)], beyond: vec![span(14, 18)] }),
            ("c", Cut { allowed: vec![], beyond: vec![span(20, 21)] }),
        ];
        assert_eq!(shared, expected);
    }

    #[test]
    fn what_was_used_by_earlier_terms_is_missing_in_later_ones() {
        let windows = |later: i64| {
            let (first, second) = (SignedDuration::from_secs(8), SignedDuration::from_secs(later));
            share([("a", span(0, 10), first), ("b", span(20, 30), second)]).pop().unwrap().1.allowed
        };
        assert_eq!(windows(8), []);
        assert_eq!(windows(12), [span(20, 24)]);
        assert_eq!(windows(4), [], "more is used than may be by now");
        assert_eq!(share([("a", span(0, 10), SignedDuration::MAX)])[0].1.allowed, [span(0, 10)]);
    }

    proptest! {
        /// Second by second: one that was paid for is free, the next ones are paid for until nothing is left.
        #[test]
        fn every_second_is_paid_for_once_and_in_order(
            windows in prop::collection::vec((0i64..60, 1i64..20), 0..8),
            most in 0i64..50,
        ) {
            let mut windows: Vec<_> = windows.into_iter().map(|(start, length)| span(start, start + length)).collect();
            windows.sort_by_key(|w| w.start);
            let mut paid = BTreeSet::new();
            let allowed = SignedDuration::from_secs(most);
            let shared = share(windows.iter().enumerate().map(|(index, window)| (index, *window, allowed)));
            for ((index, cut), window) in shared.iter().zip(&windows) {
                for at in 0..100 {
                    let holds = |spans: &[Bounds]| spans.iter().any(|s| s.contains(second(at)));
                    let can_pay = i64::try_from(paid.len()).unwrap() < most;
                    let allowed = window.contains(second(at)) && (paid.contains(&at) || can_pay);
                    if allowed {
                        paid.insert(at);
                    }
                    prop_assert_eq!(holds(&cut.allowed), allowed, "window {} second {}", index, at);
                    prop_assert_eq!(holds(&cut.beyond), window.contains(second(at)) && !allowed);
                }
            }
        }
    }
}
