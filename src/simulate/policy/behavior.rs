//! The rules every HPA applies to what it computed: how fast up, and not down before five minutes have agreed.
//!
//! `autoscaling/v2` defaults (`pkg/apis/autoscaling/v2/defaults.go`): up by the larger of 4 pods and 100 % in 15 s, at once;
//! down by 100 % in 15 s, to the highest recommendation of the last 300 s.

use std::collections::VecDeque;

/// Period of the default rules, seconds.
const PERIOD: f64 = 15.0;
/// Pods that may always be added in a period.
const PODS: u32 = 4;
/// Window whose highest recommendation counts on the way down, seconds.
const STABILIZATION: f64 = 300.0;

/// The rules with what they remember.
#[derive(Debug, Default)]
pub struct Behavior {
    recommendations: VecDeque<(f64, u32)>,
    /// Replicas added: when, how many.
    added: VecDeque<(f64, u32)>,
}

impl Behavior {
    /// What becomes of a recommendation.
    pub fn apply(&mut self, now: f64, current: u32, recommended: u32) -> u32 {
        self.recommendations.retain(|(at, _)| *at > now - STABILIZATION);
        self.recommendations.push_back((now, recommended));
        let highest = self.recommendations.iter().map(|(_, pods)| *pods).max().unwrap_or(recommended);
        // Up at once; down only to what nobody asked more than.
        let stabilized = if recommended >= current { recommended } else { highest.min(current) };
        self.added.retain(|(at, _)| *at > now - PERIOD);
        let added: u32 = self.added.iter().map(|(_, pods)| *pods).sum();
        let at_start = current.saturating_sub(added);
        let most = at_start.saturating_add(PODS.max(at_start)).max(current);
        let replicas = stabilized.min(most);
        if replicas > current {
            self.added.push_back((now, replicas - current));
        }
        replicas
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The documentation's default behaviour, as a course of (time, current, recommended, expected).
    #[test]
    fn up_by_four_or_double_and_down_after_five_minutes() {
        let mut behavior = Behavior::default();
        for (now, current, recommended, expected) in [
            (0.0, 1, 80, 5),
            (15.0, 5, 80, 10),
            (30.0, 10, 80, 20),
            (45.0, 20, 80, 40),
            (60.0, 40, 80, 80),
            (75.0, 80, 10, 80),
            (345.0, 80, 10, 80),
            (360.0, 80, 10, 10),
        ] {
            assert_eq!(behavior.apply(now, current, recommended), expected, "at {now}");
        }
    }

    /// The documentation: "the highest of 4 pods and 100 % of the currently running" counts from the period's beginning.
    #[test]
    fn what_was_added_in_the_period_counts() {
        let mut behavior = Behavior::default();
        assert_eq!(behavior.apply(0.0, 10, 18), 18);
        assert_eq!(behavior.apply(5.0, 18, 30), 20);
        assert_eq!(behavior.apply(10.0, 20, 30), 20);
        assert_eq!(behavior.apply(15.0, 20, 30), 30);
    }

    /// A dip shorter than the window changes nothing.
    #[test]
    fn a_dip_is_ridden_out() {
        let mut behavior = Behavior::default();
        assert_eq!(behavior.apply(0.0, 10, 10), 10);
        assert_eq!(behavior.apply(150.0, 10, 4), 10);
        assert_eq!(behavior.apply(290.0, 10, 9), 10);
        assert_eq!(behavior.apply(305.0, 10, 4), 9);
    }
}
