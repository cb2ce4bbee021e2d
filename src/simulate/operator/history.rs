//! What the metrics store knows: the scrapes of a while.

use std::collections::{BTreeMap, VecDeque};

use k8s_openapi::jiff::{SignedDuration, Timestamp};
use num_rational::BigRational;

use super::clock;
use super::measure::{Measure, increase};
use crate::evaluate::slot::Tally;
use crate::sense::signals::{PodEvents, PodVector, Signals};
use crate::simulate::view::{PodCounters, Scrape};

/// So long, in seconds: what was before a rollout is asked for until half an hour after it, and in windows of five minutes.
const KEPT: f64 = 2700.0;
/// A sample tells of an instant that is later by so much at most, in seconds.
const TELLS: f64 = 45.0;

/// The scrapes, oldest first.
#[derive(Debug, Default)]
pub struct History {
    scrapes: VecDeque<Scrape>,
}

impl History {
    /// Takes what was scraped since the last time; gives whether anything was.
    pub fn take(&mut self, scrapes: &VecDeque<Scrape>) -> bool {
        let newest = self.newest().unwrap_or(f64::NEG_INFINITY);
        self.scrapes.extend(scrapes.iter().filter(|scrape| scrape.at > newest).cloned());
        let last = self.newest().unwrap_or(newest);
        while self.scrapes.front().is_some_and(|first| first.at < last - KEPT) {
            self.scrapes.pop_front();
        }
        last > newest
    }

    fn newest(&self) -> Option<f64> {
        self.scrapes.back().map(|scrape| scrape.at)
    }

    /// Whether the store has something of just now.
    #[must_use]
    pub fn is_there(&self, now: f64) -> bool {
        self.newest().is_some_and(|newest| now - newest <= TELLS)
    }

    /// The place of the newest sample that tells of an instant.
    fn sample(&self, at: f64) -> Option<usize> {
        let after = self.scrapes.partition_point(|scrape| scrape.at <= at);
        let place = after.checked_sub(1)?;
        self.scrapes.get(place).filter(|scrape| at - scrape.at <= TELLS).map(|_| place)
    }

    /// What was counted between two instants. `None`: nobody knows. Nothing was before the run.
    #[must_use]
    pub fn counted(&self, measure: Measure, from: f64, to: f64) -> Option<Tally> {
        let of = |scrape: &Scrape| measure.count(scrape.requests, scrape.errors, &scrape.buckets);
        let before = if from <= 0.0 { (0, 0) } else { of(self.scrapes.get(self.sample(from)?)?) };
        Some(increase(before, of(self.scrapes.get(self.sample(to)?)?)))
    }

    /// What was counted by pod in the window that ends at an instant.
    #[must_use]
    pub fn by_pod(&self, measure: Measure, at: Timestamp, window: SignedDuration) -> Signals {
        self.of_pods(|pod| measure.count(pod.requests, pod.errors, &pod.buckets), at, window)
    }

    /// The periods by pod in which it had something to do, those as bad in which its CPU limit held it back.
    #[must_use]
    pub fn throttling(&self, at: Timestamp, window: SignedDuration) -> Signals {
        self.of_pods(|pod| (pod.periods, pod.throttled), at, window)
    }

    fn of_pods(&self, of: impl Fn(&PodCounters) -> (u64, u64), at: Timestamp, window: SignedDuration) -> Signals {
        let (until, length) = (clock::seconds(at), window.as_secs_f64());
        let (Some(first), Some(last)) = (self.sample(until - length), self.sample(until)) else {
            return Signals::Empty;
        };
        let mut pods: BTreeMap<u32, [(u64, u64); 2]> = BTreeMap::new();
        for (place, scrape) in self.scrapes.iter().enumerate().skip(first).take(last + 1 - first) {
            for pod in &scrape.by_pod {
                // A pod that came within the window has counted from nothing on; one that went has its last sample.
                let [_, after] =
                    pods.entry(pod.pod).or_insert_with(|| if place == first { [of(pod); 2] } else { [(0, 0); 2] });
                *after = of(pod);
            }
        }
        let newest = self.scrapes.get(last).map_or(at, |scrape| clock::at(scrape.at));
        let events = |(pod, [before, after]): (u32, [(u64, u64); 2])| {
            let Tally { total, bad } = increase(before, after);
            PodEvents { pod: name(pod), total: total.ratio(), bad: bad.ratio() }
        };
        let mut pods: Vec<PodEvents> = pods.into_iter().map(events).collect();
        pods.sort_by(|a, b| a.pod.cmp(&b.pod));
        let nothing = BigRational::from_integer(0.into());
        let elsewhere = PodEvents { pod: String::new(), total: nothing.clone(), bad: nothing };
        Signals::ByPod(Box::new(PodVector { at, window, newest, pods, elsewhere }))
    }

    /// The scrapes after an instant, up to another one.
    pub fn between(&self, after: f64, until: f64) -> impl Iterator<Item = &Scrape> {
        self.scrapes.iter().filter(move |scrape| scrape.at > after && scrape.at <= until)
    }

    /// The last two scrapes.
    #[must_use]
    pub fn last_two(&self) -> Option<[&Scrape; 2]> {
        let last = self.scrapes.len().checked_sub(1)?;
        Some([self.scrapes.get(last.checked_sub(1)?)?, self.scrapes.get(last)?])
    }
}

/// The name of a pod: its number is that by which a fault strikes it.
#[must_use]
pub fn name(pod: u32) -> String {
    format!("pod-{pod}")
}
