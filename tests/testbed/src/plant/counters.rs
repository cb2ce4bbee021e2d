//! What a process counts of its requests: by status code, and how long they took.
//!
//! Takes one finished request at a time, gives counters that only rise. Never forgets: a counter goes back to zero only by being
//! replaced, as a restarted process does.

use std::collections::BTreeMap;
use std::fmt;

/// Upper bounds of the latency histogram in seconds; one more bucket takes everything.
pub const BOUNDS: [f64; 7] = [0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0];

/// The HTTP status a request ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// 200: served.
    Ok,
    /// 500: the application failed.
    Internal,
    /// 503: no room on the pod, no ready pod, or the process died with the request.
    Unavailable,
    /// 504: the client gave up. A code of its own, so that a test can tell an overload from a full pod; `5..` matches both.
    Timeout,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ok => "200",
            Self::Internal => "500",
            Self::Unavailable => "503",
            Self::Timeout => "504",
        })
    }
}

/// Requests by code, and a latency histogram of those that were worked on.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counters {
    codes: BTreeMap<Code, u64>,
    /// Requests that took at most the bound of the same place in [`BOUNDS`]; cumulative, as Prometheus wants them.
    within: [u64; BOUNDS.len()],
    observed: u64,
    seconds: f64,
}

impl Counters {
    /// Counters of a process that has started: the code 200 stands at 0, every other code appears with its first request, as in
    /// services that create a series when they first need it.
    #[must_use]
    pub fn started() -> Self {
        Self { codes: BTreeMap::from([(Code::Ok, 0)]), ..Self::default() }
    }

    /// A request was turned away before any work: it has a code and no latency. In the histogram it would pass for a fast one.
    pub fn refuse(&mut self, code: Code, requests: u64) {
        if requests > 0 {
            let count = self.codes.entry(code).or_default();
            *count = count.saturating_add(requests);
        }
    }

    /// A request that was let in ended after `seconds`.
    pub fn finish(&mut self, code: Code, seconds: f64) {
        self.refuse(code, 1);
        for (bound, count) in BOUNDS.iter().zip(&mut self.within) {
            if seconds <= *bound {
                *count = count.saturating_add(1);
            }
        }
        self.observed = self.observed.saturating_add(1);
        self.seconds += seconds;
    }

    /// Every code seen so far with its requests, in rising order.
    pub fn codes(&self) -> impl Iterator<Item = (Code, u64)> + '_ {
        self.codes.iter().map(|(code, count)| (*code, *count))
    }

    /// Requests that ended with `code`.
    #[must_use]
    pub fn count(&self, code: Code) -> u64 {
        self.codes.get(&code).copied().unwrap_or(0)
    }

    /// Requests with any code.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.codes.values().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The histogram's bounds in seconds, each with the requests that took at most so long.
    pub fn buckets(&self) -> impl Iterator<Item = (f64, u64)> + '_ {
        BOUNDS.iter().copied().zip(self.within.iter().copied())
    }

    /// Requests in the histogram.
    #[must_use]
    pub fn observed(&self) -> u64 {
        self.observed
    }

    /// Sum of the durations in the histogram, in seconds.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.seconds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_histogram_is_cumulative_and_its_bounds_are_inclusive() {
        let mut counters = Counters::started();
        for seconds in [0.01, 0.05, 0.3, 5.0, 7.0] {
            counters.finish(Code::Ok, seconds);
        }
        counters.refuse(Code::Unavailable, 2);
        let within: Vec<u64> = counters.buckets().map(|(_, count)| count).collect();
        assert_eq!(within, [2, 2, 2, 3, 3, 3, 4]);
        assert_eq!((counters.observed(), counters.requests()), (5, 7), "the refused have no latency");
        assert!((counters.seconds() - 12.36).abs() < 1e-9);
    }

    #[test]
    fn error_series_appear_with_the_first_error() {
        let mut counters = Counters::started();
        assert_eq!(counters.codes().collect::<Vec<_>>(), [(Code::Ok, 0)]);
        counters.refuse(Code::Unavailable, 0);
        counters.finish(Code::Internal, 0.1);
        assert_eq!(counters.codes().collect::<Vec<_>>(), [(Code::Ok, 0), (Code::Internal, 1)]);
        assert_eq!(Counters::default().codes().count(), 0, "the front has nothing to say before its first failure");
    }
}
