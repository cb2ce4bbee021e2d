//! One pod as a queue: processor sharing on some cores, bounded in flight, with clients that give up.
//!
//! Takes requests with their work and the instant to advance to, gives departures and the CPU time spent. Between two events
//! every request in flight runs at `speed x min(1, cores / n)`; the next event is the first completion, time-out or the end
//! of the step. Time is seconds since the service began, always an argument. Never draws a random number and never reads a
//! clock, so equal calls give equal departures.
//!
//! Written by hand: the discrete-event crates bring process or actor frameworks, while a shared processor needs one loop.

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

/// What a request asks of a pod.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Call {
    /// Work in core-seconds.
    pub work: f64,
    /// Seconds it waits for another service before its work; meanwhile it takes a place and no CPU.
    pub wait: f64,
    /// The application will answer with an error.
    pub failed: bool,
    /// How often its client had tried before.
    pub attempt: u32,
}

impl Call {
    /// A first try that waits for nobody.
    #[must_use]
    pub fn new(work: f64, failed: bool) -> Self {
        Self { work, wait: 0.0, failed, attempt: 0 }
    }
}

/// A request that left the queue.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Departure {
    /// Seconds from arrival to departure.
    pub took: f64,
    /// How it ended.
    pub ending: Ending,
    /// As in its [`Call`].
    pub attempt: u32,
}

/// The pod had `capacity` requests in flight already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Full;

#[derive(Debug)]
struct Request {
    arrived: f64,
    /// While it waits: when it goes on. At work: the value of `Queue::attained` at which the work is done.
    mark: f64,
    call: Call,
}

/// What happens next.
#[derive(Debug, Clone, Copy)]
enum Event {
    /// The work of the request at this place is done.
    Done(usize),
    /// The waiting request at this place goes on to its work.
    GoesOn(usize),
    /// The client of the request at this place, at work, gives up.
    GivenUp(usize),
    /// The same for a waiting one.
    GivenUpWaiting(usize),
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
    /// At work. A scan per event is cheap at the capacities a pod has (tens, a few hundred at most).
    requests: Vec<Request>,
    /// Waiting for another service.
    waiting: Vec<Request>,
}

impl Queue {
    /// An empty queue at the instant `now`.
    #[must_use]
    pub fn new(limits: Limits, now: f64) -> Self {
        Self { limits, speed: 1.0, now, attained: 0.0, cpu: 0.0, requests: Vec::new(), waiting: Vec::new() }
    }

    /// Requests being worked on.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.requests.len().saturating_add(self.waiting.len())
    }

    /// Work done since the start, in core-seconds.
    #[must_use]
    pub fn cpu_seconds(&self) -> f64 {
        self.cpu
    }

    /// From now on the requests in flight share so many cores.
    pub fn set_cores(&mut self, cores: f64) {
        self.limits.cores = cores;
    }

    /// From now on so many requests in flight are let in; those that are in already stay.
    pub fn set_capacity(&mut self, capacity: usize) {
        self.limits.capacity = capacity;
    }

    /// From now on work proceeds at `speed` times the normal pace: 0.25 is a sick node, 0 a dead one.
    pub fn set_speed(&mut self, speed: f64) {
        self.speed = speed;
    }

    /// Lets a request in at the instant the queue has been advanced to.
    ///
    /// # Errors
    /// [`Full`] when the pod has no room; the request is not kept.
    pub fn offer(&mut self, call: Call) -> Result<(), Full> {
        if self.in_flight() >= self.limits.capacity {
            return Err(Full);
        }
        if call.wait > 0.0 {
            self.waiting.push(Request { arrived: self.now, mark: self.now + call.wait, call });
        } else {
            self.work_on(Request { arrived: self.now, mark: 0.0, call });
        }
        Ok(())
    }

    fn work_on(&mut self, mut request: Request) {
        if self.requests.is_empty() {
            // Starting the scale anew keeps its numbers small, so hours of running cost no precision.
            self.attained = 0.0;
        }
        request.mark = self.attained + request.call.work;
        self.requests.push(request);
    }

    /// Runs until the instant `until`, adding who left to `departures` in the order they left. An instant in the past does nothing.
    pub fn advance(&mut self, until: f64, departures: &mut Vec<Departure>) {
        while let Some((at, event)) = self.next_event().filter(|(at, _)| *at <= until) {
            self.run_to(at);
            // Removed by place and not by comparing progress: rounding can then never leave a finished request behind.
            let (left, served) = match event {
                Event::GoesOn(place) => {
                    let request = self.waiting.swap_remove(place);
                    self.work_on(request);
                    continue;
                }
                Event::Done(place) => (self.requests.swap_remove(place), true),
                Event::GivenUp(place) => (self.requests.swap_remove(place), false),
                Event::GivenUpWaiting(place) => (self.waiting.swap_remove(place), false),
            };
            let Call { failed, attempt, .. } = left.call;
            let ending = if served { Ending::Served { failed } } else { Ending::TimedOut };
            departures.push(Departure { took: self.now - left.arrived, ending, attempt });
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

    /// The next event and its instant; of several at once the work that is done comes first.
    fn next_event(&self) -> Option<(f64, Event)> {
        let (per_request, _) = self.pace();
        let first = |requests: &[Request], by: fn(&Request) -> f64| {
            let places = requests.iter().enumerate().map(|(place, request)| (place, by(request)));
            places.min_by(|(_, a), (_, b)| a.total_cmp(b))
        };
        let done = first(&self.requests, |request| request.mark)
            .filter(|_| per_request > 0.0)
            .map(|(place, mark)| (self.now + (mark - self.attained).max(0.0) / per_request, Event::Done(place)));
        let goes_on = first(&self.waiting, |request| request.mark).map(|(place, at)| (at, Event::GoesOn(place)));
        let patience = self.limits.timeout;
        let given_up = first(&self.requests, |request| request.arrived)
            .map(|(place, arrived)| (arrived + patience, Event::GivenUp(place)));
        let given_up_waiting = first(&self.waiting, |request| request.arrived)
            .map(|(place, arrived)| (arrived + patience, Event::GivenUpWaiting(place)));
        let events = [done, goes_on, given_up, given_up_waiting];
        events.into_iter().flatten().min_by(|(a, _), (b, _)| a.total_cmp(b))
    }
}

#[cfg(test)]
mod tests;
