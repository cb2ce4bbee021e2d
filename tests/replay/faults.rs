//! Each fault under several seeds: what has to be done about it is done, and nothing else is.

use guarantor::api::diagnosis::CauseKind;
use guarantor::api::enforcement_status::Verb;
use guarantor::simulate::fault::Fault;
use guarantor::simulate::load::Load;
use guarantor::simulate::plant::PlantSpec;
use guarantor::simulate::queue::Limits;

use crate::stage::{Play, Played, plant, play};

/// When a fault strikes, in seconds: the operator has warmed up, and pods are old enough to be moved.
const ONSET: f64 = 900.0;
/// How long a run lasts, in seconds.
const LASTS: usize = 2700;
/// Requests per second, and how busy pods are at that.
const RATE: f64 = 120.0;
const BUSY: f64 = 0.5;
const SEEDS: u64 = 10;

/// Keeps what there is, and gives it back.
const KEEPS: [Verb; 3] = [Verb::FreezeScaleDown, Verb::LowerFloor, Verb::Restore];

struct Story<'a> {
    name: &'a str,
    plant: PlantSpec,
    faults: Vec<Fault>,
    load: Load,
    /// Bad minutes in the mean of the seeds, at most.
    bad: f64,
    /// What is done in every run.
    required: &'a [Verb],
    /// What may be done beside, other than to keep what there is.
    beside: &'a [Verb],
}

impl Story<'_> {
    fn allows(&self) -> Vec<Verb> {
        KEEPS.iter().chain(self.required).chain(self.beside).copied().collect()
    }
}

/// Plays a story with every seed, and prints a row; gives the runs.
fn told(story: &Story<'_>) -> Vec<Played> {
    let mut runs = Vec::new();
    let mut wrong = Vec::new();
    let mut bad = Vec::new();
    for seed in 1..=SEEDS {
        let faults = story.faults.clone();
        let played = play(&Play { plant: story.plant.clone(), faults, ..Play::new(story.load.clone(), BUSY, seed) });
        let others = played.others_than(&story.allows());
        let missing: Vec<Verb> = story
            .required
            .iter()
            .filter(|verb| played.verbs().iter().all(|(done, _)| done != *verb))
            .copied()
            .collect();
        if !others.is_empty() || !missing.is_empty() {
            wrong.push(format!("seed {seed}: wrong: {others:?}, missing: {missing:?}\n{}", played.course()));
        }
        bad.push(played.score().bad_minutes);
        runs.push(played);
    }
    let mean = f64::from(bad.iter().sum::<u32>()) / SEEDS as f64;
    let each: Vec<String> = runs.iter().map(|played| format!("{:?}", played.verbs())).collect();
    println!("{}: {mean:.1} bad minutes of {} ({bad:?})\n  {}", story.name, LASTS / 60, each.join("\n  "));
    assert!(wrong.is_empty(), "{}: {} of {SEEDS} runs\n{}", story.name, wrong.len(), wrong.join("\n"));
    assert!(mean <= story.bad, "{}: {mean} bad minutes, where {} are expected", story.name, story.bad);
    runs
}

fn steady(rate: f64) -> Load {
    Load::new(vec![rate; LASTS]).unwrap()
}

#[test]
fn a_slow_pod_is_moved() {
    told(&Story {
        name: "slow pod",
        plant: plant(),
        faults: vec![Fault::SlowPod { at: ONSET, pod: 3, speed: 0.15 }],
        load: steady(RATE),
        bad: 4.5,
        required: &[Verb::Surge, Verb::Reschedule],
        beside: &[],
    });
}

#[test]
fn the_pods_of_a_gray_node_are_moved() {
    told(&Story {
        name: "gray node",
        plant: plant(),
        faults: vec![Fault::GrayNode { at: ONSET, node: 0, speed: 0.25 }],
        load: steady(RATE),
        bad: 8.0,
        required: &[Verb::AvoidNode, Verb::Surge, Verb::Reschedule],
        beside: &[Verb::ReleaseNode],
    });
}

#[test]
fn a_bad_revision_is_undone() {
    told(&Story {
        name: "bad revision",
        plant: plant(),
        faults: vec![Fault::BadRevision { at: ONSET, errors: 0.05, lasts: 3600.0 }],
        load: steady(RATE),
        bad: 4.5,
        required: &[Verb::RollBack],
        beside: &[Verb::PauseRollout, Verb::ReleaseRollout],
    });
}

/// Half of the requests, so that it is harder to tell from chance.
#[test]
fn a_bad_revision_is_undone_where_little_is_asked() {
    told(&Story {
        name: "bad revision, little load",
        plant: plant(),
        faults: vec![Fault::BadRevision { at: ONSET, errors: 0.05, lasts: 3600.0 }],
        load: steady(RATE / 2.0),
        bad: 5.0,
        required: &[Verb::RollBack],
        beside: &[Verb::PauseRollout, Verb::ReleaseRollout],
    });
}

/// Until its controller has noticed, after 40 s, it cannot be told from one that is sick: new pods are kept off it, and others made
/// ready for those it has. Of these none is touched.
#[test]
fn a_node_that_crashes_is_left_to_its_controller() {
    told(&Story {
        name: "node crash",
        plant: plant(),
        faults: vec![Fault::NodeCrash { at: ONSET, node: 0 }],
        load: steady(RATE),
        bad: 1.5,
        required: &[],
        beside: &[Verb::RaiseFloor, Verb::AvoidNode, Verb::Surge, Verb::ReleaseNode],
    });
}

#[test]
fn a_pod_that_crashes_once_is_left_alone() {
    told(&Story {
        name: "pod crash",
        plant: plant(),
        faults: vec![Fault::PodCrash { at: ONSET, pod: 3 }],
        load: steady(RATE),
        bad: 0.5,
        required: &[],
        beside: &[],
    });
}

#[test]
fn more_load_is_met_with_replicas_alone() {
    let step = [vec![RATE; ONSET as usize], vec![RATE * 2.5; LASTS - ONSET as usize]].concat();
    told(&Story {
        name: "traffic step",
        plant: plant(),
        faults: Vec::new(),
        load: Load::new(step).unwrap(),
        bad: 1.5,
        required: &[],
        beside: &[Verb::RaiseFloor],
    });
}

/// The pods work as before, so that nothing tells it from a want of replicas: some are added, which do no good.
#[test]
fn a_slow_dependency_is_not_blamed_on_a_part() {
    told(&Story {
        name: "slow dependency",
        plant: plant(),
        faults: vec![Fault::SlowDependency { at: ONSET, wait: 1.0, lasts: 600.0 }],
        load: steady(RATE),
        bad: 10.5,
        required: &[],
        beside: &[Verb::RaiseFloor],
    });
}

/// The pods take sixteen requests at a time and turn the others away: their CPU is idle while all of these wait. Before that is
/// seen replicas may have been added.
#[test]
fn a_slow_dependency_that_leaves_the_pods_idle_is_named_and_gets_no_more_replicas() {
    // As long as what a request costs is to be known before.
    let onset = 2.0 * ONSET;
    let limits = Limits { capacity: 16, timeout: 30.0, ..plant().limits };
    let runs = told(&Story {
        name: "slow dependency, idle pods",
        plant: PlantSpec { limits, ..plant() },
        faults: vec![Fault::SlowDependency { at: onset, wait: 20.0, lasts: 600.0 }],
        load: steady(RATE),
        bad: 13.0,
        required: &[],
        beside: &[Verb::RaiseFloor],
    });
    for played in runs {
        let findings = played.operator.findings();
        let named = findings.iter().find(|found| found.cause == CauseKind::Dependency);
        assert!(named.is_some(), "the dependency was not named\n{}", played.course());
        let named = named.unwrap();
        assert!((onset..onset + 360.0).contains(&named.at), "named at {}\n{}", named.at, played.course());
        let raised = played.operator.deeds().iter().any(|deed| deed.verb == Verb::RaiseFloor && deed.at >= named.at);
        assert!(!raised, "replicas were added after it was named\n{}", played.course());
    }
}

#[test]
fn nothing_is_done_blindly() {
    let runs = told(&Story {
        name: "store gone",
        plant: plant(),
        faults: vec![
            Fault::ScrapeGap { at: ONSET, lasts: 600.0 },
            Fault::SlowPod { at: ONSET + 60.0, pod: 3, speed: 0.15 },
            Fault::SlowPod { at: ONSET + 570.0, pod: 3, speed: 1.0 },
        ],
        load: steady(RATE),
        bad: 9.5,
        required: &[],
        beside: &[],
    });
    let done: Vec<String> = runs.iter().flat_map(|played| played.others_than(&[])).collect();
    assert!(done.is_empty(), "{}", done.join("\n"));
}
