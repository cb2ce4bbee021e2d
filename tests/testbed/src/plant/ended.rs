//! How the requests of a service ended, and which of them their clients may send again.
//!
//! Takes one ending at a time, from whatever pod, gives the sum of all and the failures since the last look. Never decides
//! whether anybody tries again.

use super::counters::{Code, Counters};

/// The endings of all pods together.
#[derive(Debug, Default)]
pub(super) struct Ended {
    counters: Counters,
    /// Of each failure that has not been looked at: how often its client had tried before.
    failures: Vec<u32>,
}

impl Ended {
    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A request that was let in ended after `seconds`.
    pub(super) fn finish(&mut self, code: Code, seconds: f64, attempt: u32) {
        self.counters.finish(code, seconds);
        if code != Code::Ok {
            self.failures.push(attempt);
        }
    }

    /// A request was turned away.
    pub(super) fn refuse(&mut self, attempt: u32) {
        self.counters.refuse(Code::Unavailable, 1);
        self.failures.push(attempt);
    }

    /// So many requests died with their process; their clients do not try again.
    pub(super) fn died(&mut self, requests: u64) {
        self.counters.refuse(Code::Unavailable, requests);
    }

    /// The failures since the last call.
    pub(super) fn take_failures(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.failures)
    }
}
