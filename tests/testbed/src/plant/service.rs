//! One simulated service: its load spread over the queues of its pods.
//!
//! Takes the pods as they are now and a step of time, gives the series a scrape would see and the truth over the whole run.
//! Pure: the only chance is its own seeded generators, so equal seeds, pods and steps give equal counters. Never knows the wall
//! clock, the API server or HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

use super::counters::{Code, Counters};
use super::demand::Demand;
use super::ended::Ended;
use super::exposition::{Series, Snapshot};
use super::faults::Faults;
use super::load::{Arrivals, Load};
use super::pods::PodView;
use super::queue::Call;
use super::replica::Replica;
use super::retries::Retries;
use super::spec::{Balancing, ServiceSpec, check_share};

/// Most requests in flight on a pod while load is shed.
const SHED_CAPACITY: usize = 8;

/// What happened since the service began, over all pods that ever were: the truth that measured figures can be held against.
#[derive(Debug, Clone, PartialEq)]
pub struct Totals {
    /// Requests that users sent.
    pub offered: u64,
    /// Requests that clients sent again because they had failed. Each of them ends too.
    pub retried: u64,
    /// How they ended, whoever counted it, also on pods that are gone.
    pub ended: Counters,
    /// Requests still being worked on.
    pub in_flight: u64,
    /// Requests in flight on a pod when it was deleted. They count as drained within its grace period, so they are no errors, but
    /// nobody could scrape how they ended.
    pub drained: u64,
}

/// The simulation of one service.
#[derive(Debug)]
pub struct Service {
    spec: ServiceSpec,
    demand: Demand,
    now: Duration,
    /// When the present load was set.
    load_since: Duration,
    // One generator per question, so that (say) more errors do not also move the arrivals.
    arrivals: Arrivals<Pcg64>,
    work: Pcg64,
    errors: Pcg64,
    choices: Pcg64,
    patience: Pcg64,
    /// In order of the pods' names, so that the API server's order does not matter.
    replicas: Vec<Replica>,
    /// Failures that no pod could count.
    front: Counters,
    faults: Faults,
    /// It turns away what it could not serve in time, instead of working on all of it.
    sheds: bool,
    retries: Retries,
    offered: u64,
    retried: u64,
    ended: Ended,
    drained: u64,
}

impl Service {
    /// A service at time zero, without pods.
    ///
    /// # Errors
    /// As [`ServiceSpec::check`].
    pub fn new(spec: ServiceSpec) -> Result<Self> {
        spec.check()?;
        let mut seeds = Pcg64::seed_from_u64(spec.seed);
        Ok(Self {
            demand: spec.demand()?,
            now: Duration::ZERO,
            load_since: Duration::ZERO,
            arrivals: Arrivals::new(Pcg64::from_rng(&mut seeds)),
            work: Pcg64::from_rng(&mut seeds),
            errors: Pcg64::from_rng(&mut seeds),
            choices: Pcg64::from_rng(&mut seeds),
            patience: Pcg64::from_rng(&mut seeds),
            replicas: Vec::new(),
            front: Counters::default(),
            faults: Faults::default(),
            sheds: false,
            retries: Retries::default(),
            offered: 0,
            retried: 0,
            ended: Ended::default(),
            drained: 0,
            spec,
        })
    }

    /// What the service is.
    #[must_use]
    pub fn spec(&self) -> &ServiceSpec {
        &self.spec
    }

    /// Takes the pods as they are now. A pod not seen before starts with counters at zero, and so does one whose container has
    /// restarted; a pod that is gone takes its counters with it. Requests in flight on a process that died fail at the front.
    pub fn observe(&mut self, mut pods: Vec<PodView>) {
        pods.sort_by(|a, b| (&a.name, &a.uid).cmp(&(&b.name, &b.uid)));
        let now = self.now.as_secs_f64();
        let limits = self.spec.limits();
        let mut before: BTreeMap<String, Replica> =
            self.replicas.drain(..).map(|replica| (replica.pod.uid.clone(), replica)).collect();
        for pod in pods {
            let replica = match before.remove(&pod.uid) {
                Some(mut replica) if pod.running && replica.pod.restarts == pod.restarts => {
                    replica.pod = pod;
                    replica
                }
                died => {
                    let lost = died.map_or(0, |replica| requests(replica.in_flight()));
                    self.front.refuse(Code::Unavailable, lost);
                    self.ended.died(lost);
                    if !pod.running {
                        continue;
                    }
                    Replica::start(pod, limits, now)
                }
            };
            self.replicas.push(replica);
        }
        for replica in before.values() {
            self.drained = self.drained.saturating_add(requests(replica.in_flight()));
        }
        let capacity = if self.sheds { SHED_CAPACITY.min(limits.capacity) } else { limits.capacity };
        for replica in &mut self.replicas {
            replica.run_at(self.faults.speed(&replica.pod), limits.cores, capacity);
        }
    }

    /// Lets `step` pass at the load of its beginning.
    pub fn advance(&mut self, step: Duration) {
        let end = self.now.saturating_add(step);
        let rate = self.spec.load.rate_at(self.now.saturating_sub(self.load_since));
        let (mut from, until) = (self.now.as_secs_f64(), end.as_secs_f64());
        let ready: Vec<usize> = (0..).zip(&self.replicas).filter(|(_, r)| r.pod.ready).map(|(i, _)| i).collect();
        let mut again = self.retries.due(until).into_iter().peekable();
        loop {
            let next = self.arrivals.next(from, until, rate);
            // Whoever tries again comes in their turn between those who come first.
            while let Some(retry) = again.next_if(|retry| next.is_none_or(|at| retry.at <= at)) {
                self.retried = self.retried.saturating_add(1);
                self.arrive(retry.at.max(from), retry.attempt, &ready);
            }
            let Some(at) = next else { break };
            self.offered = self.offered.saturating_add(1);
            self.arrive(at, 0, &ready);
            from = at;
        }
        for replica in &mut self.replicas {
            replica.advance(until, &mut self.ended);
            replica.end_period(step);
        }
        self.retries.failed(self.ended.take_failures(), until, &mut self.patience);
        self.now = end;
    }

    fn arrive(&mut self, at: f64, attempt: u32, ready: &[usize]) {
        // Drawn before anybody looks at the pods: the n-th request brings the same work however many pods there are.
        let (work, luck) = (self.demand.sample(&mut self.work), self.errors.random::<f64>());
        let chosen = self.choose(at, ready);
        if let Some(replica) = chosen.and_then(|index| self.replicas.get_mut(index)) {
            let fails = 1.0 - (1.0 - self.spec.error_share) * (1.0 - replica.pod.error_share);
            let wait = self.faults.dependency.as_secs_f64();
            replica.offer(at, Call { work, wait, failed: luck < fails, attempt }, &mut self.ended);
        } else {
            self.front.refuse(Code::Unavailable, 1);
            self.ended.refuse(attempt);
        }
    }

    fn choose(&mut self, at: f64, ready: &[usize]) -> Option<usize> {
        if ready.is_empty() {
            return None;
        }
        let first = self.choices.random_range(0..ready.len());
        if self.spec.balancing == Balancing::Random || ready.len() == 1 {
            return ready.get(first).copied();
        }
        // Any but the first, each equally likely.
        let other = self.choices.random_range(0..ready.len() - 1);
        let second = if other < first { other } else { other + 1 };
        let mut load = |place: usize| {
            let index = *ready.get(place)?;
            let replica = self.replicas.get_mut(index)?;
            replica.advance(at, &mut self.ended);
            Some((replica.in_flight(), index))
        };
        let (first, second) = (load(first)?, load(second)?);
        Some(if second.0 < first.0 { second.1 } else { first.1 })
    }

    /// From now on `load` is offered; its own time begins now.
    ///
    /// # Errors
    /// As [`Load::check`]; the old load then stays.
    pub fn set_load(&mut self, load: Load) -> Result<()> {
        load.check()?;
        self.spec.load = load;
        self.load_since = self.now;
        Ok(())
    }

    /// From now on this share of new requests, 0 to 1, fails with 500 on whatever pod: an outage that no scaling mends.
    ///
    /// # Errors
    /// When it is not a share.
    pub fn set_error_share(&mut self, share: f64) -> Result<()> {
        check_share(share)?;
        self.spec.error_share = share;
        Ok(())
    }

    /// From now on new requests bring this much work on average.
    ///
    /// # Errors
    /// When it is zero.
    pub fn set_service_time(&mut self, mean: Duration) -> Result<()> {
        self.demand = Demand::new(mean, self.spec.sigma)?;
        self.spec.service_time = mean;
        Ok(())
    }

    /// From the next look at the pods on those on `node` run at `speed` times their pace: 0.25 is a sick node, 0 a dead one whose
    /// pods still get requests, 1 a healthy one.
    ///
    /// # Errors
    /// When the speed is negative or not a number.
    pub fn set_node_speed(&mut self, node: &str, speed: f64) -> Result<()> {
        self.faults.set_node_speed(node, speed)
    }

    /// The same for the pod of that name alone; its successor has another name and is healthy.
    ///
    /// # Errors
    /// When the speed is negative or not a number.
    pub fn set_pod_speed(&mut self, pod: &str, speed: f64) -> Result<()> {
        self.faults.set_pod_speed(pod, speed)
    }

    /// From now on every new request waits so long for another service before its own work, on whatever pod: it is slower, and
    /// takes no more CPU than before.
    pub fn set_dependency(&mut self, wait: Duration) {
        self.faults.dependency = wait;
    }

    /// From now on clients send a request that failed again, after about `backoff` and `most` times at most. None do at first.
    pub fn set_retries(&mut self, most: u32, backoff: Duration) {
        self.retries.set(most, backoff);
    }

    /// From the next look at the pods on it sheds load, or does no more: a pod then takes only as many requests at once as it can
    /// serve before their clients lose patience, and turns the others away at no cost.
    pub fn set_shedding(&mut self, sheds: bool) {
        self.sheds = sheds;
    }

    /// Pods that get requests.
    #[must_use]
    pub fn ready_pods(&self) -> usize {
        self.replicas.iter().filter(|replica| replica.pod.ready).count()
    }

    /// The truth so far.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let in_flight = self.replicas.iter().fold(0, |sum: u64, r| sum.saturating_add(requests(r.in_flight())));
        Totals {
            offered: self.offered,
            retried: self.retried,
            ended: self.ended.counters().clone(),
            in_flight,
            drained: self.drained,
        }
    }

    /// What a scrape sees now.
    #[must_use]
    pub fn snapshot(&self) -> Snapshot {
        let series = |replica: &Replica| Series {
            pod: replica.pod.name.clone(),
            started: replica.pod.started,
            counters: replica.counters().clone(),
            cpu_seconds: replica.cpu_seconds(),
            container: replica.pod.container.clone(),
            periods: replica.periods(),
            in_flight: replica.in_flight(),
        };
        Snapshot {
            service: self.spec.name.clone(),
            front: self.front.clone(),
            pods: self.replicas.iter().map(series).collect(),
        }
    }
}

fn requests(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
