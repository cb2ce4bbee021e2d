//! One pod as a queue: processor sharing on its cores, bounded in flight, with clients that give up.
//!
//! Between two events every request in flight runs at `speed x min(1, cores / n)`. All present requests receive the same
//! work, so one number stands for the progress of all and a request needs only its finishing mark. A queue is advanced
//! only when somebody looks at it: pods do not influence each other, so no departure needs a global event.

use std::collections::VecDeque;

use super::throttle::Periods;

/// What one pod can take.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limits {
    /// Cores shared by the requests in flight; one request uses one core at most.
    pub cores: f64,
    /// Most requests in flight; the next one is turned away (503).
    pub capacity: usize,
    /// Seconds after which the client gives up.
    pub timeout: f64,
    /// Its cores are its CPU limit, and it has threads enough to use more: the kernel counts the periods in which it is held
    /// back. Otherwise it never is.
    pub limited: bool,
}

/// How a request that had been let in ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Its work was done.
    Served,
    /// Its work was done and the answer was an error.
    Failed,
    /// Its client gave up, or its pod died.
    Lost,
}

/// A request that left.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Departure {
    /// When, in seconds.
    pub at: f64,
    /// Seconds since its arrival.
    pub took: f64,
    /// How.
    pub ending: Ending,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Request {
    arrived: f64,
    /// Value of `attained` at which the work is done.
    finish: f64,
    failed: bool,
}

/// The requests in flight on one pod.
#[derive(Clone, Debug)]
pub struct Queue {
    limits: Limits,
    speed: f64,
    now: f64,
    attained: f64,
    cpu: f64,
    occupancy: f64,
    periods: Periods,
    /// The one whose work is done first is the last.
    requests: Vec<Request>,
    /// None of them arrived before this instant, so that none is looked for whose client gives up while that is far off.
    eldest: f64,
    /// Work per second for each of them, and how many there are.
    pace: (f64, f64),
    /// Seconds for which a request waits for another service when its work is done.
    wait: f64,
    /// Those that wait, with when they leave: the first one is the next.
    waiting: VecDeque<(f64, Request)>,
    /// The next departure, known until a request comes or goes.
    next: Option<(f64, usize)>,
}

impl Queue {
    /// An empty queue at the instant `now`.
    #[must_use]
    pub fn new(limits: Limits, now: f64) -> Self {
        Self {
            limits,
            speed: 1.0,
            now,
            attained: 0.0,
            cpu: 0.0,
            occupancy: 0.0,
            periods: Periods::default(),
            requests: Vec::new(),
            eldest: now,
            pace: (0.0, 0.0),
            wait: 0.0,
            waiting: VecDeque::new(),
            next: None,
        }
    }

    /// Requests in flight at the instant advanced to.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.requests.len() + self.waiting.len()
    }

    /// Core-seconds used since the start.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.cpu
    }

    /// Sum over the requests of the seconds they were in flight.
    #[must_use]
    pub fn occupancy(&self) -> f64 {
        self.occupancy
    }

    /// The periods that ended and in which it had something to do, where it has a CPU limit.
    #[must_use]
    pub fn periods(&self) -> Periods {
        self.periods
    }

    /// From now on work proceeds at `speed` times the normal pace.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
        self.foresee();
    }

    /// From now on a request waits so many seconds for another service when its work is done. It keeps its place meanwhile,
    /// and uses no core.
    pub fn set_wait(&mut self, wait: f64) {
        self.wait = wait;
    }

    /// Lets a request with `work` core-seconds in at the instant advanced to; `false` if there is no room.
    #[must_use]
    pub fn offer(&mut self, work: f64, failed: bool) -> bool {
        if self.in_flight() >= self.limits.capacity {
            return false;
        }
        if self.requests.is_empty() {
            // Starting the scale anew keeps its numbers small, so days of running cost no precision.
            (self.attained, self.eldest) = (0.0, self.now);
        }
        let finish = self.attained + work;
        let place = self.requests.partition_point(|other| other.finish > finish);
        self.requests.insert(place, Request { arrived: self.now, finish, failed });
        self.foresee();
        true
    }

    /// Runs until the instant `until`, telling `left` who departs. An instant in the past does nothing.
    pub fn advance(&mut self, until: f64, left: &mut impl FnMut(Departure)) {
        loop {
            let waited = self.waiting.front().map_or(f64::INFINITY, |(at, _)| *at);
            match self.next.filter(|(at, _)| *at <= until && *at <= waited) {
                Some((at, index)) => self.worked(at, index, left),
                None if waited <= until => {
                    self.run_to(waited);
                    if let Some((_, gone)) = self.waiting.pop_front() {
                        left(self.departure(gone));
                    }
                }
                None => break,
            }
        }
        self.run_to(until);
    }

    /// The work of a request is done, or its client gives up.
    fn worked(&mut self, at: f64, index: usize, left: &mut impl FnMut(Departure)) {
        self.run_to(at);
        // Removed by place and not by comparing progress: rounding can never leave a finished request behind.
        let gone = self.requests.remove(index);
        let gives_up = gone.arrived + self.limits.timeout;
        if self.wait > 0.0 && gives_up > at {
            let leaves = (at + self.wait).min(gives_up);
            let place = self.waiting.partition_point(|(before, _)| *before <= leaves);
            self.waiting.insert(place, (leaves, gone));
        } else {
            left(self.departure(gone));
        }
        self.foresee();
    }

    /// A request leaves now.
    fn departure(&self, gone: Request) -> Departure {
        let lost = gone.arrived + self.limits.timeout <= self.now;
        let ending = match (lost, gone.failed) {
            (true, _) => Ending::Lost,
            (false, true) => Ending::Failed,
            (false, false) => Ending::Served,
        };
        Departure { at: self.now, took: self.now - gone.arrived, ending }
    }

    /// The pod dies: all in flight are lost.
    pub fn kill(&mut self, left: &mut impl FnMut(Departure)) {
        for gone in self.requests.drain(..).chain(self.waiting.drain(..).map(|(_, gone)| gone)) {
            left(Departure { at: self.now, took: self.now - gone.arrived, ending: Ending::Lost });
        }
        self.next = None;
    }

    fn run_to(&mut self, at: f64) {
        let elapsed = at - self.now;
        if elapsed <= 0.0 {
            return;
        }
        // The cast of a few thousand is exact.
        #[allow(clippy::cast_precision_loss)]
        let waiting = self.waiting.len() as f64;
        self.occupancy += waiting * elapsed;
        if !self.requests.is_empty() {
            let (each, number) = self.pace;
            self.attained += each * elapsed;
            self.cpu += each * number * elapsed;
            self.occupancy += number * elapsed;
            if self.limits.limited {
                self.periods.run(self.now, at, each * number, self.limits.cores);
            }
        }
        self.now = at;
    }

    /// Finds the next departure, after a request came or went or the speed changed.
    fn foresee(&mut self) {
        let number = u32::try_from(self.requests.len()).map_or(f64::MAX, f64::from);
        let each = self.speed * (self.limits.cores / number).min(1.0);
        self.pace = (each, number);
        let Some(first) = self.requests.last() else {
            self.next = None;
            return;
        };
        let done = if each > 0.0 { self.now + (first.finish - self.attained).max(0.0) / each } else { f64::INFINITY };
        self.next = Some((done, self.requests.len() - 1));
        if self.eldest + self.limits.timeout < done {
            self.foresee_giving_up(done);
        }
    }

    /// Whether a client gives up before the instant `done`.
    fn foresee_giving_up(&mut self, done: f64) {
        let oldest =
            self.requests.iter().enumerate().min_by(|(_, one), (_, other)| one.arrived.total_cmp(&other.arrived));
        if let Some((index, oldest)) = oldest {
            self.eldest = oldest.arrived;
            let gives_up = self.eldest + self.limits.timeout;
            if gives_up < done {
                self.next = Some((gives_up, index));
            }
        }
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { cores: 1.0, capacity: 3, timeout: 5.0, limited: true };

    fn departures(queue: &mut Queue, until: f64) -> Vec<(f64, f64, Ending)> {
        let mut all = Vec::new();
        queue.advance(until, &mut |gone| all.push((gone.at, gone.took, gone.ending)));
        all
    }

    #[test]
    fn two_requests_share_one_core() {
        let mut queue = Queue::new(LIMITS, 0.0);
        assert!(queue.offer(1.0, false));
        assert!(departures(&mut queue, 0.5).is_empty());
        assert!(queue.offer(1.0, true));
        // The first has 0.5 left and gets half a core: done at 1.5. The second then has 0.5 left, alone: done at 2.0.
        assert_eq!(departures(&mut queue, 3.0), [(1.5, 1.5, Ending::Served), (2.0, 1.5, Ending::Failed)]);
        assert!((queue.cpu_seconds() - 2.0).abs() < 1e-12);
        assert!((queue.occupancy() - 3.0).abs() < 1e-12);
        // All of the core was used for two seconds; the last period is counted when the next one begins.
        assert!(queue.offer(0.01, false));
        departures(&mut queue, 4.0);
        assert_eq!((queue.periods().all, queue.periods().throttled), (20, 20));
    }

    #[test]
    fn a_full_pod_turns_requests_away_and_a_client_gives_up() {
        let mut queue = Queue::new(LIMITS, 0.0);
        for _ in 0..3 {
            assert!(queue.offer(10.0, false));
        }
        assert!(!queue.offer(1.0, false));
        let lost = departures(&mut queue, 5.0);
        assert_eq!(lost.len(), 3);
        assert!(lost.iter().all(|(at, took, ending)| (*at, *took, *ending) == (5.0, 5.0, Ending::Lost)));
    }

    #[test]
    fn a_slow_pod_takes_longer_and_a_dead_one_loses_all() {
        let mut queue = Queue::new(LIMITS, 0.0);
        queue.set_speed(0.25);
        assert!(queue.offer(1.0, false));
        assert_eq!(departures(&mut queue, 4.0), [(4.0, 4.0, Ending::Served)]);
        assert!(queue.offer(1.0, false));
        let mut lost = 0;
        queue.kill(&mut |_| lost += 1);
        assert_eq!((lost, queue.in_flight()), (1, 0));
    }
    #[test]
    fn who_waits_for_another_service_keeps_a_place_and_uses_no_core() {
        let mut queue = Queue::new(LIMITS, 0.0);
        queue.set_wait(2.0);
        assert!(queue.offer(1.0, false) && queue.offer(1.0, false) && queue.offer(9.0, false));
        assert!(departures(&mut queue, 3.5).is_empty());
        assert!(!queue.offer(1.0, false), "all places are taken");
        // A third of a core each: two are done at 3 and wait until 5, when the third client gives up.
        let left = departures(&mut queue, 5.0);
        assert_eq!(left.len(), 3, "{left:?}");
        assert!((queue.cpu_seconds() - 5.0).abs() < 1e-9 && queue.in_flight() == 0);
        queue.set_wait(0.5);
        assert!(queue.offer(1.0, false));
        assert_eq!(departures(&mut queue, 9.0), [(6.5, 1.5, Ending::Served)]);
    }
}
