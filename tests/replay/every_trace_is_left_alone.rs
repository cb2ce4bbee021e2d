//! Where nothing is wrong with any part of the service, no part of it is touched: replicas are all that is ever held or added,
//! also where the load endangers the objectives, and all verbs are allowed. No pod is evicted or resized, and a rollout that is
//! as good as what was before it is neither paused nor undone.
//!
//! Beside an autoscaler that goes by the CPU no pod is resized anyway; where nobody scales the service it could be. Of a
//! trace of two weeks three hours are played each time, and all of it where somebody asks for that: see
//! [`two_whole_weeks_are_left_alone`].

use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::Verb;
use guarantor::simulate::fault::Fault;
use guarantor::simulate::load::Load;
use guarantor::simulate::plant::{Cold, PlantSpec};
use guarantor::simulate::queue::Limits;

use crate::stage::{Beside, Play, Played, agreement, plant, play, pods};
use crate::traces::{self, of_mean, of_peak};

/// What concerns the replicas as a whole.
const REPLICAS: [Verb; 4] = [Verb::FreezeScaleDown, Verb::RaiseFloor, Verb::LowerFloor, Verb::Restore];
/// Requests per second in the mean of a trace.
const MEAN: f64 = 60.0;

/// Plays these traces, where nothing else may be done than this; gives the runs.
fn left_alone(
    what: &str,
    allowed: &[Verb],
    traces: Vec<(String, Load)>,
    stage: impl Fn(&Load, u64) -> Play,
) -> Vec<Played> {
    let (mut runs, mut faults) = (Vec::new(), Vec::new());
    for (seed, (name, load)) in (1..).zip(traces) {
        let played = play(&stage(&load, seed));
        let score = played.score();
        println!(
            "{what}, {name}: {} bad of {} minutes, {} looks at a danger, {:?}",
            score.bad_minutes,
            score.minutes,
            played.operator.findings().len(),
            played.verbs()
        );
        let others = played.others_than(allowed);
        if !others.is_empty() {
            faults.push(format!("{name}: {}\n{}", others.join("\n"), played.course()));
        }
        runs.push(played);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    // Otherwise nothing was tried.
    assert!(runs.iter().any(|played| !played.operator.findings().is_empty()), "{what}: no danger");
    runs
}

/// In the middle of the trace another revision is rolled out, which is as good.
fn with_a_rollout(load: &Load, target: f64, seed: u64) -> Play {
    let load = of_mean(load, MEAN);
    let faults = vec![Fault::Rollout { at: load.seconds() as f64 / 2.0 }];
    Play { faults, ..Play::new(load, target, seed) }
}

#[test]
#[ignore = "two weeks of a load take many minutes; run by hand: cargo test --release --test replay -- --ignored"]
fn two_whole_weeks_are_left_alone() {
    left_alone("HPA 0.50", &REPLICAS, traces::two_weeks(), |load, seed| with_a_rollout(load, 0.5, seed));
}

#[test]
fn beside_an_autoscaler_that_is_tuned_well_and_with_pods_that_are_cold_at_first() {
    let cold = Some(Cold { speed: 0.7, lasts: 15.0 });
    left_alone("HPA 0.50", &REPLICAS, traces::all(), |load, seed| Play {
        plant: PlantSpec { cold, ..plant() },
        ..with_a_rollout(load, 0.5, seed)
    });
}

/// Pods this near to their limit have long queues, by which one of them is taken for sick once in a while: it gets a replica
/// beside it, and is not evicted, as the next look tells it from the others no more.
#[test]
fn beside_an_autoscaler_that_leaves_little_to_spare() {
    let allowed = [&REPLICAS[..], &[Verb::Surge]].concat();
    let runs = left_alone("HPA 0.85", &allowed, traces::all(), |load, seed| with_a_rollout(load, 0.85, seed));
    let surges = runs.iter().flat_map(Played::verbs).filter(|(verb, _)| *verb == Verb::Surge);
    let (surges, minutes) = (surges.map(|(_, times)| times).sum::<usize>(), runs.iter().map(|run| run.score().minutes));
    // Once in half a day of such a load is what a person on call would bear.
    let half_days = minutes.sum::<u32>() as usize / (12 * 60);
    assert!(surges <= half_days, "such a pod is named too often: {surges} times in {half_days} half days");
}

/// As many pods as the busiest minute keeps busy to six tenths, under a limit of a core that holds them back in some periods,
/// and a promise that is broken now and then all the same: each pod could be resized, and none is throttled enough for that.
/// No rollout takes pods away meanwhile, by which the others would be throttled indeed.
#[test]
fn where_a_cpu_limit_is_wide_enough() {
    const WORK: f64 = 0.02;
    const PODS: f64 = 8.0;
    const BUSY: f64 = 0.6;
    let runs = left_alone("limit", &REPLICAS, traces::all(), |load, seed| {
        let usual = PlantSpec::default();
        let limits = Limits { limited: true, ..usual.limits };
        Play {
            plant: PlantSpec { service_time: WORK, limits, ..usual },
            agreement: agreement("100ms"),
            beside: Beside::Nobody,
            pods: pods(PODS * BUSY, BUSY),
            ..Play::new(of_peak(load, PODS * BUSY / WORK), BUSY, seed)
        }
    });
    let asked = runs.iter().flat_map(|played| played.operator.findings()).filter(|found| {
        found
            .ruled_out
            .iter()
            .any(|(cause, why)| *cause == CauseKind::Saturation && why.contains("CPU limit throttles"))
    });
    assert!(asked.count() > 0, "whether pods are throttled was not known at any look");
}
