//! Clients that try again when a request fails.
//!
//! Takes the failures of a step, gives the instants at which their clients come again. With many tries and little patience
//! a short overload keeps itself alive, because most of what is then offered are second and third tries (Huang et al., OSDI
//! 2022): a retry storm. Never sends anything itself.

use std::time::Duration;

use rand::{Rng, RngExt};

/// A request that comes again.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Again {
    /// When, in seconds since the service began.
    pub(super) at: f64,
    /// How often its client has tried before.
    pub(super) attempt: u32,
}

/// The clients' manners, and who waits to try again.
#[derive(Debug, Default)]
pub(super) struct Retries {
    most: u32,
    backoff: Duration,
    /// In no order; few wait at a time.
    waiting: Vec<Again>,
}

impl Retries {
    /// From now on a client whose request fails tries again after about `backoff`, `most` times at most.
    pub(super) fn set(&mut self, most: u32, backoff: Duration) {
        (self.most, self.backoff) = (most, backoff);
    }

    /// Requests failed by the instant `now`; of each the tries before.
    pub(super) fn failed(&mut self, failures: Vec<u32>, now: f64, chance: &mut impl Rng) {
        for tries in failures.into_iter().filter(|tries| *tries < self.most) {
            // Half to one and a half, or all of them would come back in one instant.
            let after = self.backoff.as_secs_f64() * (0.5 + chance.random::<f64>());
            self.waiting.push(Again { at: now + after, attempt: tries.saturating_add(1) });
        }
    }

    /// Those who come again before `until`, in order; they wait no more.
    pub(super) fn due(&mut self, until: f64) -> Vec<Again> {
        let mut due: Vec<Again> = self.waiting.extract_if(.., |again| again.at < until).collect();
        due.sort_by(|a, b| a.at.total_cmp(&b.at));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_pcg::Pcg64;

    #[test]
    fn a_client_comes_again_until_it_has_tried_often_enough() {
        let mut retries = Retries::default();
        let mut chance = Pcg64::seed_from_u64(5);
        retries.failed(vec![0, 0], 10.0, &mut chance);
        assert_eq!(retries.due(1e9), [], "nobody tries again unless told to");
        retries.set(2, Duration::from_secs(1));
        retries.failed(vec![0, 1, 2], 10.0, &mut chance);
        assert_eq!(retries.due(10.5), []);
        let due = retries.due(11.5);
        assert!(due.is_sorted_by(|a, b| a.at <= b.at), "{due:?}");
        let mut attempts: Vec<u32> = due.iter().map(|again| again.attempt).collect();
        attempts.sort_unstable();
        assert_eq!(attempts, [1, 2], "the third try was the last");
        assert_eq!(retries.due(1e9), [], "each comes once");
    }
}
