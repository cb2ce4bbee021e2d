//! How long a reconcile waits for a metrics store: five seconds, and after a store has let one wait so long, the others do
//! not wait for it at all for a while. Otherwise a thousand agreements on a slow store would be looked at once in minutes.
//!
//! Only what is asked within a reconcile needs this: slots are read beside it.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::{Instant, timeout};

use crate::sense::signals::Signals;

/// The longest that one agreement waits.
const LONGEST: Duration = Duration::from_secs(5);
/// For so long nobody else waits for a store that was too slow.
const REST: Duration = Duration::from_secs(30);

/// The patience with one store.
#[derive(Debug, Default)]
pub(super) struct Patience {
    resting_until: Mutex<Option<Instant>>,
}

impl Patience {
    /// The answer, if it comes in time; and nothing at once, where the store was too slow for somebody just now.
    pub(super) async fn wait_for(&self, answer: impl Future<Output = Signals>) -> Signals {
        if self.resting_until().is_some_and(|until| Instant::now() < until) {
            return Signals::NotAsked(format!("the store was too slow just now, and is left alone for {REST:?}"));
        }
        if let Ok(signals) = timeout(LONGEST, answer).await {
            return signals;
        }
        *self.resting_until.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + REST);
        Signals::NotAsked(format!("the store did not answer within {LONGEST:?}"))
    }

    fn resting_until(&self) -> Option<Instant> {
        *self.resting_until.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use futures::stream::iter;
    use tokio::time::sleep;

    use super::*;

    /// How many agreements there are, and how many are reconciled at the same time by default.
    const AGREEMENTS: usize = 1000;
    const CONCURRENCY: usize = 16;

    async fn a_round(patience: &Patience, store_takes: Duration) -> (Duration, usize) {
        let begun = Instant::now();
        let ask = |_| async move {
            let answer = async move {
                sleep(store_takes).await;
                Signals::Empty
            };
            patience.wait_for(answer).await == Signals::Empty
        };
        let answered: Vec<bool> = iter(0..AGREEMENTS).map(ask).buffer_unordered(CONCURRENCY).collect().await;
        (begun.elapsed(), answered.into_iter().filter(|answered| *answered).count())
    }

    #[tokio::test(start_paused = true)]
    async fn accident_23_a_slow_store_makes_a_loop_of_seconds_one_of_minutes() {
        let patience = Patience::default();
        // One by one they would wait for an hour, and five seconds each for five minutes.
        let (took, answered) = a_round(&patience, Duration::from_secs(60)).await;
        assert!(took <= LONGEST + Duration::from_secs(1), "a loop took {took:?}");
        assert_eq!(answered, 0);
        let (took, _) = a_round(&patience, Duration::from_secs(60)).await;
        assert_eq!(took, Duration::ZERO, "it is left alone");
        sleep(REST).await;
        let (took, answered) = a_round(&patience, Duration::from_millis(10)).await;
        assert_eq!(answered, AGREEMENTS, "it is asked again when it may have recovered");
        assert!(took < Duration::from_secs(2), "{took:?}");
    }
}
