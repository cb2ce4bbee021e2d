//! The plant against queueing theory, and a run against itself.

use super::fault::Fault;
use super::load::Load;
use super::phases::Phases;
use super::plant::{Balancing, Cold, PlantSpec};
use super::policy::fixed::Fixed;
use super::policy::hpa::Hpa;
use super::policy::{Order, Policy};
use super::run::{Outcome, Scenario, run};
use super::score::{Promise, Score};
use super::view::{Scrape, View};

const PROMISE: Promise = Promise { latency: 0.5, good: 0.95, available: 0.999 };

fn scenario(rate: f64, seconds: usize, replicas: u32) -> Scenario {
    Scenario {
        load: Load::new(vec![rate; seconds]).unwrap(),
        lead_in: 0,
        plant: PlantSpec::default(),
        faults: Vec::new(),
        scrape: 15.0,
        phases: Phases::default(),
        replicas,
        bounds: (1, 100),
        seed: 7,
    }
}

fn fixed(scenario: &Scenario) -> Outcome {
    run(scenario, &mut Fixed(scenario.replicas)).unwrap()
}

/// As many pods as there are at first, and every scrape.
#[derive(Default)]
struct Seen(Vec<Scrape>);

impl Policy for Seen {
    fn name(&self) -> String {
        "seen".to_owned()
    }
    fn decide(&mut self, view: &View<'_>) -> Order {
        let last = self.0.last().map_or(0.0, |scrape| scrape.at);
        self.0.extend(view.scrapes.iter().filter(|scrape| scrape.at > last).cloned());
        Order::default()
    }
}

/// M/G/1 processor sharing: a pod busy to 0.7 has 0.7 / 0.3 requests in flight on average, whatever the spread of the work.
#[test]
fn a_pod_is_the_queue_of_the_books() {
    let mut seen = Seen::default();
    let outcome = run(&scenario(140.0, 7200, 10), &mut seen).unwrap();
    let in_flight: usize = seen.0.iter().map(|scrape| scrape.in_flight).sum();
    let (samples, last) = (u32::try_from(seen.0.len()).unwrap(), seen.0.last().unwrap());
    let mean = f64::from(u32::try_from(in_flight).unwrap()) / f64::from(samples) / 10.0;
    assert!((mean / (0.7 / 0.3) - 1.0).abs() < 0.05, "{mean}");
    assert!((last.cpu_seconds / (140.0 * 0.05 * last.at) - 1.0).abs() < 0.01);
    assert!((outcome.pod_seconds - 10.0 * 7200.0).abs() < 1e-6);
}

#[test]
fn the_emptier_of_two_pods_is_much_better_than_any() {
    let slow = |balancing| {
        let mut scenario = scenario(150.0, 1800, 10);
        scenario.plant.balancing = balancing;
        fixed(&scenario).score(PROMISE).bad
    };
    let (random, two, turns) =
        (slow(Balancing::Random), slow(Balancing::PowerOfTwoChoices), slow(Balancing::RoundRobin));
    assert!(two * 10 < random, "{two} {random}");
    assert!(turns < random, "{turns} {random}");
}

#[test]
fn equal_seeds_give_equal_runs_and_others_do_not() {
    let scenario = scenario(120.0, 900, 8);
    let play = |seed| {
        let outcome = run(&Scenario { seed, ..scenario.clone() }, &mut Hpa::new(0.6, 1.0)).unwrap();
        (outcome.minutes, outcome.replicas, outcome.pod_seconds.to_bits())
    };
    assert_eq!(play(7), play(7));
    assert_ne!(play(7), play(8));
}

/// What happens at a fixed distance begins where its phase says, and keeps its distance.
#[test]
fn scrapes_and_decisions_have_their_phases() {
    struct Asked(Seen, Vec<f64>, Vec<f64>);
    impl Policy for Asked {
        fn name(&self) -> String {
            "asked".to_owned()
        }
        fn rounds(&self) -> Option<f64> {
            Some(20.0)
        }
        fn decide(&mut self, view: &View<'_>) -> Order {
            self.1.push(view.now);
            self.0.decide(view)
        }
        fn watch(&mut self, view: &View<'_>) -> Order {
            self.2.push(view.now);
            Order::default()
        }
    }
    let begun = |phases| {
        let mut asked = Asked(Seen::default(), Vec::new(), Vec::new());
        run(&Scenario { phases, ..scenario(10.0, 60, 1) }, &mut asked).unwrap();
        let scraped: Vec<f64> = asked.0.0.iter().map(|scrape| scrape.at).collect();
        (scraped, asked.1, asked.2[..2].to_vec())
    };
    let soonest = (vec![15.0, 30.0, 45.0], vec![16.0, 31.0, 46.0], vec![1.0, 2.0]);
    assert_eq!(begun(Phases::default()), soonest);
    let phases = Phases { scrape: 0.2, decide: 0.4, pulse: 0.5, ..Phases::default() };
    assert_eq!(begun(phases), (vec![18.0, 33.0, 48.0], vec![22.0, 37.0, 52.0], vec![11.0, 12.0]));
}

/// What was played before is not judged, and the run is no other for it.
#[test]
fn a_lead_in_is_played_and_not_judged() {
    let whole =
        Scenario { load: Load::new([vec![150.0; 600], vec![100.0; 900]].concat()).unwrap(), ..scenario(0.0, 0, 8) };
    let play = |scenario: &Scenario| run(scenario, &mut Hpa::new(0.6, 1.0)).unwrap();
    let (all, judged) = (play(&whole), play(&Scenario { lead_in: 10, ..whole.clone() }));
    assert_eq!(judged.minutes, all.minutes[10..]);
    assert_eq!(judged.seconds.to_bits(), 900.0_f64.to_bits());
    let at = |outcome: &Outcome, second: f64| outcome.replicas.iter().rev().find(|(at, _)| *at <= second).unwrap().1;
    for second in [0.0, 100.0, 450.0, 899.0] {
        assert_eq!(at(&judged, second), at(&all, second + 600.0), "{second}");
    }
    assert!(judged.replicas.iter().skip(1).all(|(at, _)| *at > 0.0) && judged.replicas.len() > 1);
    let fixed = |lead_in| run(&Scenario { lead_in, ..whole.clone() }, &mut Fixed(8)).unwrap();
    assert!((fixed(10).pod_seconds - 8.0 * 900.0).abs() < 1e-6, "{}", fixed(10).pod_seconds);
    assert!((fixed(0).pod_seconds - 8.0 * 1500.0).abs() < 1e-6);
}

/// Every request is counted once, whatever happens to it.
#[test]
fn no_request_is_lost_in_a_fault() {
    let quiet = fixed(&scenario(100.0, 1200, 10)).score(PROMISE);
    for fault in [
        Fault::NodeCrash { at: 300.0, node: 0 },
        Fault::GrayNode { at: 300.0, node: 0, speed: 0.25 },
        Fault::BadRevision { at: 300.0, errors: 0.05, lasts: 600.0 },
        Fault::ScrapeGap { at: 300.0, lasts: 300.0 },
    ] {
        let mut scenario = scenario(100.0, 1200, 10);
        scenario.faults.push(fault);
        let score: Score = fixed(&scenario).score(PROMISE);
        // What is in flight at the end is not counted yet.
        assert!(score.requests.abs_diff(quiet.requests) < 700, "{fault:?}: {} {}", score.requests, quiet.requests);
        let harmless = matches!(fault, Fault::ScrapeGap { .. });
        assert_eq!(score.bad_minutes == quiet.bad_minutes, harmless, "{fault:?}: {}", score.bad_minutes);
    }
}

/// A pod or node that is gone cannot go wrong, and whoever asked for it is to know.
#[test]
fn a_fault_that_strikes_nothing_is_told() {
    struct Fewer;
    impl Policy for Fewer {
        fn name(&self) -> String {
            "fewer".to_owned()
        }
        fn decide(&mut self, _: &View<'_>) -> Order {
            Order::replicas(5)
        }
    }
    let mut scenario = scenario(20.0, 900, 10);
    scenario.faults = vec![
        Fault::SlowPod { at: 600.0, pod: 9, speed: 0.5 },
        Fault::SlowPod { at: 600.0, pod: 0, speed: 0.5 },
        Fault::PodCrash { at: 600.0, pod: 9 },
        Fault::GrayNode { at: 600.0, node: 1, speed: 0.5 },
        Fault::NodeCrash { at: 600.0, node: 1 },
        Fault::ServiceTime { at: 600.0, factor: 2.0 },
    ];
    assert_eq!(run(&scenario, &mut Fewer).unwrap().struck_nothing, [0, 2, 3, 4]);
    assert_eq!(fixed(&scenario).struck_nothing, [0_usize; 0]);
    // What has crashed does not crash again before it is back.
    scenario.faults = vec![
        Fault::NodeCrash { at: 600.0, node: 1 },
        Fault::NodeCrash { at: 630.0, node: 1 },
        Fault::PodCrash { at: 600.0, pod: 0 },
        Fault::PodCrash { at: 610.0, pod: 0 },
    ];
    assert_eq!(fixed(&scenario).struck_nothing, [3, 1]);
}

/// One after the other takes of what the one before left.
#[test]
fn costlier_requests_may_become_costlier_still() {
    let bad = |factors: &[f64]| {
        let mut scenario = scenario(80.0, 900, 10);
        scenario.faults = factors.iter().map(|factor| Fault::ServiceTime { at: 300.0, factor: *factor }).collect();
        fixed(&scenario).score(PROMISE).bad
    };
    assert_eq!(bad(&[1.5, 1.5]), bad(&[2.25]));
    assert!(bad(&[1.5]) < bad(&[2.25]));
}

#[test]
fn pods_that_are_cold_at_first_are_slow_for_a_while() {
    let bad = |cold| {
        let mut scenario = scenario(80.0, 1200, 8);
        scenario.faults.push(Fault::Rollout { at: 300.0 });
        scenario.plant.cold = cold;
        fixed(&scenario).score(PROMISE).bad
    };
    let (warm, cold) = (bad(None), bad(Some(Cold { speed: 0.4, lasts: 60.0 })));
    assert!(cold > 2 * warm.max(10), "{cold} {warm}");
}

#[test]
fn a_scrape_gap_is_seen_as_one() {
    let mut scenario = scenario(10.0, 900, 2);
    scenario.faults.push(Fault::ScrapeGap { at: 300.0, lasts: 300.0 });
    let mut seen = Seen::default();
    run(&scenario, &mut seen).unwrap();
    let longest = seen.0.windows(2).map(|pair| pair[1].at - pair[0].at).fold(0.0, f64::max);
    assert!((longest - 315.0).abs() < 16.0, "{longest}");
}

#[test]
fn a_plant_that_cannot_be_is_refused_by_name() {
    let mut scenario = scenario(10.0, 60, 2);
    scenario.plant.service_time = 0.0;
    let error = run(&scenario, &mut Fixed(2)).unwrap_err().to_string();
    assert!(error.starts_with("service_time"), "{error}");
}
