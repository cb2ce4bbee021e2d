//! One pod as a queue: processor sharing on some cores, bounded in flight, with clients that give up.
//!
//! Takes requests with their work and the instant to advance to, gives departures and the CPU time spent. Between two events
//! every request in flight runs at `speed x min(1, cores / n)`; the next event is the first completion, time-out or the end
//! of the step. Time is seconds since the service began, always an argument. Never draws a random number and never reads a
//! clock, so equal calls give equal departures.
//!
//! Written by hand: the discrete-event crates bring process or actor frameworks, while a shared processor needs one loop.

use std::collections::VecDeque;

/// What one pod can take.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Cores shared by the requests in flight; one request uses one core at most.
    pub cores: f64,
    /// Most requests in flight; the next one is turned away.
    pub capacity: usize,
    /// Seconds after which the client gives up and its request is dropped.
    pub timeout: f64,
}

/// How a request that had been let in ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Its work was done; `failed` is what it was offered with.
    Served {
        /// The application answered with an error.
        failed: bool,
    },
    /// Its client gave up before the work was done.
    TimedOut,
}

/// A request that left the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// Seconds from arrival to departure.
    pub took: f64,
    /// How it ended.
    pub ending: Ending,
}

/// The pod had `capacity` requests in flight already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
struct Request {
    arrived: f64,
    /// Value of `Queue::attained` at which the work is done.
    finish: f64,
    failed: bool,
}

/// The requests in flight on one pod.
#[derive(Debug)]
pub struct Queue {
    limits: Limits,
    speed: f64,
    now: f64,
    /// Work that a request present since the queue was last empty has received. All requests receive the same, so one number
    /// stands for the progress of all, and a request needs only its finishing mark.
    attained: f64,
    cpu: f64,
    /// In order of arrival, hence of time-out. A scan per event is cheap at the capacities a pod has (tens).
    requests: VecDeque<Request>,
}

impl Queue {
    /// An empty queue at the instant `now`.
    #[must_use]
    pub fn new(limits: Limits, now: f64) -> Self {
        Self { limits, speed: 1.0, now, attained: 0.0, cpu: 0.0, requests: VecDeque::new() }
    }

    /// Requests being worked on.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.requests.len()
    }

    /// Work done since the start, in core-seconds.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.cpu
    }

    /// From now on work proceeds at `speed` times the normal pace: 0.25 is a sick node, 0 a dead one.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
    }

    /// Lets a request with `work` core-seconds in at the instant the queue has been advanced to.
    ///
    /// # Errors
    /// [`Full`] when the pod has no room; the request is not kept.
    pub fn offer(&mut self, work: f64, failed: bool) -> Result<(), Full> {
        if self.requests.len() >= self.limits.capacity {
            return Err(Full);
        }
        if self.requests.is_empty() {
            // Starting the scale anew keeps its numbers small, so hours of running cost no precision.
            self.attained = 0.0;
        }
        self.requests.push_back(Request { arrived: self.now, finish: self.attained + work, failed });
        Ok(())
    }

    /// Runs until the instant `until`, adding who left to `departures` in the order they left. An instant in the past does nothing.
    pub fn advance(&mut self, until: f64, departures: &mut Vec<Departure>) {
        while let Some((at, index, ending)) = self.next_departure().filter(|(at, ..)| *at <= until) {
            self.run_to(at);
            // Removed by place and not by comparing progress: rounding can then never leave a finished request behind.
            if let Some(request) = self.requests.remove(index) {
                departures.push(Departure { took: self.now - request.arrived, ending });
            }
        }
        self.run_to(until);
    }

    fn run_to(&mut self, at: f64) {
        let elapsed = (at - self.now).max(0.0);
        let (per_request, busy) = self.pace();
        self.attained += per_request * elapsed;
        self.cpu += busy * elapsed;
        self.now = self.now.max(at);
    }

    /// Work per second for each request, and for all of them together.
    fn pace(&self) -> (f64, f64) {
        let Some(n) = u32::try_from(self.requests.len()).ok().filter(|n| *n > 0).map(f64::from) else {
            return (0.0, 0.0);
        };
        let busy = self.speed * n.min(self.limits.cores);
        (busy / n, busy)
    }

    fn next_departure(&self) -> Option<(f64, usize, Ending)> {
        let oldest = self.requests.front()?;
        let timeout = (oldest.arrived + self.limits.timeout, 0, Ending::TimedOut);
        let (per_request, _) = self.pace();
        if per_request <= 0.0 {
            return Some(timeout);
        }
        let (index, first) = self.requests.iter().enumerate().min_by(|(_, a), (_, b)| a.finish.total_cmp(&b.finish))?;
        let done = self.now + (first.finish - self.attained).max(0.0) / per_request;
        Some(if done <= timeout.0 { (done, index, Ending::Served { failed: first.failed }) } else { timeout })
    }
}

#[cfg(test)]
mod tests;
