//! How far a floor is raised: the one place of floating point arithmetic besides the figures it is fed with.
//!
//! `want = ceil(replicas * clamp(1 + overload, 1.25, 2))`, where replicas are those *wanted* (`spec.replicas`), never the
//! ready ones (under overload pods turn unready, and counting them would shrink the service) and never those existing
//! (surge pods of a rollout are not demand; kubernetes issue 72775). The overload is the larger of two estimates:
//! - the share b of events that go bad means capacity for the rest only, so 1/(1-b) of today's capacity would serve all;
//! - the load per ready pod against the best load per pod at which all was known to be safe.
//!
//! So a step at most doubles them, and whoever proposes one that adds more than `max(4, 100 %)` is held by a guard: larger
//! ones have broken provisioning and databases. What the load needs before there is a danger is for `ahead` to say.

use crate::api::enforcement_status::{ActionRecord, Verb};
use crate::decide::danger::evidence::Snapshot;

/// Smallest and largest growth in one step.
const GROWTH: (f64, f64) = (1.25, 2.0);
/// Pods a step may always add, however small the workload.
const ALWAYS: i32 = 4;

/// The number of replicas to raise the floor to, before bounds.
#[must_use]
pub fn want(replicas: i32, overload: f64) -> i32 {
    let growth = (1.0 + overload.max(0.0)).clamp(GROWTH.0, GROWTH.1);
    // A float cast saturates, and NaN cannot come out of a clamp of a number that is not NaN.
    #[allow(clippy::cast_possible_truncation)]
    let want = (f64::from(replicas) * growth).ceil() as i32;
    want
}

/// The most replicas one step may lead to.
#[must_use]
pub fn most(replicas: i32) -> i32 {
    replicas.saturating_add(replicas.max(ALWAYS))
}

/// How far the present load exceeds what is served well, as a share of it.
#[must_use]
pub fn overload(bad_share: Option<f64>, now: Snapshot, safe_rate_per_pod: Option<f64>) -> f64 {
    // Where all is lost, nobody knows how many would be enough.
    let by_losses = bad_share.map_or(0.0, |bad| if bad >= 1.0 { f64::INFINITY } else { bad / (1.0 - bad) });
    let by_load = match (now.rate_per_pod(), safe_rate_per_pod) {
        (Some(rate), Some(safe)) if safe > 0.0 => rate / safe - 1.0,
        _ => 0.0,
    };
    by_losses.max(by_load).max(0.0)
}

/// The overload of `replicas` as one of `footing`, which are no fewer: the same load on more pods.
#[must_use]
pub fn of_footing(overload: f64, replicas: i32, footing: i32) -> f64 {
    if replicas >= footing { overload } else { (1.0 + overload) * f64::from(replicas) / f64::from(footing) - 1.0 }
}

/// The best load per ready pod at which all objectives were safe, as far as the records remember: floors come down only
/// while everything is safe, and so are replicas let go. What is put back may be put back in a danger.
#[must_use]
pub fn safe_rate_per_pod(actions: &[ActionRecord]) -> Option<f64> {
    actions
        .iter()
        .filter(|record| matches!(record.verb, Verb::LowerFloor | Verb::Restore | Verb::ScaleDown))
        .filter(|record| record.to <= record.from)
        .filter_map(|record| record.evidence.parse().unwrap_or(Snapshot::default()).rate_per_pod())
        .fold(None, |best, rate| Some(best.map_or(rate, |best: f64| best.max(rate))))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_step_follows_the_overload_within_its_bounds() {
        for (replicas, overload, expected) in [
            (8, 0.0, 10),
            (8, 0.5, 12),
            (8, 9.0, 16),
            (1, 0.0, 2),
            (3, 0.1, 4),
            (8, -1.0, 10),
            (8, f64::NAN, 10),
            (8, f64::INFINITY, 16),
            (0, 1.0, 0),
        ] {
            assert_eq!(want(replicas, overload), expected, "{replicas} {overload}");
        }
    }

    #[test]
    fn the_larger_estimate_counts() {
        let now = Snapshot { pace: None, rate: Some(150.0), ready: Some(10) };
        for (bad, safe, expected) in [
            (Some(0.2), None, 0.25),
            (Some(0.2), Some(10.0), 0.5),
            (Some(0.5), Some(10.0), 1.0),
            (None, Some(30.0), 0.0),
            (None, None, 0.0),
        ] {
            assert!((overload(bad, now, safe) - expected).abs() < 1e-9, "{bad:?} {safe:?}");
        }
        assert!(overload(Some(1.0), now, None).is_infinite());
    }

    #[test]
    fn the_same_load_is_less_of_an_overload_for_more_pods() {
        for (overload, replicas, footing, expected) in [
            (1.0, 5, 10, 13),
            (3.0, 5, 10, 20),
            (2.0, 5, 10, 15),
            (1.0, 10, 10, 20),
            (1.0, 12, 10, 20),
            (f64::INFINITY, 1, 10, 20),
            (0.0, 0, 10, 13),
        ] {
            assert_eq!(want(footing, of_footing(overload, replicas, footing)), expected, "{overload} {replicas}");
        }
    }

    proptest! {
        #[test]
        fn accident_18_a_step_is_bounded(replicas in 0..20_000_i32, overload in proptest::num::f64::ANY) {
            let wanted = want(replicas, overload);
            prop_assert!(wanted >= replicas);
            prop_assert!(wanted - replicas <= replicas.max(4));
        }
    }
}
