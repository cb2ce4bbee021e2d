//! One running pod: its queue and what its process has counted.
//!
//! Takes requests and the instant to advance to, gives counters that live and die with the process. Never decides which
//! requests it gets.

use super::counters::{Code, Counters};
use super::ended::Ended;
use super::pods::PodView;
use super::queue::{Call, Departure, Ending, Limits, Queue};

/// The process of one pod.
#[derive(Debug)]
pub(super) struct Replica {
    /// The pod as last seen.
    pub(super) pod: PodView,
    queue: Queue,
    counters: Counters,
    /// Kept between steps only to spare the allocation.
    departures: Vec<Departure>,
}

impl Replica {
    /// A process that starts at the instant `now` with all counters at zero.
    pub(super) fn start(pod: PodView, limits: Limits, now: f64) -> Self {
        Self { pod, queue: Queue::new(limits, now), counters: Counters::started(), departures: Vec::new() }
    }

    pub(super) fn counters(&self) -> &Counters {
        &self.counters
    }

    pub(super) fn in_flight(&self) -> usize {
        self.queue.in_flight()
    }

    pub(super) fn cpu_seconds(&self) -> f64 {
        self.queue.cpu_seconds()
    }

    pub(super) fn set_speed(&mut self, speed: f64) {
        self.queue.set_speed(speed);
    }

    /// Works until `until`; what ends is counted here and in `ended`.
    pub(super) fn advance(&mut self, until: f64, ended: &mut Ended) {
        self.queue.advance(until, &mut self.departures);
        for Departure { took, ending, attempt } in self.departures.drain(..) {
            let code = match ending {
                Ending::Served { failed: false } => Code::Ok,
                Ending::Served { failed: true } => Code::Internal,
                Ending::TimedOut => Code::Timeout,
            };
            self.counters.finish(code, took);
            ended.finish(code, took, attempt);
        }
    }

    /// A request arrives at `at`.
    pub(super) fn offer(&mut self, at: f64, call: Call, ended: &mut Ended) {
        self.advance(at, ended);
        if self.queue.offer(call).is_err() {
            self.counters.refuse(Code::Unavailable, 1);
            ended.refuse(call.attempt);
        }
    }
}
