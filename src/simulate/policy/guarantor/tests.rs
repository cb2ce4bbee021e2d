//! The law as a floor under an HPA, against the same HPA alone: a service, a meter or a store that is another than the law was
//! made for must not hurt. No more bad minutes than without it, and one in sixty, and a bounded number of pods.

use super::*;
use crate::decide::law::Constants;
use crate::decide::law::Promise as Kept;
use crate::simulate::fault::Fault;
use crate::simulate::phases::Phases;
use crate::simulate::plant::PlantSpec;
use crate::simulate::policy::hpa::Hpa;
use crate::simulate::run::{Scenario, run};
use crate::simulate::score::{Promise, Score};

const PROMISE: Promise = Promise { latency: 0.5, good: 0.95, available: 0.999 };
/// The target of the HPA, and the CPU that a pod requests.
const TARGET: (f64, f64) = (0.5, 1.0);
/// Seconds between two raises, and from the last one until the floor comes down.
const PACE: (f64, f64) = (60.0, 300.0);
/// The most pods that are allowed.
const MOST: u32 = 60;

/// An HPA over a floor that is kept as the operator keeps it, but for the ladder.
struct Floored {
    hpa: Hpa,
    law: Guarantor,
    floor: u32,
    raised: f64,
    lowered: f64,
}

impl Floored {
    fn new(scenario: &Scenario) -> Self {
        let Promise { latency, good, available } = PROMISE;
        let settings = Settings {
            promise: Kept { latency, good, available },
            cores: 1.0,
            scrape: scenario.scrape,
            bounds: scenario.plant.bounds.clone(),
            constants: Constants::default(),
        };
        let (hpa, law) = (Hpa::new(TARGET.0, TARGET.1), Guarantor::new(settings));
        Self { hpa, law, floor: 0, raised: f64::NEG_INFINITY, lowered: f64::NEG_INFINITY }
    }
}

impl Policy for Floored {
    fn name(&self) -> String {
        "an HPA over a floor".to_owned()
    }

    fn decide(&mut self, view: &View<'_>) -> Order {
        let wanted = self.law.decide(view).replicas.filter(|_| self.law.law.doubt().is_none());
        let (cooldown, release) = PACE;
        if let Some(wanted) = wanted {
            let to = wanted.min(2 * view.ready()).min(MOST);
            if to > view.replicas.max(self.floor) && view.now - self.raised >= cooldown {
                (self.floor, self.raised) = (to, view.now);
            } else if wanted < self.floor && view.now - self.raised >= release && view.now - self.lowered >= 60.0 {
                (self.floor, self.lowered) = ((self.floor - (self.floor / 10).max(1)).max(wanted), view.now);
            }
        }
        let replicas = self.hpa.decide(view).replicas.unwrap_or(view.replicas);
        Order::replicas(replicas.max(self.floor))
    }
}

/// A load that doubles within some minutes, falls, and comes back.
fn scenario() -> Scenario {
    let rate = |second: u32| match second {
        0..600 => 40.0,
        600..900 => 40.0 + f64::from(second - 600) * 0.15,
        900..1500 => 85.0,
        1500..1800 => 50.0,
        _ => 75.0,
    };
    Scenario {
        load: Load::new((0..2400).map(rate).collect()).unwrap(),
        lead_in: 0,
        plant: PlantSpec { start: 60.0, ..PlantSpec::default() },
        faults: Vec::new(),
        scrape: 15.0,
        phases: Phases::default(),
        replicas: 5,
        bounds: (1, MOST),
        seed: 11,
    }
}

/// The HPA alone, and over the floor.
fn both(scenario: &Scenario) -> [Score; 2] {
    let alone = run(scenario, &mut Hpa::new(TARGET.0, TARGET.1)).unwrap();
    let floored = run(scenario, &mut Floored::new(scenario)).unwrap();
    [alone.score(PROMISE), floored.score(PROMISE)]
}

#[test]
fn what_the_law_does_not_know_does_not_hurt() {
    type Change = fn(&mut Scenario);
    let cases: [(&str, Change); 15] = [
        ("as it is", |_| {}),
        ("half the work", |s| s.plant.service_time /= 2.0),
        ("twice the work", |s| s.plant.service_time *= 2.0),
        ("half the work from then on", |s| s.faults.push(Fault::ServiceTime { at: 1000.0, factor: 0.5 })),
        ("twice the work from then on", |s| s.faults.push(Fault::ServiceTime { at: 1000.0, factor: 2.0 })),
        ("a meter that reads half", |s| s.plant.cpu_meter = 0.5),
        ("a meter that reads twice", |s| s.plant.cpu_meter = 2.0),
        ("half the start", |s| s.plant.start /= 2.0),
        ("twice the start", |s| s.plant.start *= 2.0),
        ("half the spread", |s| s.plant.sigma /= 2.0),
        ("twice the spread", |s| s.plant.sigma *= 2.0),
        ("noise in blocks of ten seconds", |s| {
            let noise = |second: usize| match second / 10 % 5 {
                0 => 0.9,
                1 => 1.1,
                2 => 1.0,
                3 => 0.85,
                _ => 1.15,
            };
            let rate = |second: usize| s.load.rate(second) * noise(second);
            s.load = Load::new((0..s.load.seconds()).map(rate).collect()).unwrap();
        }),
        ("scrapes twice a minute", |s| s.scrape = 30.0),
        ("scrapes each minute", |s| s.scrape = 60.0),
        ("a gap in the scrapes", |s| {
            s.scrape = 30.0;
            s.faults.push(Fault::ScrapeGap { at: 700.0, lasts: 300.0 });
        }),
    ];
    for (what, change) in cases {
        let mut scenario = scenario();
        change(&mut scenario);
        let [alone, floored] = both(&scenario);
        let figures = format!(
            "{what}: {:.1} bad of 60 with {:.1} pods alone, {:.1} with {:.1} over the floor",
            alone.bad_of_60(),
            alone.mean_pods,
            floored.bad_of_60(),
            floored.mean_pods
        );
        assert!(floored.bad_of_60() <= alone.bad_of_60() + 1.0, "{figures}");
        // Where the HPA alone does well, a few pods more; where it does not, no more than it takes.
        let most = if alone.bad_minutes > 0 { 1.75 } else { 1.2 };
        assert!(floored.mean_pods <= alone.mean_pods * most, "{figures}");
    }
}
