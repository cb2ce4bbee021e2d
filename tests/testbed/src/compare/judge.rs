//! What a trail comes to. Pure.

use serde::Serialize;

use super::course::Course;
use super::trail::Trail;
use super::{GOOD, THRESHOLD};

/// The length of a stretch by which it is told when a service was well again, in seconds.
const STRETCH: f64 = 5.0;
/// So many good stretches in a row are well again: half a minute.
const WELL: usize = 6;
/// Seconds after an onset within which a service is lost by it, or never was.
const AFTERMATH: f64 = 180.0;

/// What one run comes to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// The seed.
    pub seed: u64,
    /// Minutes in which fewer requests than promised were good.
    pub bad_minutes: u32,
    /// Minutes with requests.
    pub minutes: u32,
    /// Requests that were good.
    pub good: u64,
    /// All requests.
    pub total: u64,
    /// Pod-hours of what is judged.
    pub pod_hours: f64,
    /// The replicas asked for at first, and whenever that changed: seconds of what is judged, and how many.
    pub replicas: Vec<(f64, i32)>,
    /// The same of the autoscaler's floor.
    pub floor: Vec<(f64, i32)>,
    /// What came of the step.
    pub step: Answer,
    /// What came of the fault.
    pub fault: Option<Answer>,
}

/// How soon something was answered.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// Seconds from the onset to the first raise of replicas or of the floor. `None`: there was none within three minutes.
    pub wrote: Option<f64>,
    /// The same to the first raise of the floor, which only Guarantor writes.
    pub raised_floor: Option<f64>,
    /// Seconds from the onset until the requests were as promised again; 0: they were for three minutes. `None`: they were not any
    /// more.
    pub recovered: Option<f64>,
}

/// Judges the run of `seed` on this course.
#[must_use]
pub fn judged(trail: &Trail, course: &Course, seed: u64) -> Judged {
    let (from, until) = (course.judged_from().as_secs_f64(), course.length().as_secs_f64());
    let minutes = spans(from, until, 60.0).map(|(from, until)| trail.counted(from, until)).filter(|(all, _)| *all > 0);
    let minutes: Vec<bool> = minutes.map(|counted| !is_good(counted)).collect();
    let whole = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    let (total, good) = trail.counted(from, until);
    let step = course.step().as_secs_f64();
    let strikes = course.strikes().map(|(_, at)| at.as_secs_f64());
    Judged {
        seed,
        bad_minutes: whole(minutes.iter().filter(|bad| **bad).count()),
        minutes: whole(minutes.len()),
        good,
        total,
        pod_hours: trail.pod_hours(from, until),
        replicas: trail.course(from, until, |sample| sample.replicas),
        floor: trail.course(from, until, |sample| sample.floor),
        step: answer(trail, step, until),
        fault: strikes.map(|at| answer(trail, at, until)),
    }
}

fn answer(trail: &Trail, onset: f64, until: f64) -> Answer {
    let soon = (onset + AFTERMATH).min(until);
    Answer {
        wrote: trail.first_raise(onset, soon).map(|sample| sample.at - onset),
        raised_floor: trail.first_floor(onset, soon).map(|sample| sample.at - onset),
        recovered: recovered(trail, onset, until),
    }
}

fn recovered(trail: &Trail, onset: f64, until: f64) -> Option<f64> {
    let stretches: Vec<(f64, bool)> =
        spans(onset, until, STRETCH).map(|(from, until)| (from - onset, is_good(trail.counted(from, until)))).collect();
    let Some(lost) = stretches.iter().position(|(at, good)| !good && *at < AFTERMATH) else { return Some(0.0) };
    let later = stretches.get(lost..).unwrap_or_default();
    later.windows(WELL).find(|run| run.iter().all(|(_, good)| *good)).and_then(|run| run.first()).map(|(at, _)| *at)
}

/// Whether so many of these were good as is promised. Of nothing all are.
#[allow(clippy::cast_precision_loss)]
fn is_good((all, good): (u64, u64)) -> bool {
    // Counts of a run are far below 2^52.
    good as f64 >= GOOD * all as f64
}

/// The whole spans of this length between two instants.
fn spans(from: f64, until: f64, length: f64) -> impl Iterator<Item = (f64, f64)> {
    let starts = (0..u32::MAX).map(move |number| from + f64::from(number) * length);
    starts.take_while(move |start| start + length <= until + 1e-9).map(move |start| (start, start + length))
}

/// The bound by which the plant's histogram tells what was good.
#[must_use]
pub(super) fn is_threshold(bound: f64) -> bool {
    (bound - THRESHOLD).abs() < 1e-9
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::super::trail::Sample;
    use super::*;
    use crate::compare::Fault;

    /// Ten requests a second, of which those are late that end while `late` says so; a raise at the second `raised`.
    fn trail(course: &Course, raised: f64, late: impl Fn(f64) -> bool) -> Trail {
        let length = u32::try_from(course.length().as_secs()).unwrap();
        let mut good = 0;
        let mut samples = Vec::new();
        for second in 0..=length {
            let at = f64::from(second);
            samples.push(Sample {
                at,
                ended: u64::from(second) * 10,
                good,
                pods: 6,
                replicas: if at < raised { 6 } else { 9 },
                floor: 2,
            });
            good += if late(at) { 0 } else { 10 };
        }
        Trail(samples)
    }

    #[test]
    fn a_minute_is_bad_and_a_raise_and_a_recovery_are_timed() {
        let course = Course::short(None);
        // The step comes at 240 s.
        let judged = judged(&trail(&course, 262.0, |at| (250.0..290.0).contains(&at)), &course, 7);
        assert_eq!((judged.seed, judged.bad_minutes, judged.minutes), (7, 1, 4));
        assert_eq!((judged.total, judged.good), (2400, 2000));
        assert!((judged.pod_hours - 0.4).abs() < 1e-9, "{}", judged.pod_hours);
        assert_eq!(judged.step, Answer { wrote: Some(22.0), raised_floor: None, recovered: Some(50.0) });
        assert_eq!(judged.fault, None);
        // Judging begins at 180 s.
        assert_eq!((judged.replicas, judged.floor), (vec![(0.0, 6), (82.0, 9)], vec![(0.0, 2)]));
    }

    #[test]
    fn what_is_never_lost_is_well_at_once_and_what_stays_lost_never() {
        let course = Course::short(None);
        let well = judged(&trail(&course, 1e9, |_| false), &course, 1);
        assert_eq!(
            (well.bad_minutes, well.step),
            (0, Answer { wrote: None, raised_floor: None, recovered: Some(0.0) })
        );
        let lost = judged(&trail(&course, 1e9, |at| at >= 250.0), &course, 1);
        assert_eq!((lost.bad_minutes, lost.step.recovered), (3, None));
        // Good for a while is not well.
        let relapsing = |at: f64| (250.0..270.0).contains(&at) || (285.0..300.0).contains(&at);
        let relapsed = judged(&trail(&course, 1e9, relapsing), &course, 1);
        assert_eq!(relapsed.step.recovered, Some(60.0));
    }

    #[test]
    fn a_fault_is_answered_by_itself() {
        let course = Course::short(Some(Fault::SlowPod));
        // It strikes at 180 + 192 s.
        let judged = judged(&trail(&course, 380.0, |_| false), &course, 1);
        assert_eq!(judged.fault.unwrap().wrote, Some(8.0));
        assert_eq!(judged.step.wrote, Some(140.0));
    }

    #[test]
    fn exactly_what_is_promised_is_good() {
        assert!(is_good((100, 95)) && !is_good((100, 94)) && is_good((0, 0)));
        assert!(crate::plant::counters::BOUNDS.into_iter().any(is_threshold));
    }
}
