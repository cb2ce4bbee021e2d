//! One running pod: its queue, and what its process and the kernel have counted.
//!
//! Takes requests and the instant to advance to, gives counters that live and die with the process. Never decides which
//! requests it gets.

use std::time::Duration;

use super::counters::{Code, Counters};
use super::ended::Ended;
use super::pods::PodView;
use super::queue::{Call, Departure, Ending, Limits, Queue};
use super::throttle::Periods;

/// The process of one pod.
#[derive(Debug)]
pub(super) struct Replica {
    /// The pod as last seen.
    pub(super) pod: PodView,
    queue: Queue,
    counters: Counters,
    periods: Periods,
    /// Kept between steps only to spare the allocation.
    departures: Vec<Departure>,
}

impl Replica {
    /// A process that starts at the instant `now` with all counters at zero.
    pub(super) fn start(pod: PodView, limits: Limits, now: f64) -> Self {
        Self {
            pod,
            queue: Queue::new(limits, now),
            counters: Counters::started(),
            periods: Periods::default(),
            departures: Vec::new(),
        }
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

    /// Its periods under a CPU limit. `None`: it has no limit, and the kernel counts nothing.
    pub(super) fn periods(&self) -> Option<Periods> {
        self.pod.cores.map(|_| self.periods)
    }

    /// From now on it runs at this pace, on so many cores unless its limit says otherwise, and takes so many requests at once.
    pub(super) fn run_at(&mut self, speed: f64, cores: f64, capacity: usize) {
        self.queue.set_speed(speed);
        self.queue.set_cores(self.pod.cores.unwrap_or(cores));
        self.queue.set_capacity(capacity);
    }

    /// A step ends, which is a period to the kernel.
    pub(super) fn end_period(&mut self, length: Duration) {
        self.periods.end(length, self.queue.cpu_seconds(), self.pod.cores);
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
