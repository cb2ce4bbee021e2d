//! From rows of cumulative counters by pod to one course of samples of the whole service.
//!
//! Increases are taken pod by pod and added up: the sum of the counters themselves falls whenever a pod goes. A fall in
//! one pod is a restart, after which the whole new value counts. The first value of a pod counts nothing: it may have been
//! there long, and only its samples be new. What is absent is never zero: a step at which the CPU time or the requests in
//! flight are not known is no sample.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::sense::counters::{CounterSample, Counters, Course, Millionths, STEP};
use crate::sense::promql::{SampledSeries, millionths};

/// How long before the first step a pod's counter is looked for, and how long a pod may be silent: what it counts in a
/// longer silence belongs to no step.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_mins(1);
/// The most steps of one course: a day.
const MOST_STEPS: i64 = 5760;

/// The label of a bucket's bound.
const BOUND: &str = "le";

/// What came back, each by the label that names the pod.
pub(super) struct Answers<'a> {
    pub(super) pod_label: &'a str,
    /// By bound too.
    pub(super) buckets: &'a [SampledSeries],
    /// The instant of the newest sample, as a value.
    pub(super) newest: &'a [SampledSeries],
    pub(super) cpu: &'a [SampledSeries],
}

/// The steps of a course.
#[derive(Clone, Copy)]
struct Steps {
    first_ms: i64,
    count: usize,
}

impl Steps {
    /// The number of the step at an instant. `None`: it is none of them.
    fn index(self, at_ms: i64) -> Option<usize> {
        let behind = at_ms.checked_sub(self.first_ms).filter(|behind| *behind >= 0)?;
        usize::try_from(behind / step_ms()).ok().filter(|index| *index < self.count)
    }

    fn at(self, index: usize) -> Option<Timestamp> {
        let behind = i64::try_from(index).ok()?.checked_mul(step_ms())?;
        Timestamp::from_millisecond(self.first_ms.checked_add(behind)?).ok()
    }
}

/// A figure of the whole service at every step: what it gained since the step before, and in how many pods it was there.
struct Figure {
    gained: Vec<Millionths>,
    pods: Vec<u32>,
    rows: Vec<u32>,
}

impl Figure {
    /// Adds up the gains of all series.
    fn of<'a>(series: impl Iterator<Item = &'a SampledSeries>, pod_label: &str, steps: Steps) -> Self {
        let mut figure = Self { gained: vec![0; steps.count], pods: vec![0; steps.count], rows: vec![0; steps.count] };
        for one in series {
            let names_pod = one.labels.get(pod_label).is_some_and(|pod| !pod.is_empty());
            let mut before: Option<(i64, Millionths)> = None;
            for (at, text) in &one.samples {
                let Some(value) = millionths(text) else {
                    before = None;
                    continue;
                };
                let known = before.replace((*at, value)).filter(|(then, _)| at - then <= overlap_ms());
                let gain = known.map_or(0, |(_, was)| if value < was { value } else { value.saturating_sub(was) });
                let Some(index) = steps.index(*at) else { continue };
                add(&mut figure.rows, index, 1);
                add(&mut figure.pods, index, u32::from(names_pod));
                // The first step is where counting begins.
                if index > 0
                    && let Some(gained) = figure.gained.get_mut(index)
                {
                    *gained = gained.saturating_add(gain);
                }
            }
        }
        figure
    }

    fn gained(&self, index: usize) -> Millionths {
        self.gained.get(index).copied().unwrap_or_default()
    }

    fn pods(&self, index: usize) -> u32 {
        self.pods.get(index).copied().unwrap_or_default()
    }

    fn is_there(&self, index: usize) -> bool {
        self.rows.get(index).is_some_and(|rows| *rows > 0)
    }
}

fn add(counts: &mut [u32], index: usize, more: u32) {
    if let Some(count) = counts.get_mut(index) {
        *count = count.saturating_add(more);
    }
}

/// The course from one step to another.
pub(super) fn course(
    answers: &Answers<'_>,
    errors: Option<&[SampledSeries]>,
    in_flight: Option<&[SampledSeries]>,
    from: Timestamp,
    to: Timestamp,
) -> Counters {
    let Answers { pod_label, buckets, newest, cpu } = *answers;
    for (series, which) in [(buckets, "indicator.latency.histogram"), (cpu, "enforcement.capacity.cpu")] {
        if series.is_empty() {
            return Counters::Empty(which);
        }
    }
    let steps = to.as_millisecond().saturating_sub(from.as_millisecond()).div_euclid(step_ms()).clamp(0, MOST_STEPS);
    let steps = Steps { first_ms: from.as_millisecond(), count: usize::try_from(steps).unwrap_or(0).saturating_add(1) };
    let bound = |one: &SampledSeries| one.labels.get(BOUND).and_then(|text| millionths(text));
    let bounds: BTreeSet<Millionths> = buckets.iter().filter_map(bound).collect();
    let all = |one: &&SampledSeries| one.labels.get(BOUND).is_some_and(|text| matches!(text.as_str(), "+Inf" | "Inf"));
    let answered = Figure::of(buckets.iter().filter(all), pod_label, steps);
    let within: Vec<Figure> = bounds
        .iter()
        .map(|limit| Figure::of(buckets.iter().filter(|one| bound(one) == Some(*limit)), pod_label, steps))
        .collect();
    let cpu = Figure::of(cpu.iter(), pod_label, steps);
    let errors = errors.map(|errors| Figure::of(errors.iter(), pod_label, steps));
    let newest = levels(newest, steps);
    let in_flight = in_flight.map(|in_flight| levels(in_flight, steps));
    let mut course = Course { bounds: bounds.into_iter().collect(), samples: Vec::new() };
    let mut sums = Sums { buckets: vec![0; within.len()], ..Sums::default() };
    let mut last_scrape = Millionths::MIN;
    for index in 0..steps.count {
        sums.answered = sums.answered.saturating_add(answered.gained(index));
        sums.errors = sums.errors.saturating_add(errors.as_ref().map_or(0, |errors| errors.gained(index)));
        sums.cpu_seconds = sums.cpu_seconds.saturating_add(cpu.gained(index));
        for (sum, figure) in sums.buckets.iter_mut().zip(&within) {
            *sum = sum.saturating_add(figure.gained(index));
        }
        // The pods that answer; where requests are counted in front of them, those that work.
        let pods = if answered.pods(index) > 0 { answered.pods(index) } else { cpu.pods(index) };
        let waiting = in_flight.as_ref().map_or(Some(0), |levels| levels.get(&index).copied());
        let scraped = newest.get(&index).copied().filter(|scraped| *scraped > last_scrape);
        let (Some(waiting), Some(scraped), Some(at)) = (waiting, scraped, steps.at(index)) else { continue };
        if pods == 0 || !answered.is_there(index) || !cpu.is_there(index) {
            continue;
        }
        last_scrape = scraped;
        course.samples.push(sums.sample(at, waiting, pods));
    }
    let names_a_pod = |one: &SampledSeries| one.labels.get(pod_label).is_some_and(|pod| !pod.is_empty());
    if !buckets.iter().chain(answers.cpu).any(names_a_pod) {
        return Counters::NotByPod(format!(
            "the series of enforcement.capacity.cpu carry no label `{pod_label}`; if another one names the pod, put it into \
             spec.podLabel of the MetricsSource"
        ));
    }
    Counters::Read(course)
}

/// What was counted since the beginning.
#[derive(Default)]
struct Sums {
    answered: Millionths,
    errors: Millionths,
    cpu_seconds: Millionths,
    buckets: Vec<Millionths>,
}

impl Sums {
    fn sample(&self, at: Timestamp, in_flight: Millionths, pods: u32) -> CounterSample {
        let Self { answered, errors, cpu_seconds, buckets } = self;
        let (answered, errors, cpu_seconds) = (*answered, *errors, *cpu_seconds);
        CounterSample { at, answered, errors, cpu_seconds, buckets: buckets.clone(), in_flight, pods }
    }
}

/// The values of figures that are no counters, by step.
fn levels(series: &[SampledSeries], steps: Steps) -> BTreeMap<usize, Millionths> {
    let samples = series.iter().flat_map(|one| &one.samples);
    samples.filter_map(|(at, text)| Some((steps.index(*at)?, millionths(text)?))).collect()
}

fn step_ms() -> i64 {
    i64::try_from(STEP.as_millis()).unwrap_or(i64::MAX)
}

fn overlap_ms() -> i64 {
    i64::try_from(OVERLAP.as_millis()).unwrap_or(i64::MAX)
}
