//! The service, its agreement, and a run of the operator beside what scales the service.

use guarantor::api::agreement::AgreementSpec;
use guarantor::api::enforcement_status::Verb;
use guarantor::simulate::fault::Fault;
use guarantor::simulate::load::Load;
use guarantor::simulate::operator::{Known, Operator, Place};
use guarantor::simulate::phases::Phases;
use guarantor::simulate::plant::PlantSpec;
use guarantor::simulate::policy::Policy;
use guarantor::simulate::policy::fixed::Fixed;
use guarantor::simulate::policy::hpa::Hpa;
use guarantor::simulate::run::{Outcome, Scenario, run};
use guarantor::simulate::score::{Promise, Score};
use serde_json::json;

/// Work of a request in core-seconds, and how many of them a pod can do in a second.
pub const WORK: f64 = 0.1;
/// What a request may take.
const LATENCY: f64 = 1.0;
pub const PROMISE: Promise = Promise { latency: LATENCY, good: 0.95, available: 0.999 };
/// Fewest and most pods.
/// The seconds until the period ends, which has 30 days and began six hours before.
const PERIOD_ENDS: f64 = 30.0 * 86_400.0 - 21_600.0;
pub const BOUNDS: (u32, u32) = (4, 60);

/// Who scales the service beside the operator.
#[derive(Clone, Copy)]
pub enum Beside {
    /// An autoscaler that aims at this share of a pod's core.
    Hpa(f64),
    /// Nobody: there are as many pods as at the beginning, or as the operator says.
    Nobody,
}

/// What a run is.
#[derive(Clone)]
pub struct Play {
    pub plant: PlantSpec,
    pub agreement: AgreementSpec,
    pub load: Load,
    pub faults: Vec<Fault>,
    pub beside: Beside,
    /// Pods at the beginning.
    pub pods: u32,
    pub seed: u64,
}

impl Play {
    /// The usual service under a load, beside an autoscaler with this target.
    pub fn new(load: Load, target: f64, seed: u64) -> Self {
        Self {
            plant: plant(),
            agreement: agreement("1s"),
            faults: Vec::new(),
            beside: Beside::Hpa(target),
            pods: pods(load.rate(0) * WORK, target),
            load,
            seed,
        }
    }
}

/// A run, and who played it.
pub struct Played {
    pub outcome: Outcome,
    pub operator: Operator,
}

impl Played {
    pub fn score(&self) -> Score {
        self.outcome.score(PROMISE)
    }

    /// How often each verb was done, in order of the first time.
    pub fn verbs(&self) -> Vec<(Verb, usize)> {
        let mut verbs: Vec<(Verb, usize)> = Vec::new();
        for deed in self.operator.deeds() {
            match verbs.iter_mut().find(|(verb, _)| *verb == deed.verb) {
                Some((_, times)) => *times += 1,
                None => verbs.push((deed.verb, 1)),
            }
        }
        verbs
    }

    /// What was done other than this, in words.
    pub fn others_than(&self, allowed: &[Verb]) -> Vec<String> {
        let others = self.operator.deeds().iter().filter(|deed| !allowed.contains(&deed.verb));
        others.map(|deed| format!("{:.0} s: {:?} {}: {}", deed.at, deed.verb, deed.target, deed.words)).collect()
    }

    /// All that was found and done, to be read when something is wrong.
    pub fn course(&self) -> String {
        let found = self.operator.findings().iter().map(|found| {
            let ruled_out = found.ruled_out.iter().map(|(cause, why)| format!("\n    not {cause:?}: {why}"));
            let ruled_out: String = ruled_out.collect();
            (found.at, format!("{:.0} s: {:?}, {}: {}{ruled_out}", found.at, found.cause, found.reason, found.words))
        });
        let done =
            self.operator.deeds().iter().map(|deed| (deed.at, format!("{:.0} s: DONE {:?}", deed.at, deed.verb)));
        let mut lines: Vec<(f64, String)> = found.chain(done).collect();
        lines.sort_by(|(a, _), (b, _)| a.total_cmp(b));
        lines.into_iter().map(|(_, line)| line + "\n").collect()
    }
}

/// Plays it.
pub fn play(play: &Play) -> Played {
    let rate = (play.load.rate(0).round() as u32).max(1);
    let beside: Box<dyn Policy> = match play.beside {
        Beside::Hpa(target) => Box::new(Hpa::new(target, 1.0)),
        Beside::Nobody => Box::new(Fixed(play.pods)),
    };
    let start = play.plant.start;
    let place = match play.beside {
        Beside::Hpa(target) => Place {
            floor: BOUNDS.0 as i32,
            most: Some(BOUNDS.1 as i32),
            millicores: 1000,
            start,
            cpu_target: Some((target * 100.0).round() as i32),
        },
        Beside::Nobody => Place { floor: play.pods as i32, most: None, millicores: 1000, start, cpu_target: None },
    };
    let known = Known { good_for: 21_600, rate, bounds: &play.plant.bounds, period_ends: &[PERIOD_ENDS] };
    let mut operator = Operator::new(play.agreement.clone(), beside, place, &known).unwrap();
    let scenario = Scenario {
        load: play.load.clone(),
        lead_in: 0,
        plant: play.plant.clone(),
        faults: play.faults.clone(),
        scrape: 15.0,
        phases: Phases::drawn(play.seed),
        replicas: play.pods,
        bounds: BOUNDS,
        seed: play.seed,
    };
    let outcome = run(&scenario, &mut operator).unwrap();
    Played { outcome, operator }
}

/// The usual service.
pub fn plant() -> PlantSpec {
    PlantSpec { service_time: WORK, ..PlantSpec::default() }
}

/// As many pods of one core as are busy to this share by so many core-seconds of work a second.
pub fn pods(work: f64, busy: f64) -> u32 {
    ((work / busy).ceil() as u32).max(BOUNDS.0)
}

/// 99.9 % of requests answered, 99.5 % of the minutes such that 95 % of them are within the threshold, and every verb allowed.
pub fn agreement(threshold: &str) -> AgreementSpec {
    serde_json::from_value(json!({
        "service": {
            "name": "web",
            "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
        },
        "metrics": {"sourceRef": {"name": "main"}, "slot": "1m"},
        "period": {"rolling": "30d"},
        "objectives": [
            {
                "name": "availability",
                "indicator": {"ratio": {
                    "bad": "sum(increase(http_requests_total{code=~\"5..\"}[$slot]))",
                    "total": "sum(increase(http_requests_total[$slot]))",
                }},
                "target": "99.9",
            },
            {
                "name": "latency",
                "indicator": {"latency": {"histogram": "http_request_duration_seconds", "threshold": threshold}},
                "measurement": {
                    "method": "BadMinutes", "badWhen": {"errorRateAbove": "5"}, "minimumConsecutive": "1m",
                    "minimumEvents": 100,
                },
                "target": "99.5",
            },
        ],
        "enforcement": {
            "mode": "Enforce",
            "scale": {"min": BOUNDS.0, "max": BOUNDS.1},
            "rollback": {},
            "reschedule": {"perDay": 24, "avoidNode": {}},
            "shed": {"configMap": "web", "key": "shed", "value": "on", "automatic": true},
            "resize": {"maxCpu": "2"},
            "capacity": {
                "objective": "latency", "availability": "availability",
                "cpu": "container_cpu_usage_seconds_total{pod=~\"web-.*\"}",
            },
        },
    }))
    .unwrap()
}
