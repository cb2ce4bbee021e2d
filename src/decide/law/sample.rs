//! What the law is fed with: counters at instants, and what passed between two of them.

use std::collections::VecDeque;

/// The counters of the whole service at one instant. All counts are cumulative.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// When, in seconds on any clock that only rises.
    pub at: f64,
    /// Requests answered, errors included.
    pub answered: f64,
    /// Errors among them.
    pub errors: f64,
    /// Requests in flight at this instant.
    pub in_flight: f64,
    /// Core-seconds used.
    pub cpu_seconds: f64,
    /// Requests within each bound, cumulative.
    pub buckets: Vec<f64>,
    /// Ready pods.
    pub ready: f64,
    /// The part of those that have served for a while.
    pub warm: Warm,
}

/// What pods did that have served for a while: the others burn CPU and are slow beside what their requests cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Warm {
    /// How many of the ready pods they are.
    pub pods: f64,
    /// Requests they answered without an error.
    pub served: f64,
    /// Core-seconds they used.
    pub cpu_seconds: f64,
}

/// What passed between two samples.
#[derive(Clone, Debug, PartialEq)]
pub struct Interval {
    /// Its end.
    pub at: f64,
    /// Its length in seconds, above 0.
    pub seconds: f64,
    /// Requests that arrived: those answered and those that joined the ones in flight. A queue hides no demand.
    pub arrived: f64,
    /// Requests answered.
    pub answered: f64,
    /// Errors among them.
    pub errors: f64,
    /// Core-seconds used.
    pub cpu_seconds: f64,
    /// Requests answered within each bound.
    pub buckets: Vec<f64>,
    /// Ready pods, the mean of both ends.
    pub ready: f64,
    /// Whether about the same number of pods was ready at both ends, nearly all of them warm: otherwise old queues and new
    /// pods make a mean that belongs to no utilisation.
    pub steady: bool,
    /// What warm pods did; how many they are at its end.
    pub warm: Warm,
}

/// The pods of a steady interval differ by at most this factor between its ends.
const STEADY: f64 = 1.25;
/// And at least this part of them is warm.
const WARM: f64 = 0.95;

impl Sample {
    /// Nearly all of its pods are warm.
    fn is_warm(&self) -> bool {
        self.warm.pods >= self.ready * WARM
    }
}

impl Interval {
    /// Requests per second.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.arrived / self.seconds
    }
}

/// What became of a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Taken {
    /// It continues the samples before it.
    Continues(Interval),
    /// It begins anew: the first one, after a gap, or after counters were reset.
    Begins,
    /// It cannot be used: not a number, or not later than the last one.
    Refused,
}

/// The samples without a gap between them, as far back as any window reaches.
#[derive(Clone, Debug, Default)]
pub struct Samples {
    last: Option<Sample>,
    /// Intervals that continue each other, the newest at the end.
    intervals: VecDeque<Interval>,
}

/// No window is longer, seconds.
const LONGEST: f64 = 360.0;

impl Samples {
    /// Takes a sample. A pair of samples further apart than `gap` seconds is no interval: what happened between is not
    /// known.
    pub fn take(&mut self, sample: Sample, gap: f64) -> Taken {
        if !is_usable(&sample) || self.last.as_ref().is_some_and(|last| sample.at <= last.at) {
            return Taken::Refused;
        }
        let interval = self.last.as_ref().and_then(|last| between(last, &sample, gap));
        self.last = Some(sample);
        let Some(interval) = interval else {
            self.intervals.clear();
            return Taken::Begins;
        };
        self.intervals.push_back(interval.clone());
        while self.intervals.front().is_some_and(|oldest| oldest.at < interval.at - LONGEST) {
            self.intervals.pop_front();
        }
        Taken::Continues(interval)
    }

    /// When the last sample was taken.
    #[must_use]
    pub fn last_at(&self) -> Option<f64> {
        self.last.as_ref().map(|last| last.at)
    }

    /// How many intervals follow each other without a gap.
    #[must_use]
    pub fn unbroken(&self) -> usize {
        self.intervals.len()
    }

    /// The intervals that lie in the last `window` seconds before the newest sample, the newest first; the newest one
    /// always.
    pub fn within(&self, window: f64) -> impl Iterator<Item = &Interval> {
        let end = self.intervals.back().map_or(0.0, |newest| newest.at);
        // A scrape is some milliseconds early or late.
        let begins = move |interval: &Interval| interval.at - interval.seconds >= end - window - 0.2 * interval.seconds;
        let mut first = true;
        self.intervals.iter().rev().take_while(move |interval| std::mem::take(&mut first) || begins(interval))
    }

    /// Mean requests per second over the last `window` seconds.
    #[must_use]
    pub fn rate_over(&self, window: f64) -> Option<f64> {
        rate_of(self.within(window))
    }

    /// Mean requests per second between two ages in seconds, counted back from the newest sample. `None` unless intervals
    /// reach that far back.
    #[must_use]
    pub fn rate_between(&self, young: f64, old: f64) -> Option<f64> {
        let newest = self.intervals.back()?;
        let oldest = self.intervals.front()?;
        // A scrape is some milliseconds early or late.
        let slack = 0.2 * newest.seconds;
        if newest.at - (oldest.at - oldest.seconds) < old - slack {
            return None;
        }
        let age = |at: f64| newest.at - at;
        rate_of(self.intervals.iter().filter(|i| age(i.at) >= young - slack && age(i.at - i.seconds) <= old + slack))
    }
}

fn rate_of<'a>(intervals: impl Iterator<Item = &'a Interval>) -> Option<f64> {
    let (arrived, seconds) =
        intervals.fold((0.0, 0.0), |(arrived, seconds), i| (arrived + i.arrived, seconds + i.seconds));
    (seconds > 0.0).then(|| arrived / seconds)
}

fn is_usable(sample: &Sample) -> bool {
    let Sample { at, answered, errors, in_flight, cpu_seconds, buckets, ready, warm } = sample;
    let counts = [answered, errors, in_flight, cpu_seconds, ready, &warm.pods, &warm.served, &warm.cpu_seconds];
    at.is_finite()
        && counts.iter().all(|value| value.is_finite() && **value >= 0.0)
        && buckets.iter().all(|count| count.is_finite() && *count >= 0.0)
}

fn between(last: &Sample, sample: &Sample, gap: f64) -> Option<Interval> {
    let seconds = sample.at - last.at;
    let buckets: Vec<f64> = sample.buckets.iter().zip(&last.buckets).map(|(now, before)| now - before).collect();
    let interval = Interval {
        at: sample.at,
        seconds,
        arrived: (sample.answered - last.answered + sample.in_flight - last.in_flight).max(0.0),
        answered: sample.answered - last.answered,
        errors: sample.errors - last.errors,
        cpu_seconds: sample.cpu_seconds - last.cpu_seconds,
        buckets,
        ready: f64::midpoint(sample.ready, last.ready),
        steady: sample.ready <= last.ready * STEADY
            && last.ready <= sample.ready * STEADY
            && last.is_warm()
            && sample.is_warm(),
        warm: Warm {
            pods: sample.warm.pods,
            served: sample.warm.served - last.warm.served,
            cpu_seconds: sample.warm.cpu_seconds - last.warm.cpu_seconds,
        },
    };
    // A counter that falls was reset.
    let rises = interval.answered >= 0.0
        && interval.errors >= 0.0
        && interval.cpu_seconds >= 0.0
        && interval.warm.served >= 0.0
        && interval.warm.cpu_seconds >= 0.0
        && interval.buckets.iter().all(|count| *count >= 0.0);
    (seconds <= gap && rises && sample.buckets.len() == last.buckets.len()).then_some(interval)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic)]
mod tests {
    use super::*;

    fn sample(at: f64, answered: f64) -> Sample {
        let (buckets, cpu_seconds) = (vec![answered / 2.0, answered], answered / 20.0);
        let warm = Warm { pods: 4.0, served: answered, cpu_seconds };
        Sample { at, answered, errors: 0.0, in_flight: 4.0, cpu_seconds, buckets, ready: 4.0, warm }
    }

    #[test]
    fn only_what_continues_teaches() {
        let mut samples = Samples::default();
        assert_eq!(samples.take(sample(0.0, 0.0), 45.0), Taken::Begins);
        let Taken::Continues(interval) = samples.take(Sample { in_flight: 10.0, ..sample(15.0, 300.0) }, 45.0) else {
            panic!("an interval");
        };
        // 300 answered, and 6 more in flight than before.
        assert!((interval.rate() - 306.0 / 15.0).abs() < 1e-9);
        assert_eq!(samples.take(sample(15.0, 300.0), 45.0), Taken::Refused, "not later");
        assert_eq!(samples.take(sample(30.0, f64::NAN), 45.0), Taken::Refused);
        assert_eq!(samples.take(sample(30.0, 100.0), 45.0), Taken::Begins, "a reset");
        assert_eq!(samples.unbroken(), 0);
        assert!(matches!(samples.take(sample(45.0, 200.0), 45.0), Taken::Continues(_)));
        assert_eq!(samples.take(sample(100.0, 300.0), 45.0), Taken::Begins, "a gap");
    }

    #[test]
    fn windows_count_back_from_the_newest_sample() {
        let mut samples = Samples::default();
        let mut answered = 0.0;
        for step in 0..=12_u32 {
            answered += if step > 8 { 150.0 } else { 75.0 };
            samples.take(sample(f64::from(step) * 15.0, answered), 45.0);
        }
        assert_eq!(samples.within(60.0).count(), 4);
        assert!((samples.rate_over(60.0).unwrap() - 10.0).abs() < 1e-9);
        assert!((samples.rate_between(60.0, 120.0).unwrap() - 5.0).abs() < 1e-9);
        assert_eq!(samples.rate_between(150.0, 210.0), None, "not that far back");
    }

    #[test]
    fn pods_that_come_make_an_interval_unsteady() {
        let mut samples = Samples::default();
        samples.take(sample(0.0, 0.0), 45.0);
        let Taken::Continues(interval) = samples.take(Sample { ready: 8.0, ..sample(15.0, 300.0) }, 45.0) else {
            panic!("an interval");
        };
        assert!(!interval.steady);
    }

    #[test]
    fn pods_that_warm_up_make_an_interval_unsteady() {
        for (pods, steady) in [(4.0, true), (3.0, false)] {
            let mut samples = Samples::default();
            samples.take(sample(0.0, 0.0), 45.0);
            let next = sample(15.0, 300.0);
            let warm = Warm { pods, ..next.warm };
            let Taken::Continues(interval) = samples.take(Sample { warm, ..next }, 45.0) else {
                panic!("an interval");
            };
            assert_eq!(interval.steady, steady, "{pods} of 4 warm");
        }
    }
}
