//! What goes wrong with a service, and what comes of it: under an HPA alone, and with the operator over the same HPA.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use guarantor::api::agreement::AgreementSpec;
use guarantor::api::enforcement_status::Verb;
use guarantor::simulate::fault::Fault;
use guarantor::simulate::operator::{Known, Operator, Place};
use guarantor::simulate::phases::Phases;
use guarantor::simulate::plant::PlantSpec;
use guarantor::simulate::policy::Policy;
use guarantor::simulate::policy::hpa::Hpa;
use guarantor::simulate::run::{Outcome, Scenario, run};
use guarantor::simulate::score::Promise;
use serde_json::json;

use crate::pieces::{Piece, pieces};

/// Mean work of a request in core-seconds; a pod has one core.
const WORK: f64 = 0.05;
/// The CPU target of the HPA.
const TARGET: f64 = 0.6;
/// The fewest and most replicas.
const BOUNDS: (u32, u32) = (4, 60);
/// When it goes wrong, in seconds.
const ONSET: f64 = 1800.0;
/// A run begins with a period and ends with it.
const PERIOD_ENDS: f64 = 3600.0;
const PROMISE: Promise = Promise { latency: 0.5, good: 0.95, available: 0.999 };

/// What goes wrong, the goal in bad minutes of 60, and the verbs that are right.
type Case = (&'static str, Option<Fault>, &'static str, &'static [Verb]);

const CASES: [Case; 4] = [
    ("nothing", None, "", &[]),
    (
        "gray node",
        Some(Fault::GrayNode { at: ONSET, node: 0, speed: 0.25 }),
        "2",
        &[Verb::AvoidNode, Verb::ReleaseNode, Verb::Surge, Verb::Reschedule],
    ),
    (
        "bad revision",
        Some(Fault::BadRevision { at: ONSET, errors: 0.05, lasts: 1800.0 }),
        "3",
        &[Verb::PauseRollout, Verb::RollBack, Verb::ReleaseRollout],
    ),
    // For 40 s nobody can tell it from one that is sick.
    (
        "node crash",
        Some(Fault::NodeCrash { at: ONSET, node: 0 }),
        "1",
        &[Verb::RaiseFloor, Verb::Surge, Verb::AvoidNode, Verb::ReleaseNode],
    ),
];
/// What is right in any danger, and after it.
const ALWAYS: [Verb; 3] = [Verb::FreezeScaleDown, Verb::LowerFloor, Verb::Restore];

/// Every case with so many seeds, as a table.
pub fn report(seeds: u64) -> String {
    let piece = pieces().into_iter().next().unwrap();
    let mut text = format!(
        "| fault at minute 30, seeds: {seeds} | HPA {TARGET:.1} alone | with the operator | goal | wrong verbs | what it did |\n|---|---|---|---|---|---|\n"
    );
    for (name, fault, goal, right) in CASES {
        let (mut alone, mut kept, mut wrong, mut done) = (Vec::new(), Vec::new(), 0, BTreeMap::new());
        for seed in 1..=seeds {
            let scenario = scenario(&piece, fault, seed);
            let outcome = run(&scenario, &mut Hpa::new(TARGET, 1.0)).unwrap();
            alone.push(bad(&outcome));
            let mut operator = operator(&scenario);
            kept.push(bad(&run(&scenario, &mut operator).unwrap()));
            let from = if fault.is_some() { ONSET } else { 0.0 };
            let mut moved = 0;
            for deed in operator.deeds().iter().filter(|deed| deed.at >= from) {
                if deed.words.contains("ahead of the load") || ALWAYS.contains(&deed.verb) {
                    continue;
                }
                moved += usize::from(deed.verb == Verb::Reschedule);
                let steers = matches!(deed.verb, Verb::AvoidNode | Verb::ReleaseNode);
                // Every fault that is a node's is that of the first, which has five pods.
                let is_right = right.contains(&deed.verb) && (!steers || deed.target == "node-0") && moved <= 5;
                wrong += usize::from(!is_right);
                *done.entry(format!("{:?}", deed.verb)).or_insert(0) += 1;
            }
        }
        let done: Vec<String> = done.iter().map(|(verb, times)| format!("{times} {verb}")).collect();
        let (alone, kept) = (spread(&alone), spread(&kept));
        writeln!(text, "| {name} | {alone} | {kept} | {goal} | {wrong} | {} |", done.join(", ")).unwrap();
    }
    text
}

fn scenario(piece: &Piece, fault: Option<Fault>, seed: u64) -> Scenario {
    let plant = PlantSpec { service_time: WORK, start: 35.0, start_spread: 20.0, ..PlantSpec::default() };
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let replicas = ((piece.load.rate(0) * WORK / TARGET).ceil() as u32).max(BOUNDS.0);
    let (load, faults) = (piece.load.clone(), fault.into_iter().collect());
    let phases = Phases::drawn(seed);
    Scenario { load, lead_in: 0, plant, faults, scrape: 15.0, phases, replicas, bounds: BOUNDS, seed }
}

fn operator(scenario: &Scenario) -> Operator {
    let count = |pods: u32| i32::try_from(pods).unwrap();
    #[allow(clippy::cast_possible_truncation)]
    let cpu_target = Some((TARGET * 100.0).round() as i32);
    let place = Place {
        floor: count(BOUNDS.0),
        most: Some(count(BOUNDS.1)),
        millicores: 1000,
        start: scenario.plant.start,
        cpu_target,
    };
    let beside: Box<dyn Policy> = Box::new(Hpa::new(TARGET, 1.0));
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let rate = (scenario.load.rate(0).round() as u32).max(1);
    let known = Known { good_for: 0, rate, bounds: &scenario.plant.bounds, period_ends: &[PERIOD_ENDS] };
    Operator::new(agreement(), beside, place, &known).unwrap()
}

fn bad(outcome: &Outcome) -> f64 {
    outcome.score(PROMISE).bad_of_60()
}

/// The median, the least and the most.
fn spread(bad: &[f64]) -> String {
    let mut bad = bad.to_vec();
    bad.sort_by(f64::total_cmp);
    let [least, .., most] = bad.as_slice() else { return format!("{:.0}", bad.first().unwrap()) };
    format!("{:.0} ({least:.0} to {most:.0})", bad.get(bad.len() / 2).unwrap())
}

/// The promise, kept for an hour at a time, in which everything is allowed that helps against these.
fn agreement() -> AgreementSpec {
    let ratio = json!({
        "bad": "sum(increase(http_requests_total{code=~\"5..\"}[$slot]))",
        "total": "sum(increase(http_requests_total[$slot]))",
    });
    let latency = json!({"histogram": "http_request_duration_seconds", "threshold": "500ms"});
    serde_json::from_value(json!({
        "service": {
            "name": "web",
            "workloads": [{"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}],
        },
        "metrics": {"sourceRef": {"name": "main"}, "slot": "10s"},
        "period": {"rolling": "1h"},
        "objectives": [
            {"name": "availability", "indicator": {"ratio": ratio}, "target": "99.9"},
            {"name": "latency", "indicator": {"latency": latency}, "target": "95"},
        ],
        "enforcement": {
            "mode": "Enforce",
            "scale": {"min": BOUNDS.0, "max": BOUNDS.1},
            "rollback": {},
            "reschedule": {"perDay": 24, "avoidNode": {}},
            "capacity": {
                "mode": "Floor", "objective": "latency", "availability": "availability",
                "cpu": "container_cpu_usage_seconds_total{pod=~\"web-.*\"}",
            },
        },
    }))
    .unwrap()
}
