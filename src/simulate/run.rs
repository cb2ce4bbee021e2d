//! One run: a load, a plant, faults and a policy, from the first second to the last.

mod faults;

use std::collections::VecDeque;

use rand::SeedableRng;
use rand_distr::{Distribution, Exp1};
use rand_pcg::Pcg64Mcg;

use super::counters::Counters;
use super::event::{Agenda, Event, instant, seconds};
use super::fault::Fault;
use super::load::{Load, number};
use super::phases::Phases;
use super::plant::{Impossible, Plant, PlantSpec};
use super::pod::{Phase, Pod};
use super::policy::{Hand, Order, Policy};
use super::score::{Minute, Promise, Score, score};
use super::throttle::Periods;
use super::view::{PodCounters, PodView, Scrape, View};

/// The metrics server looks this often (its default resolution), seconds.
const POD_METRICS: f64 = 15.0;
/// Seconds between two looks of a policy that watches.
const WATCH: f64 = 1.0;
/// Scrapes a policy is shown: more than ten minutes at the shortest usual interval.
const SCRAPES: usize = 64;
/// Seconds of concurrency a policy is shown: more than two of the longest windows.
const SECONDS: usize = 128;

/// Everything a run needs besides its policy.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The offered load; its length is the run's.
    pub load: Load,
    /// Whole minutes at its beginning that are played and not judged: the policy has come to know the load by then.
    pub lead_in: u32,
    /// The service.
    pub plant: PlantSpec,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Seconds between two scrapes.
    pub scrape: f64,
    /// When what happens at a fixed distance first happens.
    pub phases: Phases,
    /// Ready pods at the beginning.
    pub replicas: u32,
    /// Fewest and most replicas.
    pub bounds: (u32, u32),
    /// Equal seeds give equal runs.
    pub seed: u64,
}

/// What came of a run, from the end of its lead-in on. All instants are since then.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The counts of each minute.
    pub minutes: Vec<Minute>,
    /// Bounds of the latency buckets.
    pub bounds: Vec<f64>,
    /// Sum over the pods of the seconds they existed.
    pub pod_seconds: f64,
    /// Length in seconds.
    pub seconds: f64,
    /// Replicas asked for, whenever they changed: when, how many.
    pub replicas: Vec<(f64, u32)>,
    /// The faults that found nothing to strike, by their place, in the order of time: their pod or node was gone.
    pub struck_nothing: Vec<usize>,
}

impl Outcome {
    /// Judges the run by a promise.
    #[must_use]
    pub fn score(&self, promise: Promise) -> Score {
        score(&self.minutes, &self.bounds, promise, self.pod_seconds, self.seconds)
    }
}

/// Plays a scenario with a policy.
///
/// # Errors
/// When the plant cannot be simulated.
pub fn run(scenario: &Scenario, policy: &mut dyn Policy) -> Result<Outcome, Impossible> {
    let plant = Plant::new(scenario.plant.clone(), scenario.replicas, scenario.seed)?;
    let mut run = Run {
        scenario,
        plant,
        agenda: Agenda::default(),
        wanted: scenario.replicas,
        scrapes: VecDeque::new(),
        new_starts: Vec::new(),
        concurrency: VecDeque::new(),
        occupancy: 0.0,
        gap_until: -1.0,
        nodes_lost: Vec::new(),
        replicas: vec![(0.0, scenario.replicas)],
        struck_nothing: Vec::new(),
        led_in: 0.0,
    };
    run.begin(policy);
    run.play(policy);
    Ok(run.end())
}

struct Run<'a> {
    scenario: &'a Scenario,
    plant: Plant,
    agenda: Agenda,
    wanted: u32,
    scrapes: VecDeque<Scrape>,
    new_starts: Vec<f64>,
    concurrency: VecDeque<f64>,
    occupancy: f64,
    gap_until: f64,
    nodes_lost: Vec<u32>,
    replicas: Vec<(f64, u32)>,
    struck_nothing: Vec<usize>,
    /// Pod-seconds of the lead-in.
    led_in: f64,
}

impl Run<'_> {
    fn begin(&mut self, policy: &dyn Policy) {
        let Scenario { scrape, phases, .. } = *self.scenario;
        self.agenda.plan(instant(POD_METRICS * (1.0 + phases.pod_metrics)), Event::PodMetrics);
        self.agenda.plan(instant(scrape * (1.0 + phases.scrape)), Event::Scrape);
        // At the soonest a second after the scrape, as a loop aligned to the slots is.
        let soonest = policy.period().min(scrape) + 1.0;
        self.agenda.plan(instant(soonest + policy.period() * phases.decide), Event::Decide);
        if let Some(round) = policy.rounds() {
            self.agenda.plan(instant(WATCH + round * phases.pulse), Event::Watch);
        }
        if policy.wants_seconds() {
            self.agenda.plan(instant(1.0), Event::Second);
        }
        for (index, fault) in self.scenario.faults.iter().enumerate() {
            self.agenda.plan(instant(fault.at()), Event::Fault { index });
        }
    }

    fn play(&mut self, policy: &mut dyn Policy) {
        let mut gaps = Pcg64Mcg::seed_from_u64(self.scenario.seed.wrapping_mul(8));
        for second in 0..self.scenario.load.seconds() {
            if second == self.lead_in() {
                self.led_in = self.plant.fleet.totals(number(second)).pod_seconds;
            }
            let (rate, end) = (self.scenario.load.rate(second), number(second + 1));
            let mut gap = || -> f64 { Exp1.sample(&mut gaps) };
            let mut at = if rate > 0.0 { number(second) + gap() / rate } else { end };
            while at < end {
                self.happen(at, policy);
                self.plant.arrive(at);
                at += gap() / rate;
            }
            self.happen(end, policy);
        }
    }

    /// Seconds that are not judged.
    fn lead_in(&self) -> usize {
        usize::try_from(self.scenario.lead_in).unwrap_or(usize::MAX).saturating_mul(60)
    }

    fn end(mut self) -> Outcome {
        let (from, until) = (number(self.lead_in()), number(self.scenario.load.seconds()));
        self.plant.advance(until);
        let standing = self.replicas.iter().rev().find(|(at, _)| *at <= from).map(|(_, replicas)| (0.0, *replicas));
        let changed = self.replicas.iter().filter(|(at, _)| *at > from).map(|(at, replicas)| (at - from, *replicas));
        Outcome {
            pod_seconds: self.plant.fleet.totals(until).pod_seconds - self.led_in,
            bounds: self.plant.spec().bounds.clone(),
            minutes: self.plant.tally.minutes.iter().skip(self.lead_in() / 60).cloned().collect(),
            seconds: until - from,
            replicas: standing.into_iter().chain(changed).collect(),
            struck_nothing: self.struck_nothing,
        }
    }

    /// Lets everything planned before `until` happen.
    fn happen(&mut self, until: f64, policy: &mut dyn Policy) {
        // Nearly always the next event is far off.
        if self.agenda.next_seconds() > until + 1e-3 {
            return;
        }
        let until = instant(until);
        while self.agenda.next_at().is_some_and(|at| at < until) {
            let Some((at, event)) = self.agenda.pop() else { return };
            self.handle(seconds(at), event, policy);
        }
    }

    fn handle(&mut self, now: f64, event: Event, policy: &mut dyn Policy) {
        match event {
            Event::Ready { pod } => {
                if let Some(took) = self.plant.start(pod, now) {
                    self.new_starts.push(took);
                }
                if let Some(cold) = self.plant.spec().cold {
                    self.agenda.plan(instant(now + cold.lasts), Event::Warm { pod });
                }
                // A rollout waits for it.
                if self.plant.deployment.through.is_none() {
                    self.reach(now);
                }
            }
            Event::Warm { pod } => {
                self.plant.advance(now);
                self.plant.fleet.pace(pod, 1.0);
            }
            Event::Scrape => {
                self.agenda.plan(instant(now + self.scenario.scrape), Event::Scrape);
                if now >= self.gap_until {
                    self.scrape(now, policy.wants_pods());
                }
            }
            Event::PodMetrics => {
                self.agenda.plan(instant(now + POD_METRICS), Event::PodMetrics);
                self.measure_pods(now);
            }
            Event::Second => {
                self.agenda.plan(instant(now + 1.0), Event::Second);
                self.plant.advance(now);
                let occupancy = self.plant.fleet.totals(now).occupancy;
                push(&mut self.concurrency, occupancy - self.occupancy, SECONDS);
                self.occupancy = occupancy;
            }
            Event::Decide => {
                self.agenda.plan(instant(now + policy.period()), Event::Decide);
                self.decide(now, |view| policy.decide(view));
            }
            Event::Watch => {
                self.agenda.plan(instant(now + WATCH), Event::Watch);
                self.decide(now, |view| policy.watch(view));
            }
            Event::Fault { index } => self.begin_fault(now, index),
            Event::Healed { index } => self.end_fault(now, index),
            Event::Forgotten { node } => {
                self.nodes_lost.push(node);
                self.plant.fleet.forget(node, now);
            }
            Event::Evicted { node } => {
                self.plant.fleet.evict_dead(node, now);
                self.reach(now);
            }
        }
    }

    fn scrape(&mut self, now: f64, by_pod: bool) {
        self.plant.advance(now);
        let all = &self.plant.tally.all;
        let pods = self.plant.fleet.pods().iter().filter(|_| by_pod);
        let scrape = Scrape {
            at: now,
            requests: all.requests,
            errors: all.errors,
            in_flight: self.plant.fleet.in_flight(),
            cpu_seconds: self.plant.fleet.totals(now).cpu * self.plant.spec().cpu_meter,
            buckets: all.cumulative(),
            ready: u32::try_from(self.plant.fleet.ready_count()).unwrap_or(u32::MAX),
            by_pod: pods.map(counted).collect(),
        };
        push(&mut self.scrapes, scrape, SCRAPES);
    }

    fn measure_pods(&mut self, now: f64) {
        self.plant.advance(now);
        let meter = self.plant.spec().cpu_meter;
        for pod in self.plant.fleet.pods_mut() {
            let cpu = pod.queue.cpu_seconds() * meter;
            pod.usage =
                pod.measured_cpu.filter(|_| pod.phase != Phase::Dead).map(|before| ((cpu - before) / POD_METRICS, now));
            pod.measured_cpu = Some(cpu);
        }
    }

    fn decide(&mut self, now: f64, ask: impl FnOnce(&View<'_>) -> Order) {
        let pods: Vec<PodView> = self.plant.fleet.pods().iter().filter(|pod| pod.is_replica()).map(seen).collect();
        let view = View {
            now,
            replicas: self.wanted,
            pods: &pods,
            deployment: &self.plant.deployment,
            nodes_lost: &self.nodes_lost,
            scrapes: &self.scrapes,
            starts: &self.new_starts,
            concurrency: &self.concurrency,
        };
        let Order { replicas, evict, avoid, rollout } = ask(&view);
        self.new_starts.clear();
        match rollout {
            None => {}
            Some(Hand::Pause) => self.plant.deployment.paused = true,
            Some(Hand::Resume) => self.plant.deployment.paused = false,
            Some(Hand::GoBack) => self.plant.deployment.go_back(),
        }
        for (node, avoided) in avoid {
            self.plant.fleet.avoid(node, avoided);
        }
        for pod in evict {
            self.plant.advance(now);
            self.plant.fleet.evict(pod, now);
        }
        let (fewest, most) = self.scenario.bounds;
        let replicas = replicas.unwrap_or(self.wanted).clamp(fewest, most.max(fewest));
        if replicas != self.wanted {
            self.wanted = replicas;
            self.replicas.push((now, replicas));
        }
        self.reach(now);
    }

    /// Creates and removes pods towards as many as wanted.
    fn reach(&mut self, now: f64) {
        self.plant.advance(now);
        let want = usize::try_from(self.wanted).unwrap_or(usize::MAX);
        for pod in self.plant.reach(want, now) {
            self.start_later(pod, now);
        }
    }

    fn start_later(&mut self, pod: u32, now: f64) {
        let takes = self.plant.draw_start();
        self.agenda.plan(instant(now + takes), Event::Ready { pod });
    }
}

fn counted(pod: &Pod) -> PodCounters {
    let Counters { requests, errors, .. } = pod.counters;
    let Periods { all, throttled, .. } = pod.queue.periods();
    PodCounters { pod: pod.id, requests, errors, buckets: pod.counters.cumulative(), periods: all, throttled }
}

fn seen(pod: &Pod) -> PodView {
    PodView {
        id: pod.id,
        node: pod.node,
        template: pod.template,
        created: pod.created,
        turned: pod.turned,
        ready: pod.ready,
        usage: pod.usage,
    }
}

fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) {
    if queue.len() >= most {
        queue.pop_front();
    }
    queue.push_back(item);
}
