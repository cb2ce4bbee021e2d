//! Pauses between failed reconciles of one object.
//!
//! kube's error policy is told of failures only and keeps no count, so a success would never reset one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The first pause; each further one doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// Failures in a row, per object.
#[derive(Debug)]
pub struct Backoff {
    longest: Duration,
    failures: Mutex<HashMap<String, Failures>>,
}

#[derive(Debug)]
struct Failures {
    in_a_row: u32,
    /// When the pause after the last one is over.
    until: Instant,
}

impl Default for Backoff {
    fn default() -> Self {
        Self::up_to(LONGEST)
    }
}

impl Backoff {
    /// With pauses no longer than that.
    #[must_use]
    pub fn up_to(longest: Duration) -> Self {
        Self { longest, failures: Mutex::default() }
    }

    /// Counts a failure and says how long to wait: one second doubling to the longest pause, less up to a quarter that
    /// differs from object to object, so that a fleet that failed together does not come back together.
    pub fn failed(&self, uid: &str) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.get(uid).map_or(0, |failures| failures.in_a_row);
        let pause = FIRST.saturating_mul(1 << count.min(9)).min(self.longest);
        let spread = uid.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 250;
        let pause = pause.saturating_sub(pause.saturating_mul(spread) / 1000);
        let until = Instant::now() + pause;
        failures.insert(uid.to_owned(), Failures { in_a_row: count.saturating_add(1), until });
        pause
    }

    /// What is left of the pause after the last failure of an object. `None`: it is over.
    pub fn pause_left(&self, uid: &str) -> Option<Duration> {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let left = failures.get(uid)?.until.saturating_duration_since(Instant::now());
        Some(left).filter(|left| !left.is_zero())
    }

    /// How often an object failed in a row.
    pub fn in_a_row(&self, uid: &str) -> u32 {
        let failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        failures.get(uid).map_or(0, |failures| failures.in_a_row)
    }

    /// Forgets the failures of an object that succeeded or went away.
    pub fn succeeded(&self, uid: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::advance;

    use super::*;

    #[test]
    fn pauses_double_to_a_limit_and_success_starts_over() {
        let backoff = Backoff::default();
        let pauses: Vec<Duration> = (0..12).map(|_| backoff.failed("uid")).collect();
        assert!(pauses.windows(2).all(|w| matches!(w, [a, b] if a <= b)));
        assert!(pauses.iter().all(|p| *p <= LONGEST && *p >= FIRST / 2));
        assert_eq!((backoff.in_a_row("uid"), backoff.in_a_row("other")), (12, 0));
        backoff.succeeded("uid");
        assert_eq!(Some(&backoff.failed("uid")), pauses.first());
        let shorter = Backoff::up_to(FIRST * 2);
        assert!((0..12).all(|_| shorter.failed("uid") <= FIRST * 2));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_lasts_as_long_as_was_said_for_this_object_only() {
        let backoff = Backoff::default();
        assert_eq!(backoff.pause_left("uid"), None);
        let pause = backoff.failed("uid");
        assert_eq!((backoff.pause_left("uid"), backoff.pause_left("other")), (Some(pause), None));
        advance(pause / 4).await;
        assert_eq!(backoff.pause_left("uid"), pause.checked_sub(pause / 4));
        advance(pause).await;
        assert_eq!((backoff.pause_left("uid"), backoff.in_a_row("uid")), (None, 1));
        backoff.failed("uid");
        backoff.succeeded("uid");
        assert_eq!(backoff.pause_left("uid"), None);
    }
}
