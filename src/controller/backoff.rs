//! Pauses between failed reconciles of one object.
//!
//! kube's error policy is told of failures only and keeps no count, so a success would never reset one.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The first pause; each further one doubles it.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause.
const LONGEST: Duration = Duration::from_secs(300);

/// Failures in a row, per object.
#[derive(Debug, Default)]
pub struct Backoff {
    failures: Mutex<HashMap<String, u32>>,
}

impl Backoff {
    /// Counts a failure and says how long to wait: one second doubling to five minutes, less up to a quarter that
    /// differs from object to object, so that a fleet that failed together does not come back together.
    pub fn failed(&self, uid: &str) -> Duration {
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let count = failures.entry(uid.to_owned()).or_default();
        let pause = FIRST.saturating_mul(1 << (*count).min(9)).min(LONGEST);
        *count = count.saturating_add(1);
        let spread = uid.bytes().fold(0_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte))) % 250;
        pause.saturating_sub(pause.saturating_mul(spread) / 1000)
    }

    /// How often an object failed in a row.
    pub fn in_a_row(&self, uid: &str) -> u32 {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).get(uid).copied().unwrap_or_default()
    }

    /// Forgets the failures of an object that succeeded or went away.
    pub fn succeeded(&self, uid: &str) {
        self.failures.lock().unwrap_or_else(PoisonError::into_inner).remove(uid);
    }
}

#[cfg(test)]
mod tests {
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
    }
}
