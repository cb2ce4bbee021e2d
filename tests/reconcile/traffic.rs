//! A metrics store whose history is written second by second by the test, and read slot by slot by the operator.
//!
//! It answers at once and always the same, so that what differs between two runs is the operator's doing. Reading over
//! HTTP is tested elsewhere, against real stores.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{pending, ready};
use std::ops::Range;
use std::sync::{Arc, Mutex};

use futures::FutureExt;
use futures::future::BoxFuture;
use guarantor::api::Span;
use guarantor::api::metrics_source::{IncreaseForm, IncreaseProbe, MetricsSourceSpec, Retention};
use guarantor::sense::counters::{CounterAsk, CounterSample, Counters, Course, Millionths, STEP, Warm};
use guarantor::sense::observation::{Failure, FailureKind, Reading, ReadingPair, SlotReading};
use guarantor::sense::reader::{IndicatorAsk, IndicatorReading, ReadStats};
use guarantor::sense::signals::{PodVector, SignalAsk, Signals};
use guarantor::sense::source::{OpenError, Opened, SlotReader, Sources};
use guarantor::sense::store::{Credentials, StoreError};
use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

use crate::services::Services;

/// What happened in one second.
#[derive(Clone, Copy, Debug)]
pub struct Second {
    pub total: u64,
    pub bad: u64,
    /// The pods that served it.
    pub pods: u64,
}

/// The history so far, and what the store makes of it.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    seconds: Arc<Mutex<BTreeMap<i64, Second>>>,
    /// Services that are measured apart from the shop as a whole.
    pub services: Services,
    /// How many instances there were from each second on.
    instances: Arc<Mutex<BTreeMap<i64, u64>>>,
    manners: Arc<Mutex<Manners>>,
}

/// How the store behaves.
#[derive(Clone, Debug, Default)]
struct Manners {
    /// How long it says that it keeps samples.
    keeps: Option<Span>,
    /// It does not answer at all.
    silent: bool,
    /// The objectives whose expressions it refuses.
    refused: BTreeSet<String>,
    /// Seconds of which the samples have not arrived yet.
    on_the_way: Option<Range<i64>>,
    /// The address at which it was read last.
    read_at: Option<String>,
    /// What it says by pod; without it, that it has nothing.
    by_pod: Option<Signals>,
    /// What it says of throttling by pod; without it, that it has nothing.
    throttling: Option<Signals>,
    /// How often it was asked by pod.
    asked_by_pod: usize,
    /// It has no new samples of the counters.
    unscraped: bool,
    /// How many indicators were asked for in every round about the last minute.
    pulses: Vec<usize>,
    /// What it says in place of every figure of the last minute.
    doubtful: Option<Reading>,
    /// It never answers about the counters.
    mute: bool,
    /// The requests a second that it knows of the days before the first second; without them, none.
    before: Option<u32>,
    /// The first and last step of every question about the counters, in seconds since 1970.
    asked_counters: Vec<(i64, i64)>,
}

/// The store under one address.
struct Address {
    url: String,
    traffic: Traffic,
}

impl Traffic {
    /// Enters the second that begins at `at`.
    pub fn enter(&self, at: Timestamp, second: Second) {
        self.seconds.lock().unwrap().insert(at.as_second(), second);
    }

    /// So many instances are deployed from this second on.
    pub fn deploy(&self, at: Timestamp, instances: u64) {
        self.instances.lock().unwrap().insert(at.as_second(), instances);
    }

    /// The most instances there were at once in the slot that begins then.
    fn deployed(&self, start: Timestamp) -> Reading {
        let instances = self.instances.lock().unwrap();
        let before = instances.range(..=start.as_second()).next_back();
        let within = instances.range(start.as_second() + 1..start.as_second() + SLOT);
        let most = before.into_iter().chain(within).map(|(_, instances)| *instances).max();
        most.map_or(Reading::Absent, value)
    }

    /// How long the store says from now on that it keeps samples.
    pub fn keep(&self, span: &str) {
        self.manners.lock().unwrap().keeps = Some(span.into());
    }

    /// Answers nothing from now on, or again.
    pub fn silent(&self, silent: bool) {
        self.manners.lock().unwrap().silent = silent;
    }

    /// Refuses the expressions of an objective from now on.
    pub fn refuse(&self, objective: &str) {
        self.manners.lock().unwrap().refused.insert(objective.to_owned());
    }

    /// Samples from then on do not arrive, until they all do.
    pub fn hold_up(&self, from: Timestamp) {
        self.manners.lock().unwrap().on_the_way = Some(from.as_second()..i64::MAX);
    }

    /// What was held up arrives, but not what was lost for good before.
    pub fn arrive(&self, lost_before: Timestamp) {
        let held_up = self.manners.lock().unwrap().on_the_way.take();
        let lost = held_up.map(|held_up| held_up.start..lost_before.as_second());
        self.seconds.lock().unwrap().retain(|second, _| lost.as_ref().is_none_or(|lost| !lost.contains(second)));
    }

    /// The address at which the store was read last.
    pub fn read_at(&self) -> Option<String> {
        self.manners.lock().unwrap().read_at.clone()
    }

    /// What the store says by pod from now on, as of whenever it is asked.
    pub fn say_by_pod(&self, signals: Signals) {
        self.manners.lock().unwrap().by_pod = Some(signals);
    }

    /// What the store says of throttling by pod from now on, as of whenever it is asked.
    pub fn say_throttling(&self, signals: Signals) {
        self.manners.lock().unwrap().throttling = Some(signals);
    }

    /// How often the store was asked by pod.
    pub fn asked_by_pod(&self) -> usize {
        self.manners.lock().unwrap().asked_by_pod
    }

    /// Has no samples of the counters from now on, or again.
    pub fn unscraped(&self, unscraped: bool) {
        self.manners.lock().unwrap().unscraped = unscraped;
    }

    /// How many indicators were asked for in every round about the last minute so far.
    pub fn pulses(&self) -> Vec<usize> {
        self.manners.lock().unwrap().pulses.clone()
    }

    /// Says this in place of every figure of the last minute from now on.
    pub fn doubt(&self, doubt: Reading) {
        self.manners.lock().unwrap().doubtful = Some(doubt);
    }

    /// So many requests a second came in the days before the first second.
    pub fn came_before(&self, rate: u32) {
        self.manners.lock().unwrap().before = Some(rate);
    }

    /// The rate of every five minutes of the days before.
    fn rates(&self, ask: &CounterAsk) -> Vec<(Timestamp, Millionths)> {
        let rate = self.manners.lock().unwrap().before;
        let steps = (ask.from.as_second()..ask.to.as_second()).step_by(300);
        let rate = |at| Some((Timestamp::from_second(at).unwrap(), millionths(f64::from(rate?))));
        steps.filter_map(rate).collect()
    }

    /// Never answers about the counters from now on.
    pub fn mute(&self) {
        self.manners.lock().unwrap().mute = true;
    }

    /// The first and last step of every question about the counters so far, in seconds since 1970.
    pub fn asked_counters(&self) -> Vec<(i64, i64)> {
        self.manners.lock().unwrap().asked_counters.clone()
    }

    fn counters(&self, ask: &CounterAsk) -> Counters {
        let mut manners = self.manners.lock().unwrap();
        let (from, to) = (ask.from.as_second(), ask.to.as_second());
        manners.asked_counters.push((from, to));
        if manners.unscraped || manners.silent {
            return Counters::Empty("indicator.latency.histogram");
        }
        let seconds = self.seconds.lock().unwrap();
        let steps = (from..=to).step_by(usize::try_from(STEP.as_secs()).unwrap());
        let samples = steps.filter_map(|at| {
            let now = seconds.range(..at).next_back().filter(|(second, _)| **second >= at - 2)?.1;
            Some(sample(at, now.pods, seconds.range(from..at).map(|(_, second)| second)))
        });
        Counters::Read(Course { bounds: BOUNDS.map(millionths).to_vec(), samples: samples.collect() })
    }

    fn signals(&self, ask: &SignalAsk) -> Signals {
        let of_service = self.services.by_pod(&ask.indicator);
        let mut manners = self.manners.lock().unwrap();
        let bad = ask.indicator.ratio.as_ref().and_then(|ratio| ratio.bad.as_deref()).unwrap_or_default();
        let said = if bad.contains("throttled") {
            manners.throttling.clone()
        } else {
            manners.asked_by_pod += 1;
            of_service.or_else(|| manners.by_pod.clone())
        };
        match said {
            None => Signals::Empty,
            Some(Signals::ByPod(vector)) => {
                Signals::ByPod(Box::new(PodVector { at: ask.at, newest: ask.at, ..*vector }))
            }
            Some(other) => other,
        }
    }

    fn retention(&self, now: Timestamp) -> Retention {
        let keeps = self.manners.lock().unwrap().keeps.clone();
        Retention { keeps, evidence: "by the test".to_owned(), asked_at: Time(now) }
    }

    fn read(&self, ask: &IndicatorAsk) -> IndicatorReading {
        let refused = self.manners.lock().unwrap().refused.contains(&ask.key.objective);
        let deployed = |start| ask.indicator.deployed.as_ref().map(|_| self.deployed(start));
        let silent = self.manners.lock().unwrap().silent;
        let counts_good = ask.indicator.latency.is_some();
        let slot = |start| match (silent, refused) {
            (true, _) => failed(start, FailureKind::Unreachable, "nobody answers"),
            (false, true) => failed(start, FailureKind::Expression, REFUSAL),
            (false, false) => self.services.with(&ask.indicator, &self.seconds, |history| {
                self.slot(history, start, ask.slots.seconds().into(), deployed(start), counts_good)
            }),
        };
        let doubtful = self.manners.lock().unwrap().doubtful.clone().filter(|_| is_of_a_minute(ask));
        let slot = |start| SlotReading {
            counted: match &doubtful {
                Some(doubt) => ReadingPair { total: doubt.clone(), part: doubt.clone() },
                None => slot(start).counted,
            },
            ..slot(start)
        };
        IndicatorReading {
            key: ask.key.clone(),
            form: IncreaseForm::Anchored,
            slots: ask.slots.starts().map(slot).collect(),
        }
    }

    fn slot(
        &self,
        history: &BTreeMap<i64, Second>,
        start: Timestamp,
        seconds: i64,
        deployed: Option<Reading>,
        counts_good: bool,
    ) -> SlotReading {
        let on_the_way = self.manners.lock().unwrap().on_the_way.clone().unwrap_or_default();
        let within = history.range(start.as_second()..start.as_second() + seconds);
        let within: Vec<&Second> =
            within.filter(|(at, _)| !on_the_way.contains(at)).map(|(_, second)| second).collect();
        let sum = |of: fn(&Second) -> u64| {
            if within.is_empty() { Reading::Absent } else { value(within.iter().copied().map(of).sum()) }
        };
        let part = if counts_good { sum(|second| second.total - second.bad) } else { sum(|second| second.bad) };
        SlotReading {
            start,
            counted: ReadingPair { total: sum(|second| second.total), part },
            born: None,
            all_births: None,
            samples: value(within.len() as u64),
            deployed,
        }
    }
}

/// It asks for the last minute: slots are shorter here.
fn is_of_a_minute(ask: &IndicatorAsk) -> bool {
    ask.slots.seconds() == 60
}

/// What was counted in these seconds, the last of which so many pods served: every request takes [`WORK_MS`] of a core, and
/// the longer the busier they are.
fn sample<'a>(at: i64, pods: u64, seconds: impl Iterator<Item = &'a Second>) -> CounterSample {
    let (mut answered, mut within) = (0.0, [0.0; 8]);
    let work = float(WORK_MS) / 1000.0;
    for Second { total, pods, .. } in seconds {
        let (total, pods) = (float(*total), float(*pods));
        let mean = work / (1.0 - (total * work / pods).min(0.94));
        answered += total;
        for (sum, bound) in within.iter_mut().zip(BOUNDS) {
            *sum += total * (1.0 - (-bound / mean).exp());
        }
    }
    let (pods, served, cpu_seconds) = (pods.try_into().unwrap(), millionths(answered), millionths(answered * work));
    CounterSample {
        at: Timestamp::from_second(at).unwrap(),
        answered: served,
        errors: 0,
        cpu_seconds,
        buckets: within.map(millionths).to_vec(),
        in_flight: 0,
        pods,
        warm: Warm { pods, served, cpu_seconds },
    }
}

fn float(number: u64) -> f64 {
    f64::from(u32::try_from(number).unwrap())
}

#[allow(clippy::cast_possible_truncation)]
fn millionths(number: f64) -> i64 {
    (number * 1e6) as i64
}

fn value(number: u64) -> Reading {
    Reading::Value(num_rational::BigRational::from_integer(number.into()))
}

/// What a reader says of an expression that the store refuses by itself.
const REFUSAL: &str = "indicator.ratio.bad: the store refused the request (422): duplicate series";

fn failed(start: Timestamp, kind: FailureKind, message: &str) -> SlotReading {
    let failed = Reading::Failed(Failure { kind, message: message.to_owned() });
    SlotReading {
        start,
        counted: ReadingPair { total: failed.clone(), part: failed.clone() },
        born: None,
        all_births: None,
        samples: failed,
        deployed: None,
    }
}

impl SlotReader for Address {
    fn read_slots<'a>(&'a self, asks: &'a [IndicatorAsk]) -> BoxFuture<'a, (Vec<IndicatorReading>, ReadStats)> {
        self.traffic.manners.lock().unwrap().read_at = Some(self.url.clone());
        if asks.iter().any(is_of_a_minute) {
            self.traffic.manners.lock().unwrap().pulses.push(asks.len());
        }
        let readings = asks.iter().map(|ask| self.traffic.read(ask)).collect();
        ready((readings, ReadStats::default())).boxed()
    }

    fn read_signals<'a>(&'a self, ask: &'a SignalAsk) -> BoxFuture<'a, Signals> {
        ready(self.traffic.signals(ask)).boxed()
    }

    fn read_counters<'a>(&'a self, ask: &'a CounterAsk) -> BoxFuture<'a, Counters> {
        if self.traffic.manners.lock().unwrap().mute {
            pending().boxed()
        } else {
            ready(self.traffic.counters(ask)).boxed()
        }
    }

    fn read_rates<'a>(&'a self, ask: &'a CounterAsk) -> BoxFuture<'a, Result<Vec<(Timestamp, Millionths)>, Counters>> {
        ready(Ok(self.traffic.rates(ask))).boxed()
    }

    fn retention(&self, now: Timestamp) -> BoxFuture<'_, Result<Retention, StoreError>> {
        ready(Ok(self.traffic.retention(now))).boxed()
    }
}

impl Sources for Traffic {
    fn open<'a>(
        &'a self,
        spec: &'a MetricsSourceSpec,
        _: &'a Credentials,
        now: Timestamp,
    ) -> BoxFuture<'a, Result<Opened, OpenError>> {
        let increase =
            IncreaseProbe { form: IncreaseForm::Anchored, evidence: "by the test".to_owned(), probed_at: Time(now) };
        let reader = Arc::new(Address { url: spec.url.clone(), traffic: self.clone() });
        ready(Ok(Opened { increase, retention: self.retention(now), reader })).boxed()
    }
}

/// Core-seconds of a request, in thousandths.
pub const WORK_MS: u64 = 15;
/// The bounds of the histogram in seconds.
const BOUNDS: [f64; 8] = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5];
/// The length of every slot here in seconds.
pub const SLOT: i64 = 5;
