//! How much simulated time is due.
//!
//! Takes the real time that has passed, gives the steps to simulate now. On a machine that lags behind, no request is lost: the steps
//! not yet done stay due, a bounded number at a time. Only a gap longer than any test (a suspended laptop) is given up, and said.
//! Reads no clock.

use std::time::Duration;

/// Length of a step.
pub(super) const STEP: Duration = Duration::from_millis(100);
/// Most steps in one go, so that scrapes and controls get their turn between: 5 s of simulated time.
const MOST_STEPS: u32 = 50;
/// Longest time that is caught up.
const MOST_BEHIND: Duration = Duration::from_secs(300);

/// Keeps simulated time in step with real time.
#[derive(Debug, Default)]
pub(super) struct Pace {
    done: Duration,
}

/// What to do now.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Due {
    /// Steps of [`STEP`] to simulate.
    pub(super) steps: u32,
    /// Time given up for good.
    pub(super) skipped: Duration,
}

impl Pace {
    /// What is due when `elapsed` real time has passed since the beginning; it is then taken as done.
    pub(super) fn due(&mut self, elapsed: Duration) -> Due {
        let behind = elapsed.saturating_sub(self.done);
        let skipped = behind.saturating_sub(MOST_BEHIND);
        self.done = self.done.saturating_add(skipped);
        let whole = behind.saturating_sub(skipped).as_nanos().checked_div(STEP.as_nanos()).unwrap_or(0);
        let steps = u32::try_from(whole).unwrap_or(u32::MAX).min(MOST_STEPS);
        self.done = self.done.saturating_add(STEP.saturating_mul(steps));
        Due { steps, skipped }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(pace: &mut Pace, millis: u64) -> (u32, Duration) {
        let Due { steps, skipped } = pace.due(Duration::from_millis(millis));
        (steps, skipped)
    }

    #[test]
    fn uneven_ticks_make_even_time() {
        let mut pace = Pace::default();
        let steps: Vec<u32> = [0, 99, 100, 350, 399, 400].into_iter().map(|at| due(&mut pace, at).0).collect();
        assert_eq!(steps, [0, 0, 1, 2, 0, 1]);
    }

    #[test]
    fn a_lag_is_caught_up_in_parts_and_nothing_is_lost() {
        let mut pace = Pace::default();
        let steps: Vec<u32> = [12_000, 12_100, 12_200, 12_300].into_iter().map(|at| due(&mut pace, at).0).collect();
        assert_eq!(steps, [50, 50, 22, 1]);
    }

    #[test]
    fn a_night_s_sleep_is_given_up() {
        let mut pace = Pace::default();
        assert_eq!(due(&mut pace, 1_000_000), (50, Duration::from_secs(700)));
        assert_eq!(due(&mut pace, 1_000_000), (50, Duration::ZERO));
    }
}
