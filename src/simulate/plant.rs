//! The plant: requests arrive, are spread over the pods, are served or fail; what happened is counted.

use rand::{RngExt, SeedableRng};
use rand_distr::{Distribution, LogNormal};
use rand_pcg::Pcg64Mcg;
use thiserror::Error;

use super::counters::Counters;
use super::deployment::Deployment;
use super::fleet::Fleet;
use super::pod::Phase;
use super::queue::{Departure, Ending, Limits};
use super::score::Minute;

/// How arrivals are spread over the pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Balancing {
    /// Any pod, as kube-proxy does.
    Random,
    /// The emptier of two pods drawn at random, as service meshes do.
    PowerOfTwoChoices,
    /// One after the other.
    RoundRobin,
}

/// A pod that has just started, whose caches are empty.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cold {
    /// Its pace, where 1 is the usual one.
    pub speed: f64,
    /// Seconds from its start until it has the usual one.
    pub lasts: f64,
}

/// What the simulated service is.
#[derive(Clone, Debug, PartialEq)]
pub struct PlantSpec {
    /// Work of the average request, in core-seconds.
    pub service_time: f64,
    /// Standard deviation of the logarithm of the work.
    pub sigma: f64,
    /// What a pod can take.
    pub limits: Limits,
    /// How slow a pod is after it has started, if it is.
    pub cold: Option<Cold>,
    /// How requests are spread.
    pub balancing: Balancing,
    /// Mean seconds from a pod's creation until it is ready.
    pub start: f64,
    /// The start takes between `start - spread / 2` and `start + spread / 2`.
    pub start_spread: f64,
    /// Upper bounds of the latency histogram in seconds, rising.
    pub bounds: Vec<f64>,
    /// What the CPU meter reads for each core-second used: 1 if it is right.
    pub cpu_meter: f64,
}

impl Default for PlantSpec {
    /// A web service on one core a pod: 50 ms of work with a spread of 0.6, 64 requests in flight, clients that wait 5 s.
    /// The bounds are the defaults of the Prometheus client libraries and the doubles between them.
    fn default() -> Self {
        Self {
            service_time: 0.05,
            sigma: 0.6,
            limits: Limits { cores: 1.0, capacity: 64, timeout: 5.0, limited: false },
            cold: None,
            balancing: Balancing::Random,
            start: 30.0,
            start_spread: 20.0,
            bounds: vec![0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0],
            cpu_meter: 1.0,
        }
    }
}

/// A plant that cannot be simulated.
#[derive(Debug, Error, PartialEq)]
#[error("{field} of the simulated service must be {rule}")]
pub struct Impossible {
    /// The field that is wrong.
    pub field: &'static str,
    /// What it has to be.
    pub rule: &'static str,
}

/// A running plant.
#[derive(Debug)]
pub struct Plant {
    spec: PlantSpec,
    work: LogNormal<f64>,
    /// Work and errors of the requests: drawn for each arrival whatever the policy did, so that policies see the same load.
    demand: Pcg64Mcg,
    choices: Pcg64Mcg,
    starts: Pcg64Mcg,
    turn: usize,
    /// All pods.
    pub fleet: Fleet,
    /// Its revisions, and which of them is in force.
    pub deployment: Deployment,
    /// The template of the bad revision, and its share of errors.
    pub bad: Option<(u32, f64)>,
    /// Work of a request, times the normal.
    pub work_factor: f64,
    /// What was counted.
    pub tally: Tally,
}

/// The counters.
#[derive(Debug)]
pub struct Tally {
    /// By minute.
    pub minutes: Vec<Minute>,
    /// Of the whole service.
    pub all: Counters,
}

impl Plant {
    /// A plant with `replicas` ready pods.
    ///
    /// # Errors
    /// Names the field that is wrong.
    pub fn new(spec: PlantSpec, replicas: u32, seed: u64) -> Result<Self, Impossible> {
        check(&spec)?;
        let wrong = Impossible { field: "sigma", rule: "a number of at least 0" };
        let work = LogNormal::new(spec.service_time.ln() - spec.sigma * spec.sigma / 2.0, spec.sigma);
        let stream = |number: u64| Pcg64Mcg::seed_from_u64(seed.wrapping_mul(8).wrapping_add(number));
        Ok(Self {
            work: work.map_err(|_| wrong)?,
            demand: stream(1),
            choices: stream(2),
            starts: stream(3),
            turn: 0,
            fleet: Fleet::ready(spec.limits, &spec.bounds, replicas),
            deployment: Deployment::default(),
            bad: None,
            work_factor: 1.0,
            tally: Tally::new(&spec.bounds),
            spec,
        })
    }

    /// What it simulates.
    #[must_use]
    pub fn spec(&self) -> &PlantSpec {
        &self.spec
    }

    /// A request arrives.
    pub fn arrive(&mut self, now: f64) {
        let work = self.work.sample(&mut self.demand) * self.work_factor;
        let luck: f64 = if self.bad.is_some() { self.demand.random() } else { 1.0 };
        let Some(place) = self.choose(now) else {
            self.tally.fail(now);
            return;
        };
        let (tally, bad) = (&mut self.tally, self.bad);
        let Some(pod) = self.fleet.routed_pod(place) else { return };
        pod.advance(now, &mut |gone, bucket| tally.count(gone, bucket));
        let failed = bad.is_some_and(|(template, errors)| pod.template == template && luck < errors);
        if pod.phase == Phase::Dead || !pod.queue.offer(work, failed) {
            pod.counters.fail();
            tally.fail(now);
        }
    }

    /// Creates and removes pods towards so many; gives those that were created.
    pub fn reach(&mut self, want: usize, now: f64) -> Vec<u32> {
        self.deployment.reach(&mut self.fleet, want, now)
    }

    /// How long the next pod takes to start.
    pub fn draw_start(&mut self) -> f64 {
        let spread: f64 = self.starts.random_range(-0.5..0.5);
        (self.spec.start + spread * self.spec.start_spread).max(0.0)
    }

    /// A pod has started; gives the seconds since its creation, if it was starting for the first time.
    pub fn start(&mut self, pod: u32, now: f64) -> Option<f64> {
        let took = self.fleet.start(pod, now);
        if let Some(cold) = self.spec.cold {
            self.fleet.pace(pod, cold.speed);
        }
        took
    }

    /// Brings all pods to the instant `now`.
    pub fn advance(&mut self, now: f64) {
        let tally = &mut self.tally;
        self.fleet.advance(now, &mut |gone, bucket| tally.count(gone, bucket));
    }

    /// A node stops.
    pub fn crash(&mut self, node: u32) {
        let tally = &mut self.tally;
        self.fleet.crash(node, &mut |gone, bucket| tally.count(gone, bucket));
    }

    /// The container of a pod stops, and is to start again; `false` if it does not serve.
    pub fn restart(&mut self, pod: u32, now: f64) -> bool {
        let tally = &mut self.tally;
        self.fleet.restart(pod, now, &mut |gone, bucket| tally.count(gone, bucket))
    }

    fn choose(&mut self, now: f64) -> Option<usize> {
        let number = self.fleet.routed();
        if number == 0 {
            return None;
        }
        Some(match self.spec.balancing {
            Balancing::Random => self.choices.random_range(0..number),
            Balancing::RoundRobin => {
                self.turn = (self.turn + 1) % number;
                self.turn
            }
            Balancing::PowerOfTwoChoices => {
                let (one, other) = (self.choices.random_range(0..number), self.choices.random_range(0..number));
                if self.in_flight_at(one, now) <= self.in_flight_at(other, now) { one } else { other }
            }
        })
    }

    fn in_flight_at(&mut self, place: usize, now: f64) -> usize {
        let tally = &mut self.tally;
        let Some(pod) = self.fleet.routed_pod(place) else { return usize::MAX };
        pod.advance(now, &mut |gone, bucket| tally.count(gone, bucket));
        pod.queue.in_flight()
    }
}

impl Tally {
    fn new(bounds: &[f64]) -> Self {
        Self { minutes: Vec::new(), all: Counters::new(bounds.into()) }
    }

    fn count(&mut self, gone: Departure, bucket: Option<usize>) {
        self.all.add(gone.ending, bucket);
        let failed = gone.ending != Ending::Served;
        if let Some(minute) = self.minute(gone.at) {
            minute.requests += 1;
            minute.errors += u64::from(failed);
            if let Some(count) = bucket.and_then(|bucket| minute.answered.get_mut(bucket)) {
                *count += 1;
            }
        }
    }

    /// A request that got no answer: turned away or on a dead pod.
    fn fail(&mut self, at: f64) {
        self.all.fail();
        if let Some(minute) = self.minute(at) {
            minute.requests += 1;
            minute.errors += 1;
        }
    }

    fn minute(&mut self, at: f64) -> Option<&mut Minute> {
        // The cast saturates; a run is not longer than memory.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let index = (at / 60.0) as usize;
        if index >= self.minutes.len() {
            let empty = Minute { answered: vec![0; self.all.buckets.len()], ..Minute::default() };
            self.minutes.resize(index.saturating_add(1), empty);
        }
        self.minutes.get_mut(index)
    }
}

fn check(spec: &PlantSpec) -> Result<(), Impossible> {
    let above_zero = |value: f64| value.is_finite() && value > 0.0;
    let rising = spec.bounds.windows(2).all(|pair| matches!(pair, [low, high] if low < high));
    let rules = [
        ("service_time", "a number above 0", above_zero(spec.service_time)),
        ("sigma", "a number of at least 0", spec.sigma.is_finite() && spec.sigma >= 0.0),
        ("cores", "a number above 0", above_zero(spec.limits.cores)),
        ("timeout", "a number above 0", above_zero(spec.limits.timeout)),
        ("capacity", "at least 1", spec.limits.capacity > 0),
        ("start", "a number of at least 0", spec.start.is_finite() && spec.start >= 0.0),
        ("start_spread", "a number of at least 0", spec.start_spread.is_finite() && spec.start_spread >= 0.0),
        ("cold", "above 0, for at least 0 s", spec.cold.is_none_or(|cold| above_zero(cold.speed) && cold.lasts >= 0.0)),
        ("bounds", "rising numbers above 0", rising && spec.bounds.first().is_some_and(|first| above_zero(*first))),
        ("cpu_meter", "a number above 0", above_zero(spec.cpu_meter)),
    ];
    match rules.into_iter().find(|(.., holds)| !holds) {
        Some((field, rule, _)) => Err(Impossible { field, rule }),
        None => Ok(()),
    }
}
