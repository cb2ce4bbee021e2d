//! What happened in the time of a run, at as many instants as a plot can show.

use std::ops::Range;

use num_rational::BigRational;

use super::judged::Counted;
use super::periods::Part;
use super::promised::Promised;
use super::scenario::PATIENCE;
use crate::simulate::load::Load;
use crate::simulate::run::Outcome;
use crate::simulate::score::Minute;

/// Most instants: more could not be told apart on a page.
const MOST: usize = 240;
/// Seconds of a minute, in which a run is counted.
const MINUTE: usize = 60;

/// A run over its time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Course {
    /// Seconds it lasted.
    pub seconds: f64,
    /// Minutes of a stretch.
    pub minutes: usize,
    /// One for each stretch of about equally many minutes, none of which lies in two periods.
    pub stretches: Vec<Stretch>,
    /// Replicas asked for, whenever they changed: when, how many.
    pub replicas: Vec<(f64, u32)>,
}

/// A stretch of minutes.
#[derive(Clone, Debug, PartialEq)]
pub struct Stretch {
    /// Its end, in seconds since the beginning of the run.
    pub end: f64,
    /// Requests per second that came in.
    pub offered: f64,
    /// Seconds within which the promised share of its requests were answered: the bound of a bucket, or what clients wait
    /// at the most. None without requests.
    pub latency: Option<f64>,
    /// The place of its period among those of the run.
    pub period: usize,
    /// The requests that the period is judged by, up to the end of the stretch, for each objective that is judged.
    pub counted: Vec<Counted>,
}

impl Stretch {
    /// The attainment of the period up to the end of the stretch, exactly, of each objective that is judged. None before the
    /// first request.
    #[must_use]
    pub fn attained(&self) -> Vec<Option<BigRational>> {
        self.counted.iter().map(Counted::attainment).collect()
    }

    /// What was counted of the objective at this place.
    #[must_use]
    pub fn of(&self, objective: usize) -> Counted {
        self.counted.get(objective).copied().unwrap_or_default()
    }
}

impl Course {
    /// Takes from a run what a plot shows of it.
    #[must_use]
    pub fn new(outcome: &Outcome, load: &Load, promised: &Promised, parts: &[Part]) -> Self {
        let each = outcome.minutes.len().div_ceil(MOST).max(1);
        let mut stretches = Vec::new();
        for (period, part) in parts.iter().enumerate() {
            let count = |minutes: Range<usize>| promised.judged.iter().map(move |one| one.counted(outcome, &minutes));
            // What is judged may begin before the period.
            let mut counted: Vec<Counted> = count(part.judged.start..part.minutes.start).collect();
            for from in part.minutes.clone().step_by(each) {
                let until = (from + each).min(part.minutes.end);
                // Beyond the last minute with requests nothing was counted.
                let counted_until = until.min(outcome.minutes.len());
                let minutes = outcome.minutes.get(from.min(counted_until)..counted_until).unwrap_or_default();
                let answered = answered(minutes, outcome.bounds.len());
                let requests = minutes.iter().map(|minute| minute.requests).sum::<u64>();
                // Trailing days may begin within the period, and then what was before them does not count.
                for (sum, more) in counted.iter_mut().zip(count(from.max(part.judged.start)..until)) {
                    *sum = [*sum, more].into_iter().sum();
                }
                let (from, until) = (from * MINUTE, (until * MINUTE).min(load.seconds()));
                stretches.push(Stretch {
                    end: seconds(until),
                    offered: load.part(from, until).mean(),
                    latency: latency(&answered, &outcome.bounds, requests, promised.good),
                    period,
                    counted: counted.clone(),
                });
            }
        }
        Self { seconds: outcome.seconds, minutes: each, stretches, replicas: outcome.replicas.clone() }
    }

    /// How long a stretch of it is, in words.
    #[must_use]
    pub fn stretch(&self) -> String {
        match self.minutes {
            0 | 1 => "a minute".to_owned(),
            minutes => format!("{minutes} minutes"),
        }
    }

    /// What a period of it is judged by.
    #[must_use]
    pub fn last_of(&self, period: usize) -> Option<&Stretch> {
        self.stretches.iter().rev().find(|stretch| stretch.period == period)
    }

    /// How often more replicas were asked for, and how often fewer.
    #[must_use]
    pub fn changes(&self) -> (usize, usize) {
        let (before, after) = (self.replicas.iter(), self.replicas.iter().skip(1));
        let pairs: Vec<_> = before.zip(after).map(|((_, before), (_, after))| (before, after)).collect();
        let more = pairs.iter().filter(|(before, after)| before < after).count();
        (more, pairs.len() - more)
    }
}

/// Answers by bucket, the last one being what is above all bounds.
fn answered(minutes: &[Minute], bounds: usize) -> Vec<u64> {
    let of = |bucket: usize| minutes.iter().filter_map(|minute| minute.answered.get(bucket)).sum();
    (0..=bounds).map(of).collect()
}

fn latency(by_bucket: &[u64], bounds: &[f64], requests: u64, share: f64) -> Option<f64> {
    if requests == 0 {
        return None;
    }
    let enough = share * count(requests);
    let mut answered = 0_u64;
    for (bound, bucket) in bounds.iter().zip(by_bucket) {
        answered += bucket;
        if count(answered) >= enough {
            return Some(*bound);
        }
    }
    Some(PATIENCE)
}

fn count(requests: u64) -> f64 {
    usize::try_from(requests).map_or(f64::MAX, seconds)
}

/// Neither a run nor its requests come near 2^52.
#[allow(clippy::cast_precision_loss)]
fn seconds(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]
mod tests {
    use k8s_openapi::jiff::Timestamp;

    use super::super::promised::promised;
    use super::*;
    use crate::api::ServiceLevelAgreement;
    use crate::evaluate::period::Bounds;

    fn outcome(minutes: Vec<Minute>) -> Outcome {
        Outcome {
            seconds: seconds(minutes.len() * MINUTE),
            minutes,
            bounds: vec![0.1, 0.5, 1.0],
            pod_seconds: 0.0,
            replicas: vec![(0.0, 4), (31.0, 6), (46.0, 5), (90.0, 7)],
            struck_nothing: Vec::new(),
        }
    }

    fn minute(answered: [u64; 4], errors: u64) -> Minute {
        Minute { requests: answered.iter().sum::<u64>() + errors, errors, answered: answered.to_vec() }
    }

    fn promise() -> Promised {
        let text = include_str!("../../../examples/simulate/agreement.yaml").replace("\"99\"", "\"90\"");
        promised(&serde_saphyr::from_str::<ServiceLevelAgreement>(&text).unwrap().spec, None).unwrap()
    }

    fn ratio(numerator: i64, denominator: i64) -> BigRational {
        BigRational::new(numerator.into(), denominator.into())
    }

    fn part(minutes: Range<usize>, judged: Range<usize>) -> Part {
        let (start, end) = (Timestamp::UNIX_EPOCH, Timestamp::MAX);
        Part { period: Bounds { start, end }, whole: Bounds { start, end }, minutes, judged, is_whole: false, year: 0 }
    }

    /// The second period begins in what would be the middle of a stretch, the third also looks back on the last minute before.
    #[test]
    fn every_period_counts_its_own() {
        let run = outcome(vec![minute([9, 0, 1, 0], 0); 1000]);
        let load = Load::new(vec![1.0; 60_000]).unwrap();
        let parts = [part(0..333, 0..333), part(333..900, 333..900), part(900..1000, 899..1000)];
        let course = Course::new(&run, &load, &promise(), &parts);
        let last = |period| course.last_of(period).map(|s| (s.end, s.of(0).good, s.of(0).total)).unwrap();
        assert_eq!([0, 1, 2].map(last), [(19_980.0, 2997, 3330), (54_000.0, 5103, 5670), (60_000.0, 909, 1010)]);
        assert_eq!(course.last_of(3), None);
        let trailing = Course::new(&run, &load, &promise(), &[part(0..1000, 402..1000)]);
        let last = trailing.last_of(0).unwrap();
        assert_eq!((last.of(0).good, last.of(0).total), (5382, 5980), "of the trailing days alone");
        let ends: Vec<f64> = course.stretches.iter().map(|stretch| stretch.end).collect();
        assert!(ends.is_sorted() && ends.contains(&19_980.0), "{ends:?}");
    }

    #[test]
    fn a_minute_tells_its_load_latency_and_what_came_before() {
        let run = outcome(vec![
            minute([80, 15, 5, 0], 0),
            minute([0; 4], 0),
            minute([50, 20, 20, 0], 10),
            minute([10, 0, 0, 40], 50),
        ]);
        let load = Load::new([vec![2.0; 60], vec![0.0; 60], vec![1.0; 110]].concat()).unwrap();
        let course = Course::new(&run, &load, &promise(), &[part(0..4, 0..4)]);
        let told: Vec<_> =
            course.stretches.iter().map(|s| (s.end, s.offered, s.latency, s.of(0).good, s.of(0).total)).collect();
        assert_eq!(
            told,
            [
                (60.0, 2.0, Some(0.5), 95, 100),
                (120.0, 0.0, None, 95, 100),
                (180.0, 1.0, Some(1.0), 165, 200),
                (230.0, 1.0, Some(PATIENCE), 175, 300),
            ]
        );
        assert_eq!(course.stretches[3].attained()[0].clone().unwrap(), ratio(7, 12));
        assert_eq!(course.changes(), (2, 1));
    }

    #[test]
    fn a_long_run_is_told_in_stretches_that_lose_nothing() {
        let run = outcome(vec![minute([9, 0, 1, 0], 0); 1000]);
        let load = Load::new(vec![1.0; 60_000]).unwrap();
        let course = Course::new(&run, &load, &promise(), &[part(0..1000, 0..1000)]);
        assert!(course.stretches.len() <= MOST && course.stretches.len() > MOST / 2, "{}", course.stretches.len());
        let last = course.stretches.last().unwrap();
        assert_eq!((last.end, last.of(0).good, last.of(0).total), (60_000.0, 9_000, 10_000));
        assert!(course.stretches.iter().all(|s| s.latency == Some(0.1) && s.offered == 1.0));
    }
}
