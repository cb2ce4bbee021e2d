//! What requests cost and how busy the pods were, minute by minute: whether they work, or wait for something.
//!
//! Fed with the counters that `spec.enforcement.capacity` names, as the scaling law is; kept with it, and lost with the
//! process, after which the store's history gives it back. Sums of whole minutes, so that hours cost a few kilobytes.

use std::collections::VecDeque;

use k8s_openapi::jiff::{SignedDuration, Timestamp};

use crate::sense::counters::{Course, Millionths, STEP};

/// So many minutes are kept: the danger, and the calm before it.
const KEPT: usize = 180;
/// Two samples further apart than this have a gap between them, in which nobody knows how many pods there were.
const GAP: i64 = 4;

/// What was used, minute by minute, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    minutes: VecDeque<Minute>,
    /// The newest sample.
    through: Option<Timestamp>,
}

/// The samples that lie in one minute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Minute {
    /// Minutes since 1970.
    index: i64,
    answered: Millionths,
    cpu_seconds: Millionths,
    /// Seconds between its samples and those before.
    seconds: i64,
    /// The same times the pods that were there.
    pod_seconds: i64,
}

/// How much was used in a stretch of time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Level {
    /// The time that is known of it, in seconds.
    pub seconds: f64,
    /// Requests that were answered.
    pub answered: f64,
    /// Core-seconds for one of them.
    pub per_request: f64,
    /// Cores in use, of all pods together.
    pub cores: f64,
    /// Cores in use of a pod.
    pub per_pod: f64,
}

impl Usage {
    /// Takes the samples of a course that begins with the newest one before it, or later.
    pub fn observe(&mut self, course: &Course) {
        for (before, sample) in course.samples.iter().zip(course.samples.iter().skip(1)) {
            let seconds = sample.at.duration_since(before.at).as_secs();
            if self.through.is_some_and(|through| sample.at <= through) {
                continue;
            }
            self.through = Some(sample.at);
            if seconds <= 0 || seconds > GAP.saturating_mul(STEP.as_secs()) {
                continue;
            }
            self.add(Minute {
                index: sample.at.as_second().div_euclid(60),
                answered: sample.answered.saturating_sub(before.answered).max(0),
                cpu_seconds: sample.cpu_seconds.saturating_sub(before.cpu_seconds).max(0),
                seconds,
                pod_seconds: seconds.saturating_mul(i64::from(sample.pods)),
            });
        }
    }

    fn add(&mut self, more: Minute) {
        match self.minutes.back_mut().filter(|last| last.index == more.index) {
            Some(last) => {
                last.answered = last.answered.saturating_add(more.answered);
                last.cpu_seconds = last.cpu_seconds.saturating_add(more.cpu_seconds);
                last.seconds = last.seconds.saturating_add(more.seconds);
                last.pod_seconds = last.pod_seconds.saturating_add(more.pod_seconds);
            }
            None => self.minutes.push_back(more),
        }
        while self.minutes.len() > KEPT {
            self.minutes.pop_front();
        }
    }

    /// The newest sample.
    #[must_use]
    pub fn through(&self) -> Option<Timestamp> {
        self.through
    }

    /// What was used between two instants, in minutes that lie wholly within. `None`: less than half of that time is known, or
    /// nothing was answered.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Option<Level> {
        let (from, to) = (from.as_second(), to.as_second());
        let within = |minute: &&Minute| from <= minute.index * 60 && (minute.index + 1) * 60 <= to;
        let empty = Minute { index: 0, answered: 0, cpu_seconds: 0, seconds: 0, pod_seconds: 0 };
        let sum = self.minutes.iter().filter(within).fold(empty, |sum, minute| Minute {
            index: 0,
            answered: sum.answered.saturating_add(minute.answered),
            cpu_seconds: sum.cpu_seconds.saturating_add(minute.cpu_seconds),
            seconds: sum.seconds.saturating_add(minute.seconds),
            pod_seconds: sum.pod_seconds.saturating_add(minute.pod_seconds),
        });
        if sum.seconds <= 0 || sum.seconds * 2 < to.saturating_sub(from) || sum.answered <= 0 || sum.pod_seconds <= 0 {
            return None;
        }
        let (answered, cpu) = (number(sum.answered) / 1e6, number(sum.cpu_seconds) / 1e6);
        Some(Level {
            seconds: number(sum.seconds),
            answered,
            per_request: cpu / answered,
            cores: cpu / number(sum.seconds),
            per_pod: cpu / number(sum.pod_seconds),
        })
    }

    /// The same, of so long until the newest sample.
    #[must_use]
    pub fn last(&self, long: SignedDuration) -> Option<Level> {
        let minute = self.through?.as_second().div_euclid(60).saturating_mul(60);
        let to = Timestamp::from_second(minute).ok()?;
        self.between(to.saturating_sub(long).ok()?, to)
    }
}

#[allow(clippy::cast_precision_loss, reason = "a load is compared; nine places are enough")]
fn number(whole: i64) -> f64 {
    whole as f64
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::sense::counters::{CounterSample, Warm};

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// A sample every 15 s of four pods that answer ten requests a second, each of a tenth of a core-second.
    fn course(from: i64, to: i64) -> Course {
        let sample = |second: i64| CounterSample {
            at: at(second),
            answered: (second - from) * 10_000_000,
            errors: 0,
            cpu_seconds: (second - from) * 1_000_000,
            buckets: Vec::new(),
            in_flight: 0,
            pods: 4,
            warm: Warm::default(),
        };
        Course { bounds: Vec::new(), samples: (from..=to).step_by(15).map(sample).collect() }
    }

    #[test]
    fn what_is_used_is_kept_by_the_minute_and_counted_once() {
        let mut usage = Usage::default();
        usage.observe(&course(0, 600));
        let before = usage.clone();
        usage.observe(&course(300, 600));
        assert_eq!(usage, before, "known already");
        usage.observe(&course(600, 900));
        let level = usage.between(at(120), at(840)).unwrap();
        let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
        assert!(near(level.seconds, 720.0) && near(level.answered, 7200.0), "{level:?}");
        assert!(near(level.per_request, 0.1) && near(level.cores, 1.0) && near(level.per_pod, 0.25), "{level:?}");
        assert_eq!(usage.last(SignedDuration::from_mins(2)), usage.between(at(780), at(900)));
        assert_eq!(usage.between(at(900), at(1200)), None);
        // A gap is no time in which nothing was done.
        usage.observe(&course(1500, 1800));
        assert!(near(usage.between(at(0), at(1800)).unwrap().cores, 1.0));
        assert_eq!(usage.between(at(900), at(1500)), None);
        usage.observe(&course(1800, 90_000));
        assert_eq!(usage.minutes.len(), KEPT);
    }
}
