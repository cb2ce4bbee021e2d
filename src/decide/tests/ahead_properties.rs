//! The bound: whatever the samples say, what is asked for ahead of the load is never more than twice the pods that are ready
//! per cooldown, never above the agreement's maximum, and never asked for on old or partial samples.

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::fixture::{Scene, act, at, observation, pod, ratio, step};
use crate::api::enforcement::ScaleBounds;
use crate::api::enforcement_status::Verb;
use crate::decide::capacity::{CapacityLaw, Ground, Need, starts};
use crate::sense::counters::{CounterSample, Course, Warm};

const BOUNDS: [i64; 4] = [50_000, 250_000, 1_000_000, 5_000_000];
/// Seconds from one look to the next.
const LOOK: i64 = 60;

/// What the store has of a step.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// Nothing.
    Gap,
    /// The counters fell to this.
    Reset(i64),
    /// So much was counted since the step before: requests, the share that failed and that was late in percent, core-seconds
    /// of a request in thousandths, and the share of the pods that were sampled, and of those that are warm.
    Counted { requests: i64, failed: i64, late: i64, work: i64, sampled: u32, warm: u32, in_flight: i64 },
}

fn step_of_a_store() -> impl Strategy<Value = Step> {
    let work = prop_oneof![Just(1_i64), Just(20), Just(1000), 0..100_000_i64];
    let requests = prop_oneof![Just(0_i64), 0..3000_i64, 0..1_000_000_i64];
    let counted = (requests, 0..=100_i64, 0..=100_i64, work, 0..=400_u32, 0..=100_u32, 0..10_000_i64).prop_map(
        |(requests, failed, late, work, sampled, warm, in_flight)| {
            // A service that does well most of the time: otherwise nothing is ever asked for.
            let seldom = |share: i64| if share > 90 { share } else { 0 };
            let sampled = if sampled > 200 { 100 } else { sampled };
            let warm = if warm > 20 { 100 } else { warm };
            Step::Counted { requests, failed: seldom(failed), late: seldom(late), work, sampled, warm, in_flight }
        },
    );
    prop_oneof![1 => Just(Step::Gap), 1 => (-5..5_000_000_i64).prop_map(Step::Reset), 20 => counted]
}

/// A minute: what the store has, how late it is read, whether the look is lost, and what becomes of the workload meanwhile.
#[derive(Clone, Debug)]
struct Minute {
    steps: Vec<Step>,
    lag: i64,
    lost: bool,
    pods: Option<(i32, usize)>,
    coverage: i64,
}

fn minute() -> impl Strategy<Value = Minute> {
    let steps = prop_oneof![
        3 => proptest::collection::vec(step_of_a_store(), 4..=4),
        // A steady minute, so that the law learns.
        2 => step_of_a_store().prop_map(|step| vec![step; 4]),
    ];
    let pods = proptest::option::weighted(0.1, (0..30_i32, 0..30_usize));
    (steps, 0..240_i64, proptest::bool::weighted(0.1), pods, 70..=130_i64).prop_map(
        |(steps, lag, lost, pods, coverage)| Minute {
            steps,
            lag: if lag > 60 { 0 } else { lag * 4 },
            lost,
            pods,
            coverage: coverage.min(100),
        },
    )
}

/// The store's memory of a service.
struct Store {
    last: CounterSample,
}

impl Store {
    /// The samples of a minute that ends then, beginning with the newest before.
    fn minute(&mut self, end: i64, steps: &[Step], ready: u32) -> Course {
        // What is counted is counted from the beginning of a course.
        (self.last.answered, self.last.errors, self.last.cpu_seconds) = (0, 0, 0);
        (self.last.buckets, self.last.warm) =
            (vec![0; BOUNDS.len()], Warm { pods: self.last.warm.pods, ..Warm::default() });
        let mut samples = vec![self.last.clone()];
        for (index, step) in steps.iter().enumerate() {
            let mut sample = self.last.clone();
            sample.at = at(end - LOOK + (i64::try_from(index).unwrap() + 1) * 15);
            match *step {
                Step::Gap => continue,
                Step::Reset(value) => {
                    (sample.answered, sample.cpu_seconds) = (value, value);
                    sample.buckets = vec![value; BOUNDS.len()];
                }
                Step::Counted { requests, failed, late, work, sampled, warm, in_flight } => {
                    let (answered, cpu) = (requests * 1_000_000, requests * work * 1000);
                    sample.answered += answered;
                    sample.errors += answered / 100 * failed;
                    sample.cpu_seconds += cpu;
                    for (index, count) in sample.buckets.iter_mut().enumerate() {
                        *count += if index >= 2 { answered } else { answered / 100 * (100 - late) };
                    }
                    sample.pods = ready * sampled / 100;
                    sample.in_flight = in_flight * 1_000_000;
                    let pods = sample.pods * warm / 100;
                    let part =
                        |of: i64| if sample.pods > 0 { of * i64::from(pods) / i64::from(sample.pods) } else { 0 };
                    sample.warm.pods = pods;
                    sample.warm.served += part(answered - answered / 100 * failed);
                    sample.warm.cpu_seconds += part(cpu);
                }
            }
            self.last = sample.clone();
            samples.push(sample);
        }
        Course { bounds: BOUNDS.to_vec(), samples }
    }
}

fn ground() -> Ground {
    Ground {
        latency: SignedDuration::from_millis(250),
        good: ratio(95, 100),
        available: ratio(99, 100),
        millicores: 1000,
        lag: SignedDuration::from_secs(90),
    }
}

fn begin() -> Store {
    let (buckets, warm) = (vec![0; BOUNDS.len()], Warm::default());
    let last =
        CounterSample { at: at(0), answered: 0, errors: 0, cpu_seconds: 0, buckets, in_flight: 0, pods: 6, warm };
    Store { last }
}

/// Twenty minutes of 60 requests a second of 20 ms, on six pods: the law knows the service by then.
fn calm() -> Vec<Minute> {
    let step = Step::Counted { requests: 900, failed: 0, late: 0, work: 20, sampled: 100, warm: 100, in_flight: 0 };
    vec![Minute { steps: vec![step; 4], lag: 0, lost: false, pods: None, coverage: 100 }; 20]
}

/// Plays the minutes; gives the raises.
fn play(minutes: &[Minute], max: i32) -> Vec<(Timestamp, i32, i32)> {
    let (mut scene, mut store) = (Scene::calm(), begin());
    scene.enforcement.scale = Some(ScaleBounds { min: 2, max, connections: None });
    let mut law = CapacityLaw::calibrated(
        ground(),
        &starts(&[pod(0)]),
        &[],
        &[Course { bounds: BOUNDS.to_vec(), samples: Vec::new() }],
    );
    let (mut raises, mut through): (Vec<(Timestamp, i32, i32)>, Timestamp) = (Vec::new(), at(0));
    for (index, minute) in minutes.iter().enumerate() {
        scene.wait(LOOK);
        let end = (i64::try_from(index).unwrap() + 1) * LOOK;
        scene.assessment.objectives[0].recent_coverage = Some(ratio(minute.coverage, 100));
        if let Some((wanted, ready)) = minute.pods {
            let floor = scene.workload().floor.clone();
            scene.workload = Ok(observation(wanted, floor));
            scene.workload().read_at = at(end);
            for pod in scene.workload().pods.iter_mut().skip(ready) {
                pod.ready = false;
            }
        }
        let ready = scene.workload().ready_pods();
        let course = store.minute(end, &minute.steps, ready.unsigned_abs());
        if !minute.lost {
            law.observe(&course);
            through = law.through().unwrap_or(through);
            scene.need = Some(law.want(at(end - minute.lag), law.pods()));
        }
        let before = scene.clone();
        let decided = scene.live();
        let Some((Verb::RaiseFloor, _, to)) = act(&decided) else { continue };
        assert!(step(&decided).is_ahead(), "nothing was ever in danger");
        let Some(Need::Pods { pods, sampled, doubt: None, .. }) = &before.need else { panic!("{:?}", before.need) };
        assert!(to <= 2 * ready, "{to} for {ready} that are ready");
        assert!(to <= max.min(20) && to <= *pods, "{to} of {max}, where {pods} are needed");
        assert!(sampled * 5 >= ready * 4, "{sampled} of {ready} sampled");
        assert!(minute.coverage >= 80, "{} % of the slots are known", minute.coverage);
        let age = scene.now.duration_since(through).as_secs();
        assert!((0..=180).contains(&age), "by samples of {age} s ago");
        if let Some((last, ..)) = raises.last() {
            assert!(scene.now.duration_since(*last).as_secs() >= 60, "two raises within a cooldown");
        }
        raises.push((scene.now, ready, to));
    }
    raises
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_samples_say_the_floor_is_bounded(
        disturbed in proptest::collection::vec(minute(), 1..40),
        max in 6..18_i32,
    ) {
        play(&[calm(), disturbed].concat(), max);
    }
}

/// The property above speaks of something: a load that is there is asked for.
#[test]
fn a_load_that_grows_is_asked_for_within_the_bound() {
    let mut minutes = calm();
    for minute in 1..=10 {
        let requests = 900 + minute * 900;
        let step = Step::Counted { requests, failed: 0, late: 0, work: 20, sampled: 100, warm: 100, in_flight: 0 };
        minutes.push(Minute { steps: vec![step; 4], lag: 0, lost: false, pods: None, coverage: 100 });
    }
    let raises = play(&minutes, 15);
    assert!(raises.len() >= 2 && raises.last().unwrap().2 == 15, "{raises:?}");
    assert_eq!(play(&calm(), 15), [], "and a flat one is not");
}

/// What pods burn while they warm up asks for nothing; what warm pods use does.
#[test]
fn pods_that_burn_without_load_are_no_need() {
    let mut minutes = calm();
    for minute in 0..30_u32 {
        let step = Step::Counted {
            requests: 900,
            failed: 0,
            late: 0,
            // Six pods of which each burns a core but for a tenth; for ten minutes none of them is warm.
            work: 90,
            sampled: 100,
            warm: if minute < 10 { 0 } else { 100 },
            in_flight: 0,
        };
        minutes.push(Minute { steps: vec![step; 4], lag: 0, lost: false, pods: None, coverage: 100 });
    }
    let (begin, raises) = (at(30 * LOOK), play(&minutes, 15));
    assert!(raises.iter().all(|(when, ..)| *when > begin), "{raises:?}");
    assert!(!raises.is_empty(), "warm pods are believed");
}
