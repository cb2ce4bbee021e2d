//! One cell of the grid: a piece of load, a service and a promise, played by every policy.

use guarantor::decide::law::{Constants, Promise as LawPromise, Settings};
use guarantor::simulate::load::Load;
use guarantor::simulate::phases::Phases;
use guarantor::simulate::plant::{Balancing, PlantSpec};
use guarantor::simulate::policy::Policy;
use guarantor::simulate::policy::clairvoyant::Clairvoyant;
use guarantor::simulate::policy::fixed::Fixed;
use guarantor::simulate::policy::guarantor::Guarantor;
use guarantor::simulate::policy::hpa::Hpa;
use guarantor::simulate::policy::keda::Keda;
use guarantor::simulate::policy::kpa::Kpa;
use guarantor::simulate::run::{Outcome, Scenario, run};
use guarantor::simulate::score::Promise;

use crate::pieces::Piece;

/// Mean seconds until a pod is ready.
pub const STARTS: [f64; 3] = [30.0, 90.0, 180.0];
/// The promised latency over the service time.
pub const PROMISES: [f64; 4] = [5.0, 10.0, 20.0, 40.0];
const BALANCINGS: [Balancing; 2] = [Balancing::Random, Balancing::PowerOfTwoChoices];
/// Mean work of a request in core-seconds; a pod has one core.
const WORK: f64 = 0.05;
/// Share of requests within the promised latency, and without an error.
const GOOD: f64 = 0.95;
const AVAILABLE: f64 = 0.999;
/// Seconds between two scrapes and two decisions.
const SCRAPE: f64 = 15.0;
/// How busy pods are at the beginning.
const AT_FIRST: f64 = 0.5;
/// Minutes of the past that are played: what the operator reads of counters at its start.
const PLAYED: usize = 180;

/// What serves: how long its pods take to start, and how requests are spread over them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Service {
    pub start: f64,
    pub balancing: Balancing,
}

impl Service {
    /// All of the grid.
    pub fn all() -> Vec<Self> {
        STARTS.iter().flat_map(|start| BALANCINGS.map(|balancing| Self { start: *start, balancing })).collect()
    }

    fn plant(&self) -> PlantSpec {
        let mut bounds = PlantSpec::default().bounds;
        for latency in PROMISES.map(|k| promise(k).latency) {
            if !bounds.iter().any(|bound| (bound - latency).abs() < 1e-9) {
                bounds.push(latency);
            }
        }
        bounds.sort_by(f64::total_cmp);
        PlantSpec {
            service_time: WORK,
            start: self.start,
            start_spread: 20.0,
            balancing: self.balancing,
            bounds,
            ..PlantSpec::default()
        }
    }

    /// For each promise the highest utilisation of twelve pods at which no more than one minute of an hour is bad.
    pub fn safe(&self) -> Vec<f64> {
        let mut safe = [(0.2, true); PROMISES.len()];
        for step in 4..=19 {
            if !safe.iter().any(|(_, kept)| *kept) {
                break;
            }
            let busy = f64::from(step) * 0.05;
            let load = Load::new(vec![12.0 * busy / WORK; 3600]).unwrap();
            let outcome = run(&scenario(self.plant(), load, 0, 12, 1), &mut Fixed(12)).unwrap();
            for ((highest, kept), k) in safe.iter_mut().zip(PROMISES) {
                *kept = *kept && outcome.score(promise(k)).bad_of_60() <= 1.0;
                if *kept {
                    *highest = busy;
                }
            }
        }
        safe.map(|(highest, _)| highest).to_vec()
    }
}

fn promise(k: f64) -> Promise {
    Promise { latency: k * WORK, good: GOOD, available: AVAILABLE }
}

fn scenario(plant: PlantSpec, load: Load, lead_in: u32, replicas: u32, seed: u64) -> Scenario {
    // All have it as well as can be.
    let (scrape, phases) = (SCRAPE, Phases::default());
    Scenario { load, lead_in, plant, faults: Vec::new(), scrape, phases, replicas, bounds: (1, 500), seed }
}

/// A policy's name, its bad minutes of 60, and its pods in the mean.
#[derive(Clone, Debug)]
pub struct Played {
    pub policy: String,
    pub bad: f64,
    pub pods: f64,
}

fn played(policy: &str, outcome: &Outcome, k: f64) -> Played {
    let score = outcome.score(promise(k));
    Played { policy: policy.to_owned(), bad: score.bad_of_60(), pods: score.mean_pods }
}

/// What is played, and what the trace tells of the time before that; `with_past`: the last three hours of that too.
fn opening(piece: &Piece, service: &Service, with_past: bool, seed: u64) -> (Scenario, Load) {
    let past = if with_past { piece.past } else { 0 };
    let lead_in = past.min(PLAYED);
    let from = (piece.past - lead_in) * 60;
    let load = piece.load.part(from, piece.load.seconds());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let replicas = ((load.rate(0) * WORK / AT_FIRST).ceil() as u32).max(1);
    let before = if with_past { piece.load.part(0, from) } else { Load::new(Vec::new()).unwrap() };
    (scenario(service.plant(), load, u32::try_from(lead_in).unwrap(), replicas, seed), before)
}

/// Plays the law for a promise with one seed.
pub fn law(piece: &Piece, service: &Service, k: f64, with_past: bool, seed: u64, constants: Constants) -> Played {
    let (scenario, before) = opening(piece, service, with_past, seed);
    let Promise { latency, good, available } = promise(k);
    let settings = Settings {
        promise: LawPromise { latency, good, available },
        cores: 1.0,
        scrape: SCRAPE,
        bounds: scenario.plant.bounds.clone(),
        constants,
    };
    let mut law = Guarantor::new(settings).knowing(&before);
    played(crate::table::OURS, &run(&scenario, &mut law).unwrap(), k)
}

/// Plays every setting of the HPA and of KEDA, Knative, and the clairvoyant with one seed, and judges them by each promise.
///
/// Neither the HPA nor KEDA knows what is promised: one run of them is judged by all promises. What is safe, and with it the
/// other two, is often the same for two of them.
pub fn others(piece: &Piece, service: &Service, safe: &[f64], with_past: bool, seed: u64) -> Vec<Vec<Played>> {
    let (scenario, _) = opening(piece, service, with_past, seed);
    let mut all = vec![Vec::new(); PROMISES.len()];
    let mut play = |policy: &mut dyn Policy, name: &str, is_for: &dyn Fn(usize) -> bool| {
        let outcome = run(&scenario, policy).unwrap();
        for (place, (own, k)) in all.iter_mut().zip(PROMISES).enumerate() {
            if is_for(place) {
                own.push(played(name, &outcome, k));
            }
        }
    };
    for target in (2..=9).map(|step| f64::from(step) / 10.0) {
        let mut hpa = Hpa::new(target, 1.0);
        let name = hpa.name();
        play(&mut hpa, &name, &|_| true);
    }
    for busy in (3..=8).map(|step| f64::from(step) / 10.0) {
        let mut keda = Keda::new(busy / WORK, format!("{busy:.2}"));
        let name = keda.name();
        play(&mut keda, &name, &|_| true);
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let reach = (service.start + 10.0 + SCRAPE).ceil() as usize;
    let mut distinct = safe.to_vec();
    distinct.dedup();
    for busy in distinct {
        let is_for = |place: usize| safe.get(place).is_some_and(|own| own.to_bits() == busy.to_bits());
        // Knative's setting follows the promise as far as that is stable; all of them are one policy.
        play(&mut Kpa::new(Kpa::stable(busy)), "KPA", &is_for);
        play(&mut Clairvoyant::new(&scenario.load, busy / WORK, reach, ""), "clairvoyant", &is_for);
    }
    all
}
