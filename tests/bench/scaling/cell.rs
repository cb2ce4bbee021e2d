//! One cell of the grid: a piece of load, a start delay, a promise and a balancer, played by every policy.

use guarantor::decide::law::{Constants, Promise as LawPromise, Settings};
use guarantor::simulate::load::Load;
use guarantor::simulate::plant::{Balancing, PlantSpec};
use guarantor::simulate::policy::Policy;
use guarantor::simulate::policy::clairvoyant::Clairvoyant;
use guarantor::simulate::policy::fixed::Fixed;
use guarantor::simulate::policy::guarantor::Guarantor;
use guarantor::simulate::policy::hpa::Hpa;
use guarantor::simulate::policy::keda::Keda;
use guarantor::simulate::policy::kpa::Kpa;
use guarantor::simulate::run::{Scenario, run};
use guarantor::simulate::score::{Promise, Score};

use crate::pieces::Piece;

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
/// The share of a pod's concurrency that Knative aims at.
const AIM: f64 = 0.7;

/// What a cell is, besides its load.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Kind {
    /// Mean seconds until a pod is ready.
    pub start: f64,
    /// The promised latency over the service time.
    pub k: f64,
    pub balancing: Balancing,
}

impl Kind {
    fn plant(&self) -> PlantSpec {
        let latency = self.k * WORK;
        let mut bounds = PlantSpec::default().bounds;
        if !bounds.iter().any(|bound| (bound - latency).abs() < 1e-9) {
            bounds.push(latency);
            bounds.sort_by(f64::total_cmp);
        }
        PlantSpec {
            service_time: WORK,
            start: self.start,
            start_spread: 20.0,
            balancing: self.balancing,
            bounds,
            ..PlantSpec::default()
        }
    }

    fn score(&self, scenario: &Scenario, policy: &mut dyn Policy) -> Score {
        let promise = Promise { latency: self.k * WORK, good: GOOD, available: AVAILABLE };
        run(scenario, policy).unwrap().score(promise)
    }

    /// The highest utilisation of twelve pods at which no more than one minute of an hour is bad.
    pub fn safe(&self) -> f64 {
        let is_safe = |busy: f64| {
            let load = Load::new(vec![12.0 * busy / WORK; 3600]).unwrap();
            let scenario = scenario(self.plant(), load, 0, 12, 1);
            self.score(&scenario, &mut Fixed(12)).bad_of_60() <= 1.0
        };
        let steps = (4..=19).map(|step| f64::from(step) * 0.05);
        steps.take_while(|busy| is_safe(*busy)).last().unwrap_or(0.2)
    }
}

fn scenario(plant: PlantSpec, load: Load, lead_in: u32, replicas: u32, seed: u64) -> Scenario {
    Scenario { load, lead_in, plant, faults: Vec::new(), scrape: SCRAPE, replicas, bounds: (1, 500), seed }
}

/// A policy's name, its bad minutes of 60, and its pods in the mean.
#[derive(Clone, Debug)]
pub struct Played {
    pub policy: String,
    pub bad: f64,
    pub pods: f64,
}

/// Plays a cell with one seed; `with_past`: after what the trace tells of the time before.
pub fn play(piece: &Piece, kind: &Kind, safe: f64, with_past: bool, seed: u64) -> Vec<Played> {
    let past = if with_past { piece.past } else { 0 };
    let played = past.min(PLAYED);
    let from = (piece.past - played) * 60;
    let load = piece.load.part(from, piece.load.seconds());
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let replicas = ((load.rate(0) * WORK / AT_FIRST).ceil() as u32).max(1);
    let scenario = scenario(kind.plant(), load, u32::try_from(played).unwrap(), replicas, seed);
    let before = if with_past { piece.load.part(0, from) } else { Load::new(Vec::new()).unwrap() };
    policies(kind, &scenario, safe, &before)
        .into_iter()
        .map(|mut policy| {
            let score = kind.score(&scenario, policy.as_mut());
            // Knative's setting follows the promise; all of them are one policy.
            let name = policy.name();
            let policy = if name.starts_with("KPA") { "KPA".to_owned() } else { name };
            Played { policy, bad: score.bad_of_60(), pods: score.mean_pods }
        })
        .collect()
}

/// Guarantor, every setting of the HPA and of KEDA, Knative, and the clairvoyant.
fn policies(kind: &Kind, scenario: &Scenario, safe: f64, before: &Load) -> Vec<Box<dyn Policy>> {
    let settings = Settings {
        promise: LawPromise { latency: kind.k * WORK, good: GOOD, available: AVAILABLE },
        cores: 1.0,
        scrape: SCRAPE,
        bounds: scenario.plant.bounds.clone(),
        constants: Constants::default(),
    };
    let mut all: Vec<Box<dyn Policy>> = vec![Box::new(Guarantor::new(settings).knowing(before))];
    for target in (2..=9).map(|step| f64::from(step) / 10.0) {
        all.push(Box::new(Hpa::new(target, 1.0)));
    }
    for busy in (3..=8).map(|step| f64::from(step) / 10.0) {
        all.push(Box::new(Keda::new(busy / WORK, format!("{busy:.2}"))));
    }
    all.push(Box::new(Kpa::new(safe / (1.0 - safe) / AIM)));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let reach = (kind.start + 10.0 + SCRAPE).ceil() as usize;
    all.push(Box::new(Clairvoyant::new(&scenario.load, safe / WORK, reach, "")));
    all
}
