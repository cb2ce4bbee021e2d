//! What was answered: the counters of a pod or of the whole service, as they are scraped.

use std::sync::Arc;

use super::queue::{Departure, Ending};

/// Counts of requests that left, and of answers by how long they took.
#[derive(Clone, Debug, PartialEq)]
pub struct Counters {
    bounds: Arc<[f64]>,
    /// All requests that left.
    pub requests: u64,
    /// Errors among them.
    pub errors: u64,
    /// Answers by latency bucket, not cumulative; the last one is what is above all bounds.
    pub buckets: Vec<u64>,
}

impl Counters {
    /// Nothing yet; the upper bounds of the buckets are in seconds, rising.
    #[must_use]
    pub fn new(bounds: Arc<[f64]>) -> Self {
        let buckets = vec![0; bounds.len() + 1];
        Self { bounds, requests: 0, errors: 0, buckets }
    }

    /// The buckets as Prometheus has them: each with all those below it.
    #[must_use]
    pub fn cumulative(&self) -> Vec<u64> {
        let mut sum = 0;
        let add = |count: &u64| {
            sum += count;
            sum
        };
        self.buckets.iter().map(add).collect()
    }

    /// Counts a request that left; gives the place of its bucket, if it was answered.
    pub fn count(&mut self, gone: Departure) -> Option<usize> {
        // The bounds rise; counting those below takes no branch that has to be guessed for every request.
        let below = || self.bounds.iter().map(|bound| usize::from(gone.took > *bound)).sum::<usize>();
        let bucket = (gone.ending != Ending::Lost).then(below);
        self.add(gone.ending, bucket);
        bucket
    }

    /// Counts a request of which others with the same bounds have found the bucket.
    pub fn add(&mut self, ending: Ending, bucket: Option<usize>) {
        let Some(bucket) = bucket else {
            self.fail();
            return;
        };
        self.requests += 1;
        self.errors += u64::from(ending == Ending::Failed);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count += 1;
        }
    }

    /// A request that got no answer: turned away, given up or on a dead pod. It is in no bucket.
    pub fn fail(&mut self) {
        self.requests += 1;
        self.errors += 1;
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_in_the_first_bucket_that_holds_it_and_a_lost_request_in_none() {
        let mut counters = Counters::new([0.1, 1.0].into());
        let gone = |took, ending| Departure { at: 0.0, took, ending };
        assert_eq!(counters.count(gone(0.1, Ending::Served)), Some(0));
        assert_eq!(counters.count(gone(0.5, Ending::Failed)), Some(1));
        assert_eq!(counters.count(gone(1.5, Ending::Served)), Some(2));
        assert_eq!(counters.count(gone(5.0, Ending::Lost)), None);
        assert_eq!((counters.requests, counters.errors, counters.cumulative()), (4, 2, vec![1, 2, 3]));
    }
}
