//! What a run comes to: bad minutes, pods, requests.

use super::load::number;

/// Counts of one minute, by the instant a request left.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Minute {
    /// All requests, the failed ones included.
    pub requests: u64,
    /// Requests that were turned away, failed or given up.
    pub errors: u64,
    /// Answers by latency bucket, those with an error too, as in a histogram; not cumulative, the last one is what is above
    /// all bounds.
    pub answered: Vec<u64>,
}

/// What is promised.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Promise {
    /// A request is good if its answer takes at most this many seconds; one of the bucket bounds.
    pub latency: f64,
    /// Share of the requests that must be good, 0 to 1.
    pub good: f64,
    /// Share of the requests that must be answered without an error, 0 to 1.
    pub available: f64,
}

/// A run in figures.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Score {
    /// Minutes in which one of the two shares was missed.
    pub bad_minutes: u32,
    /// Minutes with requests. Empty ones are not judged: no data is not good.
    pub minutes: u32,
    /// Requests without an answer within the promised latency.
    pub bad: u64,
    /// All requests.
    pub requests: u64,
    /// Those that failed or got no answer.
    pub failed: u64,
    /// Pods over the time of the run, starting and draining ones included.
    pub mean_pods: f64,
    /// The same, in pod-hours.
    pub pod_hours: f64,
}

impl Score {
    /// Bad minutes of each 60.
    #[must_use]
    pub fn bad_of_60(&self) -> f64 {
        if self.minutes == 0 { 0.0 } else { f64::from(self.bad_minutes) * 60.0 / f64::from(self.minutes) }
    }
}

/// Judges the minutes of a run of `seconds` that used `pod_seconds`.
#[must_use]
pub fn score(minutes: &[Minute], bounds: &[f64], promise: Promise, pod_seconds: f64, seconds: f64) -> Score {
    let mut score = Score {
        bad_minutes: 0,
        minutes: 0,
        bad: 0,
        requests: 0,
        failed: 0,
        mean_pods: if seconds > 0.0 { pod_seconds / seconds } else { 0.0 },
        pod_hours: pod_seconds / 3600.0,
    };
    let within = bounds.iter().filter(|bound| **bound <= promise.latency).count();
    for minute in minutes.iter().filter(|minute| minute.requests > 0) {
        let good: u64 = minute.answered.iter().take(within).sum();
        score.minutes += 1;
        score.requests += minute.requests;
        score.failed += minute.errors;
        score.bad += minute.requests.saturating_sub(good);
        let all = count(minute.requests);
        let slow = count(good) < promise.good * all;
        let failing = count(minute.errors) > (1.0 - promise.available) * all;
        score.bad_minutes += u32::from(slow || failing);
    }
    score
}

fn count(requests: u64) -> f64 {
    usize::try_from(requests).map_or(f64::MAX, number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_is_bad_when_slow_or_failing_and_not_judged_when_empty() {
        let minute = |requests, errors, fast, slow| Minute { requests, errors, answered: vec![fast, slow] };
        let minutes = [minute(1000, 0, 950, 50), minute(1000, 0, 949, 51), minute(1000, 2, 998, 0), minute(0, 0, 0, 0)];
        let promise = Promise { latency: 0.5, good: 0.95, available: 0.999 };
        let score = score(&minutes, &[0.5], promise, 7200.0, 240.0);
        assert_eq!((score.bad_minutes, score.minutes, score.bad, score.requests), (2, 3, 103, 3000));
        assert_eq!(score.failed, 2);
        assert!((score.mean_pods - 30.0).abs() < 1e-12 && (score.pod_hours - 2.0).abs() < 1e-12);
        assert!((score.bad_of_60() - 40.0).abs() < 1e-12);
    }
}
