//! From rows of cumulative counters by pod to one course of samples of the whole service.
//!
//! Increases are taken pod by pod ([`Tally`]) and added up: the sum of the counters themselves falls whenever a pod goes.
//! A step is a sample when four of five pods counted something known since the sample before. What is absent is never
//! zero: a step at which the CPU time or the requests in flight are not known is no sample.

use std::collections::{BTreeMap, BTreeSet};

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use super::tally::{Part, Row, Step, Tally};
use crate::sense::counters::{CounterSample, Counters, Course, Millionths, STEP, Warm};
use crate::sense::promql::{SampledSeries, millionths};
use crate::sense::workload::Kin;

/// How long before the first step a pod's counters are looked for: so long that those are known which are warm by then.
pub(super) const OVERLAP: SignedDuration = SignedDuration::from_mins(2);
/// The most steps of one course: a day.
const MOST_STEPS: i64 = 5760;

/// The label of a bucket's bound.
const BOUND: &str = "le";

/// The answers about counters that are scraped together, each by the label that names the pod.
pub(super) struct Answer {
    /// The counters; those of a histogram by bound too.
    pub(super) rows: Vec<SampledSeries>,
    /// The instant of the newest sample, as a value.
    pub(super) newest: Vec<SampledSeries>,
    /// The number of series.
    pub(super) series: Vec<SampledSeries>,
}

/// What came back.
pub(super) struct Answers<'a> {
    pub(super) pod_label: &'a str,
    /// Which pods count.
    pub(super) kin: &'a Kin,
    pub(super) buckets: &'a Answer,
    pub(super) cpu: &'a Answer,
    pub(super) errors: &'a [SampledSeries],
    /// The sum of all pods.
    pub(super) in_flight: Option<&'a [SampledSeries]>,
}

/// The steps of a course, those of the overlap first.
#[derive(Clone, Copy)]
struct Steps {
    first_ms: i64,
    overlap: usize,
    count: usize,
}

impl Steps {
    fn between(from: Timestamp, to: Timestamp) -> Self {
        let whole = |ms: i64| usize::try_from(ms.div_euclid(step_ms()).clamp(0, MOST_STEPS)).unwrap_or(0);
        let overlap_ms = i64::try_from(OVERLAP.as_millis()).unwrap_or(0);
        let overlap = whole(overlap_ms);
        let length = whole(to.as_millisecond().saturating_sub(from.as_millisecond()));
        let count = overlap.saturating_add(length).saturating_add(1);
        Self { first_ms: from.as_millisecond().saturating_sub(overlap_ms), overlap, count }
    }

    /// The number of the step at an instant. `None`: it is none of them.
    fn index(self, at_ms: i64) -> Option<usize> {
        let behind = at_ms.checked_sub(self.first_ms).filter(|behind| *behind >= 0)?;
        usize::try_from(behind / step_ms()).ok().filter(|index| *index < self.count)
    }

    fn at(self, index: usize) -> Option<Timestamp> {
        let behind = i64::try_from(index).ok()?.checked_mul(step_ms())?;
        Timestamp::from_millisecond(self.first_ms.checked_add(behind)?).ok()
    }

    /// The values of a series.
    fn row(self, series: &SampledSeries) -> Row {
        let samples = series.samples.iter();
        samples.filter_map(|(at, text)| Some((self.index(*at)?, millionths(text)?))).collect()
    }

    /// The rows by the value of a label; a series without it has the empty one.
    fn rows_by<'a>(self, label: &str, series: impl Iterator<Item = &'a SampledSeries>) -> BTreeMap<String, Row> {
        series.map(|one| (one.labels.get(label).cloned().unwrap_or_default(), self.row(one))).collect()
    }
}

/// The course from one step to another.
pub(super) fn course(answers: &Answers<'_>, from: Timestamp, to: Timestamp) -> Counters {
    let Answers { pod_label, buckets, cpu, .. } = *answers;
    for (answer, which) in [(buckets, "indicator.latency.histogram"), (cpu, "enforcement.capacity.cpu")] {
        if answer.rows.is_empty() {
            return Counters::Empty(which);
        }
    }
    let names_a_pod = |one: &SampledSeries| one.labels.get(pod_label).is_some_and(|pod| !pod.is_empty());
    if !cpu.rows.iter().any(names_a_pod) {
        return Counters::NotByPod(format!(
            "the series of enforcement.capacity.cpu carry no label `{pod_label}`; if another one names the pod, put it into \
             spec.podLabel of the MetricsSource"
        ));
    }
    let steps = Steps::between(from, to);
    let bounds = newest_bounds(buckets, steps);
    let mut tallies = tallies(answers, &bounds, steps);
    let in_flight = answers.in_flight.map(|series| series.iter().flat_map(|one| steps.row(one)).collect::<Row>());
    let mut course = Course { bounds, samples: Vec::new() };
    let mut sums = Sums { buckets: vec![0; course.bounds.len()], ..Sums::default() };
    let mut counted = vec![false; tallies.len()];
    for index in 0..steps.count {
        let (mut there, mut pods, mut warm) = (0_usize, 0_u32, 0_u32);
        // Requests that were served in front of the pods.
        let mut in_front = 0;
        for (tally, counted) in tallies.iter_mut().zip(&mut counted) {
            match tally.step(index) {
                Step::Absent => {
                    *counted = false;
                    continue;
                }
                Step::Old => {}
                Step::Lost => *counted = false,
                Step::Counted { requests, errors, cpu } => {
                    *counted = true;
                    // The first step is where counting begins.
                    if index > steps.overlap {
                        sums.add(&requests, errors, cpu);
                        let served = requests.first().map_or(0, |all| all.saturating_sub(errors).max(0));
                        if tally.cpu.is_none() {
                            in_front = served.saturating_add(in_front);
                        } else if tally.is_warm(index) {
                            sums.add_warm(served, cpu);
                        }
                    }
                }
            }
            there = there.saturating_add(1);
            pods = pods.saturating_add(u32::from(tally.cpu.is_some()));
            warm = warm.saturating_add(u32::from(tally.cpu.is_some() && tally.is_warm(index)));
        }
        if pods > 0 {
            // Which of them served it is not known, so each its part.
            sums.add_warm(in_front / i64::from(pods) * i64::from(warm), 0);
        }
        let begins = index == steps.overlap;
        let enough = counted.iter().filter(|counted| **counted).count().saturating_mul(5) >= there.saturating_mul(4);
        if index < steps.overlap || pods == 0 || !(begins || enough) {
            continue;
        }
        let waiting = in_flight.as_ref().map_or(Some(0), |row| row.get(&index).copied());
        let (Some(waiting), Some(at)) = (waiting, steps.at(index)) else { continue };
        counted.fill(false);
        course.samples.push(sums.sample(at, waiting, pods, warm));
    }
    Counters::Read(course)
}

/// The bounds of the histogram at the last step that has any: those that only pods of an earlier revision had are gone.
fn newest_bounds(buckets: &Answer, steps: Steps) -> Vec<Millionths> {
    let last = |one: &SampledSeries| steps.row(one).last_key_value().map(|(index, _)| *index);
    let newest = buckets.rows.iter().filter_map(last).max();
    let present = buckets.rows.iter().filter(|one| newest.is_some() && last(one) == newest);
    let bounds: BTreeSet<Millionths> = present.filter_map(|one| millionths(one.labels.get(BOUND)?)).collect();
    bounds.into_iter().collect()
}

/// The counters of every pod of the workload that has both kinds. Where no such pod has requests of its own, they are
/// counted in front of the pods.
fn tallies(answers: &Answers<'_>, bounds: &[Millionths], steps: Steps) -> Vec<Tally> {
    let Answers { pod_label, kin, buckets, cpu, errors, .. } = *answers;
    let mut requests = requests_by_pod(buckets, pod_label, bounds, steps);
    let mut newest = steps.rows_by(pod_label, cpu.newest.iter());
    let mut series = steps.rows_by(pod_label, cpu.series.iter());
    let cpu = steps.rows_by(
        pod_label,
        cpu.rows.iter().filter(|one| one.labels.get(pod_label).is_some_and(|pod| kin.includes(pod))),
    );
    let mut errors = steps.rows_by(pod_label, errors.iter());
    let in_front = !requests.keys().any(|pod| kin.includes(pod));
    let mut tallies = Vec::new();
    for (pod, row) in cpu {
        let newest = newest.remove(&pod).unwrap_or_default();
        let series = series.remove(&pod).unwrap_or_default();
        let used = Some(Part { rows: vec![row], newest, series });
        if in_front {
            tallies.push(Tally::of(None, used, Row::new()));
        } else if let Some(served) = requests.remove(&pod) {
            tallies.push(Tally::of(Some(served), used, errors.remove(&pod).unwrap_or_default()));
        }
    }
    if in_front {
        let of_one = |(pod, served)| Tally::of(Some(served), None, errors.remove(&pod).unwrap_or_default());
        tallies.extend(requests.into_iter().map(of_one));
    }
    tallies
}

/// All requests first, and then those within each bound.
fn requests_by_pod(buckets: &Answer, pod_label: &str, bounds: &[Millionths], steps: Steps) -> BTreeMap<String, Part> {
    let mut newest = steps.rows_by(pod_label, buckets.newest.iter());
    let mut series = steps.rows_by(pod_label, buckets.series.iter());
    let mut within: BTreeMap<String, BTreeMap<Option<Millionths>, Row>> = BTreeMap::new();
    for one in &buckets.rows {
        let pod = one.labels.get(pod_label).cloned().unwrap_or_default();
        let bound = match one.labels.get(BOUND).map(String::as_str) {
            Some("+Inf" | "Inf") => None,
            Some(text) => match millionths(text) {
                Some(bound) => Some(bound),
                None => continue,
            },
            None => continue,
        };
        within.entry(pod).or_default().insert(bound, steps.row(one));
    }
    let part = |(pod, mut rows): (String, BTreeMap<Option<Millionths>, Row>)| {
        let wanted = std::iter::once(None).chain(bounds.iter().copied().map(Some));
        let rows = wanted.map(|bound| rows.remove(&bound).unwrap_or_default()).collect();
        let part = Part {
            rows,
            newest: newest.remove(&pod).unwrap_or_default(),
            series: series.remove(&pod).unwrap_or_default(),
        };
        (pod, part)
    };
    within.into_iter().map(part).collect()
}

/// What was counted since the beginning.
#[derive(Default)]
struct Sums {
    answered: Millionths,
    errors: Millionths,
    cpu_seconds: Millionths,
    buckets: Vec<Millionths>,
    warm_served: Millionths,
    warm_cpu: Millionths,
}

impl Sums {
    /// `requests`: all, and then those within each bound.
    fn add(&mut self, requests: &[Millionths], errors: Millionths, cpu: Millionths) {
        let Self { answered, buckets, .. } = self;
        for (sum, gain) in std::iter::once(answered).chain(buckets).zip(requests) {
            *sum = sum.saturating_add(*gain);
        }
        self.errors = self.errors.saturating_add(errors);
        self.cpu_seconds = self.cpu_seconds.saturating_add(cpu);
    }

    /// What warm pods did.
    fn add_warm(&mut self, served: Millionths, cpu: Millionths) {
        self.warm_served = self.warm_served.saturating_add(served);
        self.warm_cpu = self.warm_cpu.saturating_add(cpu);
    }

    fn sample(&self, at: Timestamp, in_flight: Millionths, pods: u32, warm: u32) -> CounterSample {
        let (answered, errors, cpu_seconds) = (self.answered, self.errors, self.cpu_seconds);
        let warm = Warm { pods: warm, served: self.warm_served, cpu_seconds: self.warm_cpu };
        CounterSample { at, answered, errors, cpu_seconds, buckets: self.buckets.clone(), in_flight, pods, warm }
    }
}

fn step_ms() -> i64 {
    i64::try_from(STEP.as_millis()).unwrap_or(i64::MAX)
}
